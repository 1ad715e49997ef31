"""No English on Chinese pages: every reason that the rescue desk can give is walked."""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from api.i18n import catalogue
from api.reasons import reason

ALERTING = Path(__file__).resolve().parents[3] / "alerting"
DECISIONS = (
    "crew",
    "desk",
    "escalation",
    "events",
    "effects",
    "calls",
    "commands",
    "masses",
    "help/ranking",
    "help/duty",
)
# What may stand in a blank: a number, an incident's number, a name, a list of words.
BLANKS = ("1", "R20261124-0001", "qr", "injury fire", "door_system", "accept", "'x'", "confidence 0.95")
ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}")
NEVER_SHOWN = {
    # Parts of others that are walked.
    "opened again",
    "; sensors agree",
    # Logged, or kept as an event's outcome.
    "end without an open incident",
    "button released",
    "%s of device %s: it belongs to no lift, nobody can be called",
    "nothing to do",
    "finding is there already",
    "stands outside the door zone no longer",
    "drill: refused, a real incident is open",
}


def _texts(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Raise | ast.Return) and not _holds_call(node):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            yield node
        else:
            yield from _texts(node)


def _holds_call(node: ast.Raise | ast.Return) -> bool:
    return isinstance(node, ast.Return) and any(
        isinstance(part, ast.Call | ast.List | ast.Tuple) for part in ast.walk(node)
    )


def _variants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
        return
    assert isinstance(node, ast.JoinedStr)
    parts = [
        (str(part.value),) if isinstance(part, ast.Constant) else BLANKS
        for part in node.values
        if isinstance(part, ast.Constant | ast.FormattedValue)
    ]
    for chosen in product(*parts):
        yield "".join(chosen)


def _reasons() -> list[tuple[str, ...]]:
    found = []
    for name in DECISIONS:
        for node in _texts(ast.parse((ALERTING / f"{name}.py").read_text("utf-8"))):
            variants = tuple(_variants(node))
            if any(ENGLISH.search(text) for text in variants[:1]) and variants[0] not in NEVER_SHOWN:
                found.append(variants)
    return found


@pytest.mark.parametrize("variants", _reasons(), ids=lambda variants: variants[0][:60])
def test_every_reason_has_a_chinese_text(variants: tuple[str, ...]) -> None:
    assert any(not ENGLISH.search(reason("zh", text)) for text in variants), variants[0]
    assert all(reason("en", text) == text for text in variants)


def test_there_are_many_reasons() -> None:
    assert len(_reasons()) > 60


def test_every_action_has_a_word() -> None:
    """The actions of a timeline stand in the code of alerting as the third of SetIncident, or the second of entry."""
    found = set()
    for path in ALERTING.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = {"SetIncident": 2, "entry": 1}.get(called)
            if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant):
                found.add(ast.literal_eval(node.args[place]))
    found |= set(re.findall(r"'sunlit', '(\w+)'", (ALERTING / "masses.sql").read_text("utf-8")))
    assert len(found) > 15
    assert {action for action in found if f"action.{action}" not in catalogue("zh")} == set()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("declined: no_vehicle", "不能前往：没有车辆"),
        ("hazards: injury fire", "险情：有人受伤、火情或烟雾"),
        ("2 inside, hazards: none, floor 7 (said the caller)", "车内 2 人，险情：无，楼层 7 (said the caller)"),
        ("at once: hazard", "立即呼叫：险情"),
        ("car: they are calm", "轿厢内乘客：they are calm"),
        ("released: at 7", "released: at 7"),
        ("people are out: 2", "已救出：2 人"),
        ("cause door_system, method open_at_level; sensors agree", "原因：门系统，方式：平层开门；传感器一致"),
        ("arrived: code: '1', expected 442001", "到场：编号 1 不对，本梯编号应为 442001"),
        ("tier 2: 石岐救援站, busy: 1 of 1 crew under way; 3 min, 0.8 km estimated",
         "第 2 级：石岐救援站，忙：1 组中 1 组执行中；3 分钟，0.8 公里（估算）"),
        ("恒升: nobody is on duty by the roster; it has none of its own either",
         "恒升：值班表上无人值班；单位也没有联系方式"),
        ("值守员自己写的话", "值守员自己写的话"),
    ],
)  # fmt: skip
def test_what_a_reader_sees(text: str, words: str) -> None:
    assert reason("zh", text) == words
