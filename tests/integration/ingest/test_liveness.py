"""One row per silence, by database time; nobody is called silent for what ingest itself has missed."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.kinds import Lane
from contracts.messages import LiftSample, Status, Telemetry, encode
from contracts.topics import shard_of, topic
from ingest.devices import Devices
from ingest.liveness import Liveness
from ingest.writer import Raw, Writer
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, IngestSettings

T0 = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BOOT = UUID(int=3, version=4)
LIFT, AGENT = "lift-442001", "agent-demo"


class House:
    """A city whose devices speak when told to; time is handed in."""

    def __init__(self, database: DatabaseSettings) -> None:
        self.owner, self.ingest = connect(database, Role.OWNER), connect(database, Role.INGEST)
        self.liveness = Liveness(
            IngestSettings(silent_agent_s=120, silent_lift_s=120, silent_camera_s=120, silent_kitchen_sensor_s=120)
        )
        self.since, self.now = T0, T0

    def speak(self, *codes: str, online: bool = True) -> None:
        self.owner.execute(
            "INSERT INTO device_status (device_id, online, at, seen_at) SELECT id, %s, %s, %s FROM device"
            " WHERE code = ANY(%s) ON CONFLICT (device_id) DO UPDATE SET online = EXCLUDED.online, at = EXCLUDED.at,"
            " seen_at = EXCLUDED.seen_at",
            (online, self.now, self.now, list(codes)),
        )

    def everybody(self) -> list[str]:
        rows = self.owner.execute("SELECT code FROM device WHERE retired_at IS NULL").fetchall()
        return [row["code"] for row in rows]

    def after(self, seconds: float) -> set[tuple[str, str, str]]:
        self.now += timedelta(seconds=seconds)
        return {
            (row["what"], row["code"], row["cause"]) for row in self.liveness.round(self.ingest, self.since, self.now)
        }

    def rows(self, code: str) -> list[dict[str, Any]]:
        return self.owner.execute(
            "SELECT s.* FROM silence s JOIN device d ON d.id = s.device_id WHERE d.code = %s ORDER BY s.id", (code,)
        ).fetchall()

    def hidden(self) -> dict[str, str]:
        rows = self.owner.execute("SELECT d.code, v.cause FROM silent_device v JOIN device d ON d.id = v.device_id")
        return {row["code"]: row["cause"] for row in rows.fetchall()}


@pytest.fixture
def house(city_db: DatabaseSettings) -> Iterator[House]:
    made = House(city_db)
    yield made
    made.owner.close()
    made.ingest.close()


def test_a_lift_falls_silent_once_and_is_heard_again(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    house.speak(*house.everybody())
    others = [code for code in house.everybody() if code != LIFT]
    changes = []
    for _ in range(40):
        changes.append(house.after(5))
        house.speak(*others)
    assert [(step, found) for step, found in enumerate(changes, 1) if found] == [(25, {("opened", LIFT, "silent")})]
    (row,) = house.rows(LIFT)
    assert (row["since"], row["ended_at"]) == (T0, None)
    assert row["noticed_at"] == T0 + timedelta(seconds=125)
    house.speak(LIFT, *others)
    assert house.after(5) == {("ended", LIFT, "")}
    (row,) = house.rows(LIFT)
    assert row["ended_at"] == house.now
    assert [record.message for record in caplog.records] == [f"silent: {LIFT} (silent)", f"heard again: {LIFT}"]


def test_a_dead_agent_is_one_finding_and_not_one_per_device(house: House) -> None:
    house.speak(*house.everybody())
    found = set().union(*(house.after(5) for _ in range(60)))
    assert found == {("opened", AGENT, "silent")}
    assert house.hidden() == {code: "silent" if code == AGENT else "behind" for code in house.everybody()}
    house.after(5)
    house.speak(AGENT)
    assert house.after(1) == {("ended", AGENT, "")}
    # Between the agent's first word and those of its devices nobody else is called silent.
    assert house.after(5) == set()
    house.speak(*house.everybody())
    assert house.after(5) == set()
    assert house.hidden() == {}


def test_one_device_stays_away_when_its_agent_comes_back(house: House) -> None:
    house.speak(*house.everybody())
    for _ in range(60):
        house.after(5)
    found: set[tuple[str, str, str]] = set()
    for _ in range(60):
        house.speak(*(code for code in house.everybody() if code != LIFT))
        found |= house.after(5)
    assert found == {("ended", AGENT, ""), ("opened", LIFT, "silent")}


def test_a_last_will_counts_soon_and_a_short_break_never(house: House) -> None:
    house.speak(*house.everybody())
    house.speak(AGENT, online=False)
    assert house.after(10) == set()
    house.speak(AGENT)
    assert house.after(10) == set()
    house.speak(AGENT, online=False)
    assert house.after(16) == {("opened", AGENT, "offline")}
    # A word about an agent that is away, such as its will sent again, is no word of it.
    house.speak(AGENT, online=False)
    assert house.after(5) == set()
    house.speak(*house.everybody())
    assert house.after(5) == {("ended", AGENT, "")}
    assert len(house.rows(AGENT)) == 1


def test_what_ingest_missed_is_held_against_nobody(house: House) -> None:
    """Ingest was away for an hour: everything looks silent; each device has its full time from then on."""
    house.speak(*house.everybody())
    house.now += timedelta(hours=1)
    house.since = house.now
    assert house.after(119) == set()
    house.speak(*(code for code in house.everybody() if code != LIFT))
    assert house.after(5) == {("opened", LIFT, "silent")}
    assert house.rows(LIFT)[0]["since"] == T0


def test_a_restart_neither_ends_nor_doubles_a_silence(house: House) -> None:
    house.speak(*house.everybody())
    others = [code for code in house.everybody() if code != LIFT]
    for _ in range(30):
        house.after(5)
        house.speak(*others)
    for _ in range(3):
        house.since = house.now
        for _ in range(30):
            house.speak(*others)
            assert house.after(5) == set()
    assert len(house.rows(LIFT)) == 1


@pytest.mark.parametrize("jump_h", [-1, 1])
def test_the_database_clock_jumps(house: House, jump_h: int) -> None:
    """F11. After the jump the duty judges from then on (test_hearing); a silence that stands goes on standing."""
    house.speak(*house.everybody())
    others = [code for code in house.everybody() if code != LIFT]
    for _ in range(30):
        house.after(5)
        house.speak(*others)
    house.now += timedelta(hours=jump_h)
    house.since = house.now
    assert house.after(5) == set()
    still = "lift-442002"
    found: set[tuple[str, str, str]] = set()
    for _ in range(40):
        house.speak(*(code for code in others if code != still))
        found |= house.after(5)
    assert found == {("opened", still, "silent")}
    house.speak(LIFT)
    assert house.after(5) == {("ended", LIFT, "")}


def test_never_heard_and_retired(house: House) -> None:
    house.speak(*(code for code in house.everybody() if code not in ("lift-442003", "lift-442004")))
    house.owner.execute("UPDATE device SET commissioned_at = %s WHERE code = 'lift-442003'", (T0,))
    found: set[tuple[str, str, str]] = set()
    for _ in range(30):
        found |= house.after(5)
        house.speak(*(code for code in house.everybody() if code not in ("lift-442003", "lift-442004")))
    assert found == {("opened", "lift-442003", "never")}, "one that nobody has commissioned yet is awaited by nobody"
    house.owner.execute("UPDATE device SET retired_at = now() WHERE code = 'lift-442003'")
    assert house.after(5) == {("ended", "lift-442003", "")}


def test_each_of_two_agents_at_a_site_explains_its_own(house: House) -> None:
    house.owner.execute("INSERT INTO device (code, kind, site) VALUES ('agent-two', 'agent', 'demo')")
    for agent, codes in (("agent-two", "{lift-442001,lift-442002}"), (AGENT, "{lift-442003}")):
        house.owner.execute(
            "UPDATE device SET agent_id = (SELECT id FROM device WHERE code = %s) WHERE code = ANY(%s)", (agent, codes)
        )
    dead = {"agent-two", "lift-442001", "lift-442002"}
    house.speak(*house.everybody())
    found: set[tuple[str, str, str]] = set()
    for _ in range(40):
        found |= house.after(5)
        house.speak(*(code for code in house.everybody() if code not in dead))
    assert found == {("opened", "agent-two", "silent")}
    assert house.hidden() == {"agent-two": "silent", "lift-442001": "behind", "lift-442002": "behind"}


def test_a_worker_judges_its_own_shards(house: House) -> None:
    house.speak(*house.everybody())
    shard = shard_of("demo")
    for first, last in ((0, shard), (shard + 1, 64)):
        house.liveness.shards = range(first, last)
        assert house.after(200) == set()
    house.liveness.shards = range(shard, shard + 1)
    assert house.after(1) == {("opened", AGENT, "silent")}


def test_the_shard_of_a_site_is_the_same_in_sql(house: House) -> None:
    sites = ["demo", "a-1", "site-0001", *(uuid4().hex[:20] for _ in range(50))]
    for site in sites:
        row = house.owner.execute("SELECT shard_of(%s) AS shard", (site,)).fetchone()
        assert row == {"shard": shard_of(site)}


def test_messages_end_a_silence(house: House) -> None:
    """With the real writer and the real clock of the database."""
    house.owner.execute(
        "INSERT INTO device_status (device_id, online, at, seen_at) SELECT id, true, %s, now() - interval '1 h'"
        " FROM device WHERE code = %s",
        (T0, LIFT),
    )
    house.now = datetime.now(UTC)
    assert house.after(0) == {("opened", LIFT, "silent")}
    writer = Writer(house.ingest, Devices())
    message = Telemetry(device=LIFT, boot=BOOT, seq=0, base=T0, samples=(LiftSample(speed=1.0),))
    writer.write([Raw(str(topic("demo", LIFT, Lane.TELEMETRY)), encode(message))])
    house.now = datetime.now(UTC)
    assert house.after(1) == {("ended", LIFT, "")}
    will = Status(device=AGENT, boot=BOOT, at=T0, online=False)
    writer.write([Raw(str(topic("demo", AGENT, Lane.STATUS)), encode(will))])
    house.now = datetime.now(UTC)
    assert house.after(20) == {("opened", AGENT, "offline")}
