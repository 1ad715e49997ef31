"""The generator: a process of its own that publishes the fleet's messages and knows what the broker took."""

import ctypes
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from itertools import count as count_up
from typing import NamedTuple
from uuid import UUID

from contracts.topics import ROOT
from runtime.load.payload import fleet, instant, templates
from runtime.publisher import Count, Publisher, PublishError
from runtime.settings import BrokerSettings

SPAWN = multiprocessing.get_context("spawn")
TEXT = 500


class Plan(NamedTuple):
    """What is to be published. `rate` in messages a second, 0: as fast as `Board.allowed` lets it."""

    broker: BrokerSettings
    devices: int
    samples: int
    rate: float
    seconds: float
    boot: UUID
    connections: int = 4
    root: str = ROOT


class Board(ctypes.Structure):
    """What two processes tell each other, in shared memory; every field has one writer."""

    allowed: int
    """by the bench: how many messages may be published in all, where `rate` is 0"""
    stop: int
    begun: int
    sent: int
    accepted: int
    unheard: int
    refused: int
    resent: int
    late_us: int
    """how late a message went out at most"""
    error: bytes
    _fields_ = (
        *((name, ctypes.c_longlong) for name in ("allowed", "stop", "begun", "sent", "accepted", "unheard")),
        *((name, ctypes.c_longlong) for name in ("refused", "resent", "late_us")),
        ("error", ctypes.c_char * TEXT),
    )


def new_board() -> Board:
    """Shared memory for a child process to come."""
    # A Structure in shared memory is a Structure; the types of multiprocessing do not say so.
    board: Board = SPAWN.RawValue(Board)
    return board


def live(board: Board) -> Callable[[], bool]:
    """For a child process: whether it shall go on. It ends with its parent, which alone hears Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    return lambda: not board.stop and os.getppid() == parent


def generate(plan: Plan, board: Board) -> None:
    """The work of the process; ends by itself, or when `board.stop` is set."""
    publisher, going = Publisher(plan.broker, plan.connections), live(board)

    def tell(count: Count) -> None:
        board.late_us = int(publisher.late * 1_000_000)
        board.sent, board.accepted, board.unheard, board.resent = (
            count.sent,
            count.accepted,
            count.unheard,
            count.resent,
        )
        board.refused = sum(count.refused.values())

    try:
        publisher.run(_messages(plan, board), stop=lambda: not going(), tell=tell)
    except PublishError as error:
        tell(publisher.count)
        board.error = str(error).encode()[: TEXT - 1]


def _messages(plan: Plan, board: Board) -> Iterator[tuple[float, bytes, bytes] | None]:
    """Device after device, round after round. A message bears the time at which it is due."""
    made = [
        (place.replace(ROOT.encode(), plan.root.encode(), 1), *parts)
        for place, parts in templates(fleet(plan.devices), plan.boot, plan.samples)
    ]
    board.begun = 1
    wall_ms, began = time.time() * 1000, time.monotonic()
    number, last_ms, base = 0, -1, b""
    for turn in count_up():
        seq = str(turn).encode()
        for place, before, between, after in made:
            if plan.rate:
                due = number / plan.rate
                if due >= plan.seconds:
                    return
            else:
                due = 0.0
                while number >= board.allowed:
                    yield None
                if number % 64 == 0 and time.monotonic() - began >= plan.seconds:
                    return
            at_ms = int(wall_ms + due * 1000) if plan.rate else int(time.time() * 1000)
            if at_ms != last_ms:
                last_ms, base = at_ms, instant(at_ms)
            yield due, place, b"".join((before, seq, between, base, after))
            number += 1
