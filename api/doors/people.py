"""People and what they may do: added, given and denied roles, sent away. Every act leaves a row in the audit log."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct

from api.doors import grants, passes, passwords, second
from api.doors.acts import Actor, DoorFault, note
from api.doors.entry import QUERIES as DOORS
from api.doors.passes import Kind
from contracts.kinds import Role
from runtime.db import AsyncConnection, Queries

QUERIES = Queries("api.doors", "people.sql")
LOGIN = re.compile(r"[\w.@+-]{2,64}")
MOST = 200
"""people on one page; the others are found by a word"""


class Newcomer(Struct, frozen=True):
    """A person as they are added."""

    login: str
    name: str
    language: str = "zh"
    organisation: str = ""
    """code of the organisation that they belong to; empty: none"""


class Narrowed(Struct, frozen=True):
    """What a role is narrowed to, by codes; empty: it is not."""

    town: str = ""
    organisation: str = ""
    kitchen: str = ""


async def people(connection: AsyncConnection, q: str = "", person: int | None = None) -> list[dict[str, Any]]:
    """People by a part of their login, name or organisation; or the one with that number."""
    values = {"q": q.strip(), "id": person, "most": MOST}
    rows: list[dict[str, Any]] = await (await connection.execute(QUERIES["people"], values)).fetchall()
    return rows


async def grants_of(connection: AsyncConnection, person: int) -> list[dict[str, Any]]:
    """The roles of a person with the names of what they are narrowed to."""
    cursor = await connection.execute(DOORS["grants_told"], {"person": person})
    rows: list[dict[str, Any]] = await cursor.fetchall()
    return rows


async def number_of(connection: AsyncConnection, login: str) -> int:
    """The number of a person. Raises DoorFault."""
    row = await (await connection.execute(QUERIES["person_id"], {"login": login})).fetchone()
    if row is None:
        raise DoorFault("people.fault_nobody", f"login: {login!r}, expected somebody's; `sunlit person list`")
    return int(row["id"])


async def add(connection: AsyncConnection, actor: Actor, newcomer: Newcomer, kept: str | None = None) -> int:
    """Adds a person, who may do nothing yet. `kept`: the hash of a first password. Raises DoorFault."""
    login, name = newcomer.login.strip(), " ".join(newcomer.name.split())
    if not LOGIN.fullmatch(login):
        raise DoorFault("people.fault_login", f"login: {login!r}, expected 2 to 64 letters, digits or . @ + -")
    if not 1 <= len(name) <= 100:
        raise DoorFault("people.fault_name", f"name: {name!r}, expected 1 to 100 characters")
    if newcomer.language not in ("zh", "en"):
        raise DoorFault("people.fault_language", f"language: {newcomer.language!r}, expected zh or en")
    organisation = await _organisation(connection, newcomer.organisation)
    values = {"login": login, "name": name, "language": newcomer.language, "organisation": organisation, "hash": kept}
    async with connection.transaction():
        row = await (await connection.execute(QUERIES["person_new"], values)).fetchone()
        if row is None:
            raise DoorFault("people.fault_taken", f"login: {login!r} is taken, expected another")
        await note(connection, actor, "person_added", f"person {row['id']}", login=login)
    return int(row["id"])


async def grant(connection: AsyncConnection, actor: Actor, person: int, role: Role, to: Narrowed) -> None:
    """Gives a role. It holds from the person's next click. Raises DoorFault."""
    fault = grants.fault_of(role, bool(to.town), bool(to.organisation), bool(to.kitchen))
    if fault:
        raise DoorFault(fault, f"{role.value}: expected {EXPECTED[fault]}")
    if to.town and await (await connection.execute(QUERIES["town"], {"code": to.town})).fetchone() is None:
        raise DoorFault("people.fault_town_code", f"town: {to.town!r}, expected the code of a town")
    organisation = await _organisation(connection, to.organisation)
    kitchen = None
    if to.kitchen:
        values = {"code": to.kitchen, "organisation": organisation}
        kitchen = await (await connection.execute(QUERIES["kitchen"], values)).fetchone()
        if kitchen is None:
            raise DoorFault("people.fault_kitchen_code", f"kitchen: {to.kitchen!r}, expected one of the organisation")
    async with _changed(connection, person):
        values = {
            "person": person,
            "role": role.value,
            "town": to.town or None,
            "organisation": organisation,
            "kitchen": kitchen["id"] if kitchen else None,
        }
        row = await (await connection.execute(QUERIES["grant_new"], values)).fetchone()
        if row is None:
            raise DoorFault("people.fault_has_it", f"{role.value}: expected a role that the person does not have yet")
        told = {"role": role.value, "town": to.town, "organisation": to.organisation, "kitchen": to.kitchen}
        await note(connection, actor, "role_granted", f"person {person}", **told)


