"""Which topics the broker takes messages on, and how seldom a refused one is tried."""

from hypothesis import given
from hypothesis import strategies as st

from edge.gate import BETWEEN_TRIES_S, FIRST_PAUSE_S, LONGEST_PAUSE_S, Gate


def test_one_message_is_tried_before_the_rest_follow() -> None:
    gate = Gate()
    assert gate.opens("a", 0.0)
    gate.sent("a", 0.0)
    assert not gate.opens("a", 0.1) and gate.closed(0.1) == {"a"}
    assert gate.opens("b", 0.1), "another topic does not wait for it"
    assert gate.taken("a") and not gate.taken("a")
    gate.sent("a", 0.2)
    assert gate.opens("a", 0.2) and not gate.closed(0.2)


def test_a_refused_topic_waits_longer_each_time_and_one_success_ends_it() -> None:
    gate, now, pauses = Gate(), 0.0, []
    for _ in range(8):
        gate.sent("a", now)
        gate.refused("a", now)
        began = now
        while not gate.opens("a", now):
            now += 0.5
        pauses.append(now - began)
    assert pauses[0] == FIRST_PAUSE_S and pauses[-1] == LONGEST_PAUSE_S and pauses == sorted(pauses)
    assert gate.shut == {"a"} and gate.idle == {"a"}
    gate.sent("a", now)
    assert gate.idle == frozenset(), "one is under way"
    assert gate.taken("a")
    assert not gate.shut


def test_refusals_of_what_was_under_way_together_count_once() -> None:
    gate = Gate()
    gate.taken("a")
    for _ in range(50):
        gate.refused("a", 1.0)
    assert gate.opens("a", 1.0 + FIRST_PAUSE_S)


def test_refused_topics_are_not_tried_all_at_once() -> None:
    """Each try may cost the connection."""
    gate = Gate()
    for topic in "abc":
        gate.sent(topic, 0.0)
        gate.refused(topic, 0.0)
    later = FIRST_PAUSE_S
    assert gate.closed(later) == set()
    gate.sent("a", later)
    assert gate.closed(later) == {"a", "b", "c"}
    assert gate.opens("new", later), "what was never refused does not wait for what was"
    assert gate.opens("b", later + BETWEEN_TRIES_S)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(0, 200)), max_size=60))
def test_a_topic_that_is_not_open_never_has_two_under_way(steps: list[tuple[str, bool, float]]) -> None:
    gate, now = Gate(), 0.0
    under_way: set[str] = set()
    open_topics: set[str] = set()
    for topic, fine, wait in steps:
        now += wait
        assert (topic in gate.closed(now)) == (not gate.opens(topic, now)) or topic not in under_way
        if topic in under_way and topic not in open_topics:
            assert not gate.opens(topic, now)
            if fine:
                gate.taken(topic)
                open_topics.add(topic)
            else:
                gate.refused(topic, now)
            under_way.discard(topic)
        elif gate.opens(topic, now):
            gate.sent(topic, now)
            under_way.add(topic)
    later = now + LONGEST_PAUSE_S + BETWEEN_TRIES_S
    assert all(gate.opens(topic, later) for topic in set("abc") - under_way), "none is given up"
