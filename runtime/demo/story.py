"""The story that shows Sunlit whole, played without a person: two rescues, one kitchen, two kills, five doors."""

import json
import re
import subprocess
from collections.abc import Mapping
from typing import Any

from runtime.db import Connection
from runtime.demo.layout import Layout
from runtime.demo.report import Report, StepFailed, until
from runtime.demo.stack import Demo
from runtime.demo.visitor import Visitor
from runtime.stack.process import sunlit

FIRST, SECOND, BUTTON = "442001", "442007", "442010"
KITCHEN, OWNER, OTHER_KITCHEN = "k-001", "owner1", "k-002"


class Story:
    """One telling; every step waits for what a person would see, never for a time to pass."""

    def __init__(self, layout: Layout, demo: Demo, report: Report, connection: Connection) -> None:
        self.layout, self.demo, self.report, self.connection = layout, demo, report, connection
        self.secrets = layout.secrets()

    def row(self, statement: str, *values: object) -> Mapping[str, Any] | None:
        return self.connection.execute(statement, values).fetchone()

    def until(self, what: str, seconds: float, statement: str, *values: object) -> Mapping[str, Any]:
        found = until(what, seconds, lambda: self.row(statement, *values))
        assert isinstance(found, Mapping)
        return found

    def fault(self, lift: str, fault: str) -> None:
        """Tells the simulator of a lift what happens to it, through the agent's command lane."""
        files = ("--config", str(self.layout.edge_file), "--centre", str(self.layout.settings_file))
        words = ("edge", "fault", *files, f"lift-{lift}", fault)
        done = subprocess.run(sunlit(*words), capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0:
            raise StepFailed(
                f"the edge does not take the fault {fault!r}: {done.stderr.strip() or done.stdout.strip()}"
            )

    def letters(self, organisation: str, stage: str) -> list[dict[str, Any]]:
        """What an organisation's receivers got."""
        if not self.layout.inbox.exists():
            return []
        kept = [json.loads(line) for line in self.layout.inbox.read_text("utf-8").splitlines()]
        return [
            letter
            for letter in kept
            if organisation in str(letter.get("address", "")) and stage in json.dumps(letter, ensure_ascii=False)
        ]

    def crew_link(self, organisation: str, number: str) -> str:
        """The path of the crew's page, from the letter that the crew got."""

        def look() -> str | None:
            for letter in reversed(self.letters(organisation, number)):
                found = re.search(r"/c/[\w-]+", str(letter.get("body", "")))
                if found:
                    return found.group()
            return None

        return str(until(f"a letter with a link at {organisation}", 30, look))

    def visitor_without_login(self) -> Visitor:
        return Visitor(self.layout.url)

    def visitor(self, login: str) -> Visitor:
        person = self.visitor_without_login()
        person.sign_in(login, self.secrets[login])
        return person
