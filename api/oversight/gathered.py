"""PURE: what was read for a period, as figures of the whole, of its months and of its towns."""

from collections.abc import Mapping
from typing import NamedTuple

from api.oversight.figures import Figures, Row, figures
from api.oversight.selection import Period, name_of


class Gathered(NamedTuple):
    """Rows of the statements `rescues` and `spread`, and the lifts in use by town."""

    rows: list[Row]
    spread: list[Row]
    lifts: Mapping[str, int]
    period: Period

    def whole(self) -> Figures:
        row = next(row for row in self.rows if not row["of_month"] and not row["of_town"])
        return figures(row, sum(self.lifts.values()), self.period.months)

    def by_month(self) -> list[tuple[str, Figures | None]]:
        """Every month of the period; None: nothing happened in it, as far as is known."""
        found, lifts = {row["month"]: row for row in self.rows if row["of_month"]}, sum(self.lifts.values())
        return [
            (name_of(month), figures(found[month], lifts, passed) if month in found else None)
            for month, passed in self.period.each()
        ]

    def by_town(self) -> dict[str, Figures]:
        return {
            row["town_code"]: figures(row, self.lifts.get(row["town_code"], 0), self.period.months)
            for row in self.rows
            if row["of_town"]
        }
