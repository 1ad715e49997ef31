"""A whole demo city of its own ports, with clocks of seconds, for tests that look at it as people do."""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from psycopg.rows import dict_row

from runtime.demo.layout import Layout, Options, Ports
from runtime.demo.stack import Demo
from runtime.stack.process import sunlit
from tests.conftest import lacking, open_folder

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class City:
    """The running demo with what its people know."""

    def __init__(self, demo: Demo) -> None:
        self.demo, self.url = demo, demo.layout.url
        self.secrets = demo.layout.secrets()

    def fault(self, lift: str, fault: str) -> None:
        files = ("--config", str(self.demo.layout.edge_file), "--centre", str(self.demo.layout.settings_file))
        words = ("edge", "fault", *files, f"lift-{lift}", fault)
        done = subprocess.run(sunlit(*words), capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        with psycopg.connect(self.demo.database.url, row_factory=dict_row) as connection:
            return connection.execute(statement, values).fetchall()

    def crew_link(self, organisation: str, lift: str) -> str | None:
        inbox = self.demo.layout.inbox
        for line in reversed(inbox.read_text("utf-8").splitlines() if inbox.exists() else []):
            letter = json.loads(line)
            found = re.search(r"/c/[\w-]+", letter["body"])
            if found and organisation in letter["address"] and lift in letter["subject"]:
                return found.group()
        return None


def until(look: Callable[[], Any], seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.1)
    return seen


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    with open_folder("city") as home:
        demo = Demo(Layout(home, Ports.free(), Options(quick=True)), lambda text: None)
        try:
            demo.start()
            yield City(demo)
        finally:
            demo.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each file: while Playwright is open no other test of this process can begin a loop of its own."""
    if not CHROMIUM.exists():
        lacking("chromium is not installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def faults() -> list[str]:
    """What the browser's console complained about."""
    return []


@pytest.fixture
def open_page(browser: Browser, city: City, faults: list[str]) -> Iterator[Callable[..., Page]]:
    """Opens a page of the city, signed in or not, on a desk or on a phone."""
    contexts = []

    def open_it(login: str = "", width: int = 1440) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 844}, base_url=city.url)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        if login:
            page.goto("/login?lang=en")
            page.fill("input[name=login]", login)
            page.fill("input[name=password]", city.secrets[login])
            page.click("main button")
            page.wait_for_url(re.compile(r"/(board|kitchen|oversight)"))
        return page

    yield open_it
    for context in contexts:
        context.close()
