"""Losses that a device tells are ranges of a counted lane, or are refused in words."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from contracts.kinds import Lane
from contracts.messages import Loss, Status, encode
from contracts.topics import topic
from ingest.normalise import Rejected, normalise


@pytest.mark.parametrize(
    ("lane", "start", "end", "words"),
    [
        (Lane.TELEMETRY, 5, 5, "losses.to_seq: 5, expected more than from_seq 5"),
        (Lane.STATUS, 1, 2, "losses.lane: status, expected telemetry or event"),
    ],
)
def test_losses_that_are_none_are_refused_in_words(lane: Lane, start: int, end: int, words: str) -> None:
    loss = Loss(lane=lane, boot=UUID(int=1), from_seq=start, to_seq=end)
    said = Status(device="d1", boot=UUID(int=1), at=datetime(2026, 3, 1, tzinfo=UTC), online=True, losses=(loss,))
    refused = normalise(str(topic("demo", "d1", Lane.STATUS)), encode(said))
    assert isinstance(refused, Rejected) and refused.reason == words
