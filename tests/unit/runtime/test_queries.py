"""Named statements in .sql files."""

from pathlib import Path

import pytest

from runtime.db import Queries, parse_queries


def test_statements_by_name() -> None:
    text = "-- why this file\n\n-- name: one\nSELECT 1;\n\n-- name: two\n-- a remark\nSELECT %(x)s\n"
    assert parse_queries(text) == {"one": "SELECT 1", "two": "-- a remark\nSELECT %(x)s"}


def test_an_unknown_name_lists_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "queried"
    package.mkdir()
    (package / "__init__.py").write_text("", "utf-8")
    (package / "queries.sql").write_text("-- name: one\nSELECT 1\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    queries = Queries("queried")
    with pytest.raises(KeyError, match=r"queried/queries\.sql: no statement 'two'"):
        queries["two"]
    assert queries["one"].as_string(None) == "SELECT 1"
