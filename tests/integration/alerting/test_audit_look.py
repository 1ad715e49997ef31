"""One look at a real database: what hangs, what is remembered, and what an untested alarm path is."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from alerting.audit.asking import Asking, Away
from alerting.audit.look import Look
from runtime.audit_settings import AuditSettings
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings


@pytest.fixture
def owner(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.OWNER) as connection:
        yield connection


@pytest.fixture
def look(city_db: DatabaseSettings) -> Look:
    return Look(AuditSettings(), Asking(city_db), None)


def event(owner: Connection, rule: str = "alarm_button", phase: str = "start", minutes: float = 20) -> None:
    owner.execute(
        "INSERT INTO event (event_id, rev, device_id, boot, seq, phase, rule, at, observed, received, confidence, body)"
        " SELECT %s, 0, id, %s, 0, %s, %s, t, t, t, 1, '{}' FROM device,"
        " (SELECT now() - make_interval(secs => %s) AS t) AS x WHERE code = 'lift-442001'",
        (uuid4(), uuid4(), phase, rule, 60 * minutes),
    )


def handle(owner: Connection) -> None:
    owner.execute("INSERT INTO event_handled SELECT id, now(), 'x' FROM event ON CONFLICT DO NOTHING")


def fact(look: Look, name: str) -> Any:
    facts = look.facts((), {})
    assert (facts.faults, facts.fault) == ({}, "")
    found = getattr(facts, name)
    return (found.count, found.some)


def test_events_are_read_once_and_none_is_missed(owner: Connection, look: Look) -> None:
    for _ in range(3):
        event(owner)
    assert fact(look, "events") == (3, ("alarm_button",))
    assert fact(look, "events") == (3, ("alarm_button",)), "what nobody deals with is seen again"
    handle(owner)
    assert fact(look, "events") == (0, ())
    event(owner, minutes=11)
    event(owner, rule="trapped_level", minutes=1)
    assert fact(look, "events") == (2, ("alarm_button", "trapped_level"))
    event(owner, minutes=0)
    assert fact(look, "events")[0] == 2, "just now is not late"


def test_what_proves_an_alarm_path(owner: Connection, look: Look) -> None:
    assert fact(look, "alarm_path") == (0, ()), "not commissioned yet"
    owner.execute("UPDATE device SET commissioned_at = now() - interval '4 days' WHERE code = 'lift-442002'")
    assert fact(look, "alarm_path") == (1, ("442002",)), "never heard"
    owner.execute(
        "INSERT INTO device_status (device_id, seen_at) SELECT id, now() FROM device WHERE code = 'lift-442002'"
    )
    event(owner, "alarm_path_untested")
    assert fact(look, "alarm_path") == (1, ("442001",))
    owner.execute(
        "INSERT INTO drill (id, name, lift_id, device_id, receivers, actor, reason, until, ended_at, passed)"
        " SELECT gen_random_uuid(), 'monthly', lift_id, id, 'marked', 'x', 'x', now(), now(), false FROM device"
        " WHERE code = 'lift-442001'"
    )
    assert fact(look, "alarm_path")[0] == 1, "a drill that was not passed proves nothing"
    owner.execute("UPDATE drill SET passed = true")
    assert fact(look, "alarm_path") == (0, ())
    event(owner, "alarm_path_untested", minutes=-1)
    assert fact(look, "alarm_path")[0] == 1, "three days later it is due again"
    event(owner, "alarm_path_untested", "end", minutes=-2)
    assert fact(look, "alarm_path") == (0, ())


def test_one_table_that_cannot_be_read_hides_no_other(owner: Connection, look: Look) -> None:
    event(owner)
    owner.execute("REVOKE SELECT ON incident FROM sunlit_auditor")
    try:
        facts = look.facts((), {})
    finally:
        owner.execute("GRANT SELECT ON incident TO sunlit_auditor")
    assert {"incidents", "clockless", "letters", "agents"} <= set(facts.faults)
    assert facts.incidents is None and facts.events is not None and facts.events.count == 1
    assert "permission denied" in facts.faults["incidents"]


def test_a_sign_of_life_that_stays_the_same_grows_old_on_any_clock(owner: Connection, look: Look) -> None:
    owner.execute("INSERT INTO api_beat (instance, at) VALUES ('a', now() + interval '1 day')")
    first = look.facts((), {}).beats
    time.sleep(0.2)
    second = look.facts((), {}).beats
    owner.execute("UPDATE api_beat SET at = at + interval '5 s'")
    third = look.facts((), {}).beats
    assert first and second and third
    assert (first[0].unchanged_s, third[0].unchanged_s) == (0, 0)
    assert second[0].unchanged_s >= 0.2


def test_work_that_hangs_holds_up_nobody(city_db: DatabaseSettings) -> None:
    asking = Asking(city_db)
    with pytest.raises(Away, match=r"no answer within 0\.2 s"):
        asking.ask(lambda connection: connection.execute("SELECT pg_sleep(1.5)"), 0.2)
    with pytest.raises(Away, match="says nothing"):
        asking.ask(lambda connection: connection.execute("SELECT 1"), 5)
    time.sleep(2)
    assert asking.ask(lambda connection: connection.execute("SELECT 1 AS n").fetchone(), 5) == {"n": 1}
    with pytest.raises(psycopg.errors.UndefinedTable):
        asking.ask(lambda connection: connection.execute("SELECT * FROM nothing"), 5)


def test_a_fault_of_ours_is_heard_and_the_next_look_works(
    city_db: DatabaseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    asking = Asking(city_db)

    def broken(_: Connection) -> datetime:
        return datetime(10**9, 1, 1, tzinfo=UTC)

    with pytest.raises(Away, match="the look itself failed"):
        asking.ask(broken, 5)
    time.sleep(0.2)
    assert asking.ask(lambda connection: connection.execute("SELECT 1 AS n").fetchone(), 5) == {"n": 1}


def test_a_database_that_is_not_there_is_a_fact() -> None:
    nowhere = DatabaseSettings(url="postgresql://127.0.0.1:1/x", connect_timeout_s=1)
    facts = Look(AuditSettings(), Asking(nowhere), None).facts((), {})
    assert facts.database_at is None and "refused" in facts.fault


def test_after_an_outage_each_service_has_its_time_to_begin_again(city_db: DatabaseSettings) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    look = Look(AuditSettings(), Asking(city_db), began)
    assert look.facts((), {}).started_at == began
    there, look.asking = look.asking, Asking(DatabaseSettings(url="postgresql://127.0.0.1:1/x", connect_timeout_s=1))
    away = look.facts((), {})
    assert (away.database_at, away.reached_at is not None) == (None, True)
    look.asking = there
    back = look.facts((), {})
    assert back.started_at == back.asked_at
    assert look.facts((), {}).started_at == back.asked_at, "not again at every look"


def test_an_address_that_is_the_desks_is_seen(owner: Connection, look: Look) -> None:
    row = owner.execute("SELECT address FROM contact_method WHERE channel = 'email' LIMIT 1").fetchone()
    assert row is not None
    facts = look.facts((), {"email 1": row["address"], "email 2": "other@x.y"})
    assert facts.same_way == ("email 1",)
