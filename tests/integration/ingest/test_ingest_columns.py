"""TimescaleDB: what comes late goes through the writer into a chunk that is columns already, once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from contracts.kinds import Lane
from contracts.messages import LiftSample, Telemetry, encode
from contracts.topics import topic
from ingest.batch import Written
from ingest.devices import Devices
from ingest.writer import Raw, Writer
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings

pytestmark = pytest.mark.timescale
BOOT = UUID(int=1, version=4)
LIFT = "lift-442001"
START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def telemetry(seqs: range) -> list[Raw]:
    where = str(topic("demo", LIFT, Lane.TELEMETRY))
    return [
        Raw(
            where,
            encode(
                Telemetry(
                    device=LIFT,
                    boot=BOOT,
                    seq=seq,
                    base=START + seq * timedelta(seconds=10),
                    samples=(LiftSample(speed=1.0, floor="3"), LiftSample(dt=5000, floor="4")),
                )
            ),
        )
        for seq in seqs
    ]


def test_late_telemetry_and_repeats_of_a_compressed_span(timescale_db: DatabaseSettings) -> None:
    with connect(timescale_db, Role.INGEST) as connection, connect(timescale_db, Role.OWNER) as owner:
        writer = Writer(connection, Devices())
        assert writer.write([*telemetry(range(100)), *telemetry(range(150, 200))]) == Written(stored=150)
        for row in owner.execute("SELECT show_chunks('lift_sample')::text AS name").fetchall():
            owner.execute(f"CALL convert_to_columnstore('{row['name']}')")
        assert writer.write([*telemetry(range(90, 160))]) == Written(stored=50, duplicates=20)
        # The books of the stream are gone: the table's own key tells the repeats, in columns too.
        owner.execute("DELETE FROM stream")
        assert writer.write(telemetry(range(201))) == Written(stored=201)
        found = owner.execute("SELECT count(*) AS n, count(DISTINCT (time, seq, n)) AS of FROM lift_sample").fetchone()
    assert found == {"n": 402, "of": 402}
