"""Static int8 of an exported graph: convolutions, clips and shortcuts, per channel, calibrated on training pictures"""

from pathlib import Path
from typing import Annotated

import cv2
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

from models import labels, letterbox
from models.registry import InputSpec

_SPEC = InputSpec(width=416, height=416, colour="bgr", free=True)


class _Pictures(CalibrationDataReader):
    """Feeds letterboxed pictures of the training split, evenly over the sources."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = iter(paths)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        path = next(self._paths, None)
        if path is None:
            return None
        image = cv2.imread(str(path))
        if image is None:
            raise OSError(f"{path} is not a picture that can be read")
        pixels: NDArray[np.uint8] = image.astype(np.uint8, copy=False)
        # One size for all: the calibrator stacks what it sees.
        spec = InputSpec(width=_SPEC.width, height=_SPEC.height, colour=_SPEC.colour)
        return {"image": letterbox.blob(pixels, letterbox.fit(image.shape[:2], spec), spec)}


def quantise(graph: Path, out: Path, data: Path, count: int = 120) -> None:
    """Writes the int8 form of `graph` to `out`. The three last convolutions of each branch stay in float."""
    pictures = [picture for picture in labels.load(data) if picture.split == "train"]
    paths = [picture.path for picture in pictures[:: max(1, len(pictures) // count)]]
    prepared = out.with_suffix(".prepared.onnx")
    quant_pre_process(graph, prepared, skip_symbolic_shape=True)
    quantize_static(
        prepared,
        out,
        _Pictures(paths),
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
) -> None:
    """Quantises an exported graph: `python -m models.train.quantise model.onnx int8.onnx --data DIR`."""
    quantise(graph, out, data)


if __name__ == "__main__":
    typer.run(main)
