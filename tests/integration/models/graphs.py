"""Small ONNX graphs that answer with a fixed tensor, in the true layout of a family."""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64}


def write(path: Path, size: tuple[int, int], outputs: dict[str, NDArray[np.generic]], *, sizes: bool = False) -> Path:
    """A graph of one picture of (height, width), with the second input of DETR exports if `sizes`."""
    inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, *size])]
    if sizes:
        inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2]))
    held = [numpy_helper.from_array(value, f"{name}_held") for name, value in outputs.items()]
    nodes = [helper.make_node("Identity", [f"{name}_held"], [name]) for name in outputs]
    told = [
        helper.make_tensor_value_info(name, _TYPES[value.dtype], list(value.shape)) for name, value in outputs.items()
    ]
    graph = helper.make_graph(nodes, "fixed", inputs, told, held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


ENTRY = """
default = "{name}"
[[model]]
name = "{name}"
version = "0"
file = "{file}"
sha256 = "{sha}"
family = "{family}"
licence = "see its publisher"
input = {input}
classes = [{classes}]
"""


def judge(path: Path, columns: int = 2) -> Path:
    """A second look that takes the mean blue for the hat and the mean red for the mask."""
    heads = helper.make_tensor_value_info("heads", TensorProto.FLOAT, ["count", 3, 96, 96])
    worn = helper.make_tensor_value_info("worn", TensorProto.FLOAT, ["count", columns])
    held = [
        numpy_helper.from_array(np.array([0, 2, 1][:columns], np.int64), "columns"),
        numpy_helper.from_array(np.array(255, np.float32), "most"),
    ]
    nodes = [
        helper.make_node("ReduceMean", ["heads"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Gather", ["mean", "columns"], ["picked"], axis=1),
        helper.make_node("Div", ["picked", "most"], ["worn"]),
    ]
    graph = helper.make_graph(nodes, "judge", [heads], [worn], held)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)
    return path
