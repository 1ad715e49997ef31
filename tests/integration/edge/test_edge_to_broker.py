"""A real agent process against a real broker: alarms at once, nothing lost when broker or agent dies."""

import json
import queue
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.kinds import EdgeCommand, Lane, Phase, Rule
from contracts.messages import Command, Event, Message, Reply, Status, Telemetry, decode, encode
from contracts.topics import parse, subscription, topic
from runtime.bus import Bus
from runtime.stack.broker import Broker
from runtime.stack.process import sunlit

QUICK = "[rules.trapped]\nstill_out_of_zone_s = 1\nperson_out_of_zone_s = 1.5\n"


def write_config(folder: Path, port: int, lifts: int = 2) -> Path:
    text = f'agent = "agent-demo"\nsite = "demo"\nspool = {json.dumps(str(folder / "spool"))}\nstatus_every_s = 0.5\n'
    text += f"[broker]\nport = {port}\n{QUICK}"
    for number in range(1, lifts + 1):
        text += f'[[lift]]\ndevice = "lift-44200{number}"\nseed = {number}\n'
    path = folder / "edge.toml"
    path.write_text(text + '[[sensor]]\ndevice = "sensor-k-001"\nevery_s = 1\n', "utf-8")
    return path


class Listener:
    """Everything that the edge says, by lane, with the time of its arrival."""

    def __init__(self, broker: Broker) -> None:
        self.heard: queue.Queue[tuple[float, Lane, Message]] = queue.Queue()
        self.messages: list[tuple[float, Lane, Message]] = []
        lanes = (Lane.TELEMETRY, Lane.EVENT, Lane.STATUS)
        self.bus = Bus(
            broker.settings,
            "listener",
            subscriptions=[name for lane in lanes for name in subscription(lane)],
            on_message=lambda got: self.heard.put(
                (time.monotonic(), parse(got.topic).lane, decode(parse(got.topic).lane, got.payload))
            ),
            session_expiry_s=3600,
        )
        self.bus.start()
        until(lambda: self.bus.connected)

    def all(self) -> list[tuple[float, Lane, Message]]:
        while not self.heard.empty():
            self.messages.append(self.heard.get())
        return self.messages

    def events(self, rule: Rule) -> list[Event]:
        return [body for _, _, body in self.all() if isinstance(body, Event) and body.rule is rule]

    def seqs(self, device: str) -> list[int]:
        return [body.seq for _, _, body in self.all() if isinstance(body, Telemetry) and body.device == device]


def until(look: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.02)


@pytest.fixture
def listener(broker_process: Broker) -> Iterator[Listener]:
    listening = Listener(broker_process)
    yield listening
    listening.bus.stop()


@pytest.fixture
def agent(tmp_path: Path, broker_process: Broker) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    config = write_config(tmp_path, broker_process.port)
    children: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        children.append(subprocess.Popen(sunlit("edge", "run", "--config", str(config))))
        return children[-1]

    yield start
    for child in children:
        child.terminate()
        child.wait(15)


def inject(folder: Path, device: str, fault: str) -> subprocess.CompletedProcess[str]:
    words = ("edge", "fault", "--config", str(folder / "edge.toml"), device, fault)
    return subprocess.run(sunlit(*words), capture_output=True, text=True, check=False, timeout=30)


def test_trapped_then_set_free(
    tmp_path: Path, agent: Callable[[], subprocess.Popen[bytes]], listener: Listener
) -> None:
    agent()
    until(lambda: listener.seqs("lift-442001"))
    assert inject(tmp_path, "lift-442001", "trap_between").returncode == 0
    until(lambda: listener.events(Rule.TRAPPED_NON_LEVEL))
    started = listener.events(Rule.TRAPPED_NON_LEVEL)[0]
    assert (started.phase, started.device, started.rev) == (Phase.START, "lift-442001", 0)
    assert started.details["door_zone"] is False
    assert (started.observed - started.at).total_seconds() >= 1
    assert inject(tmp_path, "lift-442001", "release").returncode == 0
    until(lambda: len(listener.events(Rule.TRAPPED_NON_LEVEL)) == 2)
    ended = listener.events(Rule.TRAPPED_NON_LEVEL)[1]
    assert (ended.phase, ended.id, ended.rev) == (Phase.END, started.id, 1)


def test_killed_while_somebody_is_trapped_and_started_again(
    tmp_path: Path, agent: Callable[[], subprocess.Popen[bytes]], listener: Listener
) -> None:
    """The new boot's lift is whole again and opens its door: the old event ends under its own identity."""
    first = agent()
    until(lambda: listener.seqs("lift-442001"))
    assert inject(tmp_path, "lift-442001", "trap_between").returncode == 0
    until(lambda: listener.events(Rule.TRAPPED_NON_LEVEL))
    time.sleep(0.5)
    first.send_signal(signal.SIGKILL)
    first.wait()
    agent()
    until(lambda: len({(one.id, one.rev) for one in listener.events(Rule.TRAPPED_NON_LEVEL)}) == 2, 60)
    started, *_, ended = listener.events(Rule.TRAPPED_NON_LEVEL)
    assert (started.phase, ended.phase) == (Phase.START, Phase.END)
    assert (ended.id, ended.rev, ended.at) == (started.id, 1, started.at)
    assert ended.boot != started.boot


