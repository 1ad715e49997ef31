"""Pictures on their way to the centre: a folder is the queue, so that nothing is lost when power or network goes."""

import logging
import os
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import msgspec

from contracts.kinds import Withheld
from contracts.messages import Evidence

log = logging.getLogger(__name__)
POLL_S, FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 1.0, 60.0
TIMEOUT_S = 20.0
MAX_WAITING = 5000
LATER = frozenset({401, 408, 425, 429})
"""refusals that say: try again; a wrong token (401) is put right in the configuration, the picture is not at fault"""


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """What lies beside a picture: where it goes. Written after the picture, so that a parcel is always whole."""

    path: str
    device: str
    captured: datetime
    media: str = "image/jpeg"
    reason: str = ""
    """why the centre did not take it; only for those set aside"""


class Outbox:
    """The folder: `waiting/` is the queue, `refused/` holds what the centre will never take."""

    def __init__(self, folder: Path) -> None:
        self.waiting, self.refused = folder / "waiting", folder / "refused"
        for path in (self.waiting, self.refused):
            path.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()

    def evidence(self, event: UUID, device: str, jpeg: bytes, evidence: Evidence) -> None:
        """Keeps a picture of an event until it has arrived. Raises OSError when the disk does not take it."""
        path = f"/edge/v1/evidence/{event}/{evidence.sha256}"
        parcel = Parcel(path=path, device=device, captured=evidence.captured, media=evidence.media)
        self._put(f"a-{event}-{evidence.sha256[:16]}", jpeg, parcel)

    def still(self, device: str, jpeg: bytes, captured: datetime) -> None:
        """Keeps the newest still of a camera; an older one that still waits is replaced. Raises OSError."""
        self._put(f"b-{device}", jpeg, Parcel(path=f"/edge/v1/still/{device}", device=device, captured=captured))

    def withheld(self, device: str, reason: Withheld, at: datetime) -> None:
        """Keeps why there is no still now, in the place of the still that would be. Raises OSError."""
        body = msgspec.json.encode({"reason": reason})
        path = f"/edge/v1/still/{device}/withheld"
        self._put(f"b-{device}", body, Parcel(path=path, device=device, captured=at, media="application/json"))

    def names(self) -> list[str]:
        """What waits: evidence first and the oldest first, then stills."""
        return sorted(path.stem for path in self.waiting.glob("*.json"))

    def take(self, name: str) -> tuple[Parcel, bytes] | None:
        """A parcel and its picture; None when there is none or when it is damaged (it is then set aside)."""
        with self._lock:
            try:
                parcel = msgspec.json.decode((self.waiting / f"{name}.json").read_bytes(), type=Parcel)
                return parcel, (self.waiting / f"{name}.jpg").read_bytes()
            except FileNotFoundError:
                (self.waiting / f"{name}.json").unlink(missing_ok=True)
                return None
            except msgspec.DecodeError:
                log.error("upload: %s is damaged; set aside", name)
                (self.waiting / f"{name}.json").replace(self.refused / f"{name}.json")
                return None

    def done(self, name: str, parcel: Parcel) -> None:
        """Forgets a parcel that has arrived, unless a newer one has taken its place meanwhile."""
        with self._lock:
            if self._same(name, parcel):
                (self.waiting / f"{name}.json").unlink(missing_ok=True)
                (self.waiting / f"{name}.jpg").unlink(missing_ok=True)

    def set_aside(self, name: str, parcel: Parcel, reason: str) -> None:
        """Moves a parcel to `refused/` with the reason; a still is not worth keeping."""
        with self._lock:
            if not self._same(name, parcel):
                return
            (self.waiting / f"{name}.json").unlink(missing_ok=True)
            picture = self.waiting / f"{name}.jpg"
            if name.startswith("b-"):
                picture.unlink(missing_ok=True)
                return
            picture.replace(self.refused / picture.name)
            note = msgspec.structs.replace(parcel, reason=reason)
            _write(self.refused / f"{name}.json", msgspec.json.encode(note))

    def _put(self, name: str, jpeg: bytes, parcel: Parcel) -> None:
        with self._lock:
            if sum(1 for _ in self.waiting.glob("*.json")) >= MAX_WAITING:
                raise OSError(f"{self.waiting} holds {MAX_WAITING} pictures already; is the centre reachable?")
            _write(self.waiting / f"{name}.jpg", jpeg)
            _write(self.waiting / f"{name}.json", msgspec.json.encode(parcel))

    def _same(self, name: str, parcel: Parcel) -> bool:
        try:
            return msgspec.json.decode((self.waiting / f"{name}.json").read_bytes(), type=Parcel) == parcel
        except (FileNotFoundError, msgspec.DecodeError):
            return False


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
    ) -> None:
        self.outbox = outbox
        self.aim(url, token)
        self._first, self._jitter, self._said = first_pause_s, jitter, ""

    def aim(self, url: str, token: str) -> None:
        """Sends to another address from the next picture on; never one's token to the other."""
        self._to = (url.rstrip("/"), token)

    def run(self, stop: threading.Event) -> None:
        """The duty."""
        pause = self._first
        # The house's own proxy settings are not ours: evidence goes to the configured address and nowhere else.
        with httpx.Client(trust_env=False, timeout=TIMEOUT_S) as client:
            while not stop.is_set():
                if self.send_all(client, stop):
                    pause = self._first
                    stop.wait(POLL_S)
                else:
                    stop.wait(pause * self._jitter())
                    pause = min(pause * 2, LONGEST_PAUSE_S)

    def send_all(self, client: httpx.Client, stop: threading.Event) -> bool:
        """Sends everything that waits; False when the centre could not be reached or asked to wait."""
        for name in self.outbox.names():
            if stop.is_set():
                return True
            found = self.outbox.take(name)
            if found is not None and not self._send(client, name, *found):
                return False
        return True

    def _send(self, client: httpx.Client, name: str, parcel: Parcel, jpeg: bytes) -> bool:
        url, token = self._to
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": parcel.media,
            "X-Sunlit-Device": parcel.device,
            "X-Captured-At": parcel.captured.astimezone(UTC).isoformat(),
        }
        try:
            answer = client.put(url + parcel.path, content=jpeg, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._say(f"{url} cannot be reached ({type(error).__name__}); pictures wait here")
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
        self._say(f"{url} answers {answer.status_code}; pictures wait here")
        return False

    def _say(self, text: str) -> None:
        if text != self._said:
            log.warning("upload: %s", text)
            self._said = text


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, also when the power goes."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
