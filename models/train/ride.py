"""Trains the ride's judge and says how good it is: `python -m models.train.ride --data F --test F --out MODEL.onnx`.

The sets come from `sunlit edge rides`. Learned from: healthy rides, three kinds of wear, and rides that are strange in
a way of their own (healthy ones with some features pushed away). Two kinds of wear are never shown in training.
"""

import json
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import onnx
import typer
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.ride import NAMES, RideModel, features
from models.session import sha256_of

Floats = NDArray[np.float64]
HEALTHY, RECORDED = "healthy", "recorded"
SHOWN = ("roughness", "judder", "sway")
HIDDEN, RATE, DECAY, STEPS, BATCH = 16, 0.01, 1e-4, 6000, 512
RESAMPLED = 1000
LEVELS = ((0.03, 0.06), (0.06, 0.12), (0.12, 0.3))
"""m/s2; the first is weaker than anything that was learned from"""


class Rides(msgspec.Struct, frozen=True):
    x: Floats
    wear: NDArray[np.str_]
    level: Floats


class Net(msgspec.Struct, frozen=True):
    """tanh of a linear map of standardised features, then a linear map, then a sigmoid."""

    mean: Floats
    scale: Floats
    w1: Floats
    b1: Floats
    w2: Floats
    b2: Floats

    def score(self, x: Floats) -> Floats:
        hidden = np.tanh((x - self.mean) / self.scale @ self.w1 + self.b1)
        return np.asarray(1 / (1 + np.exp(-(hidden @ self.w2 + self.b2)[:, 0])))


def load(path: Path) -> Rides:
    with np.load(path, allow_pickle=False) as kept:
        ends = np.cumsum(kept["lengths"])[:-1]
        rides = np.split(kept["acceleration"].astype(np.float64), ends)
        return Rides(np.array([features(one) for one in rides]), kept["wear"], kept["level"])


def strange(healthy: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Standardised healthy rides with one to four features pushed far up: wear that nobody has thought of."""
    picked = healthy[rng.integers(len(healthy), size=count)].copy()
    pushed = rng.random(picked.shape) < 0.22
    pushed[np.arange(count), rng.integers(picked.shape[1], size=count)] = True
    return picked + pushed * rng.uniform(3, 8, picked.shape)


def train(rides: Rides, seed: int) -> Net:
    """Adam on the cross entropy; half of every batch is healthy."""
    rng = np.random.default_rng(seed)
    healthy = rides.x[rides.wear == HEALTHY]
    mean, scale = healthy.mean(0), healthy.std(0)
    good = (healthy - mean) / scale
    worn = (rides.x[np.isin(rides.wear, SHOWN)] - mean) / scale
    weights = [
        rng.normal(0, 1 / np.sqrt(len(NAMES)), (len(NAMES), HIDDEN)),
        np.zeros(HIDDEN),
        rng.normal(0, 1 / np.sqrt(HIDDEN), (HIDDEN, 1)),
        np.zeros(1),
    ]
    first, second = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    for step in range(1, STEPS + 1):
        third = BATCH // 4
        x = np.concatenate(
            (
                good[rng.integers(len(good), size=2 * third)],
                worn[rng.integers(len(worn), size=third)],
                strange(good, third, rng),
            )
        )
        y = np.repeat((0.0, 1.0), 2 * third)[:, None]
        gradients = _gradients(weights, x, y)
        pace = RATE * (1 - step / (STEPS + 1))
        for i, gradient in enumerate(gradients):
            first[i] = 0.9 * first[i] + 0.1 * gradient
            second[i] = 0.999 * second[i] + 0.001 * gradient**2
            move = first[i] / (1 - 0.9**step) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
            weights[i] = weights[i] - pace * move - DECAY * weights[i]
    return Net(mean, scale, *weights)


def _gradients(weights: list[Floats], x: Floats, y: Floats) -> list[Floats]:
    w1, b1, w2, b2 = weights
    hidden = np.tanh(x @ w1 + b1)
    error = (1 / (1 + np.exp(-(hidden @ w2 + b2))) - y) / len(x)
    back = error @ w2.T * (1 - hidden**2)
    return [x.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]


def export(net: Net, path: Path) -> None:
    """The network as ONNX, standardising included."""
    constants = {"mean": net.mean, "scale": net.scale, "w1": net.w1, "b1": net.b1, "w2": net.w2, "b2": net.b2}
    nodes = [
        helper.make_node("Sub", ["features", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "scale"], ["standard"]),
        helper.make_node("Gemm", ["standard", "w1", "b1"], ["mixed"]),
        helper.make_node("Tanh", ["mixed"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "w2", "b2"], ["raw"]),
        helper.make_node("Sigmoid", ["raw"], ["score"]),
    ]
    graph = helper.make_graph(
        nodes,
        "sunlit-ride",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", len(NAMES)])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def auc(good: Floats, bad: Floats) -> float:
    """How often a worn ride scores above a healthy one."""
    order = np.concatenate((good, bad)).argsort(kind="stable").argsort() + 1.0
    return float((order[len(good) :].sum() - len(bad) * (len(bad) + 1) / 2) / (len(good) * len(bad)))


def interval(good: Floats, bad: Floats, seed: int = 1) -> tuple[float, float]:
    """95 % by drawing both sets again and again."""
    rng = np.random.default_rng(seed)
    drawn = [auc(rng.choice(good, len(good)), rng.choice(bad, len(bad))) for _ in range(RESAMPLED)]
    return float(np.percentile(drawn, 2.5)), float(np.percentile(drawn, 97.5))


def evaluate(net: Net, test: Rides) -> dict[str, object]:
    """Per kind of wear and by its level, beside the plainest rule there is; and what the recorded ride scores."""
    scores, plain = net.score(test.x), ((test.x - net.mean) / net.scale).max(1)
    healthy = test.wear == HEALTHY
    report: dict[str, object] = {
        "healthy": {"rides": int(healthy.sum()), "above 0.5": _above(scores[healthy])},
        "recorded ride": [round(float(one), 4) for one in scores[test.wear == RECORDED]],
    }
    for wear in sorted(set(test.wear) - {HEALTHY, RECORDED}):
        for low, high in LEVELS:
            chosen = (test.wear == wear) & (test.level >= low) & (test.level < high)
            if chosen.sum() < 20:
                continue
            report[f"{wear} {low:g}-{high:g}"] = {
                "shown": wear in SHOWN,
                "rides": int(chosen.sum()),
                "auc": round(auc(scores[healthy], scores[chosen]), 4),
                "interval": [round(one, 4) for one in interval(scores[healthy], scores[chosen])],
                "above 0.5": _above(scores[chosen]),
                "auc of the largest feature": round(auc(plain[healthy], plain[chosen]), 4),
            }
    return report


def _above(scores: Floats) -> float:
    return round(float((scores > 0.5).mean()), 4)


def main(
    data: Annotated[Path, typer.Option(help="rides to learn from, .npz")],
    test: Annotated[Path, typer.Option(help="rides of another seed, .npz")],
    out: Annotated[Path, typer.Option(help="the graph, .onnx")],
    seed: int = 1,
) -> None:
    """Trains, exports, evaluates, and prints the graph's hash."""
    net = train(load(data), seed)
    export(net, out)
    found = sha256_of(out)
    RideModel(out, found)
    typer.echo(json.dumps({**evaluate(net, load(test)), "sha256": found}, indent=2))


if __name__ == "__main__":
    typer.run(main)
