"""The part of the doors' world that programs and records are about."""

from typing import Any

from api.access import digest
from api.tokens import Scope
from runtime.db import Connection
from tests.integration.api.door_thing import Thing

HOME = "442000001"


class Records:
    """Lines, alarms, webhooks, happenings, and the tokens of two programs."""

    owner: Connection
    incident_id: Any

    def records(self, keys: dict[str, str], elsewhere: str) -> None:
        for name, town in (("token", HOME), ("token elsewhere", elsewhere)):
            self.owner.execute(
                "INSERT INTO api_token (token_sha256, name, scopes, town_codes, created_by, expires_at)"
                " VALUES (%s, %s, %s, %s, 'test', now() + interval '1 day')",
                (digest(keys[name]), name, [scope.value for scope in Scope], [town]),
            )
        self.owner.execute(
            "INSERT INTO audit_log (actor, action, object, reason) VALUES ('x', 'evidence_viewed', %s, 'line-7qx')",
            (f"incident {self.incident_id}",),
        )
        self.owner.execute(
            "INSERT INTO alarm (auditor, name, grave, since, opened_at, weight, details, words_zh, words_en)"
            " VALUES ('a', 'disk', false, now(), now(), 1, '{}', 'alarm-7qx', 'alarm-7qx')"
        )
        self.owner.execute(
            "INSERT INTO webhook (name, url, shown, secret, author, from_seq)"
            " VALUES ('hook-7qx', 'https://x/', 'x', 's', 'test', 0)"
        )
        self.owner.execute(
            "INSERT INTO happening (id, source, source_row, kind, town_code, drill, subject, at, made_at, document)"
            " VALUES (gen_random_uuid(), 'incident', 1, 'incident.opened', %s, false, 'R-7QX', now(), now(),"
            """ '{"incident": {"number": "R-7QX"}}')""",
            (HOME,),
        )

    def make_line(self, _: str) -> Thing:
        """A line of the audit log about the incident."""
        return Thing(marks=("line-7qx", "R-7QX"))

    def make_alarm(self, _: str) -> Thing:
        return Thing(marks=("alarm-7qx",))

    def make_hook(self, _: str) -> Thing:
        return Thing(marks=("hook-7qx",))

    def make_happening(self, _: str) -> Thing:
        return Thing(marks=("R-7QX",))
