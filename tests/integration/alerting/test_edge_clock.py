"""F5: an edge whose clock is wrong. Its alarm opens at once, and every clock of the rescue is the database's."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from alerting.engine import Engine
from alerting.means import Means
from contracts.kinds import Lane, Phase, Rule
from contracts.messages import Event, Status, encode
from contracts.topics import topic
from ingest.devices import Devices
from ingest.writer import Raw, Writer
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings

BOOT = UUID(int=5, version=4)
LIFT = "lift-442001"
HOUR = timedelta(hours=1)
SANE = timedelta(seconds=30)
"""far more than these tests take"""


class Desk:
    def __init__(self, database: DatabaseSettings) -> None:
        self.owner, self.desk = connect(database, Role.OWNER), connect(database, Role.ALERTING)
        self.writer = Writer(connect(database, Role.INGEST), Devices())
        self.engine = Engine(self.desk, Means("http://sunlit.test"))

    def status(self, clock: timedelta) -> None:
        said = Status(device=LIFT, boot=BOOT, at=datetime.now(UTC) + clock, online=True)
        self.writer.write([Raw(str(topic("demo", LIFT, Lane.STATUS)), encode(said))])

    def alarm(self, clock: timedelta, told: int | None = None, age: timedelta = timedelta(0)) -> dict[str, Any]:
        """An alarm that is `age` old when it arrives, from a clock that is `clock` ahead; the incident it opens."""
        began = datetime.now(UTC) + clock - age
        made = Event(
            id=UUID(int=6, version=4),
            device=LIFT,
            boot=BOOT,
            seq=0,
            phase=Phase.START,
            rule=Rule.TRAPPED_NON_LEVEL,
            at=began - timedelta(seconds=20),
            observed=began,
            clock_offset_ms=told,
        )
        self.writer.write([Raw(str(topic("demo", LIFT, Lane.EVENT)), encode(made))])
        self.engine.cycle(datetime.now(UTC))
        row = self.owner.execute("SELECT * FROM incident").fetchone()
        assert row is not None, "an alarm opens an incident at once, whatever its clock says"
        return row


@pytest.fixture
def desk(city_db: DatabaseSettings) -> Iterator[Desk]:
    made = Desk(city_db)
    yield made
    made.owner.close()
    made.desk.close()
    made.writer.connection.close()


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("clock", [-HOUR, HOUR])
def test_an_edge_an_hour_off(desk: Desk, clock: timedelta, told: bool) -> None:
    before = datetime.now(UTC)
    incident = desk.alarm(clock, told=round(-clock.total_seconds() * 1000) if told else None)
    assert incident["tier"] == 1, "no tier is called early for a wrong clock"
    assert before - timedelta(seconds=25) - SANE < incident["alarm_at"] < incident["opened_at"]
    assert incident["opened_at"] < incident["due_at"] < incident["opened_at"] + timedelta(seconds=181)


def test_an_alarm_that_waited_at_an_edge_with_a_known_clock_is_as_old_as_it_is(desk: Desk) -> None:
    """Forty minutes without the centre: the person has waited them, and the last tier is called at once."""
    incident = desk.alarm(HOUR, told=-3_600_000, age=timedelta(minutes=40))
    waited = incident["opened_at"] - incident["alarm_at"]
    assert timedelta(minutes=40) < waited < timedelta(minutes=41)
    assert incident["tier"] == 3


@pytest.mark.parametrize("clock", [-HOUR, HOUR])
def test_where_the_edge_does_not_tell_its_offset_the_centre_has_heard_it(desk: Desk, clock: timedelta) -> None:
    desk.status(clock)
    incident = desk.alarm(clock, age=timedelta(minutes=4))
    waited = incident["opened_at"] - incident["alarm_at"]
    assert timedelta(minutes=4) < waited < timedelta(minutes=5)


@pytest.mark.parametrize("told", [2**62, -(2**62), 0, 10**12])
@pytest.mark.parametrize("clock", [timedelta(0), timedelta(days=900_000), timedelta(days=-700_000)])
def test_nonsense_opens_an_incident_all_the_same(desk: Desk, told: int, clock: timedelta) -> None:
    incident = desk.alarm(clock, told=told)
    assert timedelta(0) <= incident["opened_at"] - incident["alarm_at"] < timedelta(days=8)
