"""docs/settings.md says what the types say."""

from runtime.settings_doc import DOCUMENT, document


def test_the_document_is_fresh() -> None:
    kept = DOCUMENT.read_text("utf-8")
    assert kept == document(kept), "run `python -m runtime.settings_doc`"


def test_the_examples_keys_are_those_of_the_edge() -> None:
    from edge.config import EdgeConfig

    for key in ("agent", "site", "spool"):
        assert f"\n{key} = " in DOCUMENT.read_text("utf-8")
        assert key in EdgeConfig.__struct_fields__
