"""Certificates and rights at a real mosquitto: each device says and hears its own, and nobody else gets in."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.kinds import Lane
from contracts.topics import subscription, topic
from runtime.bus import NOT_AUTHORISED
from runtime.devices.authority import Authority, key_pem, new_key, pem
from runtime.settings import BrokerSettings, DatabaseSettings
from runtime.stack.broker import LARGEST_PACKET, find_mosquitto
from tests.conftest import lacking, open_folder
from tests.integration.runtime.wired import City, Talk, until

SITE, OTHER_SITE = "site-a", "site-b"


def event(site: str, device: str) -> str:
    return str(topic(site, device, Lane.EVENT))


@pytest.fixture
def city(empty_db: DatabaseSettings) -> Iterator[City]:
    if find_mosquitto() is None:
        lacking("mosquitto is not installed")
    with open_folder("wire") as folder:
        made = City(folder, empty_db)
        yield made
        made.close()


@pytest.fixture
def ingest(city: City) -> Talk:
    """Who hears all events, with a session that outlives the connection."""
    return ingest_of(city)


def ingest_of(city: City) -> Talk:
    talk = Talk(city.broker.settings, tuple(subscription(Lane.EVENT)), "sunlit-ingest-event", days=1)
    city.buses.append(talk.bus)
    return talk.up()


def test_a_device_says_its_own_and_nothing_of_another(
    city: City, ingest: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = city.add("agent-a", SITE), city.add("agent-b", OTHER_SITE)
    a, b = city.bus(city.of(first)).up(), city.bus(city.of(second)).up()
    assert a.says(event(SITE, "agent-a"), b"mine") == 0
    assert b.says(event(SITE, "agent-a"), b"forged") == NOT_AUTHORISED
    assert b.says(str(topic(SITE, "agent-a", Lane.COMMAND)), b"do as I say") == NOT_AUTHORISED
    assert b.says(str(topic(OTHER_SITE, "agent-b", Lane.COMMAND)), b"to myself") == NOT_AUTHORISED
    assert b.says("sunlit/health", b"up") == NOT_AUTHORISED
    assert b.says(event(OTHER_SITE, "agent-b"), b"its own") == 0
    assert ingest.payloads() == [b"mine", b"its own"]
    assert "another connection uses the name" not in caplog.text, "a refusal is no second connection"


def test_commands_are_heard_by_whom_they_are_for(city: City) -> None:
    first, second = city.add("agent-a", SITE), city.add("agent-b", OTHER_SITE)
    command = str(topic(SITE, "agent-a", Lane.COMMAND))
    a = city.bus(city.of(first), command).up()
    b = city.bus(city.of(second), command, "sunlit/v1/#", "#", "$SYS/#").up()
    centre = city.bus(city.broker.settings).up()
    assert centre.says(command, b"open") == 0
    assert a.says(event(SITE, "agent-a"), b"private") == 0
    assert a.payloads() == [b"open"]
    assert b.payloads() == []


def refused(city: City, settings: BrokerSettings, caplog: pytest.LogCaptureFixture, why: str) -> None:
    """Not let in, for longer than two tries, and the log says why."""
    talk = city.bus(settings)
    until(lambda: why in caplog.text)
    assert not talk.bus.connected
    talk.bus.stop()


def foreign(folder: Path, signer: Authority, name: str, now: datetime, days: int) -> Path:
    """A certificate that `signer` gives without a word to the register."""
    key = new_key()
    folder.mkdir()
    made = signer.for_device(key.public_key(), name, 4711, now, days)
    (folder / "device.key").write_bytes(key_pem(key))
    (folder / "device.crt").write_bytes(pem(made))
    return folder


def test_whoever_has_no_certificate_of_ours_stays_outside(city: City, caplog: pytest.LogCaptureFixture) -> None:
    city.add("agent-a", SITE)
    now = datetime.now(UTC)
    refused(city, city.of(None), caplog, "certificate required")
    caplog.clear()
    stranger = foreign(city.folder / "stranger", Authority.make(now, 10), "agent-a.000000000000", now, 5)
    refused(city, city.of(stranger), caplog, "unknown ca")
    caplog.clear()
    old = foreign(city.folder / "old", city.authority, "agent-a.000000000000", now - timedelta(days=9), 8)
    refused(city, city.of(old), caplog, "certificate expired")
    caplog.clear()
    # The broker's own certificate is not a client's.
    server = city.folder / "server"
    server.mkdir()
    (server / "device.crt").write_bytes((city.wire.broker / "server.crt").read_bytes())
    (server / "device.key").write_bytes((city.wire.broker / "server.key").read_bytes())
    refused(city, city.of(server), caplog, "does not take our certificate")


def test_a_signed_name_that_the_register_does_not_know_may_do_nothing(city: City, ingest: Talk) -> None:
    """Also before there is any device: no rule must not mean no limit."""
    now = datetime.now(UTC)
    ghost = city.bus(city.of(foreign(city.folder / "ghost", city.authority, "agent-a.000000000000", now, 5))).up()
    assert ghost.says(event(SITE, "agent-a")) == NOT_AUTHORISED
    city.add("agent-a", SITE)
    assert ghost.says(event(SITE, "agent-a")) == NOT_AUTHORISED
    assert ingest.payloads() == []


def test_a_device_does_not_believe_a_broker_of_somebody_else(city: City, caplog: pytest.LogCaptureFixture) -> None:
    out, now = city.add("agent-a", SITE), datetime.now(UTC)
    other = city.folder / "other.crt"
    other.write_bytes(pem(Authority.make(now, 10).certificate))
    refused(city, city.of(out, ca=other), caplog, "its certificate is not believed")
    caplog.clear()
    city.sunlit("ca", "server", "--name", "elsewhere.example")
    until(lambda: city.broker.process.alive)
    city.broker.process.stop()
    city.broker.start()
    refused(city, city.of(out), caplog, "IP address mismatch")


def test_what_was_revoked_is_out_at_once_and_stays_out(
    city: City, ingest: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    out = city.add("agent-a", SITE)
    a = city.bus(city.of(out)).up()
    assert a.says(event(SITE, "agent-a"), b"before") == 0
    assert "the broker was told" in city.sunlit("revoke", "agent-a", "--why", "stolen")
    # It is told by a signal, and takes a moment.
    codes: list[int] = []

    def out_of_rights() -> bool:
        codes.append(a.says(event(SITE, "agent-a"), b"meanwhile"))
        return codes[-1] == NOT_AUTHORISED

    until(out_of_rights)
    a.bus.stop()
    refused(city, city.of(out), caplog, "certificate revoked")
    caplog.clear()
    city.broker.process.stop()
    city.broker.start()
    refused(city, city.of(out), caplog, "certificate revoked")
    assert ingest.payloads() == [b"before"] + [b"meanwhile"] * codes.count(0)


def test_without_the_authoritys_key_a_stolen_box_has_no_rights_left(city: City, ingest: Talk) -> None:
    out = city.add("agent-a", SITE)
    (city.wire.ca / "ca.key").rename(city.folder / "in-the-safe")
    said = city.sunlit("revoke", "agent-a", "--why", "stolen")
    assert "1 certificates out of use have no rights left but may still connect" in said
    a = city.bus(city.of(out), "sunlit/v1/#").up()
    assert a.says(event(SITE, "agent-a")) == NOT_AUTHORISED
    centre = city.bus(city.broker.settings).up()
    centre.says(str(topic(SITE, "agent-a", Lane.COMMAND)), b"open")
    assert a.payloads() == []
    assert ingest.payloads() == []


def test_a_rotated_certificate_works_beside_the_old_one_and_then_alone(
    city: City, caplog: pytest.LogCaptureFixture
) -> None:
    first = city.add("agent-a", SITE)
    second, third = city.folder / "second", city.folder / "third"
    city.sunlit("rotate", "agent-a", "--out", str(second), "--overlap-days", "1")
    for out in (first, second):
        assert city.bus(city.of(out)).up().says(event(SITE, "agent-a")) == 0
    city.sunlit("rotate", "agent-a", "--out", str(third), "--overlap-days", "0")
    assert city.bus(city.of(third)).up().says(event(SITE, "agent-a")) == 0
    for out in (first, second):
        caplog.clear()
        refused(city, city.of(out), caplog, "certificate revoked")


def test_the_bus_takes_up_a_rotated_certificate_without_a_restart(city: City, caplog: pytest.LogCaptureFixture) -> None:
    out = city.add("agent-a", SITE)
    a = city.bus(city.of(out)).up()
    # Half a pair, as while files are carried: what worked goes on working.
    key = (out / "device.key").read_bytes()
    (out / "device.key").write_bytes(key_pem(new_key()))
    city.broker.process.kill()
    until(lambda: not a.bus.connected)
    city.broker.start()
    until(lambda: a.bus.connected)
    assert "does not belong to the certificate" in caplog.text
    (out / "device.key").write_bytes(key)
    new = city.folder / "new"
    city.sunlit("rotate", "agent-a", "--out", str(new), "--overlap-days", "1")
    for name in ("device.crt", "device.key"):
        (new / name).replace(out / name)
    city.sunlit("revoke", "agent-a", "--why", "carried over", "--serial", serials(city, "agent-a")[0])
    city.broker.process.kill()
    until(lambda: not a.bus.connected)
    city.broker.start()
    until(lambda: a.bus.connected)
    assert a.says(event(SITE, "agent-a")) == 0


def serials(city: City, code: str) -> list[str]:
    (found,) = [one for one in json.loads(city.sunlit("list", "--json")) if one["code"] == code]
    return [str(one["serial"]) for one in found["certificates"]]


def test_a_message_too_large_is_not_sent_and_harms_nobody(city: City, ingest: Talk) -> None:
    a = city.bus(city.of(city.add("agent-a", SITE))).up()
    where = event(SITE, "agent-a")
    assert not a.bus.fits(where, b"x" * LARGEST_PACKET)
    assert a.bus.publish(where, b"x" * LARGEST_PACKET) is None
    assert a.says(where, b"x" * (256 * 1024)) == 0
    assert [len(payload) for payload in ingest.payloads()] == [256 * 1024]
    assert a.bus.connected


def test_nobody_takes_the_place_of_ingest(city: City, ingest: Talk) -> None:
    """A client's id is its certificate's name there: a session of the centre cannot be claimed with a device's."""
    out = city.add("agent-a", SITE)
    thief = Talk(city.of(out), tuple(subscription(Lane.EVENT)), "sunlit-ingest-event", days=1)
    city.buses.append(thief.bus)
    thief.up()
    a = city.bus(city.broker.settings).up()
    assert a.says(event(OTHER_SITE, "agent-z"), b"alarm") == 0
    assert ingest.payloads() == [b"alarm"]
    assert thief.payloads() == []


