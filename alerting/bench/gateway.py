"""A gateway's double: an HTTP server that notes when each letter came in, and answers at once."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Gateway:
    """`received` has the Unix times (s) at which the head of a letter had come, by its Idempotency-Key."""

    def __init__(self) -> None:
        self.received: dict[str, list[float]] = {}
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body of the answer in one packet, as a gateway's proxy sends them.
            wbufsize = -1
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                at = time.time()
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                gateway.received.setdefault(self.headers.get("Idempotency-Key", ""), []).append(at)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """What came is in `received`."""

        self.http = _Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}/"

    def start(self) -> None:
        threading.Thread(target=self.http.serve_forever, name="gateway", daemon=True).start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()
