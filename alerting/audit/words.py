"""PURE: the auditor's words, in Chinese or English, and the letter that a round becomes."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import timedelta, timezone
from functools import cache
from importlib import resources

from msgspec import Struct

from alerting.audit.facts import Trouble
from alerting.audit.watch import News, What

LONGEST = 20
"""lines of a letter"""
LONGEST_REASON = 160
# The city's clock; one zone serves the whole country.
LOCAL = timezone(timedelta(hours=8))


class Letter(Struct, frozen=True):
    """What is said to every address of the auditor."""

    subject: str
    body: str


@cache
def texts(language: str) -> Mapping[str, Mapping[str, str]]:
    """The auditor's texts of a language."""
    file = resources.files("alerting.audit").joinpath("texts", f"{language}.toml")
    found: Mapping[str, Mapping[str, str]] = tomllib.loads(file.read_text("utf-8"))
    return found


def sentence(trouble: Trouble, language: str) -> str:
    """What is wrong, in a sentence."""
    return texts(language)["trouble"][trouble.kind].format(**_bounded(trouble, language))


def short(trouble: Trouble, language: str) -> str:
    """The same in a few words."""
    return texts(language)["short"][trouble.kind].format(**_bounded(trouble, language))


def letter(news: Sequence[News], name: str, language: str) -> Letter:
    """One letter for all that is to be said at once, what is new and grave first. `news` is not empty."""
    known = texts(language)["letter"]
    order = {what: place for place, what in enumerate(What)}
    ordered = sorted(news, key=lambda one: (order[one.what], not one.alarm.trouble.grave, one.alarm.trouble.since))
    lines = [_line(one, language) for one in ordered[:LONGEST]]
    if len(ordered) > LONGEST:
        lines.append(known["more"].format(n=len(ordered) - LONGEST))
    first = short(ordered[0].alarm.trouble, language)
    if ordered[0].what is not What.NEW:
        first = f"{known[ordered[0].what]} {first}" if language == "en" else f"{known[ordered[0].what]}：{first}"
    subject = known["subject_one"] if len(news) == 1 else known["subject_more"]
    return Letter(subject.format(first=first, more=len(news) - 1), "\n".join([*lines, known["foot"].format(name=name)]))


def _line(one: News, language: str) -> str:
    known, alarm = texts(language)["letter"], one.alarm
    text, since = sentence(alarm.trouble, language), f"{alarm.trouble.since.astimezone(LOCAL):%m-%d %H:%M:%S}"
    if one.what is What.OVER:
        return known["line_over"].format(text=text, since=since)
    line = known["line"].format(what=known[one.what], text=text, since=since)
    return line if alarm.times == 1 else f"{line} {known['times'].format(n=alarm.times)}"


def _bounded(trouble: Trouble, language: str) -> dict[str, object]:
    """A database's complaint may be long; a letter is not."""
    facts = texts(language)["fact"]
    return {name: _value(facts.get(str(value), value)) for name, value in trouble.details.items()}


def _value(value: object) -> object:
    if not isinstance(value, str) or len(value) <= LONGEST_REASON:
        return value
    return f"{value[:LONGEST_REASON]}…"
