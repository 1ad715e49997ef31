"""A new authority: what may be refused is refused before a file is there."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from runtime.compose_env import main, write_wire
from runtime.devices.authority import Authority, AuthorityError
from runtime.devices.ca_cli import make
from runtime.devices.files import FileFault
from runtime.devices.issue import authority
from runtime.settings import WireSettings


@pytest.fixture
def wire(tmp_path: Path) -> WireSettings:
    return WireSettings(ca=tmp_path / "ca", broker=tmp_path / "wire")


@pytest.mark.parametrize("name", ["", "bücher", "bad name!", "a..b", "-a", "a" * 64])
def test_a_name_that_is_none_leaves_nothing_behind(wire: WireSettings, name: str) -> None:
    with pytest.raises(AuthorityError, match="expected a host name in ASCII or an address"):
        make(wire, ["broker.example", name])
    assert not wire.ca.exists() and not wire.broker.exists()


def test_host_names_and_addresses_are_taken(wire: WireSettings) -> None:
    made = make(wire, ["*.example.org", "broker_1", "10.0.0.1", "::1", "a" * 63])
    assert Authority.load(wire.ca, None).certificate == made.certificate
    assert wire.ca.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("spoilt", ["", "server.crt", "acl"])
def test_a_brokers_folder_that_cannot_be_written_leaves_no_key(wire: WireSettings, spoilt: str) -> None:
    if spoilt:
        (wire.broker / spoilt).mkdir(parents=True)
    else:
        wire.broker.write_text("in the way")
    with pytest.raises(FileFault, match=f"{wire.broker}.*"):
        make(wire, ["broker.example"])
    assert not list(wire.ca.iterdir())
    (wire.broker / spoilt).rmdir() if spoilt else wire.broker.unlink()
    make(wire, ["broker.example"])


def test_a_key_that_is_kept_elsewhere_is_not_replaced(wire: WireSettings) -> None:
    make(wire, ["broker.example"])
    before = (wire.broker / "ca.crt").read_bytes()
    (wire.ca / "ca.key").unlink()
    with pytest.raises(AuthorityError, match="is there without its key"):
        make(wire, ["broker.example"])
    (wire.ca / "ca.crt").unlink()
    assert write_wire(wire, []) == []
    assert (wire.broker / "ca.crt").read_bytes() == before


def test_an_empty_passphrase_does_not_pass_for_one(wire: WireSettings) -> None:
    empty = wire.model_copy(update={"ca_passphrase": SecretStr("")})
    with pytest.raises(AuthorityError, match=r"wire\.ca_passphrase: empty, expected a passphrase"):
        make(empty, ["broker.example"])
    assert not wire.ca.exists()
    make(wire, ["broker.example"])
    with pytest.raises(AuthorityError, match=r"wire\.ca_passphrase: empty"):
        authority(empty)


def test_make_env_says_in_a_line_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([".env", "bad name!"]) == 1
    assert capsys.readouterr().err == "make env: name: 'bad name!', expected a host name in ASCII or an address\n"
    assert main([".env", "broker.example"]) == 0
    (tmp_path / ".sunlit" / "wire" / "server.crt").unlink()
    capsys.readouterr()
    assert main([".env", "broker.example"]) == 1
    said = capsys.readouterr().err
    assert "lacks server.crt" in said and "sunlit device ca server" in said and said.count("\n") == 1
