"""A clip is cut after the event, named by its hash, told as an update, and survives whatever kills the agent."""

import hashlib
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import av
import msgspec
import pytest

from contracts.kinds import Lane, Phase, Rule
from contracts.messages import Event, Evidence, decode
from edge.agent import Agent
from edge.clips import MOST_TRIES
from edge.config import CameraConfig, EdgeConfig, LiftConfig
from edge.outbox import Losses
from edge.priority import Priority
from edge.sink import EventDraft
from edge.spool import Spool
from ingest.devices import Devices
from ingest.writer import Raw, Writer
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings
from tests.integration.edge.clip_maker import CAMERA, parts

NOW = datetime.now(UTC)
MAKER = Path(__file__).with_name("clip_maker.py")


class Killed(BaseException):
    """Stands for a kill -9 at a chosen place."""


def draft(phase: Phase = Phase.START, event: UUID | None = None, rev: int = 0) -> EventDraft:
    return EventDraft(
        device=CAMERA,
        rule=Rule.NO_MASK,
        phase=phase,
        at=NOW - timedelta(seconds=4),
        observed=NOW,
        id=event,
        rev=rev,
        subject="head-1",
        details={"advisory": True},
    )


def events(spool: Spool) -> list[Event]:
    found = [decode(Lane.EVENT, kept.payload) for kept in spool.take(Priority.EVENT, 0, 10_000)]
    return [event for event in found if isinstance(event, Event)]


def clip_of(event: Event) -> Evidence:
    (evidence,) = event.evidence
    return evidence


def test_an_event_gets_a_clip_of_before_and_after_and_its_end_stays_its_end(
    tmp_path: Path, city_db: DatabaseSettings
) -> None:
    clips, sink, outbox = parts(tmp_path, uuid4())
    event = sink.event(draft())
    # The rule ends the event before the clip is there: neither revision may hide the other.
    sink.event(draft(Phase.END, event, rev=1))
    clips.work()
    start, end, update = events(sink.spool)
    assert [(one.phase, one.rev) for one in (start, end, update)] == [
        (Phase.START, 0),
        (Phase.END, 1),
        (Phase.UPDATE, 2),
    ]
    proof = clip_of(update)
    assert (proof.media, proof.captured) == ("video/mp4", NOW - timedelta(seconds=9))
    assert update.details == {"reason": "clip", "clip_s": 19.0} and update.subject == "head-1"
    (name,) = outbox.names()
    found = outbox.take(name)
    assert found is not None and found[0].advisory and found[0].path.endswith(proof.sha256)
    content = found[1].read()
    assert hashlib.sha256(content).hexdigest() == proof.sha256
    with av.open(str(next(outbox.waiting.glob("*.mp4")))) as container:
        assert container.duration == pytest.approx(19e6, rel=0.05)
    assert list((tmp_path / "clips").iterdir()) == []
    with connect(city_db, Role.INGEST) as connection:
        raws = [Raw(kept.topic, kept.payload) for kept in sink.spool.take(Priority.EVENT, 0, 10)]
        assert Writer(connection, Devices()).write(raws) == (3, 0, 0)
        rows = connection.execute(
            "SELECT rev, phase, body->'evidence'->0->>'media' AS media FROM event ORDER BY rev"
        ).fetchall()
    assert [tuple(row.values()) for row in rows] == [(0, "start", None), (1, "end", None), (2, "update", "video/mp4")]


def test_a_clip_waits_until_its_last_second_is_recorded(tmp_path: Path) -> None:
    clips, sink, outbox = parts(tmp_path, uuid4())
    sink.event(draft())
    for second, made in ((0, 0), (14.9, 0), (15.0, 1)):
        at = NOW + timedelta(seconds=second)
        clips.now = lambda at=at: at  # type: ignore[misc]
        clips.work()
        assert len(outbox.names()) == made


@pytest.mark.parametrize("fault", [RuntimeError, av.error.FFmpegError])
def test_what_cannot_be_cut_is_tried_again_and_then_given_up_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: type[Exception]
) -> None:
    clips, sink, outbox = parts(tmp_path, uuid4())
    at, tried = [datetime.now(UTC)], 0

    def nothing(*_: object) -> tuple[datetime, datetime]:
        nonlocal tried
        tried += 1
        raise fault(1, "no segment holds 12:00:00")

    clips.cut, clips.now = nothing, lambda: at[0]
    sink.event(draft())
    for _ in range(1000):
        at[0] += timedelta(seconds=1)
        clips.work()
    assert tried == MOST_TRIES and outbox.lost == Losses(evidence=1)
    assert "goes without its clip: " in caplog.text and "no segment holds 12:00:00" in caplog.text
    assert list((tmp_path / "clips").iterdir()) == [] and len(events(sink.spool)) == 1


