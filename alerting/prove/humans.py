"""PURE: how a crew can behave at the moments that decide; the worst of everything that a policy must survive."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from alerting.case import Order
from alerting.lift_policy import Plan
from alerting.simulate.world import LIFT
from contracts.kinds import CommandKind

LATEST_ETA_MIN = 600.0
QR = {"proof": "qr", "code": LIFT}


class Move(NamedTuple):
    """What a crew will do, and when."""

    at: datetime
    dispatch: int
    order: Order


Steps = Sequence[tuple[int, CommandKind, Mapping[str, Any]]]
"""so many seconds after the crew was asked"""


class Human(NamedTuple):
    """One way of behaving."""

    name: str
    steps: Callable[[Plan, int], Steps]
    hands_over: bool = False
    """the crew that comes in its place does the same"""


def moves(human: Human, dispatch: int, offered: datetime, tier: int, chosen: Plan) -> list[Move]:
    """What a crew that was asked now will do."""
    return [
        Move(offered + timedelta(seconds=after), dispatch, Order(kind=kind, reason="because", args=args))
        for after, kind, args in human.steps(chosen, tier)
    ]


def _last(chosen: Plan, tier: int) -> int:
    """The last second of the time to accept."""
    return max(0, chosen.accept_s(tier) - 1)


def _late(chosen: Plan) -> Mapping[str, Any]:
    return {"eta_minutes": min(LATEST_ETA_MIN, chosen.clocks.arrive_s / 60 + 30)}


def _accepts(after: int, chosen: Plan) -> Steps:
    return [(after, CommandKind.ACCEPT, {})]


def _comes(after: int, arrives: int) -> Steps:
    return [(after, CommandKind.ACCEPT, {}), (arrives, CommandKind.ARRIVED, QR)]


def _hands_over(after: int, later: int) -> Steps:
    return [(after, CommandKind.ACCEPT, {}), (later, CommandKind.HAND_OVER, {"organisation": "another"})]


SILENT = Human("does not answer", lambda plan, tier: [])
DECLINES = Human("declines", lambda plan, tier: [(0, CommandKind.DECLINE, {})])
DECLINES_LATE = Human("declines at the last moment", lambda plan, tier: [(_last(plan, tier), CommandKind.DECLINE, {})])
NEVER_COMES = Human("accepts and never comes", lambda plan, tier: _accepts(0, plan))
ACCEPTS_LATE = Human("accepts at the last moment and never comes", lambda plan, tier: _accepts(_last(plan, tier), plan))
LATE = Human(
    "accepts, says that it will be late and never comes",
    lambda plan, tier: [(0, CommandKind.EN_ROUTE, _late(plan))],
)
LATE_AND_LATE = Human(
    "accepts at the last moment, says that it will be late and never comes",
    lambda plan, tier: [(_last(plan, tier), CommandKind.EN_ROUTE, _late(plan))],
)
GIVES_UP = Human(
    "accepts and gives up at the last moment",
    lambda plan, tier: [*_accepts(0, plan), (plan.clocks.arrive_s - 1, CommandKind.DECLINE, {})],
)
THERE_AT_ONCE = Human("arrives at once and frees nobody", lambda plan, tier: _comes(0, 0))
THERE_LATE = Human(
    "accepts and arrives at the last moment and frees nobody",
    lambda plan, tier: _comes(_last(plan, tier), _last(plan, tier) + plan.clocks.arrive_s - 1),
)
HANDS_ON = Human(
    "accepts at the last moment and hands over so that another can just take over, which does the same",
    lambda plan, tier: _hands_over(
        _last(plan, tier), _last(plan, tier) + max(1, plan.clocks.arrive_s - plan.accept_s(tier))
    ),
    hands_over=True,
)
HANDED_AND_SILENT = Human(
    "accepts, hands over at the last moment and is not heard of again",
    lambda plan, tier: _hands_over(0, plan.clocks.arrive_s - 1),
)
FREES = Human(
    "arrives and frees everybody, and nobody writes anything down",
    lambda plan, tier: [*_comes(0, 0), (0, CommandKind.RELEASED, {})],
)
ALONE = (
    SILENT, DECLINES, DECLINES_LATE, NEVER_COMES, ACCEPTS_LATE, LATE, LATE_AND_LATE, GIVES_UP, THERE_AT_ONCE,
    THERE_LATE, HANDS_ON, HANDED_AND_SILENT, FREES,
)  # fmt: skip
"""what a crew alone can do"""
TOGETHER = (SILENT, DECLINES, NEVER_COMES, ACCEPTS_LATE, LATE, THERE_LATE)
"""what each of two crews can do"""
FEW = (SILENT, NEVER_COMES, LATE, THERE_LATE)
"""enough to see what a change of the facts does"""
