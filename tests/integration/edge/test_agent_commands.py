"""A real agent over a real broker: commands are answered, done once over restarts, and reloads lose nothing."""

import json
import queue
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.kinds import EdgeCommand, Lane
from contracts.messages import Command, Reply, decode, encode
from contracts.topics import topic
from edge.agent import Agent
from edge.commands.reload import reload
from edge.config_file import load
from edge.lift_duty import LiftDuty
from edge.sensor_duty import SensorDuty
from edge.upload import Uploader
from runtime.bus import Bus
from runtime.stack.broker import Broker
from runtime.stack.process import sunlit

HEAD = 'agent = "agent-demo"\nsite = "demo"\nstatus_every_s = 0.5\n'
LIFTS = '[[lift]]\ndevice = "lift-1"\n[[lift]]\ndevice = "lift-2"\nseed = 2\n'


class Centre:
    """Sends commands and hears the replies."""

    def __init__(self, broker: Broker, devices: tuple[str, ...]) -> None:
        self.heard: queue.Queue[Reply] = queue.Queue()
        self.bus = Bus(
            broker.settings,
            "centre",
            subscriptions=[str(topic("demo", device, Lane.REPLY)) for device in devices],
            on_message=lambda got: self._hear(got.payload),
            session_expiry_s=3600,
        )
        self.bus.start()
        end = time.monotonic() + 20
        while not self.bus.connected:
            assert time.monotonic() < end
            time.sleep(0.02)
        time.sleep(0.2)

    def _hear(self, payload: bytes) -> None:
        reply = decode(Lane.REPLY, payload)
        assert isinstance(reply, Reply)
        self.heard.put(reply)

    def ask(self, device: str, kind: EdgeCommand, identity: UUID | None = None, age: float = 0, **args: Any) -> Reply:
        """The final answer; asked again while nobody answers, as the centre does."""
        issued = datetime.now(UTC) - timedelta(seconds=age)
        command = Command(
            id=identity or uuid4(),
            device=device,
            kind=kind,
            issued=issued,
            expires=issued + timedelta(seconds=60),
            args=args,
        )
        end = time.monotonic() + 40
        while time.monotonic() < end:
            self.bus.publish(str(topic("demo", device, Lane.COMMAND)), encode(command))
            try:
                while (reply := self.heard.get(timeout=2)).command != command.id or not reply.final:
                    pass
            except queue.Empty:
                continue
            return reply
        raise AssertionError("no answer")


@pytest.fixture
def centre(broker_process: Broker) -> Iterator[Centre]:
    made = Centre(broker_process, ("agent-demo", "lift-1", "lift-2"))
    yield made
    made.bus.stop()


class Site:
    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port, self.file = folder, port, folder / "edge.toml"
        self.children: list[subprocess.Popen[bytes]] = []
        self.write("")

    def write(self, more: str, port: int | None = None) -> None:
        spool = f"spool = {json.dumps(str(self.folder / 'spool'))}\n"
        self.file.write_text(f"{HEAD}{spool}[broker]\nport = {port or self.port}\n{more}{LIFTS}", "utf-8")

    def start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "edge.log").open("ab") as log:
            self.children.append(
                subprocess.Popen(sunlit("edge", "run", "--config", str(self.file)), stdout=log, stderr=log)
            )
        return self.children[-1]

    @property
    def log(self) -> str:
        return (self.folder / "edge.log").read_text("utf-8")


@pytest.fixture
def site(tmp_path: Path, broker_process: Broker) -> Iterator[Site]:
    made = Site(tmp_path, broker_process.port)
    yield made
    for child in made.children:
        child.terminate()
        child.wait(20)


