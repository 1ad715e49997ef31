"""The auditor as a process: whatever it watches is broken, and the letter comes by its own way."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from alerting import activation, policy
from runtime.db import Role, connect
from runtime.demo import city
from runtime.demo.receivers import Inbox, Receivers
from runtime.migrate import migrate
from runtime.settings import DatabaseSettings
from runtime.stack.ports import free_port
from runtime.stack.postgres import Postgres
from runtime.stack.process import Process, sunlit
from tests.conftest import ROOT, open_folder

QUICK = """
every_s = 0.3
over_s = 1
again_s = 600
service_s = 3
outbox_s = 2
due_s = 2
handled_s = 2
connected_s = 2
agent_s = 0
services = { alerting = 1, ingest = 0, api = 0 }
language = "en"
"""


class Town:
    """A database of its own, receivers for the desk and for the auditor, and processes that can be killed."""

    def __init__(self, server: Postgres, database: DatabaseSettings, folder: Path) -> None:
        self.server, self.database, self.folder = server, database, folder
        self.http, smtp = free_port(), free_port()
        self.receivers = Receivers(Inbox(folder / "inbox.jsonl"), self.http, smtp)
        self.receivers.start()
        self.config = folder / "sunlit.toml"
        (folder / "hook").write_text(f"http://127.0.0.1:{self.http}/audit\n", "utf-8")
        self.write("")
        self.processes: list[Process] = []

    def write(self, more: str) -> None:
        self.config.write_text(
            f"[database]\nurl = {json.dumps(self.database.url)}\n[broker]\nport = {free_port()}\n"
            f"[alerting]\npoll_s = 0.2\n[audit]\nwebhook_file = {json.dumps(str(self.folder / 'hook'))}\n"
            f'email = "watch@demo.invalid"\nsmtp_port = {self.receivers.smtp.port}\n{QUICK}{more}',
            "utf-8",
        )

    def start(self, name: str) -> Process:
        command = sunlit(name, "run", "--config", str(self.config))
        process = Process(name, command, self.folder / f"{name}.log")
        process.start()
        self.processes.append(process)
        return process

    def owner(self, statement: str, *values: object) -> list[dict[str, Any]]:
        with connect(self.database, Role.OWNER) as connection:
            done = connection.execute(statement, values)
            return done.fetchall() if done.description else []

    def heard(self, channel: str = "webhook") -> list[str]:
        """What the auditor's own addresses got."""
        letters = self.receivers.inbox.letters()
        mine = [one for one in letters if one["address"] in ("/audit", "watch@demo.invalid")]
        return [str(one["body"]) for one in mine if one["channel"] == channel]

    def until_heard(self, *words: str, channel: str = "webhook") -> None:
        until(lambda: all(any(word in body for body in self.heard(channel)) for word in words), words, self.log)

    def log(self) -> str:
        return "\n".join(path.read_text("utf-8") for path in self.folder.glob("*.log"))

    def check(self) -> tuple[int, list[dict[str, Any]]]:
        command = sunlit("audit", "check", "--json", "--config", str(self.config))
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, json.loads(done.stdout)

    def close(self) -> None:
        for process in self.processes:
            if process.child is not None and process.alive:
                process.child.send_signal(signal.SIGCONT)
            process.stop()
        self.receivers.stop()


def until(look: Callable[[], object], what: object, log: Callable[[], str] = str) -> None:
    end = time.monotonic() + 60
    while not look():
        assert time.monotonic() < end, f"not seen in time: {what}\n{log()}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def own_server() -> Iterator[Postgres]:
    """A server that tests may stop."""
    with open_folder("audited") as folder:
        server = Postgres(folder / "data")
        server.start()
        yield server
        server.stop()


