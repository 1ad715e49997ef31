"""Policy as versioned data: tiers, clocks and thresholds that a city changes without touching code."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from alerting import finding_policy, policy_words
from alerting.finding_policy import FaultPolicy, FindingPolicy, KitchenPolicy
from alerting.letters import stages
from alerting.lift_policy import CLOCKS, LiftPolicy


class PolicyError(ValueError):
    """A policy that may not be activated; the text names file, key, value and what was expected."""


Policy = LiftPolicy | KitchenPolicy | FaultPolicy


def load(path: Path) -> Policy:
    """The policy in a TOML file. Raises PolicyError."""
    try:
        content = msgspec.toml.decode(path.read_bytes())
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read ({error.strerror}); expected a TOML file") from error
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: byte {error.start}: expected UTF-8") from error
    except msgspec.DecodeError as error:
        raise PolicyError(f"{path}: not TOML: {error}") from error
    try:
        policy: Policy = msgspec.convert(content, Policy)
    except msgspec.ValidationError as error:
        raise PolicyError(f"{path}: {policy_words.told(str(error), content)}") from error
    found = faults(policy)
    if found:
        raise PolicyError(f"{path}: {'; '.join(found)}")
    return policy


def faults(policy: Policy) -> list[str]:
    """What speaks against a policy whose keys are all there."""
    if isinstance(policy, FindingPolicy):
        return finding_policy.faults(policy)
    return _lift_faults(policy)


def _lift_faults(policy: LiftPolicy) -> list[str]:
    found = []
    try:
        ZoneInfo(policy.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        found.append(f"timezone: {policy.timezone!r}, expected a name such as Asia/Shanghai")
    names = [branch.name for branch in policy.branch]
    found += [f"branch: {name!r} stands twice, expected each name once" for name in {*names} if names.count(name) > 1]
    known = stages("zh")
    found += [
        f"letters.every_way: {stage!r}, expected stages such as tier_offer or call_again"
        for stage in policy.letters.every_way
        if stage not in known
    ]
    cascade = policy.tier[0].accept_s + policy.tier[1].accept_s
    if cascade > policy.clocks.t_max_s:
        found.append(
            f"clocks.t_max_s: {policy.clocks.t_max_s}, expected at least {cascade}:"
            " tier 3 would be late when nobody answers"
        )
    return found


def from_row(body: object) -> Policy:
    """A policy as it stands in the database, in the form of today or in the first one."""
    if isinstance(body, Mapping) and body.get("kind") == "lift" and "tier1_accept_s" in body:
        body = _from_first(body)
    if isinstance(body, Mapping) and body.get("kind") == "kitchen" and "rectify_s" in body:
        body = finding_policy.from_first(body)
    policy: Policy = msgspec.convert(body, type=Policy)
    return policy


def _from_first(body: Mapping[str, Any]) -> dict[str, Any]:
    """Incidents that began under a policy of the first form keep its clocks; what it did not know gets defaults."""
    given = {name: body[name] for name in CLOCKS if name in body}
    defaults = {
        "verify_s": 60,
        "long_s": 3600,
        "comfort_s": 300,
        "follow_up_s": 86_400,
        "reopen_s": 1800,
        "settle_s": 60,
    }
    asked = (["maintenance"], ["rescue_station"], ["city_rescue"])
    tiers = [{"ask": kinds, "accept_s": body[f"tier{n}_accept_s"]} for n, kinds in enumerate(asked, 1)]
    tiers[0]["tell"] = ["property"]
    tiers[2]["count"] = 0
    remote = {"name": "remote", "when": {"remote": True}, "arrive_s": body["arrive_remote_s"]}
    return {
        "kind": "lift",
        "name": body["name"],
        "version": body["version"],
        "clocks": {**defaults, **given},
        "tier": tiers,
        "branch": [remote],
    }
