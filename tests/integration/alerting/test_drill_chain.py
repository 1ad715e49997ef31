"""An exercise through the whole chain: real broker, database, agent, services and receivers; from the command line."""

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from alerting import activation, policy
from runtime.db import Role, connect
from runtime.demo.receivers import Inbox, Receivers
from runtime.settings import BrokerSettings, DatabaseSettings
from runtime.stack.ports import free_port
from runtime.stack.process import Process, sunlit
from tests.conftest import ROOT
from tests.integration.alerting.test_audit_run import until

LIFT = "442001"


class Chain:
    """Everything that an alarm passes, each as its own process."""

    def __init__(self, database: DatabaseSettings, broker: BrokerSettings, folder: Path) -> None:
        self.database, self.folder = database, folder
        http, smtp = free_port(), free_port()
        self.receivers = Receivers(Inbox(folder / "inbox.jsonl"), http, smtp)
        self.receivers.start()
        self.config, self.edge = folder / "sunlit.toml", folder / "edge.toml"
        self.config.write_text(
            f"[database]\nurl = {json.dumps(database.url)}\n[broker]\nport = {broker.port}\n"
            f"[ingest]\nlinger_ms = 20\n[alerting]\npoll_s = 0.2\nsmtp_port = {smtp}\n",
            "utf-8",
        )
        self.edge.write_text(
            f'agent = "agent-demo"\nsite = "demo"\nspool = {json.dumps(str(folder / "spool"))}\nstatus_every_s = 1\n'
            f"[broker]\nport = {broker.port}\n[rules.trapped]\nperson_out_of_zone_s = 2\n"
            f'[[lift]]\ndevice = "lift-{LIFT}"\n',
            "utf-8",
        )
        with connect(database, Role.OWNER) as owner:
            owner.execute("UPDATE contact_method SET address = %s WHERE channel = 'webhook'", (self.hook("real"),))
            owner.execute(
                "UPDATE contact_method SET address = %s, purpose = 'drill' WHERE channel = 'webhook' AND"
                " organisation_id IN (SELECT id FROM organisation WHERE code IN ('mu-1', 'rs-1'))",
                (self.hook("drill"),),
            )
            quick = policy.load(ROOT / "runtime" / "demo" / "policies" / "lift-quick.toml")
            row = owner.execute("SELECT clock_timestamp() AS now").fetchone()
            assert row is not None
            activation.store(owner, quick, author="test", now=row["now"])
        self.processes: list[Process] = []

    def hook(self, name: str) -> str:
        return f"http://127.0.0.1:{self.receivers.http.server_address[1]}/{name}"

    def start(self, *names: str) -> None:
        for name in names:
            file = self.edge if name == "edge" else self.config
            process = Process(name, sunlit(name, "run", "--config", str(file)), self.folder / f"{name}.log")
            process.start()
            self.processes.append(process)

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        with connect(self.database, Role.OWNER) as owner:
            return owner.execute(statement, values).fetchall()

    def drill(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = sunlit("drill", "run", *words, "--by", "test", "--why", "test", "--config", str(self.config))
        return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)

    def log(self) -> str:
        return "\n".join(path.read_text("utf-8") for path in self.folder.glob("*.log"))

    def letters(self) -> list[dict[str, Any]]:
        return self.receivers.inbox.letters()

    def close(self) -> None:
        for process in reversed(self.processes):
            process.stop()
        self.receivers.stop()


@pytest.fixture
def chain(city_db: DatabaseSettings, broker: BrokerSettings, tmp_path: Path) -> Iterator[Chain]:
    made = Chain(city_db, broker, tmp_path)
    made.start("ingest", "alerting", "edge")
    until(
        lambda: made.rows("SELECT 1 FROM device_status s JOIN device d ON d.id = s.device_id WHERE d.kind = 'lift'"),
        "the lift is heard",
        made.log,
    )
    yield made
    made.close()


def test_an_entrapment_from_the_edge_to_the_end(chain: Chain) -> None:
    marks = chain.folder / "spool" / "self-tests.json"
    until(marks.exists, "the edge has tested itself", chain.log)
    before = datetime.fromisoformat(json.loads(marks.read_text("utf-8"))[f"lift-{LIFT}"])
    # Without --lift it takes the one that was not tried for longest.
    done = chain.drill("entrapment", "--json")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}{chain.log()}"
    result = json.loads(done.stdout)
    assert (result["passed"], result["lift"], result["note"]) == (True, LIFT, "")
    after = {stage["name"]: stage["after_s"] for stage in result["stages"]}
    seen = ["asked", "handed_over", "stored", "opened", "sent", "accepted", "arrived", "released", "ended"]
    assert [after[name] for name in seen] == sorted(after[name] for name in seen)
    assert after["second_tier"] is None
    (incident,) = chain.rows("SELECT source, state, number, details, released_at FROM incident")
    assert (incident["source"], incident["state"]) == ("drill", "false_alarm")
    assert incident["details"]["drill"] == "entrapment" and incident["released_at"] is not None
    assert chain.rows("SELECT 1 FROM public_rescue") == []
    letters = chain.letters()
    assert letters and {letter["address"] for letter in letters} == {"/drill"}
    assert all(letter["subject"].startswith("【演练】") and letter["body"].startswith("【演练】") for letter in letters)
    (kept,) = chain.rows("SELECT name, passed, actor, receivers, jsonb_array_length(stages) AS n FROM drill")
    assert (kept["name"], kept["passed"], kept["actor"], kept["receivers"]) == ("entrapment", True, "test", "marked")
    assert kept["n"] == len(result["stages"])
    assert chain.rows("SELECT 1 FROM audit_log WHERE action = 'drill' AND object = %s", f"lift {LIFT}: entrapment")

    def proven() -> bool:
        return datetime.fromisoformat(json.loads(marks.read_text("utf-8"))[f"lift-{LIFT}"]) > before

    until(proven, "the edge keeps that its alarm path is proven", chain.log)


