"""Gateways that misbehave: raw sockets that answer late, twice, in drips or not at all, and mail servers likewise."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from runtime.stack.ports import free_port

Answer = Callable[["Gateway", socket.socket], None]


class Gateway:
    """A TCP server that reads one HTTP request from a connection and then does what `answer` does."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.answer, self.tls = answer, tls
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.over = threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self.over.is_set():
            with suppress(OSError):
                connection, _ = self.server.accept()
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self.requests.append(_read(connection))
            self.answer(self, connection)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.requests]

    def close(self) -> None:
        self.over.set()
        self.server.close()


def _read(connection: socket.socket) -> tuple[str, dict[str, str], bytes]:
    content = b""
    while b"\r\n\r\n" not in content:
        piece = connection.recv(65536)
        if not piece:
            raise OSError("gone")
        content += piece
    head, _, body = content.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return first, headers, body


@contextmanager
def gateway(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Gateway]:
    made = Gateway(answer, tls)
    yield made
    made.close()


def says(status: int, body: str = "", headers: str = "") -> Answer:
    """Answers at once."""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}"
    text = f"{head}Content-Length: {len(body.encode())}\r\n\r\n{body}"

    def answer(_: Gateway, connection: socket.socket) -> None:
        connection.sendall(text.encode())

    return answer


def never(served: Gateway, connection: socket.socket) -> None:
    """Takes the letter and says nothing."""
    del connection
    served.over.wait(30)


def drips(served: Gateway, connection: socket.socket) -> None:
    """Says something all the time and never an answer."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not served.over.wait(0.1):
        connection.sendall(b"z")


def drips_its_body(served: Gateway, connection: socket.socket) -> None:
    """The head of an answer at once, the rest never."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not served.over.wait(0.1):
        connection.sendall(b"z")


def twice(_: Gateway, connection: socket.socket) -> None:
    """Two answers to one letter."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" * 2)
    time.sleep(0.2)


def hangs_up(_: Gateway, connection: socket.socket) -> None:
    """Takes the letter and breaks the connection."""
    connection.shutdown(socket.SHUT_RDWR)


class MailServer:
    """An SMTP server whose every step can be told what to say."""

    def __init__(self, tls: ssl.SSLContext | None = None, password: str = "") -> None:
        """With `tls` it takes letters only over TLS and from who knows the password."""
        self.mails: list[bytes] = []
        self.tries = 0
        self.rcpt: Callable[[], str | None] = lambda: None
        self.data: Callable[[Any], str] = lambda server: "250 OK"
        self.port = free_port()
        outer = self

        class Handler:
            async def handle_RCPT(
                self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
            ) -> str:
                del server, session, options
                outer.tries += 1
                said = outer.rcpt()
                if said is None:
                    envelope.rcpt_tos.append(address)
                return said or "250 OK"

            async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
                del session
                outer.mails.append(envelope.content)
                return outer.data(server)

        def known(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            del server, session, envelope, mechanism
            return AuthResult(success=data.password == password.encode(), handled=False)

        guarded: dict[str, Any] = {
            "tls_context": tls,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": known,
        }
        self.controller = Controller(
            Handler(), hostname="127.0.0.1", port=self.port, enable_SMTPUTF8=True, **(guarded if tls else {})
        )

    def __enter__(self) -> "MailServer":
        self.controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()


def break_off(server: Any) -> str:
    """Has the letter and breaks the connection before it says so."""
    server.transport.abort()
    return "250 OK"
