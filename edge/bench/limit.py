"""The rival in the same run: bare onnxruntime on the same pictures, and what the motion gate costs."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import msgspec
import numpy as np

from contracts.vision import Image
from edge import motion
from models import letterbox
from models.crops import crop
from models.detector import open_detector
from models.second_look import chosen

ROUNDS = 60


class Cost(msgspec.Struct, frozen=True):
    """CPU seconds a picture that the bare networks need."""

    network_s: float


def pictures(film: Path, count: int) -> list[Image]:
    """Some pictures of a film, far apart."""
    found: list[Image] = []
    with av.open(str(film)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % 20 == 0:
                found.append(np.ascontiguousarray(frame.to_ndarray(format="bgr24")).astype(np.uint8, copy=False))
            if len(found) == count:
                break
    return found


def bare(film: Path) -> Cost:
    """One thread runs both networks on prepared inputs, nothing else."""
    detector = open_detector(threads=1)
    spec = detector.entry.input
    inputs = []
    for image in pictures(film, 20):
        blob = letterbox.blob(image, letterbox.fit(image.shape[:2], spec), spec)
        found = detector.detect(image)
        crops = None
        if detector.second is not None:
            rows = chosen(found, detector.entry.min_head, detector.second.spec.most)
            side = detector.second.spec.side
            cuts = [crop(image, found[row].box, side).transpose(2, 0, 1) for row in rows]
            crops = np.stack(cuts).astype(np.float32) if cuts else None
        inputs.append((blob, crops))
    began = time.thread_time()
    for number in range(ROUNDS):
        blob, crops = inputs[number % len(inputs)]
        detector.session.run(blob)
        if crops is not None and detector.second is not None:
            detector.second.session.run(crops)
    return Cost((time.thread_time() - began) / ROUNDS)


def motion_cost(film: Path) -> float:
    """CPU seconds a picture that the motion gate needs."""
    seen, state, at = pictures(film, 20), motion.MotionState(), datetime(2026, 1, 1, tzinfo=UTC)
    began = time.thread_time()
    for number in range(ROUNDS):
        at += timedelta(seconds=0.2)
        state, _ = motion.step(state, motion.thumb(seen[number % len(seen)]), at)
    return (time.thread_time() - began) / ROUNDS
