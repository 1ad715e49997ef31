"""What people are told: short texts in Chinese or English, never mixed."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

import jinja2
import msgspec

from alerting.sms import segments

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
HAZARDS = {
    "zh": {"injury": "有人受伤", "fire": "火情", "water": "进水", "child_alone": "独自儿童"},
    "en": {"injury": "injured", "fire": "fire", "water": "water", "child_alone": "child alone"},
}
DRILL = {"zh": "【演练】", "en": "[DRILL] "}
REAL = {"zh": "【非演练】", "en": "[NO DRILL] "}
JOINED = {"zh": "、", "en": ", "}
OPTIONAL: Mapping[str, object] = {
    "map_link": "",
    "hazards": (),
    "next_step": "",
    "eta_minutes": None,
    "priority": (),
    "address_note": "",
}
"""Facts that a text can do without. `priority`: codes of lifts, the first to be helped first."""
MOST_SEGMENTS = 3
"""of a short message; gateways cut or refuse longer ones"""
PART = "_"
"""Files whose name begins so are parts of texts."""


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
    return {name for name in loader.list_templates() if not name.startswith(PART)} if loader else set()


def render(
    stage: str, language: str, facts: Mapping[str, object], *, drill: bool = False, real: bool = False
) -> Letter:
    """The letter of a stage: the first line of its text is the subject. Raises LetterError.

    A letter of a drill says so where it begins, in the subject and again in the body: some channels send only one. The
    map is left out where the letter would be too long with it; the page behind the link shows it.
    """
    mark = DRILL[language] if drill else REAL[language] if real else ""
    letter = _render(stage, language, facts, mark)
    if facts.get("map_link") and segments(as_sms(letter)) > MOST_SEGMENTS:
        return _render(stage, language, {**facts, "map_link": ""}, mark)
    return letter


def _render(stage: str, language: str, facts: Mapping[str, object], mark: str) -> Letter:
    known = {**OPTIONAL, **facts}
    rule = str(known.get("rule", ""))
    words = {
        "rule_text": RULES.get(language, {}).get(rule, rule),
        "hazards_text": _joined(language, known["hazards"], HAZARDS.get(language, {})),
        "priority_text": _joined(language, known["priority"], {}),
    }
    if stage not in stages(language):
        raise LetterError(f"stage: {stage!r} has no text in {language!r}")
    try:
        text = _environment(language).get_template(stage).render({**known, **words})
    except jinja2.UndefinedError as error:
        raise LetterError(f"stage {stage!r}, {language}: {error.message}") from error
    subject, _, body = text.partition("\n")
    return Letter(mark + subject.strip(), mark + "\n".join(line for line in body.splitlines() if line.strip()))


def _joined(language: str, items: object, names: Mapping[str, str]) -> str:
    listed = [items] if isinstance(items, str) else list(items) if isinstance(items, Iterable) else []
    return JOINED.get(language, ", ").join(names.get(str(item), str(item)) for item in listed)


def as_sms(letter: Letter) -> str:
    """The text as a gateway makes an SMS of it."""
    return f"{letter.subject}\n{letter.body}"
