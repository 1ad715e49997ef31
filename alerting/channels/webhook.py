"""A signed webhook: JSON by POST, HMAC-SHA256 over time and body, and a key that tells a repeat."""

import hashlib
import hmac
import json
import time

import httpx

from alerting.channels import TIMEOUT_S, Message, Outcome, Verdict
from runtime.settings import AlertingSettings


def sign(secret: str, at: int, body: bytes) -> str:
    """The value of X-Sunlit-Signature for a body sent at a Unix time."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Webhook:
    """Posts to the address of a contact method."""

    def __init__(self, settings: AlertingSettings) -> None:
        self.secret = settings.webhook_secret.get_secret_value()
        self.http = httpx.Client(timeout=TIMEOUT_S, trust_env=False)

    def send(self, message: Message) -> Outcome:
        at = int(time.time())
        body = json.dumps({**message._asdict(), "sent_at": at}, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.dedupe,
            "X-Sunlit-Signature": sign(self.secret, at, body),
        }
        try:
            answer = self.http.post(message.address, content=body, headers=headers)
        except (httpx.ConnectError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            return Outcome(Verdict.REFUSED, f"cannot be reached: {error}")
        except httpx.HTTPError as error:
            return Outcome(Verdict.UNSURE, f"{type(error).__name__}: {error}")
        if answer.is_success:
            return Outcome(Verdict.SENT, f"HTTP {answer.status_code}", answer.headers.get("X-Receipt"))
        verdict = Verdict.REFUSED if 400 <= answer.status_code < 500 else Verdict.UNSURE
        return Outcome(verdict, f"HTTP {answer.status_code}")
