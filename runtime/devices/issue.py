"""A new certificate for a device: signed, written into the register, handed over."""

from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from runtime.db import Connection
from runtime.devices import register
from runtime.devices.acl import LONGEST_CODE, Credential, Device, user
from runtime.devices.authority import Authority, AuthorityError, common_name, key_pem, new_key, pem, requested_key
from runtime.devices.files import FileFault, read, there, write
from runtime.devices.register import RegisterError
from runtime.settings import WireSettings


class Wanted(NamedTuple):
    """Where a certificate goes, and whether its key is made here or was made at the device."""

    out: Path
    request: Path | None = None


def authority(settings: WireSettings) -> Authority:
    """The house's own. Raises AuthorityError or FileFault."""
    return Authority.load(settings.ca, passphrase(settings))


def passphrase(settings: WireSettings) -> str | None:
    """What closes the authority's key. Raises AuthorityError for an empty one: it would leave the key open."""
    if settings.ca_passphrase is None:
        return None
    if not settings.ca_passphrase.get_secret_value().strip():
        raise AuthorityError("wire.ca_passphrase: empty, expected a passphrase, or no such setting for an open key")
    return settings.ca_passphrase.get_secret_value()


def issue(connection: Connection, signer: Authority, device: Device, wanted: Wanted, days: int) -> Credential:
    """Signs and hands over: device.crt, ca.crt and, unless the device made its own, device.key.

    Within the caller's transaction, after `register.settle`. Raises RegisterError, AuthorityError or FileFault.
    """
    if device.agent is not None:
        raise RegisterError(f"agent: {device.code} speaks through {device.agent} and needs no certificate of its own")
    if len(device.code) > LONGEST_CODE:
        raise RegisterError(
            f"code: {device.code!r} has {len(device.code)} characters; a certificate holds {LONGEST_CODE}"
        )
    key_file = wanted.out / "device.key"
    if wanted.request is None and key_file.exists():
        raise FileFault(f"{key_file}: is there already; expected a folder without a key")
    key = None if wanted.request is not None else new_key()
    public = key.public_key() if key is not None else requested_key(wanted.request or Path())
    _demand_its_own(wanted, device.code, public)
    serial = x509.random_serial_number()
    made = signer.for_device(public, user(device.code, f"{serial:040x}"), serial, register.now(connection), days)
    kept = register.keep(connection, device, made)
    if key is not None:
        write(key_file, key_pem(key), 0o600)
    write(wanted.out / "device.crt", pem(made), 0o644)
    write(wanted.out / "ca.crt", pem(signer.certificate), 0o644)
    return kept


def _demand_its_own(wanted: Wanted, code: str, public: ec.EllipticCurvePublicKey) -> None:
    """What lies in the folder already is this device's and, for a key made there, of that key. Raises FileFault."""
    certificate_file, key_file = wanted.out / "device.crt", wanted.out / "device.key"
    if there(certificate_file):
        content = read(certificate_file)
        try:
            found = x509.load_pem_x509_certificate(content)
        except ValueError as error:
            raise FileFault(f"{certificate_file}: is no certificate, expected {code}'s own or a new folder") from error
        name = common_name(found)
        if name.rpartition(".")[0] != code:
            raise FileFault(f"{certificate_file}: is {name!r}, expected {code}'s own or a new folder")
        if wanted.request is not None and found.public_key() != public:
            raise FileFault(
                f"{certificate_file}: is of another key than {wanted.request}, expected one of that key or a new folder"
            )
    if wanted.request is not None and there(key_file):
        content = read(key_file)
        try:
            lies = serialization.load_pem_private_key(content, None).public_key()
        except (ValueError, TypeError, UnsupportedAlgorithm):
            lies = None
        if lies != public:
            raise FileFault(f"{key_file}: is not the key of {wanted.request}, expected that one or a new folder")


def rotate(
    connection: Connection, signer: Authority, device: Device, wanted: Wanted, days: int, overlap: timedelta
) -> tuple[Credential, list[str]]:
    """A new certificate; those before it hold for `overlap` longer, so that nothing stops while it is carried there.

    Raises RegisterError, AuthorityError or FileFault.
    """
    made = issue(connection, signer, device, wanted, days)
    now = register.now(connection)
    return made, register.end_older(connection, made, now + overlap, now)
