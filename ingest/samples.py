"""Samples go by binary COPY straight into their tables."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from psycopg import sql

from contracts.messages import ClimateSample, LiftSample, Telemetry
from ingest.devices import Device
from ingest.normalise import Row, camera_row, climate_row, lift_row
from ingest.tables import TABLES
from runtime.db import Connection


def rows_of(items: Sequence[Telemetry], devices: Mapping[str, Device], now: datetime) -> dict[str, list[Row]]:
    """The rows by table."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for item in items:
        device = devices[item.device].id
        for n, sample in enumerate(item.samples):
            if isinstance(sample, LiftSample):
                rows["lift_sample"].append(lift_row(device, item, n, sample, now))
            elif isinstance(sample, ClimateSample):
                rows["climate_sample"].append(climate_row(device, item, n, sample, now))
            else:
                rows["camera_sample"].append(camera_row(device, item, n, sample, now))
    return rows


def copy(connection: Connection, table: str, rows: Sequence[Row]) -> None:
    """Raises psycopg.errors.UniqueViolation when one of the rows is there already."""
    _copy(connection, sql.Identifier(table), table, rows)


def copy_around(connection: Connection, table: str, rows: Sequence[Row]) -> None:
    """The same, passing over rows that are there: COPY cannot, a temporary table and one INSERT can."""
    incoming = sql.Identifier(f"incoming_{table}")
    names = {"incoming": incoming, "table": sql.Identifier(table), "columns": _listed(table)}
    connection.execute(
        sql.SQL("CREATE TEMP TABLE IF NOT EXISTS {incoming} (LIKE {table}) ON COMMIT DELETE ROWS").format(**names)
    )
    _copy(connection, incoming, table, rows)
    connection.execute(
        sql.SQL("INSERT INTO {table} ({columns}) SELECT {columns} FROM {incoming} ON CONFLICT DO NOTHING").format(
            **names
        )
    )
    connection.execute(sql.SQL("TRUNCATE {incoming}").format(**names))


def _copy(connection: Connection, target: sql.Identifier, table: str, rows: Sequence[Row]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(target, _listed(table))
    with connection.cursor() as cursor, cursor.copy(statement) as copying:
        copying.set_types([kind for _, kind in TABLES[table]])
        for row in rows:
            copying.write_row(row)


def _listed(table: str) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column) for column, _ in TABLES[table])
