"""The pages keep what their document says, whatever is sent to them: no fault of ours, no answer that is not in it."""

import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from api import commands
from api.app import create_app
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings
from runtime.stack.ports import free_port
from tests.integration.api.door_table import Row, read
from tests.integration.api.door_world import KEYS, LOGINS, PASSWORD, World, settings_of

EXAMPLES = int(os.environ.get("SUNLIT_SCHEMA_EXAMPLES", "2"))
"""for each operation and viewer; more find more"""
NAMES = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_headers_conformance", "response_schema_conformance"),
)
ENDLESS = "/board/stream"
WHOSE = {
    "operators": "operator",
    "owners": "owner",
    "regulators": "regulator",
    "video": "owner",
    "access": "admin",
    "crews": "crew",
    "agents": "agent",
    "gateways": "gateway",
    "programs": "token",
}
"""who belongs to the doors of a part"""
ALL = "SUNLIT_SCHEMA_EVERYBODY" in os.environ
"""whether everybody is sent everywhere; otherwise nobody and those to whom a door belongs"""


@schemathesis.serializer("video/mp4", "image/jpeg")
def as_it_is(_: Any, value: Any) -> bytes:
    """Bytes of a file are sent as they are."""
    return value if isinstance(value, bytes) else str(value).encode()


class Site:
    """The pages on a port of their own, a city behind them, and who asks."""

    def __init__(self, world: World, address: str) -> None:
        self.world, self.address = world, address
        self.rows = {row.door: row for row in read()}
        self.schema = schemathesis.openapi.from_dict(httpx.get(f"{address}/openapi.json").json())
        self.schema.config.update(base_url=address)
        self.chance = random.Random(1)
        self.checks = [CHECKS.get_one(name) for name in NAMES]

    def keys(self, viewer: str) -> tuple[dict[str, str], str]:
        """The headers of a viewer, and the token of forms."""
        if viewer in KEYS:
            return {"authorization": f"Bearer {KEYS[viewer]}"}, ""
        if viewer not in LOGINS:
            return {}, ""
        form = {"login": LOGINS[viewer], "password": PASSWORD}
        answer = httpx.post(f"{self.address}/login", data=form)
        cookie = "; ".join(f"{name}={value}" for name, value in answer.cookies.items() if value)
        row = self.world.owner.execute("SELECT csrf FROM session ORDER BY created_at DESC LIMIT 1").fetchone()
        assert row is not None
        return {"cookie": cookie}, row["csrf"]

    def real(self, door: str, viewer: str) -> dict[str, str]:
        """Values of objects that are there, for the blanks of an address."""
        row: Row | None = self.rows.get(door)
        things = [self.world.thing(name, viewer) for name in row.things if name != "again"] if row else []
        return {name: value for thing in things for name, value in thing.blanks.items()}


@pytest.fixture
def site(city_db: DatabaseSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(commands, "WAIT_S", 0.0)
    chosen, port = settings_of(city_db, tmp_path), free_port()
    server = uvicorn.Server(uvicorn.Config(create_app(chosen), port=port, log_config=None, access_log=False))
    with connect(city_db, Role.OWNER) as owner:
        world = World(owner, chosen)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.05)
        yield Site(world, f"http://127.0.0.1:{port}")
        server.should_exit = True
        thread.join(10)


def tried(site: Site, operation: Any, viewer: str, keys: tuple[dict[str, str], str]) -> None:
    """Sends made-up requests to one operation; the first that is not answered as written raises."""
    door = f"{operation.method.upper()} {operation.path}"

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )
    @given(case=operation.as_strategy())
    def one(case: Any) -> None:
        site.world.next_row()
        if site.chance.random() < 0.6:
            real = site.real(door, viewer)
            case.path_parameters = {
                **(case.path_parameters or {}),
                **{name: value for name, value in real.items() if name in (case.path_parameters or {})},
            }
        if isinstance(case.body, dict) and keys[1]:
            case.body["csrf"] = keys[1]
        accept = site.chance.choice(("text/html", "application/json", "*/*"))
        answer = case.call(headers={**keys[0], "accept": accept}, allow_redirects=False, timeout=30)
        case.validate_response(answer, checks=site.checks)

    one()


@pytest.mark.timeout(3600)
def test_every_answer_is_in_the_document(site: Site) -> None:
    wrong = []
    keys = {viewer: site.keys(viewer) for viewer in ("nobody", *WHOSE.values())}
    for found in site.schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        # Whoever signs out or ends the own sessions is somebody else afterwards.
        if operation.path in (ENDLESS, "/logout", "/account/sessions", "/account/password"):
            continue
        theirs = WHOSE.get(operation.definition.raw["tags"][0], "nobody")
        for viewer in keys if ALL else dict.fromkeys(("nobody", theirs)):
            try:
                tried(site, operation, viewer, keys[viewer])
            except (Exception, BaseExceptionGroup) as fault:  # noqa: BLE001  all that is found is told at once
                words = "\n".join(str(one) for one in getattr(fault, "exceptions", (fault,)))
                wrong.append(f"{operation.method} {operation.path} as {viewer}: {words[:300]}")
    assert not wrong, f"{len(wrong)} answers:\n" + "\n\n".join(wrong[:60])
