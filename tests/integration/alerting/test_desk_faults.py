"""F8 to F12 at the desk: killed, frozen, without a gateway, without a clock, without a hint."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from alerting import outbox, work
from alerting.channels import Message, Outcome, Verdict
from alerting.clock import DeskClock
from alerting.engine import Engine
from alerting.means import Means
from alerting.sql import INBOX
from runtime.db import Role, connect, pool
from runtime.settings import AlertingSettings, DatabaseSettings, Settings
from tests.integration.alerting.desk_city import T0, DeskCity


@pytest.fixture
def city(city_db: DatabaseSettings) -> Iterator[DeskCity]:
    made = DeskCity(city_db)
    yield made
    made.close()


class Victim:
    """A real process with one worker that stops itself, or kills itself, at a chosen place of its first cycle."""

    def __init__(self, city: DeskCity, folder: Path, place: str, sign: str, seconds: float, about: str = "") -> None:
        script = textwrap.dedent(f"""
            import os, signal
            from datetime import timedelta
            from alerting import engine, effects
            from alerting.means import Means
            from runtime.db import Role, connect
            from runtime.settings import DatabaseSettings
            from tests.integration.alerting.desk_city import BOUNDS, T0

            engine.STALE_S = 0.3
            original = {place}
            def hindered(*given, **more):
                if {about!r} in str(given):
                    os.kill(os.getpid(), signal.{sign})
                return original(*given, **more)
            {place} = hindered
            connection = connect(DatabaseSettings(url={city.database.url!r}), Role.ALERTING, *BOUNDS)
            print(engine.Engine(connection, Means("http://victim.test")).cycle(T0 + timedelta(seconds={seconds})))
        """).replace("T0 +", f"__import__('datetime').datetime.fromisoformat({T0.isoformat()!r}) +")
        path = folder / "victim.py"
        path.write_text(script, "utf-8")
        self.process = subprocess.Popen(
            [sys.executable, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
        )

    def wait_until_stopped(self) -> None:
        """Until the kernel says so: its state is T."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")

    def thaw(self) -> tuple[int, str, str]:
        self.process.send_signal(signal.SIGCONT)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


def until(look: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.02)


def once(city: DeskCity) -> None:
    """Nobody was called twice."""
    for row in city.all("SELECT dedupe, count(*) AS n FROM outbox GROUP BY 1"):
        assert row["n"] == 1
    offers = city.all(
        "SELECT dispatch_id, contact_method_id, count(*) AS n FROM outbox WHERE stage = 'tier_offer' GROUP BY 1, 2"
    )
    assert {row["n"] for row in offers} == {1}


def test_killed_in_the_middle_of_opening(city: DeskCity, tmp_path: Path) -> None:
    """F8: nothing of a half-made incident is left, and the next worker makes it whole."""
    city.event("442001")
    victim = Victim(city, tmp_path, "effects.Rescue.carry_out", "SIGKILL", 0)
    assert victim.process.wait(60) == -signal.SIGKILL
    until(lambda: city.engine.cycle(T0) == 1)
    assert city.lifts() == ["442001"]
    assert city.tiers() == [1]
    once(city)


def test_frozen_in_the_middle_of_a_transaction_and_thawed(city: DeskCity, tmp_path: Path) -> None:
    """F9: others go on at once, take over what it held as soon as the database has let go, and it cannot act."""
    city.event("442001")
    city.event("442002")
    city.engine.cycle(T0)
    now = T0 + timedelta(seconds=180)
    victim = Victim(city, tmp_path, "effects.Rescue.carry_out", "SIGSTOP", 180)
    victim.wait_until_stopped()
    city.engine.cycle(now)
    assert city.tiers() in ([1, 1, 2], [1, 1, 2, 2]), "the other lift is not held up"
    until(lambda: city.engine.cycle(now) == 0 and city.tiers() == [1, 1, 2, 2])
    code, out, err = victim.thaw()
    assert code == 1, (out, err)
    assert "idle" in err or "terminat" in err
    assert city.tiers() == [1, 1, 2, 2]
    assert not city.all("SELECT 1 FROM outbox WHERE body LIKE '%%victim.test%%'")
    once(city)


def test_frozen_between_its_look_and_its_act_and_thawed(city: DeskCity, tmp_path: Path) -> None:
    """F9: what it saw is old when it wakes; it claims nothing by it."""
    city.event("442001")
    city.engine.cycle(T0)
    victim = Victim(city, tmp_path, "engine.Engine._alone", "SIGSTOP", 180, about="'incident ")
    victim.wait_until_stopped()
    for seconds in (180, 300, 310):
        city.engine.cycle(T0 + timedelta(seconds=seconds))
    assert city.tiers() == [1, 2, 3]
    city.owner.execute("UPDATE incident SET due_at = %s", (T0,))
    time.sleep(0.4)
    code, out, err = victim.thaw()
    assert (code, out.strip()) == (0, "0"), (out, err)
    assert city.tiers() == [1, 2, 3], "even where something is due it looks again first"


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.UNSURE])
def test_a_gateway_that_never_answers_stops_no_clock(city: DeskCity, verdict: Verdict) -> None:
    """F10: tiers are called at their times, each letter is tried, each attempt has its outcome."""

    def gateway(message: Message) -> Outcome:
        return Outcome(verdict, "no")

    lent = pool(city.database, Role.ALERTING, size=2)
    letters = outbox.Worker(lent, dict.fromkeys(("webhook", "email"), gateway), lease_s=30)
    city.event("442001")
    for second in range(0, 420, 5):
        now = T0 + timedelta(seconds=second)
        city.engine.cycle(now)
        outbox.cycle(letters, now)
    lent.close()
    called = [(row["tier"], (row["at"] - T0).total_seconds()) for row in city.actions("tier_called")]
    assert called == [(1, 0), (2, 180), (3, 300)]
    assert [(row["at"] - T0).total_seconds() for row in city.actions("called_again")] == [360]
    never = city.all("SELECT dedupe FROM outbox o WHERE NOT EXISTS (SELECT FROM outbox_attempt WHERE outbox_id = o.id)")
    assert never == []
    assert city.all("SELECT DISTINCT outcome FROM outbox_attempt") == [{"outcome": verdict.value}]


