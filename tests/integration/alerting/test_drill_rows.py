"""Exercises at the desk: what is one, whom it tells, and that no real alarm is ever taken for one."""

from datetime import timedelta

from alerting.help import duty
from tests.integration.alerting.town import City

LIFT = "442001"


def outcome(town: City) -> str:
    return str(town.one("SELECT outcome FROM event_handled ORDER BY event_row DESC LIMIT 1")["outcome"])


def subjects(town: City) -> dict[str, str]:
    """The newest subject by address."""
    rows = town.all("SELECT address, subject, body FROM outbox ORDER BY id")
    assert all(row["body"].startswith(row["subject"][:4]) for row in rows if row["subject"].startswith("【演练】"))
    return {row["address"].rpartition("/")[2]: row["subject"] for row in rows}


def mark(town: City, organisation: str, purpose: str) -> None:
    town.owner.execute(
        "UPDATE contact_method SET purpose = %s WHERE organisation_id ="
        " (SELECT id FROM organisation WHERE code = %s) AND channel = 'webhook'",
        (purpose, organisation),
    )


def test_only_the_maintenance_unit_hears_of_it_and_every_letter_says_what_it_is(town: City) -> None:
    town.drill(LIFT, "trapped_non_level")
    told = subjects(town)
    assert set(told) == {"mu-1", "mu-1@demo.invalid"}
    assert all(subject.startswith("【演练】") for subject in told.values())
    # Nobody answers: the second and third tier are called, and nobody there is woken over an exercise.
    town.after(181)
    town.after(400)
    assert town.incident(LIFT)["tier"] == 3
    assert {address.partition("@")[0] for address in subjects(town)} == {"mu-1"}


def test_marked_ways_are_used_where_there_are_some(town: City) -> None:
    mark(town, "mu-1", "drill")
    mark(town, "rs-1", "both")
    town.drill(LIFT, "trapped_non_level")
    assert set(subjects(town)) == {"mu-1"}, "not its e-mail: it has a way for exercises"
    town.after(181)
    assert set(subjects(town)) == {"mu-1", "rs-1"}


def test_with_all_ways_everybody_hears_of_it_marked(town: City) -> None:
    town.drill(LIFT, "trapped_non_level", receivers="all")
    assert {"mu-1", "prop-1"} <= set(subjects(town))
    assert all(subject.startswith("【演练】") for subject in subjects(town).values())


def test_a_way_for_exercises_alone_never_gets_a_real_page(town: City) -> None:
    mark(town, "mu-1", "drill")
    mark(town, "prop-1", "both")
    town.event(f"lift-{LIFT}", "trapped_non_level")
    assert {"mu-1@demo.invalid", "prop-1"} <= set(subjects(town))
    assert "mu-1" not in subjects(town)


def test_what_nobody_asked_for_is_real_whatever_it_calls_itself(town: City) -> None:
    town.event(f"lift-{LIFT}", "trapped_non_level", drill="monthly")
    assert town.incident(LIFT)["source"] == "sensor"
    assert not any(subject.startswith("【演练】") for subject in subjects(town).values())


def test_the_exercise_of_another_lift_is_none_here(town: City) -> None:
    identity = town.drill("442002")
    town.event(f"lift-{LIFT}", "alarm_button", "start", town.one("SELECT gen_random_uuid() AS id")["id"], drill="x")
    assert town.incident(LIFT)["source"] == "sensor"
    assert town.incident("442002")["event_id"] == identity


def test_a_real_alarm_ends_it_and_its_letters_say_that_it_is_real(town: City) -> None:
    exercise = town.drill(LIFT, "trapped_non_level")
    drill = town.incident(LIFT)
    town.after(5)
    before = town.one("SELECT max(id) AS id FROM outbox")["id"]
    real = town.event(f"lift-{LIFT}", "trapped_non_level", people=1)
    incident = town.incident(LIFT)
    assert (incident["source"], incident["event_id"], incident["tier"]) == ("sensor", real, 1)
    assert incident["follows"] is None
    ended = town.one("SELECT state, closed_at FROM incident WHERE id = %s", drill["id"])
    assert (ended["state"], ended["closed_at"]) == ("false_alarm", town.now)
    letters = town.all("SELECT subject, stage FROM outbox WHERE id > %s", before)
    assert {row["stage"] for row in letters} == {"tier_offer", "property_notice"}, "nobody is told to stay at home"
    assert all(row["subject"].startswith("【非演练】") for row in letters)
    # The end of the exercise comes later and says nothing of the rescue.
    town.event(f"lift-{LIFT}", "trapped_non_level", "end", exercise, drill="monthly")
    still = town.incident(LIFT)
    assert (still["id"], still["closed_at"], still["sensors_clear_at"]) == (incident["id"], None, None)
    assert outcome(town) == "end of a drill that is not open"
    town.event(f"lift-{LIFT}", "trapped_non_level", "end", real)
    assert town.incident(LIFT)["sensors_clear_at"] is not None


