"""Trains the detector within a time budget and exports it: `python -m models.train.run --data DIR --out DIR`."""

import copy
import math
import time
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import torch
import typer
from rich.console import Console
from torch.utils.data import DataLoader

from models import labels
from models.labels import Picture
from models.train import teachers
from models.train.dataset import Compositions, collated
from models.train.export import export
from models.train.loss import Grid, batch_loss
from models.train.net import Net

SHARES = {"amvd": 0.32, "iden": 0.34, "cctv": 0.1, "pool": 0.18, "crop": 0.06}
_PEAK_RATE, _LAST_RATE, _WARM_STEPS = 1.5e-3, 1e-5, 150
_AVERAGE = 0.998
_REPORT_SECONDS, _SAVE_SECONDS = 30.0, 240.0

console = Console(stderr=True)


def gather(data: Path, teacher_folder: Path | None, cache: Path, seed: int) -> list[Picture]:
    """The training split, with the teachers' boxes on what was not labelled and on pictures without labels."""
    pictures = [p for p in labels.load(data) if p.split == "train"]
    if teacher_folder is None:
        return pictures
    extra = teachers.extra_paths(data, seed)
    found = teachers.look([*(p.path for p in pictures), *extra], teachers.Teachers(teacher_folder), cache)
    completed = [teachers.complete(p, found[teachers.key(p.path)]) for p in pictures]
    others = [teachers.from_scratch(path, found[teachers.key(path)]) for path in extra if teachers.key(path) in found]
    return completed + [p for p in others if p is not None]


def rate(step: int, share: float) -> float:
    """Warm up by steps, then a cosine over the share of the time budget that is spent."""
    cosine = _LAST_RATE + (_PEAK_RATE - _LAST_RATE) * (1 + math.cos(math.pi * min(share, 1.0))) / 2
    return cosine * min(1.0, (step + 1) / _WARM_STEPS)


class Trainer:
    """Holds the network, its running average and the optimiser; one call of `step` per batch."""

    def __init__(self) -> None:
        self.net = Net().to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net).eval()
        decay = [p for p in self.net.parameters() if p.ndim > 1]
        plain = [p for p in self.net.parameters() if p.ndim <= 1]
        groups = [{"params": decay, "weight_decay": 0.03}, {"params": plain, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=_PEAK_RATE)
        self.steps = 0
        self._grids: dict[tuple[int, int], Grid] = {}

    def step(self, images: torch.Tensor, objects: list, ignored: list, share: float) -> torch.Tensor:
        size = (images.shape[1], images.shape[2])
        grid = self._grids.setdefault(size, Grid(*size))
        for group in self.optimiser.param_groups:
            group["lr"] = rate(self.steps, share)
        # The pictures come as B x H x W x 3, which is channels-last already.
        batch = images.permute(0, 3, 1, 2).float()
        with torch.autocast("cpu", torch.bfloat16):
            output = self.net(batch)
        total, parts = batch_loss(output.float(), objects, ignored, grid)
        self.optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
        self.optimiser.step()
        self.steps += 1
        self._follow()
        return parts

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(_AVERAGE, self.steps / (self.steps + 10))
        for mine, theirs in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
            if mine.dtype.is_floating_point:
                mine.mul_(keep).add_(theirs, alpha=1 - keep)
            else:
                mine.copy_(theirs)


def save(trainer: Trainer, out: Path) -> None:
    """Writes the averaged weights and the exported graph; a crash later loses minutes, not the run."""
    torch.save(trainer.average.state_dict(), out / "average.pt")
    torch.save(trainer.net.state_dict(), out / "last.pt")
    export(trainer.average, out / "model.onnx")


def train(loader: DataLoader, trainer: Trainer, minutes: float, out: Path) -> None:
    """Takes batches until the time budget is spent."""
    start = reported = saved = time.monotonic()
    sums, count = torch.zeros(5), 0
    for images, objects, ignored in loader:
        share = (time.monotonic() - start) / (minutes * 60)
        if share >= 1:
            break
        sums += trainer.step(images, objects, ignored, share)
        count += 1
        now = time.monotonic()
        if now - reported >= _REPORT_SECONDS:
            shown = " ".join(f"{v:.3f}" for v in (sums / count).tolist())
            seen = trainer.steps * len(images)
            console.print(
                f"{share:6.1%} step {trainer.steps} pictures {seen} {(now - start) / seen * 1e3:.1f} ms each: {shown}"
            )
            sums, count, reported = torch.zeros(5), 0, now
        if now - saved >= _SAVE_SECONDS:
            save(trainer, out)
            saved = now
    save(trainer, out)


def main(
    data: Annotated[Path, typer.Option(help="folder with coco.json")],
    out: Annotated[Path, typer.Option(help="folder for checkpoints and the exported graph")],
    teacher_folder: Annotated[Path | None, typer.Option("--teachers", help="folder with the public detectors")] = None,
    minutes: Annotated[float, typer.Option(help="time budget")] = 55.0,
    seed: int = 1,
    batch: int = 16,
    threads: int = 2,
    start: Annotated[Path | None, typer.Option(help="weights to go on from")] = None,
) -> None:
    """Trains for `minutes`, saving on the way; the seed fixes the pictures drawn, threads still reorder sums."""
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    np.random.seed(seed)
    torch.set_num_threads(threads)
    cv2.setNumThreads(1)
    folder = teacher_folder or data.parent / "onnx"
    pictures = gather(data, folder if folder.exists() else None, out / "teachers.json", seed)
    console.print({source: sum(p.source == source for p in pictures) for source in SHARES})
    batches = Compositions(pictures, SHARES, batch, seed)
    loader = DataLoader(batches, batch_size=1, num_workers=1, collate_fn=collated, prefetch_factor=4)
    trainer = Trainer()
    if start is not None:
        trainer.net.load_state_dict(torch.load(start))
        trainer.average.load_state_dict(trainer.net.state_dict())
    train(loader, trainer, minutes, out)


if __name__ == "__main__":
    typer.run(main)
