"""One onnxruntime session: threads by CPU affinity, provider checked after load, warm before the first frame."""

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as states

from models.errors import ModelError
from models.timings import Timings

Floats = NDArray[np.float32]
CPU = "CPUExecutionProvider"

# The runtime's errors share no base class of their own.
_REFUSALS = (
    states.Fail,
    states.InvalidArgument,
    states.InvalidGraph,
    states.InvalidProtobuf,
    states.NoModel,
    states.NoSuchFile,
    states.NotImplemented,
    states.RuntimeException,
)


def sha256_of(path: Path) -> str:
    """Hex digest of a file. Raises ModelError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"file: {path} cannot be read ({error.strerror}), expected the model's weights") from error


def usable_cores() -> int:
    """Cores this process may run on; a container's limit shows here and not in the number of cores."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Session:
    """Runs one model. Safe to share between threads: onnxruntime allows concurrent runs."""

    def __init__(self, path: Path, *, threads: int | None = None, provider: str = CPU) -> None:
        """Raises ModelError when the file is no model, or when the runtime chose another provider than asked."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or usable_cores()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Idle threads sleep instead of spinning: video decoding needs the cores between two frames.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if provider not in ort.get_available_providers():
            known = ", ".join(ort.get_available_providers())
            raise ModelError(f"provider: {provider} is not available here, expected one of: {known}")
        try:
            self._session = ort.InferenceSession(str(path), options, providers=[provider])
        except _REFUSALS as error:
            raise ModelError(f"file: {path} is not a model that onnxruntime can open ({_first_line(error)})") from error
        chosen = self._session.get_providers()
        if chosen[0] != provider:
            raise ModelError(f"provider: {chosen[0]} was loaded, expected {provider}")
        self._input, *others = self._session.get_inputs()
        self._sizes = _sizes_input(path, others)
        self.threads = options.intra_op_num_threads
        self.timings = Timings()

    @property
    def input_shape(self) -> tuple[int | str | None, ...]:
        """As the graph declares it; free axes are names."""
        return tuple(self._input.shape)

    @property
    def takes_batches(self) -> bool:
        """Whether several pictures may go through at once."""
        return len(self.input_shape) == 4 and not isinstance(self.input_shape[0], int)

    def run(self, blob: Floats) -> Sequence[Floats]:
        """All outputs for an input of n x 3 x height x width. Raises ModelError when the graph does not take it."""
        feed: dict[str, NDArray[Any]] = {self._input.name: blob}
        if self._sizes is not None:
            # Such graphs scale their boxes to a picture of (width, height); ours are read in input pixels.
            feed[self._sizes] = np.tile(np.array([[blob.shape[3], blob.shape[2]]], np.int64), (len(blob), 1))
        start = time.perf_counter()
        try:
            outputs: Sequence[Floats] = self._session.run(None, feed)
        except _REFUSALS as error:
            raise ModelError(f"input: {blob.shape} was refused by the graph ({_first_line(error)})") from error
        self.timings.add((time.perf_counter() - start) * 1e3)
        return outputs


def _sizes_input(path: Path, others: Sequence[Any]) -> str | None:
    """The name of the second input of DETR exports, the pictures' sizes; no other second input is known."""
    if not others:
        return None
    if len(others) == 1 and others[0].type == "tensor(int64)" and others[0].shape[-1:] == [2]:
        return str(others[0].name)
    shown = ", ".join(f"{each.name} {each.type} {each.shape}" for each in others)
    raise ModelError(f"file: {path} has further inputs ({shown}), expected none or the sizes, int64 n x 2")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
