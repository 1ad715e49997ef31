"""Trains the detector within a time budget and exports it: `python -m models.train.run --data DIR --out DIR`."""

import shutil
import time
from pathlib import Path
from typing import Annotated

import cv2
import msgspec
import torch
import torch.distributed as dist
import typer
from rich.console import Console
from rich.progress import Progress, TextColumn

from models import labels
from models.labels import Picture
from models.train import elder, teachers
from models.train.backbone import published
from models.train.dataset import Compositions
from models.train.export import export
from models.train.holdout import held_out
from models.train.net import Net
from models.train.trainer import Trainer
from models.train.validate import Watch

SHARES = {"amvd": 0.32, "iden": 0.32, "cctv": 0.08, "pool": 0.17, "eye": 0.05, "crop": 0.06, "video": 0.02}
"""How often a source is drawn; `eye` is the part of the pool that somebody looked at."""
_SAVE_SECONDS = 240.0

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
    start: Path | None = None
    elder: Path | None = None
    hold_out: str | None = None
    peak: float = 1.5e-3
    frozen: int = 2
    patience: int = 6


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


class Recorder:
    """Of the first process: the progress bar, the checkpoints, and the verdict that there is no more to gain."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.watch = plan, Watch(plan.data, plan.patience)
        self.start = self.saved = time.monotonic()
        self.sums, self.count = torch.zeros(5), 0
        columns = (*Progress.get_default_columns(), TextColumn("{task.fields[note]}"))
        self.bar = Progress(*columns, console=console, transient=not console.is_terminal)
        self.task = self.bar.add_task(plan.out.name, total=1.0, note="")
        self.bar.start()

    def share(self) -> float:
        """How much of the time is spent; 1 also when more of it would be wasted."""
        return 1.0 if self.watch.over else (time.monotonic() - self.start) / (self.plan.minutes * 60)

    def step(self, trainer: Trainer, seen: int, parts: torch.Tensor) -> None:
        self.sums += parts
        self.count += 1
        now = time.monotonic()
        shown = " ".join(f"{v:.3f}" for v in (self.sums / self.count).tolist())
        note = f"{seen} pictures, {(now - self.start) / seen * 1e3:.1f} ms each, cost {shown}"
        self.bar.update(self.task, completed=self.share(), note=note)
        if now - self.saved >= _SAVE_SECONDS:
            self.save(trainer)
            self.sums, self.count, self.saved = torch.zeros(5), 0, time.monotonic()

    def save(self, trainer: Trainer) -> None:
        """Writes the averaged weights and the exported graph; a crash later loses minutes, not the run."""
        out = self.plan.out
        torch.save(trainer.net.state_dict(), out / "last.pt")
        export(trainer.average, out / "last.onnx")
        score, best = self.watch.better(out / "last.onnx")
        if best:
            torch.save(trainer.average.state_dict(), out / "average.pt")
            shutil.copyfile(out / "last.onnx", out / "model.onnx")
        console.print(f"{self.share():6.1%} validation AP50 {score:.4f}{' best' if best else ''}; {self._note()}")

    def _note(self) -> str:
        return str(self.bar.tasks[0].fields["note"])


def train(batches: Compositions, trainer: Trainer, plan: Plan, recorder: Recorder | None) -> None:
    """Takes batches until the time is spent; the process with the recorder says when."""
    seen = 0
    for images, objects, ignored in batches:
        share = _agreed(recorder.share() if recorder else 0.0)
        if share >= 1:
            break
        parts = trainer.step(images, objects, ignored, share)
        seen += len(images) * plan.processes
        if recorder:
            recorder.step(trainer, seen, parts)
    if recorder:
        recorder.save(trainer)
        recorder.bar.stop()


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
    train(batches, Trainer(net, plan.peak, plan.frozen), plan, Recorder(plan) if rank == 0 else None)
    if dist.is_initialized():
        dist.destroy_process_group()


def run(plan: Plan) -> None:
    """Trains as planned; the best graph is `model.onnx` in the folder of the run, its weights `average.pt`."""
    plan.out.mkdir(parents=True, exist_ok=True)
    (plan.out / "meeting").unlink(missing_ok=True)
    pictures = gather(plan)
    console.print({source: sum(p.source == source for p in pictures) for source in SHARES})
    torch.multiprocessing.spawn(work, (plan, pictures), nprocs=plan.processes)


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
    patience: Annotated[int, typer.Option(help="checkpoints (4 minutes) without gain before it stops")] = 6,
) -> None:
    """Trains for `minutes` or until nothing is gained; the seed fixes the pictures drawn, the machine the steps."""
    folder = teacher_folder or data.parent / "onnx"
    known = folder if folder.exists() else None
    run(Plan(data, out, known, minutes, seed, batch, processes, start, elder_graph, hold_out, peak, frozen, patience))


if __name__ == "__main__":
    typer.run(main)
