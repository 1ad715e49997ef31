"""PURE: bytes a row, and what they come to for a lift and year and for a city."""

import msgspec

DAYS = 365
CITY_LIFTS = 60_000


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A rollup: rows of the measured span, bytes a row before and after the column store."""

    rows: int
    loose: float
    packed: float


class Chunked(msgspec.Struct, frozen=True, kw_only=True):
    """TimescaleDB. Bytes a row: `rows` before the column store, `columns` in it; samples a second that go there, and
    that the rollups are made of."""

    version: str
    chunk_hours: int
    rows: float
    columns: float
    pack_rows_per_s: int
    refresh_rows_per_s: int
    rollups: dict[str, Kept]


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """What `sunlit bench storage --json` prints. `plain`: bytes a row by part of the table."""

    lifts: int
    hours: float
    every_s: float
    rows: int
    postgresql: str
    plain: dict[str, float]
    delete_rows_per_s: int
    chunked: Chunked | None


class Year(msgspec.Struct, frozen=True):
    """How something is kept, and the megabytes of one lift and year in it."""

    name: str
    megabytes: float

    @property
    def city_terabytes(self) -> float:
        return self.megabytes * CITY_LIFTS / 1e6


def years(found: Sizes) -> list[Year]:
    """A lift's year in every way of keeping it."""
    samples = DAYS * 86_400 / found.every_s
    made = [Year("plain PostgreSQL", sum(found.plain.values()) * samples / 1e6)]
    if found.chunked is None:
        return made
    made += [
        Year("TimescaleDB, rows", found.chunked.rows * samples / 1e6),
        Year("TimescaleDB, columns", found.chunked.columns * samples / 1e6),
    ]
    for width, kept in found.chunked.rollups.items():
        buckets = kept.rows / found.lifts / found.hours * 24 * DAYS
        made.append(Year(f"rollup by {width}, columns", kept.packed * buckets / 1e6))
    return made
