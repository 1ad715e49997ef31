"""Every action that any source writes into the audit log has its word in both languages."""

import ast
import re
from pathlib import Path

from api.i18n import catalogue
from api.oversight.audit_words import ACTIONS
from contracts.kinds import EdgeCommand

ROOT = Path(__file__).resolve().parents[4]
WRITERS = ("note", "_note", "audit", "_audit")
"""functions that write a line; one of their first arguments is the action"""
NAME = re.compile(r"[a-z]+(_[a-z]+)+")
OTHERS = {"audit_log"}


def constants(node: ast.AST) -> set[str]:
    """Words that can be an action; what is looked up by a word is none."""
    if isinstance(node, ast.Subscript):
        return set()
    own = {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()
    inner = (constants(child) for child in ast.iter_child_nodes(node))
    return {text for text in own.union(*inner) if NAME.fullmatch(text)}


def written(path: Path) -> set[str]:
    tree, found = ast.parse(path.read_text("utf-8")), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in WRITERS:
                # An action is said outright, or chosen between two, as one argument.
                found |= {text for part in node.args for text in constants(part) if not isinstance(part, ast.Dict)}
        elif isinstance(node, ast.Dict):
            keys = {
                key.value: value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            }
            if {"action", "object", "actor"} <= keys.keys():
                found |= constants(keys["action"])
    return found


def test_every_action_has_a_word() -> None:
    files = [path for part in ("api", "alerting/hooks") for path in (ROOT / part).rglob("*.py")]
    said = {action for path in files for action in written(path)} - OTHERS
    said |= {f"edge_{kind.value}" for kind in EdgeCommand}
    for migration in (ROOT / "contracts/sql/migrations").glob("*.sql"):
        said |= set(re.findall(r"INTO audit_log.*?'sunlit', '(\w+)'", migration.read_text("utf-8"), re.DOTALL))
    assert {"evidence_viewed", "live_ended", "webhook_stopped", "webhook_added", "api_read", "token_made"} <= said
    assert said - set(ACTIONS) == set(), "name them in api/oversight/audit_words.py"
    for language in ("zh", "en"):
        assert {f"audit_action.{action}" for action in ACTIONS} <= catalogue(language).keys()
