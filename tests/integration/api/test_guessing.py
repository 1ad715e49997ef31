"""Guessing and climbing: what stands in an address, in a link or in a token opens nothing, and breaks nothing."""

import asyncio
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from api import commands
from api.app import create_app
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings
from tests.integration.api.door_knock import Answer, Knocker, served
from tests.integration.api.door_table import Row, read
from tests.integration.api.door_world import World, settings_of, sign_in

CLIMBS = (
    *("..", "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..%5c..%5cwin.ini"),
    *("%00", "x%00.jpg", ".", "%2e", "~root", "%252e%252e%252f", "....//....//etc/passwd", "file:///etc/passwd"),
)
GUESSES = (
    *("%25", "_______", "F-7Q_", "F-7Q%25", "' OR '1'='1", "R-7QX'--", "*", "1;SELECT pg_sleep(9)", "$(id)"),
    *("0", "-1", "99999999999999999999999999", "1e9", "٣", "１", "Ⅻ", "NaN", "null", "true", "[]", "{}"),
    *("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "x" * 5000, "字" * 300),
    *("\u202eF-7QX", "f-7qx", " F-7QX", "F-7QX%0a", "<script>alert(1)</script>", "{{7*7}}", "${7*7}"),
)
SECRETS = ("root:", "7qx", "7QX", "49</")
WHO = ("owner", "operator", "regulator", "nobody")


def bare(answer: Answer) -> str:
    """An answer without the address that it gives back, and without what the sign-in leads back to."""
    return re.sub(r'(href|content|value)="[^"]*"', "", answer.text)


async def _guessed(world: World, people: dict[str, Knocker]) -> list[str]:
    wrong = []
    for number, row in enumerate([row for row in read() if "{" in row.path and row.method == "GET"]):
        # Each door hears every climb and a third of the guesses, from one viewer after the other.
        for at, guess in enumerate((*CLIMBS, *GUESSES[number % 3 :: 3])):
            viewer = WHO[(at + number) % len(WHO)]
            raw = guess if guess in CLIMBS or "%" in guess else quote(guess, safe="")
            path = re.sub(r"{\w+}", lambda _: raw, row.path)  # noqa: B023  used at once
            answer = await people[viewer]("GET", path, raw=True)
            if problem := _judged(row, guess, answer):
                wrong.append(f"{row.door} with {guess[:60]!r} as {viewer}: {problem}")
    return wrong


def _judged(row: Row, guess: str, answer: Answer) -> str:
    if answer.status >= 500:
        return f"{answer.status} {answer.text[-300:]}"
    if answer.status < 300 and not row.path.startswith(("/q/", "/search", "/c/offline")):
        return f"let in: {answer.status}"
    told = [secret for secret in SECRETS if secret in bare(answer) and secret not in guess]
    return f"tells {told}" if told and answer.status != 303 else ""


@pytest.mark.timeout(600)
def test_no_guess_opens_a_door_or_breaks_it(
    city_db: DatabaseSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "WAIT_S", 0.0)
    settings = settings_of(city_db, tmp_path)

    async def run() -> list[str]:
        with connect(city_db, Role.OWNER) as owner:
            world = World(owner, settings)
            async with served(create_app(settings)) as app:
                people = {viewer: Knocker(app) for viewer in WHO}
                for viewer in WHO[:3]:
                    await sign_in(viewer, people[viewer])
                return await _guessed(world, people)

    wrong = asyncio.run(run())
    assert not wrong, "\n".join([f"{len(wrong)} guesses:", *wrong[:40]])


def test_keys_in_addresses_are_whole_or_nothing(city_db: DatabaseSettings, tmp_path: Path) -> None:
    """A crew's link, a letter's receipt and a sealed address: a sign more or less is as good as none."""
    settings = settings_of(city_db, tmp_path)

    async def run() -> dict[str, set[tuple[int, str]]]:
        found: dict[str, set[tuple[int, str]]] = {}
        with connect(city_db, Role.OWNER) as owner:
            world = World(owner, settings)
            async with served(create_app(settings)) as app:
                person, nobody = Knocker(app), Knocker(app)
                await sign_in("owner", person)
                picture = world.thing("picture", "owner").blanks["sealed"]
                assert (await nobody("GET", "/c/link-7qx")).status == 200
                assert (await person("GET", f"/media/{picture}")).status == 200
                for name, knocker, key in (("/c", nobody, "link-7qx"), ("/media", person, picture)):
                    turned = (key[:-1], key + "x", key[1:], key.swapcase(), key[::-1], key[:-1] + "_", f"{key}%00")
                    for wrong in (*turned, "guessed"):
                        answer = await knocker("GET", f"{name}/{wrong}", raw=True)
                        words = re.sub(r'(href|value)="[^"]*"', "", answer.text)
                        found.setdefault(name, set()).add((answer.status, words))
        return found

    for name, answers in asyncio.run(run()).items():
        assert {status for status, _ in answers} == {404}, (name, [status for status, _ in answers])
        assert len(answers) == 1, f"{name}: a wrong key and a missing one are told apart"
