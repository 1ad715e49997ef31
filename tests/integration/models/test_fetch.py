"""Fetching from a real HTTP server that breaks off, forgets ranges, lies and refuses."""

import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from models import registry
from models.cli import app
from models.errors import ModelError
from models.fetch import fetch
from models.registry import ModelEntry, store

BODY = bytes(range(256)) * 4000
ENTRY = registry.load().entry()


class Server(ThreadingHTTPServer):
    body = BODY
    breaks_after: int | None = None
    knows_ranges = True
    status = 200
    asked: list[str | None]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        start = int(asked[6:-1]) if asked and self.server.knows_ranges else 0
        if start and start >= len(self.server.body):
            self.send_response(416)
            self.end_headers()
            return
        self.send_response(206 if start else self.server.status)
        rest = self.server.body[start:]
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        cut = self.server.breaks_after
        self.wfile.write(rest if cut is None else rest[:cut])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        running.asked = []
        thread = threading.Thread(daemon=True, target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()


@pytest.fixture
def entry(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    monkeypatch.setenv("SUNLIT_MODELS", str(tmp_path / "kept"))
    address = f"http://127.0.0.1:{server.server_port}/models/people.onnx"
    digest = sha256(BODY).hexdigest()
    return msgspec.structs.replace(ENTRY, name="people", file=None, address=address, sha256=digest)


def test_it_is_kept_under_its_hash_and_not_asked_for_twice(server: Server, entry: ModelEntry) -> None:
    seen: list[tuple[int, int | None]] = []
    path = fetch(entry, progress=lambda done, whole: seen.append((done, whole)))
    assert path == store(entry) and path.read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY))
    assert fetch(entry) == path and len(server.asked) == 1


def test_a_broken_connection_goes_on_where_it_was(server: Server, entry: ModelEntry) -> None:
    server.breaks_after = 300_000
    with pytest.raises(ModelError, match=r"people: address: http.*run the command again"):
        fetch(entry)
    server.breaks_after = None
    assert fetch(entry).read_bytes() == BODY
    start = int(str(server.asked[1])[6:-1])
    assert 0 < start <= 300_000


def test_a_server_without_ranges_sends_all_of_it_again(server: Server, entry: ModelEntry) -> None:
    server.breaks_after, server.knows_ranges = 300_000, False
    with pytest.raises(ModelError):
        fetch(entry)
    server.breaks_after = None
    assert fetch(entry).read_bytes() == BODY


def test_a_part_that_is_whole_already_is_taken(server: Server, entry: ModelEntry) -> None:
    part = store(entry).with_suffix(".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(BODY)
    assert fetch(entry).read_bytes() == BODY


def test_another_file_is_not_kept(server: Server, entry: ModelEntry) -> None:
    server.body = BODY[::-1]
    with pytest.raises(ModelError, match=rf"people: sha256: what came from http.*expected {entry.sha256}"):
        fetch(entry)
    assert list(store(entry).parent.iterdir()) == []


def test_an_answer_that_is_no_file_is_named(server: Server, entry: ModelEntry) -> None:
    server.status = 404
    with pytest.raises(ModelError, match="answered 404, expected the file"):
        fetch(entry)


def test_nobody_there(entry: ModelEntry) -> None:
    with pytest.raises(ModelError, match="run the command again"):
        fetch(msgspec.structs.replace(entry, address="http://127.0.0.1:9/people.onnx"))


def test_from_a_folder_by_name_or_by_hash(entry: ModelEntry, tmp_path: Path, server: Server) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    with pytest.raises(ModelError, match=rf"stick holds no people\.onnx and no model with sha256 {entry.sha256}"):
        fetch(entry, folder=folder)
    (folder / "renamed.onnx").write_bytes(BODY)
    assert fetch(entry, folder=folder).read_bytes() == BODY
    assert server.asked == []


def test_an_entry_of_the_registry_itself_has_nothing_to_fetch() -> None:
    with pytest.raises(ModelError, match="its file comes with the registry"):
        fetch(ENTRY)


def test_the_command_fetches_and_then_the_model_opens(
    shared_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUNLIT_MODELS", str(tmp_path))
    run = CliRunner().invoke
    name = "yolox-nano-person"
    unopened = run(app, ["verify", "--model", name])
    assert unopened.exit_code == 1 and f"run: sunlit models fetch {name}" in unopened.output
    assert f"{name}: not fetched" in run(app, ["verify"]).output
    fetched = run(app, ["fetch", name, "--from", str(shared_dir / "onnx")])
    assert fetched.exit_code == 0, fetched.output
    assert run(app, ["verify"]).output.count("good") == 3
