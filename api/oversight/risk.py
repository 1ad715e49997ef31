"""PURE: an order in which places and findings are looked at, 0 to 100, with its reasons. It is no grade.

The terms are added up; each has a number of points for every case and an end. Nobody has measured them: they are
written here, on the page and in docs/oversight.md, so that everybody can say why one stands before another.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

Row = Mapping[str, Any]
FULL = 100


class Term(NamedTuple):
    """`each` points for every case of a column, `most` in all."""

    name: str
    each: float
    most: float


class Reason(NamedTuple):
    """Why something stands where it stands."""

    name: str
    n: int
    points: float


KITCHEN = (
    Term("class_i", 25, 50),
    Term("late", 10, 30),
    Term("again", 5, 15),
    Term("open", 2, 10),
    Term("blind", 5, 10),
)
LIFT = (
    Term("trapped_again", 20, 40),
    Term("class_i", 20, 40),
    Term("late", 10, 30),
    Term("trapped", 3, 12),
    Term("open", 2, 10),
    Term("silent", 10, 10),
)
FINDING = (
    Term("class_i", 40, 40),
    Term("class_ii", 20, 20),
    Term("class_d", 10, 10),
    Term("class_iii", 5, 5),
    Term("late", 20, 20),
    Term("level", 7, 21),
    Term("again", 2, 10),
    Term("others", 2, 10),
)


def reasons(row: Row, terms: tuple[Term, ...]) -> list[Reason]:
    """The terms that count for a row, the weightiest first."""
    found = [
        Reason(term.name, int(row[term.name]), min(term.most, term.each * int(row[term.name])))
        for term in terms
        if row[term.name]
    ]
    return sorted(found, key=lambda reason: -reason.points)


def score(row: Row, terms: tuple[Term, ...]) -> int:
    """0 to 100. The statements of the lists reckon the same, so that the database can sort by it."""
    return round(min(FULL, sum(reason.points for reason in reasons(row, terms))))


def points(terms: tuple[Term, ...]) -> dict[str, float]:
    """The points as values of a statement."""
    return {
        **{f"{term.name}_each": float(term.each) for term in terms},
        **{f"{term.name}_most": float(term.most) for term in terms},
    }
