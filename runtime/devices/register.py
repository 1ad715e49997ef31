"""The register of devices and their certificates, read and written as its owner."""

from datetime import datetime
from typing import NamedTuple

from cryptography import x509

from contracts.topics import NAME
from runtime.db import Connection, Queries
from runtime.devices.acl import Credential, Device, speaks_for_all
from runtime.devices.authority import fingerprint

QUERIES = Queries("runtime.devices")
KINDS = ("agent", "lift", "camera", "kitchen_sensor")


class RegisterError(ValueError):
    """What the register does not allow; the text names field, value and what was expected."""


class NewDevice(NamedTuple):
    """What is said of a device when it is registered; `lift` and `kitchen` are codes of what it watches."""

    code: str
    kind: str
    site: str
    agent: str | None = None
    lift: str | None = None
    kitchen: str | None = None
    name_zh: str = ""
    name_en: str = ""
    zone: str = ""
    zone_kind: str = ""


def devices(connection: Connection) -> list[Device]:
    """All of them."""
    return [Device(**row) for row in connection.execute(QUERIES["devices"])]


def credentials(connection: Connection) -> list[Credential]:
    """All of them, those of one device in the order of their issue."""
    return [Credential(**row) for row in connection.execute(QUERIES["credentials"])]


def serving(connection: Connection, code: str) -> list[Credential]:
    """A device's certificates that are in use."""
    at = now(connection)
    return [one for one in credentials(connection) if one.device == code and one.serves(at)]


def now(connection: Connection) -> datetime:
    """The database's time."""
    row = connection.execute(QUERIES["now"]).fetchone()
    assert row is not None
    found: datetime = row["now"]
    return found


def find(connection: Connection, code: str) -> Device:
    """A device, locked until the transaction ends. Raises RegisterError."""
    row = connection.execute(QUERIES["device"], {"code": code}).fetchone()
    if row is None:
        raise RegisterError(f"device: {code!r} is not registered (sunlit device add)")
    return Device(*(row[name] for name in Device._fields))


def add(connection: Connection, wanted: NewDevice) -> bool:
    """Registers a device; False when it is there as wanted already. An agent or one that is to connect by itself is
    followed by `settle` in the same transaction. Raises RegisterError."""
    _demand(connection, wanted)
    row = connection.execute(QUERIES["device"], {"code": wanted.code}).fetchone()
    if row is not None:
        for name in ("kind", "site", "agent"):
            asked, there = getattr(wanted, name), row[name]
            if asked != there and not (name == "agent" and asked is None):
                raise RegisterError(f"{name}: {asked!r}, but {wanted.code} is registered with {there!r}")
        return False
    connection.execute(QUERIES["register"], wanted._asdict())
    return True


def settle(connection: Connection, site: str, newcomer: str) -> tuple[list[str], str]:
    """Before a second one connects at a site: those for whom its only agent spoke are written down as its own, so
    that none of them falls silent. Returns their codes and the agent's."""
    known = [device for device in devices(connection) if device.site == site and device.code != newcomer]
    connects = {credential.device for credential in credentials(connection)}
    for device in known:
        if device.code in connects and speaks_for_all(device, known, connects):
            values = {"site": site, "agent": device.code, "newcomer": newcomer}
            return [row["code"] for row in connection.execute(QUERIES["settle"], values)], device.code
    return [], ""


def _demand(connection: Connection, wanted: NewDevice) -> None:
    for name in ("code", "site"):
        if not NAME.match(getattr(wanted, name)):
            raise RegisterError(f"{name}: {getattr(wanted, name)!r}, expected 2-63 of a-z, 0-9 and '-'")
    if wanted.kind not in KINDS:
        raise RegisterError(f"kind: {wanted.kind!r}, expected one of {', '.join(KINDS)}")
    for name, code in (("lift", wanted.lift), ("kitchen", wanted.kitchen)):
        if code is not None and connection.execute(QUERIES[name], {"code": code}).fetchone() is None:
            raise RegisterError(f"{name}: {code!r} is not registered")
    if wanted.agent is not None:
        _demand_agent(connection, wanted.kind, wanted.site, wanted.agent)


def _demand_agent(connection: Connection, kind: str, site: str, code: str) -> None:
    if kind == "agent":
        raise RegisterError(f"agent: {code!r}, but an agent speaks for itself")
    agent = find(connection, code)
    if agent.kind != "agent" or agent.site != site:
        raise RegisterError(
            f"agent: {code!r} is a device of kind {agent.kind} at {agent.site}, expected an agent at {site}"
        )


def assign(connection: Connection, code: str, agent: str) -> None:
    """Says through which agent of its site a device speaks from now on. Raises RegisterError."""
    device = find(connection, code)
    _demand_agent(connection, device.kind, device.site, agent)
    if connection.execute(QUERIES["has_certificate"], {"code": code}).fetchone() is not None:
        raise RegisterError(f"agent: {code} connects with a certificate of its own; revoke it first")
    connection.execute(QUERIES["assign"], {"code": code, "agent": agent})


def keep(connection: Connection, device: Device, certificate: x509.Certificate) -> Credential:
    """Writes down a certificate that was issued."""
    kept = Credential(
        device.code,
        f"{certificate.serial_number:040x}",
        fingerprint(certificate),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        None,
        None,
    )
    connection.execute(QUERIES["keep_credential"], kept._asdict())
    return kept


def end_older(connection: Connection, newest: Credential, at: datetime, now: datetime) -> list[str]:
    """From `at` on only the newest serves. Returns the serials of the others."""
    values = {"device": newest.device, "serial": newest.serial, "at": at, "now": now}
    return [row["serial"] for row in connection.execute(QUERIES["end_older"], values)]


def revoke(connection: Connection, code: str, serial: str | None, why: str, now: datetime) -> list[str]:
    """Takes a device's certificates (or the one whose serial begins so) out of use, at once and for good.

    Raises RegisterError when several begin so; nothing is revoked then, as the caller's transaction ends."""
    values = {"device": code, "serial": serial, "why": why, "now": now}
    gone = [row["serial"] for row in connection.execute(QUERIES["revoke"], values)]
    if serial is not None and len(gone) > 1:
        fitting = ", ".join(sorted(gone))
        raise RegisterError(f"serial: {serial!r} fits {len(gone)} certificates, expected one of {fitting}")
    return gone
