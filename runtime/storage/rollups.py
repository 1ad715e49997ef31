"""PURE: the names of the sample tables and of their rollups."""

KINDS = ("lift", "climate", "camera")
WIDTHS = ("minute", "hour", "day")
SAMPLES = tuple(f"{kind}_sample" for kind in KINDS)
ROLLUPS = tuple(f"{kind}_{width}" for width in WIDTHS for kind in KINDS)
