"""`self_test`: looks at everything that an alarm would need, and says what it found.

For a lift whose checks are all good the time is kept: its alarm path counts as tested from then on.
"""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec

from contracts.messages import Command
from edge import whole
from edge.commands import Answer, Refused, Site

FRESH = timedelta(seconds=10)
FRESH_CAMERA = timedelta(seconds=15)
FREE_BYTES = 50 * 1024 * 1024


class Check(msgspec.Struct, frozen=True):
    name: str
    ok: bool
    found: str


def carry_out(site: Site, command: Command, now: datetime) -> Answer:
    if command.device not in site.live.now.devices:
        raise Refused(f"device: {command.device!r} is not of this agent")
    everything = command.device == site.live.now.agent
    checks = [*_here(site, command, now), *_devices(site, None if everything else command.device, now)]
    good = all(check.ok for check in checks)
    words = "; ".join(f"{check.name} {'ok' if check.ok else 'FAILED'}: {check.found}" for check in checks)
    if good and command.device in site.tests:
        good, found = site.tests[command.device]()
        words = f"{words}; alarm path {'ok' if good else 'FAILED'}: {found}"
    return Answer(good, words)


def _here(site: Site, command: Command, now: datetime) -> Iterator[Check]:
    probe = site.folder / f".probe-{uuid4().hex}"
    try:
        whole.write(probe, b"probe")
        probe.unlink()
        free = shutil.disk_usage(site.folder).free
        yield Check("disk", free >= FREE_BYTES, f"writable, {free // 1024 // 1024} MB free")
    except OSError as error:
        yield Check("disk", False, f"{site.folder} cannot be written ({error.strerror})")
    # The command came over the broker and the answer goes back over it: whoever reads it has seen the round trip.
    took = (now - command.issued).total_seconds()
    yield Check("broker", site.connected(), f"command came {took:.1f} s after it was issued")


def _devices(site: Site, only: str | None, now: datetime) -> Iterator[Check]:
    config = site.live.now
    for device in (lift.device for lift in config.lift if only in (None, lift.device)):
        yield _fresh(site, device, now, FRESH)
    for camera in config.camera:
        if only not in (None, camera.device):
            continue
        yield _fresh(site, camera.device, now, FRESH_CAMERA)
        eye = site.eyes.get(camera.model)
        ref = eye.ref if eye is not None else None
        yield Check(f"{camera.device} model", ref is not None, f"{ref.name} {ref.sha256[:12]}" if ref else "not open")


def _fresh(site: Site, device: str, now: datetime, limit: timedelta) -> Check:
    heard = site.heard.get(device)
    if heard is None:
        return Check(device, False, "nothing read yet")
    # A camera whose pictures stay away does not call itself ok.
    # What was heard while the test ran is as fresh as can be.
    age = max(timedelta(0), now - heard.at)
    return Check(device, heard.state == "ok" and age <= limit, f"{heard.state}, {age.total_seconds():.0f} s old")
