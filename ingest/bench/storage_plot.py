"""PURE: the sizes as an SVG of bars."""

from ingest.bench.sizes import Sizes, Year, years

WIDTH, LEFT, RIGHT, TOP, ROW, BAR = 760, 190, 190, 52, 34, 20
INK, FILL, SMALL = "#334155", "#1d4ed8", "#64748b"


def draw(found: Sizes) -> str:
    """A bar for each way of keeping a lift's year."""
    made = years(found)
    most = max(year.megabytes for year in made)
    chunks = f", chunks of {found.chunked.chunk_hours} h" if found.chunked else ""
    height = TOP + ROW * len(made) + 16
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        '<text x="14" y="20" font-size="14">One lift and year: MB, and TB for 60,000 lifts</text>',
        f'<text x="14" y="38" fill="{SMALL}">measured on {found.lifts} simulated lifts over {found.hours:g} h, '
        f"one sample every {found.every_s:g} s{chunks}</text>",
    ]
    for number, year in enumerate(made):
        lines += _bar(TOP + ROW * number, year, most)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _bar(top: int, year: Year, most: float) -> list[str]:
    length = max(1.0, year.megabytes / most * (WIDTH - LEFT - RIGHT))
    return [
        f'<text x="{LEFT - 8}" y="{top + 15}" text-anchor="end">{year.name}</text>',
        f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" fill="{FILL}"/>',
        f'<text x="{LEFT + length + 8:.1f}" y="{top + 15}">{amount(year.megabytes)} MB, '
        f"{amount(year.city_terabytes)} TB</text>",
    ]


def amount(value: float) -> str:
    """Three digits that count."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2g}"
