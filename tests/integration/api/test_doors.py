"""Every door of the pages, everybody who knocks, and docs/doors.md, which says what each of them gets."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from api import commands
from api.app import create_app
from api.v1 import counting
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings
from tests.integration.api.door_knock import Answer, Knocker, served
from tests.integration.api.door_table import ANSWERS, VIEWERS, Row, doors, read
from tests.integration.api.door_world import LOGINS, World, jpeg, knockers, settings_of, sign_in

NOWHERE = "/no/such/address/there/is"


class Knock(NamedTuple):
    """What one viewer sends for one row."""

    path: str
    query: Mapping[str, str]
    form: Mapping[str, str | bytes]
    headers: Mapping[str, str]
    body: bytes | None
    marks: list[str]


class Walk:
    """One walk through the whole table; what is not as written is kept."""

    def __init__(self, world: World, people: Mapping[str, Knocker]) -> None:
        self.world, self.people = world, people
        self.wrong: dict[tuple[str, str, int], list[str]] = {}
        self.words: dict[tuple[str, str, int], str] = {}
        self.nothing: dict[tuple[str, str], str] = {}

    async def row(self, row: Row) -> None:
        """Everybody who is to get nothing first: the database must not notice them."""
        self.world.next_row()
        knocks = {viewer: self._knock(row, viewer) for viewer in VIEWERS}
        shut_out = [viewer for viewer in VIEWERS if row.answer(viewer) in ("sign in", "nothing", "refused")]
        writes = row.method not in ("GET", "HEAD")
        before = self.world.digest() if writes else ""
        for viewer in shut_out:
            await self._try(row, viewer, knocks[viewer])
        if writes and shut_out and self.world.digest() != before:
            self.wrong[row.door, "nothing changed in the database", 0] = shut_out
        for viewer in VIEWERS:
            if viewer not in shut_out:
                await self._try(row, viewer, knocks[viewer])
        if "again" in row.things:
            for viewer in LOGINS:
                await sign_in(viewer, self.people[viewer])

    def _knock(self, row: Row, viewer: str) -> Knock:
        things = [self.world.thing(name, viewer) for name in row.things if name != "again"]
        blanks = {name: value for thing in things for name, value in thing.blanks.items()} | dict(row.given)
        path = re.sub(r"{(\w+)}", lambda blank: blanks.pop(blank[1]), row.path)
        fields = {name: value for thing in things for name, value in thing.fields.items()}
        fields |= {name: value for name, value in blanks.items() if name in row.given}
        asks = row.method in ("GET", "HEAD")
        query = {name.lstrip("?"): value for name, value in fields.items() if asks or name.startswith("?")}
        form = {name: jpeg(6) if value == "@jpeg" else value for name, value in fields.items() if name not in query}
        return Knock(
            path,
            query,
            {name: value for name, value in form.items() if not name.startswith("?")},
            {name: value for thing in things for name, value in thing.headers.items()},
            next((thing.body for thing in things if thing.body is not None), None),
            [mark for thing in things for mark in thing.marks],
        )

    async def _try(self, row: Row, viewer: str, knock: Knock) -> None:
        person, path, form = self.people[viewer], knock.path, dict(knock.form)
        if row.method in ("GET", "HEAD"):
            answer = await person(row.method, path, knock.query, headers=knock.headers)
        elif knock.body is not None:
            answer = await person(row.method, path, knock.query, body=knock.body, headers=knock.headers)
        else:
            if viewer in LOGINS and row.answer("nobody") == "sign in":
                guessed = await person(row.method, path, knock.query, form={**form, "csrf": "guessed"})
                if guessed.status not in (403, 404):
                    self._say(row, viewer, "refused without the session's token", guessed)
                form["csrf"] = self.world.csrf(person)
            answer = await person(row.method, path, knock.query, form=form)
        await self._judge(row, viewer, path, answer)
        led = answer.headers.get("location", "")
        # What the sign-in leads back to is what was asked for.
        shown = bare(answer, path) + ("" if led.startswith("/login?back=") else led.replace(path, ""))
        told = [mark for mark in knock.marks if mark in shown]
        if row.hides(viewer) and told:
            self._say(row, viewer, f"nothing of {told[0]}", answer)

    async def _judge(self, row: Row, viewer: str, path: str, answer: Answer) -> None:
        wanted = row.answer(viewer)
        if wanted not in (*got(answer), str(answer.status)):
            self._say(row, viewer, wanted, answer)
        elif (
            wanted == "nothing"
            and viewer in LOGINS
            and "text/html" in answer.headers["content-type"]
            and bare(answer, path) != await self._gone(row, viewer)
        ):
            self._say(row, viewer, "the words of an address that does not exist", answer)

    async def _gone(self, row: Row, viewer: str) -> str:
        """What a viewer is told at an address that does not exist."""
        if (viewer, row.method) not in self.nothing:
            answer = await self.people[viewer](row.method, NOWHERE)
            self.nothing[viewer, row.method] = bare(answer, NOWHERE)
        return self.nothing[viewer, row.method]

    def _say(self, row: Row, viewer: str, wanted: str, answer: Answer) -> None:
        words = " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())[-200:]
        self.wrong.setdefault((row.door, wanted, answer.status), []).append(viewer)
        self.words[row.door, wanted, answer.status] = words

    def said(self) -> list[str]:
        """What is not as written, a line for each kind of answer."""
        return [
            f"{door}: {', '.join(viewers)} should get {wanted!r}, got {status or 'a change'}: "
            + self.words.get((door, wanted, status), "")
            for (door, wanted, status), viewers in self.wrong.items()
        ]


def bare(answer: Answer, path: str) -> str:
    """What an answer says, without the address that it was asked at and what the navigation makes of it."""
    return re.sub(r'\?[^"<\s]*| aria-current="\w+"', "", answer.text.replace(path, ""))


def got(answer: Answer) -> tuple[str, ...]:
    """An answer in the words of the table."""
    if answer.headers.get("location", "").startswith("/login?back="):
        return ("sign in",)
    known = {401: ("sign in", "refused"), 403: ("refused",), 404: ("nothing",)}
    return known.get(answer.status, ("in", "without") if answer.status < 400 else ())


async def _walked(settings: Settings) -> list[str]:
    with connect(settings.database, Role.OWNER) as owner:
        world = World(owner, settings)
        async with served(create_app(settings)) as app:
            people = knockers(app)
            for viewer in LOGINS:
                await sign_in(viewer, people[viewer])
            walk = Walk(world, people)
            for row in read():
                await walk.row(row)
    return walk.said()


@pytest.mark.timeout(600)
def test_everybody_gets_what_the_table_says(
    city_db: DatabaseSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No desk is at work here: nobody waits for its word.
    monkeypatch.setattr(commands, "WAIT_S", 0.0)
    # The counts of programs' calls come by themselves, and what nobody may change must not.
    monkeypatch.setattr(counting, "EVERY_S", 3600.0)
    wrong = asyncio.run(_walked(settings_of(city_db, tmp_path)))
    assert not wrong, "\n".join(["not as docs/doors.md says:", *wrong])


def test_every_door_has_a_row_and_every_row_a_door() -> None:
    there, written = doors(create_app(Settings())), {row.door for row in read()}
    missing, gone = sorted(there - written), sorted(written - there)
    assert not missing, f"add rows to docs/doors.md (it says how): {', '.join(missing)}"
    assert not gone, f"docs/doors.md has rows for doors that are gone: {', '.join(gone)}"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("| `GET /x` | | perhaps |", "nobody gets 'perhaps', expected a status or one of"),
        ("| `GET /x` | in |", "2 columns, expected 3"),
    ],
)
def test_a_row_that_cannot_be_read_says_where(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "doors.md"
    path.write_text(f"| door | with | nobody |\n|---|---|---|\n{line}\n", "utf-8")
    with pytest.raises(ValueError, match=rf"doors.md:3: {words}"):
        read(path)


def test_the_page_says_every_word_that_it_uses() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "doors.md").read_text("utf-8")
    for word in ANSWERS:
        assert f"| `{word}` |" in text
    for viewer in VIEWERS:
        assert f"**{viewer}**" in text or viewer.endswith("elsewhere"), viewer
