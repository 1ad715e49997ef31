"""Policies: faults are named before anything is activated."""

from pathlib import Path

import pytest

from alerting.policy import PolicyError, load

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = sorted([*(ROOT / "alerting/policies").glob("*.toml"), *(ROOT / "runtime/demo/policies").glob("*.toml")])
LIFT = (ROOT / "alerting/policies/lift.toml").read_text("utf-8")
KITCHEN = (ROOT / "alerting/policies/kitchen.toml").read_text("utf-8")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_we_ship_may_be_activated(path: Path) -> None:
    assert load(path).name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LIFT + "coffee_s = 3\n", "coffee_s"),
        (LIFT.replace("accept_s = 180 ", "accept_s = 0 "), "accept_s|tier"),
        (LIFT.replace("accept_s = 120", "#"), "accept_s"),
        (LIFT.replace("t_max_s = 2400", "t_max_s = 200"), "t_max_s: 200, expected at least 300"),
        (LIFT.replace('every_way = ["call_again"]', 'every_way = ["shout"]'), "letters.every_way: 'shout'"),
        (LIFT.replace("Asia/Shanghai", "Mars/Olympus"), "timezone: 'Mars/Olympus'"),
        (LIFT.replace('name = "mass"', 'name = "remote"'), "'remote' stands twice"),
        (LIFT.replace("remote = true", 'hours = ["24:00-06:00"]'), "hours"),
        (KITCHEN.replace("review_confidence = 0.6", "review_confidence = 0.95"), "review_confidence: 0.95"),
        (KITCHEN.replace("red_s = 864000", "red_s = 100"), "expected to grow"),
        (KITCHEN.replace('"II"', '"IV"', 1), "IV"),
        ("kind = 'boat'\n", "kind: 'boat', expected one of"),
        (LIFT.replace("accept_s = 120", 'accept_s = "120"'), r"tier\[2\].accept_s: '120', expected int, got str"),
        (LIFT.replace("accept_s = 120", "accept_s = -1"), r"tier\[2\].accept_s: -1, expected int >= 1"),
        (LIFT.replace('"maintenance"', '"plumber"', 1), r"tier\[1\].ask\[1\]: 'plumber', expected one of"),
        (LIFT.replace("verify_s", "verifi_s", 1), "clocks.verif[iy]_s: (60, expected no such key|is missing)"),
        (LIFT.replace("remote = true", "rmote = true"), r"branch\[1\].when.rmote: True, expected no such key"),
        (LIFT.replace("remote = true", 'hours = ["25:00-06:00"]'), "'25:00-06:00', expected a span of hours"),
        ("kind = \n", "policy.toml"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(PolicyError, match=words) as caught:
        load(path)
    assert "policy.toml" in str(caught.value)


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(b"\x00\xff")
    with pytest.raises(PolicyError, match=r"policy\.toml: byte 1: expected UTF-8"):
        load(path)
