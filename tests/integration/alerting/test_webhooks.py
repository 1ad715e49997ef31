"""Webhooks against real HTTP servers: that fail, hang, answer late and twice, lead elsewhere, and come back."""

import hashlib
import hmac
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from alerting.channels import post
from alerting.hooks import book
from alerting.hooks.deliver import Sender
from alerting.hooks.gather import Gatherer
from alerting.hooks.work import cycle
from contracts.happenings import KINDS
from runtime.db import Role, connect, pool
from tests.integration.alerting import gateways
from tests.integration.alerting.gateways import Gateway, gateway
from tests.integration.alerting.town import City

SECRET = "a secret that is long enough"


class Told:
    """The worker of webhooks, moved by hand, beside the desk of a city."""

    def __init__(self, town: City) -> None:
        self.town, self.gatherer = town, Gatherer()
        self.connection = connect(town.database, Role.ALERTING)
        self.connections = pool(town.database, Role.ALERTING)
        self.sender = Sender(0.5, private=True)

    def add(self, server: Gateway, name: str = "bureau", **wanted: object) -> None:
        hook = book.NewHook(name=name, url=f"{server.url}/in", secret=SECRET, **wanted)  # type: ignore[arg-type]
        book.add(self.town.owner, hook, "test", private=True)

    def cycle(self) -> int:
        return cycle(self.connection, self.connections, self.gatherer, self.sender, self.town.now)

    def close(self) -> None:
        self.connection.close()
        self.connections.close()

    def state(self, name: str = "bureau") -> dict[str, object]:
        (one,) = [row for row in book.entries(self.town.owner) if row["name"] == name]
        return one


@pytest.fixture
def told(town: City) -> Iterator[Told]:
    made = Told(town)
    yield made
    made.close()


def kinds(server: Gateway) -> list[str]:
    return [body["kind"] for body in server.bodies]


def test_a_rescue_is_told_in_order_signed_and_once(town: City, told: Told) -> None:
    with gateway(gateways.says(204)) as server:
        told.add(server)
        town.event("lift-442001", "trapped_non_level")
        told.cycle()
        assert kinds(server)[:2] == ["incident.opened", "incident.tier_called"]
        assert told.cycle() == 0
        first, headers, body = server.requests[0]
        assert first.startswith("POST /in ")
        at, mark = (part.partition("=")[2] for part in headers["x-sunlit-signature"].split(","))
        assert mark == hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        document = json.loads(body)
        assert headers["idempotency-key"] == document["id"]
        assert int(headers["x-sunlit-cursor"]) > 0
        assert document["incident"]["lift"] == "442001"
        assert document["tier"] is None and server.bodies[1]["tier"] == 1
        assert "/c/" not in body.decode()
        row = town.one("SELECT id::text, document FROM happening ORDER BY seq LIMIT 1")
        assert (row["id"], row["document"]) == (document["id"], body.decode())


def test_only_what_was_asked_for_is_told(town: City, told: Told) -> None:
    place = town.one("SELECT p.town_code FROM lift l JOIN place p ON p.id = l.place_id WHERE l.code = '442001'")
    other = town.one("SELECT code FROM town WHERE code <> %s", place["town_code"])["code"]
    with (
        gateway(gateways.says(200)) as mine,
        gateway(gateways.says(200)) as theirs,
        gateway(gateways.says(200)) as all_,
    ):
        told.add(mine, kinds=["incident.tier_called"], towns=[place["town_code"]])
        told.add(theirs, "elsewhere", towns=[other])
        told.add(all_, "exercises", drills=True)
        town.drill("442001")
        told.cycle()
        assert (kinds(mine), kinds(theirs)) == ([], [])
        assert all_.bodies[0]["drill"] is True
        town.event("lift-442002", "trapped_non_level")
        told.cycle()
        assert set(kinds(mine)) <= {"incident.tier_called"}
        assert "incident.opened" in kinds(all_)


def test_who_does_not_answer_is_told_later_and_nothing_is_lost(town: City, told: Told) -> None:
    with gateway(gateways.never) as server:
        told.add(server)
        town.event("lift-442001", "trapped_non_level")
        assert told.cycle() == 1
        assert told.cycle() == 0, "held as a whole"
        state = told.state()
        assert state["failing_since"] == town.now and "no answer" in str(state["last_answer"])
        server.answer = gateways.says(503)
        town.now += timedelta(seconds=6)
        assert told.cycle() == 1
        server.answer = gateways.says(200)
        town.now += timedelta(seconds=11)
        waits = int(str(told.state()["queued"]))
        assert told.cycle() == waits > 1
        assert kinds(server)[:3] == ["incident.opened"] * 3
        assert len({body["id"] for body in server.bodies}) == waits
        assert told.state()["failing_since"] is None


