"""From bytes a row to a lift's year, and the bars that show it."""

from xml.etree import ElementTree

import pytest

from ingest.bench.sizes import Chunked, Kept, Sizes, years
from ingest.bench.storage_plot import amount, draw

MINUTE = Kept(rows=2 * 1440, loose=100.0, packed=10.0)
CHUNKED = Chunked(
    version="2.29.2",
    chunk_hours=6,
    rows=200.0,
    columns=20.0,
    pack_rows_per_s=1,
    refresh_rows_per_s=1,
    rollups={"minute": MINUTE},
)
PLAIN = Sizes(
    lifts=2,
    hours=24.0,
    every_s=10.0,
    rows=2 * 8640,
    postgresql="18.4",
    plain={"table": 100.0, "key": 50.0},
    delete_rows_per_s=1,
    chunked=None,
)
BOTH = Sizes(**{name: getattr(PLAIN, name) for name in PLAIN.__struct_fields__ if name != "chunked"}, chunked=CHUNKED)


def test_a_year_has_its_samples() -> None:
    # 8,640 samples a day of 150 bytes are 1.296 MB.
    assert [(one.name, round(one.megabytes, 3)) for one in years(PLAIN)] == [("plain PostgreSQL", 473.04)]
    assert round(years(PLAIN)[0].city_terabytes, 2) == 28.38


def test_timescale_and_its_rollups_stand_beside() -> None:
    made = {one.name: one.megabytes for one in years(BOTH)}
    assert made["TimescaleDB, columns"] * 10 == pytest.approx(made["TimescaleDB, rows"])
    assert made["rollup by minute, columns"] == pytest.approx(1440 * 365 * 10 / 1e6)


@pytest.mark.parametrize("found", [PLAIN, BOTH])
def test_every_way_has_its_bar(found: Sizes) -> None:
    drawing = ElementTree.fromstring(draw(found))
    bars = drawing.findall("{http://www.w3.org/2000/svg}rect")
    assert len(bars) == 1 + len(years(found))
    longest = max(float(bar.attrib["width"]) + float(bar.attrib.get("x", 0)) for bar in bars[1:])
    assert longest < float(bars[0].attrib["width"])


@pytest.mark.parametrize(("value", "text"), [(1234.5, "1234"), (12.34, "12.3"), (1.234, "1.2"), (0.0123, "0.012")])
def test_three_digits_count(value: float, text: str) -> None:
    assert amount(value) == text
