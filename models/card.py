"""Pastes measured numbers into a model's card, between two marks, so that none is typed by hand."""

from models.errors import ModelError
from models.evaluate.metrics import Number, WearNumbers
from models.evaluate.report import Report

BEGIN, END = "<!-- numbers: begin -->", "<!-- numbers: end -->"


def paste(card: str, report: Report) -> str:
    """The card's text with the table between the marks replaced. Raises ModelError when the marks are missing."""
    before, found, rest = card.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ModelError(f"card: the marks {BEGIN} and {END} are missing, expected both once")
    return f"{before}{BEGIN}\n{tables(report)}\n{END}{after}"


def tables(report: Report) -> str:
    """Markdown tables of a report: heads, people, hats, masks, per source."""
    limits = ", ".join(f"{kind} {floor:.2f}" for kind, floor in report.thresholds.items())
    lines = [
        f"Model `{report.model.name}` {report.model.version}, sha256 `{report.model.sha256}`; split `{report.split}`; "
        f"thresholds {limits}. In brackets: 95 % bootstrap interval over pictures. {report.set_aside} regions with "
        "real but unlabelled heads were set aside.",
        "",
        "| heads | pictures | labelled | recall | recall, >= 4 % of the longer side | false a picture | AP50 |",
        "|---|---|---|---|---|---|---|",
    ]
    for source, head in report.head.items():
        of_heads = (head.recall, head.recall_large, head.false_per_picture, head.ap50)
        lines.append(_row(source, head.pictures, head.heads, *of_heads))
    lines += ["", "| people | pictures | labelled | recall | false a picture | AP50 |", "|---|---|---|---|---|---|"]
    for source, person in report.person.items():
        of_people = (person.recall, person.false_per_picture, person.ap50)
        lines.append(_row(source, person.pictures, person.people, *of_people))
    for item in ("hat", "mask"):
        lines += _worn(item, {source: getattr(head, item) for source, head in report.head.items()})
    return "\n".join(lines)


def _worn(item: str, per_source: dict[str, WearNumbers | None]) -> list[str]:
    columns = "labelled | bare | not-worn precision | not-worn recall | accuracy | balanced | cannot tell | calibration"
    lines = ["", f"| {item} | {columns} |", "|---|---|---|---|---|---|---|---|---|"]
    for source, numbers in per_source.items():
        if numbers is not None:
            shown = (
                numbers.violation_precision,
                numbers.violation_recall,
                numbers.accuracy,
                numbers.balanced_accuracy,
                numbers.unknown,
                numbers.calibration_error,
            )
            lines.append(_row(source, numbers.heads, numbers.bare, *shown))
    return lines


def _row(source: str, *cells: int | Number) -> str:
    return f"| {source} | " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(cell: int | Number) -> str:
    if isinstance(cell, int):
        return str(cell)
    if cell.value is None:
        return "-"
    return f"{cell.value:.3f} ({cell.low:.3f}-{cell.high:.3f})" if cell.low is not None else f"{cell.value:.3f}"