@pytest.fixture
def town(own_server: Postgres, tmp_path: Path) -> Iterator[Town]:
    database = own_server.database(f"t{uuid4().hex[:8]}")
    migrate(database)
    with connect(database, Role.OWNER) as connection:
        city.seed(connection, city.Address(webhook="http://127.0.0.1:1/hook"), {}, "upload-token")
        loaded = policy.load(ROOT / "alerting" / "policies" / "lift.toml")
        row = connection.execute("SELECT clock_timestamp() AS now").fetchone()
        assert row is not None
        activation.store(connection, loaded, author="test", now=row["now"])
        connection.execute("UPDATE device SET commissioned_at = now() WHERE kind = 'lift'")
    made = Town(own_server, database, tmp_path)
    yield made
    made.close()


def test_alerting_is_killed_and_it_is_told_and_told_again_when_it_lives(town: Town) -> None:
    alerting = town.start("alerting")
    until(lambda: town.owner("SELECT 1 FROM alerting_beat"), "alerting lives", town.log)
    town.start("audit")
    until(lambda: town.owner("SELECT 1 FROM service_health WHERE service = 'auditor'"), "a beat", town.log)
    alerting.kill()
    town.until_heard("NEW The service alerting gives no sign of life.")
    town.until_heard("NEW The service alerting gives no sign of life.", channel="email")
    (row,) = town.owner("SELECT name, subject, words_zh, last_said, ended_at FROM alarm WHERE name = 'service'")
    assert (row["subject"], row["words_zh"], row["ended_at"]) == ("alerting", "服务 alerting 无心跳。", None)
    until(lambda: town.owner("SELECT 1 FROM alarm WHERE name = 'service' AND last_said IS NOT NULL"), "said", town.log)
    town.start("alerting")
    town.until_heard("OVER The service alerting gives no sign of life.")
    until(lambda: town.owner("SELECT 1 FROM alarm WHERE ended_at IS NOT NULL"), "its end as a row", town.log)
    assert [body.count("sign of life") for body in town.heard()].count(1) == 2, "once each"


def test_the_database_is_stopped_and_comes_back(town: Town) -> None:
    # The database alone is looked at here; how long a service takes to come back is its own matter.
    town.config.write_text(town.config.read_text("utf-8").replace("alerting = 1", "alerting = 0"), "utf-8")
    town.start("audit")
    until(lambda: town.owner("SELECT 1 FROM auditor_beat"), "a beat", town.log)
    try:
        town.server.stop()
        town.until_heard("NEW The database does not answer")
        assert town.check()[0] == 1
        time.sleep(3)
        assert len(town.heard()) == 1, "nothing else is known, so nothing else is said"
    finally:
        town.server.start()
    town.until_heard("OVER The database does not answer")
    until(lambda: town.owner("SELECT 1 FROM alarm WHERE name = 'database' AND ended_at > since"), "a row", town.log)
    assert len(town.heard()) == 2


def test_a_database_that_hangs_is_told_of(town: Town) -> None:
    town.start("alerting")
    town.start("audit")
    until(lambda: town.owner("SELECT 1 FROM auditor_beat"), "a beat", town.log)
    with psycopg.connect(town.database.url) as holder:
        # Nobody can read events any more, and the rest of the database answers.
        holder.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
        town.until_heard("NEW The auditor cannot look at events", "NEW The auditor cannot look at tests")
    town.until_heard("OVER The auditor cannot look at events")


def test_the_outbox_is_blocked(town: Town) -> None:
    """The worker hangs with its lease; nobody takes the letter from it."""
    town.owner(
        "INSERT INTO outbox (dedupe, channel, address, stage, language, subject, body, state, created_at, next_at,"
        " give_up_at, lease_until, worker) VALUES ('x', 'email', 'a@b.c', 'tier_offer', 'zh', 's', 'b', 'leased',"
        " now(), now(), now() + interval '1 hour', now(), 'frozen')"
    )
    town.owner("INSERT INTO alerting_beat (instance, at) VALUES ('a', now() + interval '1 hour')")
    town.start("audit")
    town.until_heard("1 letters that are due do not leave: email")
    town.owner("UPDATE outbox SET state = 'sent', lease_until = NULL")
    town.until_heard("OVER 1 letters that are due do not leave")


