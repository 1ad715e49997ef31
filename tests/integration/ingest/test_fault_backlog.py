"""F13 at the centre: an edge comes back after a day offline. Its samples land on their day, alarms do not wait."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from runtime.settings import DatabaseSettings
from runtime.stack.broker import Broker
from tests.integration.ingest.ingest_trial import Books, Trial, alarms, publish, telemetry, until

LATE, LIVE = "lift-442001", "lift-442002"
DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
SAMPLES = 8640
"""a day at one every ten seconds"""


def test_a_day_of_one_lift_arrives_at_once(city_db: DatabaseSettings, broker_process: Broker, tmp_path: Path) -> None:
    trial = Trial(city_db, broker_process, tmp_path)
    process = trial.ingest()
    try:
        trial.await_sessions()
        day = telemetry(LATE, range(SAMPLES), lambda seq: MIDNIGHT + seq * timedelta(seconds=10))
        publish(broker_process.settings, [*day, *alarms(LIVE, range(1))])
        until(lambda: trial.books().events == 1)
        assert trial.books().samples < SAMPLES, "the alarm came last and was stored before the backlog"
        publish(broker_process.settings, telemetry(LIVE, range(10)))
        until(lambda: trial.books().stored == SAMPLES + 11)
        assert trial.books() == Books(stored=SAMPLES + 11, rejected=0, missing=0, samples=SAMPLES + 10, events=1)
        hours = trial.sql(
            "SELECT h.bucket, h.samples FROM lift_hour h JOIN device d ON d.id = h.device_id"
            f" WHERE d.code = '{LATE}' ORDER BY 1"
        )
        assert hours == [(MIDNIGHT + timedelta(hours=hour), 360) for hour in range(24)]
    finally:
        process.stop()
