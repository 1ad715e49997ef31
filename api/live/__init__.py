"""Unblurred video: for those whom it concerns, with a reason, for a limited time, and never without a trace."""
