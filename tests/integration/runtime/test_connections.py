"""Connections of services: each role under its own rules."""

import pytest

from runtime.db import Role, connect
from runtime.settings import DatabaseSettings


@pytest.mark.parametrize(("role", "mode"), [(Role.INGEST, "force_custom_plan"), (Role.API, "auto")])
def test_ingest_keeps_no_plan_from_when_a_table_was_empty(city_db: DatabaseSettings, role: Role, mode: str) -> None:
    with connect(city_db, role) as connection:
        assert connection.execute("SHOW plan_cache_mode").fetchone() == {"plan_cache_mode": mode}
        assert connection.execute("SHOW timezone").fetchone() == {"TimeZone": "UTC"}
