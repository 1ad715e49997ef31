"""PURE but for its memory: which cameras see somebody, for rules of other devices."""

from datetime import datetime, timedelta

from contracts.kinds import CameraState
from contracts.messages import CameraSample

STALE = timedelta(seconds=15)


class Presence:
    """The newest word of every camera."""

    def __init__(self) -> None:
        self._newest: dict[str, tuple[datetime, CameraSample]] = {}

    def note(self, device: str, at: datetime, sample: CameraSample) -> None:
        self._newest[device] = (at, sample)

    def inside(self, device: str, now: datetime) -> bool | None:
        """Whether a camera sees somebody; None when it cannot tell or has not spoken lately."""
        at, sample = self._newest.get(device, (now, CameraSample()))
        if sample.state is not CameraState.ACTIVE or now - at > STALE:
            return None
        return sample.people > 0
