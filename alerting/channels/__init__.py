"""Ways to reach people, one file each. A channel never raises: it says sent, refused, or unsure."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

from runtime.settings import AlertingSettings

TIMEOUT_S = 10.0


class Verdict(StrEnum):
    SENT = "sent"
    REFUSED = "refused"
    UNSURE = "unsure"


class Outcome(NamedTuple):
    """What came of an attempt. Refused: certainly not delivered. Unsure: perhaps."""

    verdict: Verdict
    detail: str = ""
    receipt: str | None = None


class Message(NamedTuple):
    """What is sent to one address."""

    address: str
    subject: str
    body: str
    stage: str
    language: str
    dedupe: str


Send = Callable[[Message], Outcome]


def open_channels(settings: AlertingSettings) -> Mapping[str, Send]:
    """The channels by the name that a contact method carries."""
    from alerting.channels.any_service import AnyService
    from alerting.channels.email import Email
    from alerting.channels.webhook import Webhook

    return {"webhook": Webhook(settings).send, "email": Email(settings).send, "apprise": AnyService().send}
