"""PURE. The way of an alarm from the car to the centre must be tested at least every 72 hours (EN 81-28)."""

from datetime import datetime

from contracts.kinds import Rule
from edge.rules import Decision
from edge.rules.held import Held, Words
from edge.rules.held import step as held_step
from edge.rules.look import Look, Setup

WORDS = Words(
    rule=Rule.ALARM_PATH_UNTESTED, subject="alarm path", starts="no self-test passed in time", ends="self-test passed"
)


def step(state: Held, look: Look, now: datetime, setup: Setup) -> tuple[Held, list[Decision]]:
    """One look at the time since the last self-test."""
    age = look.untested_s
    holds = None if age is None else age >= setup.lift.self_test_due_s
    hours = None if age is None else round(age / 3600, 1)
    return held_step(state, holds, now, WORDS, 0, 0, {"hours": hours})
