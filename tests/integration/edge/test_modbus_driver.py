"""The Modbus driver against a real Modbus server in a process of its own: killed, hung, refusing, talking nonsense."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.kinds import CarStatus, Direction, Power, Rule, ServiceMode
from contracts.messages import AnySample, ClimateSample, LiftSample, Sample
from edge.config import DriverConfig, LiftConfig, Rules
from edge.drivers import DriverError, LiftDriver, make
from edge.drivers.modbus import ModbusDriver
from edge.lift_duty import LiftDuty
from edge.sink import EventDraft
from runtime import service
from runtime.stack.ports import free_port, wait_for

BOX = Path(__file__).with_name("modbus_box.py")
NORMAL = {
    "input": {"99": 1, "100": 0, "101": 0b00111, "102": 1, "103": 65535, "104": 1750, "105": 0, "106": 3210, "107": 150}
    | {"110": 0, "111": 0},
    "discrete": {"0": 0},
}
"""a lift in the words of the shipped map weikang-w3: running in a door zone with closed doors"""


class Box:
    """The counterpart's process."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.start()

    def start(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, str(BOX), self.where], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if self.where.isdigit():
            assert wait_for(int(self.where), 30)

    def hold(self, **tables: dict[str, int]) -> None:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(json.dumps(tables) + "\n")
        self.child.stdin.flush()
        assert self.child.stdout.readline() == "ok\n"

    def kill(self) -> None:
        self.child.kill()
        self.child.wait()
        for stream in (self.child.stdin, self.child.stdout):
            assert stream is not None
            stream.close()


@pytest.fixture
def box() -> Iterator[Box]:
    started = Box(str(free_port()))
    started.hold(**NORMAL)
    yield started
    started.kill()


def config(where: str, mapping: str = "weikang-w3", device: str = "lift-1") -> LiftConfig:
    return LiftConfig(device=device, driver="modbus", address=where, mapping=mapping)


