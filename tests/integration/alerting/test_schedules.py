"""Stories of crashes, freezes, doubled taps and lost receipts over three workers; each seed is one schedule.

`SUNLIT_SCHEDULES=1000 pytest tests/integration/alerting/test_schedules.py` plays more of them,
`SUNLIT_SCHEDULES=17-17` a single one.
"""

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings
from tests.integration.alerting.driven import checks
from tests.integration.alerting.driven.story import ALL, NONE, PAUSES, Faults, Story

FEW = "0-15"


def seeds() -> range:
    """`1000` means 0-999."""
    first, _, last = os.environ.get("SUNLIT_SCHEDULES", FEW).rpartition("-")
    return range(int(first), int(last) + 1) if first else range(int(last))


@pytest.fixture
def owner(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.OWNER) as connection:
        yield connection


def play(database: DatabaseSettings, owner: Connection, seed: int, workers: int, faults: Faults) -> Story:
    story = Story(database, owner, seed, workers, faults)
    try:
        story.play()
    except BaseException as error:
        lines = "\n".join(story.log)
        raise AssertionError(f"seed {seed}, {workers} workers: {error!r}\n{error}\nthe schedule:\n{lines}") from error
    finally:
        story.close()
    return story


@pytest.mark.timeout(400)
def test_whatever_happens_to_workers_everybody_is_called_in_time(city_db: DatabaseSettings, owner: Connection) -> None:
    happened: Counter[str] = Counter()
    for seed in seeds():
        happened += play(city_db, owner, seed, 3, ALL).counts
    if len(seeds()) > 10:
        assert set(happened) >= {"crash", "killed", "frozen", "pause", "letters"}, happened


def test_one_worker_and_three_that_get_in_each_others_way_write_the_same_history(
    city_db: DatabaseSettings, owner: Connection
) -> None:
    for seed in list(seeds())[::4]:
        play(city_db, owner, seed, 1, NONE)
        alone = checks.history(owner)
        play(city_db, owner, seed, 3, PAUSES)
        assert checks.history(owner) == alone, f"seed {seed}"
