"""PURE: what a crew does after it was asked, drawn at random."""

from datetime import datetime, timedelta
from math import exp
from random import Random

from alerting.case import Order
from alerting.simulate.behaviour import Behaviour
from alerting.simulate.world import LIFT
from contracts.kinds import CommandKind

SETS_OUT_S = 20.0
MOST_ETA_MIN = 600.0
ACCEPT = Order(kind=CommandKind.ACCEPT)
DECLINE = Order(kind=CommandKind.DECLINE, reason="no crew is free")
ARRIVED = Order(kind=CommandKind.ARRIVED, args={"proof": "qr", "code": LIFT})
RELEASED = Order(kind=CommandKind.RELEASED, args={"all": True})

Deed = tuple[datetime, Order]


def deeds(random: Random, given: Behaviour, asked: datetime, *, mass: bool, again: bool) -> list[Deed]:
    """What a crew that was asked now will do. `again`: it was asked before and has not answered."""
    answer = given.answer
    luck = random.random()
    answers_s = random.lognormvariate(0.0, answer.sigma) * answer.median_s
    travel_s = 60.0 * random.lognormvariate(given.arrival.mu, given.arrival.sigma)
    frees_s = 60.0 * given.release.median * random.lognormvariate(0.0, given.release.sigma)
    tells, comes, frees, wakes = random.random(), random.random(), random.random(), random.random()
    if again and wakes >= answer.later:
        return []
    if not again and luck < answer.never:
        return []
    if luck < answer.never + answer.declines:
        return [(_after(asked, answers_s), DECLINE)]
    there_s = max(travel_s * (given.scene.mass_slower if mass else 1.0), answers_s + given.arrival.least_s)
    found = [(_after(asked, answers_s), ACCEPT)]
    # A tap takes its time; who is nearly there sets out at once.
    sets_out_s = min(answers_s + SETS_OUT_S, there_s)
    eta = {"eta_minutes": min(MOST_ETA_MIN, (there_s - sets_out_s) / 60)} if tells < given.arrival.tells_eta else {}
    found.append((_after(asked, sets_out_s), Order(kind=CommandKind.EN_ROUTE, args=eta)))
    if comes < given.arrival.never:
        return found
    found.append((_after(asked, there_s), ARRIVED))
    if frees >= given.release.never:
        found.append((_after(asked, there_s + frees_s), RELEASED))
    return found


def _after(at: datetime, seconds: float) -> datetime:
    return at + timedelta(seconds=seconds)


def mean_arrival_min(given: Behaviour) -> float:
    """Of the distribution that arrivals are drawn from."""
    return exp(given.arrival.mu + given.arrival.sigma**2 / 2)
