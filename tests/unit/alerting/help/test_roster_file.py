"""Rosters as people write them: what is right, and every fault with its line."""

from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.help.roster_file import CalendarDay, Dated, Instead, RosterError, Weekly, decode, parse
from contracts.roster import DAYS

HEAD = "organisation,person,day,from,to,instead_of,reason\n"


def rows(text: str, head: str = HEAD) -> list[object]:
    return list(parse(head + text, "r.csv", toml=False))


def said(text: str, *, head: str = HEAD, toml: bool = False) -> str:
    with pytest.raises(RosterError) as caught:
        parse(text if toml else head + text, "r.toml" if toml else "r.csv", toml=toml)
    return str(caught.value)


def test_weekly_lines() -> None:
    found = rows("rs-1,li,mon-wed,08:00,20:00\nrs-1,wang,sat-mon,20:00,8:00,,\n# a remark\n\nrs-1,li,holiday,,\n")
    assert found[:3] == [Weekly(2, "rs-1", "li", day, time(8), time(20)) for day in ("mon", "tue", "wed")]
    assert [(one.day, one.line) for one in found[3:6] if isinstance(one, Weekly)] == [
        ("sat", 3),
        ("sun", 3),
        ("mon", 3),
    ]
    assert found[6] == Weekly(6, "rs-1", "li", "holiday", time(), time())


def test_daily_several_days_and_dates_as_spreadsheets_write_them() -> None:
    found = rows("rs-1,li,daily,00:00,24:00\nrs-1,wang,sat sun,8:00:00,20:00\nrs-1,li,2026/12/1,8:00,20:00\n")
    assert [one.day for one in found[:7] if isinstance(one, Weekly)] == list(DAYS)
    assert isinstance(found[0], Weekly)
    assert (found[0].starts, found[0].ends) == (time(), time())
    assert found[-1] == Dated(4, "rs-1", "li", date(2026, 12, 1), time(8), time(20))


def test_substitutes() -> None:
    found = rows("rs-1,wang,2026-12-30..2027-01-01,,,li,ill\nrs-1,-,2026-12-24,08:00,12:00,li,nobody found\n")
    days = [date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1)]
    assert found[:3] == [Instead(2, "rs-1", "wang", "li", day, time(), time(), "ill") for day in days]
    assert found[3] == Instead(3, "rs-1", None, "li", date(2026, 12, 24), time(8), time(12), "nobody found")


def test_calendar() -> None:
    head = "day,as,name_zh,name_en,organisation\n"
    found = rows("2027-02-06..2027-02-07,holiday,春节,Spring Festival,\n2027-02-20,wed,补班,Working day,rs-1\n", head)
    assert found == [
        CalendarDay(2, date(2027, 2, 6), "holiday", "春节", "Spring Festival"),
        CalendarDay(2, date(2027, 2, 7), "holiday", "春节", "Spring Festival"),
        CalendarDay(3, date(2027, 2, 20), "wed", "补班", "Working day", "rs-1"),
    ]


