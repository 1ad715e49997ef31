"""PURE: which rows go after how many days, and who deletes them."""

from typing import NamedTuple

from runtime.settings import RetentionSettings
from runtime.storage.rollups import SAMPLES

INGEST, ALERTING, API, AUDITOR = "sunlit_ingest", "sunlit_alerting", "sunlit_api", "sunlit_auditor"


class Rule(NamedTuple):
    """Rows of `table` that the statement of the same name in old.sql finds go after `days`; its writer deletes them."""

    table: str
    days: int
    writer: str


def rules(kept: RetentionSettings) -> list[Rule]:
    """In the order in which they are carried out: what refers to a row goes before it, what it leaves behind after."""
    found = [
        *(Rule(table, kept.raw_days, INGEST) for table in SAMPLES),
        Rule("stream", kept.streams_days, INGEST),
        Rule("gap", kept.streams_days, INGEST),
        Rule("silence", kept.streams_days, INGEST),
        Rule("stranger", kept.rejects_days, INGEST),
        Rule("stranger_forgotten", kept.rejects_days, INGEST),
        Rule("reject", kept.rejects_days, INGEST),
        Rule("edge_reply", kept.orders_days, INGEST),
        Rule("edge_order_sent", kept.orders_days, ALERTING),
        Rule("rescue_order", kept.orders_days, ALERTING),
        Rule("edge_order", kept.orders_days, API),
        Rule("receipt", kept.letters_days, API),
        Rule("outbox_attempt", kept.letters_days, ALERTING),
        Rule("outbox", kept.letters_days, ALERTING),
        Rule("webhook_delivery", kept.told_days, ALERTING),
        Rule("happening", kept.told_days, ALERTING),
        Rule("live_lease", kept.leases_days, API),
        Rule("public_report", kept.reports_days, API),
        # A promise to whoever reports, and not a setting.
        Rule("report_seen", 1, API),
        Rule("report_salt", 2, API),
        Rule("ingest_beat", kept.beats_days, INGEST),
        Rule("alerting_beat", kept.beats_days, ALERTING),
        Rule("api_beat", kept.beats_days, API),
        Rule("auditor_beat", kept.beats_days, AUDITOR),
        Rule("alarm", kept.alarms_days, AUDITOR),
    ]
    return [rule for rule in found if rule.days]


def pause_s(rows: int, took_s: float, rows_per_s: int) -> float:
    """How long to rest after `rows` so that no more than `rows_per_s` go, and the disk is not all ours."""
    return max(0.0, rows / rows_per_s - took_s)