def until(look: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


def test_a_command_is_done_once_over_a_power_cut(site: Site, centre: Centre) -> None:
    child = site.start()
    one = uuid4()
    first = centre.ask("lift-1", EdgeCommand.INJECT_FAULT, one, fault="trap_between")
    assert (first.ok, first.reason) == (True, "injected")
    child.send_signal(signal.SIGKILL)
    child.wait()
    site.start()
    again = centre.ask("lift-1", EdgeCommand.INJECT_FAULT, one, fault="trap_between")
    assert again == first
    audit = (site.folder / "spool" / "commands" / "audit.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["step"] for line in audit] == ["received", "finished"]
    late = centre.ask("lift-1", EdgeCommand.INJECT_FAULT, age=120, fault="trap_between")
    assert not late.ok and late.reason.startswith("expires: ")


def test_a_reload_by_command_and_by_signal(site: Site, centre: Centre) -> None:
    child = site.start()
    assert centre.ask("agent-demo", EdgeCommand.RELOAD).reason == "nothing has changed"
    site.write("[rules.trapped]\nperson_level_s = 5\n")
    assert centre.ask("agent-demo", EdgeCommand.RELOAD).reason == "changed rules.trapped.person_level_s"
    site.write("[rules.trapped]\nperson_level_s = -5\n")
    wrong = centre.ask("agent-demo", EdgeCommand.RELOAD)
    assert not wrong.ok and "edge.toml:8: rules.trapped.person_level_s: -5: " in wrong.reason
    site.write("[rules.trapped]\nperson_level_s = 5\n", port=1)
    other = centre.ask("agent-demo", EdgeCommand.RELOAD)
    assert not other.ok and other.reason == "broker.port: needs a restart of the agent; nothing was changed"
    site.write("[rules.trapped]\nperson_level_s = 7\n")
    child.send_signal(signal.SIGHUP)
    until(lambda: "reload: changed rules.trapped.person_level_s" in site.log)
    # The whole time one process: nothing was started again.
    assert child.poll() is None and len(site.children) == 1


def test_a_self_test_says_what_it_found_and_marks_the_alarm_path(site: Site, centre: Centre) -> None:
    site.start()
    everything = centre.ask("agent-demo", EdgeCommand.SELF_TEST)
    assert everything.ok, everything.reason
    assert "disk ok: writable" in everything.reason and "lift-2 ok: ok, 0 s old" in everything.reason
    marks = site.folder / "spool" / "self-tests.json"

    def tested() -> dict[str, datetime]:
        return {device: datetime.fromisoformat(at) for device, at in json.loads(marks.read_text("utf-8")).items()}

    # Who was never tested counts from the start of the agent.
    before = tested()
    time.sleep(1.5)
    one = centre.ask("lift-1", EdgeCommand.SELF_TEST)
    assert one.ok and "alarm path ok" in one.reason and "lift-2" not in one.reason
    after = tested()
    assert after["lift-1"] - before["lift-1"] > timedelta(seconds=1)
    assert abs(after["lift-2"] - before["lift-2"]) < timedelta(seconds=1), "only the test of a lift itself counts"


def test_everybody_who_keeps_a_part_of_the_configuration_gets_the_new_one(tmp_path: Path) -> None:
    head = f'{HEAD}spool = {json.dumps(str(tmp_path / "spool"))}\n[upload]\nurl = "https://one.example"\n'
    tail = '[[sensor]]\ndevice = "sensor-1"\n[[camera]]\ndevice = "cam-1"\n'
    path = tmp_path / "edge.toml"
    path.write_text(f"{head}{LIFTS}{tail}", "utf-8")
    agent = Agent(load(path), path)
    try:
        duties = agent.duties()
        head = head.replace("status_every_s = 0.5", "status_every_s = 7").replace("one.example", "two.example")
        rules = (
            "[rules.trapped]\nperson_level_s = 41\n[rules.lift]\nsensor_faults = 9\n[rules.climate]\nhysteresis_c = 3\n"
        )
        path.write_text(f"{head}{rules}{LIFTS}{tail}", "utf-8")
        answer = reload(agent.live, path)
        assert answer.ok, answer.reason
        kept = [getattr(work, "__self__", None) for work in duties.values()]
        lift = next(one for one in kept if isinstance(one, LiftDuty))
        sensor = next(one for one in kept if isinstance(one, SensorDuty))
        uploader = next(one for one in kept if isinstance(one, Uploader))
        assert lift.setup.trapped.person_level_s == 41
        assert agent.site.rules.sensor_faults == 9
        assert sensor.rules.hysteresis_c == 3
        assert agent.pump.status_every_s == 7
        assert uploader._to[0] == "https://two.example"
        assert agent.centre_clock._url.startswith("https://two.example/")
    finally:
        agent.spool.close()
