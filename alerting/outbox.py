"""Letters leave through here: one row per person, channel and stage; leased, attempted, and settled.

They are put in in the transaction of what they tell. An unsure outcome is sent again, and the letter says so.
"""

import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from alerting import addresses, chains, links, rates, receipts
from alerting.chains import QUERIES
from alerting.channels import Message, Outcome, Send, Verdict, reveal
from alerting.contacts import Contact
from alerting.letters import Letter
from alerting.rates import Due, Room
from alerting.retry import next_try
from contracts.kinds import OutboxState
from runtime.db import Connection, Pool
from runtime.settings import AlertingSettings

log = logging.getLogger(__name__)
AT_ONCE = 200
"""due letters that are looked at for one choice"""
VANISHED = 3
"""workers that a letter may end beyond its clock"""
REPEATED = {"zh": "（可能重复：上次发送结果不明）", "en": "(may be a repeat: the last sending had no clear outcome)"}


def enqueue(
    connection: Connection,
    *,
    dedupe: str,
    channel: str,
    address: str,
    stage: str,
    language: str,
    letter: Letter,
    now: datetime,
    give_up_at: datetime,
    incident_id: int | None = None,
    finding_id: int | None = None,
    dispatch_id: int | None = None,
    contact_method_id: int | None = None,
) -> None:
    """Puts a letter into the outbox in the caller's transaction; the same `dedupe` again does nothing."""
    row = {
        "dedupe": dedupe,
        "incident": incident_id,
        "finding": finding_id,
        "dispatch": dispatch_id,
        "contact": contact_method_id,
        "stage": stage,
        "now": now,
        "give_up_at": give_up_at,
    }
    _insert(connection, row, channel, address, language, letter, {})


def tell(
    connection: Connection,
    contacts: Sequence[Contact],
    letter_for: Callable[[str], Letter],
    *,
    prefix: str,
    stage: str,
    now: datetime,
    give_up_at: datetime,
    incident_id: int | None = None,
    finding_id: int | None = None,
    dispatch_id: int | None = None,
) -> int:
    """Tells every person behind `contacts` (every organisation where there is no person) one thing, in the caller's
    transaction. Returns how many ways there are; 0: nobody can be reached.

    A person's contact methods of the first priority are used at once. Later ones wait until the earlier have failed, or
    `[alerting] fallback_s` is over, and are spared once the person has been told (alerting/fallback.py). `letter_for`
    is asked once for each language. `prefix` names what is told: telling it again under the same does nothing.
    """
    letters: dict[str, Letter] = {}
    row = {
        "incident": incident_id,
        "finding": finding_id,
        "dispatch": dispatch_id,
        "stage": stage,
        "now": now,
        "give_up_at": give_up_at,
    }
    told = _by_person(contacts)
    for who, ways in told.items():
        first = min(way.priority for way in ways)
        for way in ways:
            if way.language not in letters:
                letters[way.language] = letter_for(way.language)
            place = {
                "chain": f"{prefix}-{who}",
                "priority": way.priority,
                "organisation": way.organisation_id,
                "person": way.person_id,
                "state": (OutboxState.QUEUED if way.priority == first else OutboxState.WAITING).value,
            }
            known = {**row, "dedupe": f"{prefix}-{who}-{way.id}", "contact": way.id}
            _insert(connection, known, way.channel, way.address, way.language, letters[way.language], place)
    return sum(len(ways) for ways in told.values())


def _by_person(contacts: Sequence[Contact]) -> dict[str, list[Contact]]:
    """The contact methods of each person, or of the organisation's desk; the same address is used once."""
    told: dict[str, list[Contact]] = {}
    for contact in sorted(contacts, key=lambda one: (one.priority, one.id)):
        who = f"p{contact.person_id}" if contact.person_id is not None else f"o{contact.organisation_id}"
        ways = told.setdefault(who, [])
        if all((way.channel, way.address) != (contact.channel, contact.address) for way in ways):
            ways.append(contact)
    return told


