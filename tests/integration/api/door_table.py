"""The tables of docs/doors.md as a program reads them, and the doors that an application really has."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from fastapi import FastAPI
from starlette.routing import Mount

DOORS = Path(__file__).resolve().parents[3] / "docs" / "doors.md"
VIEWERS = (
    *("nobody", "operator", "operator elsewhere", "regulator", "regulator elsewhere", "owner", "other owner"),
    *("admin", "crew", "gateway", "agent", "other agent", "token", "token elsewhere", "narrow token"),
)
ANSWERS = ("in", "without", "sign in", "nothing", "refused")
EVERYBODY = "everybody"


class Row(NamedTuple):
    """One door: what is knocked with, and what each viewer gets."""

    method: str
    path: str
    things: tuple[str, ...]
    """objects of the world, by name"""
    given: Mapping[str, str]
    """values for blanks of the path, and for the query or the form"""
    answers: Mapping[str, str]

    @property
    def door(self) -> str:
        return f"{self.method} {self.path}"

    def answer(self, viewer: str) -> str:
        return self.answers.get(EVERYBODY) or self.answers.get(viewer) or self.answers["nobody"]

    def hides(self, viewer: str) -> bool:
        """Whether nothing private of the row's objects may be in what a viewer gets."""
        return EVERYBODY in self.answers or self.answer(viewer) != "in" or viewer == "nobody"


def read(path: Path = DOORS) -> list[Row]:
    """The rows of all tables. Raises ValueError with the line that is wrong."""
    rows: list[Row] = []
    head: list[str] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.startswith("|"):
            head = []
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not head:
            head = cells
        elif head[:2] == ["door", "with"] and not cells[0].startswith("---"):
            rows.append(_row(head, cells, f"{path.name}:{number}"))
    return rows


def _row(head: list[str], cells: list[str], where: str) -> Row:
    if len(cells) != len(head):
        raise ValueError(f"{where}: {len(cells)} columns, expected {len(head)}")
    method, _, path = cells[0].strip("`").partition(" ")
    words = [word.partition("=") for word in shlex.split(cells[1])]
    answers = dict(zip(head[2:], cells[2:], strict=True))
    for viewer, answer in answers.items():
        if viewer not in (*VIEWERS, EVERYBODY):
            raise ValueError(f"{where}: viewer {viewer!r}, expected one of {', '.join(VIEWERS)}")
        if answer not in ANSWERS and not answer.isdecimal():
            raise ValueError(f"{where}: {viewer} gets {answer!r}, expected a status or one of {', '.join(ANSWERS)}")
    things = tuple(name for name, equals, _ in words if not equals)
    return Row(method, path, things, {name: value for name, equals, value in words if equals}, answers)


def doors(app: FastAPI) -> set[str]:
    """Every method and path that the application answers, documented or not."""
    return set(_doors(app.routes))


def _doors(routes: Any) -> Iterator[str]:
    for route in routes:
        if isinstance(route, Mount):
            inner = _doors(route.routes) if route.routes else ["GET /{path}"]
            yield from (door.replace(" /", f" {route.path}/", 1) for door in inner)
        elif hasattr(route, "effective_route_contexts"):
            # A router of a part, with the prefix that it was included with.
            yield from _doors(route.effective_route_contexts())
        else:
            # What is neither is a door too, and has no row until somebody looks at it.
            methods = getattr(route, "methods", None) or {type(route).__name__}
            path = getattr(route, "path", repr(route)).replace(":path}", "}")
            yield from (f"{method} {path}" for method in methods if method != "HEAD" or "GET" not in methods)
