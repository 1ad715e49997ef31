"""A decoder leaves out what nobody looks at, and never so much that too few pictures are left."""

import pytest

from edge.thrift import Skip, ThriftState, step


def play(fps: float, wanted: float, key_every: int, referenced_every: int, seconds: int = 30) -> list[Skip]:
    """The choice after each packet of a stream in which each n-th picture is a key frame or is needed by others."""
    state, found, shown = ThriftState(), list[Skip](), 0
    for number in range(round(fps * seconds)):
        is_key = number % key_every == 0
        state = step(state, is_key, shown, wanted, number / fps)
        shown = {
            Skip.NOTHING: True,
            Skip.UNREFERENCED: number % referenced_every == 0,
            Skip.ALL_BUT_KEY_FRAMES: is_key,
        }[state.skip]
        found.append(state.skip)
    return found


@pytest.mark.parametrize(
    ("name", "fps", "wanted", "key_every", "referenced_every", "expected"),
    [
        ("no B-frames: nothing can be left out", 25, 2, 50, 1, Skip.UNREFERENCED),
        ("B-frames are left out", 25, 5, 50, 3, Skip.UNREFERENCED),
        ("not when every picture is wanted", 25, 25, 50, 3, Skip.NOTHING),
        ("nor when most are", 30, 12, 60, 3, Skip.NOTHING),
        ("a slow look needs key frames only", 25, 0.5, 25, 1, Skip.ALL_BUT_KEY_FRAMES),
        ("where all are key frames there is nothing to leave out", 25, 5, 1, 1, Skip.UNREFERENCED),
        ("a camera slower than the looks", 1, 5, 4, 1, Skip.UNREFERENCED),
    ],
)
def test_what_is_left_out(
    name: str, fps: float, wanted: float, key_every: int, referenced_every: int, expected: Skip
) -> None:
    assert play(fps, wanted, key_every, referenced_every)[-1] is expected, name


def test_nothing_swings_to_and_fro() -> None:
    for fps, wanted, key_every, referenced in ((25, 5, 50, 3), (30, 12, 60, 3), (25, 0.5, 25, 1), (25, 25, 50, 3)):
        found = play(fps, wanted, key_every, referenced)
        assert len(set(found[int(12 * fps) :])) == 1


def test_fewer_key_frames_end_the_thrift_at_a_key_frame() -> None:
    state, shown = ThriftState(Skip.ALL_BUT_KEY_FRAMES, 0.0), 0
    for number in range(600):
        is_key = number % 250 == 0
        before, state = state, step(state, is_key, shown, 0.5, number / 25)
        assert is_key or state.skip is before.skip
        shown = int(is_key or state.skip is not Skip.ALL_BUT_KEY_FRAMES)
    assert state.skip is Skip.UNREFERENCED
