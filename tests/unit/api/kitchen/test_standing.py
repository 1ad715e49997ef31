"""The one sentence on top: never calm where nobody sees."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.kitchen.standing import FRESH, WAITING, WITH_OWNER, cause_of, is_late, refusal, standing

NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)


def camera(sees: bool = True, looked: datetime | None = NOW, **more: Any) -> dict[str, Any]:
    named = {"name_zh": "一号", "name_en": "Camera 1", "code": "cam-1", "silence": None, "cause": None}
    return {**named, "sees": sees, "looked_at": looked, **more}


def finding(state: str = "pushed", hours: float | None = 5) -> dict[str, Any]:
    return {"state": state, "due_at": None if hours is None else NOW + timedelta(hours=hours)}


def sensor(silence: str | None = None) -> dict[str, Any]:
    return {"name_zh": "温度", "name_en": "Temperature", "code": "s-1", "silence": silence}


def parts(*findings: dict[str, Any], cameras: Any = None, sensors: Any = ()) -> list[tuple[str, int]]:
    found = standing(findings, [camera()] if cameras is None else cameras, sensors, NOW, "en")
    return [(part.key, part.n) for part in found.parts]


@pytest.mark.parametrize(
    ("findings", "cameras", "expected"),
    [
        ([], None, [("fine", 0)]),
        ([finding()], None, [("to_do", 1)]),
        ([finding(), finding()], None, [("to_do", 2)]),
        ([finding(), finding(hours=9)], None, [("to_do_first", 2)]),
        ([finding(hours=-1), finding()], None, [("overdue", 1), ("to_do", 1)]),
        ([finding("overdue_red", None)], None, [("overdue", 1)]),
        ([finding("rectified_claimed")], None, [("fine", 0), ("waiting", 1)]),
        ([finding("closed"), finding("rejected")], None, [("fine", 0)]),
        ([], [], [("no_camera", 0)]),
        ([], [camera(), camera(sees=False)], [("blind", 1)]),
        ([], [camera(), camera(looked=None)], [("not_looked", 1)]),
        ([], [camera(looked=NOW - FRESH - timedelta(seconds=1))], [("not_looked", 1)]),
        ([finding()], [camera(sees=False)], [("to_do", 1), ("blind", 1)]),
    ],
)
def test_what_the_sentence_says(findings: Any, cameras: Any, expected: list[tuple[str, int]]) -> None:
    assert parts(*findings, cameras=cameras) == expected


def test_a_silent_sensor_is_not_calm() -> None:
    assert parts(sensors=[sensor(), sensor("silent")]) == [("unheard", 1)]


def test_the_oldest_look_counts() -> None:
    old = NOW - timedelta(minutes=4)
    found = standing([], [camera(), camera(looked=old)], [], NOW, "en")
    assert (found.parts[0].key, found.parts[0].at, found.tone) == ("fine", old, "fine")


def test_the_most_urgent_kitchen_comes_first() -> None:
    kitchens = [
        standing([], [camera()], [], NOW, "en"),
        standing([], [camera(sees=False)], [], NOW, "en"),
        standing([finding(hours=9)], [camera()], [], NOW, "en"),
        standing([finding(hours=2)], [camera()], [], NOW, "en"),
        standing([finding(hours=-2)], [camera()], [], NOW, "en"),
    ]
    assert sorted(kitchens, key=lambda one: one.rank) == kitchens[::-1]


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        (camera(), ""),
        (camera(sees=False, cause="covered"), "covered"),
        (camera(sees=False, cause="a word from tomorrow"), "unknown"),
        (camera(sees=False), "unknown"),
        (camera(sees=False, silence="offline", cause="covered"), "silent"),
    ],
)
def test_why_a_camera_sees_nothing(row: dict[str, Any], cause: str) -> None:
    assert cause_of(row) == cause


def test_an_officers_no_is_found_in_the_story() -> None:
    told = {"action": "pushed", "reason": "confidence 0.95: sent to the owner"}
    hollow = {"action": "pushed", "reason": "not put right: no hats"}
    stands = {"action": "appeal_refused", "reason": "the finding stands: no hood"}
    late = {"action": "late", "reason": "not put right in time"}
    assert refusal([told, late]) is None
    assert refusal([told, hollow, late]) is hollow
    assert refusal([told, hollow, stands]) is stands


STATES = (*WITH_OWNER, *WAITING, "closed", "rejected")


@given(
    st.lists(st.tuples(st.sampled_from(STATES), st.none() | st.floats(-100, 100)), max_size=5),
    st.lists(st.tuples(st.booleans(), st.none() | st.floats(0, 2000)), max_size=4),
    st.lists(st.sampled_from([None, "silent"]), max_size=3),
)
def test_calm_is_said_only_of_what_is_seen_and_in_order(
    findings: list[tuple[str, float | None]], cameras: list[tuple[bool, float | None]], silences: list[str | None]
) -> None:
    rows = [finding(state, hours) for state, hours in findings]
    eyes = [camera(sees, None if ago is None else NOW - timedelta(seconds=ago)) for sees, ago in cameras]
    found = standing(rows, eyes, [sensor(silence) for silence in silences], NOW, "en")
    calm = any(part.key == "fine" for part in found.parts)
    seen = bool(eyes) and all(row["sees"] and row["looked_at"] and NOW - row["looked_at"] <= FRESH for row in eyes)
    assert calm == (seen and not any(silences) and not any(row["state"] in WITH_OWNER for row in rows))
    assert (found.tone == "fine") == calm
    counted = sum(part.n for part in found.parts if part.key in ("overdue", "to_do", "to_do_first"))
    assert counted == sum(row["state"] in WITH_OWNER for row in rows)
    assert sum(is_late(row, NOW) for row in rows if row["state"] in WITH_OWNER) == sum(
        part.n for part in found.parts if part.key == "overdue"
    )
