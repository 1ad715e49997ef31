"""`inject_fault`: lets something happen to a simulated lift."""

from datetime import datetime

from contracts.messages import Command
from edge.commands import Answer, Refused, Site
from edge.drivers.simulator import SimulatorDriver


def carry_out(site: Site, command: Command, _: datetime) -> Answer:
    driver = site.drivers.get(command.device)
    if not isinstance(driver, SimulatorDriver):
        raise Refused(f"{command.device} is no simulated lift")
    try:
        driver.inject(str(command.args.get("fault")))
    except ValueError as error:
        raise Refused(f"fault: {error}") from error
    return Answer(True, "injected")
