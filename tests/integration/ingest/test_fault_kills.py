"""F1 and F2: SIGKILL where it hurts most, at several batches. Every message is stored, none twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.settings import DatabaseSettings
from runtime.stack.broker import Broker
from tests.integration.ingest.ingest_trial import Books, Trial, alarms, publish, telemetry, until

LIFT = "lift-442001"


@pytest.fixture
def trial(city_db: DatabaseSettings, broker_process: Broker, tmp_path: Path) -> Iterator[Trial]:
    yield Trial(city_db, broker_process, tmp_path)


@pytest.mark.parametrize(
    ("place", "nth"), [("copied", 1), ("copied", 4), ("committed", 1), ("committed", 2), ("committed", 7)]
)
def test_killed_between_copy_and_commit_or_between_commit_and_ack(trial: Trial, place: str, nth: int) -> None:
    process = trial.dying_ingest(place, nth)
    trial.await_sessions()
    publish(trial.broker.settings, telemetry(LIFT, range(400)))
    publish(trial.broker.settings, alarms(LIFT, range(20)))
    until(lambda: not process.alive)
    before = trial.books()
    assert before.stored < 420
    assert before.samples + before.events == before.stored, "a batch is there whole or not at all"
    if place == "committed":
        assert before.stored > 0

    successor = trial.ingest()
    try:
        until(lambda: trial.books().stored >= 420)
        assert trial.books() == Books(stored=420, rejected=0, missing=0, samples=400, events=20)
        # What was committed and not acknowledged comes again, and is told from what is new.
        (repeats,) = trial.sql("SELECT sum(duplicates)::int FROM stream")
        assert (repeats[0] != 0) is (place == "committed")
    finally:
        successor.stop()
