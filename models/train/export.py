"""Writes the network as ONNX with free height, width and number of pictures."""

from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from models.train.net import Net

OPSET = 17


class _Squashed(nn.Module):
    """The network with its scores squashed to 0-1; the sides stay exponents."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> Tensor:
        raw = self.net(image)
        head, worn, person = raw[..., 0:1], raw[..., 5:7], raw[..., 7:8]
        return torch.cat([head.sigmoid(), raw[..., 1:5], worn.sigmoid(), person.sigmoid(), raw[..., 8:12]], -1)


def export(net: Net, path: Path) -> None:
    """Exports in float32: input `image` B x 3 x H x W (BGR 0-255), output `rows` B x N x 12."""
    free = {"image": {0: "pictures", 2: "height", 3: "width"}, "rows": {0: "pictures", 1: "points"}}
    sample = torch.zeros(1, 3, 256, 416)
    # The tracing exporter: it needs no further package and the graph has no branches.
    torch.onnx.export(
        _Squashed(net).eval(),
        (sample,),
        path,
        input_names=["image"],
        output_names=["rows"],
        dynamic_axes=free,
        opset_version=OPSET,
        dynamo=False,
    )
    onnx.checker.check_model(onnx.load(path))
