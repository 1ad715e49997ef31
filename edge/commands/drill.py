"""`drill`: publishes an event that calls itself an exercise, the way that an alarm goes. The lift is not touched.

Begin and end are a command each, so that nothing need be remembered. An alarm of the lift's own rules goes its own way
meanwhile: it has another identity.
"""

import logging
from datetime import datetime
from uuid import UUID

from contracts.kinds import Phase, Rule
from contracts.messages import Command
from edge.commands import Answer, Refused, Site, text
from edge.sink import EventDraft

log = logging.getLogger(__name__)
RULES = (Rule.TRAPPED_NON_LEVEL, Rule.TRAPPED_LEVEL, Rule.ALARM_BUTTON)
MOST_PEOPLE = 200


def carry_out(site: Site, command: Command, now: datetime) -> Answer:
    if command.device not in site.drivers:
        raise Refused(f"{command.device} is no lift of this agent")
    if site.say is None:
        raise Refused("this agent publishes nothing by command")
    name, phase = text(command, "name", 64), _phase(command)
    draft = EventDraft(
        device=command.device,
        rule=_rule(command),
        phase=phase,
        at=now,
        observed=now,
        id=_event(command),
        rev=0 if phase is Phase.START else 1,
        subject="drill",
        details={"drill": name, "reason": f"drill {name}", **_facts(command)},
    )
    site.say(draft)
    log.warning("%s: drill %s: %s published", command.device, name, phase)
    if phase is Phase.END and command.args.get("passed") is True:
        site.proven(command.device)
        return Answer(True, "end published, alarm path proven")
    return Answer(True, f"{phase} published")


def _phase(command: Command) -> Phase:
    value = command.args.get("phase")
    if value not in (Phase.START, Phase.END):
        raise Refused(f"phase: {value!r}, expected start or end")
    return Phase(str(value))


def _rule(command: Command) -> Rule:
    value = command.args.get("rule")
    if value not in RULES:
        raise Refused(f"rule: {value!r}, expected one of {', '.join(RULES)}")
    return Rule(str(value))


def _event(command: Command) -> UUID:
    value = command.args.get("event")
    try:
        return UUID(str(value))
    except ValueError as error:
        raise Refused(f"event: {value!r}, expected a UUID") from error


def _facts(command: Command) -> dict[str, str | int]:
    found: dict[str, str | int] = {}
    people = command.args.get("people")
    if people is not None:
        if isinstance(people, bool) or not isinstance(people, int) or not 0 <= people <= MOST_PEOPLE:
            raise Refused(f"people: {people!r}, expected 0 to {MOST_PEOPLE}")
        found["people"] = people
    if command.args.get("floor") is not None:
        found["floor"] = text(command, "floor", 20)
    return found