async def revoke(connection: AsyncConnection, actor: Actor, person: int, number: int) -> None:
    """Takes the role with that number from a person at once. Raises DoorFault: not from the last admin."""
    told = next((row for row in await grants_of(connection, person) if row["id"] == number), None)
    async with _an_admin_stays(connection), _changed(connection, person):
        row = await (await connection.execute(QUERIES["grant_drop"], {"grant": number, "person": person})).fetchone()
        if row is None or told is None:
            raise DoorFault("people.fault_no_role", f"role: {number}, expected one that the person has")
        words = {name: told[column] or "" for name, column in GRANT_WORDS.items()}
        await note(connection, actor, "role_revoked", f"person {person}", **words)


async def set_active(connection: AsyncConnection, actor: Actor, person: int, active: bool) -> str:
    """Lets a person in again, or sends them away: every session ends. Returns the login. Raises DoorFault."""
    async with _an_admin_stays(connection):
        values = {"active": active, "person": person}
        row = await (await connection.execute(QUERIES["person_active"], values)).fetchone()
        if row is None:
            raise DoorFault("people.fault_nobody", f"person: {person}, expected the number of one")
        if not active:
            await _end_all(connection, person)
        await note(connection, actor, "person_enabled" if active else "person_disabled", f"person {person}")
    return str(row["login"])


async def set_password(connection: AsyncConnection, actor: Actor, person: int, password: str) -> None:
    """Sets a password; every session of the person ends. Raises DoorFault."""
    row = await (await connection.execute(QUERIES["person_login"], {"person": person})).fetchone()
    fault = passwords.fault_of(password, row["login"]) if row else "people.fault_nobody"
    if fault:
        raise DoorFault(fault, f"password: expected {passwords.SHORTEST} characters or more, not a common one")
    kept = await asyncio.to_thread(passwords.HASHER.hash, password)
    async with connection.transaction():
        values = {"person": person, "hash": kept}
        await connection.execute(DOORS["password_set"], values)
        await _end_all(connection, person)
        await note(connection, actor, "password_set", f"person {person}")


async def reset_codes(connection: AsyncConnection, actor: Actor, person: int) -> None:
    """Takes away the second factor of somebody who has lost it; every session ends. Raises DoorFault."""
    async with connection.transaction():
        if not await second.drop(connection, person):
            raise DoorFault("people.fault_no_codes", "codes: none, expected a person who has turned them on")
        await _end_all(connection, person)
        await note(connection, actor, "second_factor_reset", f"person {person}")


async def invite(connection: AsyncConnection, actor: Actor, person: int) -> str:
    """The path of a link with which a person sets a password, once and within three days; older ones end."""
    async with connection.transaction():
        await passes.void(connection, Kind.INVITATION, person)
        token = await passes.make(connection, Kind.INVITATION, person)
        await note(connection, actor, "person_invited", f"person {person}")
    return f"/welcome/{token}"


async def first_admin(connection: AsyncConnection, actor: Actor) -> str:
    """The path of a link that makes the first admin, once and within an hour. Raises DoorFault when there is one."""
    async with connection.transaction():
        if await admin_there(connection):
            raise DoorFault("people.fault_admin_there", "admin: there is one already, expected none who can sign in")
        await passes.void(connection, Kind.FIRST_ADMIN, None)
        token = await passes.make(connection, Kind.FIRST_ADMIN)
        await note(connection, actor, "first_admin_invited", "person")
    return f"/welcome/{token}"


async def admin_there(connection: AsyncConnection) -> bool:
    """Whether an active admin can sign in."""
    row = await (await connection.execute(DOORS["admin_there"])).fetchone()
    return bool(row and row["there"])


@asynccontextmanager
async def _an_admin_stays(connection: AsyncConnection) -> AsyncIterator[None]:
    """What would leave nobody who can let people in is undone. Raises DoorFault."""
    async with connection.transaction():
        await connection.execute(QUERIES["lock_admins"])
        before = await admin_there(connection)
        yield
        if before and not await admin_there(connection):
            raise DoorFault("people.fault_last_admin", "admin: the last one, expected another who stays")


@asynccontextmanager
async def _changed(connection: AsyncConnection, person: int) -> AsyncIterator[None]:
    """The person's sessions go on with new tokens."""
    async with connection.transaction():
        yield
        await connection.execute(DOORS["sessions_renew"], {"person": person})


async def _end_all(connection: AsyncConnection, person: int) -> None:
    await connection.execute(DOORS["sessions_end"], {"person": person, "but": 0})
    await connection.execute(QUERIES["passes_drop"], {"person": person})


async def _organisation(connection: AsyncConnection, code: str) -> int | None:
    if not code:
        return None
    row = await (await connection.execute(QUERIES["organisation"], {"code": code})).fetchone()
    if row is None:
        raise DoorFault("people.fault_organisation_code", f"organisation: {code!r}, expected the code of one in use")
    return int(row["id"])


GRANT_WORDS = {"role": "role", "town": "town_code", "organisation": "organisation", "kitchen": "kitchen"}
EXPECTED = {
    "people.fault_town": "no town; only operators and regulators are narrowed to one",
    "people.fault_not_organisation": "no organisation and no kitchen",
    "people.fault_organisation": "an organisation",
    "people.fault_kitchen": "no kitchen; only owners are narrowed to one",
}
