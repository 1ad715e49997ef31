"""What processes and the machine cost, read from /proc (Linux)."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


class Idle(NamedTuple):
    """The machine's time so far, in seconds over all cores."""

    idle: float
    total: float


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; none when the process is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def cpu_seconds(pids: Sequence[int], *, families: bool = False) -> float:
    """CPU seconds so far of processes; with `families` also of their children, living and ended."""
    fields = 15 if families else 13
    total = sum(sum(int(value) for value in _stat(pid)[11:fields]) for pid in pids)
    if families:
        for folder in _PROC.iterdir():
            if folder.name.isdigit():
                stat = _stat(int(folder.name))
                if stat and int(stat[1]) in pids:
                    total += int(stat[11]) + int(stat[12])
    return total / _TICKS


def memory_mb(pids: Sequence[int]) -> float:
    """Resident memory of processes together; what they share counts for each."""
    total = 0
    for pid in pids:
        try:
            total += int((_PROC / str(pid) / "statm").read_text().split()[1])
        except OSError:
            continue
    return total * os.sysconf("SC_PAGE_SIZE") / 2**20


def idle() -> Idle:
    """Of the machine since its start: time in which nothing ran (waiting for disks included), and all time."""
    values = [int(value) for value in (_PROC / "stat").read_text().partition("\n")[0].split()[1:9]]
    return Idle((values[3] + values[4]) / _TICKS, sum(values) / _TICKS)


def spent(before: Mapping[str, float], after: Mapping[str, float], messages: int) -> dict[str, float]:
    """CPU seconds per 10,000 messages by name."""
    return {name: round((after[name] - before[name]) / max(1, messages) * 10_000, 4) for name in after}
