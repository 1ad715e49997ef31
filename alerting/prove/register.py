"""Reads what a proof has to know of the city's register."""

from datetime import datetime

import msgspec

from alerting.finding_policy import FindingPolicy, KitchenPolicy
from alerting.prove.lifts import Group, Organisation, Register
from runtime.db import Connection, Queries

QUERIES = Queries("alerting.prove", "register.sql")


def read(connection: Connection, now: datetime) -> Register:
    """The register as it stands at `now`. Raises psycopg.Error."""
    groups = connection.execute(QUERIES["register_lifts"]).fetchall()
    organisations = connection.execute(QUERIES["register_organisations"], {"now": now}).fetchall()
    kinds = connection.execute(QUERIES["register_place_kinds"]).fetchall()
    campaigns = connection.execute(QUERIES["register_campaigns"]).fetchall()
    return Register(
        groups=msgspec.convert(groups, list[Group]),
        organisations=msgspec.convert(organisations, list[Organisation]),
        place_kinds={row["kind"] for row in kinds},
        campaigns={row["code"] for row in campaigns},
    )


def kinds(connection: Connection, policy: FindingPolicy) -> list[str]:
    """The kinds of kitchens, or of the places of lifts, that the register knows."""
    name = "register_kitchen_kinds" if isinstance(policy, KitchenPolicy) else "register_place_kinds"
    return [row["kind"] for row in connection.execute(QUERIES[name])]
