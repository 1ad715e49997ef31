"""E-mail by SMTP."""

import smtplib
from email.message import EmailMessage

from alerting.channels import TIMEOUT_S, Message, Outcome, Verdict
from runtime.settings import AlertingSettings


class Email:
    """Sends to the address of a contact method."""

    def __init__(self, settings: AlertingSettings) -> None:
        self.settings = settings

    def send(self, message: Message) -> Outcome:
        try:
            mail = self._compose(message)
        except ValueError as error:
            return Outcome(Verdict.REFUSED, f"address or subject: {error}")
        try:
            with smtplib.SMTP(self.settings.smtp_host, self.settings.smtp_port, timeout=TIMEOUT_S) as server:
                if self.settings.smtp_username and self.settings.smtp_password:
                    server.starttls()
                    server.login(self.settings.smtp_username, self.settings.smtp_password.get_secret_value())
                server.send_message(mail)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPAuthenticationError) as error:
            return Outcome(Verdict.REFUSED, str(error))
        except smtplib.SMTPResponseException as error:
            verdict = Verdict.REFUSED if error.smtp_code >= 500 else Verdict.UNSURE
            return Outcome(verdict, f"SMTP {error.smtp_code}: {error.smtp_error!r}")
        except ConnectionRefusedError as error:
            return Outcome(Verdict.REFUSED, f"{self.settings.smtp_host}:{self.settings.smtp_port}: {error}")
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            return Outcome(Verdict.UNSURE, f"{type(error).__name__}: {error}")
        return Outcome(Verdict.SENT, "accepted", str(mail["Message-ID"]))

    def _compose(self, message: Message) -> EmailMessage:
        """Raises ValueError for a line break where a header must be one line."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.settings.smtp_from, message.address, message.subject
        # The same letter keeps its identity, so that a mailbox can tell a repeat.
        mail["Message-ID"] = f"<{message.dedupe}@{self.settings.smtp_from.rpartition('@')[2]}>"
        mail.set_content(message.body)
        return mail
