"""PURE: what the doors of each part answer, and how a fault looks: RFC 9457 for programs, a page for people."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from api.openapi.fields import EXAMPLES

Schema = dict[str, Any]
PROBLEM = "application/problem+json"
HTML, JPEG, MP4, JSON, CSV = "text/html", "image/jpeg", "video/mp4", "application/json", "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Part(NamedTuple):
    """The doors below a beginning of an address."""

    tag: str
    security: str = ""
    """the scheme of OpenAPI; empty: anybody"""
    faults: tuple[int, ...] = ()
    """besides those that every door has"""


SESSION = (401, 403, 404)
PARTS: Mapping[str, Part] = {
    "/board": Part("operators", "session", SESSION),
    "/rescue": Part("operators", "session", SESSION),
    "/kitchen": Part("owners", "session", (*SESSION, 410)),
    "/oversight": Part("regulators", "session", SESSION),
    "/live": Part("video", "session", (*SESSION, 410, 429, 507)),
    "/media": Part("video", "session", (*SESSION, 410, 507)),
    "/account": Part("access", "session", (*SESSION, 429)),
    "/admin": Part("access", "session", (*SESSION, 409)),
    "/log": Part("access", "", (401, 403, 404, 429)),
    "/c": Part("crews", "link", (403, 404, 410, 429, 507)),
    "/edge/v1": Part("agents", "agent", (401, 404, 409, 410, 429, 507)),
    "/edge/v1/time": Part("agents"),
    "/receipts": Part("gateways", "receipt", (404,)),
    "/api/v1": Part("programs", "token", (401, 403, 404, 429)),
    "/healthz": Part("service"),
    "/": Part("public", "", (403, 404, 429)),
}
TAGS: Mapping[str, str] = {
    "public": "For everybody, without an account and without a cookie.",
    "operators": "The rescue desk.",
    "crews": "One page behind a link; the link is the key.",
    "owners": "An owner's own kitchens.",
    "regulators": "Narrowed to the towns of the viewer.",
    "video": "Unblurred video and pictures: with a reason or an incident, marked, logged.",
    "access": "Signing in, the own account, people and their roles.",
    "agents": "What the edge brings.",
    "gateways": "What becomes of a letter.",
    "programs": "The JSON API.",
    "service": "Whether the service is well.",
}
SECURITY: Mapping[str, Schema] = {
    "session": {"type": "apiKey", "in": "cookie", "name": "sunlit_session", "description": "set by POST /login"},
    "agent": {"type": "http", "scheme": "bearer", "description": "the upload token of the device's agent"},
    "token": {"type": "http", "scheme": "bearer", "description": "an API token with scopes"},
    "link": {"type": "apiKey", "in": "path", "name": "token", "description": "the link in the crew's message"},
    "receipt": {"type": "apiKey", "in": "path", "name": "token", "description": "told to the gateway with the letter"},
}
# What a GET answers where it is no page. The first is what a program gets that asks for anything.
MEDIA: Mapping[str, tuple[str, ...]] = {
    "/board/stream": ("text/event-stream",),
    "/board/still": (JSON,),
    "/board/map.json": ("application/geo+json",),
    "/towns.geojson": (JSON,),
    "/healthz": (JSON,),
    "/edge/v1/time": (JSON,),
    "/c/offline.js": ("text/javascript",),
    "/c/{token}/now": (JSON,),
    "/live/{lease}/state": (JSON,),
    "/live/{lease}/{sealed}/playlist.m3u8": ("application/vnd.apple.mpegurl",),
    "/open-data/{name}.{kind}": (CSV, JSON),
    "/oversight/findings": (HTML, CSV, XLSX),
    "/oversight/rescues": (HTML, CSV, XLSX),
    "/oversight/audit": (HTML, CSV, XLSX),
    "/oversight/alarms": (HTML, CSV, XLSX),
    "/kitchen/{code}/history": (HTML, CSV, XLSX),
    "/kitchen/{code}/export": ("application/zip",),
    "/kitchen/finding/{number}/picture": (JPEG,),
    "/oversight/finding/{number}/picture": (JPEG,),
    "/rescue/{number}/photo/{photo}": (JPEG,),
    "/media/{sealed}": (JPEG, MP4),
}
BY_ENDING: Mapping[str, str] = {
    ".jpg": JPEG,
    ".mp4": MP4,
    ".m4s": MP4,
    ".csv": CSV,
    ".json": JSON,
    ".js": "text/javascript",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
UPLOADS: Mapping[str, tuple[str, ...]] = {
    "/edge/v1/evidence/{event_id}/{sha256}": (JPEG, MP4),
    "/edge/v1/still/{device_code}": (JPEG,),
    "/edge/v1/live/{lease}/init/{number}": (MP4,),
    "/edge/v1/live/{lease}/segment/{number}": (MP4,),
    "/edge/v1/live/{lease}/clip": (MP4,),
    "/edge/v1/live/{lease}/done": ("text/plain",),
}
FAULTS: Mapping[int, tuple[str, str]] = {
    400: ("what was sent cannot be read", "body: cut off, expected all of it"),
    401: ("nobody is signed in, or the token is not known", "sign in first"),
    403: ("refused: not this form, not without a reason", "why: '', expected the reason for looking"),
    404: ("there is no such thing, or it is another's: both look the same", "Not Found"),
    408: ("the body came too slowly", "body: nothing for 30 s, expected the rest of it"),
    409: ("it does not fit what is here already", "content-range: begins at 9, expected 4: so much is here"),
    410: ("it is over", "this link has expired; the newest message has one that works"),
    411: ("the body has to say how long it is", "content-length: '', expected how long the form is"),
    413: ("too much was sent", "body: too long, expected at most 256 KB"),
    422: ("a value is not what was expected; `errors` says which", "page: '0', expected greater than or equal to 1"),
    429: ("too often; wait a while", "too many tries; wait a while"),
    503: ("the database is away; try again", "database"),
    507: ("the centre's disk is full", "evidence folder: cannot be written (No space left on device)"),
}
PROBLEM_SCHEMA: Schema = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "examples": ["about:blank"]},
        "title": {"type": "string", "examples": ["Unprocessable Entity"]},
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "examples": [422]},
        "detail": {"type": "string", "description": "field, value and expectation, or what to do"},
        "instance": {"type": "string", "description": "the address that was asked for"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "value", "expected"],
                "properties": {name: {"type": "string"} for name in ("field", "value", "expected")},
            },
        },
    },
}


def part_of(path: str) -> Part:
    """The part with the longest beginning that fits."""
    fits = [
        known
        for known in PARTS
        if path == known or path.startswith(f"{known.rstrip('/')}/") or (known == "/log" and path.startswith("/log"))
    ]
    return PARTS[max(fits, key=len, default="/")]


def media_of(path: str) -> tuple[str, ...]:
    """What a GET of an address answers."""
    ending = next((media for end, media in BY_ENDING.items() if path.endswith(end)), HTML)
    return MEDIA.get(path, (ending,))


def fault(status: int, path: str, people: bool) -> Schema:
    """How a fault is documented."""
    words, detail = FAULTS[status]
    shown = f"{path}".format_map(_Shown())
    example: Schema = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    example["instance"] = shown
    if ", expected " in detail and status in (403, 409, 411, 413, 422):
        field, _, rest = detail.partition(": ")
        value, _, expected = rest.partition(", expected ")
        example["errors"] = [{"field": field, "value": value, "expected": expected}]
    content: Schema = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    if people:
        content[HTML] = {"schema": {"type": "string"}}
    return {"description": words, "content": content}


def faults_of(method: str, path: str, *, reads: bool, takes: bool) -> Iterable[int]:
    """The statuses of faults of a door. `reads`: it has parameters; `takes`: it has a body."""
    found = {400, 413, *part_of(path).faults, 503}
    if method != "get":
        found |= {408}
    if reads or takes:
        found |= {422}
    if path == "/c/{token}/photo" or ("/kitchen/finding" in path and method == "post"):
        found |= {411}
    return sorted(found)


class _Shown(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        return EXAMPLES.get(name, name)
