"""`sunlit alerting check` and `activate` in a real register: whose lifts would wait for nobody."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alerting.cli import app
from alerting.policy import load as read
from alerting.prove import check
from alerting.prove.proof import Proof
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings, load

ROOT = Path(__file__).resolve().parents[3]
LIFT = ROOT / "alerting/policies/lift.toml"
DEMO = sorted((ROOT / "runtime/demo/policies").glob("*.toml"))
RUN = CliRunner()


@pytest.fixture
def owner(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.OWNER) as connection:
        yield connection


@pytest.fixture
def config(city_db: DatabaseSettings, tmp_path: Path) -> Path:
    path = tmp_path / "sunlit.toml"
    path.write_text(f"[database]\nurl = {json.dumps(city_db.url)}\n", "utf-8")
    return path


def checked(config: Path, policy: Path = LIFT) -> list[str]:
    """What the register has against a policy, by its lines; its paths are another test's."""
    with connect(load(config).database, Role.ALERTING) as connection:
        faults = check.in_city(Proof(), read(policy), connection, datetime.now(UTC)).faults
    return [fault.line("p.toml").removeprefix("p.toml: ") for fault in faults]


def unreach(owner: Connection, kind: str) -> None:
    owner.execute(
        "UPDATE contact_method SET active = false"
        " WHERE organisation_id IN (SELECT id FROM organisation WHERE kind = %s)",
        (kind,),
    )


def versions(owner: Connection) -> list[tuple[int, str]]:
    rows = owner.execute("SELECT version, author FROM policy WHERE kind = 'lift' ORDER BY version").fetchall()
    return [(row["version"], row["author"]) for row in rows]


@pytest.mark.parametrize("policy", DEMO, ids=lambda path: path.stem)
def test_the_demo_may_activate_its_own_policies(config: Path, policy: Path) -> None:
    assert checked(config, policy) == []