def test_one_document_that_is_refused_holds_up_its_own_story_only(town: City, told: Told) -> None:
    def picky(served: Gateway, connection: object) -> None:
        status = 422 if served.bodies[-1]["incident"]["lift"] == "442001" else 200
        gateways.says(status)(served, connection)  # type: ignore[arg-type]

    with gateway(picky) as server:
        told.add(server)
        town.event("lift-442001", "trapped_non_level")
        town.event("lift-442002", "trapped_non_level")
        told.cycle()
        lifts = [body["incident"]["lift"] for body in server.bodies]
        assert lifts.count("442001") == 1
        assert lifts.count("442002") > 1
        town.now += timedelta(days=3, seconds=1)
        told.cycle()
        assert (told.state()["failed"], told.state()["queued"]) == (2, 0), (
            "each was tried, and given up after three days"
        )
        assert told.state()["stopped_at"] is None


def test_who_answers_nothing_for_three_days_is_stopped_and_that_is_said(town: City, told: Told) -> None:
    with gateway(gateways.hangs_up) as server:
        told.add(server)
        town.event("lift-442001", "trapped_non_level")
        told.cycle()
        since = town.now
        town.now += timedelta(days=3)
        told.cycle()
        state = told.state()
        assert (state["stopped_at"], state["failing_since"]) == (town.now, since)
        note = town.one("SELECT actor, object, reason FROM audit_log WHERE action = 'webhook_stopped'")
        assert (note["actor"], note["object"]) == ("sunlit", "webhook bureau")
        assert note["reason"].startswith("no answer since ")
        town.now += timedelta(days=1)
        assert told.cycle() == 0
        server.answer = gateways.says(200)
        book.set_active(town.owner, "bureau", True, "test", "it is repaired")
        told.cycle()
        assert {"incident.opened", "incident.tier_called"} <= set(kinds(server)[2:])


def test_redirects_are_not_followed(town: City, told: Told) -> None:
    with gateway(gateways.says(200)) as other:
        with gateway(gateways.says(302, headers=f"Location: {other.url}/in\r\n")) as server:
            told.add(server)
            town.event("lift-442001", "trapped_non_level")
            told.cycle()
            assert "leads elsewhere" in str(told.state()["last_answer"])
        assert other.requests == []


def test_two_answers_and_an_endless_body_are_one_answer(town: City, told: Told) -> None:
    with gateway(gateways.twice) as server:
        told.add(server)
        town.event("lift-442001", "trapped_non_level")
        told.cycle()
        server.answer = gateways.drips_its_body
        town.event("lift-442002", "trapped_non_level")
        told.cycle()
        assert told.state()["queued"] == 0
        assert len({body["id"] for body in server.bodies}) == len(server.bodies)


def test_private_addresses_are_refused_unless_a_setting_allows_them(town: City, told: Told) -> None:
    with gateway(gateways.says(200)) as server:
        told.add(server)
        told.sender = Sender(2, private=False)
        town.event("lift-442001", "trapped_non_level")
        told.cycle()
        assert "expected https" in str(told.state()["last_answer"])
        town.owner.execute("UPDATE webhook SET url = replace(url, 'http://', 'https://')")
        town.now += timedelta(seconds=6)
        told.cycle()
        assert "private network" in str(told.state()["last_answer"])
        assert server.requests == []
    with pytest.raises(book.HookError, match=r"url: 'http://a\.example/', expected https:"):
        book.add(town.owner, book.NewHook(name="plain", url="http://a.example/"), "test", private=False)


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    trusted = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(post, "is_public", lambda number: True)
    with gateway(gateways.says(200), tls) as server:
        url = f"https://localhost:{server.port}/in?x=1"
        assert post.post(url, b"{}", {}, 5, trusted, public_only=True).status == 200
        first, headers, body = server.requests[0]
        assert (first, headers["host"], body) == ("POST /in?x=1 HTTP/1.1", f"localhost:{server.port}", b"{}")
        # Whoever it is by its certificate is asked for by name, not by number.
        refused = post.post(url, b"{}", {}, 5, ssl.create_default_context(), public_only=True)
        assert not refused.reached and "CERTIFICATE_VERIFY_FAILED" in refused.detail
        numbered = post.post(f"https://127.0.0.1:{server.port}/in", b"{}", {}, 5, trusted, public_only=True)
        assert not numbered.reached and "CERTIFICATE_VERIFY_FAILED" in numbered.detail
        monkeypatch.setattr(post, "is_public", lambda number: number != "127.0.0.1")
        assert "private network" in post.post(url, b"{}", {}, 5, trusted, public_only=True).detail
        assert len(server.requests) == 1


