"""`reload`: reads the configuration file again; what can change without losing tracks changes, or nothing does."""

from datetime import datetime
from pathlib import Path

from contracts.messages import Command
from edge.commands import Answer, Refused, Site
from edge.config import EdgeConfigError
from edge.config_file import load
from edge.live_config import LiveConfig


def carry_out(site: Site, command: Command, _: datetime) -> Answer:
    if command.device != site.live.now.agent:
        raise Refused(f"device: {command.device!r}, expected the agent {site.live.now.agent!r}")
    return site.reload()


def reload(live: LiveConfig, path: Path | None) -> Answer:
    """The same for the command and for SIGHUP."""
    if path is None:
        return Answer(False, "this agent was not started from a file")
    try:
        config = load(path)
    except EdgeConfigError as error:
        first, *more = str(error).splitlines()
        return Answer(False, first + (f" (and {len(more)} more: sunlit edge check {path})" if more else ""))
    change = live.swap(config)
    if change.refused:
        return Answer(False, f"{', '.join(change.refused)}: needs a restart of the agent; nothing was changed")
    if not change.keys:
        return Answer(True, "nothing has changed")
    again = f"; opened anew: {', '.join(change.cameras)}" if change.cameras else ""
    return Answer(True, f"changed {', '.join(change.keys)}{again}")