def test_an_end_of_before_says_nothing_of_an_exercise(town: City) -> None:
    before, other = (town.event(f"lift-{LIFT}", rule) for rule in ("trapped_non_level", "trapped_level"))
    assert town.operator("false_alarm", "children", lift=LIFT)["ok"]
    town.drill(LIFT, "trapped_non_level")
    town.event(f"lift-{LIFT}", "trapped_non_level", "end", before)
    town.event(f"lift-{LIFT}", "trapped_level", "update", other, people=9)
    incident = town.incident(LIFT)
    assert (incident["sensors_clear_at"], incident["people_inside"]) == (None, None)


def test_a_caller_during_an_exercise_is_believed(town: City) -> None:
    town.drill(LIFT)
    lift = town.one("SELECT id FROM lift WHERE code = %s", LIFT)["id"]
    assert town.command("open_by_phone", "stuck", lift_id=lift)["ok"]
    incident = town.incident(LIFT)
    assert (incident["source"], incident["tier"]) == ("phone", 1)
    assert subjects(town)["prop-1"].startswith("【非演练】")


def test_an_exercise_hides_behind_no_rescue_and_comes_not_too_late(town: City) -> None:
    town.event(f"lift-{LIFT}", "trapped_non_level")
    number = town.incident(LIFT)["number"]
    town.drill(LIFT)
    assert (town.incident(LIFT)["number"], town.incident(LIFT)["repeats"]) == (number, 0)
    assert outcome(town) == "drill: refused, a real incident is open"
    # The edge was away and brings it hours later.
    town.drill("442002", life_s=-1)
    assert outcome(town) == "drill: too late, nothing is opened"
    assert town.all("SELECT 1 FROM incident WHERE source = 'drill'") == []


def test_its_end_closes_it_and_tells_those_who_were_told(town: City) -> None:
    exercise = town.drill(LIFT, "trapped_non_level")
    assert town.crew("mu-1", "accept")["ok"]
    town.after(3)
    town.event(f"lift-{LIFT}", "trapped_non_level", "end", exercise, drill="monthly")
    incident = town.incident(LIFT)
    assert (incident["state"], incident["closed_at"], incident["due_at"]) == ("false_alarm", town.now, None)
    (letter,) = town.all("SELECT subject, body FROM outbox WHERE stage = 'stand_down' AND channel = 'webhook'")
    assert letter["subject"].startswith("【演练】") and "演练结束" in letter["body"]


def test_nothing_is_said_in_the_car(town: City) -> None:
    town.drill(LIFT, "trapped_non_level")
    town.after(301)
    assert town.all("SELECT 1 FROM rescue_order") == []


def test_no_figure_counts_it(town: City) -> None:
    exercise = town.drill(LIFT, "trapped_non_level")
    for kind, args in (("accept", {}), ("arrived", {"proof": "qr", "code": LIFT}), ("released", {"people": 1})):
        assert town.crew("mu-1", kind, "", **args)["ok"], kind
        town.after(2)
    town.event(f"lift-{LIFT}", "trapped_non_level", "end", exercise, drill="monthly")
    assert town.incident(LIFT)["released_at"] is not None
    assert town.all("SELECT 1 FROM public_rescue") == []
    assert town.one("SELECT trapped_12_months AS n FROM public_lift WHERE code = %s", LIFT)["n"] == 0
    # A new alarm just after is no repeat of an exercise.
    town.event(f"lift-{LIFT}", "trapped_non_level")
    assert town.incident(LIFT)["source"] == "sensor"
    assert town.now - town.incident(LIFT)["opened_at"] == timedelta(0)


def test_whoever_on_duty_has_a_way_for_exercises_alone_is_not_reached_by_it_for_real(town: City) -> None:
    station = town.one(
        "INSERT INTO person (login, name, organisation_id)"
        " SELECT 'li', '李一', id FROM organisation WHERE code = 'rs-1' RETURNING organisation_id"
    )["organisation_id"]
    town.owner.execute(
        "INSERT INTO contact_method (person_id, channel, address, purpose) SELECT id, 'email', 'li@x.y', 'drill'"
        " FROM person WHERE login = 'li'"
    )
    town.owner.execute(
        "INSERT INTO duty_shift (organisation_id, person_id, starts_at, ends_at) SELECT organisation_id, id, %s, %s"
        " FROM person WHERE login = 'li'",
        (town.now - timedelta(hours=1), town.now + timedelta(hours=1)),
    )
    real = duty.contacts(town.desk, station, town.now)
    assert "li@x.y" not in [contact.address for contact in real.contacts] != []
    exercise = duty.contacts(town.desk, station, town.now, drill=True)
    assert [contact.address for contact in exercise.contacts] == ["li@x.y"]
