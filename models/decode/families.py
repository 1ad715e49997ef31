"""The families by the name that a registry entry gives."""

from collections.abc import Callable, Sequence

from models.decode import detr, fastestdet, ssd, sunlit, yolo, yolox, yunet
from models.decode.candidates import Candidates, Floats

Decoder = Callable[[Sequence[Floats], tuple[int, int]], Candidates]

FAMILIES: dict[str, Decoder] = {
    "detr": detr.decode,
    "fastestdet": fastestdet.decode,
    "ssd": ssd.decode,
    "sunlit": sunlit.decode,
    "ulfg": ssd.decode_faces,
    "yolov5": yolo.decode_v5,
    "yolov8": yolo.decode_v8,
    "yolox": yolox.decode,
    "yunet": yunet.decode,
}
