"""PURE: a simulation as JSON for machines, and as a table for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from alerting.simulate.figures import PERCENTILES, TIERS

AS_SHARE = ("response_3min_share", "arrival_30min_share", "tier2_called_share", "tier3_called_share")


def body(
    names: Sequence[str], figures: Sequence[Mapping[str, Any]], paired: Mapping[str, Any] | None, **facts: object
) -> dict[str, Any]:
    """Everything that was found."""
    policies = [{"policy": name, **found} for name, found in zip(names, figures, strict=True)]
    return {**facts, "policies": policies, **({"paired": paired} if paired is not None else {})}


def table(names: Sequence[str], figures: Sequence[Mapping[str, Any]]) -> Table:
    """The figures side by side."""
    shown = Table("", *names)
    for title, cells in _lines(figures):
        shown.add_row(title, *cells)
    return shown


def _lines(figures: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    found = [("incidents", [f"{one['incidents']:,}" for one in figures])]
    for key, title in (("arrival_min", "arrival"), ("release_min", "release on site"), ("trapped_min", "trapped")):
        found.append((f"{title}, mean (95 %) min", [_mean(one[key]) for one in figures]))
        percentiles = " ".join(f"p{one}" for one in PERCENTILES)
        found.append((f"{title}, {percentiles} min", [_percentiles(one[key]) for one in figures]))
    found.append(("answered within 3 min", [_share(one["response_3min"]) for one in figures]))
    found.append(("there within 30 min", [_share(one["arrival_30min"]) for one in figures]))
    for key, title in (("tier_first_there", "first there"), ("tier_called", "highest called")):
        found += [(f"tier {tier} {title}", [_share(one[key][str(tier)]) for one in figures]) for tier in TIERS]
    found.append(("pages per incident", [f"{one['pages_per_incident']:.3f}" for one in figures]))
    found.append(
        ("people who waited > 30 min", [f"{one['people_waiting_over_30_min']} of {one['people']:,}" for one in figures])
    )
    found.append(("incidents to which nobody came", [str(one["nobody_came"]) for one in figures]))
    keys = sorted({key for one in figures for key in one["clocks_fired"]})
    found += [(f"fired: {key}", [f"{one['clocks_fired'].get(key, 0):,}" for one in figures]) for key in keys]
    return found


def _mean(spread: Mapping[str, float]) -> str:
    return f"{spread['mean']:.2f} ({spread['mean_low']:.2f} to {spread['mean_high']:.2f})" if spread else "-"


def _percentiles(spread: Mapping[str, float]) -> str:
    return " ".join(f"{spread[f'p{one}']:.1f}" for one in PERCENTILES) if spread else "-"


def _share(found: Mapping[str, float]) -> str:
    return f"{100 * found['share']:.3f} % ({100 * found['low']:.3f} to {100 * found['high']:.3f})"


def paired_table(names: Sequence[str], paired: Mapping[str, Mapping[str, float]]) -> Table:
    """How the second differs from the first over the same incidents."""
    shown = Table(f"{names[1]} less {names[0]}", "difference", "95 % interval")
    for key, found in paired.items():
        times, unit = (100, " %") if key in AS_SHARE else (1, "")
        values = [f"{times * found[part]:+.4f}{unit}" for part in ("difference", "low", "high")]
        shown.add_row(key, values[0], f"{values[1]} to {values[2]}")
    return shown
