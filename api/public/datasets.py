"""PURE: what the open data holds: every column with its kind and unit. Files and dictionary come from here alone."""

from collections.abc import Mapping
from typing import NamedTuple

LICENCE, LICENCE_URL = "CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"


class Column(NamedTuple):
    """`kind`: text, integer, number, date, month or boolean; `unit` as a text's key, or nothing."""

    name: str
    kind: str = "text"
    unit: str = ""


class Dataset(NamedTuple):
    """A file of open data, from the statement of that name."""

    name: str
    statement: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def _counts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "integer") for name in names)


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


_MONTH, _TOWN = Column("month", "month"), Column("town_code")
_ADDRESS = _texts("address_zh", "address_en", "town_code")
DATASETS: Mapping[str, Dataset] = {
    found.name: found
    for found in (
        Dataset(
            "rescues",
            "open_rescues",
            (
                _MONTH,
                _TOWN,
                *_counts("rescues", "in_mass_incidents", "answered_in_3_min", "not_answered_in_3_min"),
                *_counts("arrived_in_30_min", "not_arrived_in_30_min"),
                Column("mean_arrival_min", "number", "minutes"),
                Column("mean_release_min", "number", "minutes"),
                *_counts("tier_1", "tier_2", "tier_3"),
            ),
        ),
        Dataset(
            "lifts",
            "open_lifts",
            (
                *_texts("lift_code", "lift_kind", "place_zh", "place_en", "name_zh", "name_en"),
                *_ADDRESS,
                *_texts("maintenance_zh", "maintenance_en"),
                Column("next_inspection", "date"),
                *_counts("trapped_12_months"),
            ),
        ),
        Dataset(
            "kitchens",
            "open_kitchens",
            (
                *_texts("kitchen_code", "kitchen_kind", "name_zh", "name_en"),
                *_ADDRESS,
                Column("licence"),
                *_counts("cameras", "cameras_active"),
                Column("open_now", "boolean"),
            ),
        ),
        Dataset(
            "findings",
            "open_findings",
            (
                _MONTH,
                _TOWN,
                Column("rule"),
                *_counts("findings", "put_right", "put_right_in_time"),
                Column("suppressed", "boolean"),
            ),
        ),
        Dataset(
            "open-kitchens",
            "open_shares",
            (
                _MONTH,
                _TOWN,
                Column("days_seen", "integer", "days"),
                Column("mean_kitchens", "number"),
                Column("open_percent", "number", "percent"),
            ),
        ),
    )
}
