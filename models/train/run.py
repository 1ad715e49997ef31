"""Trains the detector within a time budget and exports it: `python -m models.train.run --data DIR --out DIR`."""

import time
from pathlib import Path
from typing import Annotated

import cv2
import msgspec
import torch
import torch.distributed as dist
import typer
from rich.console import Console

from models import labels
from models.labels import Picture
from models.train import elder, teachers
from models.train.backbone import published
from models.train.dataset import Compositions
from models.train.export import export
from models.train.holdout import held_out
from models.train.net import Net
from models.train.trainer import Trainer

SHARES = {"amvd": 0.32, "iden": 0.32, "cctv": 0.08, "pool": 0.17, "eye": 0.05, "crop": 0.06, "video": 0.02}
"""How often a source is drawn; `eye` is the part of the pool that somebody looked at."""
_REPORT_SECONDS, _SAVE_SECONDS = 30.0, 240.0

console = Console(stderr=True)


class Plan(msgspec.Struct, frozen=True):
    """What a run needs to know; every process gets the same."""

    data: Path
    out: Path
    teachers: Path | None
    minutes: float
    seed: int
    batch: int
    processes: int
    start: Path | None
    elder: Path | None
    hold_out: str | None
    peak: float
    frozen: int


def gather(plan: Plan) -> list[Picture]:
    """The training split, with the teachers' boxes on what was not labelled and on pictures without labels."""
    pictures = [p for p in labels.load(plan.data) if p.split == "train" and not held_out(p, plan.hold_out)]
    if plan.teachers is None:
        return pictures
    extra = teachers.extra_paths(plan.data, plan.out, plan.seed)
    paths = [*(p.path for p in pictures), *extra]
    found = teachers.look(paths, teachers.Teachers(plan.teachers), plan.out / "teachers.json")
    completed = [teachers.complete(p, found[teachers.key(p.path)]) for p in pictures]
    others = [teachers.from_scratch(path, found[teachers.key(path)]) for path in extra if teachers.key(path) in found]
    pictures = completed + [p for p in others if p is not None]
    return pictures if plan.elder is None else _advised(pictures, plan.elder, plan.teachers, plan.out)


def _advised(pictures: list[Picture], graph: Path, folder: Path, out: Path) -> list[Picture]:
    paths = [p.path for p in pictures]
    seen = elder.look(graph, folder / "yunet_n_320_320.onnx", paths, out / "elder.json")
    told = [elder.told(p.path, p.objects, p.ignored, seen[teachers.key(p.path)]) for p in pictures]
    pairs = zip(pictures, told, strict=True)
    return [
        msgspec.structs.replace(
            p, objects=objects, ignored=ignored, source="eye" if elder.looked_at(p.path) else p.source
        )
        for p, (objects, ignored) in pairs
    ]


def save(trainer: Trainer, out: Path) -> None:
    """Writes the averaged weights and the exported graph; a crash later loses minutes, not the run."""
    torch.save(trainer.average.state_dict(), out / "average.pt")
    torch.save(trainer.net.state_dict(), out / "last.pt")
    export(trainer.average, out / "model.onnx")


def train(batches: Compositions, trainer: Trainer, plan: Plan, first: bool) -> None:
    """Takes batches until the time budget is spent; the first process reports, saves and says when it is over."""
    start = reported = saved = time.monotonic()
    sums, count = torch.zeros(5), 0
    for images, objects, ignored in batches:
        share = _agreed((time.monotonic() - start) / (plan.minutes * 60))
        if share >= 1:
            break
        sums += trainer.step(images, objects, ignored, share)
        count += 1
        now = time.monotonic()
        if first and now - reported >= _REPORT_SECONDS:
            shown = " ".join(f"{v:.3f}" for v in (sums / count).tolist())
            seen = trainer.steps * len(images) * plan.processes
            each = (now - start) / seen * 1e3
            console.print(f"{share:6.1%} step {trainer.steps} pictures {seen} {each:.1f} ms each: {shown}")
            sums, count, reported = torch.zeros(5), 0, now
        if first and now - saved >= _SAVE_SECONDS:
            save(trainer, plan.out)
            saved = now
    if first:
        save(trainer, plan.out)


def _agreed(share: float) -> float:
    """The first process's clock counts for all: they must take the same number of steps."""
    if not dist.is_initialized():
        return share
    told = torch.tensor([share], dtype=torch.float64)
    dist.broadcast(told, 0)
    return float(told)


def work(rank: int, plan: Plan, pictures: list[Picture]) -> None:
    """One process with one thread; measured faster than two threads in one."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if plan.processes > 1:
        meeting = (plan.out / "meeting").absolute().as_uri()
        dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=plan.processes)
    net = Net()
    if plan.start is None:
        net.backbone.start_from(published())
    else:
        net.load_state_dict(torch.load(plan.start))
    batches = Compositions(pictures, SHARES, plan.batch, plan.seed, rank)
    train(batches, Trainer(net, plan.peak, plan.frozen), plan, first=rank == 0)
    if dist.is_initialized():
        dist.destroy_process_group()


def main(
    data: Annotated[Path, typer.Option(help="folder with coco.json")],
    out: Annotated[Path, typer.Option(help="folder for checkpoints and the exported graph")],
    teacher_folder: Annotated[Path | None, typer.Option("--teachers", help="folder with the public detectors")] = None,
    minutes: Annotated[float, typer.Option(help="time budget")] = 80.0,
    seed: int = 1,
    batch: Annotated[int, typer.Option(help="pictures per step and process")] = 8,
    processes: Annotated[int, typer.Option(help="one per core")] = 2,
    start: Annotated[Path | None, typer.Option(help="weights to go on from")] = None,
    elder_graph: Annotated[Path | None, typer.Option("--elder", help="an earlier graph as a further teacher")] = None,
    hold_out: Annotated[str | None, typer.Option(help="a source, or camera-07, that is not trained on")] = None,
    peak: Annotated[float, typer.Option(help="highest learning rate")] = 1.5e-3,
    frozen: Annotated[int, typer.Option(help="stages of the backbone that learn in every eighth step only")] = 2,
) -> None:
    """Trains for `minutes`, saving on the way; the seed fixes the pictures drawn, the machine the number of steps."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "meeting").unlink(missing_ok=True)
    folder = teacher_folder or data.parent / "onnx"
    known = folder if folder.exists() else None
    plan = Plan(data, out, known, minutes, seed, batch, processes, start, elder_graph, hold_out, peak, frozen)
    pictures = gather(plan)
    console.print({source: sum(p.source == source for p in pictures) for source in SHARES})
    torch.multiprocessing.spawn(work, (plan, pictures), nprocs=processes)


if __name__ == "__main__":
    typer.run(main)
