"""Newer weights over HTTP or from a folder: checked, warmed, on trial, kept over a restart, or rolled back."""

import hashlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import onnx
import pytest

from contracts.kinds import EdgeCommand
from contracts.messages import Command
from edge.camera_duty import make_eyes
from edge.chosen_models import chosen
from edge.commands import Answer, Refused, Site, Started, model_update
from edge.config import CameraConfig, EdgeConfig
from edge.live import Pushers
from edge.live_config import LiveConfig
from models import registry
from models.detector import OnnxDetector

ENTRY = registry.load().entry()
SHIPPED = registry.path_of(ENTRY, registry.SHIPPED)
PICTURE = np.zeros((96, 128, 3), np.uint8)


def altered(folder: Path, name: str, **changes: str) -> Path:
    """The shipped weights with other notes: another file, the same network."""
    model = onnx.load(SHIPPED)
    note = model.metadata_props.add()
    note.key, note.value = "note", name
    path = folder / name
    onnx.save(model, path)
    return path


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNLIT_MODELS", str(tmp_path / "store"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any, **rest: Any) -> None:
            super().__init__(*args, directory=str(folder), **rest)

        def log_message(self, format: str, *args: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(daemon=True, target=running.serve_forever).start()
    yield folder, f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


class Edge:
    def __init__(self, folder: Path, **config: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.config = EdgeConfig(
            agent="agent-1", site="s-1", spool=str(folder), camera=(CameraConfig(device="cam-1"),), **config
        )
        live = LiveConfig(self.config)
        self.eyes = make_eyes(self.config)
        self.site = Site(
            live=live,
            drivers={},
            heard={},
            connected=lambda: True,
            reload=lambda: Answer(True, ""),
            pushers=Pushers(live, lambda device: None),
            eyes=self.eyes,
        )

    @property
    def eye(self) -> Any:
        return self.eyes[None]

    def update(self, **args: Any) -> Answer | Started:
        now = datetime.now(UTC)
        command = Command(
            id=uuid4(),
            device="agent-1",
            kind=EdgeCommand.MODEL_UPDATE,
            issued=now,
            expires=now + timedelta(minutes=1),
            args={"name": ENTRY.name, **args},
        )
        return model_update.carry_out(self.site, command, now)

    def finish(self, looks: int = 20, **args: Any) -> Answer:
        """The answer, while the camera goes on looking."""
        started = self.update(**args)
        assert isinstance(started, Started)
        answers: list[Answer] = []
        thread = threading.Thread(daemon=True, target=lambda: answers.append(started.work(threading.Event())))
        thread.start()
        while thread.is_alive():
            self.eye.look(PICTURE)
            thread.join(0.02)
        return answers[0]


def of(path: Path, address: str, version: str = "9") -> dict[str, Any]:
    return {"version": version, "address": address, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_it_is_fetched_proven_kept_over_a_restart_and_taken_back(tmp_path: Path, server: tuple[Path, str]) -> None:
    folder, url = server
    newer = altered(folder, "newer.onnx")
    edge = Edge(tmp_path / "spool")
    before = edge.eye.open()
    values = of(newer, f"{url}/newer.onnx")
    answer = edge.finish(**values)
    assert answer == (True, f"{ENTRY.name} 9 {values['sha256'][:12]} looks now")
    assert edge.eye.look(PICTURE)[1].sha256 == values["sha256"] != before.sha256
    again = Edge(tmp_path / "spool")
    assert again.eye.open().version == "9"
    # Taken back: the registry's own was never lost.
    assert again.finish(rollback=True).ok
    assert again.eye.look(PICTURE)[1] == before and chosen(tmp_path / "spool") == {}


def test_a_folder_on_site_serves_where_there_is_no_network(tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    newer = altered(folder, "newer.onnx")
    edge = Edge(tmp_path / "spool", models_folder=str(folder))
    assert edge.finish(**of(newer, "newer.onnx")).ok
    (tmp_path / "secret.onnx").write_bytes(newer.read_bytes() + b"x")
    other = edge.finish(**of(tmp_path / "secret.onnx", "../secret.onnx"))
    assert not other.ok and "holds no secret.onnx" in other.reason


@pytest.mark.parametrize("fault", ["hash", "gone", "no model", "other network"])
def test_what_does_not_fit_changes_nothing(tmp_path: Path, server: tuple[Path, str], fault: str) -> None:
    folder, url = server
    path = altered(folder, "newer.onnx")
    if fault == "no model":
        path.write_bytes(b"not a model")
    if fault == "other network":
        from onnx import TensorProto, helper

        io = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 8, 8]) for name in "xy"]
        node = helper.make_node("Identity", ["x"], ["y"])
        graph = helper.make_graph([node], "g", io[:1], io[1:])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)
    values = of(path, f"{url}/{'none' if fault == 'gone' else 'newer'}.onnx")
    if fault == "hash":
        values["sha256"] = "0" * 64
    edge = Edge(tmp_path / "spool")
    before = edge.eye.open()
    answer = edge.finish(**values)
    assert not answer.ok and answer.reason.startswith("nothing was changed: ")
    assert edge.eye.look(PICTURE)[1] == before and chosen(tmp_path / "spool") == {}


