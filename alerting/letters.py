"""What people are told: short texts in Chinese or English, never mixed."""

import logging
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

import jinja2
import msgspec

from alerting.sms import segments

log = logging.getLogger(__name__)
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
        "lift_fault": "电梯故障",
        "door_not_opening": "门打不开",
        "door_not_closing": "门关不上",
        "door_reopening": "门反复开启",
        "unintended_movement": "开门走车",
        "overspeed": "超速",
        "overtravel": "越程",
        "mains_lost": "主电源断电",
        "sensor_shielded": "传感器不可信",
        "alarm_path_untested": "报警通道未按期测试",
        "lift_unknown": "电梯状态不明",
        "ride_quality": "运行质量下降",
        "device_silent": "设备失联",
    },
    "en": {
        "no_hat": "no hat",
        "no_mask": "no mask",
        "camera_blind": "camera cannot see",
        "stranger": "stranger in the special room",
        "crowding": "too many people",
        "climate": "climate out of range",
        "uv_lamp": "UV lamp too short, or on with people inside",
        "lift_fault": "lift fault",
        "door_not_opening": "door does not open",
        "door_not_closing": "door does not close",
        "door_reopening": "door opens again and again",
        "unintended_movement": "moves with its door open",
        "overspeed": "too fast",
        "overtravel": "beyond its last landing",
        "mains_lost": "mains lost",
        "sensor_shielded": "sensor not believed",
        "alarm_path_untested": "alarm path not tested",
        "lift_unknown": "lift state unknown",
        "ride_quality": "ride quality fell",
        "device_silent": "device silent",
    },
}
HAZARDS = {
    "zh": {"injury": "有人受伤", "fire": "火情", "water": "进水", "child_alone": "独自儿童"},
    "en": {"injury": "injured", "fire": "fire", "water": "water", "child_alone": "child alone"},
}
BRAND = {"zh": "【亮堂】", "en": "[Sunlit] "}
DRILL = {"zh": "【演练】", "en": "[DRILL] "}
REAL = {"zh": "【非演练】", "en": "[NO DRILL] "}
JOINED = {"zh": "、", "en": ", "}
MORE = {"zh": "等", "en": " ..."}
OPTIONAL: Mapping[str, object] = {
    "map_link": "",
    "hazards": (),
    "next_step": "",
    "eta_minutes": None,
    "priority": (),
    "address_note": "",
}
"""Facts that a text can do without. `priority`: codes of lifts, the first to be helped first."""
MOST_NAMED = 5
"""lifts of a mass incident; the page has them all"""
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

    A letter of a drill says so where it begins, in the subject and again in the body: some channels send only one. So
    does one that is `real` where a drill was going on. The map is left out where the letter would be too long with it;
    the page behind the link shows it.
    """
    mark = _mark(language, drill, real)
    letter = _render(stage, language, facts, mark)
    if facts.get("map_link") and segments(as_sms(letter)) > MOST_SEGMENTS:
        return _render(stage, language, {**facts, "map_link": ""}, mark)
    return letter


def write(stage: str, language: str, facts: Mapping[str, object], *, drill: bool = False, real: bool = False) -> Letter:
    """The letter of a stage, or where there is none the bare facts: an ugly letter is better than a call that fails."""
    try:
        return render(stage, language, facts, drill=drill, real=real)
    except LetterError as error:
        log.error("%s; the bare facts are sent", error)
    mark = _mark(language, drill, real)
    told = [f"{name}: {value}" for name, value in facts.items() if value not in (None, "", (), [])]
    return Letter(f"{mark}{BRAND[language]}{facts.get('lift_code', '')} {stage}", mark + "\n".join(told))


def _mark(language: str, drill: bool, real: bool) -> str:
    return DRILL[language] if drill else REAL[language] if real else ""


def _render(stage: str, language: str, facts: Mapping[str, object], mark: str) -> Letter:
    known = {**OPTIONAL, **facts}
    rule = str(known.get("rule", ""))
    words = {
        "rule_text": RULES.get(language, {}).get(rule, rule),
        "hazards_text": _joined(language, known["hazards"], HAZARDS.get(language, {})),
        "priority_text": _joined(language, known["priority"], {}, MOST_NAMED),
    }
    if stage not in stages(language):
        raise LetterError(f"stage: {stage!r} has no text in {language!r}")
    try:
        text = _environment(language).get_template(stage).render({**known, **words})
    except jinja2.UndefinedError as error:
        raise LetterError(f"stage {stage!r}, {language}: {error.message}") from error
    subject, _, body = text.partition("\n")
    return Letter(mark + subject.strip(), mark + "\n".join(line for line in body.splitlines() if line.strip()))


def _joined(language: str, items: object, names: Mapping[str, str], most: int = sys.maxsize) -> str:
    listed = [items] if isinstance(items, str) else list(items) if isinstance(items, Iterable) else []
    words = [names.get(str(item), str(item)) for item in listed]
    return JOINED.get(language, ", ").join(words[:most]) + (MORE.get(language, "") if len(words) > most else "")


def as_sms(letter: Letter) -> str:
    """The text as a gateway makes an SMS of it."""
    return f"{letter.subject}\n{letter.body}"
