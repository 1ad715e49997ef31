"""PURE: what a person's command does to a finding, or why it may not."""

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from alerting.finding import ENDED, UNTOLD, WITH_OWNER, Finding, Step, clocks_of, push
from alerting.finding_policy import FindingPolicy, Moment, after
from alerting.model import Refused
from contracts.kinds import CommandKind, FindingClass, FindingState

Judged = Step | Refused


def judge(finding: Finding, kind: CommandKind, words: str, actor: str, policy: FindingPolicy, now: datetime) -> Judged:
    """The step of a command. `words` are the person's note or reason."""
    if finding.state in ENDED:
        return Refused(f"finding {finding.number} is {finding.state}", already=True)
    work = _WORK.get(kind)
    if work is None:
        return Refused(f"{kind} is not a command for a finding")
    return work(finding, words.strip(), actor, policy, now)


def _no(finding: Finding, kind: CommandKind) -> Refused:
    return Refused(f"{kind} is not possible while the finding is {finding.state}")


def _rectify(finding: Finding, words: str, _: str, policy: FindingPolicy, now: datetime) -> Judged:
    if finding.state is FindingState.RECTIFIED_CLAIMED:
        return Refused("already put right, waiting for the review", already=True)
    if finding.state not in WITH_OWNER:
        return Refused(f"{finding.state}: nothing to put right yet")
    if not words:
        return Refused("note: '', expected what was done")
    clocks = clocks_of(policy, finding.terms)
    return Step(
        state=FindingState.RECTIFIED_CLAIMED,
        action="rectified",
        reason=words,
        changes={"rectified_at": now, "rectify_note": words, "reminders": 0},
        due_at=after(now, clocks.review_s, finding.share),
        due_reason="review",
        tell=clocks.tell[Moment.REVIEW],
    )


def _appeal(finding: Finding, words: str, _: str, policy: FindingPolicy, now: datetime) -> Judged:
    if finding.state is FindingState.APPEALED:
        return Refused("already disputed, waiting for an officer", already=True)
    if finding.state not in (*WITH_OWNER, FindingState.RECTIFIED_CLAIMED):
        return _no(finding, CommandKind.APPEAL)
    if finding.appealed_at is not None:
        return Refused("an officer has judged on this already; expected it to be put right")
    if not words:
        return Refused("reason: '', expected what is not right about the finding")
    clocks = clocks_of(policy, finding.terms)
    kept = finding.kind is FindingClass.IMMEDIATE and finding.state in WITH_OWNER and finding.due_at is not None
    return Step(
        state=FindingState.APPEALED,
        action="appealed",
        reason=words,
        changes={"appealed_at": now, "reminders": 0},
        due_at=finding.due_at if kept else after(now, clocks.review_s, finding.share),
        due_reason=finding.due_reason if kept else "review",
        tell=clocks.tell[Moment.REVIEW],
    )


def _accept_appeal(finding: Finding, words: str, _: str, policy: FindingPolicy, now: datetime) -> Judged:
    if finding.state is not FindingState.APPEALED:
        return _no(finding, CommandKind.APPEAL_ACCEPT)
    if not words:
        return Refused("reason: '', expected why the owner is right")
    return Step(
        state=FindingState.REJECTED,
        action="appeal_accepted",
        reason=words,
        changes={"closed_at": now},
        letter="finding_withdrawn",
        tell=policy.chain[:1],
    )


def _refuse_appeal(finding: Finding, words: str, _: str, policy: FindingPolicy, now: datetime) -> Judged:
    """Back to the owner with a clock. While an officer thought, time stood still, but for an immediate danger."""
    if finding.state is not FindingState.APPEALED:
        return _no(finding, CommandKind.APPEAL_REFUSE)
    if not words:
        return Refused("reason: '', expected why the finding stands")
    step = push(policy, finding.terms, now, f"the finding stands: {words}")
    pushed = finding.pushed_at or finding.opened_at
    immediate = finding.kind is FindingClass.IMMEDIATE
    ran_on = immediate and finding.due_reason != "review"
    if not immediate and finding.appealed_at is not None:
        pushed += now - finding.appealed_at
    return Step(
        state=FindingState.PUSHED,
        action="appeal_refused",
        reason=step.reason,
        changes={"pushed_at": pushed, "reminders": 0},
        due_at=finding.due_at if ran_on else step.due_at,
        due_reason=finding.due_reason if ran_on else step.due_reason,
        letter=step.letter,
        tell=step.tell,
    )


