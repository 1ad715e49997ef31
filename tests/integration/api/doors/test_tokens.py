"""Programs with tokens: made once, told nowhere, refused in words, ended at once."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.doors.token_cli import app as cli
from api.tokens import Caller, token_of
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings


def with_probe(settings: Settings) -> FastAPI:
    """The app with a door for programs that says who came in."""
    app = create_app(settings)

    async def probe(caller: Annotated[Caller, Depends(token_of("incidents:read", "lifts:read"))]) -> dict[str, object]:
        return {"name": caller.name, "towns": caller.towns()}

    app.add_api_route("/probe/for/programs", probe)
    return app


@pytest.fixture
def settings(city_db: DatabaseSettings, tmp_path: Path) -> Settings:
    return Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "e", live=tmp_path / "l"))


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(with_probe(settings)) as made:
        yield made


def sunlit(settings: Settings, *words: str, code: int = 0) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUNLIT_DATABASE__URL", settings.database.url)
        done = CliRunner().invoke(cli, list(words))
    assert done.exit_code == code, done.output
    return (done.output if code else done.stdout).strip()


def ask(client: TestClient, token: str | None) -> tuple[int, str]:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    answer = client.get("/probe/for/programs", headers=headers)
    return answer.status_code, answer.headers.get("www-authenticate", "")


def town(settings: Settings) -> str:
    with connect(settings.database, Role.OWNER) as owner:
        row = owner.execute("SELECT min(code) AS code FROM town").fetchone()
    assert row
    return str(row["code"])


def test_a_token_lets_in_until_it_is_revoked(settings: Settings, client: TestClient) -> None:
    place = town(settings)
    scopes = ("--scope", "incidents:read", "--scope", "lifts:read")
    everywhere = sunlit(settings, "new", "bureau", *scopes)
    one_town = sunlit(settings, "new", "town hall", *scopes, "--town", place)
    narrow = sunlit(settings, "new", "dashboard", "--scope", "incidents:read")
    assert everywhere.startswith("slt_")
    headers = {"authorization": f"bearer {everywhere}"}
    assert client.get("/probe/for/programs", headers=headers).json() == {"name": "bureau", "towns": None}
    headers = {"authorization": f"Bearer {one_town}"}
    assert client.get("/probe/for/programs", headers=headers).json() == {"name": "town hall", "towns": [place]}
    status, challenge = ask(client, narrow)
    assert status == 403
    assert 'scope="lifts:read"' in challenge
    listed = sunlit(settings, "list")
    assert "town hall" in listed
    assert everywhere not in listed
    with connect(settings.database, Role.OWNER) as owner:
        row = owner.execute("SELECT * FROM api_token WHERE name = 'bureau'").fetchone()
        audit = owner.execute("SELECT * FROM audit_log ORDER BY id").fetchall()
    assert row
    assert row["token_sha256"] == hashlib.sha256(everywhere.encode()).hexdigest()
    assert row["last_used_at"] is not None
    assert everywhere not in str([row, audit])
    assert [entry["action"] for entry in audit] == ["token_made"] * 3
    assert "revoked" in sunlit(settings, "revoke", str(row["id"]))
    assert ask(client, everywhere)[0] == 401
    assert "expected the number" in sunlit(settings, "revoke", str(row["id"]), code=1)


def test_what_is_no_token_is_refused_in_words_and_slowed(settings: Settings, client: TestClient) -> None:
    good = sunlit(settings, "new", "bureau", "--scope", "incidents:read", "--scope", "lifts:read")
    old = sunlit(settings, "new", "old", "--scope", "incidents:read", "--scope", "lifts:read", "--days", "1")
    with connect(settings.database, Role.OWNER) as owner:
        owner.execute("UPDATE api_token SET expires_at = now() WHERE name = 'old'")
    assert ask(client, good)[0] == 200
    assert ask(client, None) == (401, 'Bearer realm="sunlit"')
    for token in (old, "slt_guessed", good + "x", good[:-1], "slt_\x7f", "x" * 5000):
        assert ask(client, token) == (401, 'Bearer realm="sunlit", error="invalid_token"'), token
    for basic in ("Basic x", "Bearer", "Bearer  ", good):
        assert client.get("/probe/for/programs", headers={"authorization": basic}).status_code == 401
    for guess in range(20):
        ask(client, f"slt_{guess}")
    slowed = client.get("/probe/for/programs", headers={"authorization": "Bearer slt_more"})
    assert slowed.status_code == 429
    assert 0 < int(slowed.headers["retry-after"]) <= 61
    assert ask(client, good)[0] == 200


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("new", "", "--scope", "lifts:read"), "name: ''"),
        (("new", "x", "--scope", "lifts:read", "--town", "0"), "towns: 0"),
        (("new", "x", "--scope", "lifts:read", "--days", "0"), "days: 0"),
    ],
)
def test_what_cannot_be_made_is_said(settings: Settings, words: tuple[str, ...], said: str) -> None:
    assert said in sunlit(settings, *words, code=1)
