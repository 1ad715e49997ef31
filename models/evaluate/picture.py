"""The report as a picture: recall against false detections, and whether a score of 0.8 is right eight times of ten."""

from collections.abc import Sequence
from html import escape

from models.evaluate.metrics import Bin, Point
from models.evaluate.report import Report

_SIDE, _GAP, _EDGE = 200, 56, 44
_COLOURS = ("#1f5fa8", "#b4540a", "#2f7d4f", "#7a3fa0")
_MOST_FALSE = 1.0


def drawing(report: Report) -> str:
    """An SVG of four panels, as wide as a page of text; texts are in it, so it can be searched and read aloud."""
    heads, whole = report.head.get("all"), report.person.get("all")
    panels = [
        _curves("Recall by false heads a picture", {k: h.curve for k, h in report.head.items() if k != "all"}),
        _curves("Recall by false people a picture", {k: p.curve for k, p in report.person.items() if k != "all"}),
        _reliability(
            "Detection score and truth",
            {"head": heads.reliability if heads else (), "person": whole.reliability if whole else ()},
        ),
        _reliability(
            "Score of worn and truth",
            {
                item: numbers.reliability
                for item in ("hat", "mask")
                if heads is not None and (numbers := getattr(heads, item)) is not None
            },
        ),
    ]
    width = 2 * (_SIDE + _GAP) + _EDGE
    height = 2 * (_SIDE + _GAP) + 16
    places = [(_EDGE + (i % 2) * (_SIDE + _GAP), 30 + (i // 2) * (_SIDE + _GAP)) for i in range(4)]
    body = "".join(
        f'<g transform="translate({x},{y})">{panel}</g>' for (x, y), panel in zip(places, panels, strict=True)
    )
    title = escape(f"{report.model.name} {report.model.version} on split {report.split}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-size="11" '
        f'font-family="sans-serif" fill="#222"><title>{title}</title>'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{body}</svg>\n'
    )


def _curves(title: str, lines: dict[str, Sequence[Point]]) -> str:
    shown = {
        name: [
            (point.false_per_picture / _MOST_FALSE, point.recall) for point in points if point.false_per_picture <= 1
        ]
        for name, points in lines.items()
    }
    return _panel(title, shown, "false a picture", "recall")


def _reliability(title: str, lines: dict[str, Sequence[Bin]]) -> str:
    diagonal = f'<path d="M0 {_SIDE}L{_SIDE} 0" stroke="#999" stroke-dasharray="3 3"/>'
    shown = {name: [(each.score, each.share) for each in rows] for name, rows in lines.items()}
    return diagonal + _panel(title, shown, "score", "share that is right")


def _panel(title: str, lines: dict[str, list[tuple[float, float]]], across: str, up: str) -> str:
    ticks = "".join(
        f'<text x="{share * _SIDE:g}" y="{_SIDE + 14}" text-anchor="middle">{share:g}</text>'
        f'<text x="-6" y="{(1 - share) * _SIDE + 4:g}" text-anchor="end">{share:g}</text>'
        for share in (0, 0.5, 1)
    )
    drawn = "".join(_line(i, name, points) for i, (name, points) in enumerate(lines.items()))
    return (
        f'<rect width="{_SIDE}" height="{_SIDE}" fill="none" stroke="#888"/>'
        f'<text x="0" y="-8" font-weight="bold">{escape(title)}</text>{ticks}'
        f'<text x="{_SIDE / 2:g}" y="{_SIDE + 28}" text-anchor="middle">{across}</text>'
        f'<text transform="translate(-28,{_SIDE / 2:g})rotate(-90)" text-anchor="middle">{up}</text>{drawn}'
    )


def _line(number: int, name: str, points: list[tuple[float, float]]) -> str:
    colour = _COLOURS[number % len(_COLOURS)]
    label = (
        f'<text x="{_SIDE - 6}" y="{_SIDE - 8 - 14 * number}" text-anchor="end" fill="{colour}">{escape(name)}</text>'
    )
    if not points:
        return label
    path = "L".join(f"{x * _SIDE:.1f} {(1 - y) * _SIDE:.1f}" for x, y in sorted(points))
    dots = "".join(
        f'<circle cx="{x * _SIDE:.1f}" cy="{(1 - y) * _SIDE:.1f}" r="2.2" fill="{colour}"/>' for x, y in points
    )
    return f'{label}<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>{dots}'
