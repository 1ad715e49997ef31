"""PURE: what the bench tells."""

import msgspec


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """What `sunlit bench ingest --json` prints; docs/bench.md says what each means.

    `*_per_second`: committed in the steady part. `p*_s`: seconds from publish to commit, telemetry; `event_p*_s`: the
    alarm lane. None: not measured. `published` is the generator's own count; the rest of the equation is the audit's.
    """

    devices: int
    rate: float
    seconds: float
    samples: int
    workers: int
    cores: int
    database: str
    durable: bool
    messages_per_second: float
    samples_per_second: float
    cpu_s_per_10k: dict[str, float]
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    event_p50_s: float | None
    event_p95_s: float | None
    event_p99_s: float | None
    probes: int
    consumer_messages_per_second: float
    copy_rows_per_second: float
    ratio_consumer: float
    ratio_copy: float
    published: int
    stored: int
    rejected: int
    lost: int
    duplicated: int
    unexplained: int
    samples_published: int
    samples_stored: int
    resent: int
    unheard: int
    refused: int
    backlog: int
    drain_s: float
    generator_late_s: float
    sustained: bool
    idle_share: float
    ingest_memory_mb: tuple[float, float]

    @property
    def balanced(self) -> bool:
        """Whether all that was published is stored, each message and each sample once (the bench sends no bad ones)."""
        return (self.unexplained, self.lost, self.rejected) == (0, 0, 0) and (
            self.samples_stored == self.samples_published
        )
