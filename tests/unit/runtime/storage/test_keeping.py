"""Which rows go when, and how fast."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from runtime.db import Role
from runtime.settings import RetentionSettings
from runtime.storage.keeping import pause_s, rules
from runtime.storage.retention import OLD


def test_every_rule_has_its_statement_and_a_service() -> None:
    found = rules(RetentionSettings())
    assert {rule.table for rule in found} == set(OLD.statements)
    assert {rule.writer for rule in found} == {Role.INGEST, Role.ALERTING, Role.API, Role.AUDITOR}


def test_what_is_kept_for_ever_has_no_rule() -> None:
    tables = {rule.table for rule in rules(RetentionSettings(raw_days=0, leases_days=0))}
    assert not tables & {"lift_sample", "climate_sample", "camera_sample", "live_lease"}
    assert "stream" in tables


@pytest.mark.parametrize("days", [1, 7])
def test_books_outlive_every_repeat(days: int) -> None:
    with pytest.raises(ValidationError, match="expected 0 or more than 7"):
        RetentionSettings(streams_days=days)
    assert RetentionSettings(streams_days=0).streams_days == 0


@given(rows=st.integers(1, 5000), took=st.floats(0, 100), rate=st.integers(100, 1_000_000))
def test_no_more_rows_a_second_than_allowed(rows: int, took: float, rate: int) -> None:
    assert rows / max(took + pause_s(rows, took, rate), 1e-9) <= rate * 1.001
