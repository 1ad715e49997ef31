"""The edge of the bench: a real agent in a process of its own, told when to raise which alarm."""

import subprocess
import sys
import threading
from pathlib import Path
from uuid import UUID

import msgspec

from runtime.load.raising import GO, READY, Raised, Timetable

COMMAND = [sys.executable, "-m", "edge.bench.alarms"]


class RaiserError(RuntimeError):
    """The agent does not come up; the text holds its last words."""


class Raiser:
    """`raised` fills while its timetable runs."""

    def __init__(self, plan: Timetable, log: Path) -> None:
        self.plan, self.log = plan, log
        self.raised: dict[UUID, Raised] = {}
        self._ready = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float) -> None:
        """Raises RaiserError when the agent is not connected in time."""
        with self.log.open("ab") as errors:
            child = subprocess.Popen(
                COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
            )
        self._child = child
        threading.Thread(target=self._read, args=(child,), name="raiser", daemon=True).start()
        self._say(msgspec.json.encode(self.plan))
        if not self._ready.wait(seconds) or not self.alive:
            last = self.log.read_text("utf-8", errors="replace").strip().splitlines()[-1:]
            raise RaiserError(f"edge: does not connect to the broker in {seconds:g} s: {''.join(last)}")

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def pids(self) -> list[int]:
        return [self._child.pid] if self._child else []

    def go(self) -> None:
        self._say(GO)

    def stop(self) -> None:
        """Its agent says good-bye and ends."""
        if self._child is None:
            return
        if self._child.stdin is not None:
            self._child.stdin.close()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _say(self, line: bytes) -> None:
        assert self._child is not None and self._child.stdin is not None
        self._child.stdin.write(line + b"\n")
        self._child.stdin.flush()

    def _read(self, child: "subprocess.Popen[bytes]") -> None:
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() == READY:
                self._ready.set()
            else:
                raised = msgspec.json.decode(line, type=Raised)
                self.raised[raised.event] = raised
        self._ready.set()
