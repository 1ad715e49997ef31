"""Several lifts of an agent without mains: one hint under the agent's name, also over a restart."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from contracts.kinds import Phase, Rule
from edge.clock import Clock
from edge.config import EdgeConfig, LiftConfig
from edge.sink import EventDraft
from edge.site_duty import SiteDuty

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


class Heard:
    def __init__(self) -> None:
        self.drafts: list[EventDraft] = []

    def telemetry(self, device: str, base: datetime, samples: object) -> None:
        raise AssertionError("no telemetry here")

    def event(self, draft: EventDraft) -> UUID:
        self.drafts.append(draft)
        return draft.id or uuid4()

    def health(self, device: str, state: str) -> None:
        raise AssertionError("no health here")

    def facts(self, device: str, facts: Mapping[str, str]) -> None:
        raise AssertionError("no facts here")


def test_one_hint_from_the_third_lift_to_the_last(tmp_path: Path) -> None:
    heard, seconds = Heard(), 0.0

    def start() -> SiteDuty:
        lifts = tuple(LiftConfig(device=f"lift-{number}") for number in range(3))
        config = EdgeConfig(agent="agent-1", site="site-1", spool=str(tmp_path), lift=lifts)
        return SiteDuty(config, heard, Clock(lambda: T0 + timedelta(seconds=seconds), lambda: seconds))

    site = start()
    for number in range(3):
        site.look()
        assert heard.drafts == []
        site.mains_of(f"lift-{number}")(T0 + timedelta(seconds=number))
    seconds = 5
    site.look()
    site.look()
    assert [(one.rule, one.phase, one.device, one.at) for one in heard.drafts] == [
        (Rule.MASS_OUTAGE, Phase.START, "agent-1", T0)
    ]
    assert heard.drafts[0].details["lifts"] == "lift-0, lift-1, lift-2"
    site = start()
    site.mains_of("lift-0")(None)
    site.mains_of("lift-2")(None)
    site.look()
    site.mains_of("lift-1")(T0)
    site.look()
    assert len(heard.drafts) == 1
    site.mains_of("lift-1")(None)
    site.look()
    assert [(one.id, one.phase, one.rev) for one in heard.drafts[1:]] == [(heard.drafts[0].id, Phase.END, 1)]
