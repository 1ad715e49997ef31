"""PURE: the life of a kitchen's finding: pushed, put right, verified; overdue in yellow and red; appealed."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from alerting.model import Refused
from alerting.policy import KitchenPolicy
from contracts.kinds import CommandKind, FindingState, Rule

OPEN = (
    FindingState.DETECTED,
    FindingState.UNDER_REVIEW,
    FindingState.PUSHED,
    FindingState.RECTIFIED_CLAIMED,
    FindingState.OVERDUE_YELLOW,
    FindingState.OVERDUE_RED,
    FindingState.APPEALED,
)
WITH_OWNER = (FindingState.PUSHED, FindingState.OVERDUE_YELLOW, FindingState.OVERDUE_RED)


class Finding(Struct, frozen=True, kw_only=True):
    """One finding as it stands in its row."""

    id: int
    number: str
    state: FindingState
    version: int
    opened_at: datetime
    rectified_at: datetime | None = None
    due_at: datetime | None = None


class Step(Struct, frozen=True, kw_only=True):
    """What happens to a finding: its next state, the columns that change, its next clock, and who is told."""

    state: FindingState
    action: str
    reason: str
    changes: Mapping[str, object] = {}
    due_at: datetime | None = None
    due_reason: str = ""
    letter: str = ""


def first(rule: Rule, confidence: float, advisory: bool, policy: KitchenPolicy, now: datetime) -> tuple[str, Step]:
    """The class and the first step of a new finding. Doubtful ones are looked at by a person before anybody is told."""
    kind = "III" if advisory else policy.classes.get(rule, "III")
    said = f"confidence {confidence:.2f}"
    if advisory:
        return kind, Step(state=FindingState.DETECTED, action="detected", reason=f"{said}: advice, kept for the digest")
    if confidence < policy.review_confidence:
        kept = Step(state=FindingState.DETECTED, action="detected", reason=f"{said}: kept, nobody is told")
        return kind, kept
    if confidence < policy.automatic_confidence:
        review = Step(state=FindingState.UNDER_REVIEW, action="review", reason=f"{said}: a person looks first")
        return kind, review
    return kind, push(policy, now, f"{said}: sent to the owner")


def push(policy: KitchenPolicy, now: datetime, reason: str) -> Step:
    """The owner is told and the clock starts."""
    return Step(
        state=FindingState.PUSHED,
        action="pushed",
        reason=reason,
        due_at=now + timedelta(seconds=policy.rectify_s),
        due_reason="put right",
        letter="finding_pushed",
    )


def overdue(finding: Finding, policy: KitchenPolicy, now: datetime) -> Step | None:
    """What a clock that has run out does."""
    if finding.due_at is None or finding.due_at > now:
        return None
    if finding.state is FindingState.RECTIFIED_CLAIMED:
        again = now + timedelta(seconds=policy.review_s)
        return Step(state=finding.state, action="reminder", reason="review is late", due_at=again, due_reason="review")
    yellow = finding.opened_at + timedelta(seconds=policy.yellow_s)
    red = finding.opened_at + timedelta(seconds=policy.red_s)
    if now >= red:
        return Step(state=FindingState.OVERDUE_RED, action="overdue", reason="overdue, red", letter="finding_overdue")
    if now >= yellow:
        return Step(
            state=FindingState.OVERDUE_YELLOW,
            action="overdue",
            reason="overdue, yellow",
            due_at=red,
            due_reason="red",
            letter="finding_overdue",
        )
    return Step(
        state=finding.state,
        action="late",
        reason="not put right in time",
        due_at=yellow,
        due_reason="yellow",
        letter="finding_overdue",
    )


def judge(
    finding: Finding, kind: CommandKind, words: str, actor: str, policy: KitchenPolicy, now: datetime
) -> Step | Refused:
    """What a person's command does to a finding, or why it may not."""
    if finding.state not in OPEN:
        return Refused(f"finding {finding.number} is {finding.state}", already=True)
    if kind is CommandKind.RECTIFY:
        return _rectify(finding, words, policy, now)
    if kind is CommandKind.APPEAL:
        if not words.strip():
            return Refused("reason: '', expected what is not right about the finding")
        return Step(state=FindingState.APPEALED, action="appealed", reason=words)
    if kind is CommandKind.CONFIRM and finding.state in (FindingState.DETECTED, FindingState.UNDER_REVIEW):
        return push(policy, now, words or "confirmed by a person")
    if kind is CommandKind.VERIFY:
        if finding.state is not FindingState.RECTIFIED_CLAIMED:
            return Refused(f"{finding.state}: only what the owner has put right can be verified")
        done = {"verified_at": now, "verified_by": actor, "closed_at": now}
        return Step(
            state=FindingState.CLOSED,
            action="verified",
            reason=words or "verified",
            changes=done,
            letter="finding_verified",
        )
    if kind is CommandKind.REJECT:
        return _reject(finding, words, policy, now)
    return Refused(f"{kind} is not possible while the finding is {finding.state}")


def _rectify(finding: Finding, words: str, policy: KitchenPolicy, now: datetime) -> Step | Refused:
    if finding.state is FindingState.RECTIFIED_CLAIMED:
        return Refused("already put right, waiting for the review", already=True)
    if finding.state not in WITH_OWNER:
        return Refused(f"{finding.state}: nothing to put right yet")
    if not words.strip():
        return Refused("note: '', expected what was done")
    return Step(
        state=FindingState.RECTIFIED_CLAIMED,
        action="rectified",
        reason=words,
        changes={"rectified_at": now, "rectify_note": words},
        due_at=now + timedelta(seconds=policy.review_s),
        due_reason="review",
    )


def _reject(finding: Finding, words: str, policy: KitchenPolicy, now: datetime) -> Step | Refused:
    if not words.strip():
        return Refused("reason: '', expected why")
    if finding.state is FindingState.RECTIFIED_CLAIMED:
        return push(policy, now, f"not put right: {words}")
    return Step(state=FindingState.REJECTED, action="rejected", reason=words, changes={"closed_at": now})
