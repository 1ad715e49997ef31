"""PURE: when ingest stops asking for telemetry, and when it asks again; `now` is a steady clock's seconds."""


class Hold:
    """On after having been behind for `after_s` without a break, off when caught up. 0: never on."""

    def __init__(self, after_s: float) -> None:
        self.after_s, self.on = after_s, False
        self._behind_since: float | None = None

    def turns(self, behind: bool, now: float) -> bool:
        """Takes note of how things stand, and says whether that turns the hold on or off."""
        before = self.on
        if not behind:
            self._behind_since, self.on = None, False
        elif self._behind_since is None:
            self._behind_since = now
        elif self.after_s and now - self._behind_since >= self.after_s:
            self.on = True
        return self.on is not before
