"""The document of all addresses: whole, with examples and faults, and with every form field by field."""

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app as cli
from api.openapi.answers import PROBLEM, PROBLEM_SCHEMA, TAGS
from api.openapi.fields import FORMS
from runtime.settings import Settings
from tests.integration.api.door_table import read

Operation = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def operations(document: dict[str, Any]) -> list[Operation]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def test_the_command_prints_it(document: dict[str, Any]) -> None:
    printed = CliRunner().invoke(cli, ["openapi"])
    assert printed.exit_code == 0 and json.loads(printed.stdout) == document
    assert document["openapi"].startswith("3.1")


def test_every_door_is_in_it_but_files_and_doubles(document: dict[str, Any]) -> None:
    missing = {row.door for row in read()} - {door for door, _ in operations(document)}
    assert missing == {"GET /openapi.json", "GET /static/{path}", "HEAD /open-data/{name}.{kind}"}


def test_every_operation_has_a_door_words_keys_and_faults(document: dict[str, Any]) -> None:
    for door, operation in operations(document):
        (tag,) = operation["tags"]
        assert tag in TAGS and operation["summary"] and operation["description"], door
        statuses = operation["responses"]
        assert [status for status in statuses if status[0] in "23"], door
        assert "503" in statuses and all(answer["description"] for answer in statuses.values()), door
        for [scheme] in operation.get("security", []):
            assert scheme in document["components"]["securitySchemes"], door
            assert "401" in statuses, door


def test_every_example_of_a_fault_is_a_problem(document: dict[str, Any]) -> None:
    judge = Draft202012Validator(PROBLEM_SCHEMA)
    seen = 0
    for door, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status[0] in "45" and "content" in answer:
                example = answer["content"][PROBLEM]["example"]
                assert list(judge.iter_errors(example)) == [] and str(example["status"]) == status, door
                seen += 1
    assert seen > 500


def test_every_form_that_is_read_by_hand_is_written_down() -> None:
    read_by_hand = {
        f"{method} {route.path}"
        for route in endpoints(create_app(Settings()).routes)
        for method in route.methods
        if re.search(r"request\.form\(\)|fields\(request\)", inspect.getsource(route.endpoint))
    }
    missing = sorted(read_by_hand - FORMS.keys())
    assert missing == [], f"say in FORMS (api/openapi/fields.py) what they take: {missing}"
    assert len(read_by_hand) > 8


def endpoints(routes: Any) -> Iterator[Any]:
    for route in routes:
        if hasattr(route, "effective_route_contexts"):
            yield from endpoints(route.effective_route_contexts())
        elif hasattr(route, "endpoint") and getattr(route, "methods", None):
            yield route


def test_every_parameter_has_an_example(document: dict[str, Any]) -> None:
    for door, operation in operations(document):
        for one in operation.get("parameters", []):
            shown = "example" in one or "examples" in one.get("schema", {}) or door.startswith("GET /api/")
            assert shown, (door, one["name"])
