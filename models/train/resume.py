"""Weights to go on from, read back out of a shipped graph: `python -m models.train.resume GRAPH OUT --data DIR`.

The repository keeps graphs and no checkpoints. A graph has its batch norms folded into the convolutions before them, so
they are unfolded again with the means and variances that training pictures give.
"""

import re
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import onnx
import torch
import typer
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from models import labels, letterbox
from models.evaluate.report import read
from models.registry import InputSpec
from models.train.net import Net

_SPEC = InputSpec(width=416, height=416, colour="bgr")
_PICTURES = 96

Pair = tuple[NDArray[Any], NDArray[Any]]


def convolutions(graph: Path) -> dict[str, Pair]:
    """Weight and bias (float32) of every convolution of an exported graph, int8 or not, by the path of its module."""
    model = onnx.load(graph)
    held = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in held:
            held[node.output[0]] = _dequantised(*(held[name] for name in node.input))
        elif node.op_type == "Identity" and node.input[0] in held:
            # Equal numbers are written once.
            held[node.output[0]] = held[node.input[0]]
    return {
        _module(node.name): (held[node.input[1]], held[node.input[2]])
        for node in model.graph.node
        if node.op_type == "Conv"
    }


def _dequantised(values: NDArray[Any], scale: NDArray[Any], zero: NDArray[Any]) -> NDArray[Any]:
    shape = (-1, *[1] * (values.ndim - 1)) if scale.ndim else ()
    whole = values.astype(np.int64) - zero.reshape(shape).astype(np.int64)
    product: NDArray[Any] = (whole * scale.reshape(shape)).astype(np.float32)
    return product


def _module(node: str) -> str:
    """`/net/head/trunk/trunk.0/trunk.0.0_2/Conv`, the third use of a shared module, is `head.trunk.0.0`."""
    path: list[str] = []
    for part in node.removeprefix("/net/").removesuffix("/Conv").split("/"):
        names = re.sub(r"_\d+$", "", part).split(".")
        # A numbered part repeats the container that it lies in.
        path = [*(path[: path.index(names[0])] if names[0] in path else path), *names]
    return ".".join(path)


@torch.no_grad()
def resume(graph: Path, pictures: list[Tensor]) -> Net:
    """The network of a graph, ready to train. `pictures` (B x 3 x H x W, BGR 0-255) give the batch norms' numbers."""
    net = Net().eval()
    modules, found = dict(net.named_modules()), convolutions(graph)
    norms: dict[str, nn.BatchNorm2d] = {}
    for name, (weight, bias) in found.items():
        layer = modules[name]
        assert isinstance(layer, nn.Conv2d)
        layer.weight.copy_(torch.from_numpy(weight.copy()))
        if layer.bias is not None:
            layer.bias.copy_(torch.from_numpy(bias.copy()))
            continue
        parent, _, place = name.rpartition(".")
        norm = modules[f"{parent}.{int(place) + 1}"]
        assert isinstance(norm, nn.BatchNorm2d)
        norm.weight.fill_((1 + norm.eps) ** 0.5)
        norm.bias.copy_(torch.from_numpy(bias.copy()))
        norms[name] = norm
    _unfold(net, norms, pictures)
    return net


def _unfold(net: Net, norms: dict[str, nn.BatchNorm2d], batches: list[Tensor]) -> None:
    """Gives every norm the mean and variance of what it is fed, and a scale and shift that leave its output alone."""
    sums = {name: torch.zeros(3, norm.num_features, dtype=torch.float64) for name, norm in norms.items()}

    def watch(name: str) -> Any:
        def add(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            rows = output.double().transpose(0, 1).flatten(1)
            sums[name] += torch.stack([rows.sum(1), rows.pow(2).sum(1), torch.full((len(rows),), rows.shape[1])])

        return add

    modules = dict(net.named_modules())
    hooks = [modules[name].register_forward_hook(watch(name)) for name in norms]
    for batch in batches:
        net(batch)
    for hook in hooks:
        hook.remove()
    for name, norm in norms.items():
        total, squares, count = sums[name]
        mean = total / count
        variance = (squares / count - mean.pow(2)).clamp(min=1e-6)
        norm.running_mean, norm.running_var = mean.float(), variance.float()
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.add_(mean)


def batches(data: Path) -> list[Tensor]:
    """Training pictures of one size, B x 3 x H x W."""
    pictures = [picture for picture in labels.load(data) if picture.split == "train"]
    blobs = []
    for picture in pictures[:: max(1, len(pictures) // _PICTURES)]:
        pixels = read(picture.path)
        blobs.append(letterbox.blob(pixels, letterbox.fit(pixels.shape[:2], _SPEC), _SPEC))
    return [torch.from_numpy(np.concatenate(blobs[i : i + 8])) for i in range(0, len(blobs), 8)]


def main(
    graph: Annotated[Path, typer.Argument(exists=True)],
    out: Annotated[Path, typer.Argument(help="the weights, for `models.train.run --start`")],
    data: Annotated[Path, typer.Option(help="folder with coco.json")],
) -> None:
    """Reads the weights of an exported graph of our family."""
    cv2.setNumThreads(1)
    torch.save(resume(graph, batches(data)).state_dict(), out)


if __name__ == "__main__":
    typer.run(main)