def _confirm(finding: Finding, words: str, _: str, policy: FindingPolicy, now: datetime) -> Judged:
    if finding.state in UNTOLD:
        return push(policy, finding.terms, now, words or "confirmed by a person", confirmed_at=now, reminders=0)
    if finding.confirmed_at is not None:
        return Refused("already confirmed", already=True)
    return Step(
        state=finding.state,
        action="confirmed",
        reason=words or "confirmed by a person",
        changes={"confirmed_at": now},
        due_at=finding.due_at,
        due_reason=finding.due_reason,
    )


def _verify(finding: Finding, words: str, actor: str, policy: FindingPolicy, now: datetime) -> Judged:
    if finding.state not in (FindingState.RECTIFIED_CLAIMED, FindingState.CASE):
        return Refused(f"{finding.state}: only what the owner has put right can be verified")
    if finding.state is FindingState.CASE and not words:
        return Refused("reason: '', expected how the case ended")
    return Step(
        state=FindingState.CLOSED,
        action="verified",
        reason=words or "verified",
        changes={"verified_at": now, "verified_by": actor, "closed_at": now},
        letter="finding_verified",
        tell=policy.chain[:1],
    )


def _reject(finding: Finding, words: str, _: str, policy: FindingPolicy, now: datetime) -> Judged:
    if not words:
        return Refused("reason: '', expected why")
    if finding.state is FindingState.RECTIFIED_CLAIMED:
        return _hollow(finding, words, policy, now)
    if finding.state is FindingState.APPEALED:
        return _no(finding, CommandKind.REJECT)
    told = finding.pushed_at is not None
    return Step(
        state=FindingState.REJECTED,
        action="rejected",
        reason=words,
        changes={"closed_at": now},
        letter="finding_withdrawn" if told else "",
        tell=policy.chain[:1] if told else (),
    )


def _hollow(finding: Finding, words: str, policy: FindingPolicy, now: datetime) -> Step:
    """Not put right. Its clock to yellow and red runs from the first push: a hollow claim wins no time."""
    first = finding.pushed_at or finding.opened_at
    step = push(policy, finding.terms, now, f"not put right: {words}", pushed_at=first, reminders=0)
    clocks = clocks_of(policy, finding.terms)
    marks = [(clocks.yellow_s, "yellow"), (clocks.red_s, "red")][max(0, finding.level - 1) :]
    # What was passed while an officer looked is told now: whoever claims again and again is not safe from red.
    ahead = [(max(after(first, seconds, finding.share), now), name) for seconds, name in marks]
    due_at, due_reason = min([(step.due_at or now, step.due_reason), *ahead])
    return msgspec.structs.replace(step, due_at=due_at, due_reason=due_reason)


def _case(finding: Finding, words: str, _: str, policy: FindingPolicy, now: datetime) -> Judged:
    """A person answers for a case: never out of what no person or owner was told of."""
    if finding.state is FindingState.CASE:
        return Refused("already a case", already=True)
    if finding.state in (*UNTOLD, FindingState.APPEALED):
        return _no(finding, CommandKind.CASE)
    if not words:
        return Refused("reason: '', expected why it becomes a case")
    clocks = clocks_of(policy, finding.terms)
    return Step(
        state=FindingState.CASE,
        action="case",
        reason=words,
        changes={"confirmed_at": now, "reminders": 0},
        due_at=after(now, clocks.remind_s, finding.share),
        due_reason="reminder",
        tell=clocks.tell[Moment.RED],
    )


Work = Callable[[Finding, str, str, FindingPolicy, datetime], Judged]
_WORK: Mapping[CommandKind, Work] = {
    CommandKind.RECTIFY: _rectify,
    CommandKind.APPEAL: _appeal,
    CommandKind.APPEAL_ACCEPT: _accept_appeal,
    CommandKind.APPEAL_REFUSE: _refuse_appeal,
    CommandKind.CONFIRM: _confirm,
    CommandKind.VERIFY: _verify,
    CommandKind.REJECT: _reject,
    CommandKind.CASE: _case,
}
