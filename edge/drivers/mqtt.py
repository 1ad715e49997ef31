"""A vendor's JSON on MQTT, by a mapping file. Values come when the vendor sends them; each grows old by itself."""

import threading
import time
from typing import ClassVar, Generic
from uuid import uuid4

import msgspec

from contracts.messages import Sample
from edge.config import BrokerConfig, DriverConfig, EdgeConfigError, broker_settings
from edge.drivers import DriverError, codes
from edge.drivers.address import AddressError, host_and_port
from edge.drivers.complaints import Complaints
from edge.drivers.mapping import MqttMapping, load
from edge.drivers.paths import MISSING, find, said, seconds
from edge.drivers.shape import S, Unfit, known, readings, value
from runtime.bus import Bus, Incoming
from runtime.settings import BrokerSettings

PORT = 1883
PATIENCE_S = 10.0
"""so long the broker may be away before the duty is told"""
AGAIN_S = 1.0
"""how often values that hold are given again"""
CODES, TIME = "codes", "time"


class MqttDriver(Generic[S]):
    """Listens to one lift or sensor on a vendor's broker."""

    SETTINGS: ClassVar[frozenset[str]] = frozenset(
        {"address", "mapping", "vendor_id", "username", "password_file", "tls_ca"}
    )

    def __init__(self, config: DriverConfig, sample: type[S]) -> None:
        mapping, errors = load(config.mapping, MqttMapping, sample)
        if mapping is None:
            raise EdgeConfigError("; ".join(errors))
        self.config, self.sample, self.mapping = config, sample, mapping
        self.name = f"mqtt {config.address}"
        self.kinds = readings(sample)
        self.settings = _settings(config, mapping)
        self.complaints = Complaints(f"{config.device} ({self.name})")
        self._bus: Bus | None = None
        self._lock = threading.Lock()
        self._values: dict[str, tuple[float, object]] = {}
        self._news = False
        self._alive = self._given = float("-inf")
        self._away_since = 0.0

    @staticmethod
    def check(config: DriverConfig, sample: type[Sample]) -> list[str]:
        """Every fault of the driver's settings and of its mapping file."""
        found = list[str]()
        try:
            host_and_port(config.address, PORT)
        except AddressError as error:
            found.append(str(error))
        if not config.mapping:
            return [*found, "mapping: missing, expected the name or path of a mapping of topics"]
        mapping, errors = load(config.mapping, MqttMapping, sample)
        if mapping is not None and not found:
            try:
                _settings(config, mapping)
            except EdgeConfigError as error:
                found.append(str(error).removeprefix("broker."))
        if mapping is not None and any("{id}" in topic for topic in mapping.topics) and not config.vendor_id:
            found.append("vendor_id: missing, expected what stands for {id} in the mapping's topics")
        return found + errors

    @staticmethod
    def describe(config: DriverConfig) -> str:
        vendor = f", vendor's id {config.vendor_id}" if config.vendor_id else ""
        return f"mqtt {config.address}, mapping {config.mapping}{vendor}"

    def open(self) -> None:
        self._values, self._news, self._away_since = {}, False, time.monotonic()
        self._alive = self._given = float("-inf")
        # A name of its own each time: who tries the driver beside the agent must not push it off the broker.
        self._bus = Bus(
            self.settings,
            f"sunlit-{self.config.device}-{uuid4().hex[:8]}",
            subscriptions=[self._topic(topic) for topic in sorted(self.mapping.topics)],
            on_message=self.hear,
            on_connection=lambda _: self._missed(),
        )
        self._bus.start()

    def read(self) -> S | None:
        if self._bus is None:
            raise DriverError(f"{self.name}: is not open")
        now = time.monotonic()
        if self._bus.connected:
            self._away_since = now
        elif now - self._away_since > PATIENCE_S:
            raise DriverError(f"{self.name}: no connection to the broker for {PATIENCE_S:.0f} s")
        fresh = self._fresh(now)
        if fresh is None:
            return None
        active = fresh.pop(CODES, None)
        if self.mapping.codes is not None and isinstance(active, list):
            fresh["source_scheme"] = self.mapping.codes.scheme
            fresh["codes"], fresh["source_codes"] = codes.translate(self.mapping.codes, active)
        return self.sample(**known(fresh))

    def _fresh(self, now: float) -> dict[str, object] | None:
        """The values that are of the present; None when nothing is new."""
        with self._lock:
            # Who speaks on change only says by his silence that nothing changed, as long as he lives.
            holds = self.mapping.on_change and bool(self._values) and now - self._alive <= self.mapping.stale_s
            if not self._news and not (holds and now - self._given >= AGAIN_S):
                return None
            self._news, self._given = False, now
            return {
                name: one for name, (heard, one) in self._values.items() if holds or now - heard <= self.mapping.stale_s
            }

    def close(self) -> None:
        if self._bus is not None:
            self._bus.stop()
        self._bus = None

    def hear(self, incoming: Incoming) -> None:
        """One message; what is wrong in it makes its field unknown and touches no other."""
        if incoming.retain and not self.mapping.retained:
            return
        if self.mapping.alive_topic and incoming.topic == self._topic(self.mapping.alive_topic):
            with self._lock:
                self._lives(time.monotonic())
            return
        try:
            document = msgspec.json.decode(incoming.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.complaints.settle({incoming.topic: f"topic {incoming.topic}: {error}, expected JSON"})
            return
        doubt = self._doubt(document)
        if doubt:
            self.complaints.settle({TIME: doubt})
            return
        heard, wrong = self._values_in(incoming.topic, document)
        with self._lock:
            now = time.monotonic()
            if heard:
                self._lives(now)
            self._values.update({name: (now, one) for name, one in heard.items()})
            self._news = self._news or bool(heard)
        self.complaints.settle({incoming.topic: None, TIME: None, **wrong})

    def _lives(self, now: float) -> None:
        """What was said before a silence does not hold after it: the change may be what we did not hear."""
        if self.mapping.on_change and now - self._alive > self.mapping.stale_s:
            self._values.clear()
        self._alive = now

    def _missed(self) -> None:
        """The connection came or went: changes may have passed us by."""
        if self.mapping.on_change:
            with self._lock:
                self._values.clear()

    def _doubt(self, document: object) -> str:
        """Why a document is not of the present; empty when it is, or when the vendor names no time."""
        named = self.mapping.time
        found = find(document, named.path) if named is not None else MISSING
        if named is None or found is MISSING:
            return ""
        made = seconds(found, named.unit)
        if made is None:
            return f"time: {found!r:.60}, expected {'a time with its zone' if named.unit == 'iso' else 'a number'}"
        age = time.time() - made
        near = abs(age) <= named.within_s
        return "" if near else f"time: made {age:.0f} s ago, expected within {named.within_s:g} s of our clock"

    def _values_in(self, topic: str, document: object) -> tuple[dict[str, object], dict[str, str | None]]:
        """The fields that a document speaks of (None: it says that it does not know), and what is wrong with them."""
        heard: dict[str, object] = {}
        wrong: dict[str, str | None] = {}
        for name, source in self.mapping.fields.items():
            found = find(document, source.path) if self._topic(source.topic) == topic else MISSING
            if found is MISSING:
                continue
            heard[name] = wrong[name] = None
            try:
                heard[name] = value(name, self.kinds[name], found, source)
            except Unfit as error:
                wrong[name] = str(error)
        scheme = self.mapping.codes
        found = find(document, scheme.path) if scheme and self._topic(scheme.topic) == topic else MISSING
        if found is not MISSING:
            heard[CODES] = active = None if found is None else said(found)
            unfit = active is None and found is not None
            wrong[CODES] = f"codes: {found!r:.60}, expected a code or a list of codes" if unfit else None
        return heard, wrong

    def _topic(self, named: str) -> str:
        return (named or self.mapping.topic).replace("{id}", self.config.vendor_id)


def _settings(config: DriverConfig, mapping: MqttMapping) -> BrokerSettings:
    """Raises EdgeConfigError, AddressError."""
    host, port = host_and_port(config.address, PORT)
    return broker_settings(
        BrokerConfig(
            host=host,
            port=port,
            username=config.username,
            password_file=config.password_file,
            tls_ca=config.tls_ca,
            protocol=mapping.mqtt_version,
        )
    )
