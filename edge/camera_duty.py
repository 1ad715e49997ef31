"""Cameras of an agent."""

from edge.config import EdgeConfig
from edge.sink import Sink
from runtime.service import Duty


def camera_duties(config: EdgeConfig, sink: Sink) -> dict[str, Duty]:
    """The duties of the cameras by name."""
    del config, sink
    return {}
