"""Trains the second look, hat and mask from a head's crop: `python -m models.train.second --data DIR --out DIR`."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import torch
import torch.nn.functional as F
import typer
from rich.console import Console
from torch import Tensor, nn

from contracts.vision import Box
from models.crops import crop
from models.labels import HEAD, UNLABELLED, Picture
from models.train import augment, drawn
from models.train.backbone import Backbone, published
from models.train.dress import Canvas, dress
from models.train.export import OPSET
from models.train.run import Plan, gather
from models.train.trainer import rate

SIDE = 96
_WIDTH = 112
_SHARES = {"amvd": 0.28, "iden": 0.28, "crop": 0.14, "pool": 0.12, "eye": 0.1, "drawn": 0.08}
_SCENES = 300
_LEAST = 12
"""Heads of fewer pixels teach nothing here."""
_BARE_WEIGHT = torch.tensor([1.3, 3.0])
_WHOLE_EVERY = 8

console = Console(stderr=True)
Sample = tuple[Picture, int]


class SecondLook(nn.Module):
    """B x 3 x 96 x 96 (BGR 0-255) to B x 2 logits: hat, mask."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone()
        # Stride 16 is enough for one head.
        self.backbone.stages = self.backbone.stages[:5]
        self.drop = nn.Dropout(0.2)
        self.worn = nn.Linear(_WIDTH, 2)

    def forward(self, image: Tensor) -> Tensor:
        x = self.backbone.stem(image * (1 / 128) - 1)
        for stage in self.backbone.stages:
            x = stage(x)
        return self.worn(self.drop(x.mean((2, 3))))


def samples(pictures: list[Picture]) -> dict[str, list[Sample]]:
    """Heads with a label, by source."""
    found: dict[str, list[Sample]] = {source: [] for source in _SHARES}
    for picture in pictures:
        for i, row in enumerate(picture.objects):
            known = row[0] == HEAD and (row[5] != UNLABELLED or row[6] != UNLABELLED)
            if known and row[4] - row[2] >= _LEAST and picture.source in found:
                found[picture.source].append((picture, i))
    return found


def scenes(seed: int, images: dict[Path, Canvas]) -> list[Picture]:
    """Drawn kitchens as pictures; the canvases go into `images`."""
    rng, made = random.Random(seed), []
    for number in range(_SCENES):
        path = Path(f"drawn-{number}")
        images[path], objects, ignored = drawn.scene(rng.getrandbits(40))
        made.append(Picture(path, "drawn", "train", objects, ignored, np.zeros((0, 4), np.float32)))
    return made


def batches(pictures: list[Picture], batch: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless crops (B x 96 x 96 x 3) and labels (B x 2)."""
    rng = random.Random(seed)
    images: dict[Path, Canvas] = {}
    found = samples([*pictures, *scenes(seed, images)])
    console.print({source: len(rows) for source, rows in found.items()})
    shares = {source: share for source, share in _SHARES.items() if found[source]}
    while True:
        made = []
        for _ in range(batch):
            picture, i = rng.choice(found[rng.choices(list(shares), list(shares.values()))[0]])
            if picture.path not in images:
                images[picture.path] = np.asarray(cv2.imread(str(picture.path)))
            made.append(_sample(rng, images[picture.path], picture, i))
        yield torch.from_numpy(np.stack([c for c, _ in made])), torch.tensor(np.stack([w for _, w in made]))


def _sample(rng: random.Random, image: Canvas, picture: Picture, i: int) -> tuple[Canvas, Canvas]:
    objects = picture.objects
    if len(picture.faces):
        image, objects = dress(rng, image, objects, picture.faces, 0.14, 0.1)
    x1, y1, x2, y2 = (float(v) for v in objects[i, 1:5])
    width, height = x2 - x1, y2 - y1
    # The detector's boxes are not the labels' boxes.
    x, y = (x1 + x2) / 2 + rng.uniform(-0.1, 0.1) * width, (y1 + y2) / 2 + rng.uniform(-0.1, 0.1) * height
    size = rng.uniform(0.85, 1.2) / 2
    cut: Canvas = crop(image, Box(x - width * size, y - height * size, x + width * size, y + height * size), SIDE)
    if rng.random() < 0.5:
        cut = np.ascontiguousarray(cut[:, ::-1])
    if rng.random() < 0.3:
        small = rng.randint(14, 48)
        cut = cv2.resize(cv2.resize(cut, (small, small), interpolation=cv2.INTER_AREA), (SIDE, SIDE))
    return augment.degrade(rng, cut), objects[i, 5:7]


def cost(logits: Tensor, worn: Tensor) -> Tensor:
    """Masked: a label that is missing costs nothing."""
    weight = torch.where(worn == 0, _BARE_WEIGHT, torch.ones(())) * (worn >= 0)
    each = F.binary_cross_entropy_with_logits(logits, worn.clamp(0.03, 0.97), reduction="none")
    return (each * weight).sum() / len(logits)


def train(pictures: list[Picture], minutes: float, seed: int, batch: int) -> SecondLook:
    """Within a time budget, on one thread."""
    net = SecondLook()
    net.backbone.start_from(published())
    net = net.to(memory_format=torch.channels_last)
    fast, slow = list(net.worn.parameters()), list(net.backbone.parameters())
    optimiser = torch.optim.AdamW([{"params": fast, "share": 5.0}, {"params": slow, "share": 1.0}], weight_decay=0.02)
    start, told = time.monotonic(), 0.0
    for step, (crops, worn) in enumerate(batches(pictures, batch, seed)):
        share = (time.monotonic() - start) / (minutes * 60)
        if share >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = group["share"] * rate(step, share, 4e-4)
        net.backbone.freeze(0 if step % _WHOLE_EVERY == 0 else 2)
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(crops.permute(0, 3, 1, 2).float())
        total = cost(logits.float(), worn)
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        if share - told > 0.05:
            told = share
            console.print(f"{share:6.1%} step {step} crops {step * batch}: {total.item():.3f}")
    return net.eval()


def export(net: SecondLook, path: Path) -> None:
    """Input `heads` B x 3 x 96 x 96 (BGR 0-255), output `worn` B x 2 (hat, mask; 0-1)."""
    free = {"heads": {0: "count"}, "worn": {0: "count"}}
    graph, sample = nn.Sequential(net, nn.Sigmoid()).eval(), (torch.zeros(1, 3, SIDE, SIDE),)
    names = {"input_names": ["heads"], "output_names": ["worn"]}
    torch.onnx.export(graph, sample, path, dynamic_axes=free, opset_version=OPSET, dynamo=False, **names)


def main(
    data: Annotated[Path, typer.Option(help="folder with coco.json")],
    out: Annotated[Path, typer.Option(help="folder of a run: what its teachers saw is used, the graph is written")],
    elder: Annotated[Path | None, typer.Option(help="an earlier graph as a further teacher")] = None,
    minutes: Annotated[float, typer.Option(help="time budget")] = 12.0,
    seed: int = 1,
    batch: int = 48,
) -> None:
    """Trains and exports `second.onnx`."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    folder = data.parent / "onnx"
    known = folder if folder.exists() else None
    plan = Plan(data, out, known, minutes, seed, batch, processes=1, elder=elder)
    export(train(gather(plan), minutes, seed, batch), out / "second.onnx")


if __name__ == "__main__":
    typer.run(main)
