"""`sunlit device ca`: the authority itself, and the broker's certificate."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from runtime.devices.acl import files
from runtime.devices.authority import Authority, AuthorityError, key_pem, new_key, pem
from runtime.devices.files import FileFault, write
from runtime.devices.issue import authority
from runtime.settings import WireSettings, load

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
    except (AuthorityError, FileFault) as error:
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
    if (settings.ca / "ca.key").exists():
        raise AuthorityError(f"{settings.ca / 'ca.key'}: is there already; it is never replaced, as devices rely on it")
    now = datetime.now(UTC)
    signer = Authority.make(now, 365 * years)
    secret = settings.ca_passphrase
    signer.save(settings.ca, secret.get_secret_value() if secret else None)
    settings.ca.chmod(0o700)
    _server(settings, signer, names, server_days)
    write(settings.broker / "crl.pem", signer.revocations([], now), 0o644)
    write(settings.broker / "crl.serials", b"", 0o644)
    for name, text in files([], [], now, settings.listeners).items():
        write(settings.broker / name, text.encode(), 0o644)
    return signer


def _server(settings: WireSettings, signer: Authority, names: list[str], days: int) -> None:
    key = new_key()
    made = signer.for_broker(key.public_key(), names, datetime.now(UTC), days)
    write(settings.broker / "ca.crt", pem(signer.certificate), 0o644)
    write(settings.broker / "server.key", key_pem(key), 0o600)
    write(settings.broker / "server.crt", made, 0o644)


def _fail(error: Exception) -> NoReturn:
    typer.echo(f"sunlit device ca: {error}", err=True)
    raise typer.Exit(1)
