"""PURE: JSON Schemas and the AsyncAPI document, made from the message types, so that they cannot say anything else."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from contracts.kinds import Lane
from contracts.messages import BY_LANE, MAX_PAYLOAD
from contracts.topics import ROOT

WHO = {
    Lane.TELEMETRY: ("edge", "Samples of a device, batched. QoS 1."),
    Lane.EVENT: ("edge", "What a rule decided. QoS 1; never behind telemetry."),
    Lane.STATUS: ("edge", "How a device does. QoS 1, retained; the last will says offline."),
    Lane.COMMAND: ("centre", "What the centre asks of a device. QoS 1."),
    Lane.REPLY: ("edge", "A device's answer to a command. QoS 1."),
}


def schemas() -> Mapping[Lane, dict[str, Any]]:
    """A JSON Schema (2020-12) for each lane's message."""
    return {
        lane: {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(kind)}
        for lane, kind in BY_LANE.items()
    }


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document of the wire."""
    _, components = msgspec.json.schema_components(list(BY_LANE.values()), ref_template="#/components/schemas/{name}")
    channels, operations = {}, {}
    for lane, kind in BY_LANE.items():
        speaker, text = WHO[lane]
        channels[lane.value] = {
            "address": f"{ROOT}/{{shard}}/{{site}}/{{device}}/{lane.value}",
            "description": text,
            "parameters": {
                "shard": {"description": "crc32(site) % 64, two digits"},
                "site": {"description": "a-z, 0-9 and '-'"},
                "device": {"description": "the device's code; equal to the payload's `device`"},
            },
            "messages": {kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"}},
        }
        # AsyncAPI tells it from the side of the edge.
        operations[f"{lane.value}"] = {
            "action": "send" if speaker == "edge" else "receive",
            "channel": {"$ref": f"#/channels/{lane.value}"},
            "summary": text,
        }
    messages = {
        kind.__name__: {
            "contentType": "application/json",
            "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
        }
        for kind in BY_LANE.values()
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sunlit wire",
            "version": "1.0.0",
            "description": f"JSON over MQTT 5; at most {MAX_PAYLOAD} bytes a message.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": components},
    }


def files() -> dict[str, str]:
    """Every generated file by its path below contracts/schema."""
    found = {f"{lane.value}.schema.json": _json(schema) for lane, schema in schemas().items()}
    return {**found, "asyncapi.json": _json(asyncapi())}


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