def mapped(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(
        'vendor = "V"\nprotocol = "modbus"\nsample = "lift"\npoll_s = 0.01\ntimeout_s = 0.5\n' + text, "utf-8"
    )
    return str(path)


def open_driver(settings: DriverConfig, sample: type[Sample] = LiftSample) -> ModbusDriver[Sample]:
    driver = ModbusDriver(settings, sample)
    driver.open()
    return driver


def until(look: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.02)


def test_a_lift_is_read_with_its_codes_in_both_schemes(box: Box) -> None:
    box.hold(input={"110": 0b1100, "111": 0x8000})
    driver = open_driver(config(f"127.0.0.1:{box.where}"))
    assert driver.read() == LiftSample(
        mode=ServiceMode.NORMAL,
        car=CarStatus.RUNNING,
        direction=Direction.UP,
        floor="-1",
        door_zone=True,
        door_closed=True,
        passenger=False,
        power=Power.MAINS,
        alarm_button=False,
        speed=1.75,
        position=3.21,
        load=150,
        codes=("03", "04"),
        source_scheme="weikang-w3",
        source_codes=("110.2", "110.3", "111.15"),
    )
    driver.close()


def test_nothing_is_new_before_its_time_or_while_the_heartbeat_stands_still(box: Box) -> None:
    driver = open_driver(config(f"127.0.0.1:{box.where}"))
    assert driver.read() is not None
    assert driver.read() is None
    time.sleep(0.6)
    assert driver.read() is None, "the heartbeat stands still"
    box.hold(input={"99": 2})
    time.sleep(0.6)
    assert driver.read() is not None
    driver.close()


def test_what_is_no_value_is_unknown_and_said_once(box: Box, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = '[fields.mode]\ntable = "input"\naddress = 100\nmap = { 0 = "normal" }\n'
    text += '[fields.speed]\ntable = "input"\naddress = 104\nscale = 0.001\n'
    text += '[fields.load]\ntable = "input"\naddress = 107\nunknown = [65535]\n'
    driver = open_driver(config(f"127.0.0.1:{box.where}", mapped(tmp_path, text)))
    assert driver.read() == LiftSample(mode=ServiceMode.NORMAL, speed=1.75, load=150)
    box.hold(input={"100": 77, "104": 65535, "107": 65535})
    for _ in range(3):
        time.sleep(0.02)
        assert driver.read() == LiftSample()
    assert len(caplog.messages) == 2
    assert "mode: 77, expected one of ['0']" in caplog.messages[0]
    assert "speed: 65.53" in caplog.messages[1]
    driver.close()


def test_a_refused_register_is_unknown_and_the_others_are_read(
    box: Box, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = '[fields.load]\ntable = "input"\naddress = 107\n'
    text += '[fields.position]\ntable = "input"\naddress = 300\ntype = "f32"\n'
    driver = open_driver(config(f"127.0.0.1:{box.where}", mapped(tmp_path, text)))
    for _ in range(3):
        assert driver.read() == LiftSample(load=150)
        time.sleep(0.02)
    assert len(caplog.messages) == 1
    assert "input 300 to 301: the device answers: no such address" in caplog.messages[0]
    driver.close()


def test_a_device_that_refuses_everything_is_a_failure(box: Box, tmp_path: Path) -> None:
    driver = open_driver(config(f"127.0.0.1:{box.where}", mapped(tmp_path, "[fields.load]\naddress = 5\n")))
    with pytest.raises(DriverError, match="holding 5 to 5: the device answers: no such address"):
        driver.read()
    driver.close()


def test_a_kitchens_transmitter_speaks_the_same_protocol(box: Box) -> None:
    box.hold(holding={"0": 65486, "1": 555}, discrete={"0": 1, "1": 0})
    driver = open_driver(config(f"127.0.0.1:{box.where}", "lanzhou-thermo"), ClimateSample)
    assert driver.read() == ClimateSample(temperature=-5.0, humidity=55.5, door_open=False, uv_lamp=False)
    driver.close()


def test_a_box_that_hangs_is_not_waited_for(box: Box, tmp_path: Path) -> None:
    text = '[fields.load]\ntable = "input"\naddress = 107\n'
    driver = open_driver(config(f"127.0.0.1:{box.where}", mapped(tmp_path, text)))
    box.child.send_signal(signal.SIGSTOP)
    with pytest.raises(DriverError, match="no answer to input 107 to 107"):
        driver.read()
    box.child.send_signal(signal.SIGCONT)
    driver.close()
    driver.open()
    assert driver.read() == LiftSample(load=150)
    driver.close()


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00" * 300,
        b"\xff" * 300,
        b"\x00\x01\x00\x00\x00\x05\x01\x04\x02\x00",
    ],
    ids=["closes", "http", "zeros", "ones", "cut off"],
)
def test_nonsense_on_the_line_is_a_failure_and_no_traceback(tmp_path: Path, nonsense: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(nonsense)
                if nonsense:
                    connection.recv(100)

        threading.Thread(daemon=True, target=serve).start()
        where = f"127.0.0.1:{server.getsockname()[1]}"
        driver = open_driver(config(where, mapped(tmp_path, '[fields.load]\ntable = "input"\naddress = 107\n')))
        with pytest.raises(DriverError, match="no answer"):
            driver.read()
        driver.close()


def test_nobody_at_the_address_is_a_failure() -> None:
    with pytest.raises(DriverError, match="cannot be reached"):
        open_driver(config(f"127.0.0.1:{free_port()}"))
    with pytest.raises(DriverError, match="cannot be reached"):
        open_driver(config("serial:/dev/nothing-here"))


class Heard:
    """A sink that remembers the samples of each lift."""

    def __init__(self) -> None:
        self.samples: dict[str, list[AnySample]] = {}
        self.drafts: list[EventDraft] = []

    def telemetry(self, device: str, base: datetime, samples: Sequence[AnySample]) -> None:
        self.samples.setdefault(device, []).extend(samples)

    def event(self, draft: EventDraft) -> UUID:
        self.drafts.append(draft)
        return draft.id or uuid4()

    def health(self, device: str, state: str) -> None:
        """Not looked at here."""

    def facts(self, device: str, facts: Mapping[str, str]) -> None:
        raise AssertionError("no facts here")

    def loads(self, device: str) -> list[float | None]:
        return [sample.load for sample in self.samples.get(device, []) if isinstance(sample, LiftSample)]


def test_a_killed_lift_comes_back_and_never_disturbs_its_neighbour(box: Box, tmp_path: Path) -> None:
    """Duties under the keeper that runs them in the agent."""
    other, sink, stop = Box(str(free_port())), Heard(), threading.Event()
    other.hold(**NORMAL)
    text = '[fields.load]\ntable = "input"\naddress = 107\n[fields.alarm_button]\ntable = "discrete"\naddress = 0\n'
    text += '[codes]\nscheme = "v"\ntable = "input"\naddress = 110\nmap = { 7 = "03" }\n'
    mapping = mapped(tmp_path, text)
    threads = []
    for device, one in (("lift-1", box), ("lift-2", other)):
        settings = config(f"127.0.0.1:{one.where}", mapping, device)
        driver: LiftDriver = make(settings)
        duty = LiftDuty(settings, driver, Rules(), sink)
        threads.append(threading.Thread(daemon=True, target=service.keep, args=(device, duty.run, stop)))
        threads[-1].start()
    try:
        until(lambda: 150 in sink.loads("lift-1") and 150 in sink.loads("lift-2"))
        box.kill()
        until(lambda: sink.loads("lift-1")[-1] is None)
        quiet = len(sink.loads("lift-2"))
        until(lambda: len(sink.loads("lift-2")) > quiet + 2)
        assert None not in sink.loads("lift-2")
        box.start()
        box.hold(**NORMAL)
        until(lambda: sink.loads("lift-1")[-1] == 150)
        box.hold(input={"110": 7}, discrete={"0": 1})
        until(lambda: [draft for draft in sink.drafts if draft.rule is Rule.ALARM_BUTTON])
        (pressed,) = [draft for draft in sink.drafts if draft.rule is Rule.ALARM_BUTTON]
        assert (pressed.source_scheme, pressed.source_code) == ("v", "7")
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)
        other.kill()


@pytest.fixture
def serial_line() -> Iterator[tuple[str, str]]:
    """Two ends of a serial line, as pseudo terminals with a wire between."""
    ends = [pty.openpty() for _ in range(2)]
    for master, slave in ends:
        tty.setraw(master)
        tty.setraw(slave)
    stop = threading.Event()

    def wire(source: int, sink: int) -> None:
        while not stop.is_set():
            try:
                os.write(sink, os.read(source, 256))
            except OSError:
                return

    masters = [master for master, _ in ends]
    wires = [threading.Thread(daemon=True, target=wire, args=pair) for pair in (masters, masters[::-1])]
    for thread in wires:
        thread.start()
    yield os.ttyname(ends[0][1]), os.ttyname(ends[1][1])
    stop.set()
    for _, slave in ends:
        os.close(slave)
    for thread in wires:
        # Without its other end a terminal's read fails, so that no wire lives on.
        thread.join(10)
    for master in masters:
        os.close(master)


def test_a_lift_on_a_serial_line(serial_line: tuple[str, str]) -> None:
    box = Box(serial_line[0])
    box.hold(**NORMAL)
    driver = ModbusDriver(config(f"serial:{serial_line[1]}?baud=9600"), LiftSample)
    found: list[LiftSample | None] = []

    def read() -> bool:
        try:
            driver.open()
            found.append(driver.read())
        except DriverError:
            driver.close()
            return False
        return True

    until(read)
    assert found[-1] is not None
    assert (found[-1].load, found[-1].floor) == (150, "-1")
    box.kill()
    time.sleep(0.6)
    with pytest.raises(DriverError, match="no answer"):
        driver.read()
    driver.close()