def test_rows_that_nobody_deals_with(town: Town) -> None:
    town.owner("INSERT INTO alerting_beat (instance, at) VALUES ('a', now() + interval '1 hour')")
    lift = "(SELECT id FROM lift WHERE code = '442001')"
    device = "(SELECT id FROM device WHERE code = 'lift-442001')"
    incident = (
        "INSERT INTO incident (number, lift_id, rule, state, policy_id, alarm_at, opened_at, due_at)"
        f" SELECT %s, {lift}, 'alarm_button', 'received', (SELECT id FROM policy LIMIT 1), now(), now(),"
        " %s::timestamptz"
    )
    town.owner(incident, "R-due", "2026-01-01T00:00:00Z")
    town.owner("UPDATE incident SET released_at = now()")
    town.owner(incident, "R-clockless", None)
    town.owner(
        "INSERT INTO outbox (dedupe, incident_id, channel, address, stage, language, subject, body, state, created_at,"
        " next_at, give_up_at) SELECT i.number, i.id, 'email', 'a', 'tier_offer', 'zh', 's', 'b', 'failed', now(),"
        " now(), now() FROM incident i WHERE number = 'R-clockless'"
    )
    for rule in ("alarm_button", "alarm_path_untested"):
        town.owner(
            "INSERT INTO event (event_id, rev, device_id, boot, seq, phase, rule, at, observed, received, confidence,"
            f" body) SELECT gen_random_uuid(), 0, {device}, gen_random_uuid(), 0, 'start', %s, now(), now(), now(), 1,"
            " '{}'",
            rule,
        )
    town.owner("INSERT INTO command (id, kind, actor) VALUES (gen_random_uuid(), 'note', 'x')")
    town.owner(
        "INSERT INTO edge_order (id, device_id, kind, actor, expires_at)"
        f" SELECT gen_random_uuid(), {device}, 'comfort', 'x', now() + interval '1 hour'"
    )
    town.owner(
        "INSERT INTO silence (device_id, cause, since, noticed_at)"
        " SELECT id, 'offline', now() - interval '1 hour', now() FROM device WHERE kind = 'agent'"
    )
    town.start("audit")
    town.until_heard(
        "1 rescues are past their due time and nothing happens: R-due",
        "1 open rescues have no clock and nobody there: R-clockless",
        "Letters of 1 open rescues reached nobody: R-clockless",
        "events are not dealt with: alarm_",
        "1 commands of people are not carried out: note",
        "1 orders to edges do not leave: comfort",
        "1 of 1 edge agents are silent, 12 lifts with them, 2 with an open rescue. Longest: agent-demo, 60 min.",
        "has not been tested in time on 1 lifts: 442001",
    )
    code, troubles = town.check()
    assert code == 1
    names = {one["name"] for one in troubles}
    kinds = {"incidents", "clockless", "letters", "events", "commands", "orders", "agents", "alarm_path"}
    assert kinds <= names
    assert names - kinds <= {"disk"}
    # A self-test that is passed, and a drill that is, take it off the list again.
    town.owner(
        "INSERT INTO edge_order (id, device_id, kind, actor, expires_at)"
        f" SELECT '00000000-0000-4000-8000-000000000001', {device}, 'self_test', 'x', now() + interval '1 hour'"
    )
    town.owner(
        "INSERT INTO edge_reply (order_id, device_id, at, received, ok, final)"
        f" SELECT '00000000-0000-4000-8000-000000000001', {device}, now(), now(), true, true"
    )
    town.until_heard("OVER The way of an alarm has not been tested in time")


def test_a_city_that_falls_silent_is_one_line(town: Town) -> None:
    town.owner("INSERT INTO alerting_beat (instance, at) VALUES ('a', now() + interval '1 hour')")
    town.owner(
        "INSERT INTO device (code, kind, site) SELECT 'agent-' || n, 'agent', 'site-' || n"
        " FROM generate_series(1, 400) AS n"
    )
    town.owner(
        "INSERT INTO silence (device_id, cause, since, noticed_at) SELECT id, 'silent', now(), now() FROM device"
        " WHERE kind = 'agent'"
    )
    town.start("audit")
    town.until_heard("401 of 401 edge agents are silent")
    time.sleep(2)
    assert sum(body.count("edge agents") for body in town.heard()) == 1


