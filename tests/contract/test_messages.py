"""The messages as a contract: golden examples, generated documents, and any bytes at all."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.docs import asyncapi, files, schemas
from contracts.kinds import Lane
from contracts.messages import BY_LANE, MAX_PAYLOAD, BadMessage, decode, encode

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
EXAMPLES = sorted((CONTRACTS / "examples").glob("*.json"))


def lane_of(path: Path) -> Lane:
    return Lane(path.stem.split("-")[0])


def with_lists(value: object) -> Any:
    return json.loads(msgspec.json.encode(value))


def test_every_lane_has_an_example() -> None:
    assert {lane_of(path) for path in EXAMPLES} == set(Lane)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_read_kept_and_valid(path: Path) -> None:
    lane = lane_of(path)
    message = decode(lane, path.read_bytes())
    assert decode(lane, encode(message)) == message
    jsonschema.validate(json.loads(path.read_text("utf-8")), schemas()[lane])
    jsonschema.validate(with_lists(message), schemas()[lane])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_of_one_lane_is_refused_on_the_others(path: Path) -> None:
    for lane in set(Lane) - {lane_of(path)}:
        with pytest.raises(BadMessage):
            decode(lane, path.read_bytes())


@pytest.mark.parametrize("name", sorted(files()))
def test_generated_documents_are_fresh(name: str) -> None:
    kept = (CONTRACTS / "schema" / name).read_text("utf-8")
    assert kept == files()[name], "run `python -m contracts.write_docs`"


def test_asyncapi_references_lead_somewhere() -> None:
    document = asyncapi()

    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for value in node.values() for found in references(value)]
        if isinstance(node, list):
            return [found for value in node for found in references(value)]
        return []

    for reference in references(document):
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        assert target
    assert set(document["channels"]) == {lane.value for lane in Lane}


@given(st.sampled_from(Lane), st.binary(max_size=400))
def test_any_bytes_are_a_message_or_refused_with_a_reason(lane: Lane, payload: bytes) -> None:
    try:
        assert isinstance(decode(lane, payload), BY_LANE[lane])
    except BadMessage as error:
        assert str(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(EXAMPLES), st.data())
def test_a_damaged_message_is_refused_by_its_field(path: Path, data: st.DataObject) -> None:
    content = json.loads(path.read_text("utf-8"))
    field = data.draw(st.sampled_from(sorted(content)))
    content[field] = data.draw(JSON)
    try:
        decode(lane_of(path), json.dumps(content).encode())
    except BadMessage as error:
        assert str(error).startswith(f"{lane_of(path)}: ")


@given(st.integers(0, 200))
def test_a_cut_message_is_refused(length: int) -> None:
    payload = (CONTRACTS / "examples" / "event.json").read_bytes()
    with pytest.raises(BadMessage):
        decode(Lane.EVENT, payload[:length])


def test_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadMessage, match="bytes, expected at most"):
        decode(Lane.EVENT, b" " * (MAX_PAYLOAD + 1))
