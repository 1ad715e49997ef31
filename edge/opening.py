"""Opens what a camera's child process reads, and says in one line why it cannot."""

import sys
from pathlib import Path
from typing import Any

from edge.frames import Order
from edge.source import SourceKind, without_password

OPEN_S, READ_S = 10.0, 15.0
_FORMATS = {"linux": ("v4l2", "/dev/video{}"), "darwin": ("avfoundation", "{}"), "win32": ("dshow", "video={}")}


class SourceFault(RuntimeError):
    """Why a source gives no pictures: what it is and what to do."""


def opened(order: Order) -> Any:
    """The source as a container with a video track. Raises SourceFault."""
    import av

    address, options, form = order.address, {}, None
    if order.kind == SourceKind.WEBCAM:
        form, pattern = _FORMATS.get(sys.platform, _FORMATS["linux"])
        address = pattern.format(address)
    elif order.kind == SourceKind.STREAM and address.startswith("rtsp"):
        options = {"rtsp_transport": order.transport}
    elif order.kind == SourceKind.FILE and not Path(address).is_file():
        raise SourceFault(f"{order.name}: there is no such file; give the path of a video")
    try:
        container = av.open(address, format=form, options=options, timeout=(OPEN_S, READ_S))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise SourceFault(f"{order.name}: cannot be opened ({why(error)}); {advice(order)}") from error
    if not container.streams.video:
        container.close()
        raise SourceFault(f"{order.name}: has no video track, expected a video")
    container.streams.video[0].codec_context.thread_count = 1
    return container


def why(error: Exception) -> str:
    """The system's words without the address, which may hold a password."""
    return without_password(getattr(error, "strerror", None) or type(error).__name__)


def advice(order: Order) -> str:
    """What a person may look at."""
    if order.kind == SourceKind.FILE:
        return "is it a whole video?"
    if order.kind == SourceKind.WEBCAM:
        return "is it plugged in, and may this user read it?"
    return "check the address, the network, and user and password"
