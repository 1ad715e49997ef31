"""PURE: what a crew's tap says, as a command's arguments."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from api.rescue_words import HAZARDS, METHODS, cause_of
from contracts.kinds import CommandKind

CREW: Mapping[CommandKind, tuple[str, ...]] = {
    CommandKind.ACCEPT: (),
    CommandKind.DECLINE: (),
    CommandKind.EN_ROUTE: ("eta_minutes",),
    CommandKind.ARRIVED: ("proof", "code", "lat", "lon"),
    CommandKind.RELEASED: ("people", "all"),
    CommandKind.HAND_OVER: ("organisation",),
    CommandKind.RECORD: (),
    CommandKind.FACTS: (),
}
"""the commands of a crew, with the fields that are passed on as they are"""
CODE = re.compile(r"\d{5,7}")
AT_ONCE_S, LONGEST_S = 3.0, 2 * 86_400.0


def tap_args(kind: CommandKind, form: Mapping[str, str]) -> dict[str, object]:
    """The arguments of a crew's command. A crew cannot vouch for itself: `override` is an operator's proof."""
    args: dict[str, object] = {name: form[name] for name in CREW[kind] if form.get(name)}
    if kind is CommandKind.ARRIVED:
        if args.get("proof") == "override":
            del args["proof"]
        if "code" in args:
            args["code"] = code_of(form["code"])
    if kind is CommandKind.HAND_OVER and form.get("code"):
        args["organisation"] = form["code"]
    if kind is CommandKind.RECORD:
        args |= cause_of(form.get("cause", ""))
        if form.get("method") in METHODS:
            args["method"] = form["method"]
    return args


def told_hazards(told: Collection[str], known: Collection[str]) -> dict[str, object]:
    """What a crew tells of dangers comes on top of what is known: only an operator takes one back."""
    return {"hazards": ",".join(hazard for hazard in HAZARDS if hazard in told or hazard in known)}


def code_of(scanned: str) -> str:
    """The lift's code in what was typed or read from its QR sign, which may hold an address."""
    found: list[str] = CODE.findall(scanned)
    return found[-1] if found else scanned[:40]


def pressed_at(waited_s: str, now: datetime) -> datetime | None:
    """When a tap was made that was kept on the phone; None: just now.

    The phone says for how long it kept it: its clock may be wrong, but it goes as fast as ours.
    """
    try:
        waited = float(waited_s)
    except ValueError:
        return None
    return now - timedelta(seconds=waited) if AT_ONCE_S < waited <= LONGEST_S else None
