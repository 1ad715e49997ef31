"""What a configuration names outside itself: files, drivers, models. Looked at by `sunlit edge check`, all of it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from contracts.vision import ModelRef
from edge.check import Fault
from edge.clock import now_utc
from edge.config import EdgeConfig, LiftConfig, SensorConfig
from edge.drivers import check
from edge.eye import Eye
from edge.source import SourceKind, parse
from edge.usable import placed, usable
from models.errors import ModelError, RegistryError
from runtime.tls import Files, faults

FIELD = re.compile(r"([a-z_]+): ")


def probe(config: EdgeConfig, eyes: dict[str | None, Eye]) -> tuple[list[Fault], dict[str | None, ModelRef]]:
    """Everything outside the file that is not as it says, and the models that did open."""
    opened: dict[str | None, ModelRef] = {}
    found = [*_broker(config), *_cameras(config), *_drivers(config), *_models(config, eyes, opened)]
    return found, opened


def probe_rest(content: Mapping[str, Any], known: Sequence[Fault]) -> list[Fault]:
    """The same for what is left of a faulty file, so that nobody has to mend and look twice."""
    from edge.camera_duty import make_eyes

    rest = usable(content, known)
    if rest is None:
        return []
    config, places = rest
    return [placed(fault, places) for fault in probe(config, make_eyes(config))[0]]


def _broker(config: EdgeConfig) -> Iterator[Fault]:
    broker = config.broker
    if broker.password_file is not None:
        yield from _readable(("broker", "password_file"), broker.password_file)
    if broker.tls_ca is not None:
        cert, key = (None if name is None else Path(name) for name in (broker.tls_cert, broker.tls_key))
        for found in faults(Files(Path(broker.tls_ca), cert, key), now_utc()):
            yield Fault(("broker", found.key), found.text)


def _cameras(config: EdgeConfig) -> Iterator[Fault]:
    for index, camera in enumerate(config.camera):
        source = parse(camera.source)
        if source.kind is SourceKind.FILE:
            yield from _readable(("camera", index, "source"), source.address)


def _drivers(config: EdgeConfig) -> Iterator[Fault]:
    named: tuple[tuple[str, Sequence[LiftConfig | SensorConfig]], ...] = (
        ("lift", config.lift),
        ("sensor", config.sensor),
    )
    for name, devices in named:
        for index, device in enumerate(devices):
            for line in check(device):
                text = line.removeprefix(f"{name} {device.device}: ")
                field = FIELD.match(text)
                key = field.group(1) if field and field.group(1) in device.__struct_fields__ else "driver"
                yield Fault((name, index, key), text.removeprefix(f"{key}: "))


def _models(config: EdgeConfig, eyes: dict[str | None, Eye], opened: dict[str | None, ModelRef]) -> Iterator[Fault]:
    """One fault for a model, at the first camera that names it; a registry that cannot be read is one fault too."""
    for index, camera in enumerate(config.camera):
        eye = eyes.pop(camera.model, None)
        if eye is None:
            continue
        try:
            opened[camera.model] = eye.open()
        except RegistryError as error:
            named = config.models is not None and str(error).startswith(config.models)
            yield Fault(("models",) if named else ("camera", index, "model"), str(error))
        except ModelError as error:
            yield Fault(("camera", index, "model"), str(error))


def _readable(where: tuple[str | int, ...], name: str) -> Iterator[Fault]:
    try:
        with Path(name).open("rb") as file:
            file.read(1)
    except OSError as error:
        yield Fault(where, f"{name!r} cannot be read ({error.strerror}), expected a file")
