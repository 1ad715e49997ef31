"""The MQTT driver against a real mosquitto: what vendors send, garbage, silence, and a broker that dies."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from contracts.kinds import CarStatus, Power, ServiceMode
from contracts.messages import ClimateSample, LiftSample, Sample
from edge.config import LiftConfig, SensorConfig
from edge.drivers import DriverError, mqtt
from edge.drivers.mqtt import MqttDriver
from runtime.bus import Bus
from runtime.stack.broker import Broker

STATE = "hengsheng/L3/realtime"
FAULT = "hengsheng/L3/fault"
DATA = {
    "serviceMode": 1,
    "carStatus": 0,
    "carDirection": 0,
    "floor": 7,
    "inDoorZone": 1,
    "door": {"state": "closed"},
    "hasPerson": True,
    "mains": True,
    "sos": False,
    "speed": 0.0,
    "sensors": [{"kg": 75.5}],
}
SAMPLE = LiftSample(
    mode=ServiceMode.NORMAL,
    car=CarStatus.STOPPED,
    direction=0,  # type: ignore[arg-type]
    floor="7",
    door_zone=True,
    door_closed=True,
    passenger=True,
    power=Power.MAINS,
    alarm_button=False,
    speed=0,
    load=75.5,
)


def until(look: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.02)


class Vendor:
    """What stands on the other side of the broker."""

    def __init__(self, broker: Broker) -> None:
        self.bus = Bus(broker.settings, "vendor")
        self.bus.start()
        until(lambda: self.bus.connected)

    def say(self, topic: str, body: object, retain: bool = False) -> None:
        payload = body if isinstance(body, bytes) else msgspec.json.encode(body)
        until(lambda: self.bus.publish(topic, payload, retain=retain) is not None)

    def data(self, **changes: object) -> None:
        self.say(STATE, {"data": {**DATA, **changes}})


@pytest.fixture
def vendor(broker_process: Broker) -> Iterator[Vendor]:
    started = Vendor(broker_process)
    yield started
    started.bus.stop()


def config(broker: Broker, mapping: str = "hengsheng-cloudbox") -> LiftConfig:
    address = f"127.0.0.1:{broker.port}"
    return LiftConfig(device="lift-1", driver="mqtt", address=address, mapping=mapping, vendor_id="L3")


class Listening:
    """A driver that is open and subscribed, and whatever it gave last."""

    def __init__(self, settings: LiftConfig | SensorConfig, sample: type[Sample] = LiftSample) -> None:
        self.driver = MqttDriver(settings, sample)
        self.driver.open()
        until(lambda: self.driver._bus is not None and self.driver._bus.connected)
        # Subscriptions are under way.
        time.sleep(0.3)

    def next(self) -> Sample:
        found: list[Sample] = []

        def look() -> bool:
            sample = self.driver.read()
            found.extend([sample] if sample is not None else [])
            return bool(found)

        until(look)
        return found[0]


@pytest.fixture
def listening(broker_process: Broker) -> Iterator[Listening]:
    started = Listening(config(broker_process))
    yield started
    started.driver.close()


def test_a_vendors_document_becomes_a_sample(vendor: Vendor, listening: Listening) -> None:
    assert listening.driver.read() is None
    vendor.data()
    assert listening.next() == SAMPLE
    assert listening.driver.read() is None, "nothing new came"
    vendor.say("hengsheng/L4/realtime", {"data": {**DATA, "floor": 1}})
    vendor.say(STATE, {"data": {"floor": 8}})
    assert listening.next() == msgspec.structs.replace(SAMPLE, floor="8")


def test_codes_come_on_a_topic_of_their_own_and_keep_the_vendors_words(vendor: Vendor, listening: Listening) -> None:
    vendor.data()
    listening.next()
    vendor.say(FAULT, {"codes": ["E03", "E77"]})
    faulty = msgspec.structs.replace(SAMPLE, codes=("03",), source_scheme="hengsheng", source_codes=("E03", "E77"))
    assert listening.next() == faulty
    vendor.say(FAULT, {"codes": "E00"})
    assert listening.next() == msgspec.structs.replace(SAMPLE, source_scheme="hengsheng")


@pytest.mark.parametrize(
    ("changes", "unknown", "words"),
    [
        ({"speed": "fast"}, {"speed": None}, "speed: 'fast', expected a number"),
        ({"speed": 99}, {"speed": None}, "speed: 99.0, expected float <= 20"),
        ({"carStatus": [1]}, {"car": None}, "car: [1], expected a single value"),
        ({"door": {"state": "ajar"}}, {"door_closed": None}, "door_closed: 'ajar', expected one of"),
        ({"serviceMode": 12}, {"mode": ServiceMode.UNKNOWN}, "mode: 12, expected one of"),
        ({"floor": "MEZZANINE"}, {"floor": None}, "floor: 'MEZZANINE', expected str of length <= 4"),
        ({"floor": None}, {"floor": None}, ""),
    ],
)
def test_a_wrong_value_makes_its_field_unknown_and_is_said_once(
    vendor: Vendor,
    listening: Listening,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, object],
    unknown: dict[str, object],
    words: str,
) -> None:
    vendor.data()
    listening.next()
    for _ in range(2):
        vendor.data(**changes)
        assert listening.next() == msgspec.structs.replace(SAMPLE, **unknown)
    said = [text for text in caplog.messages if text.startswith("lift-1 (mqtt")]
    assert len(said) == (1 if words else 0)
    assert all(words in text for text in said)
    vendor.data()
    assert listening.next() == SAMPLE


@pytest.mark.parametrize(
    "garbage", [b"", b"\xff\xfe\x00", b"{", b"[" * 5000, b"3", b"null", b'{"data": 4}', b"x" * 100_000]
)
def test_garbage_is_no_news_and_stops_nothing(vendor: Vendor, listening: Listening, garbage: bytes) -> None:
    vendor.say(STATE, garbage)
    vendor.say(FAULT, garbage)
    vendor.data()
    assert listening.next() == SAMPLE


def test_a_value_that_is_not_repeated_grows_old_by_itself(
    vendor: Vendor, broker_process: Broker, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    head = 'vendor = "V"\nprotocol = "mqtt"\nsample = "lift"\ntopic = "t/{id}"\nstale_s = 1\n'
    path.write_text(head + '[fields.floor]\npath = "f"\n[fields.load]\npath = "kg"\n', "utf-8")
    listening = Listening(config(broker_process, str(path)))
    vendor.say("t/L3", {"f": "3", "kg": 10})
    assert listening.next() == LiftSample(floor="3", load=10)
    time.sleep(1.1)
    vendor.say("t/L3", {"f": "4"})
    assert listening.next() == LiftSample(floor="4")
    listening.driver.close()


def test_who_speaks_on_change_is_believed_while_it_lives(
    vendor: Vendor, broker_process: Broker, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    head = 'vendor = "V"\nprotocol = "mqtt"\nsample = "lift"\ntopic = "t/{id}"\nstale_s = 3\n'
    head += 'on_change = true\nalive_topic = "alive/{id}"\n'
    path.write_text(head + '[fields.floor]\npath = "f"\n[fields.load]\npath = "kg"\n', "utf-8")
    listening = Listening(config(broker_process, str(path)))
    vendor.say("alive/L3", b"\x00")
    time.sleep(0.3)
    assert listening.driver.read() is None, "alive, but nothing is known of it"
    vendor.say("t/L3", {"f": "3", "kg": 10})
    assert listening.next() == LiftSample(floor="3", load=10)
    for _ in range(5):
        vendor.say("alive/L3", b"tick")
        assert listening.next() == LiftSample(floor="3", load=10)
    last = time.monotonic()
    until(lambda: listening.driver.read() is None and time.monotonic() - last > 4.5)
    time.sleep(1.2)
    assert listening.driver.read() is None, "it has died"
    vendor.say("t/L3", {"f": "4"})
    assert listening.next() == LiftSample(floor="4"), "what was said before the silence does not hold"
    broker_process.process.kill()
    until(lambda: listening.driver.read() is None)
    broker_process.start()
    until(lambda: vendor.bus.connected and listening.driver._bus is not None and listening.driver._bus.connected)
    time.sleep(0.3)
    vendor.say("t/L3", {"kg": 20})
    assert listening.next() == LiftSample(load=20), "a change may have passed us by"
    listening.driver.close()


@pytest.mark.parametrize(
    ("stamp", "words"),
    [(lambda: 1000 * (time.time() - 3600), "made 3600 s ago"), (lambda: "noon", "time: 'noon', expected a number")],
    ids=["late", "no time"],
)
def test_what_a_box_sends_late_is_not_the_present(
    vendor: Vendor,
    listening: Listening,
    caplog: pytest.LogCaptureFixture,
    stamp: Callable[[], object],
    words: str,
) -> None:
    vendor.say(STATE, {"ts": stamp(), "data": {**DATA, "sos": True}})
    vendor.say(STATE, {"ts": time.time() * 1000, "data": DATA})
    assert listening.next() == SAMPLE
    assert [words in text for text in caplog.messages if "time: " in text] == [True]


def test_what_the_broker_kept_is_of_unknown_age(vendor: Vendor, broker_process: Broker) -> None:
    vendor.say(STATE, {"data": DATA}, retain=True)
    time.sleep(0.3)
    listening = Listening(config(broker_process))
    assert listening.driver.read() is None
    vendor.data(floor=9)
    assert listening.next() == msgspec.structs.replace(SAMPLE, floor="9")
    listening.driver.close()


def test_a_kitchens_sensor_speaks_the_same_protocol(vendor: Vendor, broker_process: Broker) -> None:
    address = f"127.0.0.1:{broker_process.port}"
    settings = SensorConfig(device="sensor-1", driver="mqtt", address=address, mapping="qingfeng-sense", vendor_id="K9")
    listening = Listening(settings, ClimateSample)
    vendor.say("qingfeng/K9/up", {"temp": 4.5, "rh": 61, "door": "shut", "uv": 1})
    assert listening.next() == ClimateSample(temperature=4.5, humidity=61, door_open=False, uv_lamp=True)
    listening.driver.close()


def test_a_broker_that_dies_is_a_failure_after_a_while_and_comes_back_by_itself(
    vendor: Vendor, listening: Listening, broker_process: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "PATIENCE_S", 1.0)
    vendor.data()
    assert listening.next() == SAMPLE
    broker_process.process.kill()

    def failed() -> bool:
        try:
            assert listening.driver.read() is None
        except DriverError as error:
            return "no connection to the broker for 1 s" in str(error)
        return False

    until(failed)
    monkeypatch.setattr(mqtt, "PATIENCE_S", 120.0)
    broker_process.start()
    until(lambda: vendor.bus.connected and listening.driver._bus is not None and listening.driver._bus.connected)
    time.sleep(0.3)
    vendor.data(floor=5)
    assert listening.next() == msgspec.structs.replace(SAMPLE, floor="5")


def test_a_driver_that_is_not_open_says_so(broker_process: Broker) -> None:
    driver = MqttDriver(config(broker_process), LiftSample)
    with pytest.raises(DriverError, match="is not open"):
        driver.read()
    driver.close()
