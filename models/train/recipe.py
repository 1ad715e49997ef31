"""The whole recipe of the shipped detector in one command: `python -m models.train.recipe --data DIR --out DIR`.

A first run, a second one that also learns from the first one's sure answers, the second look, and int8 of both.
"""

from pathlib import Path
from typing import Annotated

import typer

from models.train import second
from models.train.quantise import quantise
from models.train.run import Plan, run

_FIRST, _NEXT = 0.35, 0.65
_SECOND_LOOK_MINUTES = 13.0


def main(
    data: Annotated[Path, typer.Option(help="folder with coco.json")],
    out: Annotated[Path, typer.Option(help="folder for the runs and the two graphs")],
    minutes: Annotated[float, typer.Option(help="time budget of the detector; the second look takes 13 more")] = 100.0,
    seed: int = 1,
    processes: Annotated[int, typer.Option(help="one per core")] = 2,
) -> None:
    """Ends with int8.onnx and second8.onnx in `out`, ready for `python -m models.release`."""
    folder = data.parent / "onnx"
    teachers = folder if folder.exists() else None
    one, two = out / "one", out / "two"
    run(Plan(data, one, teachers, minutes * _FIRST, seed, 8, processes))
    elder = one / "model.onnx" if teachers is not None else None
    start = one / "average.pt"
    run(Plan(data, two, teachers, minutes * _NEXT, seed, 8, processes, start=start, elder=elder, peak=1e-3))
    second.main(data, two, elder, _SECOND_LOOK_MINUTES, seed)
    quantise(two / "model.onnx", out / "int8.onnx", data)
    quantise(two / "second.onnx", out / "second8.onnx", data, heads=True)


if __name__ == "__main__":
    typer.run(main)
