"""PURE: a token bucket. So much a second on average, so much at once."""

import msgspec


class Bucket(msgspec.Struct, frozen=True):
    """`tokens` are there at the monotonic time `at`; never more than `burst`."""

    per_s: float
    burst: float
    tokens: float
    at: float


def full(per_s: float, now: float, burst: float | None = None) -> Bucket:
    """A bucket that allows `burst` at once (a second's worth if none) and `per_s` from then on."""
    most = max(1.0, per_s if burst is None else burst)
    return Bucket(per_s, most, most, now)


def step(bucket: Bucket, now: float, wanted: int) -> tuple[Bucket, int]:
    """How many of `wanted` may go now."""
    tokens = min(bucket.burst, bucket.tokens + max(0.0, now - bucket.at) * bucket.per_s)
    allowed = max(0, min(wanted, int(tokens)))
    return msgspec.structs.replace(bucket, tokens=tokens - allowed, at=max(now, bucket.at)), allowed


def refund(bucket: Bucket, unused: int) -> Bucket:
    """Gives back what was allowed and not used."""
    return msgspec.structs.replace(bucket, tokens=min(bucket.burst, bucket.tokens + unused))
