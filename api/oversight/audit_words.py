"""PURE: every action that a line of the audit log can name; a test holds them against what the sources write."""

from contracts.kinds import EdgeCommand

ACTIONS = (
    "evidence_viewed",
    "live_opened",
    "live_ended",
    "clip_taken",
    "audit_searched",
    "audit_exported",
    "api_read",
    "stranger_dismissed",
    "token_made",
    "token_revoked",
    "webhook_added",
    "webhook_enabled",
    "webhook_disabled",
    "webhook_rotated",
    "webhook_replayed",
    "webhook_stopped",
    *(f"edge_{kind.value}" for kind in EdgeCommand),
)
