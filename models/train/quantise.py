"""Static int8 of an exported graph: convolutions, clips and shortcuts, per channel, calibrated on training pictures"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from contracts.vision import Box
from models import labels, letterbox
from models.crops import crop
from models.evaluate.report import read
from models.labels import HEAD, Picture
from models.registry import InputSpec
from models.train.second import SIDE

# One size for all: the calibrator stacks what it sees.
_SPEC = InputSpec(width=416, height=416, colour="bgr")


class _Reader(CalibrationDataReader):
    """Feeds what the iterator gives."""

    def __init__(self, blobs: Iterator[dict[str, NDArray[np.float32]]]) -> None:
        self._blobs = blobs

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._blobs, None)


def _frames(pictures: list[Picture]) -> Iterator[dict[str, NDArray[np.float32]]]:
    for picture in pictures:
        pixels = read(picture.path)
        yield {"image": letterbox.blob(pixels, letterbox.fit(pixels.shape[:2], _SPEC), _SPEC)}


def _heads(pictures: list[Picture]) -> Iterator[dict[str, NDArray[np.float32]]]:
    for picture in pictures:
        pixels = read(picture.path)
        boxes = [Box(*map(float, row[1:5])) for row in picture.objects if row[0] == HEAD][:2]
        for box in boxes:
            cut = crop(pixels, box, SIDE).transpose(2, 0, 1)[None]
            yield {"heads": cut.astype(np.float32)}


def quantise(graph: Path, out: Path, data: Path, *, heads: bool = False, count: int = 120) -> None:
    """Writes the int8 form of `graph` to `out`; `heads` for the second look, which is fed crops.

    The three last convolutions of each branch stay in float.
    """
    pictures = [picture for picture in labels.load(data) if picture.split == "train"]
    chosen = pictures[:: max(1, len(pictures) // count)]
    prepared = out.with_suffix(".prepared.onnx")
    quant_pre_process(graph, prepared, skip_symbolic_shape=True)
    quantize_static(
        prepared,
        out,
        _Reader(_heads(chosen) if heads else _frames(chosen)),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv", "Clip", "Add"],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        nodes_to_exclude=_last_convolutions(prepared),
    )
    prepared.unlink()


def _last_convolutions(graph: Path) -> list[str]:
    """Scores, sides and attributes: tiny, and the only ones whose small steps are read as numbers."""
    import onnx

    nodes = onnx.load(graph).graph.node
    return [node.name for node in nodes if node.op_type == "Conv" and _is_last(node.name)]


def _is_last(name: str) -> bool:
    return any(f"/{part}" in name for part in ("score", "sides", "extras"))


def main(
    graph: Annotated[Path, typer.Argument(exists=True)],
    out: Annotated[Path, typer.Argument()],
    data: Annotated[Path, typer.Option(help="folder with coco.json")],
    heads: Annotated[bool, typer.Option(help="the graph is a second look")] = False,
) -> None:
    """Quantises an exported graph: `python -m models.train.quantise model.onnx int8.onnx --data DIR`."""
    quantise(graph, out, data, heads=heads)


if __name__ == "__main__":
    typer.run(main)
