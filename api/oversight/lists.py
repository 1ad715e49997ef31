"""PURE: the lists of regulators: what each can be filtered and sorted by, and its columns."""

from api.oversight.listing import Column, Filter, Listing
from api.oversight.risk import FINDING, KITCHEN, LIFT, Term
from api.rescue_words import CAUSES
from contracts.kinds import CentreRule, FindingState, Rule

CODE = Filter("code", "code")
TOWN, UNIT, WORDS = Filter("town", "town"), Filter("unit", "unit"), Filter("words", "words")
FROM, TO = Filter("from", "date"), Filter("to", "date")
FINDING_STATES = ("waiting", *(state.value for state in FindingState if state.value != "verified"), "all")

FINDINGS = Listing(
    "findings",
    "/oversight/findings",
    (
        Filter("state", "choice", FINDING_STATES, "finding."),
        Filter("class", "choice", ("I", "II", "III", "D"), "class."),
        Filter("rule", "choice", (*Rule, *CentreRule), "rule."),
        TOWN,
        Filter("subject", "choice", ("kitchen", "lift"), "list.subject_"),
        Filter("officer", "choice", ("me", "nobody", "anybody"), "list.officer_"),
        FROM,
        TO,
        WORDS,
        Filter("late", "flag", ("1",)),
        CODE,
    ),
    (
        Column("number", "finding"),
        Column("risk", "risk", "risk"),
        Column("rule", "word", "rule", "rule."),
        Column("code", "text"),
        Column("name", "subject", "name"),
        Column("town", "name", "town"),
        Column("class", "text"),
        Column("state", "state", "state", "finding."),
        Column("officer", "text"),
        Column("opened_at", "moment", "opened"),
        Column("due_at", "due", "due"),
    ),
    "risk",
)
KITCHENS = Listing(
    "kitchens",
    "/oversight/kitchens",
    (
        TOWN,
        Filter("kind", "kind"),
        Filter("cameras", "choice", ("open", "blind", "none"), "list.cameras_"),
        Filter("open", "choice", ("open", "late"), "list.open_"),
        WORDS,
        CODE,
    ),
    (
        Column("code", "kitchen", "code"),
        Column("name", "name", "name"),
        Column("risk", "risk", "risk"),
        Column("town", "name", "town"),
        Column("kind", "word", "", "kitchen_kind."),
        Column("owner", "name"),
        Column("cameras", "cameras", "cameras"),
        Column("open", "number", "open"),
        Column("late", "late", "late"),
    ),
    "risk",
)
LIFTS = Listing(
    "lifts",
    "/oversight/lifts",
    (
        TOWN,
        UNIT,
        Filter("state", "choice", ("again", "trapped", "silent", "faults", "inspection", "no_unit"), "list.lift_"),
        Filter("kind", "choice", ("passenger", "goods", "escalator", "dumbwaiter"), "lift_kind."),
        WORDS,
        CODE,
    ),
    (
        Column("code", "lift", "code"),
        Column("name", "name", "name"),
        Column("risk", "risk", "risk"),
        Column("town", "name", "town"),
        Column("unit", "unit", "unit"),
        Column("trapped", "number", "trapped"),
        Column("silent_since", "silent", "silent"),
        Column("open", "number", "open"),
        Column("next_inspection", "inspection", "inspection"),
    ),
    "risk",
)
INCIDENTS = Listing(
    "incidents",
    "/oversight/incidents",
    (
        TOWN,
        UNIT,
        Filter("state", "choice", ("open", "late", "counted", "left_out", "mass"), "list.incident_"),
        Filter("tier", "choice", ("1", "2", "3"), "list.tier_"),
        Filter("cause", "choice", tuple(CAUSES), "cause."),
        FROM,
        TO,
        WORDS,
        CODE,
    ),
    (
        Column("number", "story"),
        Column("alarm_at", "moment", "alarm"),
        Column("lift_code", "lift"),
        Column("name", "name", "name"),
        Column("town", "name", "town"),
        Column("unit", "unit", "unit"),
        Column("tier", "number", "tier"),
        Column("arrival_min", "arrival", "arrival"),
        Column("release_min", "minutes", "release"),
        Column("cause", "cause", "", "cause."),
        Column("state", "incident", "", "state."),
    ),
    "alarm",
)
TERMS: dict[str, tuple[Term, ...]] = {"findings": FINDING, "kitchens": KITCHEN, "lifts": LIFT, "incidents": ()}
