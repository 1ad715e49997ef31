"""Sends what waits in the outbox to the centre, in parts where it is large, until it has arrived."""

import logging
import os
import random
import threading
from collections.abc import Callable
from datetime import UTC
from typing import BinaryIO

import httpx

from edge.outbox import Outbox, Parcel

log = logging.getLogger(__name__)
POLL_S, FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 1.0, 60.0
TIMEOUT_S = 20.0
PART_BYTES = 1024 * 1024
TRIES = 3
LATER = frozenset({401, 408, 425, 429})
"""refusals that say: try again; a wrong token (401) is put right in the configuration, the picture is not at fault"""


class Uploader:
    """Run `run` in a thread: sends what waits, again and again until it has arrived."""

    def __init__(
        self,
        outbox: Outbox,
        url: str,
        token: str,
        *,
        first_pause_s: float = FIRST_PAUSE_S,
        jitter: Callable[[], float] = lambda: random.uniform(0.5, 1.5),
        offset_ms: Callable[[], int | None] = lambda: None,
    ) -> None:
        self.outbox = outbox
        self.aim(url, token)
        self._first, self._jitter, self._offset_ms, self._said = first_pause_s, jitter, offset_ms, ""
        self._heard = False

    def aim(self, url: str, token: str) -> None:
        """Sends to another address from the next picture on; never one's token to the other."""
        self._to = (url.rstrip("/"), token)

    def run(self, stop: threading.Event) -> None:
        """The duty."""
        pause = self._first
        # The house's own proxy settings are not ours: evidence goes to the configured address and nowhere else.
        with httpx.Client(trust_env=False, timeout=TIMEOUT_S, event_hooks={"response": [self._hear]}) as client:
            while not stop.is_set():
                self._heard = False
                if self.send_all(client, stop):
                    pause = self._first
                    stop.wait(POLL_S)
                else:
                    # A line that breaks and carries something in between is no reason to wait longer and longer.
                    pause = self._first if self._heard else pause
                    stop.wait(pause * self._jitter())
                    pause = min(pause * 2, LONGEST_PAUSE_S)

    def _hear(self, answer: httpx.Response) -> None:
        self._heard = self._heard or answer.is_success

    def send_all(self, client: httpx.Client, stop: threading.Event) -> bool:
        """Sends everything that waits; False when the centre could not be reached or asked to wait."""
        waiting = self.outbox.names()
        while waiting and not stop.is_set():
            name = waiting.pop(0)
            found = self.outbox.take(name)
            if found is None:
                continue
            parcel, file = found
            with file:
                answer = self._send(client, name, parcel, file, stop)
            if answer is None:
                # Something more urgent came while a clip was on its way: that first, the clip goes on after it.
                waiting = self.outbox.names()
            elif not self._settle(name, parcel, answer):
                return False
        return True

    def _send(
        self, client: httpx.Client, name: str, parcel: Parcel, file: BinaryIO, stop: threading.Event
    ) -> httpx.Response | str | None:
        """The centre's answer, or why there is none, or None when others go first now."""
        url, token = self._to
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": parcel.media,
            "X-Sunlit-Device": parcel.device,
            "X-Captured-At": parcel.captured.astimezone(UTC).isoformat(),
        }
        offset = self._offset_ms()
        if offset is not None:
            headers["X-Sunlit-Clock-Offset-Ms"] = str(offset)
        size, address = os.fstat(file.fileno()).st_size, url + parcel.path
        try:
            if size <= PART_BYTES:
                return client.put(address, content=file.read(), headers=headers)
            return _in_parts(client, address, headers, file, size, lambda: stop.is_set() or self._others_first(name))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"{url} cannot be reached ({type(error).__name__})"

    def _others_first(self, name: str) -> bool:
        first = next(iter(self.outbox.names()), name)
        return first[0] < name[0]

    def _settle(self, name: str, parcel: Parcel, answer: httpx.Response | str) -> bool:
        """Whether to go on with the next one."""
        if isinstance(answer, str):
            self._say(f"{answer}; pictures wait here")
            return False
        if answer.is_success:
            if self._said:
                log.info("upload: pictures arrive again")
            self._said = ""
            self.outbox.done(name, parcel)
            return True
        if answer.is_client_error and answer.status_code not in LATER:
            reason = f"{answer.status_code} {' '.join(answer.text.split())[:200]}"
            log.error("upload: %s of %s was refused and set aside: %s", name, parcel.device, reason)
            self.outbox.set_aside(name, parcel, reason)
            return True
        self._say(f"{self._to[0]} answers {answer.status_code}; pictures wait here")
        return False

    def _say(self, text: str) -> None:
        if text != self._said:
            log.warning("upload: %s", text)
            self._said = text


def _in_parts(
    client: httpx.Client,
    address: str,
    headers: dict[str, str],
    file: BinaryIO,
    size: int,
    interrupted: Callable[[], bool],
) -> httpx.Response | str | None:
    """Goes on where the centre says that it stands. Raises httpx.HTTPError."""
    answer = client.head(address, headers=headers)
    if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
        return "the centre takes no uploads in parts"
    if not answer.is_success or answer.headers.get("Upload-Complete") == "?1":
        return answer
    at, tries = _stands(answer, 0), TRIES
    while not interrupted():
        # All here and yet not evidence: the last byte once more makes the centre look at it again.
        at = min(at, size - 1)
        file.seek(at)
        part = file.read(PART_BYTES)
        span = {"Content-Range": f"bytes {at}-{at + len(part) - 1}/{size}"}
        answer = client.put(address, content=part, headers=headers | span)
        if answer.status_code == httpx.codes.CONFLICT:
            tries -= 1
        if tries == 0 or answer.status_code not in (httpx.codes.CONFLICT, httpx.codes.ACCEPTED):
            return answer
        at = _stands(answer, at + len(part))
    return None


def _stands(answer: httpx.Response, otherwise: int) -> int:
    """How much the centre says is there."""
    text = answer.headers.get("Upload-Offset", "")
    return int(text) if text.isascii() and text.isdigit() else otherwise