def test_nobody_answers_and_the_second_tier_is_called(chain: Chain) -> None:
    done = chain.drill("silent-crew", "--lift", LIFT)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}{chain.log()}"
    assert "second_tier" in done.stdout and "passed; " in done.stdout
    assert {letter["address"] for letter in chain.letters()} == {"/drill"}
    # Once more at the same lift, and while it runs somebody is really trapped there.
    worker: list[subprocess.CompletedProcess[str]] = []
    thread = threading.Thread(
        target=lambda: worker.append(chain.drill("entrapment", "--people", "--lift", LIFT, "--json")), daemon=True
    )
    thread.start()
    open_drill = "SELECT 1 FROM incident WHERE source = 'drill' AND closed_at IS NULL"
    until(lambda: chain.rows(open_drill), "the second exercise is open", chain.log)
    fault = sunlit("edge", "fault", "--config", str(chain.edge), f"lift-{LIFT}", "trap_between")
    assert subprocess.run(fault, capture_output=True, timeout=60, check=False).returncode == 0
    real = "SELECT number, closed_at, due_at FROM incident WHERE source = 'sensor'"
    until(lambda: chain.rows(real), "the real alarm has an incident of its own", chain.log)
    thread.join(90)
    result = json.loads(worker[0].stdout)
    assert (worker[0].returncode, result["passed"]) == (1, False)
    assert result["note"] == "a real alarm ends the drill"
    (row,) = chain.rows(real)
    assert row["closed_at"] is None, "the end of the exercise ends nothing else"
    until(lambda: any(letter["subject"].startswith("【非演练】") for letter in chain.letters()), "paged", chain.log)
    assert not chain.rows(open_drill)


def test_a_run_that_is_killed_leaves_an_exercise_that_can_be_ended(chain: Chain) -> None:
    words = ("drill", "run", "entrapment", "--people", "--by", "test", "--config", str(chain.config))
    run = Process("drill", sunlit(*words), chain.folder / "drill.log")
    run.start()
    open_drill = "SELECT 1 FROM incident WHERE source = 'drill' AND closed_at IS NULL"
    until(lambda: chain.rows(open_drill), "the exercise is open", chain.log)
    run.kill()
    end = sunlit("drill", "end", "--by", "test", "--config", str(chain.config))
    done = subprocess.run(end, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, f"drill entrapment at lift {LIFT}: ended\n"), done.stderr
    assert not chain.rows(open_drill)
    (row,) = chain.rows("SELECT passed, ended_at FROM drill")
    assert row["passed"] is False and row["ended_at"] is not None
    again = subprocess.run(end, capture_output=True, text=True, timeout=60, check=False)
    assert again.stdout == "no drill is open\n"
    # Ctrl-C is not that: the run ends its exercise itself. Whoever ignores it here would hand that on.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    run.start()
    signal.signal(signal.SIGINT, before)
    until(lambda: chain.rows(open_drill), "another exercise is open", chain.log)
    assert run.child is not None
    run.child.send_signal(signal.SIGINT)
    until(lambda: not chain.rows(open_drill), "ended by Ctrl-C", chain.log)
    until(lambda: not run.alive, "the run has ended", chain.log)
    assert not chain.rows("SELECT 1 FROM drill WHERE ended_at IS NULL")
    assert "Traceback" not in run.tail(50)


def test_what_cannot_be_run_is_one_line(chain: Chain) -> None:
    for words, said in (
        (("fire",), "drill: 'fire', expected one of"),
        (("entrapment", "--lift", "999999"), "lift: '999999' is not registered"),
    ):
        done = chain.drill(*words)
        assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr
    order = sunlit(
        "api", "order", f"lift-{LIFT}", "drill", "--by", "operator", "--why", "x", "--config", str(chain.config)
    )
    refused = subprocess.run(order, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 1 and "`sunlit drill run`" in refused.stderr
    # The edge of this lift is not there: nothing is stored, and nothing stays open.
    chain.processes[-1].stop()
    done = chain.drill("alarm-button", "--lift", LIFT, "--json")
    result = json.loads(done.stdout)
    assert (done.returncode, result["passed"]) == (1, False)
    assert result["note"].startswith("not seen within 60 s: stored")
    assert chain.rows("SELECT 1 FROM incident") == []
