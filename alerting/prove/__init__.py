"""Proof of a policy before it is activated: every case, with the production decisions."""
