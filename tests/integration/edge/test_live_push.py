"""What a camera recorded goes to a real centre while a lease lasts: now, from the past, or as a file."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import av
import pytest
import uvicorn

from api.app import create_app
from api.live.store import Store
from contracts.kinds import EdgeCommand
from contracts.messages import Command
from edge.commands import Answer, Refused, Site, Started
from edge.commands.registry import HANDLERS
from edge.config import CameraConfig, EdgeConfig, LiveViewConfig, UploadConfig
from edge.live import NEWEST, Pushers
from edge.live_config import LiveConfig
from edge.segments import Ring
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings
from runtime.stack.ports import free_port
from tests.integration.edge.test_segment_ring import film, levels, record

CAMERA = "cam-k-001-1"


class Centre:
    """The real api on a port of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.port = settings, settings.api.port
        self.url = f"http://127.0.0.1:{self.port}"
        self.store = Store(settings.api.live, 2**31)
        self.start()

    def start(self) -> None:
        config = uvicorn.Config(create_app(self.settings), port=self.port, log_config=None, access_log=False)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(daemon=True, target=self.server.run)
        self.thread.start()
        end = time.monotonic() + 30
        while not self.server.started:
            assert time.monotonic() < end
            time.sleep(0.02)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        with connect(self.settings.database, Role.OWNER) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def lease(self, mode: str = "live") -> UUID:
        identity = uuid4()
        self.rows(
            "INSERT INTO live_lease (id, device_id, person_id, role, mode, reason, until, asked_at, starts_at, ends_at)"
            " SELECT %s, d.id, p.id, 'owner', %s, 'test', now() + interval '1 hour', now(),"
            " CASE WHEN %s <> 'live' THEN now() END, CASE WHEN %s <> 'live' THEN now() END"
            " FROM device d, person p WHERE d.code = %s AND p.login = 'owner1'",
            identity,
            mode,
            mode,
            mode,
            CAMERA,
        )
        return identity


