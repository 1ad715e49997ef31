"""A routing server for tests: speaks OSRM's table service over real HTTP, and can be slow, mad or full."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from contracts.geometry import distance_m

SPEED_MS, DETOUR = 10.0, 1.3


class Osrm:
    """How it behaves, and what it was asked."""

    def __init__(self) -> None:
        self.mood = "well"
        self.asked: list[str] = []
        self.largest = 0
        self.url = ""


def _table(path: str) -> dict[str, object]:
    parts = urlsplit(path)
    points = [
        (float(lat), float(lon))
        for lon, lat in (point.split(",") for point in parts.path.removeprefix("/table/v1/driving/").split(";"))
    ]
    options = parse_qs(parts.query)
    starts = [points[int(index)] for index in options["sources"][0].split(";")]
    ends = [points[int(index)] for index in options["destinations"][0].split(";")]
    metres = [[DETOUR * distance_m(start, end) for end in ends] for start in starts]
    return {
        "code": "Ok",
        "durations": [[round(way / SPEED_MS, 1) for way in row] for row in metres],
        "distances": [[round(way, 1) for way in row] for row in metres],
        "sources": [{"hint": "", "name": "", "location": [lon, lat], "distance": 4.2} for lat, lon in starts],
        "destinations": [{"hint": "", "name": "", "location": [lon, lat], "distance": 9.1} for lat, lon in ends],
    }


@contextmanager
def osrm() -> Iterator[Osrm]:
    """A running server on a free port."""
    told = Osrm()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            told.largest = max(told.largest, self.path.count(";") - self.path.count("=") + 1)
            answer = {
                "nonsense": b"<html>hello</html>",
                "too_big": b'{"code":"TooBig","message":"Too many table coordinates"}',
                "mad": json.dumps({**_table(self.path), "durations": [[0.001]]}).encode(),
            }.get(told.mood, json.dumps(_table(self.path)).encode())
            try:
                self.send_response(400 if told.mood == "too_big" else 200)
                if told.mood != "dripping":
                    self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self._write(answer)
            except OSError:
                """Whoever asked has gone."""

        def _write(self, answer: bytes) -> None:
            if told.mood == "slow":
                time.sleep(1)
            if told.mood == "dripping":
                for byte in answer:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(0.05)
            else:
                self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """What was asked is kept instead."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield told
    server.shutdown()
    server.server_close()