def test_one_that_fails_at_a_look_is_rolled_back(
    tmp_path: Path, server: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, url = server
    newer = altered(folder, "newer.onnx")
    edge = Edge(tmp_path / "spool")
    before = edge.eye.open()
    looks = 0

    class Fragile(OnnxDetector):
        """Opens and warms up well, and breaks at its third picture."""

        def detect(self, image: Any, **rest: Any) -> Any:
            nonlocal looks
            looks += 1
            if looks == 3:
                raise ValueError("operands could not be broadcast together")
            return super().detect(image, **rest)

    monkeypatch.setattr(model_update, "OnnxDetector", Fragile)
    answer = edge.finish(**of(newer, f"{url}/newer.onnx"))
    assert not answer.ok
    assert answer.reason.startswith("rolled back: a look failed (ValueError: operands could not be broadcast")
    assert edge.eye.look(PICTURE)[1] == before and chosen(tmp_path / "spool") == {}


def test_a_choice_that_does_not_open_any_more_gives_way_to_the_registry(
    tmp_path: Path, server: tuple[Path, str], caplog: pytest.LogCaptureFixture
) -> None:
    folder, url = server
    newer = altered(folder, "newer.onnx")
    edge = Edge(tmp_path / "spool")
    before = edge.eye.open()
    assert edge.finish(**of(newer, f"{url}/newer.onnx")).ok
    for path in (tmp_path / "store").glob("*.onnx"):
        path.write_bytes(b"spoilt")
    assert Edge(tmp_path / "spool").eye.open() == before
    assert "the registry's looks instead" in caplog.text


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"name": "nobody"}, "'nobody' is not in the registry"),
        ({"name": 5}, "name: 5"),
        ({"version": "9", "address": "https://x/y", "sha256": "ff"}, "sha256: 'ff', expected 64 hex digits"),
        ({"version": "", "address": "https://x/y", "sha256": "0" * 64}, "version: ''"),
        ({"version": "9", "sha256": "0" * 64}, "address: None"),
    ],
)
def test_what_is_no_update_is_refused(tmp_path: Path, args: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        Edge(tmp_path / "spool").update(**args)


def test_a_model_that_no_camera_looks_with_is_refused(tmp_path: Path) -> None:
    other = next(entry.name for entry in registry.load().model if entry.name != ENTRY.name)
    with pytest.raises(Refused, match="no camera of this agent"):
        Edge(tmp_path / "spool").update(name=other)


def test_an_address_needs_a_scheme_where_no_folder_is_configured(tmp_path: Path) -> None:
    answer = Edge(tmp_path / "spool").finish(version="9", address="newer.onnx", sha256="0" * 64)
    assert not answer.ok and "this agent has no models_folder" in answer.reason
