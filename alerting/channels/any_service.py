"""Everything that Apprise speaks: WeCom, DingTalk, Feishu, SMS, voice. It keeps nothing: the outbox is ours."""

import json
import os
import selectors
import subprocess
import sys
import threading
import time
from contextlib import suppress

from alerting.channels import DEADLINE_S, Message, Outcome, Verdict

SPEAKER = (sys.executable, "-m", "alerting.channels.speaker")
SPEAKERS = 16
"""at once; a letter waits half its deadline for one"""
IDLE = 4
"""speakers that are kept for the next letter; each takes half a second to start and about 60 MB"""


class Speaker:
    """A process that speaks Apprise, see alerting/channels/speaker.py."""

    def __init__(self) -> None:
        # It needs no password of ours, and no signal of a terminal ends it in the middle of a letter.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SUNLIT_")}
        self.process = subprocess.Popen(
            SPEAKER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )

    def ask(self, asked: dict[str, object], deadline_s: float) -> Outcome | None:
        """Its answer; None where none came in time or it died. Then it is of no more use."""
        assert self.process.stdin is not None and self.process.stdout is not None
        end = time.monotonic() + deadline_s
        heard = b""
        try:
            self.process.stdin.write(json.dumps(asked).encode() + b"\n")
            self.process.stdin.flush()
            with selectors.DefaultSelector() as ready:
                ready.register(self.process.stdout, selectors.EVENT_READ)
                while not heard.endswith(b"\n"):
                    left = end - time.monotonic()
                    if left <= 0 or not ready.select(left):
                        return None
                    piece = os.read(self.process.stdout.fileno(), 65536)
                    if not piece:
                        return None
                    heard += piece
        except OSError:
            return None
        said = json.loads(heard)
        return Outcome(Verdict(said["verdict"]), said["detail"])

    def end(self) -> None:
        """Ends it, whatever it does."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.process.wait()


class AnyService:
    """Sends to an Apprise address, through one of several speakers."""

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self.deadline_s = deadline_s
        self._idle, self._lock = list[Speaker](), threading.Lock()
        self._free = threading.BoundedSemaphore(SPEAKERS)

    def send(self, message: Message) -> Outcome:
        end = time.monotonic() + self.deadline_s
        if not self._free.acquire(timeout=self.deadline_s / 2):
            return Outcome(Verdict.REFUSED, f"{SPEAKERS} sendings are under way")
        try:
            return self._speak(message, end - time.monotonic())
        finally:
            self._free.release()

    def _speak(self, message: Message, left_s: float) -> Outcome:
        asked: dict[str, object] = {
            "address": message.address,
            "subject": message.subject,
            "body": message.body,
            "read_s": left_s * 0.8,
        }
        speaker = self._take()
        outcome = speaker.ask(asked, left_s)
        if outcome is None:
            speaker.end()
            return Outcome(Verdict.UNSURE, f"no answer within {self.deadline_s:g} s, or the speaker died")
        self._put_back(speaker)
        return outcome

    def _take(self) -> Speaker:
        with self._lock:
            while self._idle:
                speaker = self._idle.pop()
                if speaker.process.poll() is None:
                    return speaker
                speaker.end()
        return Speaker()

    def _put_back(self, speaker: Speaker) -> None:
        with self._lock:
            if len(self._idle) < IDLE:
                self._idle.append(speaker)
                return
        speaker.end()

    def close(self) -> None:
        """Ends the speakers; they end by themselves when this process does."""
        with self._lock:
            for speaker in self._idle:
                speaker.end()
            self._idle.clear()
