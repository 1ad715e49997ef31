"""Mutings: what is not told at the moment, who answers for it, and until when."""
