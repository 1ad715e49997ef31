"""A real HTTP server that is down, refuses, asks to wait, or takes: every picture arrives once or is set aside."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.messages import Evidence
from edge.outbox import Outbox
from edge.upload import Uploader

CAPTURED = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


class Centre:
    """Answers with the statuses of `answers` one after the other, then with 201; remembers what it took."""

    def __init__(self, port: int = 0) -> None:
        self.answers: list[int] = []
        self.asked: list[tuple[str, dict[str, str], bytes, int]] = []
        centre = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = centre.answers.pop(0) if centre.answers else 201
                centre.asked.append((self.path, dict(self.headers), body, status))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(b"because")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(daemon=True, target=self.server.serve_forever).start()

    @property
    def taken(self) -> list[tuple[str, bytes]]:
        return [(path, body) for path, _, body, status in self.asked if status == 201]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def centre() -> Iterator[Centre]:
    running = Centre()
    yield running
    running.close()


@pytest.fixture
def sending() -> Iterator[Callable[[Outbox, str], threading.Event]]:
    running: list[tuple[threading.Event, threading.Thread]] = []

    def start(outbox: Outbox, url: str) -> threading.Event:
        stop = threading.Event()
        uploader = Uploader(outbox, url, "geheim", first_pause_s=0.02)
        running.append((stop, threading.Thread(daemon=True, target=uploader.run, args=(stop,))))
        running[-1][1].start()
        return stop

    yield start
    for stop, thread in running:
        stop.set()
        thread.join(10)


Sending = Callable[[Outbox, str], threading.Event]


def put(outbox: Outbox, jpeg: bytes = b"jpeg") -> tuple[UUID, str]:
    event, sha = uuid4(), hashlib.sha256(jpeg).hexdigest()
    outbox.evidence(event, "cam-1", jpeg, Evidence(sha256=sha, media="image/jpeg", captured=CAPTURED))
    return event, sha


def until(look: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.01)


def test_evidence_and_stills_arrive_with_their_names(tmp_path: Path, centre: Centre, sending: Sending) -> None:
    outbox = Outbox(tmp_path)
    event, sha = put(outbox)
    outbox.still("cam-1", b"still", CAPTURED)
    sending(outbox, centre.url + "/")
    # The picture goes after its parcel: a crash in between leaves a picture, never a parcel without one.
    until(lambda: not list(outbox.waiting.iterdir()))
    assert centre.taken == [(f"/edge/v1/evidence/{event}/{sha}", b"jpeg"), ("/edge/v1/still/cam-1", b"still")]
    headers = centre.asked[0][1]
    assert headers["Authorization"] == "Bearer geheim" and headers["X-Sunlit-Device"] == "cam-1"
    assert datetime.fromisoformat(headers["X-Captured-At"]) == CAPTURED
    assert headers["Content-Type"] == "image/jpeg"


def test_a_centre_that_asks_to_wait_gets_it_later(
    tmp_path: Path, centre: Centre, sending: Sending, caplog: pytest.LogCaptureFixture
) -> None:
    centre.answers = [503, 503, 429, 408, 500, 401]
    outbox = Outbox(tmp_path)
    put(outbox)
    sending(outbox, centre.url)
    until(lambda: not outbox.names())
    assert [status for *_, status in centre.asked] == [503, 503, 429, 408, 500, 401, 201]
    # On change: the same answer twice is one line.
    assert sum("answers 503" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 413, 422])
def test_what_is_refused_is_set_aside_with_the_reason_and_the_rest_goes_on(
    tmp_path: Path, centre: Centre, sending: Sending, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    centre.answers = [status]
    outbox = Outbox(tmp_path)
    put(outbox, b"one")
    put(outbox, b"two")
    sending(outbox, centre.url)
    until(lambda: not outbox.names())
    assert len(centre.taken) == 1
    notes = list(outbox.refused.glob("*.json"))
    assert len(notes) == 1 and f"{status} because" in notes[0].read_text()
    assert notes[0].with_suffix(".jpg").read_bytes() in (b"one", b"two")
    assert sum("refused" in record.message for record in caplog.records) == 1
    assert "geheim" not in caplog.text


def test_pictures_survive_a_restart_and_a_centre_that_is_down(tmp_path: Path, sending: Sending) -> None:
    centre = Centre()
    port, url = centre.server.server_port, centre.url
    centre.close()
    first = Outbox(tmp_path)
    sent = [put(first, bytes([number])) for number in range(5)]
    stop = sending(first, url)
    time.sleep(0.2)
    stop.set()
    assert len(first.names()) == 5
    again = Centre(port)
    second = Outbox(tmp_path)
    sending(second, url)
    until(lambda: not second.names())
    again.close()
    assert sorted(path for path, _ in again.taken) == sorted(f"/edge/v1/evidence/{event}/{sha}" for event, sha in sent)


def test_only_the_newest_still_of_a_camera_waits(tmp_path: Path, centre: Centre, sending: Sending) -> None:
    outbox = Outbox(tmp_path)
    for number in range(5):
        outbox.still("cam-1", bytes([number]), CAPTURED.replace(second=number))
    assert outbox.names() == ["b-cam-1"]
    sending(outbox, centre.url)
    until(lambda: not outbox.names())
    assert centre.taken == [("/edge/v1/still/cam-1", bytes([4]))]


def test_a_newer_still_is_not_forgotten_with_the_older_one(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.still("cam-1", b"old", CAPTURED)
    found = outbox.take("b-cam-1")
    assert found is not None
    outbox.still("cam-1", b"new", CAPTURED.replace(second=9))
    outbox.done("b-cam-1", found[0])
    again = outbox.take("b-cam-1")
    assert again is not None and again[1].read() == b"new"


def test_a_power_cut_leaves_no_half_parcel(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    # What a crash can leave: a picture without its parcel, parts, a parcel that is no JSON, one without its picture.
    (outbox.waiting / "a-1.jpg").write_bytes(b"x")
    (outbox.waiting / ".a-2.json.part").write_bytes(b"{")
    (outbox.waiting / "a-3.json").write_bytes(b"{")
    put(outbox)
    [lonely] = set(outbox.names()) - {"a-3"}
    (outbox.waiting / f"{lonely}.jpg").unlink()
    assert [outbox.take(name) for name in outbox.names()] == [None, None]
    assert outbox.names() == []


def test_a_url_that_is_none_is_said_and_nothing_is_lost(
    tmp_path: Path, sending: Sending, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(tmp_path)
    put(outbox)
    sending(outbox, "centre.example")
    until(lambda: "cannot be reached" in caplog.text)
    assert len(outbox.names()) == 1
