"""E-mail by SMTP."""

import queue
import smtplib
import ssl
import threading
from contextlib import suppress
from email.message import EmailMessage
from typing import Any

from alerting.channels import DEADLINE_S, Message, Outcome, Verdict
from runtime.settings import AlertingSettings

HANGING = 64
"""sendings that may hang beyond their deadline at once; while there are so many, nothing more is tried"""


class Server(smtplib.SMTP):
    """Remembers whether the letter itself was on its way: before that it certainly did not arrive."""

    began = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.began = True
        return super().data(msg)


class Email:
    """Sends to the address of a contact method."""

    def __init__(self, settings: AlertingSettings, deadline_s: float = DEADLINE_S) -> None:
        self.settings, self.deadline_s = settings, deadline_s
        self._hanging = threading.BoundedSemaphore(HANGING)

    def send(self, message: Message) -> Outcome:
        """One attempt. smtplib has time-outs of single steps only: a thread is left behind where the sum is longer."""
        try:
            mail = self._compose(message)
        except ValueError as error:
            return Outcome(Verdict.REFUSED, f"address or subject: {error}")
        if not self._hanging.acquire(blocking=False):
            return Outcome(Verdict.REFUSED, f"{HANGING} sendings hang already")
        answer: queue.SimpleQueue[Outcome] = queue.SimpleQueue()

        def work() -> None:
            try:
                answer.put(self._deliver(mail))
            finally:
                self._hanging.release()

        threading.Thread(target=work, daemon=True).start()
        try:
            return answer.get(timeout=self.deadline_s)
        except queue.Empty:
            return Outcome(Verdict.UNSURE, f"no answer within {self.deadline_s:g} s")

    def _deliver(self, mail: EmailMessage) -> Outcome:
        server: Server | None = None
        try:
            server = Server(self.settings.smtp_host, self.settings.smtp_port, timeout=self.deadline_s)
            if self.settings.smtp_username and self.settings.smtp_password:
                server.starttls(context=ssl.create_default_context())
                server.login(self.settings.smtp_username, self.settings.smtp_password.get_secret_value())
            server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            answers = "; ".join(f"{code} {_text(words)}" for code, words in error.recipients.values())
            return Outcome(Verdict.REFUSED, f"SMTP {answers}")
        except smtplib.SMTPResponseException as error:
            # An answer that is no yes is a no, at every step: a server that says 4xx has not taken the letter.
            return Outcome(Verdict.REFUSED, f"SMTP {error.smtp_code} {_text(error.smtp_error)}")
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            verdict = Verdict.UNSURE if server is not None and server.began else Verdict.REFUSED
            where = f"{self.settings.smtp_host}:{self.settings.smtp_port}"
            return Outcome(verdict, f"{where}: {type(error).__name__}: {error}")
        finally:
            if server is not None:
                _leave(server)
        return Outcome(Verdict.SENT, "accepted", str(mail["Message-ID"]))

    def _compose(self, message: Message) -> EmailMessage:
        """Raises ValueError for a line break where a header must be one line."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.settings.smtp_from, message.address, message.subject
        # The same letter keeps its identity, so that a mailbox can tell a repeat.
        mail["Message-ID"] = f"<{message.dedupe}@{self.settings.smtp_from.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.body)
        return mail


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _leave(server: Server) -> None:
    """Says good-bye where that costs no time: the outcome is known."""
    with suppress(smtplib.SMTPException, OSError):
        if server.sock is not None:
            server.sock.settimeout(1.0)
            server.quit()
    server.close()
