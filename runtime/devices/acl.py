"""PURE: who may say and hear what at the broker, out of the register, as mosquitto reads it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from contracts.kinds import Lane
from contracts.topics import ROOT, shard_of

SAYS = (Lane.TELEMETRY, Lane.EVENT, Lane.STATUS, Lane.REPLY)
SERIAL_SHOWN = 12
LONGEST_CODE = 64 - 1 - SERIAL_SHOWN
"""a certificate's common name holds 64 characters"""
# A file without a rule would forbid nothing.
HEAD = """\
# Made by `sunlit device apply` out of the register; what is changed here is lost.
user -
topic deny #
"""


class Device(NamedTuple):
    """A row of the register; `agent` is the code of the one through which it speaks, if that is said."""

    code: str
    kind: str
    site: str
    agent: str | None
    retired: bool


class Credential(NamedTuple):
    """A certificate as the register knows it; after `ends_at` a newer one has taken its place."""

    device: str
    serial: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    ends_at: datetime | None
    revoked_at: datetime | None
    revoked_why: str = ""

    @property
    def user(self) -> str:
        """The name in the certificate and at the broker. It names the certificate, not only the device: so one can
        be shut out while another of the same device stays, without the authority's key."""
        return user(self.device, self.serial)

    def serves(self, now: datetime) -> bool:
        """Whether it may still be used."""
        return self.revoked_at is None and now < self.not_after and (self.ends_at is None or now < self.ends_at)


def user(code: str, serial: str) -> str:
    """The common name of a device's certificate; no code holds a dot."""
    return f"{code}.{serial[:SERIAL_SHOWN]}"


def files(
    devices: Sequence[Device], credentials: Sequence[Credential], now: datetime, listeners: int
) -> dict[str, str]:
    """The rights by file name: one for each listener, a site's all in one."""
    if listeners == 1:
        return {"acl": acl(devices, credentials, now)}
    where = {device.code: listener_of(device.site, listeners) for device in devices}
    parts: list[tuple[list[Device], list[Credential]]] = [([], []) for _ in range(listeners)]
    for device in devices:
        parts[where[device.code]][0].append(device)
    for credential in credentials:
        if credential.device in where:
            parts[where[credential.device]][1].append(credential)
    return {f"acl-{number}": acl(*part, now) for number, part in enumerate(parts)}


def listener_of(site: str, listeners: int) -> int:
    """At which of the broker's listeners (from 0) the devices of a site connect."""
    return shard_of(site) % listeners


def acl(devices: Sequence[Device], credentials: Sequence[Credential], now: datetime) -> str:
    """mosquitto's acl_file for the listener of the devices."""
    return HEAD + "".join(f"{line}\n" for line in _lines(devices, credentials, now))


def _lines(devices: Sequence[Device], credentials: Sequence[Credential], now: datetime) -> Iterator[str]:
    connects = {credential.device for credential in credentials}
    by_site: dict[str, list[Device]] = {}
    for device in devices:
        by_site.setdefault(device.site, []).append(device)
    rights = {
        device.code: list(_rights(device, by_site[device.site], connects))
        for device in devices
        if device.code in connects
    }
    for credential in sorted(credentials, key=lambda one: one.user):
        if credential.serves(now) and credential.device in rights:
            yield f"user {credential.user}"
            yield from rights[credential.device]


def _rights(device: Device, site: Sequence[Device], connects: set[str]) -> Iterator[str]:
    for name in _names(device, site, connects):
        where = f"{ROOT}/{shard_of(device.site):02d}/{device.site}/{name}"
        yield from (f"topic write {where}/{lane}" for lane in SAYS)
        yield f"topic read {where}/{Lane.COMMAND}"


def _names(device: Device, site: Sequence[Device], connects: set[str]) -> list[str]:
    """For which devices of its site it speaks: itself and those that name it; or all, where nobody else connects.

    Alone on its site it may also speak for a device that the register does not know yet: that one comes to quarantine,
    where people see it, and does not fall silent at the broker. The only agent that connects also speaks for devices
    of which nothing is said, whoever else is registered there.
    """
    if speaks_for_all(device, site, connects):
        return ["+"]
    only = device.kind == "agent" and not any(
        one.kind == "agent" and one.code in connects and one.code != device.code for one in site
    )
    return [
        device.code,
        *sorted(one.code for one in site if one.agent == device.code or (only and _free(one, connects))),
    ]


def _free(device: Device, connects: set[str]) -> bool:
    """Whether nothing is said of who speaks for it."""
    return device.agent is None and device.kind != "agent" and device.code not in connects


def speaks_for_all(device: Device, site: Sequence[Device], connects: set[str]) -> bool:
    """Whether it is an agent, and nobody else at its site connects, is an agent or speaks through another."""
    others = [one for one in site if one.code != device.code]
    return device.kind == "agent" and not any(
        one.code in connects or (one.kind == "agent" and not one.retired) or one.agent not in (None, device.code)
        for one in others
    )
