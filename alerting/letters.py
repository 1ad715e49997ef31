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
