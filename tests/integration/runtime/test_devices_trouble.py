"""`sunlit device` when a key, a file or the broker does not do: what shuts out is written all the same."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.devices import cli
from runtime.devices.authority import Authority
from runtime.devices.cli import app
from runtime.settings import DatabaseSettings
from tests.integration.runtime.test_devices_cli import AGENT, Desk

FOR_US_ALL = 0o644


@pytest.fixture
def desk(tmp_path: Path, empty_db: DatabaseSettings) -> Desk:
    made = Desk(tmp_path, empty_db)
    made.says("ca", "init", "--name", "broker.example")
    made.says("add", "agent-a", *AGENT, "--out", str(tmp_path / "a"))
    return made


def fails(desk: Desk, *words: str) -> str:
    """Several lines, the last of which is the fault."""
    done = CliRunner().invoke(app, [*words, "--config", str(desk.config)])
    assert done.exit_code == 1 and "Traceback" not in done.output, done.output
    return done.output


def open_to_all(ca: Path) -> None:
    (ca / "ca.key").chmod(FOR_US_ALL)


def without_certificate(ca: Path) -> None:
    (ca / "ca.crt").rename(ca / "away")


def closed(ca: Path) -> None:
    Authority.load(ca, None).save(ca, "long and secret")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (open_to_all, "ca.key: mode 0644 lets others at it"),
        (without_certificate, "ca.crt: cannot be read (No such file or directory)"),
        (closed, "ca.key: expected a passphrase (wire.ca_passphrase_file)"),
    ],
)
def test_a_key_that_cannot_be_used_keeps_nobody_in(desk: Desk, spoil: Callable[[Path], None], said: str) -> None:
    assert "user agent-a" in desk.acl
    spoil(desk.folder / "ca")
    told = fails(desk, "revoke", "agent-a", "--why", "stolen")
    assert "agent-a: revoked" in told and f"wrote {desk.folder / 'wire' / 'acl'}" in told
    assert said in told and "1 certificates out of use have no rights left" in told
    assert "user agent-a" not in desk.acl
    (desk.folder / "wire" / "acl").unlink()
    assert said in fails(desk, "apply") and "user -" in desk.acl


def test_the_service_writes_rights_without_a_usable_key(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    before = desk.acl
    open_to_all(desk.folder / "ca")
    fails(desk, "revoke", "agent-a", "--why", "stolen")
    (desk.folder / "wire" / "acl").write_text(before)
    first = cli._apply_again(desk.config, "")
    assert "user agent-a" not in desk.acl and "mode 0644" in first
    assert cli._apply_again(desk.config, first) == first and caplog.text.count("mode 0644") == 1
    (desk.folder / "ca" / "ca.key").chmod(0o600)
    assert cli._apply_again(desk.config, first) == ""
    assert (desk.folder / "wire" / "crl.serials").read_text().strip()


def test_a_broker_that_was_not_told_is_told_by_the_next_try(desk: Desk) -> None:
    pid = desk.folder / "broker.pid"
    desk.config.write_text(desk.config.read_text() + f'broker_pid = "{pid}"\n')
    told = fails(desk, "revoke", "agent-a", "--why", "stolen")
    assert "the broker was not told" in told and "broker.pid: cannot be read" in told
    assert "broker.pid: cannot be read" in fails(desk, "apply")
    # Whoever runs the tests may ignore the signal, and children inherit that.
    stand_in = "import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_DFL); print(flush=True); sys.stdin.read()"
    with subprocess.Popen((sys.executable, "-c", stand_in), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as broker:
        assert broker.stdout is not None and broker.stdout.readline()
        pid.write_text(str(broker.pid))
        assert "the broker was told of what was written before" in desk.says("apply")
        assert broker.wait(20) == -signal.SIGHUP
    assert "nothing differs" in desk.says("apply")
    assert not os.path.lexists(desk.folder / "wire" / ".untold")


def request(folder: Path, name: str) -> Path:
    """A signing request, whose key lies beside it."""
    file = folder / f"{name}.csr"
    words = (
        "openssl",
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=x",
    )
    done = (*words, "-keyout", str(folder / f"{name}.key"), "-out", str(file))
    subprocess.run(done, check=True, capture_output=True, timeout=30)
    return file


def test_a_certificate_takes_no_others_place(desk: Desk) -> None:
    out, box = desk.folder / "a", desk.folder / "box"
    first, other = request(desk.folder, "first"), request(desk.folder, "other")
    before = {file: file.read_bytes() for file in out.iterdir()}
    listed = desk.says("list", "--json")
    rotate = ("rotate", "agent-a", "--out")
    assert "device.crt: is of another key" in desk.refuses(*rotate, str(out), "--csr", str(other))
    (out / "device.crt").rename(out / "kept")
    assert "device.key: is not the key of" in desk.refuses(*rotate, str(out), "--csr", str(other))
    (out / "kept").rename(out / "device.crt")
    key = (out / "device.key").rename(desk.folder / "kept")
    add = ("add", "agent-b", "--kind", "agent", "--site", "s1", "--out", str(out))
    assert "device.crt: is 'agent-a." in desk.refuses(*add)
    key.rename(out / "device.key")
    assert desk.says("list", "--json") == listed and {file: file.read_bytes() for file in out.iterdir()} == before
    desk.says(*rotate, str(box), "--csr", str(first))
    desk.says(*rotate, str(box), "--csr", str(first))
    (box / "device.crt").write_text("rubbish")
    assert "device.crt: is no certificate" in desk.refuses(*rotate, str(box), "--csr", str(first))


def test_a_second_certificate_by_add_is_said(desk: Desk) -> None:
    first = desk.acl.partition("user agent-a.")[2][:12]
    said = desk.says("add", "agent-a", *AGENT, "--out", str(desk.folder / "b"))
    assert f"was issued beside {first}, which stays in use" in said and "sunlit device rotate agent-a" in said
    desk.says("revoke", "agent-a", "--why", "test")
    assert "beside" not in desk.says("add", "agent-a", *AGENT, "--out", str(desk.folder / "c"))
