"""What the desk needs to know of its surroundings when it calls people."""

from typing import NamedTuple

from alerting.help.travel import DEFAULT, Travel, of
from runtime.settings import Settings


class Means(NamedTuple):
    """Where pages are reached from outside, how a map is linked, and how long ways take."""

    public_url: str
    map_url: str = "geo:{lat},{lon}"
    travel: Travel = DEFAULT


def means(settings: Settings) -> Means:
    """What the settings say."""
    desk = settings.alerting
    return Means(desk.public_url.rstrip("/"), desk.map_url, of(settings.travel, desk.timezone))
