"""What the auditor finds wrong, as tables of examples."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.audit.check import NEEDS, check, unknown
from alerting.audit.facts import Agents, Backlog, Beat, Disk, Facts, Kind, Trouble, Voice
from runtime.audit_settings import AuditSettings

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
LIMITS = AuditSettings()
ALL_WELL = (
    Beat(service="alerting", instance="a-1", at=NOW),
    Beat(service="api", instance="a", at=NOW),
    Beat(service="ingest", instance="event@a", at=NOW, connected=True),
    Beat(service="ingest", instance="telemetry@a", at=NOW, connected=True),
)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def facts(**changes: Any) -> Facts:
    none = dict.fromkeys(
        (
            "alarm_path",
            "outbox",
            "letters",
            "incidents",
            "clockless",
            "events",
            "commands",
            "orders",
            "drills",
            "findings",
        )
    )
    known: dict[str, Any] = {name: Backlog() for name in none}
    known |= {"beats": ALL_WELL, "agents": Agents(silent=0, of=10), "same_way": (), "asked_at": NOW}
    return Facts(**{**known, "database_at": NOW, **changes})


def found(**changes: Any) -> list[tuple[str, str, bool]]:
    troubles = check(facts(**changes), LIMITS, NOW)
    return [(trouble.kind.value, trouble.subject, trouble.grave) for trouble in troubles]


def beats(*instead: Beat) -> Sequence[Beat]:
    names = {beat.instance for beat in instead}
    return (*(beat for beat in ALL_WELL if beat.instance not in names), *instead)


def test_nothing_is_wrong() -> None:
    assert found() == []
    assert unknown(facts(), LIMITS) == frozenset()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"beats": beats(Beat(service="alerting", instance="a-1", at=ago(31)))}, [("service", "alerting", True)]),
        ({"beats": beats(Beat(service="alerting", instance="a-1", at=ago(29)))}, []),
        # A restart leaves the row of the old process behind.
        ({"beats": (*ALL_WELL, Beat(service="alerting", instance="a-0", at=ago(900)))}, []),
        # The clock jumped back: its last sign of life lies ahead and no newer one comes.
        (
            {"beats": beats(Beat(service="alerting", instance="a-1", at=ago(-3600), unchanged_s=40))},
            [("service", "alerting", True)],
        ),
        ({"beats": beats(Beat(service="alerting", instance="a-1", at=ago(-3600), unchanged_s=4))}, []),
        ({"beats": ALL_WELL[:1] + ALL_WELL[2:]}, [("service", "api", True)]),
        ({"beats": beats(Beat(service="ingest", instance="event@a", at=ago(60)))}, [("share", "event", True)]),
        ({"beats": beats(Beat(service="ingest", instance="telemetry@a", at=ago(60)))}, [("share", "telemetry", False)]),
        (
            {"beats": beats(Beat(service="ingest", instance="event@a", at=NOW, connected=False))},
            [("broker", "event", True)],
        ),
        (
            {"beats": beats(Beat(service="ingest", instance="event@a", at=NOW, waiting=100))},
            [("behind", "event", True)],
        ),
        ({"agents": Agents(silent=1, of=100, worst="agent-1", since=ago(900))}, [("agents", "", False)]),
        ({"agents": Agents(silent=11, of=100, since=ago(900))}, [("agents", "", True)]),
        ({"agents": Agents(silent=1, of=100, rescues=1, since=ago(900))}, [("agents", "", True)]),
        ({"alarm_path": Backlog(count=3, oldest=ago(300_000), some=("442001",))}, [("alarm_path", "", False)]),
        ({"outbox": Backlog(count=3, oldest=ago(61))}, [("outbox", "", True)]),
        ({"outbox": Backlog(count=3, oldest=ago(59))}, []),
        ({"letters": Backlog(count=1, oldest=ago(1), some=("R1",))}, [("letters", "", True)]),
        ({"incidents": Backlog(count=1, oldest=ago(16), some=("R1",))}, [("incidents", "", True)]),
        ({"incidents": Backlog(count=1, oldest=ago(14), some=("R1",))}, []),
        ({"clockless": Backlog(count=1, oldest=ago(1), some=("R1",))}, [("clockless", "", True)]),
        ({"events": Backlog(count=1, oldest=ago(31))}, [("events", "", True)]),
        ({"commands": Backlog(count=1, oldest=ago(31))}, [("commands", "", True)]),
        ({"orders": Backlog(count=1, oldest=ago(31))}, [("orders", "", True)]),
        ({"drills": Backlog(count=1, oldest=ago(1), some=("R1",))}, [("drills", "", False)]),
        ({"findings": Backlog(count=1, oldest=ago(301), some=("F1",))}, [("findings", "", False)]),
        ({"findings": Backlog(count=1, oldest=ago(299), some=("F1",))}, []),
        ({"asked_at": ago(6)}, [("clock", "", False)]),
        ({"asked_at": ago(-6)}, [("clock", "", False)]),
        ({"asked_at": ago(4)}, []),
        ({"unwritable": "read-only transaction"}, [("read_only", "", True)]),
        ({"faults": {"events": "permission denied"}, "events": None}, [("blind", "events", True)]),
        ({"disks": (Disk("/", 0.04), Disk("/data", 0.5))}, [("disk", "/", False)]),
        ({"disks": (Disk("/", 0.005),)}, [("disk", "/", True)]),
        ({"disks": (Disk("/gone", None),)}, [("disk", "/gone", False)]),
        ({"voices": (Voice("email 1", ago(90), "refused"), Voice("webhook 1"))}, [("voice", "email 1", False)]),
        ({"voices": (Voice("email 1", ago(90), "refused"),)}, [("voice", "email 1", True)]),
        ({"same_way": ("email 1",)}, [("same_way", "email 1", False)]),
    ],
)
def test_one_thing_is_wrong(changes: dict[str, Any], expected: list[tuple[str, str, bool]]) -> None:
    assert found(**changes) == expected


def test_a_database_that_is_away_is_said_and_ends_nothing() -> None:
    away = Facts(asked_at=NOW, reached_at=ago(20), fault="connection refused")
    (trouble,) = check(away, LIMITS, NOW)
    assert (trouble.kind, trouble.since, trouble.details) == (
        Kind.DATABASE,
        ago(20),
        {"reason": "connection refused"},
    )
    judged_without_it = {Kind.DATABASE, Kind.DISK, Kind.VOICE}
    assert unknown(away, LIMITS) == frozenset(Kind) - judged_without_it


def test_after_a_stop_of_everything_each_has_its_time_to_begin() -> None:
    old = tuple(Beat(service=beat.service, instance=beat.instance, at=ago(7200)) for beat in ALL_WELL)
    late = {"beats": old, "outbox": Backlog(count=1, oldest=ago(7200)), "events": Backlog(count=1, oldest=ago(7200))}
    assert check(facts(started_at=ago(20), **late), LIMITS, NOW) == []
    kinds = {trouble.kind for trouble in check(facts(started_at=ago(61), **late), LIMITS, NOW)}
    assert kinds == {Kind.SERVICE, Kind.OUTBOX, Kind.EVENTS}
    never = check(facts(started_at=ago(31), beats=()), LIMITS, NOW)
    assert {trouble.subject for trouble in never} == {"ingest", "alerting", "api"}
    assert check(facts(started_at=ago(29), beats=()), LIMITS, NOW) == []
    # Not said yet is not fine: what an earlier life has told of goes on standing.
    assert {Kind.SERVICE, Kind.OUTBOX, Kind.EVENTS} <= unknown(facts(started_at=ago(20), **late), LIMITS)
    assert unknown(facts(started_at=ago(61), **late), LIMITS) == {Kind.FINDINGS}


def test_a_fleet_of_workers() -> None:
    def worker(lane: str, k: int, age: float = 0) -> Beat:
        return Beat(service="ingest", instance=f"{lane}-{k}of3@host{k}", at=ago(age), connected=True)

    fleet = [worker(lane, k) for lane in ("event", "telemetry") for k in (1, 2, 3)]
    others = [beat for beat in ALL_WELL if beat.service != "ingest"]
    # The one worker of before the city was cut in three is gone and not missed.
    before = Beat(service="ingest", instance="event@old", at=ago(3600))
    assert found(beats=(*others, *fleet, before)) == []
    fleet[1] = worker("event", 2, age=45)
    assert found(beats=(*others, *fleet)) == [("share", "event 2/3", True)]
    several = AuditSettings(services={"alerting": 3})
    one_gone = [Beat(service="alerting", instance=f"a-{n}", at=ago(100 if n == 2 else 0)) for n in (1, 2, 3)]
    (trouble,) = check(facts(beats=tuple(one_gone)), several, NOW)
    assert (trouble.kind, trouble.grave, trouble.details["n"]) == (Kind.INSTANCES, False, 2)


def test_the_gravest_comes_first() -> None:
    both = check(facts(disks=(Disk("/", 0.04),), outbox=Backlog(count=1, oldest=ago(99))), LIMITS, NOW)
    assert [trouble.kind for trouble in both] == [Kind.OUTBOX, Kind.DISK]


backlogs = st.none() | st.builds(
    Backlog,
    count=st.integers(0, 5),
    oldest=st.none() | st.integers(-100, 10_000).map(ago),
    some=st.just(("x",)),
)
looks = st.builds(
    facts,
    started_at=st.none() | st.integers(0, 10_000).map(ago),
    database_at=st.none() | st.just(NOW),
    beats=st.none() | st.just(ALL_WELL) | st.just(()),
    agents=st.none() | st.just(Agents(silent=3, of=3)),
    **dict.fromkeys(("alarm_path", "outbox", "letters", "incidents", "clockless", "events"), backlogs),
)


@settings(deadline=None)
@given(looks)
def test_whatever_is_seen_is_judged_or_unknown_and_never_both(look: Facts) -> None:
    troubles: list[Trouble] = check(look, LIMITS, NOW)
    assert len({trouble.key for trouble in troubles}) == len(troubles)
    blind = unknown(look, LIMITS)
    needs_rows = {kind for kinds in NEEDS.values() for kind in kinds}
    assert not {trouble.kind for trouble in troubles if look.database_at is not None} & blind
    if look.database_at is None:
        assert Kind.DATABASE in {trouble.kind for trouble in troubles}
    else:
        assert blind <= needs_rows


def test_every_folder_of_the_default_can_be_looked_at() -> None:
    assert all(Path(path).exists() for path in LIMITS.disks)
