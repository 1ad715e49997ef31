"""Unblurred pictures and video under short-lived sealed addresses, marked with the viewer, every look logged."""
