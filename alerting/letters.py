"""What people are told: short texts in Chinese or English, never mixed."""

from collections.abc import Mapping
from functools import cache
from importlib import resources

import jinja2
import msgspec

LANGUAGES = ("zh", "en")
RULES = {
    "zh": {
        "no_hat": "未戴工作帽",
        "no_mask": "未戴口罩",
        "camera_blind": "摄像头看不见",
        "stranger": "专间有外人",
        "crowding": "人员超限",
        "climate": "温湿度超限",
        "uv_lamp": "紫外线灯时间不足或有人时开启",
    },
    "en": {
        "no_hat": "no hat",
        "no_mask": "no mask",
        "camera_blind": "camera cannot see",
        "stranger": "stranger in the special room",
        "crowding": "too many people",
        "climate": "climate out of range",
        "uv_lamp": "UV lamp too short, or on with people inside",
    },
}


class Letter(msgspec.Struct, frozen=True):
    """A subject line and a body."""

    subject: str
    body: str


class LetterError(ValueError):
    """A stage without a text, or a text that lacks a fact; the message names it."""


@cache
def _environment(language: str) -> jinja2.Environment:
    folder = resources.files("alerting").joinpath("templates", language)
    sources = {
        file.name.removesuffix(".txt"): file.read_text("utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".txt")
    }
    return jinja2.Environment(
        loader=jinja2.DictLoader(sources), undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True
    )


def stages(language: str) -> set[str]:
    """The stages that have a text."""
    loader = _environment(language).loader
    return set(loader.list_templates()) if loader else set()


def render(stage: str, language: str, facts: Mapping[str, object]) -> Letter:
    """The letter of a stage: the first line of its text is the subject. Raises LetterError."""
    rule = str(facts.get("rule", ""))
    known = {**facts, "rule_text": RULES.get(language, {}).get(rule, rule)}
    try:
        text = _environment(language).get_template(stage).render(known)
    except jinja2.TemplateNotFound as error:
        raise LetterError(f"stage: {stage!r} has no text in {language!r}") from error
    except jinja2.UndefinedError as error:
        raise LetterError(f"stage {stage!r}, {language}: {error.message}") from error
    subject, _, body = text.partition("\n")
    return Letter(subject.strip(), body.strip())