def test_toml_says_the_same() -> None:
    text = (
        '[[duty]]\norganisation = "rs-1"\nperson = "li"\nday = "mon-fri"\nfrom = 08:00:00\nto = "20:00"\n\n'
        '[[duty]]\norganisation = "rs-1"\nperson = "wang"\nday = 2026-12-01\ninstead_of = "li"\nreason = "ill"\n'
        '[[calendar]]\nday = 2027-01-01\nas = "holiday"\nname_zh = "元旦"\nname_en = "New Year"\n'
    )
    found = parse(text, "r.toml", toml=True)
    assert found[0] == Weekly(1, "rs-1", "li", "mon", time(8), time(20))
    assert found[5] == Instead(8, "rs-1", "wang", "li", date(2026, 12, 1), time(), time(), "ill")
    assert found[6] == CalendarDay(14, date(2027, 1, 1), "holiday", "元旦", "New Year")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (",li,mon,08:00,20:00", "r.csv:2: organisation: '', expected its code"),
        ("rs-1,,mon,08:00,20:00", "r.csv:2: person: '', expected a login"),
        ("rs-1,li,,08:00,20:00", "r.csv:2: day: '', expected mon to sun, mon-fri, daily"),
        ("rs-1,li,mno,08:00,20:00", "r.csv:2: day: 'mno', expected mon to sun"),
        ("rs-1,li,mon-xyz,08:00,20:00", "r.csv:2: day: 'mon-xyz', expected"),
        ("rs-1,li,2026-02-30,08:00,20:00", "r.csv:2: day: '2026-02-30', expected"),
        ("rs-1,li,2026-12-03..2026-12-01,08:00,20:00", "expected the earlier day first and no more than 366 days"),
        ("rs-1,li,mon,8,20:00", "r.csv:2: from: '8', expected a time such as 08:00"),
        ("rs-1,li,mon,08:00,", "r.csv:2: to: '', expected a time such as 08:00"),
        ("rs-1,li,mon,24:00,08:00", "r.csv:2: from: '24:00', expected"),
        ("rs-1,li,mon,08:00,24:30", "r.csv:2: to: '24:30', expected"),
        ("rs-1,li,mon,08:61,09:00", "r.csv:2: from: '08:61', expected"),
        ("rs-1,-,mon,08:00,20:00", "r.csv:2: person: '-', expected a login"),
        ("rs-1,li,mon,08:00,20:00,,why", "r.csv:2: reason: 'why', expected none without instead_of"),
        ("rs-1,wang,2026-12-01,,,li,", "r.csv:2: reason: '', expected why somebody else comes"),
        ("rs-1,wang,mon,,,li,ill", "r.csv:2: day: 'mon', expected a date with instead_of"),
        ("rs-1,li,mon,08:00,20:00,,,more", "r.csv:2: 8 fields, expected 7"),
        ("rs-1,li,mon,08:00,20:00\nrs-1,li,mon-fri,08:00,12:00", "r.csv:3: day: said before on line 2"),
    ],
)
def test_each_fault_names_line_field_value_and_expectation(line: str, words: str) -> None:
    assert words in said(line)


def test_every_fault_at_once() -> None:
    found = said("rs-1,li,mno,08:00,20:00\nrs-1,li,mon,08:00,20:00\nrs-1,,mon,08:00,20:00\n")
    assert [line.split(": ")[0] for line in found.splitlines()] == ["r.csv:2", "r.csv:4"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "r.csv:1: header: '', expected fields of organisation,person,day,from,to"),
        ("organisation;person;day\nrs-1;li;mon", "r.csv:1: header: 'organisation;person;day', expected"),
        ("organisation,person\nrs-1,li", "r.csv:1: header: 'organisation,person', expected"),
        (HEAD, "r.csv: holds no line"),
        ("day,as,name_zh,name_en\nmon,holiday,a,b", "r.csv:2: day: 'mon', expected a date"),
        ("day,as,name_zh,name_en\n2027-01-01,off,a,b", "r.csv:2: as: 'off', expected one of mon, tue"),
        ("day,as,name_zh,name_en\n2027-01-01,holiday,,b", "r.csv:2: name_zh: '', expected a text"),
    ],
)
def test_files_that_are_no_roster(text: str, words: str) -> None:
    assert words in said(text, head="")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = ", "r.toml: not TOML"),
        ("[duty]\nperson = 'li'", "r.toml:1: duty: expected tables [[duty]] or [[calendar]]"),
        ("\n[[shift]]\nperson = 'li'", "r.toml:2: shift: expected tables"),
        ("[[duty]]\nperson = 'li'\norganization = 'rs-1'", "r.toml:3: organization: unknown field, expected one of"),
        ("[[duty]]\nperson = 'li'\norganisation = 'rs-1'\nday = 'x'", "r.toml:1: day: 'x', expected mon to sun"),
    ],
)
def test_toml_that_is_no_roster(text: str, words: str) -> None:
    assert words in said(text, toml=True)


def test_files_of_chinese_spreadsheets() -> None:
    text = HEAD + "rs-1,wang,2026-12-01,,,li,生病\n"
    for content in (text.encode("utf-8-sig"), text.encode("gb18030"), text.replace("\n", "\r\n").encode()):
        found = parse(decode(content), "r.csv", toml=False)[0]
        assert isinstance(found, Instead)
        assert found.reason == "生病"


def test_the_example_of_the_docs_is_one() -> None:
    text = (Path(__file__).resolve().parents[4] / "docs" / "help.md").read_text("utf-8")
    example = text.partition("```csv\n")[2].partition("```")[0]
    kinds = [type(one).__name__ for one in parse(example, "docs", toml=False)]
    assert (kinds.count("Weekly"), kinds.count("Dated"), kinds.count("Instead")) == (15, 1, 3)


@given(st.text(max_size=200), st.booleans())
def test_no_text_makes_it_stumble(text: str, toml: bool) -> None:
    for head in ("", HEAD):
        try:
            parse(head + text, "r", toml=toml)
        except RosterError as error:
            assert str(error).startswith("r:")
