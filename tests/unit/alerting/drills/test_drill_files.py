"""Exercises as data, their stages, and who gets their letters."""

from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.contacts import Contact
from alerting.drills import STAGES, DrillError, load, names
from alerting.drills.receivers import chosen
from alerting.drills.stages import missing, stages_of

T0 = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", names())
def test_every_exercise_can_be_run(name: str) -> None:
    drill = load(name)
    assert drill.within_s > 0 and {"stored", "opened", "sent"} <= set(drill.must)
    played = {"accept": "accepted", "en_route": "on_the_way"}
    shown = [played.get(kind.value, kind.value) for kind in drill.crew]
    assert set(shown) <= set(drill.must), "what is played must be seen"
    assert shown == [stage for stage in STAGES if stage in shown], "in the order of a rescue"


def test_an_unknown_one_is_named() -> None:
    with pytest.raises(DrillError, match="drill: 'fire', expected one of alarm-button, entrapment, silent-crew"):
        load("fire")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('rule = "alarm_button"', 'rule = "fire"'), "Invalid enum value 'fire'"),
        (('"accepted"]', '"happy"]'), "must: 'happy', expected some of asked, handed_over"),
        (('crew = ["accept"]', 'crew = ["close"]'), "crew: 'close', expected some of accept"),
        (("people = 1", "peple = 1"), "unknown field `peple`"),
        (("within_s = 60", "within_s = "), "alarm-button.toml: "),
    ],
)
def test_a_fault_in_the_file_is_named(
    change: tuple[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = resources.files("alerting.drills").joinpath("alarm-button.toml").read_text("utf-8")
    (tmp_path / "alarm-button.toml").write_text(good.replace(*change), "utf-8")
    monkeypatch.setattr("alerting.drills.resources.files", lambda _: tmp_path)
    with pytest.raises(DrillError, match=said):
        load("alarm-button")


def test_stages_are_told_with_the_time_that_they_took() -> None:
    drill = load("alarm-button")
    row = {"asked": T0, "stored": T0 + timedelta(seconds=1.234), "opened": T0 + timedelta(seconds=2)}
    found = {stage.name: stage for stage in stages_of(drill, row)}
    assert list(found) == list(STAGES)
    assert (found["stored"].after_s, found["stored"].must) == (1.23, True)
    assert (found["sent"].at, found["sent"].after_s) == (None, None)
    assert missing(drill, row) == ["sent", "accepted"]


contacts = st.lists(st.integers(1, 9), unique=True).map(
    lambda ids: [Contact(id=one, channel="webhook", address="x", language="zh") for one in ids]
)
purposes = st.dictionaries(st.integers(1, 9), st.sampled_from(["rescue", "both", "drill"]))


@settings(deadline=None)
@given(contacts, purposes, st.sampled_from(["marked", "all"]), st.booleans())
def test_who_gets_what(ways: list[Contact], purposes: dict[int, str], receivers: str, own: bool) -> None:
    found = chosen(ways, purposes, receivers, own)
    kinds = [purposes.get(way.id, "rescue") for way in found]
    assert [way for way in ways if way in found] == found, "in their order"
    if receivers == "all":
        assert found == ways
    elif not own:
        assert "rescue" not in kinds
    elif ways:
        assert found, "the unit that maintains the lift always hears of it"
