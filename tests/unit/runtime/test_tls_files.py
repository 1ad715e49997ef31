"""What is wrong with the files of a connection, each in one line; and until when a certificate holds."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.status import certificate_words
from runtime.certificate import NotACertificate, validity
from runtime.devices.authority import Authority, AuthorityError, key_pem, new_key, pem, requested_key
from runtime.devices.files import FileFault, write
from runtime.tls import Files, Tls, faults

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SIGNER = Authority.make(NOW, 3650)


def device(folder: Path, days: int = 30, now: datetime = NOW) -> Files:
    key = new_key()
    write(folder / "device.key", key_pem(key), 0o600)
    write(folder / "device.crt", pem(SIGNER.for_device(key.public_key(), "a.1", 7, now, days)), 0o644)
    write(folder / "ca.crt", pem(SIGNER.certificate), 0o644)
    return Files(folder / "ca.crt", folder / "device.crt", folder / "device.key")


def said(files: Files, now: datetime = NOW) -> list[tuple[str, str]]:
    return [(fault.key, fault.text) for fault in faults(files, now)]


def test_good_files_have_no_fault(tmp_path: Path) -> None:
    assert said(device(tmp_path)) == []
    assert Tls(device(tmp_path)).refresh() == ""


def test_each_fault_has_its_key_and_says_what_was_expected(tmp_path: Path) -> None:
    files = device(tmp_path)
    ((key, text),) = said(files._replace(cert=tmp_path / "gone.crt"))
    assert key == "tls_cert" and "gone.crt" in text and "No such file" in text
    assert files.key is not None and files.cert is not None
    files.key.chmod(0o644)
    ((key, text),) = said(files)
    assert key == "tls_key" and "mode 0644, expected 0600" in text
    write(files.key, key_pem(new_key()), 0o600)
    ((key, text),) = said(files)
    assert key == "tls_key" and "does not belong to the certificate" in text
    write(files.key, key_pem(new_key(), "secret"), 0o600)
    ((key, text),) = said(files)
    assert key == "tls_key" and "no private key in PEM without a passphrase" in text
    files.cert.write_text("rubbish")
    ((key, text),) = said(files)
    assert key == "tls_cert" and "no certificate in PEM" in text
    files.ca.write_text("rubbish")
    assert said(files)[0][0] == "tls_ca"


def test_dates_are_told(tmp_path: Path) -> None:
    files = device(tmp_path)
    ((key, text),) = said(files, NOW + timedelta(days=30))
    assert key == "tls_cert" and "has expired on 2026-12-25 00:00 UTC" in text
    early = said(files, NOW - timedelta(days=2))
    assert [key for key, _ in early] == ["tls_ca", "tls_cert"] and "is the clock right?" in early[0][1]
    assert said(files, NOW - timedelta(hours=3)) == [], "a clock some hours behind still believes"


def test_files_in_the_middle_of_being_carried_change_nothing(tmp_path: Path) -> None:
    files = device(tmp_path)
    tls = Tls(files)
    assert tls.refresh() == ""
    assert files.key is not None
    old = files.key.read_bytes()
    write(files.key, key_pem(new_key()), 0o600)
    assert "does not belong" in tls.refresh()
    write(files.key, old, 0o600)
    assert tls.refresh() == ""


@given(st.integers(0, 80 * 365), st.integers(1, 3650))
def test_the_dates_of_any_certificate_are_read(begin: int, days: int) -> None:
    """Two forms of time, before and after 2050."""
    at = datetime(1999, 1, 1, tzinfo=UTC) + timedelta(days=begin)
    made = Authority.make(at, days).certificate
    assert validity("comment\n" + pem(made).decode()) == (made.not_valid_before_utc, made.not_valid_after_utc)


@given(st.binary(max_size=80))
def test_rubbish_is_no_certificate(content: bytes) -> None:
    text = base64.b64encode(content).decode()
    with pytest.raises(NotACertificate):
        validity(f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")


def test_the_authoritys_key_is_its_owners_alone_and_may_have_a_passphrase(tmp_path: Path) -> None:
    SIGNER.save(tmp_path, "long and secret")
    assert Authority.load(tmp_path, "long and secret").certificate == SIGNER.certificate
    with pytest.raises(AuthorityError, match="expected a passphrase"):
        Authority.load(tmp_path, None)
    with pytest.raises(AuthorityError, match="cannot be opened"):
        Authority.load(tmp_path, "wrong")
    (tmp_path / "ca.key").chmod(0o640)
    with pytest.raises(FileFault, match="mode 0640 lets others at it, expected 0600"):
        Authority.load(tmp_path, "long and secret")
    with pytest.raises(FileFault, match="cannot be read"):
        Authority.load(tmp_path / "nowhere", None)


def test_a_request_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csr").write_text("rubbish")
    with pytest.raises(AuthorityError, match="expected a signing request"):
        requested_key(tmp_path / "x.csr")


def test_no_certificate_outlives_its_authority() -> None:
    short = Authority.make(NOW, 10)
    made = short.for_device(new_key().public_key(), "a.1", 1, NOW, 365)
    assert made.not_valid_after_utc == short.certificate.not_valid_after_utc


def test_an_agent_says_until_when_its_certificate_holds(tmp_path: Path) -> None:
    assert certificate_words(None) == {}
    assert certificate_words(str(device(tmp_path).cert)) == {"certificate": "until 2026-12-25"}
    assert certificate_words(str(tmp_path / "gone")) == {"certificate": "cannot be read"}
