"""Uploads to the real centre over a line that breaks: they go on where they were, and pictures overtake clips."""

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn

from api.app import create_app
from api.edge_uploads import path_of
from contracts.messages import Evidence
from edge.centre_clock import CentreClock
from edge.outbox import Outbox
from edge.upload import PART_BYTES, Uploader
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings
from runtime.stack.ports import free_port

CAPTURED = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
CLIP = b"\0\0\0\x18ftypisom" + bytes(range(256)) * 20_000
JPEG = b"\xff\xd8\xff picture"
CAMERA = "cam-k-001-1"


def until(look: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.02)


class Line:
    """A way to the centre that breaks after so many bytes, again and again, and can be cut off."""

    def __init__(self, port: int, breaks_after: int) -> None:
        self.port, self.breaks_after = port, breaks_after
        self.carried, self.broken, self.slow_s = 0, 0, 0.0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(daemon=True, target=self._accept).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.port))
            threading.Thread(daemon=True, target=self._carry, args=(near, far)).start()
            threading.Thread(daemon=True, target=self._back, args=(far, near)).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        left = self.breaks_after
        with suppress(OSError):
            while content := near.recv(min(65536, left)):
                far.sendall(content)
                time.sleep(self.slow_s)
                self.carried += len(content)
                left -= len(content)
                if left == 0:
                    self.broken += 1
                    break
        for end in (near, far):
            # What has come so far is still read; closing at once would take it back.
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _back(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while content := far.recv(65536):
                near.sendall(content)

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def settings(city_db: DatabaseSettings, tmp_path: Path) -> Settings:
    return Settings(database=city_db, api=ApiSettings(port=free_port(), evidence=tmp_path / "evidence"))


@pytest.fixture
def centre(settings: Settings) -> Iterator[int]:
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=settings.api.port, log_level="critical"))
    thread = threading.Thread(daemon=True, target=server.run)
    thread.start()
    until(lambda: server.started)
    yield settings.api.port
    server.should_exit = True
    thread.join(15)


def put_clip(outbox: Outbox, folder: Path, content: bytes = CLIP) -> tuple[UUID, str]:
    event, sha = uuid4(), hashlib.sha256(content).hexdigest()
    (folder / "cut.mp4").write_bytes(content)
    proof = Evidence(sha256=sha, media="video/mp4", captured=CAPTURED)
    outbox.clip(event, CAMERA, folder / "cut.mp4", proof)
    return event, sha


def arrived(settings: Settings) -> list[tuple[str, str, int | None]]:
    with connect(settings.database, Role.OWNER) as connection:
        rows = connection.execute("SELECT media, sha256, clock_offset_ms FROM evidence ORDER BY received_at").fetchall()
    return [(row["media"], row["sha256"], row["clock_offset_ms"]) for row in rows]


def send(outbox: Outbox, url: str, stop: threading.Event) -> threading.Thread:
    uploader = Uploader(outbox, url, "upload-token", first_pause_s=0.02, offset_ms=lambda: 40)
    thread = threading.Thread(daemon=True, target=uploader.run, args=(stop,))
    thread.start()
    return thread


def test_a_clip_arrives_over_a_line_that_breaks_every_700_kb(tmp_path: Path, settings: Settings, centre: int) -> None:
    outbox, line, stop = Outbox(tmp_path / "pictures"), Line(centre, 700_000), threading.Event()
    _, sha = put_clip(outbox, tmp_path)
    assert PART_BYTES > 700_000, "not one part goes through whole"
    thread = send(outbox, line.url, stop)
    until(lambda: not outbox.names())
    stop.set()
    thread.join(10)
    line.close()
    assert path_of(settings.api.evidence, sha, "video/mp4").read_bytes() == CLIP
    assert arrived(settings) == [("video/mp4", sha, 40)]
    assert line.broken >= 6
    assert line.carried < 1.3 * len(CLIP), "what had arrived was not sent again"


def test_a_picture_overtakes_a_clip_and_a_restart_goes_on(tmp_path: Path, settings: Settings, centre: int) -> None:
    outbox, line, stop = Outbox(tmp_path / "pictures"), Line(centre, 2**40), threading.Event()
    line.slow_s = 0.03
    _, sha = put_clip(outbox, tmp_path)
    thread = send(outbox, line.url, stop)
    until(lambda: line.carried > PART_BYTES)
    picture = hashlib.sha256(JPEG).hexdigest()
    outbox.evidence(uuid4(), CAMERA, JPEG, Evidence(sha256=picture, media="image/jpeg", captured=CAPTURED))
    until(lambda: arrived(settings))
    assert arrived(settings) == [("image/jpeg", picture, 40)] and len(outbox.names()) == 1
    stop.set()
    thread.join(20)
    before, again = line.carried, threading.Event()
    thread = send(Outbox(tmp_path / "pictures"), line.url, again)
    until(lambda: not outbox.names())
    again.set()
    thread.join(20)
    line.close()
    assert before > PART_BYTES and line.carried < len(CLIP) + PART_BYTES
    assert [row[:2] for row in arrived(settings)][-1] == ("video/mp4", sha)


def test_a_file_that_rotted_on_the_disk_is_set_aside_and_not_sent_for_ever(
    tmp_path: Path, settings: Settings, centre: int
) -> None:
    outbox, stop = Outbox(tmp_path / "pictures"), threading.Event()
    event, sha = put_clip(outbox, tmp_path)
    (file,) = outbox.waiting.glob("*.mp4")
    file.write_bytes(CLIP[:-1] + b"?")
    thread = send(outbox, f"http://127.0.0.1:{centre}", stop)
    until(lambda: not outbox.names())
    stop.set()
    thread.join(10)
    (note,) = outbox.refused.glob(f"c-{event}*.json")
    assert "409" in note.read_text() and sha in note.read_text()
    assert arrived(settings) == []


@pytest.mark.parametrize("ahead_s", [-3600.0, 0.0, 75.5])
def test_the_clock_is_measured_against_the_centre(centre: int, ahead_s: float) -> None:
    """F5, seen from the edge."""
    clock = CentreClock(f"http://127.0.0.1:{centre}/", wall=lambda: datetime.now(UTC) + timedelta(seconds=ahead_s))
    stop = threading.Event()
    thread = threading.Thread(daemon=True, target=clock.run, args=(stop,))
    thread.start()
    until(lambda: clock.offset)
    stop.set()
    thread.join(10)
    assert clock.offset is not None and clock.offset_ms is not None
    assert abs(clock.offset_ms + 1000 * ahead_s) <= clock.offset.error_ms < 2000


def test_a_centre_of_the_past_is_measured_by_its_date_header_with_its_whole_seconds(centre: int) -> None:
    clock = CentreClock(f"http://127.0.0.1:{centre}/nothing-here")
    with httpx.Client(trust_env=False) as client:
        look = clock.look(client)
    assert look is not None and look.step_s == 1.0 and abs(look.theirs - look.asked) < timedelta(seconds=30)
