"""Brings a database with TimescaleDB to the policies of the settings."""

import re

from runtime.db import Connection, Queries
from runtime.settings import RetentionSettings, TimescaleSettings
from runtime.storage.policies import COLUMNSTORE, HOUR, REFRESH, RETENTION, Policy, changes, wanted
from runtime.storage.rollups import SAMPLES

QUERIES = Queries("runtime.storage", "timescale.sql")
OLDEST = (2, 29)
"""two refreshes of one rollup, and rollups of rollups, go together from this version on"""


class TimescaleError(RuntimeError):
    """A TimescaleDB that will not do; the text says what was found and what was expected."""


def version(connection: Connection) -> str:
    """The version of TimescaleDB in this database; empty: it is not in use here."""
    row = connection.execute(QUERIES["version"]).fetchone()
    return str(row["version"]) if row else ""


def demand(found: str) -> None:
    """Raises TimescaleError for a version that is too old."""
    number = re.match(r"(\d+)\.(\d+)", found)
    if number is None or (int(number[1]), int(number[2])) < OLDEST:
        raise TimescaleError(f"TimescaleDB {found}: too old, expected {OLDEST[0]}.{OLDEST[1]} or newer")


def apply(connection: Connection, retention: RetentionSettings, timescale: TimescaleSettings) -> None:
    """Sets chunks and policies where they differ from the settings; a job that fits keeps its history."""
    seconds = timescale.chunk_hours * HOUR
    for row in connection.execute(QUERIES["chunk_seconds"]).fetchall():
        if row["relation"] in SAMPLES and row["seconds"] != seconds:
            # Chunks that exist stay as they are.
            connection.execute(QUERIES["set_chunk_seconds"], {"relation": row["relation"], "seconds": seconds})
    delete, add = changes(wanted(retention, timescale), policies(connection))
    for job in delete:
        connection.execute(QUERIES["delete_job"], {"job": job})
    for policy in add:
        connection.execute(QUERIES[policy.job], policy._asdict())


def policies(connection: Connection) -> dict[int, Policy]:
    """What is set, by the number of the job."""
    rows = connection.execute(QUERIES["jobs"], {"jobs": [COLUMNSTORE, RETENTION, REFRESH]}).fetchall()
    return {row["job_id"]: Policy(**{name: row[name] for name in Policy._fields}) for row in rows}
