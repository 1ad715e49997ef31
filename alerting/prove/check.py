"""`sunlit alerting check`: the proof of a policy, with the register where it can be reached."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from rich.console import Console
from rich.progress import track
from rich.table import Table

from alerting import finding_chains
from alerting.finding_policy import gaps
from alerting.lift_policy import LiftPolicy
from alerting.policy import Policy
from alerting.prove import findings, lift, lifts, register
from alerting.prove.classes import Case
from alerting.prove.fault import Fault
from alerting.prove.proof import Proof, longest
from runtime.db import Connection, Role, connect, fault_of
from runtime.settings import load


def examine(policy: Policy, config: Path | None) -> Proof:
    """Proves a policy. Raises psycopg.Error where a database was named and cannot be read."""
    proof = by_itself(policy)
    try:
        with connect(load(config).database, Role.ALERTING) as connection:
            return in_city(proof, policy, connection, datetime.now(UTC))
    except psycopg.Error as error:
        if config is not None:
            raise
        proof.register = f"the register was not looked at: {fault_of(error)}"
        return proof


def by_itself(policy: Policy) -> Proof:
    """What can be proved of a policy without a register."""
    return lift.prove(policy, track=_shown) if isinstance(policy, LiftPolicy) else findings.prove(policy)


def in_city(proof: Proof, policy: Policy, connection: Connection, now: datetime) -> Proof:
    """Adds what the register says at `now`. Raises psycopg.Error."""
    if isinstance(policy, LiftPolicy):
        city = register.read(connection, now)
        proof.faults += lifts.faults(policy, city)
        proof.notes += lifts.notes(policy, city)
        proof.register = f"{city.lifts} lifts of the register were looked at"
        return proof
    subjects = finding_chains.subjects(connection, policy)
    proof.faults += findings.register_faults(policy, gaps(policy, subjects))
    proof.notes += findings.register_notes(policy, register.kinds(connection, policy))
    if not subjects:
        proof.notes.append(f"the register has no {findings.what(policy)}: whether their chains are whole is not proved")
    proof.register = f"{len(subjects)} {findings.what(policy)} of the register were looked at"
    return proof


def _shown(known: Sequence[Case]) -> Iterable[Case]:
    """A bar on standard error while cases are walked, so that --json stays alone on standard output."""
    console = Console(stderr=True)
    return track(known, "paths", console=console, transient=True, disable=not console.is_terminal)


def unread(said: str) -> Proof:
    """The proof of a file that holds no policy."""
    return Proof(faults=[Fault(key="file", value=said, expected="a policy")])


def as_json(proof: Proof, file: str) -> str:
    """The proof for machines."""
    body: dict[str, Any] = msgspec.to_builtins(proof)
    return msgspec.json.format(msgspec.json.encode({"file": file, "ok": not proof.faults, **body}), indent=2).decode()


def table(proof: Proof) -> Table:
    """What was proved, for people."""
    shown = Table(show_header=False, box=None, pad_edge=False)
    if proof.paths:
        _paths(shown, proof)
    shown.add_row("register", proof.register)
    for note in proof.notes:
        shown.add_row("note", note)
    return shown


def _paths(shown: Table, proof: Proof) -> None:
    shown.add_row("cases that the policy tells apart", f"{proof.cases}, run in {proof.plans} ways")
    shown.add_row("paths, each with people at their worst", str(proof.paths))
    shown.add_row(f"latest: {proof.latest_what}", longest(proof))
    shown.add_row("clocks that ran out", ", ".join(proof.fired))
