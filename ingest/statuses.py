"""What devices say of themselves: the last word of each, and the counts it tells for the loss accounting."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from contracts.kinds import Lane
from contracts.messages import CameraSample, Status, Telemetry
from ingest.devices import Device
from ingest.gaps import Range
from ingest.sql import QUERIES
from ingest.streams import StreamKey, Streams
from runtime.db import Connection


def streams_of(statuses: Iterable[Status], devices: Mapping[str, Device]) -> Iterator[StreamKey]:
    """The streams that statuses tell of."""
    for status in statuses:
        device = devices[status.device].id
        for lane, published, _ in _counts(status):
            # A last will was written before the counting began: its zeros say nothing.
            if published:
                yield StreamKey(device, status.boot, lane)
        for loss in status.losses or ():
            yield StreamKey(device, loss.boot, loss.lane)


def tell(streams: Streams, statuses: Iterable[Status], devices: Mapping[str, Device]) -> None:
    """Hands the told counts and losses to the streams, which are locked."""
    for status in statuses:
        device = devices[status.device].id
        for lane, published, lost in _counts(status):
            if published:
                streams.told(StreamKey(device, status.boot, lane), published, lost)
        given_up: dict[tuple[UUID, Lane], list[Range]] = defaultdict(list)
        for loss in status.losses or ():
            given_up[loss.boot, loss.lane].append((loss.from_seq, loss.to_seq))
        for (boot, lane), ranges in given_up.items():
            streams.told(StreamKey(device, boot, lane), given_up=ranges)


def _counts(status: Status) -> tuple[tuple[Lane, int, int], tuple[Lane, int, int]]:
    # An agent that names its losses is counted by the names.
    named = status.losses is not None
    return (
        (Lane.TELEMETRY, status.published_telemetry, 0 if named else status.lost_telemetry),
        (Lane.EVENT, status.published_event, 0 if named else status.lost_event),
    )


def write(connection: Connection, statuses: Sequence[Status], devices: Mapping[str, Device], now: datetime) -> None:
    """The last status of each device; rows are locked in the order of the devices' ids."""
    last = {devices[status.device].id: status for status in statuses}
    ids = sorted(last)
    if not ids:
        return
    said = [last[id] for id in ids]
    connection.execute(
        QUERIES["statuses"],
        {
            "devices": ids,
            "boots": [status.boot for status in said],
            "online": [status.online for status in said],
            "at": [status.at for status in said],
            "agents": [status.agent for status in said],
            "spooled": [status.spooled for status in said],
            "offsets": [status.clock_offset_ms for status in said],
            "health": Jsonb([dict(status.health) for status in said], dumps=msgspec.json.encode),
            "now": now,
        },
    )


def seen(connection: Connection, devices: Iterable[int], now: datetime) -> None:
    """Notes that devices spoke. Never waits: who holds a device's row at this moment notes the same."""
    ids = sorted(devices)
    if ids and connection.execute(QUERIES["seen"], {"devices": ids, "now": now}).rowcount < len(ids):
        connection.execute(QUERIES["seen_first"], {"devices": ids, "now": now})


def camera_states(connection: Connection, items: Iterable[Telemetry], devices: Mapping[str, Device]) -> None:
    """The last state of each camera."""
    last = {
        devices[item.device].id: item.samples[-1].state.value
        for item in items
        if isinstance(item.samples[-1], CameraSample)
    }
    if last:
        states = msgspec.json.encode({str(id): last[id] for id in sorted(last)}).decode()
        connection.execute(QUERIES["camera_states"], {"states": states})
