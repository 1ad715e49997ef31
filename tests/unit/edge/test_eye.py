import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from contracts.vision import Detection, Image, ModelRef
from edge.cli import app
from edge.eye import Eye, EyeStuck
from models import registry
from models.errors import ModelError


class Blind:
    """A detector that sees nothing."""

    ref = ModelRef("blind", "1", "00" * 32)

    def detect(self, image: Image) -> Sequence[Detection]:
        return []


def test_it_opens_once_and_says_who_looked() -> None:
    asked: list[str | None] = []

    def opener(name: str | None) -> Blind:
        asked.append(name)
        return Blind()

    eye = Eye("blind", opener)
    assert not asked
    assert eye.open() == Blind.ref
    assert eye.look(np.zeros((4, 4, 3), np.uint8)) == ([], Blind.ref)
    assert asked == ["blind"]


def test_a_model_that_does_not_open_is_an_error_each_time() -> None:
    def opener(_: str | None) -> Blind:
        raise ModelError("sha256: wrong")

    eye = Eye(None, opener)
    for _ in range(2):
        with pytest.raises(ModelError, match="sha256: wrong"):
            eye.open()


def test_the_check_opens_the_citys_own_registry(tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    book = tmp_path / "models.toml"
    config.write_text(f'agent = "a-1"\nsite = "s-1"\nmodels = "{book}"\n[[camera]]\ndevice = "cam-1"\n')
    run = CliRunner().invoke
    missing = run(app, ["check", "--config", str(config)])
    assert missing.exit_code == 1 and "models.toml: cannot be read" in missing.output
    book.write_text(registry.SHIPPED.read_text())
    absent = run(app, ["check", "--config", str(config)])
    assert absent.exit_code == 1 and "sunlit-heads-1.onnx cannot be read" in absent.output
    (tmp_path / "weights").symlink_to(registry.SHIPPED.parent / "weights")
    good = run(app, ["check", "--config", str(config)])
    assert good.exit_code == 0 and "2 looks/s by sunlit-heads-1" in good.output


def test_as_many_pictures_at_once_as_it_is_told(tmp_path: Path) -> None:
    inside, most, lock, gate = 0, 0, threading.Lock(), threading.Event()

    class Slow(Blind):
        def detect(self, image: Image) -> Sequence[Detection]:
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
                if inside == 2:
                    gate.set()
            gate.wait(10)
            with lock:
                inside -= 1
            return []

    eye = Eye(None, lambda _: Slow(), at_once=2)
    image = np.zeros((4, 4, 3), np.uint8)
    threads = [threading.Thread(daemon=True, target=eye.look, args=(image,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert gate.is_set() and most == 2 and inside == 0


class Newer:
    """A detector that fails from its n-th look on."""

    ref = ModelRef("newer", "2", "11" * 32)

    def __init__(self, fails_at: int) -> None:
        self.left = fails_at

    def detect(self, image: Image) -> Sequence[Detection]:
        self.left -= 1
        if self.left <= 0:
            raise ModelError("input: refused by the graph")
        return []


PICTURE = np.zeros((4, 4, 3), np.uint8)


def test_a_new_model_that_looks_well_stays() -> None:
    eye = Eye(None, lambda _: Blind())
    eye.open()
    trial = eye.try_out(Newer(99), 3)
    assert [eye.look(PICTURE)[1] for _ in range(2)] == [Newer.ref] * 2
    assert not trial.over.is_set() and eye.ref == Blind.ref
    eye.look(PICTURE)
    assert trial.over.is_set() and not trial.fault
    eye.settle(trial, keep=True)
    assert eye.ref == Newer.ref and eye.look(PICTURE)[1] == Newer.ref


@pytest.mark.parametrize("fails_at", [1, 3])
def test_at_its_first_fault_the_old_one_looks_at_the_same_picture(fails_at: int) -> None:
    eye = Eye(None, lambda _: Blind())
    trial = eye.try_out(Newer(fails_at), 3)
    seen = [eye.look(PICTURE)[1] for _ in range(4)]
    assert seen == [Newer.ref] * (fails_at - 1) + [Blind.ref] * (5 - fails_at)
    assert trial.over.is_set() and "refused by the graph" in trial.fault
    eye.settle(trial, keep=False)
    assert eye.ref == Blind.ref


def test_one_trial_at_a_time() -> None:
    eye = Eye(None, lambda _: Blind())
    eye.try_out(Newer(9), 3)
    with pytest.raises(ModelError, match="another model is on trial"):
        eye.try_out(Newer(9), 3)


class Hanging(Blind):
    """Answers the first look, then never, until it is let go."""

    def __init__(self) -> None:
        self.looks, self.go = 0, threading.Event()

    def detect(self, image: Image) -> Sequence[Detection]:
        self.looks += 1
        if self.looks > 1:
            self.go.wait(60)
        return []


def test_a_detector_that_hangs_is_left_behind_by_every_camera() -> None:
    opened: list[Hanging] = []

    def opener(_: str | None) -> Hanging:
        opened.append(Hanging())
        return opened[-1]

    eye, image, told = Eye(None, opener, look_s=0.2), np.zeros((4, 4, 3), np.uint8), list[str]()
    eye.look(image)

    def camera() -> None:
        with pytest.raises(EyeStuck) as caught:
            eye.look(image)
        told.append(str(caught.value))

    cameras = [threading.Thread(daemon=True, target=camera) for _ in range(3)]
    for one in cameras:
        one.start()
    for one in cameras:
        one.join(30)
    assert told == ["the detector did not answer within 0.2 s; opening it again"] * 3
    assert eye.look(image) == ([], Blind.ref) and len(opened) == 2
    opened[0].go.set()


def test_a_detector_that_fails_fails_for_the_camera_that_asked() -> None:
    class Failing(Blind):
        def detect(self, image: Image) -> Sequence[Detection]:
            raise ModelError("no such operator") if image.any() else TimeoutError("its own")

    eye = Eye(None, lambda _: Failing())
    with pytest.raises(ModelError, match="no such operator"):
        eye.look(np.ones((4, 4, 3), np.uint8))
    with pytest.raises(TimeoutError, match="its own"):
        eye.look(np.zeros((4, 4, 3), np.uint8))
