"""Policy as versioned data: clocks and thresholds that a city changes without touching code."""

from pathlib import Path

import msgspec
from msgspec import Struct

from alerting import finding_policy
from alerting.finding_policy import FaultPolicy, FindingPolicy, KitchenPolicy, Seconds


class PolicyError(ValueError):
    """A policy that may not be activated; the text names file, key, value and what was expected."""


class LiftPolicy(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="lift", kw_only=True):
    """Clocks of a rescue, in seconds."""

    name: str
    tier1_accept_s: Seconds
    tier2_accept_s: Seconds
    tier3_accept_s: Seconds
    check_eta_s: Seconds
    arrive_s: Seconds
    arrive_remote_s: Seconds
    release_s: Seconds
    t_max_s: Seconds
    record_s: Seconds
    version: int = 0

    def accept_s(self, tier: int) -> int:
        return (self.tier1_accept_s, self.tier2_accept_s, self.tier3_accept_s)[tier - 1]

    def arrival_s(self, remote: bool) -> int:
        return self.arrive_remote_s if remote else self.arrive_s


Policy = LiftPolicy | KitchenPolicy | FaultPolicy


def load(path: Path) -> Policy:
    """The policy in a TOML file. Raises PolicyError."""
    try:
        policy: Policy = msgspec.toml.decode(path.read_bytes(), type=Policy)
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read ({error.strerror}); expected a TOML file") from error
    except msgspec.DecodeError as error:
        raise PolicyError(f"{path}: {error}") from error
    found = faults(policy)
    if found:
        raise PolicyError(f"{path}: {'; '.join(found)}")
    return policy


def faults(policy: Policy) -> list[str]:
    """What speaks against a policy whose keys are all there."""
    if isinstance(policy, FindingPolicy):
        return finding_policy.faults(policy)
    cascade = policy.tier1_accept_s + policy.tier2_accept_s
    if cascade > policy.t_max_s:
        return [f"t_max_s: {policy.t_max_s}, expected at least {cascade}: tier 3 would be late when nobody answers"]
    return []


def from_row(body: object) -> Policy:
    """A policy as it stands in the database."""
    policy: Policy = msgspec.convert(body, type=Policy)
    return policy
