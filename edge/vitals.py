"""How the agent's machine and process do, read from the system's own files; what is not there is left out."""

import os
import shutil
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

SHOWN_ZONES = 8
PARTS = ("onnxruntime", "av", "opencv-python-headless")


class Vitals:
    """Two readings make a processor's load: the first one says none."""

    def __init__(self, folder: Path, sys: Path = Path("/sys"), proc: Path = Path("/proc")) -> None:
        self._folder, self._sys, self._proc = folder, sys, proc
        self._began = self._last = time.monotonic()
        self._used = _processor_s()
        self._parts = " ".join(f"{name} {found}" for name in PARTS if (found := _version(name)))

    def read(self) -> dict[str, str]:
        """Words for `Status.health`."""
        now, used = time.monotonic(), _processor_s()
        share = (used - self._used) / (now - self._last) if now > self._last else 0.0
        self._last, self._used = now, used
        found = {
            "uptime_s": f"{now - self._began:.0f}",
            "cpu_percent": f"{100 * share:.0f}",
            "parts": self._parts,
            "temperature_c": self._temperatures(),
            "memory_mb": self._memory(),
        }
        try:
            found["disk_free_mb"] = f"{shutil.disk_usage(self._folder).free / 1e6:.0f}"
        except OSError as error:
            found["disk_free_mb"] = f"unknown ({error.strerror})"
        return {name: text for name, text in found.items() if text}

    def _temperatures(self) -> str:
        words = []
        for zone in sorted((self._sys / "class" / "thermal").glob("thermal_zone*"))[:SHOWN_ZONES]:
            try:
                name = (zone / "type").read_text("utf-8").strip()[:24]
                words.append(f"{name} {int((zone / 'temp').read_text('utf-8')) / 1000:.0f}")
            except (OSError, ValueError):
                continue
        return ", ".join(words)

    def _memory(self) -> str:
        """Of the agent and of the camera processes that it has started."""
        own = str(os.getpid())
        pids = [own]
        for listed in (self._proc / own / "task").glob("*/children"):
            try:
                pids += listed.read_text("utf-8").split()
            except OSError:
                continue
        pages = 0
        for pid in pids:
            try:
                pages += int((self._proc / pid / "statm").read_text("utf-8").split()[1])
            except (OSError, ValueError, IndexError):
                continue
        return f"{pages * os.sysconf('SC_PAGE_SIZE') / 1e6:.0f}" if pages else ""


def _processor_s() -> float:
    """Seconds of processor time, with those of children that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
