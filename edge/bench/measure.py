"""Runs N cameras over RTSP through the agent's chain and counts what it costs and how late it is."""

import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec

from contracts.kinds import ZoneKind
from contracts.vision import Detection, Image, ModelRef
from edge.agent import SpoolSink
from edge.bench.film import films
from edge.bench.limit import Cost, bare, motion_cost
from edge.bench.processes import cpu_seconds, memory_mb
from edge.camera_duty import CameraDuty
from edge.capture import Frame
from edge.centre_clock import CentreClock
from edge.config import CameraConfig, EdgeConfig, Rules, VisionRules
from edge.eye import Eye
from edge.outbox import Outbox
from edge.spool import Spool
from edge.watcher import Sight, Watcher
from models.detector import open_detector
from models.session import usable_cores
from runtime.stack.ports import free_port

SERVER = Path(__file__).with_name("rtsp_server.py")
SYSTEM_PYTHON = "/usr/bin/python3"
FILMS = 4
WARM_UP_S = 15.0
STARVED = 0.9
"""a camera of which fewer of the wanted pictures were taken was not sustained"""


class BenchError(RuntimeError):
    """A part of the bench that is not there; the text says which and how to get it."""


class Numbers(msgspec.Struct, frozen=True):
    """What `sunlit bench edge --json` prints. CPU is in cores, per camera and step; latencies in seconds.

    `latency_*`: from the moment a picture was received to its event safe in the spool (`events` of them), or to the end
    of the look where there were fewer than 20 events. `ratio`: of the CPU that looking costs, the share that bare
    onnxruntime needs for the same pictures. `throughput_ratio`: looks done over looks that bare onnxruntime could do on
    these cores, or over the looks that were wanted where those are fewer.
    """

    cameras: int
    fps: int
    seconds: float
    cores: int
    cameras_sustained: int
    looks_per_second: float
    dropped_share: float
    cpu_per_camera: dict[str, float]
    memory_mb: float
    latency_p50_s: float
    latency_p95_s: float
    latency_p99_s: float
    events: int
    ratio: float
    throughput_ratio: float
    bare_looks_per_second: float
    model: ModelRef


class TimedDetector:
    """The shipped detector, one thread a look, which knows what its looks cost."""

    def __init__(self) -> None:
        self._detector = open_detector(threads=1)
        self._sum = threading.Lock()
        self.cpu = 0.0

    @property
    def ref(self) -> ModelRef:
        return self._detector.ref

    def detect(self, image: Image) -> Sequence[Detection]:
        began = time.thread_time()
        found = self._detector.detect(image)
        with self._sum:
            self.cpu += time.thread_time() - began
        return found


class TimedDuty(CameraDuty):
    """A camera's duty that counts its pictures and how late its words are."""

    def __init__(self, watcher: Watcher, sink: SpoolSink, outbox: Outbox) -> None:
        super().__init__(watcher, sink, outbox, stills=False)
        self.taken = self.looked = 0
        self.event_late: list[float] = []
        self.look_late: list[float] = []
        self.counting = False

    def see(self, frame: Frame) -> Sight | None:
        sight = super().see(frame)
        if self.counting:
            late = (datetime.now(UTC) - frame.captured).total_seconds()
            self.taken += 1
            if sight is not None:
                self.looked += 1
                self.look_late.append(late)
                self.event_late += [late] * len(sight.decisions)
        return sight


