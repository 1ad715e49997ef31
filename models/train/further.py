"""Goes on from a shipped graph: `python -m models.train.further --data DIR --out DIR`.

A long run at a high rate finds people better and takes more hands for heads; the mean of its weights and those from
before keeps both in one network, a short run at a low rate settles it, and a last mean takes false heads away again.
"""

from pathlib import Path
from typing import Annotated

import torch
import typer

from models import registry
from models.train.export import export
from models.train.net import Net
from models.train.quantise import quantise
from models.train.resume import batches, resume
from models.train.run import Plan, run

_LONG, _SHORT = 0.82, 0.18
_PEAK_LONG, _PEAK_SHORT = 8e-4, 1.5e-4
_NEWER, _SETTLED = 0.6, 0.7
"""the share of the later weights in the mean, after the long and after the short run"""
_NEVER = 1_000
"""a run that starts from good weights is worse first: it has its whole time"""


def blend(before: Path, after: Path, share: float, out: Path) -> None:
    """Writes the mean of two checkpoints of the same network, `share` of it the later one."""
    old, new = torch.load(before, weights_only=True), torch.load(after, weights_only=True)
    mixed = {
        name: old[name].lerp(value, share) if value.dtype.is_floating_point else value for name, value in new.items()
    }
    torch.save(mixed, out)


def main(
    data: Annotated[Path, typer.Option(help="folder with coco.json")],
    out: Annotated[Path, typer.Option(help="folder for the runs and the graph")],
    graph: Annotated[Path | None, typer.Option(help="the graph to go on from; the shipped one if left out")] = None,
    minutes: Annotated[float, typer.Option(help="time budget")] = 116.0,
    seed: int = 3,
    processes: Annotated[int, typer.Option(help="one per core")] = 2,
) -> None:
    """Ends with int8.onnx in `out`, ready for `python -m models.release`; the second look stays as it is."""
    out.mkdir(parents=True, exist_ok=True)
    graph = graph or registry.path_of(registry.load().entry(), registry.SHIPPED)
    folder = data.parent / "onnx"
    teachers = folder if folder.exists() else None
    elder = graph if teachers is not None else None
    torch.save(resume(graph, batches(data)).state_dict(), out / "start.pt")

    def go(name: str, share: float, start: Path, peak: float) -> Path:
        budget = minutes * share
        run(
            Plan(
                data,
                out / name,
                teachers,
                budget,
                seed,
                8,
                processes,
                start=start,
                elder=elder,
                peak=peak,
                patience=_NEVER,
            )
        )
        return out / name

    long = go("long", _LONG, out / "start.pt", _PEAK_LONG)
    blend(out / "start.pt", long / "last.pt", _NEWER, out / "blend.pt")
    short = go("short", _SHORT, out / "blend.pt", _PEAK_SHORT)
    blend(out / "start.pt", short / "average.pt", _SETTLED, out / "final.pt")
    net = Net()
    net.load_state_dict(torch.load(out / "final.pt", weights_only=True))
    export(net.eval(), out / "model.onnx")
    quantise(out / "model.onnx", out / "int8.onnx", data)


if __name__ == "__main__":
    typer.run(main)
