"""The desk: unknown and expired commands are refused, every one is done once, also over a restart, and in the audit."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.kinds import EdgeCommand, Lane
from contracts.messages import Command, Reply, encode
from contracts.topics import topic
from edge.commands import Answer, Handler, Heard, Refused, Site, Started, moment, seconds, text
from edge.commands.desk import AT_ONCE, Desk
from edge.commands.record import Entry, Record
from edge.commands.registry import HANDLERS
from edge.config import EdgeConfig
from edge.live import Pushers
from edge.live_config import LiveConfig
from runtime.bus import Incoming

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def site(folder: Path, config: EdgeConfig | None = None) -> Site:
    live = LiveConfig(config or EdgeConfig(agent="agent-1", site="s-1", spool=str(folder)))
    heard = {"lift-1": Heard("ok", T0)}
    return Site(
        live=live,
        drivers={},
        heard=heard,
        connected=lambda: True,
        reload=lambda: Answer(True, "nothing has changed"),
        pushers=Pushers(live, lambda device: None, lambda: T0),
    )


def command(kind: EdgeCommand = EdgeCommand.COMFORT, **changes: Any) -> Command:
    values = {
        "id": uuid4(),
        "device": "agent-1",
        "kind": kind,
        "issued": T0,
        "expires": T0 + timedelta(seconds=30),
        **changes,
    }
    return Command(**values)


class Run:
    """A desk at work in a thread, and what it has said."""

    def __init__(self, folder: Path, handlers: dict[EdgeCommand, Handler], connected: bool = True) -> None:
        self.said: list[Reply] = []
        self.connected = connected
        self.stop = threading.Event()
        self.record = Record(folder / "commands")
        self.desk = Desk(site(folder), self.record, self._say, handlers=handlers, now=lambda: T0)
        self.thread = threading.Thread(daemon=True, target=self.desk.run, args=(self.stop,))
        self.thread.start()

    def _say(self, reply: Reply) -> bool:
        if self.connected:
            self.said.append(reply)
        return self.connected

    def give(self, *given: Command, device: str = "agent-1") -> None:
        for one in given:
            self.desk.take(Incoming(str(topic("s-1", device, Lane.COMMAND)), encode(one), 1, 1))

    def until(self, count: int) -> list[Reply]:
        end = time.monotonic() + 20
        while len(self.said) < count:
            assert time.monotonic() < end, self.said
            time.sleep(0.01)
        return self.said

    def end(self) -> None:
        self.stop.set()
        self.thread.join(10)

    def steps(self) -> list[tuple[str, str]]:
        lines = self.record.audit_file.read_bytes().splitlines()
        return [(entry.step, entry.reason) for entry in (msgspec.json.decode(line, type=Entry) for line in lines)]


Start = Callable[..., Run]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    runs: list[Run] = []

    def begin(handler: Handler, **options: Any) -> Run:
        runs.append(Run(tmp_path, {EdgeCommand.COMFORT: handler}, **options))
        return runs[-1]

    yield begin
    for run in runs:
        run.end()


def shown(_: Site, __: Command, ___: datetime) -> Answer:
    return Answer(True, "shown")


def test_a_command_is_answered_once_however_often_it_comes(start: Start) -> None:
    done: list[Command] = []

    def handler(_: Site, given: Command, __: datetime) -> Answer:
        done.append(given)
        return Answer(True, "shown")

    run = start(handler)
    one = command()
    run.give(one, one, one)
    replies = run.until(3)
    assert {(reply.command, reply.ok, reply.reason, reply.final) for reply in replies} == {
        (one.id, True, "shown", True)
    }
    assert len(done) == 1
    assert run.steps() == [("received", ""), ("finished", "shown")]


def test_after_a_restart_it_is_still_done(start: Start) -> None:
    one = command()
    first = start(shown)
    first.give(one)
    first.until(1)
    first.end()

    def never(_: Site, __: Command, ___: datetime) -> Answer:
        raise AssertionError("done twice")

    second = start(never)
    second.give(one)
    assert second.until(1)[0].reason == "shown"


def test_what_a_restart_interrupted_is_not_begun_again(start: Start) -> None:
    def slow(_: Site, __: Command, ___: datetime) -> Started:
        return Started("working", lambda stop: Answer(stop.wait(60), "ended"))

    one = command()
    first = start(slow)
    first.give(one)
    first.until(1)
    # The agent dies here: what it holds in memory is gone, the file stays.
    second = start(shown)
    second.give(one)
    assert second.until(1)[0] == msgspec.structs.replace(
        first.said[0], ok=False, reason="interrupted: the agent ended before it had an answer", final=True
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"expires": T0 - timedelta(seconds=1)}, "expires: 2026-03-01T11:59:59+00:00 is over"),
        ({"expires": T0 + timedelta(days=2)}, "expected within a day"),
        ({"kind": EdgeCommand.RELOAD}, "kind: reload is not known"),
    ],
)
def test_what_is_not_to_be_done_is_refused_with_a_reason(start: Start, changes: dict[str, Any], words: str) -> None:
    run = start(shown)
    run.give(command(**changes))
    (reply,) = run.until(1)
    assert not reply.ok and words in reply.reason and reply.final
    assert [step for step, _ in run.steps()] == ["refused"]


def test_what_is_no_command_is_passed_over(start: Start) -> None:
    run = start(shown)
    run.desk.take(Incoming("sunlit/v1/00/s-1/agent-1/command", b"{}", 1, 1))
    run.desk.take(Incoming(str(topic("s-1", "agent-1", Lane.COMMAND)), b"\xff\x00", 1, 1))
    run.give(command(), device="lift-1")
    good = command()
    run.give(good)
    assert run.until(1)[0].command == good.id


def test_a_long_one_says_when_it_has_begun_and_when_it_has_ended(start: Start) -> None:
    go = threading.Event()

    def long(_: Site, __: Command, ___: datetime) -> Started:
        return Started("working", lambda stop: Answer(go.wait(20), "worked"))

    run = start(long)
    one = command()
    run.give(one, one)
    begun = run.until(2)
    assert [(reply.reason, reply.final) for reply in begun] == [("working", False)] * 2
    go.set()
    assert run.until(3)[2].reason == "worked"
    assert [step for step, _ in run.steps()] == ["received", "started", "finished"]


def test_only_so_many_run_at_once(start: Start) -> None:
    run = start(lambda *_: Started("working", lambda stop: Answer(not stop.wait(60), "")))
    run.give(*(command() for _ in range(AT_ONCE + 1)))
    replies = run.until(AT_ONCE + 1)
    assert [reply.ok for reply in replies] == [True] * AT_ONCE + [False]
    assert "run already" in replies[-1].reason


def test_a_handler_that_fails_is_an_answer_and_the_desk_goes_on(start: Start) -> None:
    def refusing(_: Site, __: Command, ___: datetime) -> Answer:
        raise Refused("text: '', expected words")

    def breaking(stop: threading.Event) -> Answer:
        raise Refused("gone in the middle")

    run = start(refusing)
    run.give(command())
    assert run.until(1)[0].reason == "text: '', expected words"
    run.desk.handlers = {EdgeCommand.COMFORT: lambda *_: Started("working", breaking)}
    run.give(command())
    assert run.until(3)[2].reason == "gone in the middle"


def test_replies_wait_for_the_connection(start: Start) -> None:
    run = start(shown, connected=False)
    run.give(command(), command())
    time.sleep(0.5)
    run.connected = True
    assert len(run.until(2)) == 2


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/dev/full").exists(), reason="no full device")
def test_without_an_audit_only_comfort_is_given(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start(shown)
    run.desk.handlers = {EdgeCommand.COMFORT: shown, EdgeCommand.SELF_TEST: shown}
    # The real error of a full disk.
    run.record.audit_file = Path("/dev/full")
    run.give(command(EdgeCommand.SELF_TEST), command())
    refused, comfort = run.until(2)
    assert not refused.ok and "No space left" in refused.reason and "nothing was done" in refused.reason
    assert comfort.ok


def test_the_audit_grows_is_rotated_and_bounded(tmp_path: Path) -> None:
    record = Record(tmp_path, audit_bytes=1000, audit_files=3)
    for number in range(40):
        record.audit(Entry(at=T0, step="received", command=command(), ok=True, reason=str(number)))
    files = sorted(tmp_path.glob("audit*.jsonl"))
    assert len(files) == 3
    kept = [int(msgspec.json.decode(line)["reason"]) for file in files for line in file.read_bytes().splitlines()]
    assert sorted(kept) == list(range(40 - len(kept), 40))
    assert all(file.stat().st_size < 1600 for file in files)


def test_a_damaged_line_loses_only_itself(tmp_path: Path) -> None:
    record = Record(tmp_path)
    one, other = command(), command()
    for each in (one, other):
        record.keep(each, Reply(command=each.id, device="agent-1", ok=True, at=T0))
    content = record.done_file.read_bytes()
    record.done_file.write_bytes(content[:-20])
    again = Record(tmp_path)
    assert again.known(one.id) is not None and again.known(other.id) is None


def test_what_has_expired_is_let_go(tmp_path: Path) -> None:
    record = Record(tmp_path)
    one = command()
    record.keep(one, Reply(command=one.id, device="agent-1", ok=True, at=T0))
    record.forget(T0)
    assert record.known(one.id) is not None
    record.forget(T0 + timedelta(seconds=31))
    assert record.known(one.id) is None and record.done_file.read_bytes() == b""


def test_every_command_of_the_contract_has_its_handler() -> None:
    assert set(HANDLERS) == set(EdgeCommand)


ANY = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=300))


@settings(deadline=None)
@given(ANY)
def test_any_argument_is_taken_or_refused(value: Any) -> None:
    given_one = msgspec.structs.replace(command(), args={"x": value})
    for read in (lambda: text(given_one, "x"), lambda: seconds(given_one, "x", 0, 60), lambda: moment(given_one, "x")):
        try:
            read()
        except Refused as error:
            assert str(error).startswith("x: ") and "expected" in str(error)


@settings(deadline=None)
@given(
    st.sampled_from(EdgeCommand),
    st.dictionaries(
        st.sampled_from(
            ["lease", "by", "why", "seconds", "start", "end", "name", "version", "sha256", "address", "fault"]
        ),
        ANY,
    ),
)
def test_no_arguments_bring_a_handler_down(kind: EdgeCommand, args: dict[str, Any]) -> None:
    place = site(Path("/nonexistent"))
    for device in ("agent-1", "lift-1"):
        try:
            HANDLERS[kind](place, command(kind, device=device, args=args), T0)
        except Refused as error:
            assert str(error)
