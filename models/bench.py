"""Where the milliseconds of a frame go."""

import time
from collections.abc import Callable
from statistics import median

import cv2
import msgspec

from contracts.kinds import ObjectKind
from contracts.vision import Image
from models import letterbox
from models.detector import OnnxDetector
from models.timings import Histogram


class Bench(msgspec.Struct, frozen=True):
    """Medians over the rounds. `ratio` is the whole frame over the bare run of the network.

    `second_ms` is the second look at the `heads` of the frame, `runs` are all runs of the network in this process.
    `decode_ms` is the picture as JPEG; not part of `total_ms`, since cameras send video.
    """

    model: str
    threads: int
    input: tuple[int, int]
    rounds: int
    decode_ms: float
    resize_ms: float
    inference_ms: float
    post_ms: float
    second_ms: float
    heads: int
    total_ms: float
    frames_per_second: float
    ratio: float
    runs: Histogram


def bench(detector: OnnxDetector, image: Image, rounds: int) -> Bench:
    """Times the three steps of `detect` apart on one picture, and `detect` as a whole."""
    spec, picture = detector.entry.input, (image.shape[0], image.shape[1])
    where = letterbox.fit(picture, spec)
    blob = letterbox.blob(image, where, spec)
    outputs = detector.session.run(blob)
    packed = cv2.imencode(".jpg", image)[1]
    decode = _timed(lambda: cv2.imdecode(packed, cv2.IMREAD_COLOR), rounds)
    resize = _timed(lambda: letterbox.blob(image, where, spec), rounds)
    inference = _timed(lambda: detector.session.run(blob), rounds)
    post = _timed(lambda: detector.read(outputs, where, picture), rounds)
    found = detector.read(outputs, where, picture)
    second = _timed(lambda: detector.look_again(image, found), rounds)
    total = _timed(lambda: detector.detect(image), rounds)
    return Bench(
        model=detector.entry.name,
        threads=detector.session.threads,
        input=(where.height, where.width),
        rounds=rounds,
        decode_ms=round(decode, 3),
        resize_ms=round(resize, 3),
        inference_ms=round(inference, 3),
        post_ms=round(post, 3),
        second_ms=round(second, 3),
        heads=sum(each.kind is ObjectKind.HEAD for each in found),
        total_ms=round(total, 3),
        frames_per_second=round(1000 / total, 1),
        ratio=round(total / inference, 3),
        runs=detector.session.timings.read(),
    )


def _timed(step: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return median(times) * 1e3
