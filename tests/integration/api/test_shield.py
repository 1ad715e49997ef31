"""Around every answer: headers that protect, what may be kept, how much may be sent, faults in words, quiet logs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from api import problems, shield
from api.app import create_app
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings
from tests.integration.api.door_knock import Answer, Knocker, served
from tests.integration.api.door_world import World, jpeg, settings_of, sign_in

PROGRAM = {"accept": "application/json"}
Visit = Callable[[Knocker], Awaitable[Any]]


def visit(database: DatabaseSettings, folder: Path, walk: Callable[[FastAPI], Awaitable[Any]], **api: Any) -> Any:
    """Runs a walk through the pages of a city with everything in it."""
    settings = settings_of(database, folder)
    settings = settings.model_copy(update={"api": settings.api.model_copy(update=api)})

    async def run() -> Any:
        with connect(database, Role.OWNER) as owner:
            World(owner, settings)
            async with served(create_app(settings)) as app:
                return await walk(app)

    return asyncio.run(run())


def test_what_may_be_kept_and_what_protects(city_db: DatabaseSettings, tmp_path: Path) -> None:
    async def walk(app: FastAPI) -> dict[str, Answer]:
        owner, nobody = Knocker(app), Knocker(app)
        await sign_in("owner", owner)
        page = (await nobody("GET", "/")).text
        style = page.split('rel="stylesheet" href="')[1].split('"')[0]
        path, _, query = style.partition("?v=")
        return {
            "own": await owner("GET", "/kitchen"),
            "missing": await owner("GET", "/kitchen/k-002"),
            "public": await nobody("GET", "/lift/442001"),
            "versioned": await nobody("GET", path, {"v": query}),
            "file": await nobody("GET", path),
            "login": await nobody("GET", "/login"),
        }

    found = visit(city_db, tmp_path, walk, secure_cookies=True)
    kept = {name: answer.headers["cache-control"] for name, answer in found.items()}
    assert {kept[name] for name in ("own", "missing", "login")} == {"private, no-store"}
    assert kept["public"].startswith("public") and "immutable" in kept["versioned"] and "max-age=600" in kept["file"]
    assert "etag" in found["file"].headers
    for name, answer in found.items():
        told = answer.headers
        assert told["cross-origin-opener-policy"] == told["cross-origin-resource-policy"] == "same-origin", name
        assert told["strict-transport-security"].startswith("max-age=31536000"), name
        policy = dict(part.strip().split(" ", 1) for part in told["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'", name
        assert "unsafe" not in told["content-security-policy"], name


def test_programs_are_told_in_problem_details(city_db: DatabaseSettings, tmp_path: Path) -> None:
    async def walk(app: FastAPI) -> list[Answer]:
        regulator = Knocker(app, PROGRAM)
        await sign_in("regulator", regulator)
        return [
            await regulator("GET", "/oversight/coverage", {"tier": "none"}),
            await regulator("GET", "/oversight/rescues", {"of": "moons"}),
            await regulator("GET", "/oversight/finding/F-0"),
            await Knocker(app, PROGRAM)("POST", "/login", form={"login": "x" * 200, "password": "p" * 600}),
        ]

    page, of, missing, login = visit(city_db, tmp_path, walk)
    assert page.status == of.status == login.status == 422
    assert page.headers["content-type"] == problems.MEDIA
    assert page.json["errors"][0]["field"] == "query.tier" and page.json["errors"][0]["value"] == "'none'"
    assert of.json["errors"] == [
        {"field": "of", "value": "'moons'", "expected": of.json["errors"][0]["expected"]}
    ] and of.json["errors"][0]["expected"].startswith("one of months")
    assert missing.json == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "Not Found",
        "instance": "/oversight/finding/F-0",
    }
    assert "ppp" not in login.text, "a password is never said again"


def test_too_much_is_refused_before_it_is_read(city_db: DatabaseSettings, tmp_path: Path) -> None:
    async def walk(app: FastAPI) -> list[Answer]:
        nobody = Knocker(app, PROGRAM)
        return [
            await nobody("POST", "/lift/442001/report", form={"body": "x" * shield.BODY_BYTES}),
            await nobody("POST", "/logout", body=b"x" * (shield.BODY_BYTES + 1), headers={"content-length": "10"}),
            await nobody("POST", "/c/link-7qx/accept", form={"photo": jpeg() * 4000}),
            await nobody("POST", "/login", body=b"", headers={"content-length": "many"}),
            await nobody("GET", "/", headers={"content-length": "999999999"}),
        ]

    first, lied, photo, many, get = visit(city_db, tmp_path, walk)
    assert [first.status, photo.status, many.status, get.status] == [413, 413, 400, 413]
    assert first.json["detail"] == "body: too long, expected at most 256 KB"
    # Whoever lies about the length is counted; a door that reads nothing never notices.
    assert lied.status in (303, 413)


def test_a_body_that_never_comes_is_given_up(
    city_db: DatabaseSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shield, "SLOWEST_S", 0.05)

    async def walk(app: FastAPI) -> list[Answer]:
        nobody = Knocker(app, {**PROGRAM, "content-type": "application/x-www-form-urlencoded"})
        return [
            await nobody("POST", "/login", body=b"login=op", cut="slow"),
            await nobody("POST", "/login", body=b"login=op", cut="gone"),
        ]

    slow, gone = visit(city_db, tmp_path, walk)
    assert slow.status == 408 and "expected the rest of it" in slow.json["detail"]
    assert gone.status == 400


def test_only_the_hosts_that_are_named_are_served(city_db: DatabaseSettings, tmp_path: Path) -> None:
    async def walk(app: FastAPI) -> list[int]:
        nobody = Knocker(app)
        hosts = ("lifts.example", "LIFTS.example:8443", "evil.example", "lifts.example.evil.example", "")
        return [(await nobody("GET", "/healthz", headers={"host": host})).status for host in hosts]

    assert visit(city_db, tmp_path, walk, hosts=("lifts.example",)) == [200, 200, 400, 400, 400]


def test_a_fault_of_ours_says_nothing_but_its_reference(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(Settings(api=ApiSettings(evidence=tmp_path)))

    @app.get("/broken/{secret}")
    async def broken(secret: str) -> None:
        raise RuntimeError(f"a value: {secret}")

    async def walk() -> Answer:
        return await Knocker(app, PROGRAM)("GET", "/broken/swordfish")

    answer = asyncio.run(walk())
    assert answer.status == 500 and answer.json["detail"].startswith("reference: ")
    assert answer.json["detail"].removeprefix("reference: ") in caplog.text
    assert "/broken/{secret}: RuntimeError" in caplog.text and "swordfish" not in caplog.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_logs_know_nobody(city_db: DatabaseSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("asyncio").setLevel(logging.WARNING)

    async def walk(app: FastAPI) -> None:
        person, nobody = Knocker(app), Knocker(app)
        await nobody("POST", "/login", form={"login": "wang-secret", "password": "pass-secret"})
        await sign_in("operator", person)
        await nobody("GET", "/search", {"q": "dish-secret"})
        await nobody("GET", "/search", {"q": "dish-secret\0"})
        await nobody("POST", "/lift/442001/report", form={"body": "words-secret", "contact": "13800001111"})
        await nobody("POST", "/lift/442001/report", form={"body": "words-secret\0", "contact": "13800001111"})
        await nobody("GET", "/c/link-7qx")
        await nobody("GET", "/c/guess-secret")
        await nobody("POST", "/c/link-7qx/accept", form={"reason": "words-secret\0"})
        await nobody("POST", "/receipts/letter-secret", {"state": "delivered"})
        await nobody("GET", "/kitchen", headers={"authorization": "Bearer token-secret"})
        await nobody("PUT", "/edge/v1/still/cam-k-001-1", headers={"authorization": "Bearer token-secret"})
        caplog.set_level(logging.INFO)
        assert person.cookies

    visit(city_db, tmp_path, walk)
    said = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("asyncio"))
    for secret in ("-secret", "13800001111", "link-7qx", "operator", "a good password"):
        assert secret not in said, said[-2000:]
