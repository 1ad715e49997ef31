"""Measures a detector on labelled pictures: what `sunlit models evaluate` reports."""