def test_nothing_is_lost_to_a_service_that_is_away_while_rights_change(city: City, ingest: Talk) -> None:
    """Found with mosquitto 2.0.11: rights on the listener of the services, a restart, then a SIGHUP, and what came for
    a service that was away had been acknowledged and was gone."""
    a = city.bus(city.of(city.add("agent-a", SITE))).up()
    ingest.bus.stop()
    assert a.says(event(SITE, "agent-a"), b"away") == 0
    city.add("agent-b", OTHER_SITE)
    time.sleep(0.5)
    assert a.says(event(SITE, "agent-a"), b"told to read again") == 0
    city.broker.process.stop()
    until(lambda: not a.bus.connected)
    city.broker.start()
    until(lambda: a.bus.connected)
    assert a.says(event(SITE, "agent-a"), b"restarted") == 0
    city.sunlit("revoke", "agent-b", "--why", "test")
    time.sleep(0.5)
    assert a.says(event(SITE, "agent-a"), b"restarted and told") == 0
    assert ingest_of(city).payloads() == [b"away", b"told to read again", b"restarted", b"restarted and told"]


def test_alone_on_its_site_an_agent_speaks_for_strangers_too(city: City, ingest: Talk) -> None:
    """A lift that nobody has registered yet comes to quarantine, where people see it."""
    a = city.bus(city.of(city.add("agent-a", SITE))).up()
    assert a.says(event(SITE, "lift-new"), b"stranger") == 0
    city.sunlit("add", "lift-1", "--kind", "lift", "--site", SITE)
    said = city.sunlit("add", "agent-c", "--kind", "agent", "--site", SITE, "--out", str(city.folder / "agent-c"))
    assert "agent-a is no longer alone at site-a: it speaks for itself and lift-1" in said
    c = city.bus(city.of(city.folder / "agent-c")).up()
    time.sleep(0.5)
    assert a.says(event(SITE, "lift-1"), b"known") == 0
    assert c.says(event(SITE, "lift-1"), b"not its own") == NOT_AUTHORISED
    assert a.says(event(SITE, "lift-new"), b"whose?") == NOT_AUTHORISED
    assert ingest.payloads() == [b"stranger", b"known"]
