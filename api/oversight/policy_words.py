"""PURE: a policy's body in words: sections of lines, each under a key, so that two versions can stand side by side."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

LIFT_CLOCKS = (
    "verify_s", "check_eta_s", "arrive_s", "release_s", "long_s", "t_max_s", "comfort_s", "record_s", "follow_up_s",
    "reopen_s", "settle_s",
)  # fmt: skip
CLASS_CLOCKS = ("look_s", "rectify_s", "review_s", "yellow_s", "red_s", "remind_s")
MOMENTS = ("look", "push", "late", "yellow", "red", "review")
UNITS = ((86_400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))
CLASSES = ("I", "II", "III", "D")


class Say:
    """Texts of one language, and what stands between words and between sentences in it."""

    def __init__(self, text: Callable[..., str], language: str) -> None:
        self.text = text
        self.comma, self.then = ("、", "；") if language == "zh" else (", ", "; ")

    def __call__(self, key: str, **values: object) -> str:
        return self.text(key, **values)


class Line(NamedTuple):
    """One thing that a policy says."""

    key: str
    name: str
    value: str


class Section(NamedTuple):
    """What belongs together."""

    key: str
    title: str
    lines: tuple[Line, ...]


class Pair(NamedTuple):
    """A line of two versions; empty: that version does not have it."""

    name: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


def span(say: Say, seconds: float) -> str:
    """As people say it: 3 min, 24 h, 5 days; whole, of the largest unit that fits."""
    for size, unit in UNITS:
        # A single day is said in hours: nobody has to know where it ends.
        if seconds >= size * (1 + (unit == "days")) and seconds % size == 0:
            return say(f"policies.{unit}", n=f"{seconds / size:g}")
    return say("policies.seconds", n=f"{seconds:g}")


def sections(body: Mapping[str, Any], say: Say) -> list[Section]:
    """The whole policy. What this version does not know is shown as it stands, never left out."""
    makers = _lift if body.get("kind") == "lift" and "clocks" in body else _finding if "classes" in body else _raw
    found = [Section(key, say(f"policies.part_{key}"), tuple(lines)) for key, lines in makers(body, say).items()]
    return [section for section in found if section.lines]


def beside(before: Sequence[Section], after: Sequence[Section]) -> list[tuple[str, list[Pair]]]:
    """Two versions, section by section; what only one has is opposite an empty place."""
    titles = {section.key: section.title for section in (*after, *before)}
    old, new = ({section.key: section.lines for section in one} for one in (before, after))
    found = []
    for key, title in titles.items():
        was = {line.key: line for line in old.get(key, ())}
        now = {line.key: line for line in new.get(key, ())}
        pairs = [
            Pair(
                (now.get(name) or was[name]).name,
                was[name].value if name in was else "",
                now[name].value if name in now else "",
            )
            for name in dict.fromkeys([*now, *was])
        ]
        found.append((title, pairs))
    return found


def _lift(body: Mapping[str, Any], say: Say) -> dict[str, list[Line]]:
    clocks = body["clocks"]
    return {
        "tiers": [line for n, tier in enumerate(body["tier"], 1) for line in _tier(n, tier, say)],
        "clocks": [
            Line(name, say(f"policies.{name}"), span(say, clocks[name])) for name in LIFT_CLOCKS if name in clocks
        ],
        "emergency": [
            Line("ask", say("policies.emergency_ask"), _kinds(body.get("emergency", {}).get("ask", ()), say))
        ],
        "branches": [_branch(branch, say) for branch in body.get("branch", ())],
        "mass": list(_mass(body.get("mass", {}), say)),
        "letters": [
            Line(
                "every_way",
                say("policies.every_way"),
                _listed([say(f"stage.{one}") for one in _of(body, "letters", "every_way")], say),
            )
        ],
        "other": [
            Line(name, say(f"policies.{name}"), str(body[name])) for name in ("name", "timezone") if name in body
        ],
    }


def _of(body: Mapping[str, Any], table: str, key: str) -> Sequence[str]:
    found: Sequence[str] = body.get(table, {}).get(key, ())
    return found


def _tier(n: int, tier: Mapping[str, Any], say: Say) -> Iterator[Line]:
    many = say("policies.all_of") if tier["count"] == 0 else say("policies.nearest", n=tier["count"])
    yield Line(f"{n}.ask", say("policies.tier_ask", n=n), f"{_kinds(tier['ask'], say)} ({many})")
    yield Line(f"{n}.accept_s", say("policies.tier_accept", n=n), span(say, tier["accept_s"]))
    if tier["tell"]:
        yield Line(f"{n}.tell", say("policies.tier_tell", n=n), _kinds(tier["tell"], say))


def _mass(mass: Mapping[str, Any], say: Say) -> Iterator[Line]:
    for name in ("place_lifts", "grid_lifts"):
        if name in mass:
            yield Line(name, say(f"policies.{name}"), say("policies.lifts", n=mass[name]))
    for name in ("window_s", "quiet_s"):
        if name in mass:
            yield Line(name, say(f"policies.{name}"), span(say, mass[name]))


def _branch(branch: Mapping[str, Any], say: Say) -> Line:
    when, parts = branch["when"], []
    for name in ("place_kinds", "hours", "campaigns", "hazards"):
        if when.get(name):
            words = [say(f"hazard.{one}") for one in when[name]] if name == "hazards" else list(when[name])
            parts.append(say(f"policies.when_{name}", what=_listed(words, say)))
    if when.get("people_min"):
        parts.append(say("policies.when_people", n=when["people_min"]))
    for name in ("remote", "mass"):
        if when.get(name) is not None:
            parts.append(say(f"policies.when_{name}" if when[name] else f"policies.when_not_{name}"))
    does = [f"{say(f'policies.{name}')}: {span(say, branch[name])}" for name in LIFT_CLOCKS if branch.get(name)]
    if branch.get("accept_s"):
        does.append(say("policies.does_accept", what=_listed([span(say, one) for one in branch["accept_s"]], say)))
    if branch.get("call_tier"):
        does.append(say("policies.does_call", n=branch["call_tier"]))
    if branch.get("emergency") is not None:
        does.append(say("policies.does_emergency" if branch["emergency"] else "policies.does_no_emergency"))
    name = f"{branch['name']}: {say('policies.and').join(parts)}"
    return Line(str(branch["name"]), name, say.then.join(does))


def _finding(body: Mapping[str, Any], say: Say) -> dict[str, list[Line]]:
    spans = ("repeat_s", "keep_s", "silence_s", "quiet_max_s")
    guidance = body.get("guidance", {})
    return {
        "classes": [
            *(Line(rule, say(f"rule.{rule}"), say(f"policies.class_{kind}")) for rule, kind in body["classes"].items()),
            *(
                Line(
                    f"cause.{cause}",
                    say("policies.cause", what=say(f"policies.cause_{cause}")),
                    say(f"policies.class_{kind}"),
                )
                for cause, kind in body.get("causes", {}).items()
            ),
        ],
        "bands": [
            Line(name, say(f"policies.{name}"), f"{body[name]:.0%}")
            for name in ("automatic_confidence", "review_confidence")
            if name in body
        ],
        "clocks": [
            Line(
                f"{kind}.{name}",
                f"{say(f'policies.class_{kind}')} · {say(f'policies.{name}')}",
                span(say, clocks[name]),
            )
            for kind, clocks in _by_class(body["clocks"])
            for name in CLASS_CLOCKS
            if name in clocks
        ],
        "tell": [
            Line(
                f"{kind}.{at}",
                f"{say(f'policies.class_{kind}')} · {say(f'policies.at_{at}')}",
                _parties(clocks["tell"][at], say),
            )
            for kind, clocks in _by_class(body["clocks"])
            for at in MOMENTS
            if at in clocks.get("tell", {})
        ],
        "stricter": [_stricter(one, say) for one in body.get("stricter", ())],
        "lasting": [Line(rule, say(f"rule.{rule}"), span(say, s)) for rule, s in body.get("lasting", {}).items()],
        "guidance": [
            Line(
                "times",
                say("policies.guidance_times", within=span(say, guidance["within_s"])),
                say("policies.times", n=guidance["times"]),
            ),
            Line("digest_hour", say("policies.digest_hour"), f"{guidance['digest_hour']}:00"),
        ]
        if guidance
        else [],
        "other": [
            *(Line(name, say(f"policies.{name}"), span(say, body[name])) for name in spans if name in body),
            *(Line(name, say(f"policies.{name}"), str(body[name])) for name in ("name", "timezone") if name in body),
        ],
    }


def _by_class(clocks: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(kind, clocks[kind]) for kind in CLASSES if kind in clocks]


def _stricter(one: Mapping[str, Any], say: Say) -> Line:
    parts = [say("policies.when_place_kinds", what=_listed(list(one["kinds"]), say))] if one.get("kinds") else []
    parts += [say("policies.when_campaign")] if one.get("campaign") else []
    does = [say("policies.share", n=f"{100 * one['share']:g}")] if one.get("share", 1) != 1 else []
    does += [f"{say(f'rule.{rule}')}: {say(f'policies.class_{kind}')}" for rule, kind in one.get("classes", {}).items()]
    return Line(str(one["name"]), f"{one['name']}: {say('policies.and').join(parts)}", say.then.join(does))


def _raw(body: Mapping[str, Any], say: Say) -> dict[str, list[Line]]:
    """A form that is no longer written: its keys as they are."""
    return {"other": [Line(name, name, str(value)) for name, value in body.items() if name not in ("kind", "version")]}


def _kinds(kinds: Sequence[str], say: Say) -> str:
    return _listed([say(f"coverage.kind_{kind}") for kind in kinds], say)


def _parties(parties: Sequence[str], say: Say) -> str:
    return _listed([say(f"policies.party_{party}") for party in parties], say)


def _listed(words: Sequence[str], say: Say) -> str:
    return say.comma.join(words) or "—"
