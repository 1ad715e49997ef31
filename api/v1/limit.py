"""PURE: how many calls a program may make: a bucket that fills evenly."""

from msgspec import Struct


class Bucket(Struct):
    """Of one token. `left` calls may be made at `at` (seconds on a steady clock)."""

    left: float
    at: float


def take(bucket: Bucket, per_minute: int, now: float) -> float:
    """Takes one call out; returns how many seconds to wait instead where there is none. 0: go on."""
    bucket.left = min(float(per_minute), bucket.left + (now - bucket.at) * per_minute / 60)
    bucket.at = now
    if bucket.left >= 1:
        bucket.left -= 1
        return 0.0
    return (1 - bucket.left) * 60 / per_minute
