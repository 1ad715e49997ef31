"""`drill` at the edge: a marked event the way that alarms go, and nothing that touches the lift."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from contracts.kinds import EdgeCommand, Phase, Rule
from contracts.messages import Command
from edge.commands import Refused, Site
from edge.commands.drill import carry_out
from edge.sink import EventDraft

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
EVENT = uuid4()
GOOD: Mapping[str, Any] = {
    "name": "entrapment",
    "event": str(EVENT),
    "rule": "trapped_non_level",
    "phase": "start",
    "people": 2,
    "floor": "5",
}


class Agent:
    """A site with one lift whose driver must not be asked for anything."""

    def __init__(self) -> None:
        self.said: list[EventDraft] = []
        self.proven: list[str] = []
        self.site = cast(Site, SimpleNamespace(drivers={"lift-1": object()}, say=self.say, proven=self.proven.append))

    def say(self, draft: EventDraft) -> UUID:
        self.said.append(draft)
        assert draft.id is not None
        return draft.id

    def ask(self, device: str = "lift-1", **changes: Any) -> str:
        args = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
        command = Command(
            id=uuid4(),
            device=device,
            kind=EdgeCommand.DRILL,
            issued=NOW,
            expires=NOW + timedelta(seconds=60),
            args=args,
        )
        answer = carry_out(self.site, command, NOW)
        assert answer.ok
        return answer.reason


def test_it_publishes_begin_and_end_under_the_identity_that_it_was_given() -> None:
    agent = Agent()
    assert agent.ask() == "start published"
    assert agent.ask(phase="end", passed=True) == "end published, alarm path proven"
    begin, end = agent.said
    assert (begin.id, begin.rev, begin.phase) == (EVENT, 0, Phase.START)
    assert (end.id, end.rev, end.phase) == (EVENT, 1, Phase.END)
    assert (begin.rule, begin.subject) == (Rule.TRAPPED_NON_LEVEL, "drill")
    assert begin.details == {"drill": "entrapment", "reason": "drill entrapment", "people": 2, "floor": "5"}
    assert agent.proven == ["lift-1"]


def test_an_end_that_was_not_passed_proves_nothing() -> None:
    agent = Agent()
    agent.ask(phase="end", passed=False)
    agent.ask(phase="end")
    agent.ask(phase="start", passed=True)
    assert agent.proven == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"device": "lift-2"}, "lift-2 is no lift of this agent"),
        ({"name": ...}, "name: None, expected a text of 1 to 64 characters"),
        ({"event": "x"}, "event: 'x', expected a UUID"),
        ({"phase": "update"}, "phase: 'update', expected start or end"),
        ({"rule": "no_hat"}, "rule: 'no_hat', expected one of trapped_non_level, trapped_level, alarm_button"),
        ({"people": 201}, "people: 201, expected 0 to 200"),
        ({"people": True}, "people: True, expected 0 to 200"),
        ({"floor": "x" * 21}, "expected a text of 1 to 20 characters"),
    ],
)
def test_what_it_cannot_do_it_says_in_one_line(changes: dict[str, Any], said: str) -> None:
    agent = Agent()
    with pytest.raises(Refused, match=said):
        agent.ask(**changes)
    assert agent.said == []
