"""Policies played with invented people: the production decisions over many incidents."""
