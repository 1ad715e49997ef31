"""Clips come in parts over lines that break: what is here is kept, what is whole is checked, and sizes are bounded."""

import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient

from api import partial
from api.app import create_app
from api.edge_uploads import path_of
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings
from runtime.stack.ports import free_port

CLIP = b"\0\0\0\x18ftypisom" + bytes(range(256)) * 12_000
DIGEST = hashlib.sha256(CLIP).hexdigest()
ADDRESS = f"/edge/v1/evidence/{uuid4()}/{DIGEST}"
HEADERS = {
    "Authorization": "Bearer upload-token",
    "X-Sunlit-Device": "cam-k-001-1",
    "X-Captured-At": "2026-11-24T12:00:00Z",
    "X-Sunlit-Clock-Offset-Ms": "-1250",
    "Content-Type": "video/mp4",
}
MB = 1024 * 1024


@pytest.fixture
def settings(city_db: DatabaseSettings, tmp_path: Path) -> Settings:
    return Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "evidence", clip_max_mb=8))


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8600") as client:
        yield client


def until(look: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


def send(client: TestClient, first: int, last: int, content: bytes = CLIP, address: str = ADDRESS) -> httpx.Response:
    span = f"bytes {first}-{last}/{len(content)}"
    answer: httpx.Response = client.put(
        address, content=content[first : last + 1], headers={**HEADERS, "Content-Range": span}
    )
    return answer


def offset(client: TestClient, address: str = ADDRESS) -> tuple[int, str]:
    answer = client.head(address, headers=HEADERS)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"]), answer.headers["upload-complete"]


def test_a_clip_in_parts_is_evidence_when_it_is_whole(settings: Settings, client: TestClient) -> None:
    assert offset(client) == (0, "?0")
    assert send(client, 0, MB - 1).status_code == 202
    assert offset(client) == (MB, "?0")
    refused = send(client, MB + 5, MB + 99)
    assert (refused.status_code, refused.headers["upload-offset"]) == (409, str(MB)), "no holes"
    # Sent again, because its answer was lost.
    assert send(client, MB - 100, MB - 1).headers["upload-offset"] == str(MB)
    assert send(client, MB, 2 * MB - 1).headers["upload-offset"] == str(2 * MB)
    assert send(client, 2 * MB, len(CLIP) - 1).status_code == 201
    assert offset(client) == (len(CLIP), "?1")
    assert path_of(settings.api.evidence, DIGEST, "video/mp4").read_bytes() == CLIP
    assert list((settings.api.evidence / "partial").iterdir()) == []
    with connect(settings.database, Role.OWNER) as connection:
        rows = connection.execute("SELECT media, bytes, clock_offset_ms, captured_at FROM evidence").fetchall()
        custody = connection.execute("SELECT action FROM evidence_custody").fetchall()
    assert rows == [
        {
            "media": "video/mp4",
            "bytes": len(CLIP),
            "clock_offset_ms": -1250,
            "captured_at": datetime(2026, 11, 24, 12, tzinfo=UTC),
        }
    ]
    assert custody == [{"action": "received"}]


def test_parts_that_add_up_to_something_else_begin_anew(settings: Settings, client: TestClient) -> None:
    wrong = CLIP[:-1] + b"x"
    assert send(client, 0, MB - 1, wrong).status_code == 202
    refused = send(client, MB, len(wrong) - 1, wrong)
    assert (refused.status_code, refused.headers["upload-offset"]) == (409, "0")
    assert "sha256" in refused.json()["detail"] and offset(client) == (0, "?0")
    with connect(settings.database, Role.OWNER) as connection:
        assert connection.execute("SELECT FROM evidence").fetchall() == []


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"Content-Range": "bytes 0-99/9000000"}, 413, "expected at most 8388608"),
        ({"Content-Range": "bytes 5-2/100"}, 422, "first <= last < total"),
        ({"Content-Range": "all of it"}, 422, "'all of it', expected bytes first-last/total"),
        ({"Content-Range": "bytes 0-9/100"}, 422, "more than the 10 bytes"),
        ({"Content-Type": "text/html"}, 422, "content-type: 'text/html', expected one of image/jpeg, video/mp4"),
        ({"Authorization": "Bearer wrong"}, 401, "may not send"),
        ({"X-Sunlit-Clock-Offset-Ms": "soon"}, 422, "x-sunlit-clock-offset-ms"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    client: TestClient, change: dict[str, str], status: int, words: str
) -> None:
    headers = {**HEADERS, "Content-Range": "bytes 0-99/100", **change}
    answer = client.put(ADDRESS, content=CLIP[:100], headers=headers)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text


