"""Every template can be read: a block that two merges brought twice is a page that nobody sees."""

from pathlib import Path

import pytest

from api.page import ENVIRONMENT

TEMPLATES = Path(__file__).resolve().parents[3] / "api" / "templates"
NAMES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))


@pytest.mark.parametrize("name", NAMES)
def test_a_template_can_be_read(name: str) -> None:
    assert ENVIRONMENT.get_template(name).name == name
