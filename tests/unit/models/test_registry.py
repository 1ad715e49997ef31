from pathlib import Path

import pytest

from contracts.kinds import ObjectKind, Wear
from models import registry
from models.decode.families import FAMILIES
from models.errors import RegistryError

GOOD = """
default = "one"

[[model]]
name = "one"
version = "1"
file = "one.onnx"
sha256 = "{sha}"
family = "ulfg"
licence = "MIT"
input = {{ width = 320, height = 240, colour = "rgb", fit = "stretch", mean = 127, divisor = 128 }}
mask = {{ below = 0.4, above = 0.6 }}
classes = [{{ index = 0, name = "NO-Mask", kind = "head", threshold = 0.6, mask = "not_worn" }}]
""".format(sha="a" * 64)


def written(folder: Path, text: str) -> Path:
    path = folder / "registry.toml"
    path.write_text(text)
    return path


def test_an_entry_is_read_and_a_public_class_settles_an_attribute(tmp_path: Path) -> None:
    entry = registry.load(written(tmp_path, GOOD)).entry()
    assert (entry.name, entry.input.divisor, entry.input.free) == ("one", 128, False)
    assert entry.classes[0].kind is ObjectKind.HEAD and entry.classes[0].mask is Wear.NOT_WORN


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('sha256 = "' + "a" * 64, 'sha256 = "abc', "sha256"),
        ("width = 320", "width = 8", r"width"),
        ('colour = "rgb"', 'colour = "grey"', "colour"),
        ('kind = "head"', 'kind = "hand"', r"kind"),
        ("threshold = 0.6", "threshold = 60", "threshold"),
        ('licence = "MIT"', "", "licence"),
        ('licence = "MIT"', 'licence = "MIT"\ncolor = 1', "color"),
        ("below = 0.4", "below = 0.7", r"one: mask: below = 0.7 is over above = 0.6, expected below <= above"),
        ('default = "one"', 'default = "two"', "'two' is not in the registry, expected one of: one"),
        ("[[model]]", "[[model", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(RegistryError, match=said) as error:
        registry.load(written(tmp_path, GOOD.replace(old, new)))
    assert "\n" not in str(error.value)


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = GOOD + "[[model]]" + GOOD.split("[[model]]")[1]
    with pytest.raises(RegistryError, match="'one' stands there 2 times, expected once"):
        registry.load(written(tmp_path, twice))


def test_a_missing_registry_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"nothing\.toml: cannot be read"):
        registry.load(tmp_path / "nothing.toml")


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(RegistryError, match="'nobody' is not in the registry, expected one of: sunlit-heads-1"):
        registry.load().entry("nobody")


def test_the_shipped_registry_is_whole_and_small() -> None:
    shipped = registry.load()
    for entry in shipped.model:
        assert entry.family in FAMILIES
        if entry.address is None:
            weights = registry.path_of(entry, registry.SHIPPED)
            assert weights.stat().st_size < 12e6
            assert (registry.SHIPPED.parent / "cards" / f"{weights.stem}.md").is_file()


@pytest.mark.parametrize("both", [True, False])
def test_an_entry_has_a_file_or_an_address(tmp_path: Path, both: bool) -> None:
    text = registry.SHIPPED.read_text()
    old = 'file = "weights/sunlit-heads-1.onnx"'
    path = tmp_path / "registry.toml"
    path.write_text(text.replace(old, f'{old}\naddress = "https://models.example/one.onnx"' if both else ""))
    with pytest.raises(RegistryError, match="sunlit-heads-1: file, address: expected one of them"):
        registry.load(path)


def test_a_fetched_model_is_kept_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    entry = registry.load().entry("yolox-nano-person")
    monkeypatch.delenv("SUNLIT_MODELS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert registry.store(entry) == tmp_path / "sunlit" / "models" / f"{entry.sha256}.onnx"
    monkeypatch.setenv("SUNLIT_MODELS", str(tmp_path / "other"))
    assert registry.path_of(entry, registry.SHIPPED).parent == tmp_path / "other"
