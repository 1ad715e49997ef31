"""The cursor over an inbox whose rows become visible in another order than they were numbered in."""

from hypothesis import given
from hypothesis import strategies as st

from alerting.inbox import Horizon, Inbox

STEPS = st.lists(
    st.one_of(
        st.just(("draw", 0)),
        st.tuples(st.just("commit"), st.integers(0, 5)),
        st.tuples(st.just("abort"), st.integers(0, 5)),
        st.tuples(st.just("read"), st.integers(1, 2**8 - 1)),
    ),
    max_size=60,
)


class Database:
    """Numbers that are drawn in order and seen when their transaction commits."""

    def __init__(self, page: int) -> None:
        self.page, self.drawn, self.next = page, 0, 1
        self.running: dict[int, int] = {}
        self.visible: set[int] = set()
        self.done: set[int] = set()

    def draw(self) -> None:
        self.drawn += 1
        self.running[self.next] = self.drawn
        self.next += 1

    def end(self, which: int, seen: bool) -> None:
        if self.running:
            number = self.running.pop(sorted(self.running)[which % len(self.running)])
            if seen:
                self.visible.add(number)

    def horizon(self) -> Horizon:
        return Horizon(min(self.running, default=self.next), self.next, max(self.visible, default=0))

    def read(self, inbox: Inbox, luck: int) -> None:
        """Of what is found some is done, some fails, and some is left alone, as the bits of `luck` say."""
        inbox.look(self.horizon())
        open_rows = sorted(self.visible - self.done)
        found = [number for number in open_rows if number > inbox.after or number in inbox.again][: self.page]
        fates = {number: luck >> (2 * (number % 4)) & 3 for number in found}
        done = {number for number in found if fates[number] >= 2}
        self.done |= done
        inbox.read(found, done, {number for number in found if fates[number] == 1}, len(found) == self.page)


@given(STEPS, st.integers(2, 6))
def test_nothing_is_passed_over_however_late_it_is_seen(steps: list[tuple[str, int]], page: int) -> None:
    database, inbox = Database(page), Inbox(keep=1000)
    for step, value in steps:
        if step == "draw":
            database.draw()
        elif step == "read":
            database.read(inbox, value)
        else:
            database.end(value, step == "commit")
    while database.running:
        database.end(0, seen=True)
    for _ in range(100):
        database.read(inbox, 0xFF)
    assert database.done == database.visible
    assert inbox.again == set()


def test_it_does_move() -> None:
    database, inbox = Database(100), Inbox(keep=10)
    for _ in range(10):
        database.draw()
        database.end(0, seen=True)
    database.read(inbox, 0xFF)
    database.read(inbox, 0xFF)
    assert inbox.after == 10


def test_a_transaction_that_runs_holds_it_and_what_fails_does_not() -> None:
    inbox = Inbox(keep=10)
    inbox.look(Horizon(5, 8, 20))
    inbox.read([3, 9], {9}, {3}, full=False)
    assert (inbox.after, inbox.again) == (0, {3})
    inbox.look(Horizon(7, 9, 21))
    inbox.read([3], set(), {3}, full=False)
    assert inbox.after == 0, "a transaction from before the first look is still running"
    inbox.look(Horizon(8, 10, 25))
    inbox.read([3, 22], set(), {3}, full=False)
    assert (inbox.after, inbox.again) == (20, {3})


def test_what_fails_for_ever_is_left_to_the_sweep_when_it_is_much() -> None:
    inbox = Inbox(keep=2)
    inbox.look(Horizon(1, 1, 3))
    inbox.read([1, 2, 3], set(), {1, 2, 3}, full=False)
    assert inbox.again == {2, 3}
