"""`sunlit edge drivers try`, `sunlit edge check` and the agent itself, with a Modbus box at the other end."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.kinds import Lane, Phase, Rule
from contracts.messages import ClimateSample, Event, Message, Telemetry, decode
from contracts.topics import parse, subscription
from runtime.bus import Bus
from runtime.stack.broker import Broker
from runtime.stack.ports import free_port, wait_for
from runtime.stack.process import sunlit

BOX = Path(__file__).with_name("modbus_box.py")


@pytest.fixture
def thermo() -> Iterator[tuple[int, Callable[[float], None]]]:
    """A transmitter's port, and how to warm it."""
    port = free_port()
    child = subprocess.Popen(
        [sys.executable, str(BOX), str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert wait_for(port, 30)

    def warm(temperature: float) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        words = {"0": round(temperature * 10), "1": 500}
        child.stdin.write(json.dumps({"holding": words, "discrete": {"0": 1, "1": 0}}) + "\n")
        child.stdin.flush()
        assert child.stdout.readline() == "ok\n"

    warm(21.5)
    yield port, warm
    child.kill()
    child.communicate()


def write(folder: Path, port: int, text: str = "") -> Path:
    path = folder / "edge.toml"
    path.write_text(
        f'agent = "agent-demo"\nsite = "demo"\nspool = {json.dumps(str(folder / "spool"))}\n{text}'
        f'[[sensor]]\ndevice = "sensor-1"\ndriver = "modbus"\naddress = "127.0.0.1:{port}"\n'
        'mapping = "lanzhou-thermo"\nplace = "special_room"\nevery_s = 1\n',
        "utf-8",
    )
    return path


def ask(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(sunlit("edge", *words), capture_output=True, text=True, check=False, timeout=100)


def test_a_technician_sees_live_values(tmp_path: Path, thermo: tuple[int, Callable[[float], None]]) -> None:
    path = write(tmp_path, thermo[0])
    done = ask("drivers", "try", str(path), "--device", "sensor-1", "--count", "2")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"sensor-1: modbus 127.0.0.1:{thermo[0]} unit 1, mapping lanzhou-thermo"
    assert [line.split(" ", 1)[1] for line in lines[1:]] == [
        "temperature=21.5 humidity=50.0 door_open=no uv_lamp=no"
    ] * 2


def test_a_technician_is_told_what_is_wrong(tmp_path: Path) -> None:
    path = write(tmp_path, free_port())
    stranger = ask("drivers", "try", str(path), "--device", "lift-9")
    assert (stranger.returncode, stranger.stdout) == (1, "")
    assert "--device: 'lift-9', expected one of ['sensor-1']" in stranger.stderr
    silent = ask("drivers", "try", str(path), "--device", "sensor-1", "--wait", "2")
    assert silent.returncode == 1
    assert silent.stderr.splitlines()[0].endswith("cannot be reached; is it on, and the address right?")
    assert silent.stderr.splitlines()[1:] == ["sunlit edge drivers: sensor-1: nothing new for 2 s"]


def test_the_check_shows_drivers_and_refuses_faulty_ones(tmp_path: Path) -> None:
    path = write(tmp_path, 1502)
    assert (
        "sensor sensor-1: modbus 127.0.0.1:1502 unit 1, mapping lanzhou-thermo, special_room"
        in ask("check", "--config", str(path)).stdout
    )
    path.write_text(path.read_text("utf-8").replace("lanzhou-thermo", "weikang-w3") + 'path = "x"\n', "utf-8")
    refused = ask("check", "--config", str(path))
    assert refused.returncode == 1
    for words in ("path: 'x' is no setting of the driver modbus", "expected the mapping of a climate"):
        assert words in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_warm_special_room_becomes_an_event(
    tmp_path: Path, thermo: tuple[int, Callable[[float], None]], broker_process: Broker
) -> None:
    heard: list[Message] = []
    bus = Bus(
        broker_process.settings,
        "listener",
        subscriptions=[*subscription(Lane.TELEMETRY), *subscription(Lane.EVENT)],
        on_message=lambda got: heard.append(decode(parse(got.topic).lane, got.payload)),
    )
    bus.start()
    rules = f"[broker]\nport = {broker_process.port}\n[rules.climate.special_room]\nat_most_c = 25\nafter_s = 0.5\n"
    agent = subprocess.Popen(sunlit("edge", "run", "--config", str(write(tmp_path, thermo[0], rules))))

    def until(look: Callable[[], object]) -> None:
        end = time.monotonic() + 60
        while not look():
            assert time.monotonic() < end, "not seen in time"
            time.sleep(0.05)

    def events(phase: Phase) -> list[Event]:
        return [one for one in heard if isinstance(one, Event) and one.phase is phase]

    def temperatures() -> list[float | None]:
        found = [sample for one in heard if isinstance(one, Telemetry) for sample in one.samples]
        return [sample.temperature for sample in found if isinstance(sample, ClimateSample)]

    try:
        until(lambda: 21.5 in temperatures())
        thermo[1](26.0)
        until(lambda: events(Phase.START))
        thermo[1](22.0)
        until(lambda: events(Phase.END))
    finally:
        agent.terminate()
        agent.wait(20)
        bus.stop()
    start, end = events(Phase.START)[0], events(Phase.END)[0]
    assert (start.rule, start.subject, start.zone, start.device) == (
        Rule.CLIMATE,
        "temperature",
        "special_room",
        "sensor-1",
    )
    assert (end.id, end.rev) == (start.id, 1)
