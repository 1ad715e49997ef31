"""One step of training: forward in bfloat16, masked losses, gradients shared between processes, running average."""

import copy
import math

import torch
import torch.distributed as dist

from models.train.loss import Grid, batch_loss
from models.train.net import Net

_LAST_RATE, _WARM_STEPS = 1e-5, 200
_BACKBONE_SHARE = 0.2
"""The pretrained part learns slower than the rest."""
_AVERAGE = 0.998
_WHOLE_EVERY = 8
"""Every so many steps the costly parts of the backbone learn too."""


def rate(step: int, share: float, peak: float) -> float:
    """Warm up by steps, then a cosine over the share of the time budget that is spent."""
    cosine = _LAST_RATE + (peak - _LAST_RATE) * (1 + math.cos(math.pi * min(share, 1.0))) / 2
    return cosine * min(1.0, (step + 1) / _WARM_STEPS)


class Trainer:
    """Holds the network, its running average and the optimiser; one call of `step` per batch."""

    def __init__(self, net: Net, peak: float, frozen: int) -> None:
        self.net = net.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net).eval()
        self.peak, self.frozen = peak, frozen
        self.taught = list(self.net.parameters())
        self.optimiser = torch.optim.AdamW(_groups(self.net), lr=peak)
        self.steps = 0
        self._grids: dict[tuple[int, int], Grid] = {}

    def step(self, images: torch.Tensor, objects: list, ignored: list, share: float) -> torch.Tensor:
        size = (images.shape[1], images.shape[2])
        grid = self._grids.setdefault(size, Grid(*size))
        for group in self.optimiser.param_groups:
            group["lr"] = group["share"] * rate(self.steps, share, self.peak)
        self.net.backbone.freeze(0 if self.steps % _WHOLE_EVERY == 0 else self.frozen)
        # The pictures come as B x H x W x 3, which is channels-last already.
        batch = images.permute(0, 3, 1, 2).float()
        with torch.autocast("cpu", torch.bfloat16):
            output = self.net(batch)
        total, parts = batch_loss(output.float(), objects, ignored, grid)
        self.optimiser.zero_grad()
        total.backward()
        self._share()
        torch.nn.utils.clip_grad_norm_(self.taught, 10.0)
        self.optimiser.step()
        self.steps += 1
        self._follow()
        return parts

    def _share(self) -> None:
        """The mean of all processes' gradients: each of them then takes the same step."""
        if not dist.is_initialized():
            return
        flat = torch.cat([p.grad.flatten() for p in self.taught if p.grad is not None])
        dist.all_reduce(flat)
        flat /= dist.get_world_size()
        at = 0
        for p in self.taught:
            if p.grad is not None:
                p.grad.copy_(flat[at : at + p.numel()].view_as(p))
                at += p.numel()

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(_AVERAGE, self.steps / (self.steps + 10))
        for mine, theirs in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
            if mine.dtype.is_floating_point:
                mine.lerp_(theirs, 1 - keep)
            else:
                mine.copy_(theirs)


def _groups(net: Net) -> list[dict]:
    taught = list(net.backbone.parameters())
    fresh = [p for name, p in net.named_parameters() if not name.startswith("backbone.")]
    groups = []
    for share, parameters in ((_BACKBONE_SHARE, taught), (1.0, fresh)):
        for matrices, decay in ((True, 0.03), (False, 0.0)):
            chosen = [p for p in parameters if (p.ndim > 1) is matrices]
            groups.append({"params": chosen, "weight_decay": decay, "share": share})
    return groups
