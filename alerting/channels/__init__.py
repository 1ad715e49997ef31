"""Ways to reach people, one file each. A channel never raises and never hangs: it says sent, refused, or unsure."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from alerting.addresses import file_of
from runtime.settings import AlertingSettings

DEADLINE_S = 20.0
"""of one sending, over all that a gateway may do; less where the lease is short"""
SHARE_OF_LEASE = 0.6


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
    receipt_url: str = ""
    """where the gateway may say later whether it was delivered"""


Send = Callable[[Message], Outcome]


def of_status(status: int, receipt: str | None = None) -> Outcome:
    """What an HTTP status says of a letter."""
    if 200 <= status < 300:
        return Outcome(Verdict.SENT, f"HTTP {status}", receipt)
    if 300 <= status < 400:
        return Outcome(Verdict.REFUSED, f"HTTP {status}: leads elsewhere, which is not followed")
    refused = 400 <= status < 500 and status != 408
    return Outcome(Verdict.REFUSED if refused else Verdict.UNSURE, f"HTTP {status}")


def open_channels(settings: AlertingSettings) -> Mapping[str, Send]:
    """The channels by the name that a contact method carries."""
    from alerting.channels.any_service import AnyService
    from alerting.channels.email import Email
    from alerting.channels.webhook import Webhook

    deadline_s = min(DEADLINE_S, settings.lease_s * SHARE_OF_LEASE)
    return {
        "webhook": Webhook(settings, deadline_s).send,
        "email": Email(settings, deadline_s).send,
        "apprise": AnyService(deadline_s).send,
    }


def reveal(address: str) -> str:
    """The address itself where the register only names the file that holds it. Raises ValueError."""
    file = file_of(address)
    if file is None:
        return address
    try:
        found = Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"address: file {file!r} cannot be read ({type(error).__name__})") from error
    if not found:
        raise ValueError(f"address: file {file!r} is empty")
    return found
