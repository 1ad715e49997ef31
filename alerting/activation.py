"""Policies become rows: a new version for new incidents; those under way keep the one they began with."""

import hashlib
from datetime import datetime
from importlib import resources
from pathlib import Path

import msgspec
from psycopg.types.json import Jsonb

from alerting.policy import Policy, from_row, load
from alerting.sql import QUERIES
from runtime.db import Connection


def store(connection: Connection, policy: Policy, author: str, now: datetime) -> int:
    """Activates a policy as the next version of its kind; the same content again changes nothing."""
    body = msgspec.to_builtins(msgspec.structs.replace(policy, version=0))
    kind = body["kind"]
    digest = hashlib.sha256(msgspec.json.encode(body, order="sorted")).hexdigest()
    with connection.transaction():
        newest = connection.execute(QUERIES["policy_newest"], {"kind": kind}).fetchone()
        if newest and newest["sha256"] == digest:
            return int(newest["version"])
        version = (newest["version"] if newest else 0) + 1
        connection.execute(
            QUERIES["policy_store"],
            {
                "kind": kind,
                "version": version,
                "body": Jsonb({**body, "version": version}),
                "sha256": digest,
                "now": now,
                "author": author,
            },
        )
    return int(version)


def active(connection: Connection, kind: str, now: datetime) -> tuple[int, Policy]:
    """The newest policy of a kind and the id of its row. Where none was ever activated the one that we ship is."""
    row = connection.execute(QUERIES["policy_newest"], {"kind": kind}).fetchone()
    if row is None:
        shipped = Path(str(resources.files("alerting").joinpath("policies", f"{kind}.toml")))
        store(connection, load(shipped), "sunlit: nobody has activated another", now)
        row = connection.execute(QUERIES["policy_newest"], {"kind": kind}).fetchone()
    assert row is not None
    return int(row["id"]), from_row(row["body"])
