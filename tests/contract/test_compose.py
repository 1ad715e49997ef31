"""docker-compose.yml against the Compose specification and our own rules."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from runtime.bus import NOT_AUTHORISED
from runtime.compose_env import NAMES, write, write_wire
from runtime.devices.authority import key_pem, new_key, pem
from runtime.devices.ca_cli import make
from runtime.settings import BrokerSettings, WireSettings
from runtime.stack.broker import LARGEST_PACKET, find_mosquitto
from runtime.stack.ports import free_port, listens, wait_for
from runtime.stack.process import Process
from tests.conftest import lacking, open_folder
from tests.integration.runtime.wired import Talk, until

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
# What the demo and the end-to-end tests run as processes.
RUN_BY_TESTS = {
    ("db", "migrate"),
    ("ingest", "run"),
    ("alerting", "run"),
    ("api", "run"),
    ("audit", "run"),
    ("device", "apply", "--every", "60"),
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(TEXT)
    return loaded


def test_it_is_a_compose_file(compose: dict[str, Any]) -> None:
    # Anchors and merges are YAML's: the specification is checked on what they resolve to.
    assert len(PyCompose.from_yaml(yaml.safe_dump(compose))) == len(compose["services"])


def test_an_unknown_key_would_be_noticed(compose: dict[str, Any]) -> None:
    broken = {**compose, "services": {"x": {"image": "a:1", "helthcheck": {}}}}
    with pytest.raises(ValueError, match="helthcheck"):
        PyCompose.from_yaml(yaml.safe_dump(broken))


def test_images_are_pinned(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        tag = service["image"].rpartition(":")[2]
        assert re.match(r"\d+\.\d+", tag), name
    base = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert all(re.search(r":\d+\.\d+\.\d+", image) for image in base)


def test_our_services_run_what_the_tests_run(compose: dict[str, Any]) -> None:
    ours = {name: service for name, service in compose["services"].items() if service["image"].startswith("sunlit:")}
    assert set(ours) == {"migrate", "wire", "ingest", "alerting", "api", "audit"}
    assert {tuple(service["command"]) for service in ours.values()} == RUN_BY_TESTS


def test_state_lies_in_named_volumes(compose: dict[str, Any]) -> None:
    used = {mount.split(":")[0] for service in compose["services"].values() for mount in service.get("volumes", [])}
    assert used == set(compose["volumes"])


def test_what_others_wait_for_has_a_health_check(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in compose["services"][name]


def test_no_password_has_a_default() -> None:
    for line in TEXT.splitlines():
        if "PASSWORD" in line or "SECRET" in line:
            assert not re.search(r"\$\{\w+:-", line), line
    assert set(re.findall(r"\$\{(\w+):\?", TEXT)) == set(NAMES)


def test_the_broker_keeps_what_it_was_given(compose: dict[str, Any]) -> None:
    config = compose["configs"]["mosquitto"]["content"].splitlines()
    for line in ("allow_anonymous false", "persistence true", "max_inflight_messages 0", "max_queued_messages 0"):
        assert line in config


def test_secrets_are_made_once(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("POSTGRES_PASSWORD=mine\n", "utf-8")
    assert write(env) == [name for name in NAMES if name != "POSTGRES_PASSWORD"]
    first = env.read_text("utf-8")
    assert write(env) == []
    assert env.read_text("utf-8") == first
    assert "POSTGRES_PASSWORD=mine" in first
    assert env.stat().st_mode & 0o077 == 0


def test_only_the_listener_with_certificates_is_open_to_the_outside(compose: dict[str, Any]) -> None:
    assert compose["services"]["broker"]["ports"] == ["8883:8883"]
    before, _, devices = compose["configs"]["mosquitto"]["content"].partition("listener 8883\n")
    assert before.splitlines()[0] == "per_listener_settings true"
    assert "allow_anonymous false" in before and "acl_file" not in before
    for line in ("require_certificate true", "use_identity_as_username true", "use_username_as_clientid true"):
        assert line in devices.splitlines()
    for key in ("cafile", "certfile", "keyfile", "crlfile", "acl_file"):
        assert re.search(rf"^{key} /mosquitto/keys/", devices, re.MULTILINE), key
    assert f"max_packet_size {LARGEST_PACKET}" in devices.splitlines()


def test_no_container_that_stays_has_the_authoritys_key(compose: dict[str, Any]) -> None:
    assert not any("ca.key" in str(value) for value in (compose["services"], compose["secrets"]))
    assert "/ca:" not in TEXT and ":/ca" not in TEXT


def test_the_authority_is_made_once(tmp_path: Path) -> None:
    wire = WireSettings(ca=tmp_path / "ca", broker=tmp_path / "wire")
    assert write_wire(wire, ["broker.example"]) == [str(wire.ca), str(wire.broker)]
    first = (wire.ca / "ca.key").read_bytes()
    assert write_wire(wire, []) == []
    assert (wire.ca / "ca.key").read_bytes() == first
    assert (wire.ca / "ca.key").stat().st_mode & 0o077 == 0


def test_the_brokers_start_takes_up_new_rights(compose: dict[str, Any]) -> None:
    """The very script and configuration of the file, at other paths."""
    if find_mosquitto() is None:
        lacking("mosquitto is not installed")
    with open_folder("compose") as folder:
        started = ComposeBroker(folder, compose)
        try:
            talk = started.connect()
            assert talk.says(EVENT) == NOT_AUTHORISED
            (folder / "mosquitto" / "wire" / "acl").write_text(f"user agent-a.1\ntopic write {EVENT}\n")
            until(lambda: talk.says(EVENT) == 0, 30)
            talk.bus.stop()
        finally:
            started.stop()


EVENT = "sunlit/v1/17/site-a/agent-a/event"


class ComposeBroker:
    """What the broker's container does, without a container."""

    def __init__(self, folder: Path, compose: dict[str, Any]) -> None:
        self.folder, self.port = folder, free_port()
        for name in ("mosquitto/config", "mosquitto/data", "mosquitto/wire", "run"):
            (folder / name).mkdir(parents=True)
        (folder / "mosquitto" / "data").chmod(0o777)
        wire = WireSettings(ca=folder / "ca", broker=folder / "run" / "secrets")
        signer, key = make(wire, ["127.0.0.1"]), new_key()
        made = signer.for_device(key.public_key(), "agent-a.1", 1, datetime.now(UTC), 5)
        (folder / "device.crt").write_bytes(pem(made))
        (folder / "device.key").write_bytes(key_pem(key))
        for name, file in (("mosquitto", "mosquitto.conf"), ("broker_start", "start.sh")):
            text = compose["configs"][name]["content"].replace("$$", "$")
            text = re.sub(r"(?<![\w.])/(mosquitto|run)/", f"{folder}/\\1/", text).replace("sleep 5", "sleep 1")
            text = text.replace("listener 8883", f"listener {self.port}").replace(
                "listener 1883", f"listener {free_port()}"
            )
            if os.geteuid() != 0:
                text = text.replace("chown mosquitto", ": chown mosquitto")
            (folder / "mosquitto" / "config" / file).write_text(text)
        script = str(folder / "mosquitto" / "config" / "start.sh")
        path = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
        secret = {"SUNLIT_BROKER_PASSWORD": "secret", "PATH": path}
        self.process = Process("broker", ["sh", script], folder / "log", secret)
        self.process.start()
        assert wait_for(self.port, 10), self.process.tail()

    def connect(self) -> Talk:
        settings = BrokerSettings(
            port=self.port,
            tls_ca=self.folder / "run" / "secrets" / "ca.crt",
            tls_cert=self.folder / "device.crt",
            tls_key=self.folder / "device.key",
        )
        return Talk(settings).up()

    def stop(self) -> None:
        self.process.stop()
        assert not listens(self.port), "the broker ends with its script"
