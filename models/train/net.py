"""The network: a pretrained backbone, a feature pyramid, and one branch for heads and one for people."""

import torch
from torch import Tensor, nn

from models.train.backbone import WIDTHS, Backbone

STRIDES = (8, 16, 32)
CHANNELS = 12
"""Per grid point: head score, 4 sides, hat, mask; person score, 4 sides. Scores are logits while training."""

_PRIOR_BIAS = -4.6
"""Scores start near 0.01, so that the empty background does not swamp the first steps."""


def _conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class _Branch(nn.Module):
    """`depth` convolutions, then scores and sides; shared by all levels."""

    def __init__(self, width: int, depth: int, extras: int) -> None:
        super().__init__()
        self.trunk = nn.Sequential(*(_conv(width, width) for _ in range(depth)))
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
        self.backbone = Backbone()
        low, middle, high = WIDTHS
        self.context = nn.Sequential(nn.MaxPool2d(5, 1, 2), _conv(high, width, 1))
        self.lateral32, self.lateral16, self.lateral8 = (
            _conv(high, width, 1),
            _conv(middle, width, 1),
            _conv(low, width),
        )
        self.smooth16, self.smooth8 = _conv(width, width), _conv(width, width)
        self.down16, self.down32 = _conv(width, width, stride=2), _conv(width, width, stride=2)
        self.head, self.person = _Branch(width, 2, 2), _Branch(width, 1, 0)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, image: Tensor) -> Tensor:
        at8, at16, at32 = self.backbone(image * (1 / 128) - 1)
        top = self.lateral32(at32) + self.context(at32)
        middle = self.smooth16(self.lateral16(at16) + self.up(top))
        fine = self.smooth8(self.lateral8(at8) + self.up(middle))
        middle = middle + self.down16(fine)
        top = top + self.down32(middle)
        levels = [torch.cat([*self.head(x), *self.person(x)], 1) for x in (fine, middle, top)]
        return torch.cat([x.flatten(2) for x in levels], 2).transpose(1, 2)
