"""`comfort`: words for the people in a car."""

import logging
from datetime import datetime

from contracts.messages import Command
from edge.commands import Answer, Refused, Site

log = logging.getLogger(__name__)


def carry_out(site: Site, command: Command, _: datetime) -> Answer:
    if command.device not in site.drivers:
        raise Refused(f"{command.device} is no lift of this agent")
    log.info("comfort message in the car of %s: %s", command.device, command.args.get("text", ""))
    return Answer(True, "shown")
