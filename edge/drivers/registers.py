"""PURE. Modbus registers: which to ask for in one request, and what number they hold."""

import struct
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta

from edge.drivers.codes import CodeScheme
from edge.drivers.shape import Shape

Table = Literal["coil", "discrete", "input", "holding"]
Address = Annotated[int, Meta(ge=0, le=65535)]
Number = Literal["u16", "s16", "u32", "s32", "f32"]
Order = Literal["big", "little"]
BITS: tuple[Table, ...] = ("coil", "discrete")
FORMATS: dict[Number, str] = {"u16": ">H", "s16": ">h", "u32": ">I", "s32": ">i", "f32": ">f"}
MOST_WORDS, MOST_BITS = 125, 2000
"""what one request may ask for"""


class Place(NamedTuple):
    """Where a number lies."""

    table: Table
    address: int
    type: Number = "u16"

    @property
    def width(self) -> int:
        return 1 if self.table in BITS else struct.calcsize(FORMATS[self.type]) // 2


class Register(Shape, frozen=True, kw_only=True):
    """A reading in a register."""

    table: Table = "holding"
    address: Address
    type: Number = "u16"
    bit: Annotated[int, Meta(ge=0, le=15)] | None = None

    @property
    def place(self) -> Place:
        return Place(self.table, self.address, self.type)


class RegisterCodes(CodeScheme, frozen=True, kw_only=True):
    """Fault codes in registers: each register holds a code, or (`bits`) each of its bits is a fault."""

    table: Literal["input", "holding"] = "holding"
    address: Address
    count: Annotated[int, Meta(ge=1, le=32)] = 1
    bits: bool = False

    @property
    def places(self) -> list[Place]:
        return [Place(self.table, self.address + number) for number in range(self.count)]


class Span(NamedTuple):
    """Neighbours that one request reads."""

    table: Table
    address: int
    length: int


Image = Mapping[tuple[Table, int], int]
"""what was read, by table and address"""


def spans(places: Iterable[Place]) -> list[Span]:
    """As few requests as will do; only true neighbours are joined, as many devices refuse a request with a hole."""
    found: list[Span] = []
    for place in sorted(set(places), key=lambda one: (one.table, one.address, one.width)):
        most = MOST_BITS if place.table in BITS else MOST_WORDS
        end = place.address + place.width
        if found and found[-1].table == place.table and place.address <= found[-1].address + found[-1].length:
            start = found[-1].address
            if end - start <= most:
                found[-1] = Span(place.table, start, max(found[-1].length, end - start))
                continue
        found.append(Span(place.table, place.address, place.width))
    return found


def number(place: Place, image: Image, order: Order) -> int | float | None:
    """The number at a place; None when it was not read."""
    words = [image.get((place.table, place.address + n)) for n in range(place.width)]
    present = [word for word in words if word is not None]
    if len(present) < len(words):
        return None
    if place.table in BITS:
        return present[0]
    if order == "little":
        present.reverse()
    (found,) = struct.unpack(FORMATS[place.type], b"".join(word.to_bytes(2, "big") for word in present))
    return float(found) if place.type == "f32" else int(found)


def raw(register: Register, image: Image, order: Order) -> int | float | None:
    """A reading's raw value."""
    found = number(register.place, image, order)
    if found is None or register.bit is None:
        return found
    return int(found) >> register.bit & 1


def said(codes: RegisterCodes, image: Image) -> list[str] | None:
    """The vendor's codes that are active; a bit's code is `address.bit`. None when they were not read."""
    found = list[str]()
    for place in codes.places:
        word = number(place, image, "big")
        if word is None:
            return None
        if codes.bits:
            found += [f"{place.address}.{bit}" for bit in range(16) if int(word) >> bit & 1]
        else:
            found.append(str(int(word)))
    return found


def faults(register: Register) -> list[str]:
    """What does not go together in a register."""
    found = []
    if register.bit is not None and (register.table in BITS or register.type != "u16"):
        found.append(
            f"bit: {register.bit} of a {register.table} {register.type}, expected a u16 input or holding register"
        )
    if register.address + register.place.width > 65536:
        found.append(f"address: {register.address}, expected room for a {register.type} below 65536")
    if register.table in BITS and register.type != "u16":
        found.append(f"type: {register.type!r} of a {register.table}, expected none: it is a single bit")
    return found
