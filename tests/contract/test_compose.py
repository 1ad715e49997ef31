"""docker-compose.yml against the Compose specification and our own rules."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from runtime.compose_env import NAMES, write

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
# What the demo and the end-to-end tests run as processes.
RUN_BY_TESTS = {("db", "migrate"), ("ingest", "run"), ("alerting", "run"), ("api", "run")}


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
    assert set(ours) == {"migrate", "ingest", "alerting", "api"}
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
