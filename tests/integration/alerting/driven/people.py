"""What crews, operators and sensors do in a story: sampled from a seed, whoever looks and in whatever order."""

from collections.abc import Iterator, Mapping
from random import Random
from types import MappingProxyType
from typing import NamedTuple

LIFTS = ("442001", "442003", "442005", "442009")
LENGTH_S = 4800.0
NOTHING: Mapping[str, object] = MappingProxyType({})


class Tap(NamedTuple):
    """A command `after_s` seconds after the crew was asked, or after the story began."""

    after_s: float
    kind: str
    reason: str = ""
    args: Mapping[str, object] = NOTHING
    made_s: float | None = None
    """seconds before it came in at which it was made, offline"""


class Signal(NamedTuple):
    """An event of a lift; all of one `life` share an identity."""

    after_s: float
    lift: str
    rule: str
    phase: str
    life: int
    details: Mapping[str, object] = NOTHING


def signals(seed: int) -> list[Signal]:
    """Alarms of one to three lifts, with repeats, ends and new alarms after them."""
    chance, found = Random(f"signals {seed}"), list[Signal]()
    for place, lift in enumerate(chance.sample(LIFTS, chance.randint(1, 3))):
        at = chance.uniform(0, 120)
        first = chance.choice(("trapped_non_level", "trapped_non_level", "alarm_button", "stopped_outside_zone"))
        details: dict[str, object] = {"people": chance.randint(1, 4), "floor": str(chance.randint(1, 30))}
        if chance.random() < 0.1:
            details["hazards"] = "injury"
        found.append(Signal(at, lift, first, "start", 10 * place, details))
        if first != "trapped_non_level" and chance.random() < 0.7:
            found.append(Signal(at + chance.uniform(1, 90), lift, "trapped_non_level", "start", 10 * place + 1, {}))
        if chance.random() < 0.3:
            found.append(Signal(at + chance.uniform(1, 2000), lift, "alarm_button", "start", 10 * place + 2, {}))
        if chance.random() < 0.6:
            found.append(Signal(at + chance.uniform(60, 4000), lift, first, "end", 10 * place, {"reason": "door open"}))
        if chance.random() < 0.15:
            found.append(Signal(at + chance.uniform(2500, 5000), lift, "trapped_level", "start", 10 * place + 3, {}))
    return sorted(found)


def crew(seed: int, lift: str, organisation: str, time: int) -> list[Tap]:
    """What a crew does that was asked the `time`-th time to come to a lift."""
    chance = Random(f"crew {seed} {lift} {organisation} {time}")
    return list(_twice_and_late(chance, _crew(chance, lift, 0.15 if organisation == "city-119" else 0.35)))


def _crew(chance: Random, lift: str, silent: float) -> Iterator[Tap]:
    if chance.random() < silent:
        return
    mood = chance.random()
    at = chance.uniform(3, 240)
    if mood < 0.15:
        yield Tap(at, "decline", "no car")
        return
    if mood < 0.9:
        yield Tap(at, "accept")
    at += chance.uniform(1, 60)
    if chance.random() < 0.7:
        yield Tap(at, "en_route", "", {"eta_minutes": str(chance.choice((5, 15, 50)))})
    if chance.random() < 0.1:
        yield Tap(at + chance.uniform(1, 300), "decline", "accident on the way")
        return
    at += chance.uniform(60, 2800)
    if chance.random() < 0.25:
        return
    yield Tap(at, "arrived", "", {"proof": "qr", "code": lift})
    at += chance.uniform(20, 2200)
    if chance.random() < 0.85:
        yield Tap(at, "released", "", {"people": str(chance.randint(1, 4)), "all": "1"})


def _twice_and_late(chance: Random, taps: Iterator[Tap]) -> Iterator[Tap]:
    for tap in taps:
        kind = chance.random()
        if kind < 0.15:
            # Made offline, and sent when there was a line again: maybe after the crew's next tap.
            held = chance.uniform(1, 200)
            yield tap._replace(after_s=tap.after_s + held, made_s=held)
        else:
            yield tap
        if kind > 0.75:
            yield tap._replace(after_s=tap.after_s + chance.uniform(0, 4))


def operator(seed: int, lift: str, time: int) -> list[Tap]:
    """What the operator does about the `time`-th incident of a lift."""
    chance = Random(f"operator {seed} {lift} {time}")
    found = []
    for _ in range(chance.randint(0, 3)):
        kind, reason, args = chance.choice(OPERATORS)
        found.append(Tap(chance.uniform(1, 2500), kind, reason, args))
    found.append(Tap(chance.uniform(1500, 5000), "close", "", CLOSING))
    if chance.random() < 0.06:
        found.append(Tap(chance.uniform(20, 600), "false_alarm", "pressed by mistake"))
    return list(_twice_and_late(chance, iter(found)))


CLOSING: dict[str, object] = {"cause": "door_system", "method": "open_at_level", "override_reason": "seen on site"}
OPERATORS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("confirm", "spoken with them", {}),
    ("note", "caretaker is there", {}),
    ("raise", "a child", {}),
    ("call_log", "calm", {"whom": "car"}),
    ("facts", "", {"people": "2"}),
    ("emergency", "chest pain", {"ambulance": "1"}),
    ("comfort", "", {"text": "help is coming"}),
)
