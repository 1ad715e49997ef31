"""Who speaks when, and what a message holds."""

from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.kinds import DeviceKind, Lane, Phase, Rule
from contracts.messages import Event, LiftSample, Status, Telemetry, decode
from runtime.simulate.speakers import Flock, Member, Speaker

BOOT = UUID("00000000-0000-4000-8000-000000000001")


def speaker(number: int = 1, kind: DeviceKind = DeviceKind.LIFT) -> Speaker:
    member = Member(number, f"{kind}-{number}".replace("_", "-"), kind, "p-000001", "100001", 0, 20, 1.75, True, "zone")
    return Speaker(member, BOOT, 0.0, Random(number))


@given(st.integers(0, 50), st.floats(0.5, 20.0), st.lists(st.floats(0.0, 3.0), max_size=40))
def test_everybody_has_as_many_turns_as_time_allows(size: int, period: float, waits: list[float]) -> None:
    members = [speaker(number) for number in range(1, size + 1)]
    flock, now, turns = Flock(members, period, 0.0), 0.0, dict.fromkeys(range(1, size + 1), 0)
    for wait in waits:
        now += wait
        for one in flock.due(now, 10_000):
            turns[one.member.device_id] += 1
    assert sum(turns.values()) + flock.skipped == int(now * flock.rate)
    if not flock.skipped and turns:
        assert max(turns.values()) - min(turns.values()) <= 1


def test_a_missed_round_is_counted_and_not_made_up_for() -> None:
    flock = Flock([speaker(number) for number in range(1, 11)], 1.0, 0.0)
    assert len(flock.due(5.0, 1000)) == 10
    assert flock.skipped == 40
    assert list(flock.due(5.0, 1000)) == []


def test_no_more_than_most_at_once() -> None:
    flock = Flock([speaker(number) for number in range(1, 11)], 1.0, 0.0)
    assert [one.member.device_id for one in flock.due(0.95, 4)] == [1, 2, 3, 4]
    assert [one.member.device_id for one in flock.due(0.95, 4)] == [5, 6, 7, 8]


def test_a_message_tells_the_changes_since_the_last() -> None:
    one, random = speaker(), Random(1)
    base, samples = one.samples(4000.0, 2.0, random, changes=True)
    message = decode(Lane.TELEMETRY, one.say(base, samples))
    assert isinstance(message, Telemetry)
    assert len(message.samples) > 1
    offsets = [sample.dt for sample in message.samples]
    assert offsets == sorted(offsets)
    assert offsets[0] == 0
    assert abs(base + offsets[-1] / 1000 - 4000.0) < 0.01
    _, single = one.samples(4010.0, 2.0, random, changes=False)
    assert len(single) == 1
    assert isinstance(single[0], LiftSample)


def test_every_kind_speaks_its_contract() -> None:
    random = Random(1)
    for kind in (DeviceKind.LIFT, DeviceKind.CAMERA, DeviceKind.KITCHEN_SENSOR):
        one = speaker(1, kind)
        assert isinstance(decode(Lane.TELEMETRY, one.say(*one.samples(60.0, 1.0, random, changes=True))), Telemetry)
    agent = speaker(1, DeviceKind.AGENT)
    agent.telemetry, agent.events = 7, 2
    status = decode(Lane.STATUS, agent.status(60.0, online=True))
    assert isinstance(status, Status)
    assert (status.published_telemetry, status.published_event, status.online) == (7, 2, True)
    event = decode(
        Lane.EVENT,
        agent.tell(BOOT, Rule.NO_HAT, Phase.START, rev=0, began=1.0, now=2.0, details={"reason": "no_hat"}),
    )
    assert isinstance(event, Event)
    assert (event.seq, event.zone, event.rule) == (2, "zone", Rule.NO_HAT)
