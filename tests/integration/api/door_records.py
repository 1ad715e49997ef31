"""The part of the doors' world that programs and records are about."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from api.access import digest
from api.tokens import Scope
from api.v1.schema import example, schema
from contracts.happenings import Happening, Incident
from runtime.db import Connection
from tests.integration.api.door_thing import Thing

HOME = "442000001"


class Records:
    """Lines, alarms, webhooks, happenings, programs with their tokens, and people who are administered."""

    owner: Connection
    incident_id: Any

    def one(self, statement: str, *values: object) -> Any:
        """The only value of the only row."""
        row = self.owner.execute(statement, values).fetchone()
        assert row is not None, statement
        return next(iter(row.values()))

    def records(self, tokens: Mapping[str, str], elsewhere: str) -> None:
        for name, token in tokens.items():
            scopes = [Scope.FIGURES] if name.startswith("narrow") else list(Scope)
            towns = [elsewhere] if name.endswith("elsewhere") else None
            self.owner.execute(
                "INSERT INTO api_token (token_sha256, name, scopes, town_codes, created_by, expires_at)"
                " VALUES (%s, %s, %s, %s, 'test', now() + interval '1 day')",
                (digest(token), name, [scope.value for scope in scopes], towns),
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
            " VALUES (gen_random_uuid(), 'incident', 1, 'incident.opened', %s, false, 'R-7QX', now(), now(), %s)",
            (HOME, json.dumps(_opened("R-7QX"))),
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

    def make_person(self, _: str) -> Thing:
        login = f"somebody-{uuid4().hex[:8]}"
        person = self.one("INSERT INTO person (login, name) VALUES (%s, 'x') RETURNING id", login)
        return Thing({"person": str(person)}, marks=(login,))

    def make_grant(self, viewer: str) -> Thing:
        person = self.make_person(viewer)
        statement = "INSERT INTO person_role (person_id, role) VALUES (%s, 'regulator') RETURNING id"
        return person._replace(fields={"grant": str(self.one(statement, person.blanks["person"]))})

    def make_codes(self, viewer: str) -> Thing:
        person = self.make_person(viewer)
        values = (person.blanks["person"],)
        self.owner.execute(
            "INSERT INTO second_factor (person_id, secret, confirmed_at) VALUES (%s, 'x', now())", values
        )
        return person

    def make_program(self, _: str) -> Thing:
        name = f"program-{uuid4().hex[:8]}"
        token = self.one(
            "INSERT INTO api_token (token_sha256, name, scopes, created_by, expires_at)"
            " VALUES (%s, %s, '{lifts:read}', 'x', now() + interval '1 day') RETURNING id",
            *(uuid4().hex, name),
        )
        return Thing({"token": str(token)}, marks=(name,))


def _opened(number: str) -> dict[str, Any]:
    """A whole document of an incident that opened, as programs are told of it."""
    whole: dict[str, Any] = example(schema(Happening))
    told = {name: value for name, value in whole.items() if name not in ("finding", "device")}
    return {**told, "incident": {**example(schema(Incident)), "number": number}}
