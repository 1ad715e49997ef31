"""A signed webhook: JSON by POST, HMAC-SHA256 over time and body, and a key that tells a repeat."""

import json
import ssl
import time

from alerting.channels import DEADLINE_S, Message, Outcome, Verdict, of_status
from alerting.channels.post import post, sign
from runtime.settings import AlertingSettings


class Webhook:
    """Posts to the address of a contact method."""

    def __init__(self, settings: AlertingSettings, deadline_s: float = DEADLINE_S) -> None:
        self.secret, self.deadline_s = settings.webhook_secret.get_secret_value(), deadline_s
        self.tls = ssl.create_default_context()

    def send(self, message: Message) -> Outcome:
        at = int(time.time())
        body = json.dumps({**message._asdict(), "sent_at": at}, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.dedupe,
            "X-Sunlit-Signature": sign(self.secret, at, body),
        }
        answer = post(message.address, body, headers, self.deadline_s, self.tls)
        if answer.status is not None:
            return of_status(answer.status, answer.receipt)
        return Outcome(Verdict.UNSURE if answer.reached else Verdict.REFUSED, answer.detail)
