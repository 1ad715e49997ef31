"""A signed webhook: JSON by POST, HMAC-SHA256 over time and body, and a key that tells a repeat."""

import asyncio
import hashlib
import hmac
import json
import ssl
import time

import httpx

from alerting.channels import DEADLINE_S, Message, Outcome, Verdict, of_status
from runtime.settings import AlertingSettings

UNREACHABLE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol)


def sign(secret: str, at: int, body: bytes) -> str:
    """The value of X-Sunlit-Signature for a body sent at a Unix time."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


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
        heard: list[Outcome] = []
        # A loop of its own, so that the deadline holds for all of it: a name that nobody resolves, bytes that drip in.
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(
                asyncio.wait_for(self._post(message.address, body, headers, heard), self.deadline_s)
            )
        except UNREACHABLE as error:
            return Outcome(Verdict.REFUSED, f"cannot be reached: {error}")
        except UnicodeError as error:
            return Outcome(Verdict.REFUSED, f"address: {error}")
        except TimeoutError:
            return heard[0] if heard else Outcome(Verdict.UNSURE, f"no answer within {self.deadline_s:g} s")
        except httpx.HTTPError as error:
            return heard[0] if heard else Outcome(Verdict.UNSURE, f"{type(error).__name__}: {error}")
        finally:
            loop.close()
        return heard[0]

    async def _post(self, address: str, body: bytes, headers: dict[str, str], heard: list[Outcome]) -> None:
        """Only the head of the answer matters. Every letter has a connection of its own: what a gateway says twice is
        never taken for an answer to the next."""
        async with (
            httpx.AsyncClient(verify=self.tls, timeout=self.deadline_s, trust_env=False) as http,
            http.stream("POST", address, content=body, headers=headers) as answer,
        ):
            heard.append(of_status(answer.status_code, answer.headers.get("X-Receipt")))
