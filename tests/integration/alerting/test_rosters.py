"""Rosters from files into the register, and holes that are told before they begin."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from alerting.help import duty, watch
from alerting.help.roster_cli import app
from runtime.db import Connection, Role, connect
from runtime.settings import AlertingSettings, DatabaseSettings

SETTINGS = AlertingSettings()
HEAD = "organisation,person,day,from,to,instead_of,reason\n"
ROUND = HEAD + "rs-1,li,daily,08:00,20:00\nrs-1,wang,daily,20:00,08:00\n"
# 10:00 by the city's clock; the daily look is at 16:00.
TEN = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)


@pytest.fixture
def owner(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.OWNER) as connection:
        for login, code in (("li", "rs-1"), ("wang", "rs-1"), ("zhao", "rs-2")):
            connection.execute(
                "INSERT INTO person (login, name, organisation_id) SELECT %s, %s, id FROM organisation WHERE code = %s",
                (login, login.title(), code),
            )
        connection.execute(
            "INSERT INTO contact_method (organisation_id, channel, address, language)"
            " SELECT id, 'email', 'bureau@city', 'en' FROM organisation WHERE code = 'bureau'"
        )
        yield connection


@pytest.fixture
def desk(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.ALERTING) as connection:
        yield connection


Run = Callable[..., Result]


@pytest.fixture
def roster(city_db: DatabaseSettings, tmp_path: Path, owner: Connection) -> Run:
    assert owner
    config = tmp_path / "sunlit.toml"
    config.write_text(f'[database]\nurl = "{city_db.url}"\n', "utf-8")

    def run(*words: str, text: str = "", name: str = "r.csv") -> Result:
        (tmp_path / name).write_text(text, "utf-8")
        command, *rest = words
        arguments = [command, *([str(tmp_path / name)] if command == "import" else []), *rest]
        return CliRunner().invoke(app, [*arguments, "--config", str(config)], env={"COLUMNS": "200"})

    return run


def count(owner: Connection, table: str) -> int:
    row = owner.execute(
        psycopg.sql.SQL("SELECT count(*) AS n FROM {}").format(psycopg.sql.Identifier(table))
    ).fetchone()
    assert row is not None
    return int(row["n"])


def test_import_show_and_holes(roster: Run, owner: Connection) -> None:
    done = roster("import", text=ROUND)
    assert done.exit_code == 0, done.output
    assert "rs-1: weekly lines 14, shifts 0, substitutes 0; replaced 0" in done.output
    assert "rs-1: without a contact method: li, wang" in done.output
    shown = roster("show", "rs-1", "--days", "2").output
    assert shown.count("Li (li)") == 2
    assert "nobody" not in shown
    assert "reached now: webhook 127.0.0.1:1/…, email r…@demo.invalid" in shown
    assert roster("holes").output == "no hole in 1 rosters within 36h\n"
    assert roster("show", "rs-2").output.startswith("rs-2 has no roster; its own contact methods are used")

    again = roster("import", text=ROUND)
    assert "weekly lines 14, shifts 0, substitutes 0; replaced 14" in again.output
    assert count(owner, "duty_pattern") == 14


def test_a_check_changes_nothing(roster: Run, owner: Connection) -> None:
    done = roster("import", "--check", text=ROUND)
    assert done.output.startswith("nothing was changed")
    assert "weekly lines 14" in done.output
    assert (count(owner, "duty_pattern"), count(owner, "roster")) == (0, 0)


def test_a_substitute_file_leaves_the_rest_and_says_who_does_not_stand_in(roster: Run, owner: Connection) -> None:
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    roster("import", text=ROUND)
    text = f"{HEAD}rs-1,wang,{day},08:00,20:00,li,ill\n"
    assert "weekly lines 0, shifts 0, substitutes 1; replaced 0" in roster("import", text=text).output
    assert "weekly lines 0, shifts 0, substitutes 0" in roster("import", text=text).output, "the same again"
    assert count(owner, "duty_pattern") == 14
    assert "Li (li)" in roster("show", "rs-1", "--days", "5").output
    absent = roster("import", text=f"{HEAD}rs-1,-,{day},08:00,20:00,li,nobody found\n")
    assert "rs-1: nobody is on duty from" in absent.output
    back = roster("import", text=f"{HEAD}rs-1,li,{day},08:00,20:00,li,well again\n")
    assert "nobody is on duty" not in back.output
    other = day + timedelta(days=1)
    idle = roster("import", text=f"{HEAD}rs-1,li,{other},09:00,10:00,wang,tired\n").output
    assert f"rs-1: wang on {other}: not on duty then, so nobody stands in" in idle


def test_shifts_replace_those_of_their_days_only(roster: Run, owner: Connection) -> None:
    first = (datetime.now(UTC) + timedelta(days=2)).date()
    days = [first + timedelta(days=n) for n in range(3)]
    roster("import", text=HEAD + "".join(f"rs-1,li,{day},08:00,20:00\n" for day in days))
    done = roster("import", text=f"{HEAD}rs-1,wang,{days[1]},09:00,18:00\n")
    assert "weekly lines 0, shifts 1, substitutes 0; replaced 1" in done.output
    rows = owner.execute("SELECT p.login FROM duty_shift s JOIN person p ON p.id = s.person_id ORDER BY starts_at")
    assert [row["login"] for row in rows] == ["li", "wang", "li"]
    roster("import", text=f"{HEAD}rs-1,wang,2020-01-01,09:00,18:00\n")
    assert count(owner, "duty_shift") == 3, "what is over is neither written nor deleted"


def test_a_calendar(roster: Run, owner: Connection) -> None:
    head = "day,as,name_zh,name_en,organisation\n"
    done = roster("import", text=f"{head}2027-02-06..2027-02-12,holiday,春节,Spring Festival,\n")
    assert done.output == "calendar: days 7\n"
    roster("import", text=f"{head}2027-02-06,holiday,春节,Spring Festival,rs-1\n")
    assert count(owner, "duty_day") == 8
    toml = '[[calendar]]\nday = "2027-02-06..2027-02-12"\nas = "holiday"\nname_zh = "春节"\nname_en = "Spring"\n'
    assert roster("import", text=toml, name="r.toml").output == "calendar: days 7\n"
    assert count(owner, "duty_day") == 8


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("rs-9,li,mon,,", "r.csv:2: organisation: 'rs-9', expected the code of an active organisation"),
        ("rs-1,ghost,mon,,", "r.csv:2: person: 'ghost', expected the login of an active person"),
        ("rs-1,zhao,mon,,", "r.csv:2: person: 'zhao' belongs to rs-2, expected a person of rs-1"),
        ("rs-1,li,2027-01-01,,,zhao,ill", "r.csv:2: instead_of: 'zhao' belongs to rs-2, expected a person of rs-1"),
        ("rs-1,li,mno,,", "r.csv:2: day: 'mno', expected mon to sun"),
    ],
)
def test_a_file_with_a_fault_changes_nothing(roster: Run, owner: Connection, line: str, words: str) -> None:
    done = roster("import", text=f"{ROUND}{line}\n".replace(ROUND, HEAD) + "rs-1,li,tue,,\n")
    assert done.exit_code == 1
    assert f"sunlit roster: {words}" in done.output
    assert count(owner, "duty_pattern") == 0


def test_bad_words_are_one_line(roster: Run, tmp_path: Path) -> None:
    assert "organisation: 'nix', expected the code" in roster("show", "nix").output
    assert "ahead: 'soon', expected a span such as 90m, 36h or 7d" in roster("holes", "--ahead", "soon").output
    config = tmp_path / "sunlit.toml"
    missing = CliRunner().invoke(app, ["import", str(tmp_path / "no.csv"), "--config", str(config)])
    assert "no.csv: cannot be read (No such file or directory)" in missing.output
    (tmp_path / "bad.csv").write_bytes(b"\xff\xff\x00")
    broken = CliRunner().invoke(app, ["import", str(tmp_path / "bad.csv"), "--config", str(config)])
    assert "neither UTF-8 nor GB 18030" in broken.output


def hole(owner: Connection, begin: datetime, end: datetime) -> None:
    """A roster of rs-1 round the clock but for these hours."""
    owner.execute("DELETE FROM duty_shift")
    for start, stop in ((TEN - timedelta(days=9), begin), (end, TEN + timedelta(days=90))):
        owner.execute(
            "INSERT INTO duty_shift (organisation_id, person_id, starts_at, ends_at)"
            " SELECT organisation_id, id, %s, %s FROM person WHERE login = 'li'",
            (start, stop),
        )
    owner.execute(
        "INSERT INTO roster SELECT id, 'Asia/Shanghai', 'test', %s FROM organisation WHERE code = 'rs-1'"
        " ON CONFLICT DO NOTHING",
        (TEN,),
    )


def letters(owner: Connection) -> list[tuple[str, str]]:
    rows = owner.execute("SELECT address, subject FROM outbox WHERE stage = 'roster_hole' ORDER BY id")
    return [(row["address"].rpartition("/")[2], row["subject"]) for row in rows]


def test_a_hole_is_told_the_day_before_and_again_while_it_stands(desk: Connection, owner: Connection) -> None:
    owner.execute("INSERT INTO roster_look VALUES ('2026-11-25', %s, 0, 0)", (TEN,))
    begin, end = TEN + timedelta(hours=32), TEN + timedelta(hours=35)
    hole(owner, begin, end)
    assert watch.look(desk, SETTINGS, TEN) == [], "it is known, and told in the afternoon"
    assert count(owner, "roster_hole") == 1
    told = watch.look(desk, SETTINGS, TEN + timedelta(hours=6))
    assert [(one.begin, one.end) for one in told] == [(begin, end)]
    assert letters(owner) == [
        ("rs-1", "【亮堂】值班表有 1 处无人"),
        ("rs-1@demo.invalid", "【亮堂】值班表有 1 处无人"),
        ("bureau", "【亮堂】值班表有 1 处无人"),
        ("bureau@city", "[Sunlit] 1 hole in the roster"),
    ]
    body = owner.execute("SELECT body FROM outbox ORDER BY id DESC LIMIT 1").fetchone()
    assert body == {
        "body": "Nobody is on duty: Shiqi Rescue Station 11-27 18:00–21:00. Please put somebody on the roster."
    }
    assert watch.look(desk, SETTINGS, TEN + timedelta(hours=6.1)) == []
    assert count(owner, "roster_hole") == 1
    assert len(letters(owner)) == 4
    # It was not filled: the next look says so again, and what is over is told no more.
    assert len(watch.look(desk, SETTINGS, TEN + timedelta(hours=30))) == 1
    assert watch.look(desk, SETTINGS, TEN + timedelta(hours=54)) == []
    assert len(letters(owner)) == 8


def test_a_hole_that_would_begin_before_the_next_look_is_told_at_once(desk: Connection, owner: Connection) -> None:
    owner.execute("INSERT INTO roster_look VALUES ('2026-11-25', %s, 0, 0)", (TEN,))
    hole(owner, TEN + timedelta(hours=3), TEN + timedelta(hours=4))
    assert len(watch.look(desk, SETTINGS, TEN)) == 1


def test_a_look_that_was_missed_is_made_up_for(desk: Connection, owner: Connection) -> None:
    hole(owner, TEN + timedelta(hours=30), TEN + timedelta(hours=31))
    assert len(watch.look(desk, SETTINGS, TEN)) == 1


def test_a_hole_that_is_filled_says_so_and_one_under_way_stays_one(desk: Connection, owner: Connection) -> None:
    hole(owner, TEN + timedelta(hours=1), TEN + timedelta(hours=80))
    watch.look(desk, SETTINGS, TEN)
    for hours in (2, 20, 40):
        watch.look(desk, SETTINGS, TEN + timedelta(hours=hours))
    row = owner.execute("SELECT starts_at, ends_at, filled_at FROM roster_hole").fetchall()
    assert row == [{"starts_at": TEN + timedelta(hours=1), "ends_at": TEN + timedelta(hours=76), "filled_at": None}]
    hole(owner, TEN + timedelta(hours=1), TEN + timedelta(hours=41))
    watch.look(desk, SETTINGS, TEN + timedelta(hours=42))
    row = owner.execute("SELECT filled_at FROM roster_hole").fetchall()
    assert row == [{"filled_at": TEN + timedelta(hours=42)}]
    assert len(letters(owner)) == 12, "at once, and at the look of the afternoon and of the next"


def test_two_workers_tell_once(city_db: DatabaseSettings, desk: Connection, owner: Connection) -> None:
    hole(owner, TEN + timedelta(hours=3), TEN + timedelta(hours=4))
    with connect(city_db, Role.ALERTING) as other, other.transaction():
        other.execute(duty.QUERIES["help_lock"], {"number": watch.LOCK})
        assert watch.look(desk, SETTINGS, TEN) == [], "somebody else looks"
    assert len(watch.look(desk, SETTINGS, TEN)) == 1
    assert watch.look(desk, SETTINGS, TEN) == []


def test_a_roster_that_is_wrong_as_a_whole_is_one_letter(desk: Connection, owner: Connection, roster: Run) -> None:
    lines = "".join(f"rs-1,li,daily,{hour:02d}:00,{hour:02d}:30\n" for hour in range(24))
    assert roster("import", text=HEAD + lines).exit_code == 0
    told = watch.look(desk, SETTINGS, TEN)
    assert len(told) == 36
    assert len(letters(owner)) == 4
    body = owner.execute("SELECT body FROM outbox ORDER BY id DESC LIMIT 1").fetchone()
    assert body is not None
    assert "And 33 more." in body["body"]


def test_holes_for_machines(roster: Run, owner: Connection) -> None:
    roster("import", text=HEAD + "rs-1,li,holiday,08:00,20:00\n")
    found = json.loads(roster("holes", "--ahead", "2d", "--json").output)
    assert [(one["code"], one["kind"], one["name_en"]) for one in found] == [
        ("rs-1", "rescue_station", "Shiqi Rescue Station")
    ]
    assert datetime.fromisoformat(found[0]["end"]) - datetime.fromisoformat(found[0]["begin"]) == timedelta(days=2)
    assert owner
