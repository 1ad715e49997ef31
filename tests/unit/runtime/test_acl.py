"""Who may say and hear what, out of the register."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from contracts.kinds import Lane
from contracts.topics import topic
from runtime.devices.acl import HEAD, LONGEST_CODE, Credential, Device, acl, files, listener_of, user
from runtime.devices.state import state, words

NOW = datetime(2026, 11, 25, tzinfo=UTC)
DAY = timedelta(days=1)
SERIAL = "0123456789ab" + "0" * 28


def credential(
    device: str,
    serial: str = SERIAL,
    not_after: datetime = NOW + 100 * DAY,
    ends_at: datetime | None = None,
    revoked_at: datetime | None = None,
) -> Credential:
    return Credential(device, serial, "f" * 64, NOW - DAY, not_after, ends_at, revoked_at)


def device(code: str, site: str = "s1", kind: str = "agent", agent: str | None = None) -> Device:
    return Device(code, kind, site, agent, retired=False)


def may(text: str, name: str, how: str, where: str) -> bool:
    """As mosquitto reads it: the rules below `user`, in order; `+` stands for one level."""
    mine = text.partition(f"user {name}\n")[2].partition("user ")[0]
    for line in mine.splitlines():
        _, right, rule = line.split(" ", 2)
        parts, asked = rule.split("/"), where.split("/")
        if right == how and len(parts) == len(asked) and all(a in ("+", b) for a, b in zip(parts, asked, strict=True)):
            return True
    return False


def test_an_empty_register_allows_nobody_anything() -> None:
    assert acl([], [], NOW) == HEAD
    assert "topic deny #" in HEAD


def test_an_agent_alone_on_its_site_speaks_for_the_whole_site_and_for_no_other() -> None:
    text = acl([device("aa"), device("lift-1", kind="lift")], [credential("aa")], NOW)
    me = user("aa", SERIAL)
    for lane in (Lane.TELEMETRY, Lane.EVENT, Lane.STATUS, Lane.REPLY):
        assert may(text, me, "write", str(topic("s1", "lift-1", lane)))
        assert may(text, me, "write", str(topic("s1", "unheard-of", lane)))
        assert not may(text, me, "write", str(topic("s2", "lift-1", lane)))
        assert not may(text, me, "read", str(topic("s1", "lift-1", lane)))
    assert may(text, me, "read", str(topic("s1", "lift-1", Lane.COMMAND)))
    assert not may(text, me, "write", str(topic("s1", "lift-1", Lane.COMMAND)))


def test_two_at_one_site_speak_each_for_its_own() -> None:
    known = [device("aa"), device("bb"), device("l1", kind="lift", agent="aa"), device("l2", kind="lift", agent="bb")]
    text = acl(known, [credential("aa"), credential("bb", "bb" * 40)], NOW)
    assert may(text, user("aa", SERIAL), "write", str(topic("s1", "l1", Lane.EVENT)))
    assert not may(text, user("aa", SERIAL), "write", str(topic("s1", "l2", Lane.EVENT)))
    assert not may(text, user("aa", SERIAL), "write", str(topic("s1", "bb", Lane.STATUS)))
    assert may(text, user("bb", "bb" * 40), "write", str(topic("s1", "l2", Lane.EVENT)))


def test_an_agent_that_is_only_registered_takes_no_device_from_the_one_that_connects() -> None:
    """Whoever wrote it into the register: a lift of which nothing is said must not fall silent by it."""
    text = acl([device("aa"), device("bb"), device("l1", kind="lift")], [credential("aa")], NOW)
    assert may(text, user("aa", SERIAL), "write", str(topic("s1", "l1", Lane.EVENT)))
    assert not may(text, user("aa", SERIAL), "write", str(topic("s1", "bb", Lane.EVENT)))
    assert not may(text, user("aa", SERIAL), "write", str(topic("s1", "unheard-of", Lane.EVENT)))


def test_a_lift_that_connects_by_itself_speaks_for_itself_alone() -> None:
    text = acl([device("l1", kind="lift"), device("l2", kind="lift")], [credential("l1")], NOW)
    assert may(text, user("l1", SERIAL), "write", str(topic("s1", "l1", Lane.EVENT)))
    assert not may(text, user("l1", SERIAL), "write", str(topic("s1", "l2", Lane.EVENT)))


def test_what_ended_was_revoked_or_expired_has_no_rights() -> None:
    ended, revoked = credential("aa", ends_at=NOW), credential("aa", revoked_at=NOW - DAY)
    for spent in (ended, revoked, credential("aa", not_after=NOW)):
        assert acl([device("aa")], [spent], NOW) == HEAD
    both = [credential("aa", ends_at=NOW), credential("aa", "bb" * 40)]
    assert user("aa", SERIAL) not in acl([device("aa")], both, NOW)
    assert user("aa", "bb" * 40) in acl([device("aa")], both, NOW)


def test_the_rights_of_a_site_lie_in_the_file_of_its_listener() -> None:
    known = [device(f"a{number}", site=f"site-{number}") for number in range(50)]
    held = [credential(one.code, f"{number:040x}") for number, one in enumerate(known)]
    parts = files(known, held, NOW, 4)
    assert sorted(parts) == ["acl-0", "acl-1", "acl-2", "acl-3"]
    assert all(text.startswith(HEAD) and len(text) > len(HEAD) for text in parts.values())
    for one, mine in zip(known, held, strict=True):
        where = str(topic(one.site, one.code, Lane.EVENT))
        allowed = {name for name, text in parts.items() if may(text, mine.user, "write", where)}
        assert allowed == {f"acl-{listener_of(one.site, 4)}"}
    assert files(known, held, NOW, 1) == {"acl": acl(known, held, NOW)}


CODES = st.sampled_from(["aa", "bb", "cc", "dd", "ee"])
DEVICES = st.lists(
    st.builds(
        Device,
        CODES,
        st.sampled_from(["agent", "lift"]),
        st.sampled_from(["s1", "s2"]),
        st.none() | CODES,
        st.booleans(),
    ),
    unique_by=lambda one: one.code,
)


@given(DEVICES, st.sets(CODES))
def test_no_topic_of_a_registered_device_is_open_to_two(known: list[Device], connecting: set[str]) -> None:
    """Whatever the register holds: another's topics are closed, and everybody's own are open."""
    held = [credential(code, f"{number:040x}") for number, code in enumerate(sorted(connecting))]
    text = acl(known, held, NOW)
    for one in known:
        own = str(topic(one.site, one.code, Lane.EVENT))
        writers = {mine.device for mine in held if may(text, mine.user, "write", own)}
        # Through an agent and by itself: both were said of it, so both may.
        assert len(writers) <= 1 or writers == {one.code, one.agent}
        if one.code in connecting:
            assert one.code in writers


def test_a_name_fits_into_a_certificate() -> None:
    assert len(user("x" * LONGEST_CODE, SERIAL)) == 64


def test_the_state_is_told_in_a_word() -> None:
    one = device("aa")
    assert words(one, state(one, [], NOW)) == "none"
    assert (
        words(device("l", kind="lift", agent="aa"), state(device("l", kind="lift", agent="aa"), [], NOW))
        == "through aa"
    )
    assert words(one, state(one, [credential("aa")], NOW)) == "valid, 100 days"
    assert words(one, state(one, [credential("aa", not_after=NOW + 3 * DAY)], NOW)) == "expiring, 3 days"
    assert words(one, state(one, [credential("aa", not_after=NOW)], NOW)) == "expired"
    assert words(one, state(one, [credential("aa", revoked_at=NOW)], NOW)) == "revoked"
    assert words(one, state(one, [credential("aa", ends_at=NOW)], NOW)) == "ended"
    assert (
        words(one, state(one, [credential("aa", revoked_at=NOW), credential("aa", "bb" * 40)], NOW))
        == "valid, 100 days"
    )
