"""`model_update`: newer weights for a model, fetched, checked and warmed beside the running ones, then on trial.

The running detector is kept until the new one has looked at enough pictures without a fault; else it looks on.
"""

import re
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from contracts.messages import Command
from contracts.vision import Detector
from edge.chosen_models import Choice, book, choose, threading_of, updated
from edge.commands import Answer, Refused, Site, Started, text
from edge.eye import Eye, Trial
from models import registry
from models.detector import OnnxDetector
from models.errors import ModelError, RegistryError
from models.fetch import fetch
from models.registry import ModelEntry

LOOKS, TRIAL_S = 10, 300.0
HASH = re.compile(r"[0-9a-f]{64}")


def carry_out(site: Site, command: Command, _: datetime) -> Answer | Started:
    config = site.live.now
    if command.device != config.agent:
        raise Refused(f"device: {command.device!r}, expected the agent {config.agent!r}")
    models = book(config.models)
    try:
        entry = registry.load(models).entry(text(command, "name"))
        names = {key: registry.load(models).entry(key).name for key in site.eyes}
    except RegistryError as error:
        raise Refused(str(error)) from error
    eyes = [site.eyes[key] for key, name in names.items() if name == entry.name]
    if not eyes:
        raise Refused(f"name: {entry.name!r}: no camera of this agent looks with it")
    choice = None if command.args.get("rollback") is True else _choice(command)
    words = f"{entry.name}: {'back to' if choice is None else 'fetching'} version {(choice or entry).version}"
    return Started(words, lambda stop: _exchange(site, entry, choice, eyes, stop))


def _choice(command: Command) -> Choice:
    sha256 = text(command, "sha256")
    if not HASH.fullmatch(sha256):
        raise Refused(f"sha256: {sha256!r}, expected 64 hex digits")
    return Choice(text(command, "version", 64), sha256, text(command, "address", 500))


def _exchange(
    site: Site, entry: ModelEntry, choice: Choice | None, eyes: Sequence[Eye], stop: threading.Event
) -> Answer:
    try:
        candidate = _open(site, entry, choice)
        fault = _prove(candidate, eyes, stop)
        if not fault:
            choose(site.folder, entry.name, choice)
    except (ModelError, RegistryError) as error:
        return Answer(False, f"nothing was changed: {error}")
    except OSError as error:
        return Answer(False, f"{entry.name}: in use, but the choice cannot be kept ({error.strerror})")
    if fault:
        return Answer(False, f"rolled back: {fault}")
    return Answer(True, f"{candidate.ref.name} {candidate.ref.version} {candidate.ref.sha256[:12]} looks now")


def _open(site: Site, entry: ModelEntry, choice: Choice | None) -> Detector:
    config = site.live.now
    models, (threads, _) = book(config.models), threading_of(config)
    if choice is None:
        return OnnxDetector(entry, registry.path_of(entry, models), models.parent, threads=threads)
    newer = updated(entry, choice)
    if choice.address.startswith(("https://", "http://")):
        path = fetch(newer)
    elif config.models_folder is not None:
        # Only the name counts: a path leads nowhere but into this folder.
        path = fetch(newer, folder=Path(config.models_folder))
    else:
        raise ModelError(f"address: {choice.address!r}, expected https://...; this agent has no models_folder")
    return OnnxDetector(newer, path, models.parent, threads=threads)


def _prove(candidate: Detector, eyes: Sequence[Eye], stop: threading.Event) -> str:
    """Why the candidate was sent away; empty when it stays."""
    trials: list[tuple[Eye, Trial]] = []
    fault = "the trial was broken off"
    try:
        for eye in eyes:
            trials.append((eye, eye.try_out(candidate, LOOKS)))
        fault = _watch([trial for _, trial in trials], stop)
    finally:
        for eye, trial in trials:
            eye.settle(trial, keep=not fault)
    return fault


def _watch(trials: Sequence[Trial], stop: threading.Event) -> str:
    end = time.monotonic() + TRIAL_S
    while not all(trial.over.wait(0.1) for trial in trials):
        if any(trial.fault for trial in trials):
            break
        if stop.is_set():
            return "the agent ended during the trial"
        if time.monotonic() > end:
            left = max(trial.left for trial in trials)
            return f"only {LOOKS - left} of {LOOKS} looks in {TRIAL_S:.0f} s: too few to trust it"
    return next((trial.fault for trial in trials if trial.fault), "")
