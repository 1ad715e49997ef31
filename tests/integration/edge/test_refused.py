"""The broker refuses one device of an agent: nothing of it is taken for delivered, and the others are not held up."""

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.kinds import Lane, Phase, Rule
from contracts.messages import Event, LiftSample, Telemetry, decode
from contracts.topics import subscription, topic
from edge.priority import Priority
from edge.publish import Pump
from edge.spool import Spool
from runtime.bus import Bus
from runtime.settings import DatabaseSettings
from runtime.stack.broker import find_mosquitto
from tests.conftest import lacking, open_folder
from tests.integration.runtime.wired import City, Talk, until

SITE, MINE, NOT_MINE = "site-a", "lift-1", "lift-2"
BOOT = UUID("00000000-0000-4000-8000-000000000001")


class Site:
    """An agent with two lifts, of which the register gives it one; and the centre, which hears everything."""

    def __init__(self, city: City, spool: Spool) -> None:
        self.city, self.spool = city, spool
        out = city.add("agent-a", SITE)
        city.sunlit("add", MINE, "--kind", "lift", "--site", SITE, "--agent", "agent-a")
        city.add("agent-b", SITE)
        lanes = (*subscription(Lane.EVENT), *subscription(Lane.TELEMETRY))
        self.centre = Talk(city.broker.settings, lanes, "sunlit-ingest", days=1).up()
        self.bus = Bus(city.of(out), "edge")
        city.buses += [self.centre.bus, self.bus]
        self.pump, self.stop = Pump(spool, self.bus, lambda: [], 3600, 10_000), threading.Event()
        self.thread = threading.Thread(target=self.pump.run, args=(self.stop,), daemon=True)

    def puts(self, device: str, alarms: int = 0, telemetry: int = 0) -> None:
        now = datetime.now(UTC)

        def alarm(seq: int) -> Event:
            return Event(
                id=uuid4(),
                device=device,
                boot=BOOT,
                seq=seq,
                phase=Phase.START,
                rule=Rule.ALARM_BUTTON,
                at=now,
                observed=now,
            )

        def sample(seq: int) -> Telemetry:
            return Telemetry(device=device, boot=BOOT, seq=seq, base=now, samples=(LiftSample(),))

        for _ in range(alarms):
            self.spool.put(Lane.EVENT, device, str(topic(SITE, device, Lane.EVENT)), alarm)
        for _ in range(telemetry):
            self.spool.put(Lane.TELEMETRY, device, str(topic(SITE, device, Lane.TELEMETRY)), sample)

    def heard(self) -> dict[tuple[str, str], set[int]]:
        """Sequence numbers by device and lane."""
        found: dict[tuple[str, str], set[int]] = {}
        for incoming in list(self.centre.heard.queue):
            lane = Lane(incoming.topic.rpartition("/")[2])
            body = decode(lane, incoming.payload)
            assert isinstance(body, Event | Telemetry)
            found.setdefault((body.device, lane.value), set()).add(body.seq)
        return found


@pytest.fixture
def site(empty_db: DatabaseSettings, tmp_path: Path) -> Iterator[Site]:
    if find_mosquitto() is None:
        lacking("mosquitto is not installed")
    with open_folder("refused") as folder:
        city = City(folder, empty_db)
        made = Site(city, Spool(tmp_path))
        yield made
        made.stop.set()
        if made.thread.is_alive():
            made.thread.join(10)
        city.close()


def test_what_is_refused_stays_and_holds_up_nobody(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """More refused alarms than the window holds stand in front of the others' messages."""
    caplog.set_level(logging.INFO)
    site.puts(NOT_MINE, alarms=250, telemetry=60)
    site.puts(MINE, alarms=20, telemetry=100)
    site.bus.start()
    site.thread.start()
    until(lambda: site.heard().get((MINE, "event")) == set(range(20)), 30)
    until(lambda: site.heard().get((MINE, "telemetry")) == set(range(100)), 30)
    until(lambda: site.spool.depths == {Priority.ALARM: 250, Priority.EVENT: 0, Priority.TELEMETRY: 60})
    assert not any(device == NOT_MINE for device, _ in site.heard())
    assert f"refuses {topic(SITE, NOT_MINE, Lane.EVENT)}, {topic(SITE, NOT_MINE, Lane.TELEMETRY)}" in caplog.text
    # A new alarm of the other lift does not wait for any of that.
    site.puts(MINE, alarms=1)
    until(lambda: 20 in site.heard()[MINE, "event"])
    # Registered, and all of it arrives.
    site.city.sunlit("add", NOT_MINE, "--kind", "lift", "--site", SITE, "--agent", "agent-a")
    until(lambda: site.heard().get((NOT_MINE, "event")) == set(range(250)), 60)
    until(lambda: site.heard().get((NOT_MINE, "telemetry")) == set(range(60)), 60)
    until(lambda: site.spool.count == 0)
    until(lambda: "takes everything again" in caplog.text)
