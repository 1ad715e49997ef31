"""The ride's judge: features with a meaning, a graph that is the released one, and how good it is on new rides."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
from typer.testing import CliRunner

from edge import ride_set
from edge.cli import app
from edge.recording import read
from edge.ride_set import HEALTHY, WEARS
from models.errors import ModelError
from models.ride import NAMES, WEIGHTS, RideError, RideModel, features
from models.train.ride import Net, auc, evaluate, export, interval, load, train


def test_features_know_neither_direction_nor_the_sensors_zero() -> None:
    ride = ride_set.ride(HEALTHY, 0.0, Random(1)).acceleration
    assert features(-ride) == pytest.approx(features(ride))
    assert features(ride + 0.3) == pytest.approx(features(ride))
    assert len(features(ride)) == len(NAMES)


@pytest.mark.parametrize("ride", [np.zeros(0), np.zeros(69), np.full(200, np.nan), np.zeros((80, 3))])
def test_what_is_no_ride_is_refused_in_words(ride: np.ndarray) -> None:
    with pytest.raises(RideError, match="expected at least 70 numbers"):
        features(ride)


def test_a_ride_without_any_movement_has_finite_features() -> None:
    assert np.isfinite(features(np.zeros(200))).all()


def test_another_file_than_the_released_one_is_refused(tmp_path: Path) -> None:
    changed = tmp_path / "ride.onnx"
    changed.write_bytes(WEIGHTS.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="sha256"):
        RideModel(changed)
    with pytest.raises(ModelError, match="cannot be read"):
        RideModel(tmp_path / "none.onnx")


def scores(wear: str, level: float, count: int = 150) -> np.ndarray:
    model, rng = RideModel(), Random(77)
    return np.array([model.score(ride_set.ride(wear, level, rng).acceleration) for _ in range(count)])


def test_the_released_graph_on_rides_it_has_never_seen() -> None:
    healthy = scores(HEALTHY, 0.0, 300)
    assert (healthy > 0.5).mean() < 0.03
    for wear in WEARS:
        floor = 0.85 if wear == "joints" else 0.97
        assert auc(healthy, scores(wear, 0.2)) > floor, wear


def test_area_and_its_interval() -> None:
    low, high = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.35, 0.5, 0.6])
    assert auc(low, high) == pytest.approx(11 / 12)
    assert auc(high, low) == pytest.approx(1 / 12)
    assert auc(low, high + 1) == 1
    bottom, top = interval(np.tile(low, 20), np.tile(high, 20))
    assert bottom < 11 / 12 < top


def test_training_and_its_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.train.ride.STEPS", 300)
    ride_set.save(tmp_path / "learn.npz", ride_set.make(5, 60, (0.06, 0.3)))
    ride_set.save(tmp_path / "test.npz", ride_set.make(6, 40, (0.12, 0.3)))
    net = train(load(tmp_path / "learn.npz"), 1)
    assert isinstance(net, Net)
    rides = load(tmp_path / "test.npz")
    report = evaluate(net, rides)
    roughness = report["roughness 0.12-0.3"]
    assert isinstance(roughness, dict)
    assert roughness["auc"] > 0.9
    export(net, tmp_path / "ride.onnx")
    from models.session import Session

    outputs = Session(tmp_path / "ride.onnx", threads=1).run(rides.x.astype(np.float32))
    assert outputs[0][:, 0] == pytest.approx(net.score(rides.x), abs=1e-4)


@pytest.mark.shared
def test_the_recorded_ride_is_healthy_and_worn_when_wear_is_laid_over_it(shared_dir: Path) -> None:
    model = RideModel()
    rides = ride_set.recorded(read(shared_dir / "lift" / "pabrod_skyscraper_up.csv"))
    found = {
        wear: np.array([model.score(one.acceleration) for one in rides if one.wear == wear])
        for wear in {one.wear for one in rides}
    }
    assert found.pop("recorded").max() < 0.5
    assert len(found) == len(WEARS)
    for wear, high in found.items():
        assert np.median(high) > 0.5, wear


def test_the_command_makes_a_set_that_training_reads(tmp_path: Path) -> None:
    out = tmp_path / "rides.npz"
    done = CliRunner().invoke(app, ["rides", "--out", str(out), "--per-wear", "3", "--seed", "4"])
    assert done.exit_code == 0, done.output
    rides = load(out)
    assert len(rides.x) == 2 * 3 * len(WEARS)
    assert set(rides.wear) == {HEALTHY, *WEARS}
    assert rides.level[rides.wear != HEALTHY].min() >= 0.06
    refused = CliRunner().invoke(app, ["rides", "--out", str(out), "--lowest", "0.5"])
    assert (refused.exit_code, "lowest: 0.5, expected less than highest" in refused.stderr) == (1, True)
