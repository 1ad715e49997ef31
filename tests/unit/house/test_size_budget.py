"""The house stays small: file median <= 120 lines, none over 400; function p90 <= 35 lines, none over 80."""

import ast
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("contracts", "runtime", "models", "edge", "ingest", "alerting", "api")


def sources() -> list[Path]:
    return [
        path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if "static" not in path.parts
    ]


def functions(path: Path) -> list[tuple[int, str]]:
    tree = ast.parse(path.read_text("utf-8"))
    return [
        ((node.end_lineno or node.lineno) - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.name}")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_files_are_small() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in sources()}
    assert {name: size for name, size in sizes.items() if size > 400} == {}
    assert median(sizes.values()) <= 120


def test_functions_are_small() -> None:
    sizes = [size for path in sources() for size in functions(path)]
    assert [name for size, name in sizes if size > 80] == []
    assert quantiles([size for size, _ in sizes], n=10)[-1] <= 35


def test_nothing_stands_at_the_top_that_was_not_agreed() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    extra = folders - set(PACKAGES) - {"tests", "docs"}
    assert {name for name in extra if not name.endswith(".egg-info") and name not in ("build", "runs", "dist")} == set()
