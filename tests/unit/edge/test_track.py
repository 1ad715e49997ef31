"""Heads are followed at 2-5 looks a second, through gaps and crossings."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from contracts.kinds import ObjectKind
from contracts.vision import Box, Detection
from edge.drawn import Scene
from edge.track import KEPT_S, TrackState, distinct, step

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def head(x: float, y: float = 100, size: float = 60) -> Detection:
    return Detection(ObjectKind.HEAD, Box(x, y, x + size, y + size), 0.9)


def follow(looks: list[list[Detection]], every: float = 0.5) -> list[list[int]]:
    state, ids = TrackState(), []
    for number, detections in enumerate(looks):
        state, tracks = step(state, detections, T0 + timedelta(seconds=number * every))
        ids.append([track.id for track in tracks])
    return ids


def test_a_walking_head_stays_itself() -> None:
    assert follow([[head(100 + 30 * number)] for number in range(12)]) == [[1]] * 12


def test_two_that_cross_keep_their_names() -> None:
    looks = [[head(100 + 30 * number, 100), head(430 - 30 * number, 128)] for number in range(12)]
    assert follow(looks) == [[1, 2]] * 12


def test_a_head_that_was_hidden_comes_back_as_itself() -> None:
    looks = [[head(100)]] * 4 + [[]] * 12 + [[head(130)]]
    assert follow(looks)[-1] == [1]
    late = [[head(100)]] * 4 + [[]] * (int(KEPT_S * 2) + 4) + [[head(100)]]
    assert follow(late)[-1] == [2]


def test_another_place_or_another_size_is_another_head() -> None:
    assert follow([[head(100)], [head(500)]])[-1] == [2]
    assert follow([[head(100, size=40)], [head(100, size=120)]])[-1] == [2]


def test_roaming_is_measured_in_heads() -> None:
    state = TrackState()
    for number in range(5):
        state, tracks = step(state, [head(100 + 15 * number)], T0 + timedelta(seconds=number))
    assert tracks[0].roam == 1.0 and tracks[0].looks == 5


def test_the_cooks_of_the_drawn_scene_keep_their_names_mostly() -> None:
    scene, state = Scene(1), TrackState()
    names: dict[int, str] = {}
    switches = 0
    for number in range(120):
        _, truth = scene.frame(number * 0.5)
        visible = [one for one in truth if one.kind is ObjectKind.HEAD and one.visible > 0.5]
        detections = [Detection(one.kind, one.box, 0.9) for one in visible]
        state, tracks = step(state, detections, T0 + timedelta(seconds=number * 0.5))
        for one, track in zip(visible, tracks, strict=True):
            switches += names.setdefault(track.id, one.name) != one.name
            names[track.id] = one.name
    assert switches <= 2 and len(names) <= 8


boxes = st.builds(head, st.floats(-50, 700), st.floats(-50, 400), st.floats(1, 200))


@given(st.lists(st.lists(boxes, max_size=6), max_size=8))
def test_every_detection_gets_one_track_and_no_two_share_one(looks: list[list[Detection]]) -> None:
    for detections, ids in zip(looks, follow(looks), strict=True):
        assert len(ids) == len(detections) == len(set(ids))


def test_the_same_head_twice_counts_once() -> None:
    outer, inner, other = head(100, size=80), head(110, 115, size=50), head(300)
    sure = [Detection(ObjectKind.HEAD, outer.box, 0.9), Detection(ObjectKind.HEAD, inner.box, 0.4), other]
    assert distinct(sure) == [sure[0], other]
    beside = [head(100, size=60), head(130, size=60)]
    assert distinct(beside) == beside
