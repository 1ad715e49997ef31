"""PURE: what the board's map shows, as GeoJSON for `static/js/map.js`. Only what is known: a crew has no position."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from api.board.view import urgency
from api.i18n import clock, hour, text

Row = Mapping[str, Any]
COMING = ("accepted", "en_route")


def points(language: str, tail: str, rows: Sequence[Row], stations: Sequence[Row], now: datetime) -> dict[str, Any]:
    """Stations, then crews, then incidents with the most urgent last: what comes later lies on top."""
    crews = [
        (row, crew)
        for row in rows
        for crew in row["crews"] or ()
        if crew["state"] in COMING and crew["lat"] is not None and crew["lon"] is not None
    ]
    busy = {(crew["lat"], crew["lon"]) for _, crew in crews}
    features = [_station(language, station) for station in stations if (station["lat"], station["lon"]) not in busy]
    features += [_crew(language, tail, row, crew) for row, crew in crews]
    features += [_incident(language, tail, row, now) for row in sorted(rows, key=lambda row: urgency(row, now))[::-1]]
    return {"type": "FeatureCollection", "features": features}


def _incident(language: str, tail: str, row: Row, now: datetime) -> dict[str, Any]:
    out = row["released_at"] is not None
    tone = "plain" if out else ("late" if row["arrived_at"] is not None else "danger")
    waited = clock(((row["released_at"] or now) - row["alarm_at"]).total_seconds())
    lines = [
        f"{text(language, 'state.' + row['state'])} · {text(language, 'board.tier', n=row['tier'])} · {waited}",
        f"{row[f'place_{language}']} {row[f'lift_{language}']}",
    ]
    people = row["people_inside"]
    lines.append(text(language, "board.people_unknown") if people is None else text(language, "board.people", n=people))
    href = f"/board/incident/{row['number']}{tail}"
    return _point("lift", row["lon"], row["lat"], tone, row["lift_code"], lines, href)


def _crew(language: str, tail: str, row: Row, crew: Row) -> dict[str, Any]:
    eta = datetime.fromisoformat(crew["eta_at"]) if crew["eta_at"] else None
    coming = text(language, "map.eta", at=hour(eta)) if eta else text(language, "map.no_eta")
    lines = [text(language, "map.to", code=row["lift_code"]), coming, text(language, "map.crew_place")]
    href = f"/board/incident/{row['number']}{tail}"
    return _point("crew", crew["lon"], crew["lat"], "fine", crew[f"name_{language}"], lines, href)


def _station(language: str, row: Row) -> dict[str, Any]:
    free = row["crews"] - row["busy"]
    tone = "plain" if free > 0 else "late"
    lines = [text(language, "map.free", n=max(0, free), of=row["crews"]), row["phone"]]
    return _point(
        "station", row["lon"], row["lat"], tone, row[f"name_{language}"], [line for line in lines if line], ""
    )


def _point(kind: str, lon: float, lat: float, tone: str, label: str, lines: list[str], href: str) -> dict[str, Any]:
    properties = {"kind": kind, "tone": tone, "label": label, "text": "\n".join(lines)}
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {**properties, "href": href} if href else properties,
    }