def test_a_power_cut_of_three_lifts_is_a_mass_outage(
    tmp_path: Path, agent: Callable[[], subprocess.Popen[bytes]], listener: Listener, broker_process: Broker
) -> None:
    write_config(tmp_path, broker_process.port, lifts=3)
    agent()
    until(lambda: listener.seqs("lift-442003"))
    for number in range(1, 4):
        assert inject(tmp_path, f"lift-44200{number}", "power_cut").returncode == 0
    until(lambda: listener.events(Rule.MASS_OUTAGE))
    assert {one.device for one in listener.events(Rule.MAINS_LOST)} == {f"lift-44200{number}" for number in range(1, 4)}
    hint = listener.events(Rule.MASS_OUTAGE)[0]
    assert (hint.device, hint.details["count"]) == ("agent-demo", 3)


def test_the_alarm_path_is_tested_when_the_centre_asks(
    agent: Callable[[], subprocess.Popen[bytes]], listener: Listener, broker_process: Broker
) -> None:
    agent()
    until(lambda: listener.seqs("lift-442001"))
    replies: queue.Queue[Message] = queue.Queue()
    asking = Bus(
        broker_process.settings,
        "asking",
        subscriptions=[str(topic("demo", "lift-442001", Lane.REPLY))],
        on_message=lambda got: replies.put(decode(Lane.REPLY, got.payload)),
    )
    asking.start()
    until(lambda: asking.connected)
    time.sleep(0.2)
    now = datetime.now(UTC)
    command = Command(
        id=uuid4(),
        device="lift-442001",
        kind=EdgeCommand.SELF_TEST,
        issued=now,
        expires=now + timedelta(seconds=30),
    )
    asking.publish(str(topic("demo", "lift-442001", Lane.COMMAND)), encode(command))
    reply = replies.get(timeout=20)
    asking.stop()
    assert isinstance(reply, Reply)
    assert reply.ok and reply.reason.endswith("alarm path ok: button is read, events arrive")


def test_a_fault_that_there_is_not_is_refused_in_words(
    tmp_path: Path, agent: Callable[[], subprocess.Popen[bytes]], listener: Listener
) -> None:
    agent()
    until(lambda: listener.seqs("lift-442001"))
    refused = inject(tmp_path, "lift-442001", "explode")
    assert refused.returncode == 1
    assert "explode" in refused.stderr
    stranger = inject(tmp_path, "sensor-k-001", "trap_between")
    assert "no simulated lift" in stranger.stderr


def test_the_broker_dies_and_nothing_is_missing(
    agent: Callable[[], subprocess.Popen[bytes]], listener: Listener, broker_process: Broker
) -> None:
    """F4, seen from the edge."""
    agent()
    until(lambda: len(listener.seqs("lift-442001")) > 3)
    broker_process.process.kill()
    time.sleep(3)
    broker_process.start()
    until(lambda: len(set(listener.seqs("lift-442001"))) > 12, 40)
    seqs = sorted(set(listener.seqs("lift-442001")))
    assert seqs == list(range(len(seqs)))


def test_the_agent_is_killed_and_what_it_kept_is_still_said(
    tmp_path: Path, agent: Callable[[], subprocess.Popen[bytes]], listener: Listener, broker_process: Broker
) -> None:
    """F14: taken means kept; a new boot sends what the old one could not."""
    first = agent()
    until(lambda: len(listener.seqs("lift-442001")) > 2)
    broker_process.process.kill()
    time.sleep(3)
    first.send_signal(signal.SIGKILL)
    first.wait()
    broker_process.start()
    until(lambda: listener.bus.connected)
    old = {body.boot for _, _, body in listener.all() if isinstance(body, Telemetry)}
    agent()
    until(lambda: {body.boot for _, _, body in listener.all() if isinstance(body, Telemetry)} - old, 40)
    time.sleep(1)
    kept = sorted(
        {
            body.seq
            for _, _, body in listener.all()
            if isinstance(body, Telemetry) and body.boot in old and body.device == "lift-442001"
        }
    )
    assert len(kept) >= 4
    assert kept == list(range(len(kept)))


def test_statuses_say_what_was_published_and_the_will_says_when_it_ends(
    agent: Callable[[], subprocess.Popen[bytes]], listener: Listener
) -> None:
    child = agent()

    def statuses(device: str) -> list[Status]:
        return [body for _, _, body in listener.all() if isinstance(body, Status) and body.device == device]

    until(lambda: any(status.published_telemetry > 0 for status in statuses("lift-442001")))
    own = statuses("agent-demo")[-1]
    assert {"uptime_s", "cpu_percent", "memory_mb", "disk_free_mb", "parts", "queue_alarm", "queue_telemetry"} <= set(
        own.health
    )
    assert own.health["clock"] == "not measured" and own.clock_offset_ms is None, "there is no centre to ask"
    assert own.losses == ()
    child.send_signal(signal.SIGKILL)
    until(lambda: not statuses("agent-demo")[-1].online)
    assert statuses("agent-demo")[0].online