def test_what_was_said_before_a_restart_is_not_said_again(town: Town) -> None:
    auditor = town.start("audit")
    town.until_heard("NEW The service alerting gives no sign of life.")
    until(lambda: town.owner("SELECT 1 FROM alarm WHERE last_said IS NOT NULL"), "kept as said", town.log)
    auditor.kill()
    town.start("audit")
    until(lambda: town.log().count("audit: running") == 2, "again", town.log)
    time.sleep(5)
    assert len(town.heard()) == 1, "silent all the time: neither over nor new"
    town.start("alerting")
    town.until_heard("OVER The service alerting gives no sign of life.")


def test_flapping_is_not_spam(town: Town) -> None:
    town.start("audit")
    town.owner("INSERT INTO alerting_beat (instance, at) VALUES ('a', now())")
    for _ in range(6):
        town.owner("UPDATE alerting_beat SET at = now() - interval '1 hour'")
        time.sleep(1)
        town.owner("UPDATE alerting_beat SET at = now()")
        time.sleep(1)
    said = [line for body in town.heard() for line in body.splitlines() if "alerting" in line]
    assert len(said) <= 4, said


def test_a_round_for_cron(town: Town) -> None:
    town.owner("INSERT INTO alerting_beat (instance, at) VALUES ('a', now())")
    code, troubles = town.check()
    assert (code, [one for one in troubles if one["name"] != "disk"]) in ((0, []), (1, []))
    town.owner("UPDATE contact_method SET address = (SELECT 'watch@demo.invalid') WHERE id = 1")
    town.owner("UPDATE alerting_beat SET at = now() - interval '1 hour'")
    command = sunlit("audit", "check", "--config", str(town.config))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert lines[0] == "GRAVE The service alerting gives no sign of life."
    assert any("The auditor's way email 1 is also one of the desk's" in line for line in lines)


def test_it_writes_nothing_but_its_own(town: Town) -> None:
    with connect(town.database, Role.AUDITOR) as connection:
        for statement in (
            "UPDATE incident SET due_at = NULL",
            "INSERT INTO alerting_beat (instance, at) VALUES ('x', now())",
            "SELECT * FROM session",
            "SELECT * FROM person",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_its_own_death_is_noticed_outside(town: Town) -> None:
    """The ping goes on with the rounds, also while there are troubles, and ends with the auditor."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    pings: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pings.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    town.write(f'ping_url = "http://127.0.0.1:{server.server_address[1]}/ping/secret"\n')
    town.start("audit")
    until(lambda: pings, "a ping", town.log)
    town.until_heard("NEW The service alerting")
    server.shutdown()
    assert set(pings) == {"/ping/secret"}
    assert "secret" not in town.log()


def test_a_way_that_is_broken_is_said_by_the_other(town: Town) -> None:
    town.owner("INSERT INTO alerting_beat (instance, at) VALUES ('a', now() + interval '1 hour')")
    (town.folder / "hook").write_text(f"http://127.0.0.1:{free_port()}/nobody\n", "utf-8")
    town.owner("INSERT INTO command (id, kind, actor) VALUES (gen_random_uuid(), 'note', %s)", "x")
    town.start("audit")
    town.until_heard("1 commands of people are not carried out", channel="email")
    until(
        lambda: town.owner("SELECT 1 FROM auditor_beat WHERE info->'voices'->>'webhook 1' LIKE 'refused%%'"),
        "it knows that a way fails",
        town.log,
    )
    (row,) = town.owner("SELECT info FROM auditor_beat")
    assert row["info"]["voices"]["email 1"] == ""
    assert "nobody" not in json.dumps(row["info"])
