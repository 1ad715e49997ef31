"""A rescue desk for tests of pages: a real database, the real engine in a thread, pages over both."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient
from psycopg.types.json import Jsonb

from alerting.engine import Engine
from alerting.means import Means
from api.app import create_app
from api.session import HASHER
from runtime.api_settings import ApiSettings
from runtime.db import Connection, Role, connect
from runtime.demo.visitor import Form, forms_of
from runtime.settings import DatabaseSettings, Settings

PASSWORD = "a good password"
HASH = HASHER.hash(PASSWORD)


def until(look: Callable[[], Any], seconds: float = 10) -> Any:
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)
    return seen


class Room:
    """The desk as a test sees it."""

    def __init__(self, settings: Settings, owner: Connection, client: TestClient) -> None:
        self.settings, self.owner, self.client = settings, owner, client

    def all(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        return self.owner.execute(statement, values).fetchall()

    def one(self, statement: str, *values: Any) -> dict[str, Any]:
        (row,) = self.all(statement, *values)
        return row

    def phone(self, lift: str, **args: Any) -> dict[str, Any]:
        """Somebody calls: an incident opens."""
        self.owner.execute(
            "INSERT INTO command (id, kind, actor, lift_id, reason, args)"
            " SELECT %s, 'open_by_phone', 'test', id, 'two people shout', %s FROM lift WHERE code = %s",
            (uuid4(), Jsonb(args), lift),
        )
        made: dict[str, Any] = until(lambda: self.incident(lift))
        return made

    def incident(self, lift: str) -> dict[str, Any] | None:
        rows = self.all(
            "SELECT i.* FROM incident i JOIN lift l ON l.id = i.lift_id WHERE l.code = %s ORDER BY i.id DESC", lift
        )
        return rows[0] if rows else None

    def link(self, lift: str, organisation: str = "") -> str:
        """The newest crew link of a lift's rescue."""

        def look() -> str | None:
            rows = self.all(
                "SELECT b.body FROM outbox b JOIN dispatch d ON d.id = b.dispatch_id JOIN incident i"
                " ON i.id = d.incident_id JOIN lift l ON l.id = i.lift_id JOIN organisation o"
                " ON o.id = d.organisation_id WHERE l.code = %s AND (%s = '' OR o.code = %s) ORDER BY b.id DESC",
                lift,
                organisation,
                organisation,
            )
            found = (re.search(r"/c/[\w-]+", row["body"]) for row in rows)
            return next((match.group() for match in found if match), None)

        return f"{until(look)}"

    def sign_in(self, login: str) -> None:
        self.client.cookies.clear()
        answer = self.client.post("/login", data={"login": login, "password": PASSWORD}, follow_redirects=False)
        assert answer.status_code == 303, answer.text

    def form(self, path: str, target: str, holds: Mapping[str, str] = {}) -> Form:
        """The first form of a page whose address ends in `target` and that holds some values."""
        page = self.client.get(path)
        assert page.status_code == 200, page.text
        found = [
            form
            for form in forms_of(page.text)
            if form.action.partition("?")[0].endswith(target) and holds.items() <= form.values.items()
        ]
        assert found, f"{path} has no form for {target}"
        return found[0]

    def press(self, path: str, target: str, values: Mapping[str, Any] = {}) -> str:
        """Fills in a form and sends it; the page that answers."""
        form = self.form(path, target)
        answer = self.client.post(form.action, data={**form.values, **values})
        assert answer.status_code == 200, answer.text
        return f"{answer.text}"

    def commands(self, kind: str) -> list[dict[str, Any]]:
        return self.all(
            "SELECT c.*, r.ok, r.reason AS said FROM command c LEFT JOIN command_result r ON r.command_id = c.id"
            " WHERE c.kind = %s ORDER BY c.created_at",
            kind,
        )


@contextmanager
def open_room(database: DatabaseSettings, folder: Path) -> Iterator[Room]:
    """The desk with its engine running."""
    settings = Settings(database=database, api=ApiSettings(evidence=folder / "evidence", live=folder / "live"))
    stop = threading.Event()

    def run() -> None:
        with connect(database, Role.ALERTING) as connection:
            engine = Engine(connection, Means("http://sunlit.test"))
            while not stop.is_set():
                engine.cycle(_now(connection))
                stop.wait(0.05)

    with (
        connect(database, Role.OWNER) as owner,
        TestClient(create_app(settings), headers={"accept": "text/html"}) as client,
    ):
        owner.execute("UPDATE person SET password_hash = %s", (HASH,))
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield Room(settings, owner, client)
        stop.set()
        thread.join(10)


def _now(connection: Connection) -> Any:
    row = connection.execute("SELECT clock_timestamp() AS now").fetchone()
    assert row is not None
    return row["now"]
