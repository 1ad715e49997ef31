"""The families by the name that a registry entry gives."""

from collections.abc import Callable, Sequence

from models.decode import sunlit, ulfg, yolox
from models.decode.candidates import Candidates, Floats

Decoder = Callable[[Sequence[Floats], tuple[int, int]], Candidates]

FAMILIES: dict[str, Decoder] = {"sunlit": sunlit.decode, "ulfg": ulfg.decode, "yolox": yolox.decode}