@contextmanager
def served(mounts: dict[str, Path]) -> Iterator[str]:
    """The address below which a real RTSP server serves the files. Raises BenchError."""
    port = free_port()
    words = [f"{name}={path}" for name, path in mounts.items()]
    try:
        server = subprocess.Popen(
            [SYSTEM_PYTHON, str(SERVER), str(port), *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        raise BenchError(f"{SYSTEM_PYTHON} cannot be started ({error.strerror})") from error
    assert server.stdout is not None
    try:
        if server.stdout.readline() != b"ready\n":
            raise BenchError(
                "no RTSP server: install python3-gi, gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-good and -bad"
            )
        yield f"rtsp://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def measure(
    source: Path | None, cameras: int, fps: int, seconds: float, looks: float, tell: Callable[[float], None]
) -> Numbers:
    """Runs the bench; `tell` gets the seconds that have passed. Raises BenchError and FilmError."""
    with tempfile.TemporaryDirectory(prefix="sunlit-bench-") as name:
        folder = Path(name)
        made = films(source, folder, fps, seconds + WARM_UP_S + 60, min(FILMS, cameras))
        detector = TimedDetector()
        limit = bare(made[0])
        mounts = {f"cam-{number:02}": made[number % len(made)] for number in range(cameras)}
        with served(mounts) as address:
            config = _config(folder, address, list(mounts), looks)
            return _run(config, detector, limit, motion_cost(made[0]), fps, seconds, looks, tell)


def _config(folder: Path, address: str, names: list[str], looks: float) -> EdgeConfig:
    return EdgeConfig(
        agent="agent-bench",
        site="site-bench",
        spool=str(folder / "spool"),
        # Every head speaks up again soon, so that there are events enough to time.
        rules=Rules(vision=VisionRules(repeat_s=10)),
        camera=tuple(
            CameraConfig(
                device=name,
                source=f"{address}/{name}",
                zone_kind=ZoneKind.SPECIAL_ROOM,
                looks_per_second=looks,
            )
            for name in names
        ),
    )


def _run(
    config: EdgeConfig,
    detector: TimedDetector,
    limit: Cost,
    motion_s: float,
    fps: int,
    seconds: float,
    looks: float,
    tell: Callable[[float], None],
) -> Numbers:
    spool, eye = Spool(Path(config.spool)), Eye(None, lambda _: detector, usable_cores())
    sink, outbox = SpoolSink(config, spool, uuid4(), CentreClock("")), Outbox(Path(config.spool) / "pictures")
    duties = [TimedDuty(Watcher(one, config.rules.vision, eye, config.clock), sink, outbox) for one in config.camera]
    stop = threading.Event()
    threads = [threading.Thread(target=duty.run, args=(stop,)) for duty in duties]
    for thread in threads:
        thread.start()
    try:
        time.sleep(WARM_UP_S)
        detector.cpu = 0.0
        before, began = cpu_seconds(), time.monotonic()
        for duty in duties:
            duty.counting = True
        most = 0.0
        while (passed := time.monotonic() - began) < seconds:
            tell(passed)
            most = max(most, memory_mb())
            time.sleep(min(1.0, seconds - passed))
        spent = time.monotonic() - began
        for duty in duties:
            duty.counting = False
        after = cpu_seconds()
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
        spool.close()
    used = Counter({kind: after[kind] - before[kind] for kind in after})
    return _numbers(duties, detector, limit, used, motion_s, (fps, spent, looks, most))


def _numbers(
    duties: list[TimedDuty],
    detector: TimedDetector,
    limit: Cost,
    used: Counter[str],
    motion_s: float,
    run: tuple[int, float, float, float],
) -> Numbers:
    fps, seconds, wanted, memory = run
    cameras, cores = len(duties), usable_cores()
    seen, looked = sum(duty.taken for duty in duties), sum(duty.looked for duty in duties)
    motion = seen * motion_s
    parts = {
        "decode": used["children"],
        "motion": motion,
        "inference": detector.cpu,
        "rest": max(0.0, used["own"] - motion - detector.cpu),
    }
    late = [late for duty in duties for late in duty.event_late]
    events = len(late)
    if events < 20:
        late = [late for duty in duties for late in duty.look_late]
    possible = cores / limit.network_s * seconds
    return Numbers(
        cameras=cameras,
        fps=fps,
        seconds=round(seconds, 1),
        cores=cores,
        cameras_sustained=sum(duty.taken >= STARVED * wanted * seconds for duty in duties),
        looks_per_second=round(looked / seconds / cameras, 3),
        dropped_share=round(max(0.0, 1 - seen / (wanted * seconds * cameras)), 4),
        cpu_per_camera={name: round(spent / seconds / cameras, 4) for name, spent in parts.items()},
        memory_mb=round(memory, 1),
        latency_p50_s=_percentile(late, 0.5),
        latency_p95_s=_percentile(late, 0.95),
        latency_p99_s=_percentile(late, 0.99),
        events=events,
        ratio=round(looked * limit.network_s / max(detector.cpu, 1e-9), 3),
        throughput_ratio=round(looked / max(1.0, min(possible, max(looked, _demand(duties, seconds)))), 3),
        bare_looks_per_second=round(cores / limit.network_s, 1),
        model=detector.ref,
    )


def _demand(duties: list[TimedDuty], seconds: float) -> float:
    """Looks that the motion gate asked for, had no picture been lost."""
    return sum(duty.looked / max(1, duty.taken) * duty.config.looks_per_second * seconds for duty in duties)


def _percentile(values: list[float], share: float) -> float:
    ranked = sorted(values)
    return round(ranked[min(len(ranked) - 1, int(share * len(ranked)))], 3) if ranked else 0.0
