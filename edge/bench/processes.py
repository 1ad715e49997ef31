"""What this process and its children cost: CPU seconds and memory, read from /proc."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")


def _children(parent: int) -> list[int]:
    found = []
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            fields = _stat(int(folder.name))
            # Cameras' processes only: the bench's server counts for itself.
            if fields and int(fields[1]) == parent and b"camera_child" in _command(int(folder.name)):
                found.append(int(folder.name))
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; none when the process is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _command(pid: int) -> bytes:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""


def cpu_seconds() -> dict[str, float]:
    """CPU seconds so far of this process (`own`) and of its cameras' processes that live (`children`)."""

    def spent(pid: int) -> float:
        fields = _stat(pid)
        return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0

    me = os.getpid()
    return {"own": spent(me), "children": sum(spent(pid) for pid in _children(me))}


def memory_mb() -> float:
    """Memory of this process and its cameras' processes; what they share counts once (PSS)."""

    def size(pid: int) -> float:
        try:
            text = (_PROC / str(pid) / "smaps_rollup").read_text()
        except OSError:
            return 0.0
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024

    me = os.getpid()
    return sum(size(pid) for pid in (me, *_children(me)))