def _insert(
    connection: Connection,
    row: Mapping[str, object],
    channel: str,
    address: str,
    language: str,
    letter: Letter,
    place: Mapping[str, object],
) -> None:
    alone = {"chain": None, "priority": 1, "organisation": None, "person": None, "state": OutboxState.QUEUED.value}
    values = {
        **alone,
        **place,
        **row,
        "channel": channel,
        "address": address,
        "language": language,
        "subject": letter.subject,
        "body": letter.body,
        "weight": rates.weight(str(row["stage"])).value,
        "gateway": addresses.gateway(channel, address),
        "shown": addresses.shown(channel, address),
    }
    connection.execute(QUERIES["enqueue"], values)


class Worker:
    """Sends what is due; any number may run side by side."""

    def __init__(
        self,
        connections: Pool,
        channels: Mapping[str, Send],
        lease_s: int,
        settings: AlertingSettings | None = None,
    ) -> None:
        self.connections, self.channels, self.lease_s = connections, channels, lease_s
        self.settings = settings or AlertingSettings()
        self.per_minute = {
            "webhook": self.settings.webhook_per_minute,
            "email": self.settings.email_per_minute,
            "apprise": self.settings.apprise_per_minute,
        }
        self.more = False
        """whether the last lease may have left something due, whose gateway is busy"""
        self.name = f"{socket.gethostname()}-{os.getpid()}-{threading.get_ident()}"

    def look(self, now: datetime) -> int:
        """Carries over what receipts say and lets go who has waited long enough; returns how much that was."""
        with self.connections.connection() as connection:
            connection.execute(QUERIES["close_forgotten"], {"now": now, "lease_s": self.lease_s})
            came = receipts.apply(connection, now, self.settings.fallback_s)
            return came + chains.sweep(connection, now, self.settings.fallback_s)

    def lease(self, now: datetime, limit: int, room: Room | None = None) -> list[dict[str, Any]]:
        """Takes rows that are due: first pages first, the rest as far as their gateways have room for it."""
        room = room or Room(limit, limit, sys.maxsize)
        values = {
            "worker": self.name,
            "now": now,
            "lease_s": self.lease_s,
            "limit": max(limit, AT_ONCE),
            "full": room.full,
            "others": room.others > 0,
        }
        with self.connections.connection() as connection, connection.transaction():
            rows = connection.execute(QUERIES["due"], values).fetchall()
            due = [msgspec.convert(row, type=Due, strict=False) for row in self._still_wanted(connection, rows, now)]
            choice = rates.choose(due, _recent(connection, due, now), self.per_minute, room, now)
            for held, until in choice.hold.items():
                connection.execute(QUERIES["hold_back"], {"id": held, "until": until})
            taken = connection.execute(QUERIES["take"], {**values, "ids": list(choice.send)}).fetchall()
        self.more = bool(room.full) or room.others <= 0 or len(due) > len(choice.send) + len(choice.hold)
        order = {one: place for place, one in enumerate(choice.send)}
        return sorted(taken, key=lambda row: order[row["id"]])

    def _still_wanted(
        self, connection: Connection, rows: Sequence[Mapping[str, Any]], now: datetime
    ) -> list[Mapping[str, Any]]:
        """Due rows without those that nobody needs any more, and those that end every worker beyond their clock."""
        answered = [row["id"] for row in rows if row["answered"]]
        if answered:
            connection.execute(QUERIES["spare"], {"ids": answered})
        wanted = []
        for row in rows:
            if row["vanished"] >= VANISHED and row["give_up_at"] < now and not row["answered"]:
                connection.execute(QUERIES["close_orphans"], {"id": row["id"], "now": now})
                connection.execute(QUERIES["give_up"], {"id": row["id"]})
                chains.tell_failure(connection, row["id"], "its workers vanish", now)
            elif not row["answered"]:
                wanted.append(row)
        return wanted

    def send(self, row: Mapping[str, Any], clock: Callable[[], datetime]) -> Outcome | None:
        """One attempt: written before it is made, settled after. No transaction is open while a gateway thinks.

        None: the lease was lost to another worker meanwhile, so nothing was sent.
        """
        token = links.new_token()
        with self.connections.connection() as connection, connection.transaction():
            mine = {"id": row["id"], "worker": self.name, "attempts": row["attempts"]}
            values = {**mine, "now": clock(), "lease_s": self.lease_s}
            held = connection.execute(QUERIES["hold"], values).fetchone()
            if held is None:
                log.warning("outbox %s: lease lost before sending", row["dedupe"])
                return None
            connection.execute(QUERIES["close_orphans"], {"id": row["id"], "now": clock()})
            unsure = connection.execute(QUERIES["unsure_before"], {"id": row["id"]}).fetchone()
            start = {"id": row["id"], "now": clock(), "receipt": token.sha256}
            started = connection.execute(QUERIES["attempt_start"], start).fetchone()
        assert started is not None
        if clock() >= held["lease_until"]:
            # Frozen since: whoever has the row by now must not be followed by a second letter of ours.
            log.warning("outbox %s: lease over before sending", row["dedupe"])
            return None
        outcome = self._attempt(row, bool(unsure and unsure["n"]), links.receipt(self.settings.public_url, token))
        self._settle(row, started["id"], outcome, clock())
        return outcome

    def _attempt(self, row: Mapping[str, Any], repeated: bool, receipt_url: str) -> Outcome:
        channel = self.channels.get(row["channel"])
        if channel is None:
            return Outcome(Verdict.REFUSED, f"no channel {row['channel']!r}")
        try:
            address = reveal(row["address"])
        except ValueError as error:
            return Outcome(Verdict.REFUSED, str(error))
        message = Message(
            address=address,
            subject=row["subject"],
            body=f"{row['body']}\n{REPEATED[row['language']]}" if repeated else row["body"],
            stage=row["stage"],
            language=row["language"],
            dedupe=row["dedupe"],
            receipt_url=receipt_url,
        )
        outcome = channel(message)
        return outcome._replace(detail=addresses.without(outcome.detail, address)[:500])

    def _settle(self, row: Mapping[str, Any], attempt: int, outcome: Outcome, now: datetime) -> None:
        sent = outcome.verdict is Verdict.SENT
        following = None if sent else next_try(row["attempts"], now, row["give_up_at"])
        state = "sent" if sent else "failed" if following is None else "queued"
        if not sent:
            log.warning("outbox %s: %s: %s", row["dedupe"], outcome.verdict, outcome.detail)
        with self.connections.connection() as connection, connection.transaction():
            if row["chain"] is not None:
                chains.lock(connection, row["chain"])
            connection.execute(
                QUERIES["attempt_end"],
                {"attempt": attempt, "now": now, "outcome": outcome.verdict.value, "detail": outcome.detail},
            )
            settled = connection.execute(
                QUERIES["settle"],
                {
                    "id": row["id"],
                    "worker": self.name,
                    "attempts": row["attempts"],
                    "state": state,
                    "next_at": following or now,
                    "sent_at": now if sent else None,
                    "receipt": outcome.receipt,
                },
            ).fetchone()
            if settled is not None and settled["state"] == "failed":
                chains.tell_failure(connection, row["id"], f"{outcome.verdict}: {outcome.detail}", now)
            if row["chain"] is not None:
                chains.advance(connection, row["chain"], now, self.settings.fallback_s)


def _recent(connection: Connection, due: Sequence[Due], now: datetime) -> dict[str, list[datetime]]:
    """When the gateways of letters that may have to wait were used within the last minute."""
    gateways = sorted({one.gateway for one in due if one.urgency is not rates.Weight.FIRST})
    if not gateways:
        return {}
    rows = connection.execute(QUERIES["recent"], {"now": now, "gateways": gateways}).fetchall()
    return {row["gateway"]: row["times"] for row in rows}


def cycle(worker: Worker, now: datetime, clock: Callable[[], datetime] | None = None) -> int:
    """Sends everything that is due once, one after the other; returns how many were tried. For tests and drills."""
    worker.look(now)
    rows = worker.lease(now, 1000)
    for row in rows:
        worker.send(row, clock or (lambda: now))
    return len(rows)


def server_time(connection: Connection) -> datetime:
    """The database's clock: the one that due times are compared with."""
    row = connection.execute("SELECT clock_timestamp() AS now").fetchone()
    assert row is not None
    found: datetime = row["now"]
    return found
