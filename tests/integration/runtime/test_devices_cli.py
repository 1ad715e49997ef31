"""`sunlit device`: the register and its certificates from the command line, every refusal in one line."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.db import Role, connect
from runtime.devices import cli, register
from runtime.devices.acl import user
from runtime.devices.authority import key_pem, new_key
from runtime.devices.cli import app
from runtime.settings import DatabaseSettings


class Desk:
    """The command with a register and an authority of its own."""

    def __init__(self, folder: Path, database: DatabaseSettings) -> None:
        self.folder, self.database = folder, database
        self.config = folder / "sunlit.toml"
        self.config.write_text(
            f'[database]\nurl = "{database.url}"\n[wire]\nca = "{folder / "ca"}"\nbroker = "{folder / "wire"}"\n'
        )

    def says(self, *words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, [*words, "--config", str(self.config)])
        assert done.exit_code == code, done.output
        assert code == 0 or len(done.output.strip().splitlines()) == 1, done.output
        return done.output

    def refuses(self, *words: str) -> str:
        return self.says(*words, code=1)

    def listed(self) -> dict[str, dict[str, object]]:
        return {one["code"]: one for one in json.loads(self.says("list", "--json"))}

    @property
    def acl(self) -> str:
        return (self.folder / "wire" / "acl").read_text("utf-8")


@pytest.fixture
def desk(tmp_path: Path, empty_db: DatabaseSettings) -> Desk:
    made = Desk(tmp_path, empty_db)
    made.says("ca", "init", "--name", "broker.example", "--name", "10.0.0.1")
    return made


AGENT = ("--kind", "agent", "--site", "s1")
LIFT = ("--kind", "lift", "--site", "s1")


def test_a_device_is_registered_once_and_listed(desk: Desk) -> None:
    assert "agent-a: registered" in desk.says("add", "agent-a", *AGENT)
    assert "is registered already" in desk.says("add", "agent-a", *AGENT, "--out", str(desk.folder / "a"))
    desk.says("add", "lift-1", *LIFT, "--agent", "agent-a")
    found = desk.listed()
    assert (found["agent-a"]["certificate"], found["agent-a"]["days"]) == ("valid", 364)
    assert (found["lift-1"]["certificate"], found["lift-1"]["agent"]) == ("through", "agent-a")
    table = desk.says("list", "--site", "s1")
    assert "valid, 364 days" in table and "through agent-a" in table
    assert "agent-a" not in desk.says("list", "--site", "s2")
    key = desk.folder / "a" / "device.key"
    assert key.stat().st_mode & 0o077 == 0
    assert "PRIVATE" not in desk.says("list", "--json") + desk.acl


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "Agent A", *AGENT), "code: 'Agent A', expected 2-63 of a-z, 0-9 and '-'"),
        (("add", "a1", "--kind", "robot", "--site", "s1"), "kind: 'robot', expected one of agent, lift"),
        (("add", "l1", *LIFT, "--agent", "nobody"), "device: 'nobody' is not registered"),
        (("add", "l1", *LIFT, "--lift", "442001"), "lift: '442001' is not registered"),
        (("add", "agent-a", *LIFT), "kind: 'lift', but agent-a is registered with 'agent'"),
        (("add", "l1", "--kind", "lift", "--site", "s2", "--agent", "agent-a"), "expected an agent at s2"),
        (("rotate", "nobody", "--out", "x"), "device: 'nobody' is not registered"),
        (("revoke", "agent-a", "--why", "x"), "agent-a: has no certificate in use"),
        (("revoke", "agent-a", "--why", " "), "why: empty"),
        (("revoke", "agent-a", "--why", "x", "--serial", ""), "serial: empty, expected the beginning of"),
        (("assign", "agent-a", "--agent", "agent-a"), "an agent speaks for itself"),
        (("ca", "init", "--name", "x"), "ca.key: is there already; it is never replaced"),
        (("ca", "server", "--name", "bücher"), "name: 'bücher', expected a host name in ASCII or an address"),
        (("ca", "server", "--name", "bad host!"), "name: 'bad host!', expected a host name in ASCII or an address"),
        (("add", "agent-a", *AGENT, "--out", "x", "--csr", "no.csr"), "no.csr: cannot be read (No such file"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(desk: Desk, words: tuple[str, ...], said: str) -> None:
    desk.says("add", "agent-a", *AGENT)
    before = desk.says("list", "--json")
    assert said in desk.refuses(*words)
    assert desk.says("list", "--json") == before


def test_a_serial_that_fits_several_revokes_none(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter((0x5BC1 << 144, 0x5BC2 << 144))
    monkeypatch.setattr("runtime.devices.issue.x509.random_serial_number", lambda: next(numbers))
    desk.says("add", "agent-a", *AGENT, "--out", str(desk.folder / "a"))
    desk.says("rotate", "agent-a", "--out", str(desk.folder / "b"))
    before = desk.says("list", "--json")
    assert "serial: '5bc' fits 2 certificates" in desk.refuses("revoke", "agent-a", "--why", "x", "--serial", "5bc")
    assert "serial: empty" in desk.refuses("revoke", "agent-a", "--why", "x", "--serial", "")
    assert desk.says("list", "--json") == before
    desk.says("revoke", "agent-a", "--why", "x", "--serial", "5bc1")
    assert "user agent-a.5bc2" in desk.acl and "user agent-a.5bc1" not in desk.acl


def test_a_certificate_that_cannot_be_written_was_never_issued(desk: Desk) -> None:
    (desk.folder / "file").write_text("in the way")
    assert "cannot be written" in desk.refuses("add", "agent-a", *AGENT, "--out", str(desk.folder / "file"))
    assert desk.listed() == {}
    out = desk.folder / "a"
    desk.says("add", "agent-a", *AGENT, "--out", str(out))
    assert "is there already" in desk.refuses("rotate", "agent-a", "--out", str(out))
    certificates = desk.listed()["agent-a"]["certificates"]
    assert isinstance(certificates, list) and len(certificates) == 1


def test_a_key_that_never_leaves_its_device(desk: Desk) -> None:
    key, request = desk.folder / "box.key", desk.folder / "box.csr"
    key.write_bytes(key_pem(new_key()))
    words = ("openssl", "req", "-new", "-key", str(key), "-subj", "/CN=whatever", "-out", str(request))
    subprocess.run(words, check=True, capture_output=True, timeout=30)
    out = desk.folder / "a"
    said = desk.says("add", "agent-a", *AGENT, "--out", str(out), "--csr", str(request))
    assert "carry it to the device" not in said and not (out / "device.key").exists()
    shown = subprocess.run(
        ("openssl", "x509", "-in", str(out / "device.crt"), "-noout", "-subject", "-ext", "extendedKeyUsage"),
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout
    assert "agent-a." in shown and "whatever" not in shown, "the name is ours, not the request's"
    assert "TLS Web Client Authentication" in shown and "Server" not in shown
    request.write_text(request.read_text().replace("M", "N", 3))
    assert "box.csr: expected a signing request" in desk.refuses(
        "rotate", "agent-a", "--out", str(out), "--csr", str(request)
    )


def test_rights_follow_what_is_said_and_ended_overlaps(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.says("add", "agent-a", *AGENT, "--out", str(desk.folder / "a"))
    desk.says("rotate", "agent-a", "--out", str(desk.folder / "b"), "--overlap-days", "2")
    with connect(desk.database, Role.OWNER) as connection:
        old, new = register.credentials(connection)
        later = register.now(connection) + timedelta(days=3)
    assert user("agent-a", old.serial) in desk.acl and user("agent-a", new.serial) in desk.acl
    monkeypatch.setattr(register, "now", lambda _: later)
    desk.says("apply")
    assert user("agent-a", old.serial) not in desk.acl and user("agent-a", new.serial) in desk.acl
    assert (desk.folder / "wire" / "crl.serials").read_text() == f"{old.serial}\n"
    assert desk.says("apply") == f"nothing differs in {desk.folder / 'wire'}\n"


def test_a_device_moves_from_one_agent_to_another(desk: Desk) -> None:
    for agent in ("agent-a", "agent-b"):
        desk.says("add", agent, *AGENT, "--out", str(desk.folder / agent))
    desk.says("add", "lift-1", *LIFT, "--agent", "agent-a")
    first = desk.acl
    desk.says("assign", "lift-1", "--agent", "agent-b")
    assert desk.acl != first
    assert "/lift-1/event" in desk.acl.partition("user agent-b")[2]
    assert "/lift-1/event" not in desk.acl.partition("user agent-a")[2].partition("user ")[0]


def test_without_a_database_the_rights_stay_as_they_are(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.says("add", "agent-a", *AGENT, "--out", str(desk.folder / "a"))
    before = desk.acl
    desk.config.write_text(desk.config.read_text().replace("dbname=", "dbname=gone_"))
    first = cli._apply_again(desk.config, "")
    assert "gone_" in first and cli._apply_again(desk.config, first) == first
    assert caplog.text.count("what the broker reads is as it was") == 1
    assert desk.acl == before
    assert "database" in desk.refuses("list")
