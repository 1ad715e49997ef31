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
    "look_asked",
    "hand_over_read",
    "kitchen_exported",
    "report_marked",
    "stranger_dismissed",
    "password_changed",
    "password_set",
    "second_factor_on",
    "second_factor_off",
    "second_factor_reset",
    "provider_bound",
    "person_added",
    "person_invited",
    "person_disabled",
    "person_enabled",
    "role_granted",
    "role_revoked",
    "first_admin_invited",
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
KINDS = ("incident", "rescue", "finding", "camera", "device", "lift", "kitchen", "person", "token", "webhook")
"""what a line can be about, as its first word"""
