"""Doubles of the outside world that speak its protocols: a webhook receiver and an SMTP server with one inbox file."""

import argparse
import email
import email.policy
import json
import threading
import time
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

RECEIPT_AFTER_S = 0.5


class Inbox:
    """What arrived, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self.path, self._lock = path, threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)

    def add(self, **letter: object) -> None:
        line = json.dumps({**letter, "at": datetime.now(UTC).isoformat()}, ensure_ascii=False)
        with self._lock, self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def letters(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]


class Receivers:
    """Both servers. `answers` are HTTP codes for the next posts (then 200); 0 means: accept and never answer.

    With `receipts` the webhook says a moment later that a letter was delivered, as gateways do.
    """

    def __init__(self, inbox: Inbox, http_port: int, smtp_port: int, *, receipts: bool = False) -> None:
        self.inbox, self.answers, self.hang_s, self.receipts = inbox, list[int](), 30.0, receipts
        receivers = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receivers.receive(self)

            def log_message(self, format: str, *args: object) -> None:
                """The inbox is the log."""

        class Mail:
            async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
                del server, session
                mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
                body = mail.get_body(("plain",))
                inbox.add(
                    channel="email",
                    address=", ".join(envelope.rcpt_tos),
                    subject=str(mail["Subject"]),
                    body=body.get_content().strip() if body else "",
                    dedupe=str(mail["Message-ID"]),
                )
                return "250 OK"

        self.http = ThreadingHTTPServer(("127.0.0.1", http_port), Handler)
        self.smtp = Controller(Mail(), hostname="127.0.0.1", port=smtp_port, enable_SMTPUTF8=True)

    def receive(self, request: BaseHTTPRequestHandler) -> None:
        """One post."""
        size = int(request.headers.get("Content-Length", 0))
        content = request.rfile.read(size)
        answer = self.answers.pop(0) if self.answers else 200
        if answer in (200, 0):
            posted = json.loads(content)
            self.inbox.add(
                channel="webhook",
                address=request.path,
                subject=posted["subject"],
                body=posted["body"],
                stage=posted["stage"],
                dedupe=posted["dedupe"],
                signature=request.headers.get("X-Sunlit-Signature", ""),
                raw=content.decode(),
            )
        if answer == 0:
            time.sleep(self.hang_s)
        request.send_response(answer or 200)
        request.send_header("X-Receipt", f"r-{time.time_ns()}")
        request.send_header("Content-Length", "0")
        request.end_headers()
        if self.receipts and answer == 200 and posted.get("receipt_url"):
            threading.Timer(RECEIPT_AFTER_S, _deliver, [posted["receipt_url"]]).start()

    def start(self) -> None:
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.smtp.start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.smtp.stop()


def _deliver(address: str) -> None:
    """Says that a letter was delivered; where nobody hears it, as often happens, that is all."""
    said = json.dumps({"state": "delivered"}).encode()
    asked = urllib.request.Request(address, said, {"Content-Type": "application/json"}, method="POST")
    with suppress(OSError), urllib.request.urlopen(asked, timeout=5):
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--inbox", type=Path, required=True)
    parser.add_argument("--receipts", action="store_true", help="say of each letter that it was delivered")
    chosen = parser.parse_args()
    Receivers(Inbox(chosen.inbox), chosen.http_port, chosen.smtp_port, receipts=chosen.receipts).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
