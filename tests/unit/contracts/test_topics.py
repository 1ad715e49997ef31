"""Topics are written and read back; anything else is refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.kinds import Lane
from contracts.topics import SHARDS, BadTopic, parse, shard_of, subscription, topic

NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{1,62}", fullmatch=True)


@given(NAMES, NAMES, st.sampled_from(Lane))
def test_written_and_read_back(site: str, device: str, lane: Lane) -> None:
    made = topic(site, device, lane)
    assert parse(str(made)) == made
    assert 0 <= made.shard < SHARDS


@given(st.text(max_size=80))
def test_any_text_is_a_topic_or_refused(text: str) -> None:
    try:
        assert str(parse(text)) == text
    except BadTopic as error:
        assert str(error)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("other/v1/00/a1/b1/event", "expected sunlit/v1"),
        ("sunlit/v1/00/demo/lift-1/music", "music"),
        ("sunlit/v1/00/Demo/lift-1/event", "site"),
        ("sunlit/v1/99/demo/lift-1/event", "shard"),
    ],
)
def test_faults_are_named(text: str, words: str) -> None:
    with pytest.raises(BadTopic, match=words):
        parse(text)


def test_a_worker_listens_to_its_shards() -> None:
    assert subscription(Lane.EVENT) == ["sunlit/v1/+/+/+/event"]
    assert subscription(Lane.EVENT, range(2)) == ["sunlit/v1/00/+/+/event", "sunlit/v1/01/+/+/event"]


def test_a_site_keeps_its_shard() -> None:
    # Written down: a change would tear a site's messages apart between two workers.
    assert [shard_of(site) for site in ("demo", "site-a", "site-b")] == [32, 17, 43]