def test_no_clip_is_no_evidence(client: TestClient) -> None:
    noise = b"x" * 1000
    address = f"/edge/v1/evidence/{uuid4()}/{hashlib.sha256(noise).hexdigest()}"
    refused = send(client, 0, 999, noise, address)
    assert refused.status_code == 422 and refused.json()["detail"] == "body: not an MP4 clip"
    short = client.put(f"/edge/v1/evidence/{uuid4()}/abc", content=b"", headers=HEADERS)
    assert short.status_code == 422 and "sha256: 'abc', expected 64 of" in short.json()["detail"]


def test_a_broken_connection_keeps_what_came(settings: Settings) -> None:
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=free_port(), log_level="critical"))
    thread = threading.Thread(daemon=True, target=server.run)
    thread.start()
    until(lambda: server.started)
    names = {
        **HEADERS,
        "Host": "x",
        "Content-Range": f"bytes 0-{len(CLIP) - 1}/{len(CLIP)}",
        "Content-Length": len(CLIP),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in names.items())
    with socket.create_connection(("127.0.0.1", server.config.port)) as line:
        line.sendall(f"PUT {ADDRESS} HTTP/1.1\r\n{lines}\r\n".encode() + CLIP[:700_000])
        until(lambda: list((settings.api.evidence / "partial").glob("*.part")))
    with httpx.Client(base_url=f"http://127.0.0.1:{server.config.port}", trust_env=False) as client:
        until(lambda: int(client.head(ADDRESS, headers=HEADERS).headers["upload-offset"]) > 500_000)
        here = int(client.head(ADDRESS, headers=HEADERS).headers["upload-offset"])
        span = {"Content-Range": f"bytes {here}-{len(CLIP) - 1}/{len(CLIP)}"}
        until(lambda: client.put(ADDRESS, content=CLIP[here:], headers={**HEADERS, **span}).status_code == 201)
    server.should_exit = True
    thread.join(10)
    assert path_of(settings.api.evidence, DIGEST, "video/mp4").read_bytes() == CLIP


def test_uploads_that_nobody_goes_on_with_are_bounded_and_forgotten(client: TestClient, settings: Settings) -> None:
    addresses = [f"/edge/v1/evidence/{uuid4()}/{DIGEST}" for _ in range(partial.MOST_PER_DEVICE + 1)]
    codes = [send(client, 0, 99, address=address).status_code for address in addresses]
    assert codes == [202] * partial.MOST_PER_DEVICE + [429]
    for part in (settings.api.evidence / "partial").iterdir():
        os.utime(part, (0, time.time() - partial.KEPT_S - 1))
    assert send(client, 0, 99, address=addresses[-1]).status_code == 202
    assert offset(client, addresses[0]) == (0, "?0")


def test_a_disk_without_room_is_said_before_anything_is_taken(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial, "SPARE_BYTES", 2**60)
    assert send(client, 0, 99).status_code == 507


def test_the_centre_says_what_time_it_is(client: TestClient) -> None:
    before = datetime.now(UTC)
    answer = client.get("/edge/v1/time")
    assert before <= datetime.fromisoformat(answer.json()["now"]) <= datetime.now(UTC)
    assert answer.headers["cache-control"] == "no-store"
