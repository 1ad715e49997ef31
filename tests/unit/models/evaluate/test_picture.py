from xml.etree import ElementTree

from contracts.vision import ModelRef
from models.evaluate.metrics import Bin, Number, Point
from models.evaluate.picture import drawing
from models.evaluate.report import HeadNumbers, PersonNumbers, Report

SOME = Number(0.5, 0.4, 0.6)


def report(curve: tuple[Point, ...], tenths: tuple[Bin, ...]) -> Report:
    head = HeadNumbers(10, 20, SOME, SOME, SOME, SOME, None, None, curve, tenths)
    person = PersonNumbers(5, 7, SOME, SOME, SOME, curve, tenths)
    return Report(ModelRef("a<b", "1", "00" * 32), "val", 0, {}, {"all": head, "street": head}, {"all": person})


def test_every_source_is_drawn_and_named_and_the_text_is_escaped() -> None:
    drawn = drawing(report((Point(0.3, 0.8, 0.2), Point(0.5, 0.6, 0.1)), (Bin(4, 0.3, 0.25), Bin(6, 0.9, 1.0))))
    root = ElementTree.fromstring(drawn)
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "street" in texts and "a<b 1 on split val" in [
        t.text for t in root.iter("{http://www.w3.org/2000/svg}title")
    ]
    # Recall 0.8 at 0.2 false: a fifth from the left, a fifth from the top of a panel of 200.
    assert any(c.get("cx") == "40.0" and c.get("cy") == "40.0" for c in root.iter("{http://www.w3.org/2000/svg}circle"))


def test_a_report_without_points_is_still_a_picture() -> None:
    ElementTree.fromstring(drawing(report((), ())))
    ElementTree.fromstring(drawing(Report(ModelRef("a", "1", "00" * 32), "val", 0, {}, {}, {})))
