"""PURE: what an operator's form says, as a command's arguments."""

from collections.abc import Mapping, Sequence

from api.rescue_words import HAZARDS, METHODS, cause_of
from contracts.kinds import CommandKind

Form = Mapping[str, Sequence[str]]
"""the values of each field, as a browser sends them"""
ORDERS: Mapping[CommandKind, tuple[str, ...]] = {
    CommandKind.CONFIRM: (),
    CommandKind.FALSE_ALARM: (),
    CommandKind.SELF_RELEASED: (),
    CommandKind.NOT_TRAPPED: (),
    CommandKind.RAISE: (),
    CommandKind.EMERGENCY: ("ambulance",),
    CommandKind.FACTS: ("people", "floor"),
    CommandKind.REASSIGN: ("organisation", "dispatch"),
    CommandKind.MERGE: ("into",),
    CommandKind.SPLIT: (),
    CommandKind.REOPEN: (),
    CommandKind.CALL_LOG: ("whom",),
    CommandKind.COMFORT: ("text",),
    CommandKind.NOTE: (),
    CommandKind.RECORD: (),
    CommandKind.FOLLOW_UP: (),
    CommandKind.CLOSE: ("override_reason",),
}
"""an operator's commands on an incident, with the fields that are passed on as they are"""
FOR_A_CREW: Mapping[CommandKind, tuple[str, ...]] = {
    CommandKind.ACCEPT: (),
    CommandKind.EN_ROUTE: ("eta_minutes",),
    CommandKind.ARRIVED: (),
    CommandKind.RELEASED: ("people", "all"),
    CommandKind.DECLINE: (),
}
"""what an operator says for a crew that telephones"""
REASON_NEEDED = (
    CommandKind.FALSE_ALARM,
    CommandKind.SELF_RELEASED,
    CommandKind.NOT_TRAPPED,
    CommandKind.EMERGENCY,
    CommandKind.REASSIGN,
    CommandKind.MERGE,
    CommandKind.SPLIT,
    CommandKind.REOPEN,
    CommandKind.CALL_LOG,
    CommandKind.NOTE,
    CommandKind.FOLLOW_UP,
    CommandKind.ARRIVED,
    CommandKind.DECLINE,
)
WHOMS = ("car", "caller", "property", "maintenance", "crew", "other")
PRESETS = ("help_is_coming", "keep_clear_of_the_doors", "crew_is_near")


def order_args(kind: CommandKind, form: Form) -> dict[str, object]:
    """The arguments of an operator's command on an incident."""
    args = _plain(ORDERS[kind], form)
    if kind is CommandKind.FACTS:
        # None ticked means that there are none: what was ticked in error can be taken back.
        args["hazards"] = ",".join(hazard for hazard in HAZARDS if hazard in form.get("hazards", ()))
    if kind is CommandKind.COMFORT and not args:
        args = _plain(("preset",), form)
        args = {"text": args["preset"]} if args else {}
    if kind in (CommandKind.RECORD, CommandKind.CLOSE):
        args |= cause_and_method(form)
    return args


def crew_args(kind: CommandKind, form: Form) -> dict[str, object]:
    """The arguments of what an operator says for a crew; only an operator may vouch for an arrival."""
    args = _plain(FOR_A_CREW[kind], form)
    return {**args, "proof": "override"} if kind is CommandKind.ARRIVED else args


def phone_args(form: Form) -> dict[str, object]:
    """What a caller knows of the people inside. Nothing is made up: an empty field is not sent."""
    args = _plain(("people", "floor", "caller"), form)
    if "people" in args and not str(args["people"]).isdecimal():
        del args["people"]
    hazards = [hazard for hazard in HAZARDS if hazard in form.get("hazards", ())]
    return {**args, "hazards": ",".join(hazards)} if hazards else args


def cause_and_method(form: Form) -> dict[str, object]:
    """What was chosen from the lists of causes and methods."""
    args: dict[str, object] = {**cause_of(_first(form, "cause"))}
    method = _first(form, "method")
    return {**args, "method": method} if method in METHODS else args


def _plain(names: Sequence[str], form: Form) -> dict[str, object]:
    return {name: value for name in names if (value := _first(form, name))}


def _first(form: Form, name: str) -> str:
    return next(iter(form.get(name, ())), "").strip()
