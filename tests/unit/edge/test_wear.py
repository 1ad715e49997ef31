"""3 of 5 looks in 10 s; unknown speaks for neither side; posters never; one event per subject and repeat."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.kinds import ObjectKind, Phase, Rule, Wear, ZoneKind
from contracts.vision import Box, Detection, Worn
from edge.config import VisionRules
from edge.rules import Decision, no_hat, no_mask, wear
from edge.rules.scene import Scene, Zone
from edge.track import Track

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = VisionRules()
SCORES = {"n": Worn(Wear.NOT_WORN, 0.05), "w": Worn(Wear.WORN, 0.95), "u": Worn(Wear.UNKNOWN, 0.5)}
BOX = Box(100, 100, 160, 170)


def seen(look: str, *, key: int = 1, roam: float = 1.0, box: Box = BOX) -> Track:
    head = Detection(ObjectKind.HEAD, box, 0.9, hat=SCORES[look], mask=SCORES[look])
    return Track(id=key, detection=head, born=T0, seen=T0, home=(0, 0), roam=roam)


def scene(*heads: Track, kind: ZoneKind = ZoneKind.COOKING) -> Scene:
    return Scene(heads=heads, width=640, height=360, zones=(Zone(name="here", kind=kind),))


def play(looks: str, *, every: float = 0.5, roam: float = 1.0, rules: VisionRules = RULES) -> list[Decision]:
    """Decisions of no_hat for one track; '-' is a look that does not see it."""
    state, said = wear.WearState(), []
    for number, look in enumerate(looks):
        tracks = [] if look == "-" else [seen(look, roam=roam)]
        now = T0 + timedelta(seconds=number * every)
        state, decisions = no_hat.step(state, scene(*tracks), now, rules)
        said += decisions
    return said


@pytest.mark.parametrize(
    ("looks", "starts"),
    [
        ("nnnnn", True),
        ("wwnnn", True),
        ("unnun", True),
        ("nnn", False),
        ("nnwwn", True),
        ("nwwwn", False),
        ("nuuun", False),
        ("uuuuuuuuuuuu", False),
        ("wwwwwwwwwwww", False),
        ("nunuuunuuunu", False),
        ("nnnuw", False),
    ],
)
def test_three_of_five_looks_start_an_event(looks: str, starts: bool) -> None:
    said = play(looks)
    assert [decision.phase for decision in said] == ([Phase.START] if starts else [])


def test_the_event_says_since_when_how_sure_and_of_whom() -> None:
    started = play("wwnnn")[0]
    assert started.rule is Rule.NO_HAT and started.subject == "head-1"
    assert started.zone == "here" and started.box == BOX
    assert started.at == T0 + timedelta(seconds=1)
    assert started.confidence == pytest.approx((3 * 0.95 + 2 * 0.05) / 5)
    assert started.details["against"] == 3 and started.details["looks"] == 5


def test_looks_that_are_too_far_apart_are_no_evidence() -> None:
    assert play("n" * 20, every=6) == []


def test_unknown_does_not_end_and_three_worn_do() -> None:
    assert [decision.phase for decision in play("nnnnnuuuuuuuuuu")] == [Phase.START]
    said = play("nnnnnuuuwww")
    assert [decision.phase for decision in said] == [Phase.START, Phase.END]
    assert said[1].at == said[0].at and said[1].subject == said[0].subject and "worn now" in said[1].reason


def test_who_leaves_ends_the_event_after_a_minute() -> None:
    said = play("nnnnn" + "-" * 200)
    assert [decision.phase for decision in said] == [Phase.START, Phase.END]
    assert "left" in said[1].reason


def test_the_same_subject_is_not_reported_again_before_the_repeat_is_over() -> None:
    round_of = "nnnnn" + "wwwww"
    assert sum(decision.phase is Phase.START for decision in play(round_of * 20)) == 1
    again = play(round_of * 20, rules=VisionRules(repeat_s=40))
    assert sum(decision.phase is Phase.START for decision in again) == 3


def test_a_poster_never_starts_until_it_moves() -> None:
    assert play("n" * 60, roam=wear.STIRS / 2) == []
    assert len(play("n" * 60, roam=wear.STIRS)) == 1


def test_two_cooks_are_two_subjects() -> None:
    state, said = wear.WearState(), []
    for number in range(8):
        tracks = [seen("n", key=1), seen("n", key=2), seen("w", key=3)]
        state, decisions = no_hat.step(state, scene(*tracks), T0 + timedelta(seconds=number), RULES)
        said += decisions
    assert sorted(decision.subject for decision in said) == ["head-1", "head-2"]


def test_a_head_that_is_too_small_tells_nothing() -> None:
    state, said = wear.WearState(), []
    for number in range(8):
        tracks = [seen("n", box=Box(0, 0, 15, 15))]
        state, decisions = no_hat.step(state, scene(*tracks), T0 + timedelta(seconds=number), RULES)
        said += decisions
    assert said == []


@pytest.mark.parametrize(
    ("zone", "advisory"),
    [
        (ZoneKind.SPECIAL_ROOM, False),
        (ZoneKind.SPECIAL_AREA, False),
        (ZoneKind.PORTIONING, False),
        (ZoneKind.COOKING, True),
        (ZoneKind.WASHING, True),
    ],
)
def test_a_mask_is_demanded_or_advised_by_zone(zone: ZoneKind, advisory: bool) -> None:
    state, said = wear.WearState(), []
    for number in range(5):
        state, decisions = no_mask.step(state, scene(seen("n"), kind=zone), T0 + timedelta(seconds=number), RULES)
        said += decisions
    assert [decision.details["advisory"] for decision in said] == [advisory]


def test_nobody_wears_a_hat_in_a_lift() -> None:
    state = wear.WearState()
    for number in range(8):
        now = T0 + timedelta(seconds=number)
        assert no_hat.step(state, scene(seen("n"), kind=ZoneKind.LIFT_CAR), now, RULES) == (state, [])
        assert no_mask.step(state, scene(seen("n"), kind=ZoneKind.LIFT_CAR), now, RULES) == (state, [])


@pytest.mark.parametrize(
    ("box", "clear"),
    [
        (Box(10, 10, 60, 70), True),
        (Box(10, 0, 60, 70), False),
        (Box(0, 10, 60, 70), False),
        (Box(590, 10, 640, 70), False),
        (Box(10, 300, 60, 360), False),
    ],
)
def test_a_head_cut_off_at_the_edge_tells_nothing(box: Box, clear: bool) -> None:
    head = wear.clear_of_edges(seen("n", box=box).detection, 640, 360)
    assert head.hat is not None and head.mask is not None
    assert (head.hat.state is Wear.NOT_WORN) is clear and (head.mask.state is Wear.NOT_WORN) is clear


@given(st.text(alphabet="nwu-", max_size=80), st.floats(0.1, 3))
def test_starts_and_ends_alternate_and_every_start_has_its_evidence(looks: str, every: float) -> None:
    said = play(looks, every=every, rules=VisionRules(repeat_s=1))
    phases = [decision.phase for decision in said]
    assert phases == [Phase.START, Phase.END] * (len(phases) // 2) + [Phase.START] * (len(phases) % 2)
    if said:
        assert looks.count("n") >= RULES.needed
    assert all(0 <= decision.confidence <= 1 for decision in said)


def test_the_state_does_not_grow_for_ever() -> None:
    state = wear.WearState()
    for number in range(500):
        now = T0 + timedelta(seconds=number * 5)
        state, _ = no_hat.step(state, scene(seen("n", key=number)), now, RULES)
    # Twelve that may come back within the minute, and those whose event must not be repeated for ten.
    assert len(state.tracks) <= 13
    for number in range(5000):
        now = T0 + timedelta(seconds=number)
        state, _ = no_hat.step(state, scene(seen("n", key=number // 5)), now, RULES)
    assert len(state.tracks) <= (RULES.repeat_s + 60) / 5 + 2


def test_who_turns_away_has_not_taken_the_mask_off() -> None:
    def play_mask(looks: str) -> list[Decision]:
        state, said = wear.WearState(), []
        for number, look in enumerate(looks):
            now = T0 + timedelta(seconds=number / 2)
            state, decisions = no_mask.step(state, scene(seen(look)), now, RULES)
            said += decisions
        return said

    assert play_mask("wwwww" + "n" * 50 + "wwwww" + "n" * 50) == []
    assert [decision.phase for decision in play_mask("wwwww" + "n" * 80)] == [Phase.START]
    assert [decision.phase for decision in play_mask("nnnnn")] == [Phase.START]


@pytest.mark.parametrize(
    ("people", "counts"),
    [
        ([], True),
        ([Box(90, 90, 180, 400)], True),
        ([Box(90, -300, 180, 200)], False),
        ([Box(90, -300, 180, 100)], False),
        ([Box(90, -300, 180, 200), Box(90, 90, 180, 400)], True),
        ([Box(300, -300, 380, 200)], True),
    ],
)
def test_a_knee_is_no_head(people: list[Box], counts: bool) -> None:
    assert wear.above_a_waist(seen("n").detection, people) is counts
