"""The pieces of the board: what each is drawn from, and when it has to be drawn again."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4, uuid5

from markupsafe import Markup

from api.board.frame import CSRF, Frame, Piece, stamp_of
from api.board.view import Group, Row
from api.page import ENVIRONMENT, words

if TYPE_CHECKING:
    from api.board.live import Facts

CARDS_SHOWN = 100
"""so many of the most urgent stand in full; the others are lines by town"""
DEAD_S = 15.0
"""a service without a sign of life for so long is named"""
SECRET: UUID = uuid4()
"""nobody guesses the identity of a command that this process offers"""


def drawn(language: str, chosen: bool, facts: "Facts", before: Frame | None) -> Sequence[Piece]:
    """The pieces of a board; those that say what they said before are taken over as they are."""
    known = {(piece.key, piece.stamp): piece for piece in before.pieces} if before else {}
    now = datetime.now(UTC)
    made = []
    for region, key, template, context in _parts(facts):
        stamp = _stamp(context)
        piece = known.get((key, stamp))
        made.append(piece or Piece(region, key, stamp, _html(language, chosen, template, now, context)))
    return made


def _html(language: str, chosen: bool, template: str, now: datetime, context: Mapping[str, Any]) -> str:
    def link(path: str) -> str:
        return path if not chosen else f"{path}{'&' if '?' in path else '?'}lang={language}"

    def csrf_field() -> Markup:
        return Markup('<input type="hidden" name="csrf" value="{}">').format(CSRF)

    def command_field(*parts: object) -> Markup:
        """Whoever presses this button for this state of things presses the same: it happens once."""
        identity = uuid5(SECRET, "/".join(str(part) for part in parts))
        return Markup('<input type="hidden" name="command" value="{}">').format(identity)

    return ENVIRONMENT.get_template(f"board/piece_{template}.html").render(
        **words(language), link=link, csrf_field=csrf_field, command_field=command_field, now=now, **context
    )


def stamped(row: Row) -> Row:
    """A row with the stamp of all it says; when a device that is heard was heard last is not shown."""
    shown = {**row, "heard_at": row["heard_at"] if row["silent"] else None}
    return {**shown, "stamp": stamp_of(shown)}


def _stamp(context: Mapping[str, Any]) -> str:
    rows = context.get("rows") or ([context["row"]] if "row" in context else [])
    return stamp_of([row["stamp"] for row in rows], {name: context[name] for name in context if name[:3] != "row"})


def _parts(facts: "Facts") -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for stranger in facts.strangers:
        yield "top", f"s-{stamp_of(stranger['site'], stranger['code'])}", "stranger", {"s": stranger}
    for service in _dead(facts.services):
        if service["service"] != "api":
            yield "top", f"dead-{service['service']}", "dead", {"service": service["service"], "at": _minute(service)}
    for note in facts.unread:
        yield "top", f"h-{note['id']}", "hand_over", {"note": note}
    yield "count", "count", "count", _counts(facts.rows)
    cards, lines = _cut(facts.groups)
    for group in cards:
        if group.mass:
            yield "cards", f"m-{group.mass['number']}", "mass", {"mass": group.mass, "rows": group.rows}
        else:
            yield "cards", f"i-{group.rows[0]['number']}", "card", {"row": group.rows[0]}
    if not facts.rows:
        yield "cards", "none", "none", {}
    for town, found in groupby(sorted(lines, key=lambda row: (row["town_code"], row["lift_code"])), _town):
        yield "lines", f"t-{town}", "lines", {"rows": list(found)}
    yield from _side(facts)


def _side(facts: "Facts") -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    side = facts.side
    today = {name: None if value is None else round(float(value), 1) for name, value in side["today"].items()}
    yield "side", "today", "today", {"today": {**today, "trapped": side["today"]["trapped"]}}
    blind = {"silences": side["silences"], "more_silent": side["more_silent"]}
    yield "side", "blind", "blind", {"blind": side["blind"], **blind}
    yield "side", "ready", "ready", {"ready": side["ready"]}
    dead = {row["service"]: _minute(row) for row in _dead(facts.services)}
    yield "side", "services", "services", {"services": [row["service"] for row in facts.services], "dead": dead}


def _town(row: Row) -> str:
    return str(row["town_code"])


def _dead(services: Sequence[Row]) -> list[Row]:
    return [service for service in services if service["age_s"] > DEAD_S]


def _minute(service: Row) -> str:
    return str(service["at"].isoformat(timespec="minutes"))


def _counts(rows: Sequence[Row]) -> dict[str, Any]:
    inside = [row for row in rows if row["released_at"] is None]
    return {
        "open": len(rows),
        "inside": len(inside),
        "late": sum(1 for row in inside if row["arrived_at"] is None and row["tier"] > 1),
    }


def _cut(groups: Sequence[Group]) -> tuple[list[Group], list[Row]]:
    """The most urgent in full, and the rest; a mass incident has as many cards as there is room for."""
    cards: list[Group] = []
    lines: list[Row] = []
    room = CARDS_SHOWN
    for group in groups:
        shown, rest = group.rows[:room], group.rows[room:]
        if shown:
            cards.append(Group(group.mass, shown))
        lines += rest
        room -= len(shown)
    return cards, lines
