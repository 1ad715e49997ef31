"""From bytes to rows or to a reason, and never an exception."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.kinds import Lane
from ingest.cli import balanced
from ingest.normalise import Accepted, Identity, Rejected, normalise

BOOT = "00000000-0000-4000-8000-000000000001"
HEAD = f'{{"type":"telemetry","device":"lift-1","boot":"{BOOT}","seq":5,"base":"2026-11-24T00:00:00Z",'
TOPIC = "sunlit/v1/{shard}/demo/lift-1/telemetry"


def topic(device: str = "lift-1", lane: Lane = Lane.TELEMETRY) -> str:
    from contracts.topics import topic as made

    return str(made("demo", device, lane))


def test_a_message_is_accepted_with_its_identity() -> None:
    found = normalise(topic(), (HEAD + '"samples":[{"kind":"lift"}]}').encode())
    assert isinstance(found, Accepted)
    assert found.identity == Identity("demo", "lift-1", UUID(BOOT), Lane.TELEMETRY, 5)


@pytest.mark.parametrize(
    ("where", "payload", "words", "known"),
    [
        (topic(), HEAD + '"samples":[]}', "samples", True),
        (topic(), HEAD + '"samples":[{"kind":"lift","speed":99}]}', "speed", True),
        (topic(), HEAD + '"samples":[{"kind":"boat"}]}', "boat", True),
        (topic("lift-2"), HEAD + '"samples":[{"kind":"lift"}]}', "'lift-1' in the payload", False),
        (topic("lift-2"), HEAD + '"samples":[]}', "samples", False),
        (topic(), "[]", "telemetry:", False),
        (topic(), "", "telemetry:", False),
        ("other/topic", "{}", "topic", False),
        (topic(lane=Lane.REPLY), "{}", "reply", False),
    ],
)
def test_what_is_no_message_has_a_reason(where: str, payload: str, words: str, known: bool) -> None:
    found = normalise(where, payload.encode())
    assert isinstance(found, Rejected)
    assert words in found.reason
    assert found.payload == payload.encode()
    assert (found.identity is not None) is known


@given(st.text(max_size=60), st.binary(max_size=200))
def test_never_raises(where: str, payload: bytes) -> None:
    assert isinstance(normalise(where, payload), Accepted | Rejected)


@pytest.mark.parametrize(
    ("base", "samples", "words"),
    [
        ("9999-12-31T23:59:59Z", '{"kind":"lift","dt":86400000}', "base: 9999"),
        ("9999-12-31T23:59:59-12:00", '{"kind":"lift"}', "base: 9999"),
        ("0001-01-01T00:00:00+12:00", '{"kind":"lift"}', "base: 0001"),
        ("2026-11-24T00:00:00Z", '{"kind":"camera","people":2147483648}', "people"),
    ],
)
def test_what_no_column_holds_is_refused_with_its_identity(base: str, samples: str, words: str) -> None:
    payload = HEAD.replace("2026-11-24T00:00:00Z", base) + f'"samples":[{samples}]}}'
    found = normalise(topic(), payload.encode())
    assert isinstance(found, Rejected)
    assert words in found.reason
    assert found.identity == Identity("demo", "lift-1", UUID(BOOT), Lane.TELEMETRY, 5)


@pytest.mark.parametrize(
    ("rests", "in_flight", "balance"),
    [
        ([], 0, True),
        ([(True, 0), (False, 0)], 0, True),
        ([(False, 3)], 3, True),
        ([(False, 3)], 2, False),
        ([(True, 1)], 5, False),
        ([(False, -1), (False, 1)], 0, False),
    ],
)
def test_an_audit_balances(rests: list[tuple[bool, int]], in_flight: int, balance: bool) -> None:
    assert balanced([{"finished": done, "unexplained": rest} for done, rest in rests], in_flight) is balance