@pytest.fixture
def centre(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[Centre]:
    api = ApiSettings(port=free_port(), evidence=tmp_path / "evidence", live=tmp_path / "centre")
    made = Centre(Settings(database=city_db, api=api))
    yield made
    made.stop()


class Edge:
    """The commands of an agent over a ring of real segments."""

    def __init__(self, folder: Path, url: str, **live: Any) -> None:
        self.folder, self.ring_folder = folder, folder / "segments" / CAMERA
        folder.mkdir(exist_ok=True)
        config = EdgeConfig(
            agent="agent-demo",
            site="demo",
            spool=str(folder),
            camera=(CameraConfig(device=CAMERA),),
            upload=UploadConfig(url=url, token="upload-token"),
            live=LiveViewConfig(**live),
        )
        self.live = LiveConfig(config)
        self.ring = Ring(self.ring_folder, 0, timedelta(days=30))
        self.site = Site(
            live=self.live,
            drivers={},
            heard={},
            connected=lambda: True,
            reload=lambda: Answer(True, ""),
            pushers=Pushers(self.live, lambda device: self.ring if device == CAMERA else None),
            tests={},
        )
        self.stop = threading.Event()

    def ask(self, kind: EdgeCommand, leave: UUID, device: str = CAMERA, **args: Any) -> Answer | Started:
        now = datetime.now(UTC)
        values = {"lease": str(leave), "by": "owner1", "why": "test", **args}
        command = Command(
            id=uuid4(), device=device, kind=kind, issued=now, expires=now + timedelta(seconds=20), args=values
        )
        return HANDLERS[kind](self.site, command, now)

    def start(self, kind: EdgeCommand, lease: UUID, **args: Any) -> "Running":
        started = self.ask(kind, lease, **args)
        assert isinstance(started, Started), started
        return Running(started, self.stop)


class Running:
    def __init__(self, started: Started, stop: threading.Event) -> None:
        self.answer: Answer | None = None
        self.thread = threading.Thread(daemon=True, target=self._run, args=(started, stop))
        self.thread.start()

    def _run(self, started: Started, stop: threading.Event) -> None:
        self.answer = started.work(stop)

    def end(self) -> Answer:
        self.thread.join(60)
        assert self.answer is not None
        return self.answer


@pytest.fixture
def edge(tmp_path: Path, centre: Centre) -> Iterator[Edge]:
    made = Edge(tmp_path / "edge", centre.url)
    yield made
    made.stop.set()


def until(look: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


def recorded(edge: Edge, tmp_path: Path, seconds: int, ago: float) -> datetime:
    """A film in the ring that began so many seconds ago."""
    began = datetime.now(UTC) - timedelta(seconds=ago)
    record(film(tmp_path / f"film-{ago}.mp4", seconds), edge.ring_folder, began)
    return began


def test_a_live_view_begins_with_just_now_goes_on_and_ends_with_the_lease(
    edge: Edge, centre: Centre, tmp_path: Path
) -> None:
    lease = centre.lease()
    recorded(edge, tmp_path, 30, 31)
    running = edge.start(EdgeCommand.LIVE, lease, seconds=60)
    until(lambda: centre.store.pieces(lease))
    first = centre.store.pieces(lease)[0]
    assert first.start_ms / 1000 > time.time() - 15, "what is long past is not shown as now"
    count = len(centre.store.pieces(lease))
    recorded(edge, tmp_path, 4, 1)
    until(lambda: len(centre.store.pieces(lease)) > count)
    renewed = edge.ask(EdgeCommand.LIVE, lease, seconds=60)
    assert renewed == (True, "renewed for 60 s")
    assert edge.ask(EdgeCommand.LIVE, lease, seconds=0) == (True, "ends")
    answer = running.end()
    assert answer.ok and answer.reason.startswith("ended; ")
    assert centre.store.done(lease) is not None
    assert edge.ask(EdgeCommand.LIVE, lease, seconds=0) == (False, "this lease does not run")


def test_without_a_renewal_it_ends_by_itself(edge: Edge, centre: Centre, tmp_path: Path) -> None:
    recorded(edge, tmp_path, 4, 5)
    answer = edge.start(EdgeCommand.LIVE, centre.lease(), seconds=1).end()
    assert answer.ok and answer.reason.startswith("the lease is over; ")


def test_a_centre_that_takes_no_more_ends_it(edge: Edge, centre: Centre, tmp_path: Path) -> None:
    lease = centre.lease()
    recorded(edge, tmp_path, 8, 9)
    running = edge.start(EdgeCommand.LIVE, lease, seconds=60)
    until(lambda: centre.store.pieces(lease))
    centre.rows("UPDATE live_lease SET closed_at = now()")
    recorded(edge, tmp_path, 4, 2)
    answer = running.end()
    assert not answer.ok and "the centre answers 410" in answer.reason
    stranger = edge.start(EdgeCommand.LIVE, uuid4(), seconds=60).end()
    assert not stranger.ok and "answers 404" in stranger.reason


def test_what_does_not_fit_the_line_is_left_out_and_the_newest_goes_first(tmp_path: Path, centre: Centre) -> None:
    slow = Edge(tmp_path / "slow", centre.url, max_kbps=64)
    lease = centre.lease()
    recorded(slow, tmp_path, 8, 8)
    largest = max(one.size for one in slow.ring.after(datetime.now(UTC) - timedelta(minutes=1)))
    running = slow.start(EdgeCommand.LIVE, lease, seconds=4)
    began = time.monotonic()
    recorded(slow, tmp_path, 40, 0)
    answer = running.end()
    took = time.monotonic() - began
    pieces = centre.store.pieces(lease)
    assert "left out to stay with the present" in answer.reason
    assert pieces == sorted(pieces, key=lambda one: one.start_ms), "never back in time"
    sent = sum((centre.store.path(lease, one.number) or Path()).stat().st_size for one in pieces)
    # One segment may be under way when the time is over.
    assert (sent - NEWEST * largest) * 8 / 1000 <= 64 * took


def played(centre: Centre, lease: UUID) -> list[int]:
    """The grey levels of what a player would show."""
    init = centre.store.init(lease, 0)
    assert init is not None
    whole = init.read_bytes()
    for one in centre.store.pieces(lease):
        path = centre.store.path(lease, one.number)
        assert path is not None
        whole += path.read_bytes()
    container: Any = av.open(io.BytesIO(whole))
    with container:
        return [round(float(frame.to_ndarray(format="gray").mean())) for frame in container.decode(video=0)]


def test_a_recording_is_sent_whole_also_over_an_outage(edge: Edge, centre: Centre, tmp_path: Path) -> None:
    lease = centre.lease("playback")
    began = recorded(edge, tmp_path, 20, 3600)
    centre.stop()
    start, end = began + timedelta(seconds=5), began + timedelta(seconds=11.5)
    # The city's own zone, in which the day may be another one than in UTC.
    local = timezone(timedelta(hours=8))
    asked = {"start": start.astimezone(local).isoformat(), "end": end.astimezone(local).isoformat()}
    running = edge.start(EdgeCommand.PLAYBACK, lease, **asked)
    time.sleep(1)
    centre.start()
    answer = running.end()
    assert answer.ok and answer.reason.startswith("all of it was sent; ")
    shown = played(centre, lease)
    # Whole segments of two seconds: a little before and after what was asked for, and every picture of it.
    assert len(shown) == 80 and all(abs(a - b) <= 3 for a, b in zip(shown, range(40, 120), strict=True)), shown
    assert "all of it" in (centre.store.done(lease) or "")


def test_a_clip_is_one_file_that_plays(edge: Edge, centre: Centre, tmp_path: Path) -> None:
    lease = centre.lease("clip")
    began = recorded(edge, tmp_path, 12, 600)
    start, end = began + timedelta(seconds=3), began + timedelta(seconds=6)
    answer = edge.start(EdgeCommand.CLIP, lease, start=start.isoformat(), end=end.isoformat()).end()
    assert answer.ok and answer.reason.startswith("clip from ")
    clip = centre.store.clip(lease)
    assert clip is not None
    assert 30 <= len(levels(clip)) <= 41
    assert list(edge.folder.glob("clip-*")) == [], "nothing is left behind"


@pytest.mark.parametrize("kind", [EdgeCommand.PLAYBACK, EdgeCommand.CLIP])
def test_a_time_without_a_recording_is_said(edge: Edge, centre: Centre, tmp_path: Path, kind: EdgeCommand) -> None:
    lease = centre.lease("clip" if kind is EdgeCommand.CLIP else "playback")
    recorded(edge, tmp_path, 2, 600)
    past = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:01:00Z"}
    answer = edge.start(kind, lease, **past).end()
    assert not answer.ok and "2026-01-01T00:00:00" in answer.reason
    assert "2026-01-01" in (centre.store.done(lease) or "")


@pytest.mark.parametrize(
    ("kind", "args", "words"),
    [
        (EdgeCommand.LIVE, {"seconds": 3600}, "seconds: 3600, expected 0 to 120"),
        (EdgeCommand.LIVE, {"seconds": 30, "why": ""}, "why: ''"),
        (EdgeCommand.LIVE, {"seconds": 30, "by": None}, "by: None"),
        (EdgeCommand.LIVE, {"seconds": 30, "lease": "1"}, "lease: '1', expected a UUID"),
        (EdgeCommand.LIVE, {"seconds": 30, "device": "lift-1"}, "'lift-1' keeps no recording"),
        (EdgeCommand.PLAYBACK, {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T01:00:00Z"}, "at most 600 s"),
        (EdgeCommand.CLIP, {"start": "2026-01-01T00:00:00", "end": "x"}, "expected a time with its zone"),
    ],
)
def test_what_cannot_be_is_refused(edge: Edge, kind: EdgeCommand, args: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        edge.ask(kind, uuid4(), **args)


def test_only_so_many_look_at_once(edge: Edge, centre: Centre, tmp_path: Path) -> None:
    recorded(edge, tmp_path, 2, 3)
    running = [edge.start(EdgeCommand.LIVE, centre.lease(), seconds=60) for _ in range(4)]
    with pytest.raises(Refused, match="4 views run already"):
        edge.ask(EdgeCommand.LIVE, centre.lease(), seconds=60)
    edge.stop.set()
    assert all(one.end().ok for one in running)