def test_while_a_secret_changes_both_sign(town: City, told: Told) -> None:
    with gateway(gateways.says(200)) as server:
        told.add(server)
        fresh, _ = book.rotate(town.owner, "bureau", "", 24, "test")
        answer = book.try_out(town.owner, "bureau", told.sender, town.now)
        assert answer.status == 200
        _, headers, body = server.requests[0]
        at, *marks = (part.partition("=")[2] for part in headers["x-sunlit-signature"].split(","))
        signed = [
            hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest() for key in (fresh, SECRET)
        ]
        assert marks == signed
        assert server.bodies[0]["kind"] == "webhook.test"


def test_told_again_from_a_cursor_documents_keep_their_identity(town: City, told: Told) -> None:
    with gateway(gateways.says(200)) as server:
        told.add(server)
        town.event("lift-442001", "trapped_non_level")
        told.cycle()
        before = server.bodies
        assert book.replay(town.owner, "bureau", 0, "test") == 0
        told.cycle()
        assert server.bodies == [*before, *before]


def test_a_line_that_commits_late_is_not_missed(town: City, told: Told) -> None:
    with gateway(gateways.says(200)) as server:
        told.add(server)
        town.event("lift-442001", "trapped_non_level")
        late = connect(town.database, Role.OWNER)
        with late.transaction():
            late.execute(
                "INSERT INTO incident_entry (incident_id, at, actor, action, reason, policy_version)"
                " SELECT max(id), %s, 'sunlit', 'shortfall', 'test', 1 FROM incident",
                (town.now,),
            )
            town.event("lift-442002", "trapped_non_level")
            told.gatherer.cycle(told.connection, town.now)
            told.gatherer.cycle(told.connection, town.now)
        late.close()
        told.gatherer.cycle(told.connection, town.now)
        assert town.one("SELECT count(*) AS n FROM happening WHERE kind = 'incident.shortfall'")["n"] >= 1
        told.cycle()
        assert "incident.shortfall" in kinds(server)


def test_side_by_side_nothing_is_written_twice(town: City, told: Told) -> None:
    second = connect(town.database, Role.ALERTING)
    town.event("lift-442001", "trapped_non_level")
    with second.transaction():
        assert Gatherer().cycle(second, town.now) > 0
        assert told.gatherer.cycle(told.connection, town.now) == 0, "one at a time"
    assert told.gatherer.cycle(told.connection, town.now) == 0
    assert told.gatherer.sweep(told.connection, town.now) == 0
    second.close()


def test_silence_and_its_end_and_findings_are_told(town: City, told: Told) -> None:
    with gateway(gateways.says(200)) as server:
        told.add(server)
        town.owner.execute(
            "INSERT INTO silence (device_id, cause, since, noticed_at) SELECT id, 'silent', %s, %s FROM device"
            " WHERE code = 'cam-k-001-1'",
            (town.now, town.now),
        )
        town.event("cam-k-001-1", "no_hat", confidence=0.99)
        told.cycle()
        town.owner.execute("UPDATE silence SET ended_at = %s", (town.now,))
        told.cycle()
        assert {"device.silent", "device.heard", "finding.pushed"} <= set(kinds(server))
        heard = next(body for body in server.bodies if body["kind"] == "device.heard")
        assert heard["device"]["code"] == "cam-k-001-1"
        assert heard["town"] == next(body["town"] for body in server.bodies if body["kind"] == "finding.pushed")
        assert set(kinds(server)) <= set(KINDS)


def test_only_alerting_reads_secrets_and_addresses(town: City) -> None:
    for role in (Role.API, Role.INGEST):
        for column in ("secret", "url", "old_secret"):
            with connect(town.database, role) as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
                other.execute(f"SELECT {column} FROM webhook")


def test_the_command_says_what_is_wrong(town: City, tmp_path: Path) -> None:
    config = tmp_path / "sunlit.toml"
    config.write_text(f'[database]\nurl = "{town.database.url}"\n[alerting]\nhooks_private = true\n')

    def sunlit(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "runtime.cli", "webhook", *words, "--config", str(config)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    with gateway(gateways.says(500)) as server:
        said = sunlit("add", "bureau", "--url", f"{server.url}/x", "--author", "wang", "--kinds", "incident.closed")
        assert said.returncode == 0, said.stderr
        assert "secret: " in said.stdout
        said = sunlit("test", "bureau")
        assert (said.returncode, said.stderr.strip()) == (1, "sunlit webhook: webhook bureau: HTTP 500")
    said = sunlit("add", "second", "--url", "ftp://x", "--author", "wang")
    assert (
        said.stderr.strip()
        == "sunlit webhook: url: 'ftp://x', expected https or http://host/path without name and password"
    )
    assert json.loads(sunlit("list", "--json").stdout)[0]["name"] == "bureau"
