"""PURE: the one sentence on top of a kitchen's page: what has to be done, by when, and what is not known.

Only a kitchen whose every camera sees, and was looked at a moment ago, is in order: what nobody sees is never calm.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

WITH_OWNER = ("pushed", "overdue_yellow", "overdue_red")
WAITING = ("rectified_claimed", "appealed", "case")
CAUSES = ("offline", "frozen", "dark", "covered", "blurred", "moved", "silent")
FRESH = timedelta(minutes=10)
"""a camera whose pictures were not looked at for longer says nothing of now"""
MINUTE = timedelta(minutes=1)
TONES = ("late", "unknown", "fine")
Row = Mapping[str, Any]


class Part(NamedTuple):
    """A part of the sentence: the text `kitchen.now_...`, how many, whom it names, since or until when."""

    key: str
    tone: str
    n: int = 0
    names: tuple[str, ...] = ()
    at: datetime | None = None


class Standing(NamedTuple):
    """The sentence, and how urgent it is: the smaller the rank, the sooner a person has to look."""

    parts: tuple[Part, ...]
    rank: tuple[int, float]

    @property
    def tone(self) -> str:
        return min((part.tone for part in self.parts), key=TONES.index)


def standing(
    findings: Sequence[Row], cameras: Sequence[Row], sensors: Sequence[Row], now: datetime, language: str
) -> Standing:
    """How a kitchen stands. Cameras have `sees` and `looked_at`, sensors `silence`, all of them names."""
    to_do = [row for row in findings if row["state"] in WITH_OWNER]
    late = [row for row in to_do if is_late(row, now)]
    parts = []
    if late:
        dues = [row["due_at"] for row in late if row["due_at"]]
        parts.append(Part("overdue", "late", len(late), (), min(dues, default=None)))
    if len(to_do) > len(late):
        dues = [row["due_at"] for row in to_do if row not in late and row["due_at"]]
        # All by one time, or the first of them by that time.
        together = max(dues, default=now) - min(dues, default=now) < MINUTE
        key = "to_do" if together else "to_do_first"
        parts.append(Part(key, "late", len(to_do) - len(late), (), min(dues, default=None)))
    parts += [*_unseen(cameras, now, language), *_unheard(sensors, language)]
    waiting = sum(row["state"] in WAITING for row in findings)
    if waiting:
        parts.append(Part("waiting", "fine", waiting))
    if not any(part.tone != "fine" for part in parts):
        looked = min(row["looked_at"] for row in cameras)
        parts.insert(0, Part("fine", "fine", 0, (), looked))
    return Standing(tuple(parts), _rank(parts, now))


def cause_of(camera: Row) -> str:
    """Why a camera sees nothing now, as a key of the texts `blind`; empty while it sees."""
    if camera["sees"]:
        return ""
    if camera["silence"]:
        return "silent"
    return camera["cause"] if camera["cause"] in CAUSES else "unknown"


def refusal(story: Sequence[Row]) -> Row | None:
    """The last step in which an officer said no to the owner: not put right, or the finding stands."""
    return next((entry for entry in reversed(story) if refused(entry)), None)


def refused(entry: Row) -> bool:
    """Whether a step of a finding's history is an officer's no."""
    return bool(entry["action"] == "appeal_refused" or entry["reason"].startswith("not put right: "))


def is_late(row: Row, now: datetime) -> bool:
    """Whether it should have been put right before now."""
    return row["state"] in WITH_OWNER[1:] or (row["due_at"] is not None and row["due_at"] <= now)


def _unseen(cameras: Sequence[Row], now: datetime, language: str) -> list[Part]:
    if not cameras:
        return [Part("no_camera", "unknown")]
    found = []
    blind = [row for row in cameras if not row["sees"]]
    if blind:
        found.append(Part("blind", "unknown", len(blind), _names(blind, language)))
    idle = [row for row in cameras if row["sees"] and (row["looked_at"] is None or now - row["looked_at"] > FRESH)]
    if idle:
        looked = [row["looked_at"] for row in idle if row["looked_at"]]
        found.append(Part("not_looked", "unknown", len(idle), _names(idle, language), min(looked, default=None)))
    return found


def _unheard(sensors: Sequence[Row], language: str) -> list[Part]:
    silent = [row for row in sensors if row["silence"]]
    return [Part("unheard", "unknown", len(silent), _names(silent, language))] if silent else []


def _names(rows: Sequence[Row], language: str) -> tuple[str, ...]:
    return tuple(row[f"name_{language}"] or row["code"] for row in rows)


def _rank(parts: Sequence[Part], now: datetime) -> tuple[int, float]:
    order = {"overdue": 0, "to_do": 1, "to_do_first": 1}
    first = min(parts, key=lambda part: order.get(part.key, 2 + TONES.index(part.tone)))
    due = (first.at - now).total_seconds() if first.at and first.key in order else 0.0
    return order.get(first.key, 2 + TONES.index(first.tone)), due
