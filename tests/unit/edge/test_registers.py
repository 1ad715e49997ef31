"""Registers: which are asked for together, and what numbers they hold."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.registers import (
    MOST_WORDS,
    Order,
    Place,
    Register,
    RegisterCodes,
    Span,
    Table,
    faults,
    number,
    raw,
    spans,
)
from edge.drivers.registers import said as codes_said


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([], []),
        ([Place("holding", 5)], [Span("holding", 5, 1)]),
        ([Place("holding", 6), Place("holding", 5), Place("holding", 5)], [Span("holding", 5, 2)]),
        ([Place("holding", 5, "f32"), Place("holding", 7)], [Span("holding", 5, 3)]),
        ([Place("holding", 5), Place("holding", 7)], [Span("holding", 5, 1), Span("holding", 7, 1)]),
        ([Place("holding", 5), Place("input", 6)], [Span("holding", 5, 1), Span("input", 6, 1)]),
        ([Place("coil", 1), Place("coil", 2)], [Span("coil", 1, 2)]),
        ([Place("holding", 5, "u32"), Place("holding", 6)], [Span("holding", 5, 2)]),
    ],
)
def test_neighbours_are_read_together_and_holes_are_not(places: list[Place], expected: list[Span]) -> None:
    assert spans(places) == expected


PLACES = st.builds(
    Place,
    st.sampled_from(("coil", "discrete", "input", "holding")),
    st.integers(0, 400),
    st.sampled_from(("u16", "s32", "f32")),
)


@settings(deadline=None)
@given(st.lists(PLACES))
def test_every_register_is_asked_for_and_no_other(places: list[Place]) -> None:
    wanted = {(place.table, place.address + n) for place in places for n in range(place.width)}
    found = spans(places)
    assert {(span.table, span.address + n) for span in found for n in range(span.length)} == wanted
    assert all(span.length <= MOST_WORDS for span in found if span.table in ("input", "holding"))


def image(table: Table, address: int, data: bytes) -> dict[tuple[Table, int], int]:
    return {(table, address + n): word for n, (word,) in enumerate(struct.iter_unpack(">H", data))}


@pytest.mark.parametrize(
    ("place", "data", "order", "expected"),
    [
        (Place("input", 1, "u16"), b"\xff\xfe", "big", 65534),
        (Place("input", 1, "s16"), b"\xff\xfe", "big", -2),
        (Place("input", 1, "u32"), b"\x00\x01\x00\x02", "big", 65538),
        (Place("input", 1, "u32"), b"\x00\x01\x00\x02", "little", 131073),
        (Place("input", 1, "s32"), b"\xff\xff\xff\xff", "big", -1),
        (Place("input", 1, "f32"), struct.pack(">f", 1.5), "big", 1.5),
        (Place("input", 1, "u32"), b"\x00\x01", "big", None),
    ],
)
def test_numbers(place: Place, data: bytes, order: Order, expected: float | None) -> None:
    assert number(place, image("input", 1, data), order) == expected


def test_a_bit_of_a_register_and_a_coil() -> None:
    assert [raw(Register(address=1, bit=bit), {("holding", 1): 0b100}, "big") for bit in (1, 2, 15)] == [0, 1, 0]
    assert raw(Register(table="coil", address=1), {("coil", 1): 1}, "big") == 1
    assert raw(Register(address=1, bit=2), {}, "big") is None


def test_fault_codes_as_numbers_and_as_bits() -> None:
    plain = RegisterCodes(scheme="v", address=10, count=2)
    assert codes_said(plain, {("holding", 10): 0, ("holding", 11): 17}) == ["0", "17"]
    bits = RegisterCodes(scheme="v", address=10, count=2, bits=True)
    assert codes_said(bits, {("holding", 10): 0b101, ("holding", 11): 0x8000}) == ["10.0", "10.2", "11.15"]
    assert codes_said(bits, {("holding", 10): 1}) is None


@pytest.mark.parametrize(
    ("register", "words"),
    [
        (Register(address=1, type="s32", bit=1), "bit: 1"),
        (Register(table="coil", address=1, bit=1), "bit: 1"),
        (Register(address=65535, type="f32"), "address: 65535"),
        (Register(table="discrete", address=1, type="f32"), "type: 'f32'"),
    ],
)
def test_what_does_not_go_together_is_named(register: Register, words: str) -> None:
    assert [words in fault for fault in faults(register)] == [True]
    assert faults(Register(address=1, bit=3)) == []
