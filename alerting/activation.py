"""Policies become rows: a new version for new incidents; those under way keep the one they began with."""

import hashlib
from datetime import datetime

import msgspec
from psycopg.types.json import Jsonb

from alerting.lift_policy import LiftPolicy
from alerting.policy import Policy
from alerting.sql import QUERIES
from runtime.db import Connection


def store(connection: Connection, policy: Policy, author: str, now: datetime) -> int:
    """Activates a policy as the next version of its kind; the same content again changes nothing."""
    kind = "lift" if isinstance(policy, LiftPolicy) else "kitchen"
    body = msgspec.to_builtins(msgspec.structs.replace(policy, version=0))
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
