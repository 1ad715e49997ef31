"""`sunlit alerting simulate`: what it prints, and what it refuses."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alerting.cli import app

ROOT = Path(__file__).resolve().parents[4]
LIFT, KITCHEN = (str(ROOT / "alerting/policies" / f"{kind}.toml") for kind in ("lift", "kitchen"))
RUN = CliRunner()


def simulate(*words: str) -> tuple[int, str, str]:
    done = RUN.invoke(app, ["simulate", *words])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def quicker(tmp_path: Path) -> str:
    path = tmp_path / "quicker.toml"
    path.write_text(Path(LIFT).read_text("utf-8").replace("accept_s = 180 ", "accept_s = 60 "), "utf-8")
    return str(path)


def test_two_policies_side_by_side_as_json(quicker: str) -> None:
    code, out, _ = simulate(LIFT, quicker, "--synthetic", "2000", "--seed", "3", "--json")
    body = json.loads(out)
    assert code == 0
    assert (body["incidents"], body["seed"]) == (2000, 3)
    assert [one["policy"] for one in body["policies"]] == ["lift", "quicker"]
    slow, fast = body["policies"]
    assert slow["tier_called"]["1"]["share"] > fast["tier_called"]["1"]["share"]
    assert {"p50", "p90", "p95", "p99", "mean"} <= {*slow["arrival_min"]}
    assert body["paired"]["tier2_called_share"]["low"] > 0
    assert body["paired"]["arrival_min"]["high"] < 0
    again = simulate(LIFT, quicker, "--synthetic", "2000", "--seed", "3", "--json", "--processes", "1")
    assert again[1] == out


def test_a_table_and_a_chart_for_people(quicker: str, tmp_path: Path) -> None:
    svg = tmp_path / "a.svg"
    code, out, _ = simulate(LIFT, quicker, "--synthetic", "200", "--svg", str(svg))
    assert code == 0
    assert "pages per incident" in out
    assert "quicker less lift" in out
    assert svg.read_text("utf-8").startswith("<svg ")


def test_history_is_replayed(tmp_path: Path) -> None:
    path = tmp_path / "past.csv"
    path.write_text("alarm_at,hazards\n" + "2026-05-01T08:30:00+08:00,injury\n" * 30, "utf-8")
    code, out, _ = simulate(LIFT, "--history", str(path), "--json")
    body = json.loads(out)
    assert code == 0
    assert body["incidents"] == 30
    assert body["policies"][0]["tier_called"]["3"]["share"] == 1
    assert "paired" not in body


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((LIFT,), "--history or --synthetic: expected one of them"),
        ((LIFT, LIFT, LIFT, "--synthetic", "1"), "POLICY: 3 files, expected one or two"),
        ((KITCHEN, "--synthetic", "1"), 'kind: expected "lift"'),
        (("none.toml", "--synthetic", "1"), "none.toml: cannot be read"),
        ((LIFT, "--history", "none.csv"), "none.csv: cannot be read"),
        ((LIFT, "--synthetic", "1", "--behaviour", "none.toml"), "none.toml: cannot be read"),
        ((LIFT, "--synthetic", "1", "--svg", "/none/a.svg"), "--svg: /none/a.svg: cannot be written"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(words: tuple[str, ...], expected: str) -> None:
    code, _, err = simulate(*words)
    assert code == 1
    assert expected in err
    assert len(err.splitlines()) == 1


def test_a_history_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "past.csv"
    path.write_bytes(b"alarm_at\n\xff\n")
    assert "byte 9: expected UTF-8" in simulate(LIFT, "--history", str(path))[2]
    path.write_text("alarm_at\nx\ny\n", "utf-8")
    assert len(simulate(LIFT, "--history", str(path))[2].splitlines()) == 2
