"""One turn of a webhook: what is due is posted, signed, story by story, and what came of it is written."""

import logging
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from alerting import addresses
from alerting.channels import reveal
from alerting.channels.post import Answer, post, sign
from alerting.hooks import QUERIES, pace
from alerting.hooks.pace import Heard, Standing
from runtime.db import Pool

log = logging.getLogger(__name__)
TURN_S = 15.0
"""after which others have their turn"""
LEASE = timedelta(seconds=60)
"""longer than one sending; who is frozen for longer has lost its turn"""
AT_ONCE = 50


class Sender:
    """How documents are posted."""

    def __init__(self, timeout_s: float, private: bool) -> None:
        self.timeout_s, self.private = timeout_s, private
        self.tls = ssl.create_default_context()

    def send(self, to: Mapping[str, Any], document: str, identity: UUID, cursor: int, kind: str) -> Answer:
        """Posts one document to a row with url, secret and old_secret."""
        try:
            url, secret = reveal(to["url"]), reveal(to["secret"])
            older = [reveal(to["old_secret"])] if to["old_secret"] else []
        except ValueError as error:
            return Answer(None, str(error), reached=False)
        at, body = int(time.time()), document.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Sunlit-Webhook/1",
            "Idempotency-Key": str(identity),
            "X-Sunlit-Kind": kind,
            "X-Sunlit-Cursor": str(cursor),
            "X-Sunlit-Signature": sign(secret, at, body, *older),
        }
        answer = post(url, body, headers, self.timeout_s, self.tls, public_only=not self.private)
        return answer._replace(detail=addresses.without(answer.detail, url)[:300])


class Turn:
    """Leased to one worker; a transaction is open only while something is written."""

    def __init__(self, connections: Pool, webhook: int, worker: str, sender: Sender) -> None:
        self.connections, self.webhook, self.worker, self.sender = connections, webhook, worker, sender

    def run(self, clock: Callable[[], datetime]) -> int:
        """Sends what is due until nothing is, the other system does not answer, or the turn is over."""
        began, done = time.monotonic(), 0
        while time.monotonic() - began < TURN_S:
            to, heads = self._take(clock())
            if to is None or not heads:
                break
            for head in heads:
                to = self._one(to, head, clock)
                done += 1
                if to is None or time.monotonic() - began >= TURN_S:
                    break
            if to is None:
                break
        with self.connections.connection() as connection:
            connection.execute(QUERIES["release"], {"webhook": self.webhook, "worker": self.worker})
        return done

    def _take(self, now: datetime) -> tuple[Mapping[str, Any] | None, list[dict[str, Any]]]:
        with self.connections.connection() as connection, connection.transaction():
            values = {"webhook": self.webhook, "worker": self.worker, "now": now, "until": now + LEASE}
            to = connection.execute(QUERIES["lease"], values).fetchone()
            if to is None:
                return None, []
            values = {"webhook": self.webhook, "epoch": to["epoch"], "now": now, "limit": AT_ONCE}
            return to, connection.execute(QUERIES["heads"], values).fetchall()

    def _one(
        self, to: Mapping[str, Any], head: Mapping[str, Any], clock: Callable[[], datetime]
    ) -> Mapping[str, Any] | None:
        """The row of the webhook for the next one; None: this turn is over."""
        answer = self.sender.send(to, head["document"], head["id"], head["seq"], head["kind"])
        said, now = pace.heard(answer.status), clock()
        before = Standing(to["failures"], to["failing_since"])
        after = pace.standing(before, said, now)
        again = None if said is Heard.TOOK else pace.next_try(said, head["attempts"] + 1, head["queued_at"], now)
        state = "sent" if said is Heard.TOOK else "failed" if again is None else "queued"
        which = {"webhook": self.webhook, "epoch": to["epoch"], "now": now, "answer": answer.detail}
        with self.connections.connection() as connection, connection.transaction():
            connection.execute(
                QUERIES["settle"], {**which, "seq": head["seq"], "state": state, "next_at": again or now}
            )
            standing = {name: getattr(after, name) for name in Standing.__struct_fields__}
            values = {**which, **standing, "took": said is Heard.TOOK, "worker": self.worker}
            connection.execute(QUERIES["heard"], values)
            # The lease goes on with the work; who has lost it to another stops.
            lease = {"webhook": self.webhook, "worker": self.worker, "now": now, "until": now + LEASE}
            following = connection.execute(QUERIES["lease"], lease).fetchone()
        self._say(to["name"], before, after, answer)
        return None if said is Heard.NOT_NOW else following

    def _say(self, name: str, before: Standing, after: Standing, answer: Answer) -> None:
        if after.stopped_at is not None:
            log.error("webhook %s: stopped: no answer since %s", name, after.failing_since)
        elif before.failing_since is None and after.failing_since is not None:
            log.warning("webhook %s: %s", name, answer.detail)
        elif before.failing_since is not None and after.failing_since is None:
            log.info("webhook %s answers again", name)
