"""Connections to PostgreSQL under a service's own role, and statements kept in .sql files."""

import re
from enum import StrEnum
from importlib import resources
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from runtime.settings import DatabaseSettings

Connection = psycopg.Connection[DictRow]
AsyncConnection = psycopg.AsyncConnection[DictRow]
Pool = ConnectionPool[Connection]
AsyncPool = AsyncConnectionPool[AsyncConnection]

NAME = re.compile(r"^-- name: (?P<name>[a-z0-9_]+)\s*$", re.MULTILINE)

NO_ROLE = re.compile(r'role "sunlit_\w+" does not exist')
SCHEMA_FAULTS = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedFunction)


class Role(StrEnum):
    OWNER = ""
    INGEST = "sunlit_ingest"
    ALERTING = "sunlit_alerting"
    API = "sunlit_api"
    PUBLIC = "sunlit_public"
    AUDITOR = "sunlit_auditor"


# A plan kept from when a table was nearly empty reads all of it for every batch: ingest plans anew, against batches
# that costs nothing.
OPTIONS = {role: ["timezone=UTC"] for role in Role} | {
    Role.INGEST: ["timezone=UTC", "plan_cache_mode=force_custom_plan"],
    # The public's questions never keep the database from the desk's for long.
    Role.PUBLIC: ["timezone=UTC", "statement_timeout=30000"],
    # Who watches the others waits for nobody.
    Role.AUDITOR: ["timezone=UTC", "statement_timeout=5000", "lock_timeout=1000"],
    # A worker that is frozen, or whose machine is gone, in the middle of a transaction loses it and every lock soon:
    # somebody else acts, and when it wakes it has no connection to act with.
    Role.ALERTING: [
        "timezone=UTC",
        "idle_in_transaction_session_timeout=2s",
        "tcp_keepalives_idle=5",
        "tcp_keepalives_interval=2",
        "tcp_keepalives_count=3",
    ],
}


def conninfo(database: DatabaseSettings, role: Role, *options: str) -> str:
    """The connection string of a role. UTC throughout, and a connection that died is noticed within half a minute.

    `options` are settings of the server for this connection, as `lock_timeout=1s`.
    """
    parts: dict[str, Any] = dict(conninfo_to_dict(database.url))
    if role is not Role.OWNER:
        parts["user"] = role.value
        if database.role_password is not None:
            parts["password"] = database.role_password.get_secret_value()
    return make_conninfo(
        **{
            **parts,
            "connect_timeout": database.connect_timeout_s,
            "application_name": role.value or "sunlit_owner",
            "options": " ".join(f"-c {option}" for option in [*OPTIONS[role], *options]),
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
        }
    )


def connect(database: DatabaseSettings, role: Role, *options: str) -> Connection:
    """One connection: autocommit, rows as dictionaries. Raises psycopg.OperationalError."""
    return psycopg.Connection.connect(conninfo(database, role, *options), autocommit=True, row_factory=dict_row)


async def connect_async(database: DatabaseSettings, role: Role) -> AsyncConnection:
    """The same for asyncio."""
    return await psycopg.AsyncConnection.connect(conninfo(database, role), autocommit=True, row_factory=dict_row)


def fault_of(error: psycopg.Error) -> str:
    """What the database said, as one line; what comes of a schema that is missing or older says what to do."""
    said = error.diag.message_primary or str(error)
    role = NO_ROLE.search(str(error))
    if role or isinstance(error, SCHEMA_FAULTS):
        return f"not migrated ({role[0] if role else said}); run `sunlit db migrate`"
    return " ".join(str(error).split())


def pool(database: DatabaseSettings, role: Role, *, size: int = 4) -> Pool:
    """An opened pool that tests a connection before lending it, so that it recovers from an outage by itself."""
    lent: Pool = ConnectionPool(
        conninfo(database, role),
        connection_class=psycopg.Connection[DictRow],
        kwargs={"autocommit": True, "row_factory": dict_row},
        min_size=1,
        max_size=size,
        timeout=5,
        reconnect_timeout=5,
        check=ConnectionPool.check_connection,
        open=False,
    )
    lent.open(wait=False)
    return lent


def async_pool(database: DatabaseSettings, role: Role, *, size: int = 8) -> AsyncPool:
    """The same for asyncio, not yet opened."""
    return AsyncConnectionPool(
        conninfo(database, role),
        connection_class=psycopg.AsyncConnection[DictRow],
        kwargs={"autocommit": True, "row_factory": dict_row},
        min_size=1,
        max_size=size,
        timeout=5,
        reconnect_timeout=5,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )


class Queries:
    """The named statements of a package: `-- name: x` and the statement below it.

    >>> Queries("ingest")["insert_event"]  # doctest: +SKIP
    """

    def __init__(self, package: str, file: str = "queries.sql") -> None:
        text = resources.files(package).joinpath(file).read_text("utf-8")
        self.source = f"{package}/{file}"
        self.statements = parse_queries(text)

    def __getitem__(self, name: str) -> sql.SQL:
        try:
            return sql.SQL(self.statements[name])
        except KeyError:
            raise KeyError(f"{self.source}: no statement {name!r}; there are {sorted(self.statements)}") from None


def parse_queries(text: str) -> dict[str, str]:
    """The statements of a .sql text by name."""
    marks = list(NAME.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return {mark["name"]: text[mark.end() : end].strip().rstrip(";") for mark, end in zip(marks, ends, strict=True)}
