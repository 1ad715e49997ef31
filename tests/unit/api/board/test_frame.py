"""The board as pieces: whoever applies what differs has the new board, and its clocks are of now."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.board.frame import Frame, Piece, change, stamp_of, wind

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
REGIONS = ("cards", "side")
frames = st.lists(
    st.tuples(st.sampled_from(REGIONS), st.integers(0, 8), st.integers(0, 2)), max_size=12, unique_by=lambda p: p[1]
).map(lambda made: [Piece(region, f"k{key}", str(stamp), f"{key}/{stamp}") for region, key, stamp in made])


def applied(shown: dict[str, list[tuple[str, str]]], told: dict) -> dict[str, list[tuple[str, str]]]:  # type: ignore[type-arg]
    """What `draw` in board.js makes of a change."""
    html = {key: text for pieces in shown.values() for key, text in pieces} | told["html"]
    return {
        region: [(key, html[key]) for key in told["order"].get(region, [key for key, _ in shown.get(region, [])])]
        for region in REGIONS
    }


def regions(pieces: list[Piece]) -> dict[str, list[tuple[str, str]]]:
    return {name: [(p.key, p.html) for p in pieces if p.region == name] for name in REGIONS}


@given(frames, frames)
def test_what_differs_turns_one_board_into_the_other(before: list[Piece], after: list[Piece]) -> None:
    old, new = Frame("1", before), Frame("2", after)
    told = change(old, new)
    assert told["base"] == "1" and told["version"] == "2"
    assert applied(regions(before), told) == regions(after)
    assert applied({}, change(None, new)) == regions(after)


@given(frames)
def test_of_what_stands_already_nothing_is_sent(pieces: list[Piece]) -> None:
    told = change(Frame("1", pieces), Frame("2", pieces))
    assert told["html"] == {} and told["order"] == {}


def test_clocks_are_set_when_a_page_is_sent() -> None:
    since = f'<b class="x" data-since="{(NOON - timedelta(seconds=252)).isoformat()}">old</b>'
    until = f'<b data-until="{(NOON + timedelta(seconds=108)).isoformat()}">old</b>'
    late = f'<b data-until="{(NOON - timedelta(seconds=61)).isoformat()}">old</b>'
    start, stop = NOON - timedelta(seconds=30), NOON + timedelta(seconds=90)
    bar = f'<progress value="0" data-from="{start.isoformat()}" data-to="{stop.isoformat()}"></progress>'
    shown = wind(since + until + late + bar, NOON)
    assert ">04:12<" in shown and ">01:48<" in shown
    assert ">−01:01<" in shown, "a clock that has run out says by how much"
    assert 'value="0.250"' in shown and "old" not in shown


def test_a_stamp_differs_with_what_is_said() -> None:
    assert stamp_of({"tier": 1, "at": NOON}) == stamp_of({"tier": 1, "at": NOON})
    assert stamp_of({"tier": 1, "at": NOON}) != stamp_of({"tier": 2, "at": NOON})
