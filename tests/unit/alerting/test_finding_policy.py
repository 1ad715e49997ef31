"""Policies of findings: their faults, the terms that they give, and whom they cannot reach."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.finding_policy import (
    FAULT_RULES,
    KITCHEN_RULES,
    FaultPolicy,
    FindingPolicy,
    Gap,
    KitchenPolicy,
    Party,
    Subject,
    gaps,
    reach,
    terms,
)
from alerting.policy import PolicyError, from_row, load

ROOT = Path(__file__).resolve().parents[3]
KITCHEN = (ROOT / "alerting/policies/kitchen.toml").read_text("utf-8")
FAULT = (ROOT / "alerting/policies/fault.toml").read_text("utf-8")


def read(tmp_path: Path, text: str) -> FindingPolicy:
    path = tmp_path / "policy.toml"
    path.write_text(text, "utf-8")
    policy = load(path)
    assert isinstance(policy, FindingPolicy)
    return policy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (KITCHEN.replace('no_hat = "II"\n', ""), "classes.no_hat: missing, expected I, II, III or D"),
        (KITCHEN.replace("[causes]", 'overspeed = "I"\n[causes]'), "classes.overspeed: expected one of camera_blind"),
        (KITCHEN.replace("camera_blind = 300", "stranger = 300"), "lasting.stranger: 300, expected nothing"),
        (KITCHEN.replace("yellow_s = 86400", "yellow_s = 7200"), "clocks.I: rectify_s 7200, yellow_s 7200"),
        (re.sub(r"\[clocks\.D\].*?review = \[.grid.\]\n", "", KITCHEN, flags=re.DOTALL), "clocks.D: missing"),
        (KITCHEN.replace("clocks.D", "clocks.III"), "clocks.III: expected nothing"),
        (KITCHEN.replace('push = ["owner", "grid"]', 'push = ["grid"]'), "tell.push: grid, expected owner among them"),
        (KITCHEN.replace('push = ["owner", "grid"]', 'push = ["maintenance"]'), "'maintenance', expected one of owner"),
        (KITCHEN.replace('red = ["owner", "bureau"]', 'red = ["owner"]'), "tell.red: owner, expected bureau among"),
        (KITCHEN.replace('review = ["grid"]', 'review = ["owner"]', 1), "review: owner, expected grid or bureau"),
        (KITCHEN.replace('late = ["owner", "grid"]\n', "", 1), "clocks.I.tell.late: nobody, expected some of owner"),
        (KITCHEN.replace("campaign = true\n", ""), "'a campaign': no condition, expected kinds or campaign"),
        (KITCHEN.replace("campaign = true\nshare = 0.5", "campaign = true"), "changes nothing, expected share or cl"),
        (KITCHEN.replace("share = 0.5", "share = 0.0", 1), "share"),
        (KITCHEN.replace("share = 0.5", "share = 1.5", 1), "share"),
        (KITCHEN + '[stricter.classes]\nno_hat = "III"\n', "classes.no_hat: III, expected II or stricter"),
        (KITCHEN + '[stricter.classes]\nnap = "I"\n', "classes.nap: expected one of"),
        (KITCHEN.replace("digest_hour = 8", "digest_hour = 24"), "digest_hour"),
        (KITCHEN.replace("Asia/Shanghai", "Mars"), "timezone: 'Mars', expected a name such as"),
        (KITCHEN + "coffee = 1\n", "coffee"),
        (FAULT.replace('overspeed = "I"\n', ""), "classes.overspeed: missing"),
        (FAULT.replace('push = ["maintenance"]', 'push = ["owner"]', 1), "'owner', expected one of maintenance"),
        (FAULT.replace("quiet_max_s = 86400", ""), "quiet_max_s"),
    ],
)
def test_faults_name_key_value_and_what_was_expected(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(words)):
        read(tmp_path, text)


def test_the_strictest_of_what_holds_counts(tmp_path: Path) -> None:
    more = '[[stricter]]\nname = "x"\nkinds = ["nursery"]\nshare = 0.25\n[stricter.classes]\nno_hat = "I"\n'
    policy = read(tmp_path, KITCHEN + more)
    assert terms(policy, "no_hat", "", False, "small_restaurant", False) == ("II", 1.0)
    assert terms(policy, "no_hat", "", False, "small_restaurant", True) == ("II", 0.5)
    assert terms(policy, "no_hat", "", False, "nursery", True) == ("I", 0.25)
    assert terms(policy, "no_mask", "", True, "nursery", True) == ("III", 0.25)
    assert terms(policy, "camera_blind", "covered", False, "", False) == ("I", 1.0)


def test_where_nobody_can_be_told(tmp_path: Path) -> None:
    everybody = frozenset(Party)
    subjects = [
        Subject(code="k-2", reachable=everybody - {Party.GRID}),
        Subject(code="k-1", reachable=everybody - {Party.GRID, Party.BUREAU}),
        Subject(code="k-3", reachable=everybody - {Party.PROPERTY}),
    ]
    assert gaps(read(tmp_path, KITCHEN), subjects) == [Gap(Party.GRID, ("k-1", "k-2")), Gap(Party.BUREAU, ("k-1",))]
    assert gaps(read(tmp_path, KITCHEN), subjects[2:]) == []
    assert gaps(read(tmp_path, FAULT), subjects[2:]) == [Gap(Party.PROPERTY, ("k-3",))]


CHAIN = FaultPolicy.chain


@pytest.mark.parametrize(
    ("wanted", "reachable", "told", "missing"),
    [
        ({"maintenance"}, {"maintenance", "bureau"}, ("maintenance",), ()),
        ({"maintenance"}, {"bureau"}, ("bureau",), ("maintenance",)),
        ({"maintenance"}, {"property", "bureau"}, ("property",), ("maintenance",)),
        ({"bureau"}, {"maintenance"}, (), ("bureau",)),
        ({"maintenance"}, set(), (), ("maintenance",)),
    ],
)
def test_for_whom_cannot_be_reached_the_next_above_is_told(
    wanted: set[str], reachable: set[str], told: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    asked = [Party(party) for party in wanted]
    assert reach(asked, frozenset(Party(party) for party in reachable), CHAIN) == (told, missing)


@given(st.sets(st.sampled_from(CHAIN), min_size=1), st.frozensets(st.sampled_from(CHAIN)))
def test_somebody_is_told_if_anybody_at_or_above_can_be(wanted: set[Party], reachable: frozenset[Party]) -> None:
    told, missing = reach(sorted(wanted), reachable, CHAIN)
    lowest = min(CHAIN.index(party) for party in wanted)
    assert bool(told) is bool(set(CHAIN[lowest:]) & reachable)
    assert set(told) <= reachable
    assert set(missing) == wanted - reachable
    assert wanted & reachable <= set(told)


def test_every_rule_belongs_to_one_policy() -> None:
    assert not {*KITCHEN_RULES} & {*FAULT_RULES}


def test_a_policy_of_the_first_form_is_read() -> None:
    body = {
        "kind": "kitchen",
        "name": "old",
        "automatic_confidence": 0.9,
        "review_confidence": 0.6,
        "repeat_s": 600,
        "rectify_s": 3600,
        "review_s": 7200,
        "yellow_s": 10_000,
        "red_s": 20_000,
        "classes": {"no_hat": "II"},
        "version": 3,
    }
    found = from_row(body)
    assert isinstance(found, KitchenPolicy)
    assert (found.version, {clocks.rectify_s for clocks in found.clocks.values()}) == (3, {3600})
