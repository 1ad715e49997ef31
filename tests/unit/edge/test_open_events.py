"""One identity from start to end, whatever happens to the agent in between."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from contracts.kinds import Phase, Rule
from contracts.messages import AnySample
from edge.open_events import Entry, OpenEvents
from edge.rules import Decision
from edge.sink import EventDraft

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


class Heard:
    """A sink that keeps events; it may lose its power in the middle of one."""

    def __init__(self) -> None:
        self.drafts: list[EventDraft] = []
        self.dead = False

    def telemetry(self, device: str, base: datetime, samples: Sequence[AnySample]) -> None:
        raise AssertionError("no telemetry here")

    def event(self, draft: EventDraft) -> UUID:
        if self.dead:
            raise RuntimeError("power cut")
        self.drafts.append(draft)
        return draft.id or uuid4()

    def health(self, device: str, state: str) -> None:
        raise AssertionError("no health here")

    def facts(self, device: str, facts: Mapping[str, str]) -> None:
        raise AssertionError("no facts here")


def decision(phase: Phase, rule: Rule = Rule.TRAPPED_LEVEL, subject: str = "car") -> Decision:
    return Decision(rule=rule, phase=phase, at=T0, reason="because", subject=subject, details={"floor": "7"})


def test_one_identity_and_one_beginning_through_a_restart(tmp_path: Path) -> None:
    heard, path = Heard(), tmp_path / "open" / "lift-1.json"
    events = OpenEvents("lift-1", heard, path)
    assert events.resume() == []
    events.say(decision(Phase.START), T0, T0)
    again = OpenEvents("lift-1", heard, path)
    assert again.resume() == [(Rule.TRAPPED_LEVEL, "car", T0)]
    again.say(decision(Phase.END), LATER, LATER)
    assert [(draft.id, draft.rev, draft.at) for draft in heard.drafts] == [
        (heard.drafts[0].id, 0, T0),
        (heard.drafts[0].id, 1, T0),
    ]
    assert OpenEvents("lift-1", heard, path).resume() == []
    again.say(decision(Phase.START), LATER, LATER)
    assert heard.drafts[2].id != heard.drafts[0].id
    assert heard.drafts[2].details["reason"] == "because"


def test_subjects_have_events_of_their_own(tmp_path: Path) -> None:
    heard = Heard()
    events = OpenEvents("lift-1", heard, tmp_path / "lift-1.json")
    for subject in ("load", "passenger"):
        events.say(decision(Phase.START, Rule.SENSOR_SHIELDED, subject), T0, T0)
    events.say(decision(Phase.END, Rule.SENSOR_SHIELDED, "load"), T0, T0)
    assert heard.drafts[2].id == heard.drafts[0].id
    assert OpenEvents("lift-1", heard, tmp_path / "lift-1.json").resume() == [(Rule.SENSOR_SHIELDED, "passenger", T0)]


@pytest.mark.parametrize("phase", [Phase.START, Phase.END])
def test_a_crash_before_it_was_said_says_it_after_the_restart(tmp_path: Path, phase: Phase) -> None:
    heard, path = Heard(), tmp_path / "lift-1.json"
    events = OpenEvents("lift-1", heard, path)
    if phase is Phase.END:
        events.say(decision(Phase.START), T0, T0)
    heard.dead = True
    with pytest.raises(RuntimeError, match="power cut"):
        events.say(decision(phase), T0, T0)
    heard.dead = False
    open_now = OpenEvents("lift-1", heard, path).resume()
    assert heard.drafts[-1].phase is phase
    assert len({draft.id for draft in heard.drafts}) == 1
    assert [draft.rev for draft in heard.drafts] == list(range(len(heard.drafts)))
    assert len(open_now) == (1 if phase is Phase.START else 0)


def test_a_duty_that_runs_again_says_what_it_could_not(tmp_path: Path) -> None:
    heard = Heard()
    for path in (None, tmp_path / "lift-1.json"):
        events, heard.dead = OpenEvents("lift-1", heard, path), True
        events.resume()
        with pytest.raises(RuntimeError, match="power cut"):
            events.say(decision(Phase.START), T0, T0)
        heard.dead = False
        assert events.resume() == events.resume() == [(Rule.TRAPPED_LEVEL, "car", T0)]
    assert [draft.phase for draft in heard.drafts] == [Phase.START, Phase.START]


def test_a_crash_after_it_was_said_says_it_twice_under_one_identity(tmp_path: Path) -> None:
    heard, path = Heard(), tmp_path / "lift-1.json"
    OpenEvents("lift-1", heard, path).say(decision(Phase.START), T0, T0)
    entries = msgspec.json.decode(path.read_bytes(), type=list[Entry])
    path.write_bytes(msgspec.json.encode([msgspec.structs.replace(entries[0], said=False)]))
    OpenEvents("lift-1", heard, path).resume()
    assert heard.drafts[0] == heard.drafts[1]


def test_a_full_disk_or_a_broken_file_stops_no_alarm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    heard, path = Heard(), tmp_path / "file" / "lift-1.json"
    (tmp_path / "file").write_text("in the way", "utf-8")
    events = OpenEvents("lift-1", heard, path)
    assert events.resume() == []
    for phase in Phase:
        events.say(decision(phase), T0, T0)
    assert [draft.phase for draft in heard.drafts] == list(Phase)
    assert caplog.text.count("cannot be written") == 1
    broken = tmp_path / "broken.json"
    broken.write_text("[{", "utf-8")
    assert OpenEvents("lift-1", heard, broken).resume() == []
    assert str(broken) in caplog.text
