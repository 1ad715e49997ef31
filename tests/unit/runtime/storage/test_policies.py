"""TimescaleDB's policies from the settings, and what must change to come to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from runtime.settings import RetentionSettings, TimescaleSettings
from runtime.storage.policies import REFRESH, RETENTION, Policy, changes, wanted
from runtime.storage.rollups import ROLLUPS, SAMPLES

DEFAULT = wanted(RetentionSettings(), TimescaleSettings())


def test_what_is_kept_for_ever_has_no_retention() -> None:
    kept = RetentionSettings(raw_days=0, minute_days=0, hour_days=0, day_days=0)
    assert [one for one in wanted(kept, TimescaleSettings()) if one.job == RETENTION] == []
    assert {one.relation for one in DEFAULT if one.job == RETENTION} == {
        name for name in (*SAMPLES, *ROLLUPS) if not name.endswith("_day")
    }


@given(late=st.integers(3, 365), every=st.integers(1, 1000))
def test_refreshes_of_a_rollup_meet_without_overlap(late: int, every: int) -> None:
    kept = RetentionSettings(raw_days=0, minute_days=0, hour_days=0, late_days=late)
    for name in ROLLUPS:
        spans = sorted(
            (one.until, one.after)
            for one in wanted(kept, TimescaleSettings(late_every_minutes=every))
            if one.job == REFRESH and one.relation == name
        )
        assert spans[-1][1] == late * 86_400
        assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]


def test_what_fits_keeps_its_job() -> None:
    found = dict(enumerate(DEFAULT))
    assert changes(DEFAULT, found) == ([], [])


@given(st.sets(st.sampled_from(DEFAULT)), st.integers(1, 10))
def test_afterwards_there_is_what_is_wanted_and_nothing_else(there: set[Policy], other: int) -> None:
    found = dict(enumerate([*there, Policy(RETENTION, "lift_sample", other, other)]))
    delete, add = changes(DEFAULT, found)
    after = [one for job, one in found.items() if job not in delete] + add
    assert sorted(after) == sorted(DEFAULT)


@pytest.mark.parametrize("name", ["raw_days", "minute_days", "hour_days"])
def test_late_samples_must_still_exist_when_they_are_counted(name: str) -> None:
    with pytest.raises(ValidationError, match=f"expected less than {name}"):
        RetentionSettings(**{name: 30, "late_days": 30})
    assert RetentionSettings(**{name: 0, "late_days": 30}).late_days == 30