def killed_after(call: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **names: Any) -> Any:
        call(*args, **names)
        raise Killed

    return wrapped


@pytest.mark.parametrize("place", ["cut", "clip", "tell", "before the cut"])
def test_killed_at_every_step_it_is_done_once(tmp_path: Path, place: str) -> None:
    clips, sink, outbox = parts(tmp_path, uuid4())
    sink.event(draft())
    if place == "cut":
        clips.cut = killed_after(clips.cut)
    elif place == "clip":
        outbox.clip = killed_after(outbox.clip)  # type: ignore[method-assign]
    elif place == "tell":
        sink.event = killed_after(sink.event)  # type: ignore[method-assign]
    else:
        clips.cut = killed_after(lambda *_: None)
    with pytest.raises(Killed):
        clips.work()
    sink.spool.close()
    again, sink, outbox = parts(tmp_path, uuid4())
    again.work()
    updates = [event for event in events(sink.spool) if event.phase is Phase.UPDATE]
    # After a kill between the telling and the forgetting it is told twice, of the same clip.
    assert len(updates) == (2 if place == "tell" else 1)
    assert len({clip_of(update).sha256 for update in updates}) == 1 and len({one.rev for one in updates}) == len(
        updates
    )
    assert len(outbox.names()) == 1 and list((tmp_path / "clips").iterdir()) == []


@pytest.fixture
def maker(tmp_path: Path) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    root, children = Path(__file__).resolve().parents[3], list[subprocess.Popen[bytes]]()

    def start() -> "subprocess.Popen[bytes]":
        child = subprocess.Popen([sys.executable, str(MAKER), str(tmp_path)], stdout=subprocess.PIPE, cwd=root)
        children.append(child)
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        return child

    yield start
    for child in children:
        child.kill()
        child.wait(10)


def test_kill_9_while_clips_are_made(tmp_path: Path, maker: Callable[[], "subprocess.Popen[bytes]"]) -> None:
    _, sink, _ = parts(tmp_path, uuid4())
    wanted = {sink.event(draft()) for _ in range(40)}
    sink.spool.close()
    chance = random.Random(9)
    for _ in range(8):
        child = maker()
        time.sleep(chance.uniform(0, 0.25))
        child.kill()
        child.wait(10)
    clips, sink, outbox = parts(tmp_path, uuid4())
    clips.work()
    told: dict[UUID, set[str]] = defaultdict(set)
    for event in events(sink.spool):
        if event.phase is Phase.UPDATE:
            told[event.id].add(clip_of(event).sha256)
    assert told.keys() == wanted
    sent = {}
    for name in outbox.names():
        found = outbox.take(name)
        assert found is not None
        content = hashlib.sha256(found[1].read()).hexdigest()
        assert found[0].path.endswith(content)
        sent[UUID(found[0].path.split("/")[-2])] = {content}
    assert sent == told, "every event names the very clip that is sent, and no other"
    assert list((tmp_path / "clips").iterdir()) == []


def test_a_note_that_is_damaged_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clips, sink, outbox = parts(tmp_path, uuid4())
    sink.event(draft())
    (tmp_path / "clips" / "0.json").write_bytes(b"{")
    clips.work()
    assert len(outbox.names()) == 1 and "damaged" in caplog.text


def test_an_agent_makes_clips_of_what_its_recorded_cameras_see(tmp_path: Path) -> None:
    config = EdgeConfig(
        agent="agent-demo",
        site="demo",
        spool=str(tmp_path),
        camera=(CameraConfig(device=CAMERA),),
        lift=(LiftConfig(device="lift-442001"),),
    )
    unrecorded = (CameraConfig(device=CAMERA, record=False),)
    agent = Agent(config)
    without = Agent(msgspec.structs.replace(config, spool=str(tmp_path / "other"), camera=unrecorded))
    assert "clips" in agent.duties() and "clips" not in without.duties()
    agent.sink.event(msgspec.structs.replace(draft(), device="lift-442001", rule=Rule.TRAPPED_LEVEL))
    event = agent.sink.event(draft())
    agent.sink.event(draft(Phase.END, event, rev=1))
    assert [path.stem for path in (tmp_path / "clips").iterdir()] == [str(event)]
