"""What a device gives up is named, told again and again, and in any order: the equation holds each time."""

from datetime import UTC, datetime
from itertools import permutations
from uuid import UUID

import pytest

from contracts.kinds import Lane
from contracts.messages import LiftSample, Loss, Status, Telemetry, encode
from contracts.topics import topic
from ingest.devices import Devices
from ingest.writer import Raw, Writer
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings

BOOT, NEXT_BOOT = UUID(int=1, version=4), UUID(int=2, version=4)
LIFT = "lift-442001"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def telemetry(*seqs: int) -> list[Raw]:
    where = str(topic("demo", LIFT, Lane.TELEMETRY))
    made = (Telemetry(device=LIFT, boot=BOOT, seq=seq, base=NOW, samples=(LiftSample(speed=1.0),)) for seq in seqs)
    return [Raw(where, encode(message)) for message in made]


def loss(start: int, end: int, lane: Lane = Lane.TELEMETRY) -> Loss:
    return Loss(lane=lane, boot=BOOT, from_seq=start, to_seq=end)


def status(published: int, *losses: Loss, boot: UUID = BOOT, lost: int = 0) -> Raw:
    said = Status(
        device=LIFT,
        boot=boot,
        at=NOW,
        online=True,
        published_telemetry=published,
        lost_telemetry=lost,
        losses=tuple(losses),
    )
    return Raw(str(topic("demo", LIFT, Lane.STATUS)), encode(said))


def counted(database: DatabaseSettings, *batches: list[Raw]) -> tuple[int, int, int]:
    """published, stored, lost of the stream when the batches are written."""
    with connect(database, Role.INGEST) as connection:
        writer = Writer(connection, Devices())
        for batch in batches:
            writer.write(batch)
        row = connection.execute(
            "SELECT greatest(published, next_seq) AS published, stored, lost FROM stream WHERE boot = %s", (BOOT,)
        ).fetchone()
        assert row is not None
        return int(row["published"]), int(row["stored"]), int(row["lost"])


PARTS = {
    "what arrives": telemetry(0, 1, 8, 9),
    "the loss": [status(10, loss(2, 8), lost=6)],
    "the loss grown, told by the next boot": [status(3, loss(2, 8), loss(8, 12), boot=NEXT_BOOT)],
    "an overlap": [status(3, loss(5, 11), boot=NEXT_BOOT)],
}


@pytest.mark.parametrize("order", list(permutations(PARTS)), ids=" - ".join)
def test_in_any_order_each_number_counts_once(city_db: DatabaseSettings, order: tuple[str, ...]) -> None:
    # 8 and 9 were given up by a boot that was killed before it heard that they had arrived: they are not lost.
    assert counted(city_db, *(PARTS[name] for name in order)) == (12, 4, 8)
    assert counted(city_db, *(PARTS[name] for name in reversed(order))) == (12, 4, 8)
    assert counted(city_db, telemetry(5, 5, 6)) == (12, 6, 6)


def test_all_in_one_batch(city_db: DatabaseSettings) -> None:
    assert counted(city_db, [raw for part in PARTS.values() for raw in part]) == (12, 4, 8)


def test_a_loss_of_a_boot_that_nobody_has_heard_of(city_db: DatabaseSettings) -> None:
    """Killed before its first word arrived; the boot after it tells."""
    assert counted(city_db, [status(1, loss(0, 7), boot=NEXT_BOOT)]) == (7, 0, 7)
