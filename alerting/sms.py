"""PURE: how many segments a text takes as SMS (3GPP TS 23.038 and 23.040)."""

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")
"""two septets each, never split over two segments"""
GSM7 = (160, 153)
UCS2 = (70, 67)


def is_gsm7(text: str) -> bool:
    """Whether the 7-bit alphabet has every character."""
    return all(character in BASIC or character in EXTENDED for character in text)


def segments(text: str) -> int:
    """Segments of a text: 160 septets or 153 each where the 7-bit alphabet will do, else 70 or 67 UTF-16 units."""
    if is_gsm7(text):
        return _parts([2 if character in EXTENDED else 1 for character in text], *GSM7)
    return _parts([2 if ord(character) > 0xFFFF else 1 for character in text], *UCS2)


def _parts(sizes: list[int], alone: int, each: int) -> int:
    if sum(sizes) <= alone:
        return 1
    parts, room = 1, each
    for size in sizes:
        if size > room:
            parts, room = parts + 1, each
        room -= size
    return parts
