"""`sunlit bench storage`: a short one, with the numbers that must hold at any size."""

import json
from pathlib import Path

from typer.testing import CliRunner

from runtime.bench_cli import build
from tests.conftest import open_folder


def test_a_short_one_weighs_every_way(tmp_path: Path) -> None:
    with open_folder("bench") as home:
        drawing = tmp_path / "storage.svg"
        words = ["storage", "--lifts", "3", "--hours", "2", "--home", str(home), "--svg", str(drawing)]
        done = CliRunner().invoke(build(), [*words, "--json"])
        assert done.exit_code == 0, done.output
        assert not list(home.iterdir())
    found = json.loads(done.stdout)
    assert found["rows"] == 3 * 720
    assert sum(found["plain"].values()) > 100
    assert found["delete_rows_per_s"] > 0
    assert drawing.read_text("utf-8").startswith("<svg")
    if found["chunked"]:
        assert found["chunked"]["columns"] < found["chunked"]["rows"]
        assert found["chunked"]["rollups"]["minute"]["rows"] == 3 * 120
