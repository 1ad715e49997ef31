"""What the tests of the doors share: the pages over a city, people who sign in, and forms as they stand in a page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from api.app import create_app
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import AlertingSettings, DatabaseSettings, Settings

PASSWORD = "a good password"
# As weak as argon2 gets: tests sign in often.
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class House:
    """The pages over one database, and the owner's connection to it."""

    def __init__(self, database: DatabaseSettings, folder: Path, **api: Any) -> None:
        pages = ApiSettings(evidence=folder / "e", live=folder / "l", **api)
        self.settings = Settings(
            database=database, api=pages, alerting=AlertingSettings(public_url="http://testserver")
        )
        self.app = create_app(self.settings)
        self.owner = connect(database, Role.OWNER)
        self.owner.execute("UPDATE person SET password_hash = %s", (HASH,))

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """What a statement says as the owner of the database."""
        cursor = self.owner.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []

    def browser(self, address: str = "192.0.2.1", **headers: str) -> TestClient:
        """Another browser; the first one opened inside `opened` keeps the app running."""
        agent = "Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537.36"
        return TestClient(
            self.app,
            client=(address, 50_000),
            headers={"accept": "text/html", "user-agent": agent, **headers},
            follow_redirects=False,
        )


@contextmanager
def opened(database: DatabaseSettings, folder: Path, **api: Any) -> Iterator[House]:
    """A house that runs until the end of the block."""
    house = House(database, folder, **api)
    # Connections of a pool belong to one loop: every browser shares that of the first.
    with house.browser() as first:
        portal = first.portal
        make = house.browser

        def browser(address: str = "192.0.2.1", **headers: str) -> TestClient:
            made = make(address, **headers)
            made.portal = portal
            return made

        house.browser = browser  # type: ignore[method-assign]
        yield house
    house.owner.close()


def sign_in(browser: TestClient, login: str, password: str = PASSWORD, back: str = "") -> httpx.Response:
    """Sends the form of the sign-in."""
    answer: httpx.Response = browser.post("/login", data={"login": login, "password": password, "back": back})
    return answer


def csrf(browser: TestClient, path: str = "/account") -> str:
    """The token that a page's forms carry."""
    found = CSRF.search(browser.get(path).text)
    assert found, f"{path}: no form"
    return found[1]