@pytest.mark.parametrize("jumps", [(3600, -3600), (-3600, 3600), (3600, 0, -3600, -3600)])
def test_a_clock_that_jumps_skips_no_tier_and_takes_nothing_back(city: DeskCity, jumps: tuple[int, ...]) -> None:
    """F11, with two workers that do not share their time."""
    other = connect(city.database, Role.ALERTING)
    second = Engine(other, Means("http://sunlit.test"))
    city.event("442001")
    shift, at = 0, 0
    for jump in (0, *jumps):
        shift += jump
        for _ in range(40):
            at += 10
            for engine in (city.engine, second):
                engine.cycle(T0 + timedelta(seconds=at + shift))
        second = Engine(other, Means("http://sunlit.test"))
    other.close()
    assert city.tiers() == [1, 2, 3]
    times = [row["at"] for row in city.all("SELECT at FROM incident_entry ORDER BY id")]
    assert times == sorted(times)
    once_called = [row["called_at"] for row in city.all("SELECT called_at FROM incident")]
    assert once_called[0] >= city.actions("tier_called")[-1]["at"]


@contextmanager
def jumping(city: DeskCity, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], object]]:
    """The database's clock as the desk reads it, moved by what is handed in."""
    city.owner.execute("CREATE TABLE moved (by interval); INSERT INTO moved VALUES ('0')")
    city.owner.execute("GRANT SELECT ON moved TO sunlit_alerting")
    text = INBOX.statements["desk_time"].replace(
        "clock_timestamp() AS now", "clock_timestamp() + (SELECT by FROM moved) AS now"
    )
    monkeypatch.setitem(INBOX.statements, "desk_time", text)
    yield lambda by: city.owner.execute("UPDATE moved SET by = %s::interval", (by,))


def test_a_database_clock_that_is_set_back_lets_nobody_wait(
    city: DeskCity, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """F11: the desk keeps its own time, also over a restart."""
    with jumping(city, monkeypatch) as jump:
        clock = DeskClock(city.desk)
        before = clock.ask()
        jump("-1 hour")
        held = [clock.ask() for _ in range(3)]
        assert [before, *held] == sorted([before, *held])
        assert "set back" in caplog.text
        work.beat(city.desk, "a", held[-1], 0.0)
        again = DeskClock(city.desk)()
        assert again >= held[-1]
        jump("0")
        assert clock.ask() - before < timedelta(minutes=5)


@contextmanager
def running(city: DeskCity, **settings: object) -> Iterator[None]:
    """Real workers as `sunlit alerting run` has them."""
    chosen = AlertingSettings.model_validate({"poll_s": 0.1, **settings})
    stop = threading.Event()
    duties = work.duties(Settings(database=city.database, alerting=chosen))
    threads = [threading.Thread(target=duty, args=(stop,), daemon=True) for duty in duties.values()]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def test_without_a_single_hint_the_poll_does_it(city: DeskCity) -> None:
    """F12."""
    for table in ("event", "command", "incident", "outbox"):
        city.owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_hint")
    with running(city):
        city.event("442001")
        until(lambda: city.tiers() == [1])
        [incident] = city.all("SELECT id FROM incident")
        city.command("raise", incident_id=incident["id"])
        until(lambda: city.tiers() == [1, 2])
        city.owner.execute("UPDATE dispatch SET accept_due = accept_due - interval '1 hour'")
        city.owner.execute("UPDATE incident SET due_at = due_at - interval '1 hour'")
        until(lambda: city.tiers() == [1, 2, 3])


def test_a_hint_is_heard_long_before_the_poll(city: DeskCity) -> None:
    with running(city, poll_s=60):
        until(lambda: len(city.all("SELECT 1 FROM alerting_beat")) == 2)
        city.event("442001")
        until(lambda: city.tiers() == [1])


def test_an_attempt_has_an_outcome_also_when_the_letter_is_no_longer_needed(city: DeskCity) -> None:
    """Found by the stories: the worker vanished over a letter, and then its offer was answered."""

    class Vanished(BaseException):
        pass

    def gateway(message: Message) -> Outcome:
        raise Vanished

    lent = pool(city.database, Role.ALERTING, size=2)
    letters = outbox.Worker(lent, dict.fromkeys(("webhook", "email"), gateway), lease_s=30)
    city.event("442001")
    city.engine.cycle(T0)
    with pytest.raises(Vanished):
        outbox.cycle(letters, T0)
    city.owner.execute("UPDATE outbox SET state = 'spared', lease_until = NULL")
    outbox.cycle(letters, T0 + timedelta(seconds=29))
    assert city.all("SELECT outcome FROM outbox_attempt") == [{"outcome": None}], "it may still be at it"
    outbox.cycle(letters, T0 + timedelta(seconds=31))
    lent.close()
    assert city.all("SELECT outcome FROM outbox_attempt") == [{"outcome": "unsure"}]
