"""`sunlit device ca`: the authority itself, and the broker's certificate."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from cryptography.hazmat.primitives.asymmetric import ec

from runtime.devices.acl import files
from runtime.devices.authority import Authority, AuthorityError, key_pem, new_key, pem
from runtime.devices.files import FileFault, demand_writable, there, write
from runtime.devices.issue import authority, passphrase
from runtime.settings import WireSettings, load

AUTHORITY_FILES = ("ca.crt", "ca.key")
BROKER_FILES = ("ca.crt", "server.key", "server.crt", "crl.pem")
app = typer.Typer(help="The house's own authority.", no_args_is_help=True, pretty_exceptions_enable=False)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]
Names = Annotated[
    list[str], typer.Option("--name", help="host name or address of the broker, as edges call it; several")
]
Days = Annotated[int, typer.Option(min=1, max=3650, help="how long the broker's certificate holds")]


@app.command()
def init(
    name: Names,
    config: Config = None,
    years: Annotated[int, typer.Option(min=1, max=50, help="how long the authority holds")] = 20,
    server_days: Days = 825,
) -> None:
    """Make the authority, the broker's certificate, an empty list of revoked ones and rights for nobody."""
    settings = load(config).wire
    try:
        signer = make(settings, name, years=years, server_days=server_days)
    except (AuthorityError, FileFault, OSError) as error:
        _fail(error)
    end = signer.certificate.not_valid_after_utc
    typer.echo(
        f"made the authority in {settings.ca} (until {end:%Y-%m-%d}) and the broker's files in {settings.broker}"
    )
    typer.echo(f"keep {settings.ca / 'ca.key'} apart and have a copy: without it nobody can be given a certificate")


@app.command()
def server(name: Names, config: Config = None, days: Days = 825) -> None:
    """Make the broker a new key and certificate; it reads them when it is told to read again."""
    settings = load(config).wire
    try:
        _server(settings, authority(settings), name, days)
    except (AuthorityError, FileFault) as error:
        _fail(error)
    typer.echo(f"wrote {settings.broker / 'server.crt'} and server.key; now let the broker read again (SIGHUP)")


def make(settings: WireSettings, names: list[str], *, years: int = 20, server_days: int = 825) -> Authority:
    """A new authority and everything that a broker needs to start. Raises AuthorityError or FileFault."""
    if there(settings.ca / "ca.key"):
        raise AuthorityError(f"{settings.ca / 'ca.key'}: is there already; it is never replaced, as devices rely on it")
    if there(settings.ca / "ca.crt"):
        raise AuthorityError(
            f"{settings.ca / 'ca.crt'}: is there without its key; expected ca.key beside it, or a folder without both"
        )
    now = datetime.now(UTC)
    signer = Authority.make(now, 365 * years)
    closed_with = passphrase(settings)
    # All that may be refused is refused before a file is there, and the key comes last: half of it can be made again.
    key = new_key()
    certificate = signer.for_broker(key.public_key(), names, now, server_days)
    rights = files([], [], now, settings.listeners)
    demand_writable(settings.ca, AUTHORITY_FILES)
    settings.ca.chmod(0o700)
    demand_writable(settings.broker, (*BROKER_FILES, "crl.serials", *rights))
    _keep(settings, signer, key, certificate)
    write(settings.broker / "crl.pem", signer.revocations([], now), 0o644)
    write(settings.broker / "crl.serials", b"", 0o644)
    for name, text in rights.items():
        write(settings.broker / name, text.encode(), 0o644)
    signer.save(settings.ca, closed_with)
    return signer


def missing(settings: WireSettings) -> list[str]:
    """What the broker's folder lacks of what a broker needs to start."""
    wanted = (*BROKER_FILES, *files([], [], datetime.now(UTC), settings.listeners))
    return [name for name in wanted if not there(settings.broker / name)]


def _server(settings: WireSettings, signer: Authority, names: list[str], days: int) -> None:
    key = new_key()
    _keep(settings, signer, key, signer.for_broker(key.public_key(), names, datetime.now(UTC), days))


def _keep(settings: WireSettings, signer: Authority, key: ec.EllipticCurvePrivateKey, certificate: bytes) -> None:
    write(settings.broker / "ca.crt", pem(signer.certificate), 0o644)
    write(settings.broker / "server.key", key_pem(key), 0o600)
    write(settings.broker / "server.crt", certificate, 0o644)


def _fail(error: Exception) -> NoReturn:
    typer.echo(f"sunlit device ca: {error}", err=True)
    raise typer.Exit(1)
