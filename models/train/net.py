"""The network: a cheap stem, three levels, a feature pyramid, and one branch for heads and one for people."""

import torch
from torch import Tensor, nn

STRIDES = (8, 16, 32)
CHANNELS = 12
"""Per grid point: head score, 4 sides, hat, mask; person score, 4 sides. Scores are logits while training."""

_PRIOR_BIAS = -4.6
"""Scores start near 0.01, so that the empty background does not swamp the first steps."""


def _conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.squeeze = _conv(width, width // 2, 1)
        self.expand = _conv(width // 2, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.expand(self.squeeze(x))


class _Branch(nn.Module):
    """Two convolutions, then scores and sides; shared by all levels except for a scale of the sides."""

    def __init__(self, width: int, extras: int) -> None:
        super().__init__()
        self.trunk = nn.Sequential(_conv(width, width), _conv(width, width))
        self.score = nn.Conv2d(width, 1, 1)
        self.sides = nn.Conv2d(width, 4, 1)
        self.extras = nn.Conv2d(width, extras, 1) if extras else None
        nn.init.constant_(self.score.bias, _PRIOR_BIAS)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.trunk(x)
        parts = [self.score(x), self.sides(x)]
        return [*parts, self.extras(x)] if self.extras is not None else parts


class Net(nn.Module):
    """Input B x 3 x H x W (BGR 0-255, multiples of 32); output B x N x 12 over the points of strides 8, 16 and 32."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.PixelUnshuffle(4), _conv(48, 32), _Residual(32))
        self.level8 = nn.Sequential(_conv(32, 64, stride=2), _Residual(64), _Residual(64))
        self.level16 = nn.Sequential(_conv(64, 128, stride=2), _Residual(128), _Residual(128), _Residual(128))
        self.level32 = nn.Sequential(_conv(128, 192, stride=2), _Residual(192), _Residual(192))
        self.context = nn.Sequential(nn.MaxPool2d(5, 1, 2), _conv(192, width, 1))
        self.lateral32, self.lateral16, self.lateral8 = _conv(192, width, 1), _conv(128, width, 1), _conv(64, width, 1)
        self.smooth16, self.smooth8 = _conv(width, width), _conv(width, width)
        self.down16, self.down32 = _conv(width, width, stride=2), _conv(width, width, stride=2)
        self.head, self.person = _Branch(width, 2), _Branch(width, 0)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, image: Tensor) -> Tensor:
        at8 = self.level8(self.stem(image * (1 / 128) - 1))
        at16 = self.level16(at8)
        at32 = self.level32(at16)
        top = self.lateral32(at32) + self.context(at32)
        middle = self.smooth16(self.lateral16(at16) + self.up(top))
        fine = self.smooth8(self.lateral8(at8) + self.up(middle))
        middle = middle + self.down16(fine)
        top = top + self.down32(middle)
        levels = [torch.cat([*self.head(x), *self.person(x)], 1) for x in (fine, middle, top)]
        return torch.cat([x.flatten(2) for x in levels], 2).transpose(1, 2)
