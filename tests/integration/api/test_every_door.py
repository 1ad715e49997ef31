"""Every address of every page and every role: who may come in, who is told that there is nothing, who must sign in."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.session import HASHER
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings

PASSWORD = "a good password"
LOGINS = ("operator", "regulator", "owner1", "admin")
# The beginning of an address says whose it is; the longest that fits counts.
AUDIENCE: dict[str, frozenset[str] | None] = {
    "/board": frozenset({"operator", "admin"}),
    # Regulators see which faults are muted, and by whom.
    "/board/quiet": frozenset({"operator", "admin", "regulator"}),
    "/rescue": frozenset({"operator", "admin", "regulator"}),
    "/kitchen": frozenset({"owner1"}),
    "/oversight": frozenset({"regulator", "admin"}),
    "/live": frozenset({"owner1", "regulator", "operator"}),
    "/media": frozenset({"owner1", "regulator", "operator", "admin"}),
    # Whoever has the link, or the token of an agent, or nothing at all.
    "/c": None,
    "/edge": None,
    "/login": None,
    "/logout": None,
    "/healthz": None,
    "/receipts": None,
    "/lift": None,
    "/restaurant": None,
    "/search": None,
    "/open-data": None,
    "/{kind}": None,
    "/": None,
}
BLANKS = {
    "number": "R1", "kind": "note", "dispatch": "1", "photo": str(uuid4()), "code": "442001", "token": "guessed",
    "camera": "cam-k-001-1", "device": "cam-k-001-1", "lease": str(uuid4()), "sealed": "x", "name": "x", "event_id": str(uuid4()),
}  # fmt: skip


def audience(path: str) -> frozenset[str] | None:
    fits = [known for known in AUDIENCE if path == known or (path.startswith(f"{known.rstrip('/')}/") and known != "/")]
    assert fits, f"{path}: whose is it? Say it in AUDIENCE"
    return AUDIENCE[max(fits, key=len)]


def filled(path: str) -> str:
    for name in [part.partition("}")[0].partition(":")[0] for part in path.split("{")[1:]]:
        path = path.replace(f"{{{name}}}", BLANKS.get(name, "x")).replace(f"{{{name}:path}}", "x")
    return path


@pytest.fixture
def client(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[TestClient]:
    with connect(city_db, Role.OWNER) as owner:
        owner.execute("UPDATE person SET password_hash = %s", (HASHER.hash(PASSWORD),))
    settings = Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "e", live=tmp_path / "l"))
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as made:
        yield made


def doors(client: TestClient) -> list[tuple[str, str]]:
    paths = client.get("/openapi.json").json()["paths"]
    found = [
        (method.upper(), path)
        for path, methods in paths.items()
        for method in methods
        if method != "head" and not path.endswith("/stream")
    ]
    assert len(found) > 40
    return found


def test_nobody_comes_in_unasked(client: TestClient) -> None:
    for method, path in doors(client):
        if audience(path) is None:
            continue
        answer = client.request(method, filled(path), follow_redirects=False)
        assert answer.status_code in ((303,) if method == "GET" else (401, 422)), (method, path, answer.status_code)
        if method == "GET":
            assert answer.headers["location"].startswith("/login?back="), path


@pytest.mark.parametrize("login", LOGINS)
def test_each_role_has_its_doors(client: TestClient, login: str) -> None:
    client.post("/login", data={"login": login, "password": PASSWORD})
    for method, path in doors(client):
        theirs = audience(path)
        if theirs is None:
            continue
        status = client.request(method, filled(path), follow_redirects=False).status_code
        if login not in theirs:
            assert status in (404, 422), (method, path, status)
        elif method != "GET":
            # Without the session's own token nothing can be sent, whatever it is.
            assert status in (403, 404, 422), (method, path, status)
        elif "{" not in path:
            assert status in (200, 303, 404), (method, path, status)
    home = {"operator": "/board", "regulator": "/oversight", "owner1": "/kitchen", "admin": "/board"}[login]
    assert client.get(home).status_code == 200
