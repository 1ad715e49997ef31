"""What the public sees of a camera: a still with nobody to be recognised, or the reason why there is none."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from contracts.kinds import Withheld
from contracts.vision import Box, Detection, Image
from edge.config import VisionRules
from edge.outbox import Outbox
from edge.still import still

log = logging.getLogger(__name__)


class PublicView:
    """One camera's; without an outbox nothing is shown and nothing is said."""

    def __init__(self, device: str, outbox: Outbox | None) -> None:
        self.device, self.outbox = device, outbox
        self._shown: datetime | None = None
        self._withheld: tuple[Withheld, datetime] | None = None

    def show(
        self, image: Image, at: datetime, found: Sequence[Detection], lately: Sequence[Box], rules: VisionRules
    ) -> None:
        """A still every few seconds, of a picture that the detector has looked at; else the reason."""
        every = timedelta(seconds=rules.still_every_s)
        if self.outbox is None or (self._shown is not None and at - self._shown < every):
            return
        jpeg = still(image, found, lately)
        if jpeg is None:
            self.withhold(Withheld.BLUR, at, rules)
            return
        self._shown, self._withheld = at, None
        try:
            self.outbox.still(self.device, jpeg, at)
        except OSError as error:
            log.error("camera %s: no still for the public: %s", self.device, error)

    def withhold(self, reason: Withheld, at: datetime, rules: VisionRules) -> None:
        """Says why there is none, at once when the reason is new and then as often as a still would come."""
        if self.outbox is None:
            return
        if self._withheld is not None:
            said, when = self._withheld
            if said is reason and at - when < timedelta(seconds=rules.still_every_s):
                return
        if self._withheld is None or self._withheld[0] is not reason:
            log.warning("camera %s: no still for the public: %s", self.device, reason)
        self._withheld = (reason, at)
        try:
            self.outbox.withheld(self.device, reason, at)
        except OSError as error:
            log.error("camera %s: the public is not told why there is no still: %s", self.device, error)
