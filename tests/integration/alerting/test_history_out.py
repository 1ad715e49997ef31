"""`sunlit alerting history`: what happened goes into a file that `simulate` reads."""

import json
from pathlib import Path

from typer.testing import CliRunner

from alerting.cli import app
from alerting.simulate.history import read
from contracts.kinds import Hazard
from tests.integration.alerting.town import T0, City

ROOT = Path(__file__).resolve().parents[3]
RUN = CliRunner()


def test_real_entrapments_are_written_and_replayed(town: City, tmp_path: Path) -> None:
    config, out = tmp_path / "sunlit.toml", tmp_path / "past.csv"
    config.write_text(f"[database]\nurl = {json.dumps(town.database.url)}\n", "utf-8")
    town.event("lift-442001", "trapped_non_level", people=3, hazards=["injury"])
    town.event("lift-442005", "trapped_level")
    town.owner.execute("UPDATE incident SET source = 'drill' WHERE id = %s", (town.incident("442005")["id"],))
    town.event("lift-442009", "trapped_level")
    assert town.operator("false_alarm", "children play", lift="442009")["ok"]
    done = RUN.invoke(app, ["history", "--out", str(out), "--config", str(config)])
    assert (done.exit_code, done.stdout) == (0, f"{out}: 1 incidents\n")
    (past,) = read(out.read_text("utf-8"), "past.csv", "UTC")
    assert (past.alarm_at, past.lift, past.people, past.hazards) == (T0, "442001", 3, (Hazard.INJURY,))
    assert (past.place, past.grid, past.remote, past.power) == ("p-1", "g-1", False, False)
    policy = str(ROOT / "alerting/policies/lift.toml")
    assert RUN.invoke(app, ["simulate", policy, "--history", str(out)]).exit_code == 0
    words = ["history", "--out", str(out), "--config", str(config), "--since", "2999-01-01"]
    assert RUN.invoke(app, words).stdout == f"{out}: 0 incidents\n"
    done = RUN.invoke(app, ["history", "--out", "/none/past.csv", "--config", str(config)])
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
