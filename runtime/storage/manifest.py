"""What a backup says of itself, kept in it: of what it is, and how many rows every table must have again."""

from datetime import datetime
from pathlib import Path

import msgspec
from psycopg import sql

from runtime.db import Connection, Queries
from runtime.storage import timescale

FILE = "manifest.json"
FORMAT = 1
QUERIES = Queries("runtime.storage", "tables.sql")


class ManifestError(ValueError):
    """No backup of ours, or one that this version cannot read; the text names the file and what was expected."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`server`: major version of PostgreSQL; `timescaledb`: empty on plain PostgreSQL; `rows` by table."""

    format: int
    made_at: datetime
    server: int
    timescaledb: str
    migrations: list[str]
    rows: dict[str, int]


def describe(connection: Connection) -> Manifest:
    """The database as the transaction of this connection sees it."""
    now = connection.execute("SELECT clock_timestamp() AS now").fetchone()
    done = connection.execute("SELECT name FROM schema_migration ORDER BY number").fetchall()
    assert now
    return Manifest(
        format=FORMAT,
        made_at=now["now"],
        server=connection.info.server_version // 10_000,
        timescaledb=timescale.version(connection),
        migrations=[row["name"] for row in done],
        rows=counts(connection),
    )


def counts(connection: Connection) -> dict[str, int]:
    """The rows of every table, TimescaleDB's rollups among them, for their samples may be gone."""
    names = [(row["schema"], row["name"]) for row in connection.execute(QUERIES["tables"])]
    if timescale.version(connection):
        names += [(row["schema"], row["name"]) for row in connection.execute(timescale.QUERIES["rollup_tables"])]
    found = {}
    for schema, name in names:
        row = connection.execute(
            sql.SQL("SELECT count(*) AS n FROM {}").format(sql.Identifier(schema, name))
        ).fetchone()
        assert row
        found[name if schema == "public" else f"{schema}.{name}"] = int(row["n"])
    return found


def write(folder: Path, manifest: Manifest) -> None:
    (folder / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def read(folder: Path) -> Manifest:
    """Raises ManifestError."""
    path = folder / FILE
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise ManifestError(
            f"{path}: cannot be read ({error.strerror}); expected a folder made by `sunlit db backup`"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path}: {error}; expected what `sunlit db backup` wrote") from error
    if found.format != FORMAT:
        raise ManifestError(f"{path}: format: {found.format}, expected {FORMAT}")
    return found


def difference(want: dict[str, int], have: dict[str, int]) -> str:
    """Tables that do not have the rows that they should have; empty when all do."""
    wrong = [name for name in sorted(want) if have.get(name) != want[name]]
    return "; ".join(f"{name}: {have.get(name, 'missing')}, expected {want[name]}" for name in wrong)
