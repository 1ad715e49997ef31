"""The shipped model on drawn kitchens, which the demo shows."""

from contracts.kinds import ObjectKind
from contracts.vision import Box, iou
from models import labels
from models.detector import open_detector
from models.train import drawn


def test_drawn_cooks_are_found_too() -> None:
    detector = open_detector()
    hits = total = 0
    # Seeds that training never drew: it draws from 40 random bits.
    for seed in range(2**41, 2**41 + 20):
        image, objects, _ = drawn.scene(seed)
        found = [seen for seen in detector.detect(image) if seen.kind is ObjectKind.HEAD]
        for row in objects[objects[:, 0] == labels.HEAD]:
            total += 1
            hits += any(iou(seen.box, Box(*map(float, row[1:5]))) > 0.5 for seen in found)
    assert hits > 0.7 * total
