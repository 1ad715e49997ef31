"""Incidents played with people: the same for the same seed, paired under two policies, and true to the decisions."""

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from math import isnan
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerting.lift_policy import LiftPolicy
from alerting.prove.lift import prove
from alerting.simulate import behaviour
from alerting.simulate.behaviour import Behaviour, BehaviourError
from alerting.simulate.figures import gather
from alerting.simulate.play import Outcome, Player, _Play
from alerting.simulate.run import simulate
from alerting.simulate.scenes import Drawer, Scene
from contracts.kinds import Hazard

ROOT = Path(__file__).resolve().parents[4]
LIFT = tomllib.loads((ROOT / "alerting/policies/lift.toml").read_text("utf-8"))
POLICY = msgspec.convert(LIFT, LiftPolicy)
SHIPPED = behaviour.load(None)
NOON = Scene(minute=720)


def people(**parts: dict[str, Any]) -> Behaviour:
    """The shipped behaviour with some of it changed."""
    body = msgspec.to_builtins(SHIPPED)
    return msgspec.convert({**body, **{name: {**body[name], **part} for name, part in parts.items()}}, Behaviour)


def outcomes(policy: LiftPolicy, given: Behaviour, scene: Scene, count: int = 200) -> Iterator[Outcome]:
    player = Player(policy, given, 1)
    return (player.play(number, scene) for number in range(count))


def test_the_result_depends_on_the_seed_alone() -> None:
    one, other = (simulate([POLICY], SHIPPED, 5, 3000, processes=processes)[0] for processes in (1, 2))
    assert one.fired == other.fired
    assert all((one.columns[name] == other.columns[name]).all() or name.endswith("_s") for name in one.columns)
    assert str(one.columns["released_s"].tolist()) == str(other.columns["released_s"].tolist())
    assert simulate([POLICY], SHIPPED, 6, 100)[0].columns["pages"].tolist() != one.columns["pages"][:100].tolist()


def test_two_policies_get_the_same_people() -> None:
    body = {**LIFT, "clocks": {**LIFT["clocks"], "comfort_s": 100}}
    first, second = simulate([POLICY, msgspec.convert(body, LiftPolicy)], SHIPPED, 2, 500)
    assert first.columns["arrived_s"].tolist() == second.columns["arrived_s"].tolist()
    assert first.fired["comfort_s"] < second.fired["comfort_s"]


def test_the_shipped_behaviour_comes_near_the_published_figures() -> None:
    table = simulate([POLICY], SHIPPED, 1, 8000)[0].columns
    assert 9.8 * 60 < table["arrived_s"].mean() < 13.1 * 60
    assert 2.5 * 60 < (table["released_s"] - table["arrived_s"]).mean() < 7.3 * 60
    assert (table["accepted_s"] <= 180).mean() > 0.995
    assert 0.986 < (table["came"] == 1).mean() < 0.994
    assert 1.5 < table["people"].mean() < 2.6


def test_nobody_answers_and_every_tier_is_called_in_its_time() -> None:
    deaf = people(answer={"never": 1.0, "declines": 0.0, "later": 0.0})
    for one in outcomes(POLICY, deaf, NOON, 5):
        assert (one.tier, one.came, one.tier3_s) == (3, 0, 300)
        assert isnan(one.arrived_s) and isnan(one.released_s) and isnan(one.accepted_s)


def test_crews_that_accept_and_never_come() -> None:
    broken = people(arrival={"never": 1.0, "tells_eta": 0.0}, answer={"never": 0.0, "declines": 0.0})
    for one in outcomes(POLICY, broken, NOON, 20):
        assert one.came == 0
        assert 1800 < one.tier3_s <= 2400


def test_people_that_cannot_be_freed_get_the_other_tiers() -> None:
    stuck = people(release={"never": 1.0}, answer={"never": 0.0, "declines": 0.0}, arrival={"never": 0.0})
    for one in outcomes(POLICY, stuck, NOON, 20):
        assert (one.tier, isnan(one.released_s)) == (3, True)
        assert one.tier3_s <= min(one.arrived_s + 1800, 3600) + 0.001


def test_who_is_hurt_gets_all_at_once_and_who_is_looked_at_waits_for_it() -> None:
    hurt = Scene(minute=720, hazards=(Hazard.INJURY,))
    assert {one.tier3_s for one in outcomes(POLICY, SHIPPED, hurt, 20)} == {0.0}
    seen = Scene(minute=720, looked_at_s=30.0)
    calm = people(answer={"never": 0.0, "declines": 0.0})
    assert all(one.accepted_s > 30 for one in outcomes(POLICY, calm, seen, 20))
    unseen = Scene(minute=720, looked_at_s=4000.0)
    assert all("verify_s" in one.fired for one in outcomes(POLICY, SHIPPED, unseen, 20))


