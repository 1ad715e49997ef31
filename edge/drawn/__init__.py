"""A procedural kitchen that serves as a camera where there is none, and says so in its pictures."""

from edge.drawn.scene import Scene, Truth

__all__ = ["Scene", "Truth"]
