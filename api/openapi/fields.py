"""PURE: what forms hold, as schemas; the values that examples show."""

from collections.abc import Mapping
from typing import Any

from api.board.orders import ORDERS, PRESETS, WHOMS
from api.crew.taps import CREW
from api.rescue_words import CAUSES, HAZARDS, METHODS
from contracts.kinds import QuietKind

Schema = dict[str, Any]
EXAMPLES: Mapping[str, Any] = {
    "number": "R20261126-001",
    "code": "442001",
    "camera": "cam-k-001-1",
    "device": "cam-k-001-1",
    "device_code": "cam-k-001-1",
    "x-sunlit-device": "cam-k-001-1",
    "token": "pB4xJqQv7mJt",
    "lease": "0b6f9f0e-3a52-4e1a-9f43-5a6f0f6f2d11",
    "photo": "0b6f9f0e-3a52-4e1a-9f43-5a6f0f6f2d11",
    "event_id": "0b6f9f0e-3a52-4e1a-9f43-5a6f0f6f2d11",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "x-captured-at": "2026-11-26T12:00:00+08:00",
    "x-segment-start": "2026-11-26T12:00:00+08:00",
    "identity": 17,
    "dispatch": 17,
    "town": "442000001",
    "q": "Kaiyin",
    "why": "complaint 2026-113",
    "lang": "en",
}
"""by the name of a parameter"""


def text(most: int, example: str, least: int = 0) -> Schema:
    """Words; `most` is where they are cut or refused."""
    return {"type": "string", "maxLength": most, "examples": [example], **({"minLength": least} if least else {})}


def choice(*values: str) -> Schema:
    return {"type": "string", "enum": list(values), "examples": [values[0]]}


def several(*values: str) -> Schema:
    return {"type": "array", "items": {"type": "string", "enum": list(values)}, "examples": [[values[0]]]}


PHOTO: Schema = {"type": "string", "format": "binary", "description": "a JPEG picture of at most 5 MB"}
COMMAND: Schema = {
    "type": "string",
    "description": "a UUID made with the page: the same command again is carried out once",
    "examples": ["0b6f9f0e-3a52-4e1a-9f43-5a6f0f6f2d11"],
}
CSRF: Schema = {"type": "string", "description": "the session's own token, which its pages hold", "examples": ["s6hQ"]}
REASON = text(1000, "two people shout")
HAZARD = several(*HAZARDS)
CODE = text(60, "442001")
_OF_A_RESCUE: Mapping[str, Schema] = {
    "reason": REASON,
    "people": text(4, "2"),
    "floor": text(40, "7"),
    "hazards": HAZARD,
    "organisation": text(40, "rs-1"),
    "into": text(40, "R20261126-002"),
    "whom": choice(*WHOMS),
    "text": text(500, "Help is coming."),
    "preset": choice(*PRESETS),
    "cause": choice(*CAUSES),
    "method": choice(*METHODS),
    "override_reason": REASON,
    "back": choice("board"),
}
FORMS: Mapping[str, Mapping[str, Schema]] = {
    "POST /board/phone": {"code": CODE, "reason": REASON, "people": text(4, "2"), "floor": text(40, "7"),
                          "caller": text(100, "the porter"), "hazards": HAZARD},
    "POST /board/stranger": {"site": text(63, "far"), "code": text(63, "lift-9"), "reason": REASON,
                             "last_event": {"type": "string", "examples": ["2026-11-26T12:00:00+08:00"]}},
    "POST /board/handover": {"note": text(4000, "Lift 442001 was out for an hour."), "to": text(20, "17")},
    "POST /board/incident/{number}/{kind}": _OF_A_RESCUE,
    "POST /board/incident/{number}/crew/{dispatch}/{kind}": {
        "reason": REASON, "eta_minutes": text(4, "12"), "people": text(4, "2"), "all": choice("yes"),
        "back": choice("board")},
    "POST /board/quiet": {"what": choice("lift", "place", "kitchen", "device"), "code": CODE,
                          "kind": choice(*QuietKind), "minutes": text(10, "60"), "owner": text(200, "Anjie"),
                          "rule": text(200, ""), "reason": REASON},
    "POST /board/quiet/{identity}/end": {},
    "POST /live/camera/{code}": {"mode": choice("live", "playback", "clip"), "reason": text(200, "complaint"),
                                 "start": text(40, "2026-11-26T12:00"), "minutes": text(8, "5"),
                                 "look": text(600, "")},
    "POST /live/patrol": {
        "camera": {"type": "array", "items": {"type": "string", "maxLength": 100}, "examples": [["cam-k-001-1"]]},
        "reason": text(1000, "complaint"),
        "grid": text(20, "4"),
    },
    "POST /oversight/reports/{number}/{mark}": {"note": text(2000, "The unit was told.")},
    "POST /kitchen/finding/{number}/{kind}": {"note": text(1000, "Hats were handed out."), "photo": PHOTO},
    "POST /oversight/finding/{number}/{kind}": {"reason": REASON},
    "POST /c/{token}/photo": {"photo": PHOTO},
    "POST /c/{token}/{kind}": {
        "reason": REASON, "eta_minutes": text(4, "12"), "proof": choice("code", "gps", "ask"), "code": CODE,
        "lat": text(20, "22.52"), "lon": text(20, "113.38"), "people": text(4, "2"), "all": choice("yes"),
        "organisation": text(40, "rs-1"), "cause": choice(*CAUSES), "method": choice(*METHODS), "hazards": HAZARD,
        "waited_s": text(12, "95")},
}  # fmt: skip
"""the forms that handlers read by hand; a form of a typed handler documents itself"""
WHOLE_KINDS: Mapping[str, tuple[str, ...]] = {
    "/board/incident/{number}/{kind}": tuple(kind.value for kind in ORDERS),
    "/c/{token}/{kind}": tuple(kind.value for kind in CREW),
}
"""what `{kind}` may be where it is not any command"""
