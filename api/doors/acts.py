"""Who changes who may come in, and the row that it leaves in the audit log."""

from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from api.access import Viewer
from api.sql import QUERIES
from runtime.db import AsyncConnection


class DoorFault(ValueError):
    """What cannot be done; the text names field, value and expectation. `key` is its text in the pages' languages."""

    def __init__(self, key: str, said: str) -> None:
        super().__init__(said)
        self.key = key


class Actor(NamedTuple):
    """Who acts: a person at a page, or whoever can run commands on the machine."""

    person: int | None
    name: str


SHELL = Actor(None, "sunlit (command line)")


def actor_of(viewer: Viewer) -> Actor:
    """A person at a page."""
    return Actor(viewer.person_id, viewer.login)


async def note(connection: AsyncConnection, actor: Actor, action: str, object_: str, **details: Any) -> None:
    """A row of the audit log; never a secret among the details."""
    values = {
        "person": actor.person,
        "actor": actor.name,
        "action": action,
        "object": object_,
        "reason": "",
        "details": Jsonb(details),
    }
    await connection.execute(QUERIES["audit"], values)