def test_the_demo_city_can_be_reached(config: Path) -> None:
    done = RUN.invoke(app, ["check", str(LIFT), "--config", str(config)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "LiftPolicy 'default' may be activated" in done.stdout
    assert "12 lifts of the register were looked at" in done.stdout


def test_a_unit_without_a_contact_method_is_named_by_its_lifts(owner: Connection, config: Path) -> None:
    owner.execute(
        "UPDATE contact_method SET active = false"
        " WHERE organisation_id = (SELECT maintenance_org_id FROM lift WHERE code = '442001')"
    )
    owner.execute("UPDATE lift SET maintenance_org_id = NULL WHERE code = '442012'")
    rows = owner.execute(
        "SELECT code FROM lift WHERE code = '442012' OR maintenance_org_id ="
        " (SELECT maintenance_org_id FROM lift WHERE code = '442001') ORDER BY code"
    ).fetchall()
    lines = checked(config)
    shown = [row["code"] for row in rows][:3]
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    assert lines == [
        "tier[1].ask: maintenance, expected for every lift somebody with an active contact method whom no tier before"
        f" asks; there is nobody for {', '.join(shown)}{more}: tier 2 is called at once"
    ]


def test_methods_for_exercises_reach_nobody(owner: Connection, config: Path) -> None:
    owner.execute("UPDATE contact_method SET purpose = 'drill'")
    assert [line.partition(":")[0] for line in checked(config)] == ["tier[1].ask", "tier[2].ask", "tier[3].ask"]


def test_people_of_a_roster_are_enough(owner: Connection, config: Path) -> None:
    unreach(owner, "city_rescue")
    assert len(checked(config)) == 1
    owner.execute(
        """WITH who AS (INSERT INTO person (login, name, organisation_id)
                        SELECT 'fire-1', 'Chen', id FROM organisation WHERE kind = 'city_rescue'
                        RETURNING id, organisation_id),
                how AS (INSERT INTO contact_method (person_id, channel, address)
                        SELECT id, 'email', 'a@b.invalid' FROM who)
           INSERT INTO duty_pattern (organisation_id, person_id, day, starts, ends)
           SELECT organisation_id, id, 'mon', '00:00', '00:00' FROM who"""
    )
    assert len(checked(config)) == 1
    owner.execute(
        "INSERT INTO roster (organisation_id, timezone, source, imported_at)"
        " SELECT id, 'Asia/Shanghai', 'test', now() FROM organisation WHERE kind = 'city_rescue'"
    )
    assert checked(config) == []
    owner.execute("UPDATE person SET active = false WHERE login = 'fire-1'")
    assert len(checked(config)) == 1


@pytest.mark.parametrize(
    ("kind", "tier", "then"),
    [
        ("rescue_station", 2, "tier 3 is called at once"),
        ("city_rescue", 3, "when tiers 1 and 2 do not come, t_max_s passes and there is nobody to call"),
    ],
)
def test_a_tier_that_nobody_can_be_reached_in(owner: Connection, config: Path, kind: str, tier: int, then: str) -> None:
    unreach(owner, kind)
    lines = checked(config)
    assert len(lines) == 1
    assert lines[0].startswith(f"tier[{tier}].ask: {kind}, expected for every lift somebody with an active contact")
    assert lines[0].endswith(f"there is nobody for 442001, 442002, 442003 and 9 more: {then}")
    owner.execute("UPDATE organisation SET active = false WHERE kind = %s", (kind,))
    assert "expected an organisation of that kind in the register" in checked(config)[0]


def test_stations_that_an_earlier_tier_asks_are_gone(owner: Connection, config: Path, tmp_path: Path) -> None:
    policy = tmp_path / "all.toml"
    text = LIFT.read_text("utf-8").replace('["city_rescue"]', '["rescue_station"]')
    policy.write_text(text, "utf-8")
    assert checked(config, policy) == []
    policy.write_text(text.replace("count = 1 ", "count = 0 "), "utf-8")
    lines = checked(config, policy)
    assert lines[0].startswith("tier[3].ask: rescue_station, expected for every lift somebody")
    policy.write_text(text, "utf-8")
    owner.execute("UPDATE organisation SET active = false WHERE code IN ('rs-2', 'rs-3')")
    assert checked(config, policy)[0].startswith("tier[3].ask: rescue_station, ")


def test_words_that_the_register_does_not_know(owner: Connection, config: Path, tmp_path: Path) -> None:
    policy = tmp_path / "words.toml"
    more = '\n[[branch]]\nname = "{}"\nwhen = {{ {} }}\nverify_s = {}\n'
    policy.write_text(
        LIFT.read_text("utf-8")
        + more.format("schools", 'place_kinds = ["shcool"]', 30)
        + more.format("any", 'campaigns = ["*"]', 15)
        + more.format("fair", 'campaigns = ["lantern-fair"]', 20),
        "utf-8",
    )
    lines = checked(config, policy)
    assert lines == [
        "branch 'schools'.when.place_kinds: 'shcool', expected a kind of place that the register knows (other)",
        "branch 'fair'.when.campaigns: 'lantern-fair', expected a campaign that the register knows (none yet)",
    ]
    owner.execute(
        "INSERT INTO campaign (code, name_zh, name_en, starts_at, ends_at)"
        " VALUES ('lantern-fair', '灯会', 'Lantern fair', now(), now() + interval '1 day')"
    )
    owner.execute("UPDATE place SET kind = 'shcool' WHERE code = 'p-1'")
    assert checked(config, policy) == []


def test_a_register_without_lifts_proves_nothing_and_says_so(empty_db: DatabaseSettings, tmp_path: Path) -> None:
    path = tmp_path / "sunlit.toml"
    path.write_text(f"[database]\nurl = {json.dumps(empty_db.url)}\n", "utf-8")
    done = RUN.invoke(app, ["check", str(LIFT), "--config", str(path), "--json"])
    body = json.loads(done.stdout)
    assert body["ok"] and body["paths"] > 1000
    assert body["notes"] == ["the register has no lifts: whether their tiers can be reached is not proved"]
    kitchen = ROOT / "alerting/policies/kitchen.toml"
    done = RUN.invoke(app, ["activate", str(kitchen), "--author", "me", "--config", str(path)])
    assert done.exit_code == 0
    assert done.stdout == (
        f"{kitchen}: active as version 1\n"
        f"{kitchen}: note: the register has no kitchens: whether their chains are whole is not proved\n"
    )


def test_json_names_the_lifts(owner: Connection, config: Path) -> None:
    unreach(owner, "city_rescue")
    done = RUN.invoke(app, ["check", str(LIFT), "--config", str(config), "--json"])
    body = json.loads(done.stdout)
    assert done.exit_code == 1
    assert not body["ok"]
    fault = body["faults"][0]
    assert (fault["key"], fault["codes"], fault["count"]) == ("tier[3].ask", ["442001", "442002", "442003"], 12)


def test_activate_refuses_what_check_refuses(owner: Connection, config: Path, tmp_path: Path) -> None:
    policy = tmp_path / "new.toml"
    policy.write_text(LIFT.read_text("utf-8").replace("comfort_s = 300", "comfort_s = 240"), "utf-8")
    unreach(owner, "city_rescue")
    words = ["activate", str(policy), "--author", "me", "--config", str(config)]
    done = RUN.invoke(app, words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "tier[3].ask: city_rescue" in done.stderr
    assert versions(owner) == [(1, "test")]
    assert RUN.invoke(app, [*words, "--without-register"]).exit_code == 0
    assert versions(owner) == [(1, "test"), (2, "me (without the register)")]
    policy.write_text(policy.read_text("utf-8").replace("check_eta_s = 900 ", "check_eta_s = 3600 "), "utf-8")
    done = RUN.invoke(app, [*words, "--without-register"])
    assert done.exit_code == 1
    assert "clocks.check_eta_s: 3600, expected less than arrive_s (1800)" in done.stderr
    assert len(versions(owner)) == 2


def test_without_a_database_the_policy_is_proved_and_the_rest_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUNLIT_DATABASE__URL", "postgresql://127.0.0.1:1/none")
    done = RUN.invoke(app, ["check", str(LIFT), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["register"].startswith("the register was not looked at: ")
    named = tmp_path / "sunlit.toml"
    named.write_text('[database]\nurl = "postgresql://127.0.0.1:1/none"\n', "utf-8")
    assert RUN.invoke(app, ["check", str(LIFT), "--config", str(named)]).exit_code == 1


def test_a_file_that_is_no_policy(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text("kind = 'lift'\n", "utf-8")
    done = RUN.invoke(app, ["check", str(path), "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["faults"][0]["expected"] == "a policy"


@pytest.mark.parametrize("kind", ["kitchen", "fault"])
def test_chains_of_findings_are_asked_of_the_register(owner: Connection, config: Path, kind: str) -> None:
    policy = ROOT / f"alerting/policies/{kind}.toml"
    done = RUN.invoke(app, ["check", str(policy), "--config", str(config)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "bureau told" in done.stdout
    unreach(owner, "bureau")
    what, first = {"kitchen": ("6 kitchens", "k-001, k-002, k-003 and 3"), "fault": ("12 lifts", "442001")}[kind]
    lines = checked(config, policy)
    assert len(lines) == 1
    assert lines[0].startswith(f"tell bureau: nobody for {what}, expected one with an active contact method for each; ")
    assert first in lines[0]
    done = RUN.invoke(app, ["activate", str(policy), "--author", "me", "--config", str(config)])
    assert done.exit_code == 1
