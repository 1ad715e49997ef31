"""The house's own certificate authority: EC P-256 keys, certificates for the broker and for devices, a revocation list.

Its key is the one thing that must never be lost or stolen; it is needed to issue and to revoke, not to run.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from runtime.devices.files import demand_private, read, write

BACKDATED = timedelta(days=1)
"""an edge whose clock is hours behind must still believe the broker"""
AUTHORITY_NAME = "Sunlit devices"
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
HOST = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")
LONGEST_HOST = 253
Serials = Iterable[tuple[str, datetime]]


class AuthorityError(ValueError):
    """The authority cannot do what was asked; the text names the file or value and what was expected."""


@dataclass(frozen=True)
class Authority:
    """Who signs."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, now: datetime, days: int) -> "Authority":
        """A new one with a key of its own."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(AUTHORITY_NAME)
        builder = _builder(name, name, key.public_key(), now, days)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs=True), critical=True)
        return cls(key, builder.sign(key, hashes.SHA256()))

    @classmethod
    def load(cls, folder: Path, passphrase: str | None) -> "Authority":
        """The one that lies in `folder`. Raises AuthorityError or FileFault."""
        key_file, certificate_file = folder / "ca.key", folder / "ca.crt"
        demand_private(key_file)
        closed, made = read(key_file), read(certificate_file)
        try:
            key = serialization.load_pem_private_key(closed, passphrase.encode() if passphrase is not None else None)
        except TypeError as error:
            wanted = "a passphrase (wire.ca_passphrase_file)" if passphrase is None else "no passphrase"
            raise AuthorityError(f"{key_file}: expected {wanted}") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise AuthorityError(f"{key_file}: cannot be opened, expected a PEM key and its passphrase") from error
        try:
            certificate = x509.load_pem_x509_certificate(made)
        except ValueError as error:
            raise AuthorityError(f"{certificate_file}: expected a PEM certificate") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise AuthorityError(f"{key_file}: does not belong to {certificate_file}")
        return cls(key, certificate)

    def save(self, folder: Path, passphrase: str | None) -> None:
        """Writes ca.crt, for everybody, and at last ca.key, for its owner alone. Raises FileFault."""
        write(folder / "ca.crt", pem(self.certificate), 0o644)
        write(folder / "ca.key", key_pem(self.key, passphrase), 0o600)

    def for_broker(self, public: ec.EllipticCurvePublicKey, names: Sequence[str], now: datetime, days: int) -> bytes:
        """The broker's certificate (PEM) for the names and addresses under which it is reached."""
        builder = _builder(self.certificate.subject, _name(names[0][:64]), public, now, days, self)
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), False)
        return self._leaf(builder, ExtendedKeyUsageOID.SERVER_AUTH)

    def for_device(
        self, public: ec.EllipticCurvePublicKey, user: str, serial: int, now: datetime, days: int
    ) -> x509.Certificate:
        """A device's certificate. It cannot pass for a broker: its use is that of a client."""
        builder = _builder(self.certificate.subject, _name(user), public, now, days, self, serial)
        return x509.load_pem_x509_certificate(self._leaf(builder, ExtendedKeyUsageOID.CLIENT_AUTH))

    def _leaf(self, builder: x509.CertificateBuilder, use: x509.ObjectIdentifier) -> bytes:
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        return pem(builder.sign(self.key, hashes.SHA256()))

    def revocations(self, serials: Serials, now: datetime) -> bytes:
        """The revocation list (PEM). It is good for as long as the authority: a broker with a list that has gone
        stale would shut out every device, and nobody's alarm may wait for that."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now - BACKDATED).next_update(self.certificate.not_valid_after_utc)
        for serial, at in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(at)
            builder = builder.add_revoked_certificate(entry.build())
        number = x509.CRLNumber(int(now.timestamp() * 1000))
        builder = builder.add_extension(number, critical=False).add_extension(_issuer(self), critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    if len(name) > LONGEST_HOST or not HOST.fullmatch(name):
        raise AuthorityError(f"name: {name!r}, expected a host name in ASCII or an address")
    return x509.DNSName(name)


def _builder(
    issuer: x509.Name,
    subject: x509.Name,
    public: ec.EllipticCurvePublicKey,
    now: datetime,
    days: int,
    authority: Authority | None = None,
    serial: int | None = None,
) -> x509.CertificateBuilder:
    end = now + timedelta(days=days)
    if authority is not None:
        # What outlives its issuer is believed by nobody.
        end = min(end, authority.certificate.not_valid_after_utc)
    builder = x509.CertificateBuilder().issuer_name(issuer).subject_name(subject).public_key(public)
    builder = builder.serial_number(x509.random_serial_number() if serial is None else serial)
    builder = builder.not_valid_before(now - BACKDATED).not_valid_after(end)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    return builder if authority is None else builder.add_extension(_issuer(authority), critical=False)


def _issuer(authority: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey, passphrase: str | None = None) -> bytes:
    """A private key as it lies in a file, closed with the passphrase if there is one."""
    closed: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        closed = serialization.BestAvailableEncryption(passphrase.encode())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, closed)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def common_name(certificate: x509.Certificate) -> str:
    """The name that it was made for; empty where it has none."""
    return next((str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)), "")


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, in hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def requested_key(file: Path) -> ec.EllipticCurvePublicKey:
    """The public key of a signing request, whose sender has shown that the private one is theirs; the name in it is
    not looked at. Raises AuthorityError or FileFault."""
    sent = read(file)
    try:
        request = x509.load_pem_x509_csr(sent)
        public, signed = request.public_key(), request.is_signature_valid
    except (ValueError, InvalidSignature) as error:
        raise AuthorityError(f"{file}: expected a signing request in PEM") from error
    if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name != "secp256r1":
        raise AuthorityError(f"{file}: expected a request with an EC P-256 key")
    if not signed:
        raise AuthorityError(f"{file}: its signature does not hold, expected a request signed with its own key")
    return public
