"""Task-aligned assignment and the masked losses: what a picture was not labelled for costs nothing."""

import torch
import torch.nn.functional as F
from torch import Tensor

from models.decode.grid import points

TOP_K = 9
_HEAD_COLUMNS, _PERSON_COLUMNS = slice(0, 5), slice(7, 12)
_BARE_WEIGHT = torch.tensor([1.3, 4.0])
"""Bare heads and bare faces are the violations, and rarer: their cost in the hat and mask terms."""


class Grid:
    """Centres (n x 2) and strides (n x 1) in pixels for one input size."""

    def __init__(self, height: int, width: int) -> None:
        cells, strides = points((height, width))
        self.strides = torch.from_numpy(strides)
        self.centres = (torch.from_numpy(cells) + 0.5) * self.strides

    def boxes(self, sides: Tensor) -> Tensor:
        """Corners from the four distances (exponents, in strides) to left, top, right and bottom."""
        distance = sides.clamp(-6, 6).exp() * self.strides
        return torch.cat([self.centres - distance[..., :2], self.centres + distance[..., 2:]], -1)


def giou(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Intersection over union and its generalised form, of paired corners (... x 4)."""
    lower, upper = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    inter = (upper - lower).clamp(min=0).prod(-1)
    area = (a[..., 2:] - a[..., :2]).clamp(min=0).prod(-1) + (b[..., 2:] - b[..., :2]).clamp(min=0).prod(-1) - inter
    overlap = inter / area.clamp(min=1e-6)
    hull = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).prod(-1).clamp(min=1e-6)
    return overlap, overlap - (hull - area) / hull


@torch.no_grad()
def assign(score: Tensor, boxes: Tensor, truth: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Which object (index, -1 for none) each point answers for, and the score it should reach (0-1).

    score n (0-1), boxes n x 4 as predicted, truth m x 4.
    """
    owner = torch.full((len(score),), -1, dtype=torch.long)
    goal = torch.zeros(len(score))
    if not len(truth):
        return owner, goal
    overlap, _ = giou(boxes[None], truth[:, None])
    delta = torch.cat([grid.centres[None] - truth[:, None, :2], truth[:, None, 2:] - grid.centres[None]], -1)
    inside = delta.amin(-1) > 0
    # Tiny heads may hold no centre at all: the nearest point then stands for them.
    distance = (grid.centres[None] - (truth[:, None, :2] + truth[:, None, 2:]) / 2).pow(2).sum(-1)
    nearest = distance.argmin(1)
    inside[torch.arange(len(truth)), nearest] = True
    # The small constant lets the nearest centres win while the boxes are still random.
    size = (truth[:, 2:] - truth[:, :2]).prod(-1).clamp(min=1)[:, None]
    align = score[None].clamp(min=1e-4).sqrt() * (overlap + 0.02 / (1 + 4 * distance / size)).pow(4) * inside
    top = align.topk(min(TOP_K, align.shape[1]), 1)
    chosen = torch.zeros_like(align).scatter_(1, top.indices, top.values)
    best, index = chosen.max(0)
    positive = best > 0
    owner[positive] = index[positive]
    peak_align = chosen.amax(1).clamp(min=1e-12)
    peak_overlap = (overlap * (chosen > 0)).amax(1)
    # The root keeps small heads, whose boxes fit less well, above the threshold.
    goal[positive] = (best / peak_align[index] * peak_overlap[index].sqrt())[positive].clamp(min=0.05)
    return owner, goal


def _negatives(centres: Tensor, regions: Tensor) -> Tensor:
    """Which points (n, bool) may be taught that nothing is there."""
    if not len(regions):
        return torch.ones(len(centres), dtype=torch.bool)
    delta = torch.cat([centres[None] - regions[:, None, 1:3], regions[:, None, 3:5] - centres[None]], -1)
    return ~(delta.amin(-1) > 0).any(0)


def _one(output: Tensor, objects: Tensor, ignored: Tensor, grid: Grid, kind: int) -> tuple[Tensor, Tensor, Tensor]:
    """Score, box and attribute cost of one picture and kind, with the sum of goals as the first normaliser."""
    columns = output[:, _PERSON_COLUMNS if kind else _HEAD_COLUMNS]
    boxes = grid.boxes(columns[:, 1:])
    mine = objects[objects[:, 0] == kind]
    owner, goal = assign(columns[:, 0].sigmoid(), boxes.detach(), mine[:, 1:5], grid)
    positive = owner >= 0
    weight = positive | _negatives(grid.centres, ignored[ignored[:, 0] == kind])
    # Easy background fades out (focal), hard background and objects count in full.
    focus = torch.where(positive, torch.ones_like(goal), columns[:, 0].sigmoid().detach().pow(1.5))
    score_cost = (F.binary_cross_entropy_with_logits(columns[:, 0], goal, reduction="none") * focus * weight).sum()
    held = mine[owner[positive]]
    _, generalised = giou(boxes[positive], held[:, 1:5])
    box_cost = ((1 - generalised) * goal[positive]).sum()
    worn_cost = _worn(output[positive][:, 5:7], held[:, 5:7], goal[positive]) if kind == 0 else torch.zeros(())
    return torch.stack([score_cost, box_cost, worn_cost]), goal.sum(), positive.sum()


def _worn(logits: Tensor, truth: Tensor, goal: Tensor) -> Tensor:
    known = (truth >= 0) * goal[:, None]
    weight = torch.where(truth == 0, _BARE_WEIGHT, torch.ones(()))
    # A little smoothing: labels at the edge of the class are not certain.
    target = truth.clamp(0.03, 0.97)
    return (F.binary_cross_entropy_with_logits(logits, target, reduction="none") * weight * known).sum()


def batch_loss(output: Tensor, objects: list[Tensor], ignored: list[Tensor], grid: Grid) -> tuple[Tensor, Tensor]:
    """Total cost of a batch (B x N x 12 logits), and its parts: score, box, attributes for heads, then people."""
    parts = []
    for kind in (0, 1):
        rows = [_one(output[i], objects[i], ignored[i], grid, kind) for i in range(len(output))]
        goal = torch.stack([row[1] for row in rows]).sum().clamp(min=1.0)
        parts.append(torch.stack([row[0] for row in rows]).sum(0) / goal)
    head, person = parts
    total = head[0] + 2 * head[1] + head[2] + 0.7 * (person[0] + 2 * person[1])
    return total, torch.cat([head, person[:2]]).detach()
