"""PURE: a JPEG without what it tells besides its picture: position, device, thumbnails, a video behind its end."""

START, END, SCAN = b"\xff\xd8", 0xD9, 0xDA
# JFIF's and Adobe's segments say how to read the colours; all others only talk about the picture.
KEPT_APPS = {0xE0: b"JFIF\0", 0xEE: b"Adobe"}
COMMENT, FIRST_APP, LAST_APP, EXIF = 0xFE, 0xE0, 0xEF, 0xE1
ALONE = {0x01, *range(0xD0, 0xD9)}
ORIENTATION = 0x0112
# Every frame says its size; among their numbers stand tables and one that is reserved.
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


class JpegError(ValueError):
    """These bytes are no whole JPEG; the text says where it ends."""


def bare(picture: bytes) -> bytes:
    """The same picture, not re-encoded, with nothing but its orientation said of it. Raises JpegError."""
    if not picture.startswith(START):
        raise JpegError("begins with something else")
    out, turned, at = [START], 1, 2
    while True:
        marker, at = _marker(picture, at)
        if marker == END:
            out.append(b"\xff\xd9")
            break
        if marker in ALONE:
            out.append(bytes((0xFF, marker)))
            continue
        body, at = _segment(picture, at)
        if marker == EXIF and turned == 1:
            turned = _orientation(body)
        if _told(marker, body):
            continue
        out.append(bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body)
        if marker == SCAN:
            coded, at = _coded(picture, at)
            out.append(coded)
    if turned != 1:
        out.insert(1, _turn(turned))
    return b"".join(out)


def size(head: bytes) -> tuple[int, int]:
    """Width and height in pixels, out of the beginning of a picture. Raises JpegError."""
    if not head.startswith(START):
        raise JpegError("begins with something else")
    at = 2
    while True:
        marker, at = _marker(head, at)
        if marker in ALONE:
            continue
        if marker in (SCAN, END):
            raise JpegError("says nowhere how large it is")
        body, at = _segment(head, at)
        if marker in FRAMES:
            if len(body) < 5:
                raise JpegError(f"a frame's head of {len(body)} bytes")
            return int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")


def _marker(picture: bytes, at: int) -> tuple[int, int]:
    if at >= len(picture) or picture[at] != 0xFF:
        raise JpegError(f"no marker at byte {at} of {len(picture)}")
    while at < len(picture) and picture[at] == 0xFF:
        at += 1
    if at >= len(picture) or picture[at] == 0:
        raise JpegError(f"no marker at byte {at} of {len(picture)}")
    return picture[at], at + 1


def _segment(picture: bytes, at: int) -> tuple[bytes, int]:
    length = int.from_bytes(picture[at : at + 2], "big")
    if length < 2 or at + length > len(picture):
        raise JpegError(f"a segment at byte {at} of {len(picture)} is longer than the file")
    return picture[at + 2 : at + length], at + length


def _told(marker: int, body: bytes) -> bool:
    if marker == COMMENT:
        return True
    return FIRST_APP <= marker <= LAST_APP and not body.startswith(KEPT_APPS.get(marker, b"\xff" * 8))


def _coded(picture: bytes, at: int) -> tuple[bytes, int]:
    """The entropy-coded bytes after a scan's header: until a marker that is neither stuffing nor a restart."""
    begin = at
    while True:
        at = picture.find(b"\xff", at)
        if at < 0 or at + 1 >= len(picture):
            raise JpegError(f"ends in the middle of its picture, after {len(picture)} bytes")
        if picture[at + 1] == 0 or 0xD0 <= picture[at + 1] <= 0xD7:
            at += 2
        elif picture[at + 1] == 0xFF:
            at += 1
        else:
            return picture[begin:at], at


def _orientation(body: bytes) -> int:
    """How a viewer has to turn the picture (1 to 8); 1 where that is not said."""
    if not body.startswith(b"Exif\0\0"):
        return 1
    tiff = body[6:]
    if tiff[:2] not in (b"II", b"MM"):
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], "little" if tiff[:1] == b"I" else "big")

    first = number(4, 4)
    for entry in range(number(first, 2)):
        at = first + 2 + 12 * entry
        if at + 12 > len(tiff):
            return 1
        if number(at, 2) == ORIENTATION:
            found = number(at + 8, 2)
            return found if 1 <= found <= 8 else 1
    return 1


def _turn(orientation: int) -> bytes:
    """An EXIF segment that says the orientation and nothing else."""
    entry = ORIENTATION.to_bytes(2, "big") + b"\0\x03" + b"\0\0\0\x01" + orientation.to_bytes(2, "big") + b"\0\0"
    body = b"Exif\0\0" + b"MM\0\x2a\0\0\0\x08" + b"\0\x01" + entry + b"\0\0\0\0"
    return b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
