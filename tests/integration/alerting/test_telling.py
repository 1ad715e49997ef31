"""A person with several contact methods: told the first way, the next one in time, and never in vain."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerting import outbox, receipts
from alerting.channels import Message, Outcome, Verdict
from alerting.contacts import Contact
from alerting.letters import Letter
from runtime.db import Connection, Pool, Role, connect, pool
from runtime.settings import DatabaseSettings

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SENT, REFUSED, UNSURE = Outcome(Verdict.SENT, "ok"), Outcome(Verdict.REFUSED, "no"), Outcome(Verdict.UNSURE, "?")


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


class Story:
    """An outbox whose gateways answer as they are told."""

    def __init__(self, database: DatabaseSettings) -> None:
        self.database = database
        self.pool: Pool = pool(database, Role.ALERTING, size=4)
        self.sent: list[Message] = []
        self.answers: dict[str, Outcome | Callable[[], Outcome]] = {}
        self.now = NOW
        channels = dict.fromkeys(("webhook", "email", "apprise"), self.gateway)
        self.worker = outbox.Worker(self.pool, channels, lease_s=30)
        self.organisation = self.one("SELECT id FROM organisation WHERE code = 'mu-1'")["id"]
        self.methods: dict[str, Contact] = {}

    def gateway(self, message: Message) -> Outcome:
        self.sent.append(message)
        answer = self.answers.get(message.address, SENT)
        return answer() if callable(answer) else answer

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        with connect(self.database, Role.OWNER) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def one(self, statement: str, *values: object) -> dict[str, Any]:
        return self.rows(statement, *values)[0]

    def contact(self, address: str, priority: int, channel: str = "webhook", receipts: bool = False) -> Contact:
        row = self.one(
            "INSERT INTO contact_method (organisation_id, channel, address, priority, receipts, language)"
            " VALUES (%s, %s, %s, %s, %s, 'en') RETURNING id",
            self.organisation,
            channel,
            address,
            priority,
            receipts,
        )
        made = Contact(
            id=row["id"],
            channel=channel,
            address=address,
            language="en",
            priority=priority,
            organisation_id=self.organisation,
        )
        self.methods[address] = made
        return made

    def tell(self, prefix: str = "i1-offer", stage: str = "tier_offer", life_s: float = 7200, **more: Any) -> int:
        with connect(self.database, Role.ALERTING) as connection:
            return outbox.tell(
                connection,
                list(self.methods.values()),
                lambda language: Letter(f"trapped {language}", "please come"),
                prefix=prefix,
                stage=stage,
                now=self.now,
                give_up_at=self.now + timedelta(seconds=life_s),
                **more,
            )

    def at(self, seconds: float) -> list[str]:
        """What leaves at a moment, by address."""
        before = len(self.sent)
        self.now = after(seconds)
        outbox.cycle(self.worker, self.now)
        return sorted(message.address for message in self.sent[before:])

    def states(self) -> dict[str, str]:
        return {row["address"]: row["state"] for row in self.rows("SELECT address, state FROM outbox ORDER BY id")}

    def receipt(self, address: str, state: str = "delivered") -> None:
        with connect(self.database, Role.API) as connection:
            connection.execute(
                "INSERT INTO receipt (attempt_id, state, received_at) SELECT a.id, %s, %s FROM outbox_attempt a"
                " JOIN outbox o ON o.id = a.outbox_id JOIN contact_method c ON c.id = o.contact_method_id"
                " WHERE c.id = %s ORDER BY a.id DESC LIMIT 1 ON CONFLICT DO NOTHING",
                (state, self.now, self.methods[address].id),
            )


@pytest.fixture
def story(city_db: DatabaseSettings) -> Iterator[Story]:
    made = Story(city_db)
    yield made
    made.pool.close()


def test_the_second_way_is_spared_when_the_first_was_taken(story: Story) -> None:
    story.contact("a", 1)
    story.contact("b", 2)
    assert story.tell() == 2
    assert story.states() == {"a": "queued", "b": "waiting"}
    assert story.at(0) == ["a"]
    assert story.states() == {"a": "sent", "b": "spared"}
    assert story.at(600) == []


def test_telling_twice_is_telling_once(story: Story) -> None:
    story.contact("a", 1)
    story.contact("b", 2)
    assert [story.tell(), story.tell(), story.tell("i1-other")] == [2, 2, 2]
    assert len(story.rows("SELECT id FROM outbox")) == 4


def test_nobody_to_tell_is_said(story: Story) -> None:
    assert story.tell() == 0
    assert story.states() == {}


def test_equal_priorities_go_at_once_and_the_same_address_once(story: Story) -> None:
    first = story.contact("a", 1)
    story.contact("b", 1, "email")
    story.contact("c", 7)
    story.methods["twin"] = story.contact("a", 2)
    story.methods["a"] = first
    assert story.tell() == 3
    assert story.at(0) == ["a", "b"]


def test_a_refusal_releases_the_next_way_at_once(story: Story) -> None:
    story.contact("a", 1)
    story.contact("b", 2)
    story.contact("c", 3)
    story.answers = {"a": REFUSED, "b": REFUSED}
    story.tell()
    assert story.at(0) == ["a"]
    assert story.at(0.1) == ["b"]
    assert story.at(0.2) == ["c"]
    assert story.at(1.5) == ["a", "b"], "and the others are tried again, with pauses"
    story.answers = {}
    story.at(4)
    assert set(story.states().values()) == {"sent"}


def test_an_unsure_first_way_has_its_time_and_no_more(story: Story) -> None:
    story.contact("a", 1)
    story.contact("b", 2)
    story.answers = {"a": UNSURE}
    story.tell()
    assert story.at(0) == ["a"]
    assert [story.at(seconds) for seconds in (1, 3, 7, 15, 29.9)] == [["a"]] * 4 + [[]]
    assert "b" in story.at(30)
    assert story.states()["b"] == "sent"


def test_a_worker_that_hangs_does_not_hold_the_next_way(story: Story) -> None:
    story.contact("a", 1)
    story.contact("b", 2)
    story.tell()
    [row] = story.worker.lease(NOW, 10)
    assert row["address"] == "a"
    assert story.at(29) == []
    assert story.at(30) == ["a", "b"], "its lease is over, too"


@pytest.mark.parametrize(("state", "seconds", "left"), [("delivered", 5, []), ("undelivered", 5, ["b"])])
def test_a_receipt_decides(story: Story, state: str, seconds: float, left: list[str]) -> None:
    story.contact("a", 1, receipts=True)
    story.contact("b", 2)
    story.tell()
    assert story.at(0) == ["a"]
    assert story.states()["b"] == "waiting", "sent is not delivered"
    story.receipt("a", state)
    story.receipt("a", state)
    assert [address for address in story.at(seconds) if address == "b"] == left
    assert story.states()["b"] == ("spared" if state == "delivered" else "sent")


def test_a_receipt_that_never_comes_is_waited_for_in_vain_only_so_long(story: Story) -> None:
    story.contact("a", 1, receipts=True)
    story.contact("b", 2)
    story.tell()
    story.at(10)
    assert [story.at(seconds) for seconds in (39, 40)] == [[], ["b"]]
    story.receipt("a")
    assert story.at(100) == []
    assert story.one("SELECT delivered_at FROM outbox WHERE address = 'a'")["delivered_at"] == after(40)


def test_a_late_receipt_ends_the_repeats_of_an_unsure_letter(story: Story) -> None:
    story.contact("a", 1, receipts=True)
    story.contact("b", 2)
    story.answers = {"a": UNSURE}
    story.tell()
    story.at(0)
    story.receipt("a")
    assert [story.at(seconds) for seconds in (0.5, 2, 60)] == [[], [], []]
    assert story.states() == {"a": "sent", "b": "spared"}


def test_undelivered_is_tried_again_and_a_delivery_in_between_counts(story: Story) -> None:
    story.contact("a", 1, receipts=True)
    story.tell()
    story.at(0)
    story.receipt("a", "undelivered")
    assert story.at(0.5) == []
    assert story.at(2) == ["a"]
    assert story.one("SELECT undelivered_at FROM outbox")["undelivered_at"] is None
    story.receipt("a", "delivered")
    story.receipt("a", "undelivered")
    assert story.at(60) == []
    row = story.one("SELECT state, delivered_at, undelivered_at FROM outbox")
    assert (row["state"], row["undelivered_at"]) == ("sent", None)
    assert row["delivered_at"] is not None


def test_a_receipt_in_the_middle_of_a_repeat_counts_for_more_than_its_outcome(story: Story) -> None:
    story.contact("a", 1, receipts=True)
    story.contact("b", 2)
    story.answers = {"a": UNSURE}
    story.tell()
    story.at(0)

    def receipt_comes_first() -> Outcome:
        with connect(story.database, Role.API) as connection:
            connection.execute(
                "INSERT INTO receipt (attempt_id, state, received_at) SELECT min(id), 'delivered', %s"
                " FROM outbox_attempt",
                (story.now,),
            )
        story.worker.look(story.now)
        return REFUSED

    story.answers = {"a": receipt_comes_first}
    assert story.at(2) == ["a"]
    assert story.states() == {"a": "sent", "b": "spared"}
    assert story.at(90) == []


def test_what_comes_late_of_an_earlier_attempt_undoes_nothing(story: Story) -> None:
    story.contact("a", 1, receipts=True)
    story.answers = {"a": UNSURE}
    story.tell()
    story.at(0)
    story.answers = {}
    assert story.at(2) == ["a"]
    with connect(story.database, Role.API) as connection:
        connection.execute(
            "INSERT INTO receipt (attempt_id, state, received_at) SELECT min(id), 'undelivered', %s"
            " FROM outbox_attempt",
            (after(3),),
        )
    assert story.at(5) == []
    assert story.at(120) == []
    row = story.one("SELECT state, undelivered_at FROM outbox")
    assert (row["state"], row["undelivered_at"]) == ("sent", None)
    assert story.rows("SELECT id FROM outbox_attempt WHERE undelivered_at IS NOT NULL")


def test_a_way_that_was_spared_in_vain_goes_after_all(story: Story) -> None:
    """Nobody expected a receipt; it says that the letter did not arrive."""
    for address, priority in (("a", 1), ("b", 2), ("c", 3)):
        story.contact(address, priority)
    story.tell()
    story.at(0)
    assert story.states() == {"a": "sent", "b": "spared", "c": "spared"}
    story.receipt("a", "undelivered")
    assert story.at(0.5) == ["b"]
    assert story.states() == {"a": "queued", "b": "sent", "c": "spared"}


def test_undelivered_at_the_end_of_the_clock_has_failed(story: Story) -> None:
    story.contact("a", 1, receipts=True)
    story.tell(life_s=5)
    story.at(0)
    story.now = after(6)
    story.receipt("a", "undelivered")
    assert story.at(6) == []
    assert story.states() == {"a": "failed"}


def test_a_letter_that_was_given_up_and_arrived_all_the_same_is_sent(story: Story) -> None:
    story.contact("a", 1, receipts=True)
    story.answers = {"a": UNSURE}
    story.tell(life_s=1)
    story.at(0)
    story.at(1)
    assert story.states() == {"a": "failed"}
    story.now = after(600)
    story.receipt("a")
    assert story.at(601) == []
    assert story.states() == {"a": "sent"}


def test_what_a_gateway_said_is_kept_without_the_key(story: Story, caplog: pytest.LogCaptureFixture) -> None:
    address = "https://sms.example/send/693a91f6b7cc4bc4"
    story.contact(address, 1)
    story.answers = {address: Outcome(Verdict.REFUSED, f"no route to {address}: /send/693a91f6b7cc4bc4")}
    story.tell(life_s=0)
    story.at(0)
    [row] = story.rows("SELECT detail FROM outbox_attempt")
    assert row["detail"] == "no route to …: /send/…"
    assert "693a91f6b7cc4bc4" not in caplog.text


def test_a_person_has_a_chain_of_their_own(story: Story) -> None:
    person = story.one("SELECT id FROM person ORDER BY id LIMIT 1")["id"]
    story.contact("desk-1", 1)
    story.contact("desk-2", 2)
    for address, priority in (("phone", 1), ("mail", 2)):
        method = story.contact(address, priority)
        story.methods[address] = Contact(
            id=method.id,
            channel="webhook",
            address=address,
            language="zh",
            priority=priority,
            organisation_id=story.organisation,
            person_id=person,
        )
    story.answers = {"desk-1": REFUSED}
    story.tell()
    assert story.at(0) == ["desk-1", "phone"]
    assert story.at(0.1) == ["desk-2"]
    assert {message.address: message.subject for message in story.sent}["phone"] == "trapped zh"
    assert story.states()["mail"] == "spared"


def incident(story: Story) -> tuple[int, int]:
    """An incident and its offered dispatch."""
    row = story.one(
        "INSERT INTO incident (number, lift_id, rule, state, tier, policy_id, alarm_at, opened_at)"
        " SELECT %s, l.id, 'alarm_button', 'dispatched', 1, p.id, %s, %s FROM lift l, policy p"
        " WHERE l.code = '442001' AND p.kind = 'lift' RETURNING id",
        f"R-{uuid4().hex[:6]}",
        NOW,
        NOW,
    )
    dispatch = story.one(
        "INSERT INTO dispatch (incident_id, tier, organisation_id, state, offered_at, link_sha256, link_expires)"
        " VALUES (%s, 1, %s, 'offered', %s, %s, %s) RETURNING id",
        row["id"],
        story.organisation,
        NOW,
        uuid4().hex,
        after(9999),
    )
    return row["id"], dispatch["id"]


def entries(story: Story) -> list[tuple[str, str]]:
    return [
        (row["action"], row["reason"]) for row in story.rows("SELECT action, reason FROM incident_entry ORDER BY id")
    ]


def test_a_delivered_offer_is_on_the_crew_and_in_the_timeline_once(story: Story) -> None:
    incident_id, dispatch = incident(story)
    story.contact("a", 1, receipts=True)
    story.contact("b", 1, "email", receipts=True)
    story.tell(incident_id=incident_id, dispatch_id=dispatch)
    story.at(0)
    story.receipt("b")
    story.at(3)
    story.receipt("a")
    story.receipt("b")
    story.at(9)
    row = story.one("SELECT delivered_at FROM dispatch WHERE id = %s", dispatch)
    assert row["delivered_at"] == NOW
    assert entries(story) == [("delivered", "tier 1: 安捷电梯维保")]


def test_an_answered_offer_is_not_repeated_another_way(story: Story) -> None:
    incident_id, dispatch = incident(story)
    story.contact("a", 1)
    story.contact("b", 2)
    story.answers = {"a": UNSURE}
    story.tell(incident_id=incident_id, dispatch_id=dispatch)
    story.at(0)
    story.rows("UPDATE dispatch SET state = 'accepted', accepted_at = %s WHERE id = %s", after(0.5), dispatch)
    assert [story.at(seconds) for seconds in (2, 31, 90)] == [[], [], []]
    assert set(story.states().values()) == {"spared"}


def test_an_answered_offer_whose_worker_died_is_not_sent_again(story: Story) -> None:
    incident_id, dispatch = incident(story)
    story.contact("a", 1)
    story.tell(incident_id=incident_id, dispatch_id=dispatch)
    story.worker.lease(NOW, 10)
    story.rows("UPDATE dispatch SET state = 'declined' WHERE id = %s", dispatch)
    assert story.at(31) == []
    assert story.states() == {"a": "spared"}


def test_a_crew_that_is_called_again_after_it_accepted_is_told(story: Story) -> None:
    incident_id, dispatch = incident(story)
    story.contact("a", 1)
    story.rows("UPDATE dispatch SET state = 'accepted', accepted_at = %s WHERE id = %s", after(-60), dispatch)
    story.tell(incident_id=incident_id, dispatch_id=dispatch)
    assert story.at(0) == ["a"]


def test_a_letter_that_nobody_got_is_in_the_timeline_and_said_aloud(story: Story) -> None:
    incident_id, dispatch = incident(story)
    story.contact("a", 1)
    story.answers = {"a": Outcome(Verdict.REFUSED, "HTTP 410")}
    story.tell(incident_id=incident_id, dispatch_id=dispatch, life_s=3)
    with connect(story.database, Role.ALERTING) as listener:
        listener.execute("LISTEN sunlit")
        for seconds in (0, 1, 3):
            story.at(seconds)
        said = {note.payload for note in listener.notifies(timeout=1)}
    assert story.states() == {"a": "failed"}
    assert entries(story) == [("letter_failed", "tier_offer by webhook to 安捷电梯维保: refused: HTTP 410")]
    assert "letter_failed" in said


def test_a_letter_that_ends_every_worker_fails_beyond_its_clock(story: Story) -> None:
    story.contact("a", 1)
    story.tell(life_s=60)

    def dies() -> Outcome:
        raise KeyboardInterrupt

    story.answers = {"a": dies}
    for seconds in (0, 31, 62, 93):
        story.now = after(seconds)
        rows = story.worker.lease(story.now, 10)
        for row in rows:
            with pytest.raises(KeyboardInterrupt):
                story.worker.send(row, lambda: story.now)
    assert story.at(130) == []
    assert story.states() == {"a": "failed"}
    assert {row["outcome"] for row in story.rows("SELECT outcome FROM outbox_attempt")} == {"unsure"}


def test_a_worker_frozen_between_its_lease_and_the_gateway_sends_nothing(story: Story) -> None:
    """F9: it had written its attempt when it froze; thawed, it sees that its lease is over."""
    story.contact("a", 1)
    story.tell()
    [row] = story.worker.lease(NOW, 10)
    moments = iter([NOW, NOW, NOW, after(60)])
    assert story.worker.send(row, lambda: next(moments)) is None
    assert story.sent == []
    assert story.at(61) == ["a"]
    assert story.states() == {"a": "sent"}


@pytest.mark.parametrize("state", ["leased", "sent"])
def test_what_a_worker_says_after_its_lease_undoes_nothing(story: Story, state: str) -> None:
    """F9: its gateway thought for a minute; meanwhile another worker has the letter, or has sent it."""
    story.contact("a", 1)
    story.tell(life_s=40)
    other = outbox.Worker(story.pool, {"webhook": lambda message: SENT}, lease_s=30)
    other.name = "other"

    def slow() -> Outcome:
        rows = other.lease(after(31), 10)
        if state == "sent":
            other.send(rows[0], lambda: after(31))
        story.now = after(35)
        return REFUSED

    story.answers = {"a": slow}
    [row] = story.worker.lease(NOW, 10)
    story.worker.send(row, lambda: story.now)
    assert story.one("SELECT state, worker FROM outbox") == {"state": state, "worker": "other"}


def test_after_the_clock_went_back_nothing_waits_an_hour(story: Story) -> None:
    """F11: what was due in a future that no longer comes is due now."""
    story.contact("a", 1)
    story.contact("b", 2)
    story.answers = {"a": UNSURE}
    story.now = after(3600)
    story.tell()
    story.at(3600)
    assert "a" in story.at(0)
    assert story.states()["b"] in ("queued", "sent")


def test_reminders_wait_for_their_gateway_and_first_pages_do_not(story: Story) -> None:
    story.worker.per_minute = {"webhook": 2}
    for number in range(4):
        story.methods.clear()
        story.contact(f"http://sms.example/{number}", 1)
        story.tell(f"r{number}", "record_reminder")
    assert len(story.at(0)) == 2
    story.methods.clear()
    story.contact("http://sms.example/crew", 1)
    story.tell("offer")
    assert story.at(1) == ["http://sms.example/crew"]
    assert story.at(59) == []
    assert len(story.at(60)) == 1, "the page counts, too"
    assert len(story.at(61)) == 1


def test_killed_between_the_outcome_and_the_release(story: Story, tmp_path: Path) -> None:
    """The refusal and the release of the next way are one transaction: there is no moment between them."""
    story.contact("a", 1)
    story.contact("b", 2)
    story.tell()
    script = textwrap.dedent(f"""
        import os, signal
        from datetime import datetime
        from alerting import chains, outbox
        from alerting.channels import Outcome, Verdict
        from runtime.db import Role, pool
        from runtime.settings import DatabaseSettings
        chains.sweep = lambda *_: 0
        chains.advance = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        connections = pool(DatabaseSettings(url={story.database.url!r}), Role.ALERTING)
        worker = outbox.Worker(connections, {{"webhook": lambda message: Outcome(Verdict.REFUSED, "no")}}, 30)
        outbox.cycle(worker, datetime.fromisoformat("{NOW.isoformat()}"))
    """)
    path = tmp_path / "victim.py"
    path.write_text(script, "utf-8")
    done = subprocess.run([sys.executable, str(path)], check=False, timeout=60, env=dict(os.environ))
    assert done.returncode == -signal.SIGKILL
    assert story.states() == {"a": "leased", "b": "waiting"}
    assert story.at(30) == ["a", "b"]


def test_the_pages_see_who_was_told_and_never_where(story: Story) -> None:
    import psycopg

    story.contact("https://robot.example/send?key=very-secret", 1)
    story.tell()
    with connect(story.database, Role.API) as connection:
        row = connection.execute("SELECT shown, gateway FROM outbox").fetchone()
        assert row == {"shown": "robot.example/…", "gateway": "webhook robot.example"}
        for column, table in (("address", "outbox"), ("body", "outbox"), ("address", "contact_method")):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT {column} FROM {table}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM contact_code")


def test_receipts_of_nobody_change_nothing(story: Story) -> None:
    with connect(story.database, Role.ALERTING) as connection:
        assert receipts.apply(connection, NOW, 30) == 0


steps = st.lists(
    st.tuples(
        st.floats(0.1, 45),
        st.sampled_from(["cycle", "cycle", "cycle", "crash", "delivered", "undelivered", "two"]),
        st.sampled_from([SENT, REFUSED, UNSURE]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=4), steps)
def test_any_history_tells_the_person_or_has_tried_every_way(
    story: Story, ways: list[tuple[int, bool]], history: list[tuple[float, str, Outcome]]
) -> None:
    """Crashes, doubled workers, lost and false receipts: at its end nothing waits, and nobody was spared untold."""
    _forget(story)
    for number, (priority, with_receipts) in enumerate(ways):
        story.contact(f"w{number}", priority, receipts=with_receipts)
    story.tell()
    seconds = 0.0
    for pause_s, what, answer in history:
        seconds += pause_s
        story.answers = dict.fromkeys(story.methods, answer)
        if what == "crash":
            story.worker.lease(after(seconds), 10)
        elif what in ("delivered", "undelivered"):
            story.now = after(seconds)
            story.receipt(next(iter(story.methods)), what)
        elif what == "two":
            other = outbox.Worker(story.pool, story.worker.channels, 30)
            other.name = "other"
            rows = other.lease(after(seconds), 10)
            story.at(seconds)
            for row in rows:
                other.send(row, lambda at=seconds: after(at))  # type: ignore[misc]
        else:
            story.at(seconds)
    tried = {message.address for message in story.sent}
    story.answers = dict.fromkeys(story.methods, UNSURE)
    for more in range(4):
        story.at(seconds + 31 * (more + 1))
    rows = story.rows("SELECT address, state, receipts, delivered_at, attempts FROM outbox")
    assert {row["state"] for row in rows}.isdisjoint({"waiting"})
    told = [row for row in rows if row["delivered_at"] or (row["state"] == "sent" and not row["receipts"])]
    spared = [row for row in rows if row["state"] == "spared"]
    assert told or not spared
    assert all(row["attempts"] for row in rows if row["state"] != "spared")
    assert tried <= {row["address"] for row in rows}


def _forget(story: Story) -> None:
    with connect(story.database, Role.OWNER) as connection:
        clean(connection)
    story.methods.clear()
    story.sent.clear()
    story.now = NOW


def clean(connection: Connection) -> None:
    connection.execute("TRUNCATE receipt, outbox_attempt, outbox")