def test_a_mass_incident_calls_two_tiers_side_by_side() -> None:
    found = [
        *outcomes(POLICY, people(answer={"never": 0.0, "declines": 0.0}), Scene(minute=720, mass_after_s=20.0), 50)
    ]
    assert sum(one.tier >= 2 for one in found) == 50
    assert all("call_tier" in one.fired for one in found)


def test_nobody_can_be_reached_in_the_first_tier() -> None:
    found = [*outcomes(POLICY, people(reach={"nobody": [1.0, 0.0, 0.0]}), NOON, 50)]
    assert {one.tier for one in found} <= {2, 3}
    assert all("nobody" in one.fired for one in found)


def test_scenes_follow_the_hours() -> None:
    drawer = Drawer(SHIPPED, 1)
    hours = [drawer.scene(number).minute // 60 for number in range(4000)]
    assert sum(hour in (17, 18, 19) for hour in hours) > 5 * sum(hour in (3, 4, 5) for hour in hours)
    assert {drawer.scene(number).place_kind for number in range(500)} == {*SHIPPED.scene.place_kinds}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[answer]\nmedian_s = 0\n", "answer"),
        ("coffee = 1\n", "coffee|answer"),
        ("= 1", "behaviour.toml"),
    ],
)
def test_a_behaviour_that_cannot_be_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "behaviour.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(BehaviourError, match=words):
        behaviour.load(path)
    with pytest.raises(BehaviourError, match="cannot be read"):
        behaviour.load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("weights = [4, 3", "weights = [[4], 3"), "weights"),
        (("declines = 0.005 ", "declines = 0.9995 "), "expected at most 1 together"),
        (("injury =", "insult ="), "insult"),
    ],
)
def test_shares_that_cannot_be_are_named(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    text = (ROOT / "alerting/simulate/behaviour.toml").read_text("utf-8")
    path = tmp_path / "behaviour.toml"
    path.write_text(text.replace(*change), "utf-8")
    with pytest.raises(BehaviourError, match=words):
        behaviour.load(path)


seconds = st.integers(1, 5000)
policies = st.builds(
    lambda clocks, accepts, branches: msgspec.convert(
        {
            **LIFT,
            "clocks": {**LIFT["clocks"], **clocks},
            "tier": [{**tier, "accept_s": one} for tier, one in zip(LIFT["tier"], accepts, strict=True)],
            "branch": [{"name": f"b{number}", **one} for number, one in enumerate(branches)],
        },
        LiftPolicy,
    ),
    st.fixed_dictionaries(
        dict.fromkeys(("verify_s", "check_eta_s", "arrive_s", "release_s", "long_s", "t_max_s"), seconds)
    ),
    st.tuples(*[st.integers(1, 600)] * 3),
    st.lists(
        st.fixed_dictionaries(
            {
                "when": st.sampled_from(
                    [
                        {"remote": True},
                        {"mass": True},
                        {"hazards": ["injury"]},
                        {"people_min": 2},
                        {"hours": ["22:00-06:00"]},
                    ]
                )
            },
            optional={"call_tier": st.integers(2, 3), "t_max_s": seconds, "arrive_s": seconds},
        ),
        max_size=2,
    ),
)
wild = people(
    answer={"never": 0.4, "declines": 0.2, "sigma": 1.5},
    arrival={"never": 0.3, "sigma": 1.0},
    release={"never": 0.2},
    scene={"remote": 0.5, "looked_at": 0.3, "mass": 0.3, "hazards": {"injury": 0.2}},
    reach={"nobody": [0.3, 0.3, 0.3]},
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(policy=policies, seed=st.integers(0, 1000))
def test_what_the_proof_lets_through_keeps_its_promise_with_wild_people(policy: LiftPolicy, seed: int) -> None:
    """Tier 3 by T_max of the plan in force, unless somebody has arrived; no tier left out."""
    proved = all("tier 3" not in fault.value for fault in prove(policy).faults)
    assert proved
    player, drawer = Player(policy, wild, seed), Drawer(wild, seed)
    for number in range(60):
        play = _Play(player, number, drawer.scene(number))
        outcome = play.go()
        arrived = timedelta(seconds=outcome.arrived_s) if not isnan(outcome.arrived_s) else None
        limit = play.world.plan.clocks.t_max_s
        learned = play.scene.mass_after_s or 0.0
        bound = timedelta(seconds=max(limit, learned))
        if arrived is None or arrived > bound:
            assert outcome.tier3_s <= bound.total_seconds()


def test_tables_of_nothing_are_refused_nowhere() -> None:
    assert gather([]).size == 0
