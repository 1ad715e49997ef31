"""Modbus TCP, and Modbus RTU on a serial line: registers by a mapping file. Reads only, never writes."""

import logging
import time
from typing import ClassVar, Generic
from urllib.parse import parse_qsl, urlsplit

from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from contracts.messages import Sample
from edge.config import DriverConfig, EdgeConfigError
from edge.drivers import DriverError, codes, registers
from edge.drivers.address import AddressError, host_and_port
from edge.drivers.complaints import Complaints
from edge.drivers.mapping import ModbusMapping, load
from edge.drivers.shape import S, Unfit, known, readings, value

# It logs every time-out of its own; ours are said once, by whoever keeps the duty.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
PORT = 502
SERIAL = "serial:"
Client = ModbusTcpClient | ModbusSerialClient
REFUSALS = {
    1: "no such function",
    2: "no such address",
    3: "no such value",
    4: "failure of the device",
    5: "wait",
    6: "busy",
    10: "the gateway has no path to the device",
    11: "the device behind the gateway is silent",
}


class ModbusDriver(Generic[S]):
    """Asks one device for its registers every `poll_s`."""

    SETTINGS: ClassVar[frozenset[str]] = frozenset({"address", "mapping", "unit"})

    def __init__(self, config: DriverConfig, sample: type[S]) -> None:
        mapping, errors = load(config.mapping, ModbusMapping, sample)
        if mapping is None:
            raise EdgeConfigError("; ".join(errors))
        self.config, self.sample, self.mapping = config, sample, mapping
        self.name = f"modbus {config.address} unit {config.unit}"
        self.kinds = readings(sample)
        places = [one.place for one in mapping.fields.values()]
        places += mapping.codes.places if mapping.codes else []
        places += [mapping.heartbeat.place] if mapping.heartbeat else []
        self.spans = registers.spans(places)
        self.complaints = Complaints(f"{config.device} ({self.name})")
        self._client: Client | None = None
        self._due = self._beat = float("-inf")

    @staticmethod
    def check(config: DriverConfig, sample: type[Sample]) -> list[str]:
        """Every fault of the driver's settings and of its mapping file."""
        found = list[str]()
        try:
            make_client(config.address, 1.0)
        except AddressError as error:
            found.append(str(error))
        if not config.mapping:
            return [*found, "mapping: missing, expected the name or path of a register map"]
        return found + load(config.mapping, ModbusMapping, sample)[1]

    @staticmethod
    def describe(config: DriverConfig) -> str:
        return f"modbus {config.address} unit {config.unit}, mapping {config.mapping}"

    def open(self) -> None:
        self._client = make_client(self.config.address, self.mapping.timeout_s)
        self._due = float("-inf")
        try:
            reached = self._client.connect()
        except (ModbusException, OSError) as error:
            raise DriverError(f"{self.name}: cannot be reached ({error})") from error
        if not reached:
            raise DriverError(f"{self.name}: cannot be reached; is it on, and the address right?")

    def read(self) -> S | None:
        if self._client is None:
            raise DriverError(f"{self.name}: is not open")
        now = time.monotonic()
        if now < self._due:
            return None
        self._due = now + self.mapping.poll_s
        image = self._ask(self._client)
        return self._sample(image) if self._beats(image) else None

    def close(self) -> None:
        if self._client is not None:
            self._client.close()  # type: ignore[no-untyped-call]
        self._client = None

    def _ask(self, client: Client) -> registers.Image:
        """All registers that the device lets us read. Raises DriverError when it lets us read none."""
        image: dict[tuple[registers.Table, int], int] = {}
        refused: dict[str, str | None] = {}
        for span in self.spans:
            subject = f"{span.table} {span.address} to {span.address + span.length - 1}"
            try:
                answer = _request(client, span, self.config.unit)
            except (ModbusException, OSError) as error:
                raise DriverError(f"{self.name}: no answer to {subject} ({error})") from error
            found = answer.bits if span.table in registers.BITS else answer.registers
            short = answer.isError() or len(found) < span.length
            refused[subject] = f"{subject}: {_refusal(answer)}" if short else None
            if not short:
                image.update({(span.table, span.address + n): int(found[n]) for n in range(span.length)})
        if not image:
            raise DriverError(f"{self.name}: {'; '.join(text for text in refused.values() if text)}")
        self.complaints.settle(refused)
        return image

    def _beats(self, image: registers.Image) -> bool:
        """False while the vendor's heartbeat stands still: a gateway may repeat the last words of a dead lift."""
        if self.mapping.heartbeat is None:
            return True
        beat = registers.raw(self.mapping.heartbeat, image, self.mapping.word_order)
        if beat is None or beat == self._beat:
            return False
        self._beat = beat
        return True

    def _sample(self, image: registers.Image) -> S:
        values: dict[str, object] = {}
        wrong: dict[str, str | None] = {}
        for name, source in self.mapping.fields.items():
            try:
                raw = registers.raw(source, image, self.mapping.word_order)
                values[name], wrong[name] = value(name, self.kinds[name], raw, source), None
            except Unfit as error:
                wrong[name] = str(error)
        scheme = self.mapping.codes
        active = registers.said(scheme, image) if scheme is not None else None
        if scheme is not None and active is not None:
            values["source_scheme"] = scheme.scheme
            values["codes"], values["source_codes"] = codes.translate(scheme, active)
        self.complaints.settle(wrong)
        return self.sample(**known(values))


def _refusal(answer: ModbusPDU) -> str:
    return f"the device answers: {REFUSALS.get(answer.exception_code, 'an answer that is too short')}"


def _request(client: Client, span: registers.Span, unit: int) -> ModbusPDU:
    asked = {
        "coil": client.read_coils,
        "discrete": client.read_discrete_inputs,
        "input": client.read_input_registers,
        "holding": client.read_holding_registers,
    }[span.table]
    return asked(span.address, count=span.length, device_id=unit)


def make_client(address: str, timeout_s: float) -> Client:
    """`host`, `host:port`, or `serial:/dev/ttyUSB0?baud=9600&parity=E`. Raises AddressError."""
    if not address.startswith(SERIAL):
        host, port = host_and_port(address, PORT)
        return ModbusTcpClient(host, port=port, timeout=timeout_s, retries=0)
    parts = urlsplit(address)
    options = {"baud": "9600", "parity": "N", "stop": "1", **dict(parse_qsl(parts.query))}
    unknown = sorted(options.keys() - {"baud", "parity", "stop"})
    if not parts.path or unknown or not options["baud"].isdigit() or options["stop"] not in ("1", "2"):
        raise AddressError(f"address: {address!r}, expected serial:DEVICE?baud=9600&parity=N&stop=1")
    if options["parity"] not in ("N", "E", "O"):
        raise AddressError(f"address: parity {options['parity']!r}, expected N, E or O")
    return ModbusSerialClient(
        parts.path,
        baudrate=int(options["baud"]),
        parity=options["parity"],
        stopbits=int(options["stop"]),
        timeout=timeout_s,
        retries=0,
    )
