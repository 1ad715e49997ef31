"""`sunlit device`: the register of devices and what they connect with."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from runtime import log
from runtime.db import Connection, Role, connect, fault_of
from runtime.devices import issue, register
from runtime.devices.acl import Credential, Device, listener_of
from runtime.devices.authority import Authority, AuthorityError
from runtime.devices.broker import apply
from runtime.devices.ca_cli import app as ca_app
from runtime.devices.files import FileFault
from runtime.devices.register import NewDevice, RegisterError
from runtime.devices.state import as_json, state, words
from runtime.settings import Settings, WireSettings, load

logger = logging.getLogger(__name__)
FAULTS = (RegisterError, AuthorityError, FileFault, psycopg.Error)
app = typer.Typer(help="Devices and their certificates.", no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(ca_app, name="ca")
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]
Code = Annotated[str, typer.Argument(help="the device's code", metavar="CODE")]
Out = Annotated[Path | None, typer.Option(help="folder for device.crt, device.key and ca.crt")]
Request = Annotated[
    Path | None, typer.Option("--csr", help="a signing request made at the device: its key stays there")
]


@app.command("list")
def list_command(
    config: Config = None,
    site: Annotated[str | None, typer.Option(help="only this site")] = None,
    as_json_: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Say which devices are registered, through whom they speak, and how long their certificates hold."""
    with _opened(config) as (_, connection):
        now = register.now(connection)
        known = [one for one in register.devices(connection) if site in (None, one.site)]
        owned: dict[str, list[Credential]] = {one.code: [] for one in known}
        for credential in register.credentials(connection):
            owned.get(credential.device, []).append(credential)
    if as_json_:
        typer.echo(json.dumps([as_json(one, owned[one.code], now) for one in known], ensure_ascii=False, indent=1))
        return
    table = Table("device", "kind", "site", "certificate", "user at the broker", box=None)
    for one in known:
        users = ", ".join(credential.user for credential in owned[one.code] if credential.serves(now))
        found = words(one, state(one, owned[one.code], now)) + (" (retired)" if one.retired else "")
        table.add_row(one.code, one.kind, one.site, found, users)
    Console(width=None if Console().is_terminal else 200, highlight=False).print(table)


@app.command()
def add(
    code: Code,
    kind: Annotated[str, typer.Option(help=f"one of {', '.join(register.KINDS)}")],
    site: Annotated[str, typer.Option(help="the site's code, as in its topics")],
    config: Config = None,
    agent: Annotated[str | None, typer.Option(help="the agent through which it speaks")] = None,
    lift: Annotated[str | None, typer.Option(help="the lift that it watches, by code")] = None,
    kitchen: Annotated[str | None, typer.Option(help="the kitchen that it watches, by code")] = None,
    name_zh: Annotated[str, typer.Option(help="its name in Chinese")] = "",
    name_en: Annotated[str, typer.Option(help="its name in English")] = "",
    zone: Annotated[str, typer.Option(help="of a camera: the zone's name")] = "",
    zone_kind: Annotated[str, typer.Option(help="of a camera: the zone's kind")] = "",
    out: Out = None,
    csr: Request = None,
) -> None:
    """Register a device where it is not yet; with --out, give it a certificate."""
    wanted = NewDevice(code, kind, site, agent, lift, kitchen, name_zh, name_en, zone, zone_kind)
    with _opened(config) as (settings, connection):
        signer = issue.authority(settings) if out is not None else None
        with connection.transaction():
            # Said after the commit: what is rolled back was never so.
            said = [f"{code}: {'registered' if register.add(connection, wanted) else 'is registered already'}"]
            device = register.find(connection, code)
            if kind == "agent" or out is not None:
                said += _settle(connection, device)
            if out is not None and signer is not None:
                beside = register.serving(connection, code)
                made = issue.issue(connection, signer, device, issue.Wanted(out, csr), settings.device_days)
                said += [*_handed_over(made, out, csr), *_beside(code, beside)]
                if settings.listeners > 1:
                    said.append(f"{code} connects at listener {listener_of(site, settings.listeners)} of the broker")
            elif kind == "agent":
                said.append(f"{code} gets no certificate by this: --out FOLDER makes one")
        typer.echo("\n".join(said))
        _apply(connection, settings, signer)


def _beside(code: str, older: list[Credential]) -> list[str]:
    if not older:
        return []
    serials = ", ".join(one.serial[:12] for one in older)
    return [
        f"{code}: was issued beside {serials}, which stays in use: end it with `sunlit device revoke {code} --serial`;"
        f" `sunlit device rotate {code}` is what replaces one"
    ]


def _settle(connection: Connection, newcomer: Device) -> list[str]:
    settled, through = register.settle(connection, newcomer.site, newcomer.code)
    if not settled:
        return []
    return [f"{through} is no longer alone at {newcomer.site}: it speaks for itself and {', '.join(settled)}"]


@app.command()
def assign(
    code: Code,
    agent: Annotated[str, typer.Option(help="an agent of the same site")],
    config: Config = None,
) -> None:
    """Say through which agent a device speaks, for instance after its lift was given to another box."""
    with _opened(config) as (settings, connection):
        with connection.transaction():
            register.assign(connection, code, agent)
        typer.echo(f"{code}: speaks through {agent}")
        _apply(connection, settings)


@app.command()
def rotate(
    code: Code,
    out: Annotated[Path, typer.Option(help="folder for device.crt, device.key and ca.crt")],
    config: Config = None,
    csr: Request = None,
    overlap_days: Annotated[
        float | None, typer.Option(min=0, max=365, help="how long the old one holds; 0: it ends now")
    ] = None,
) -> None:
    """Give a device a new certificate; the old one holds a while longer."""
    with _opened(config) as (settings, connection):
        signer = issue.authority(settings)
        overlap = timedelta(days=settings.overlap_days if overlap_days is None else overlap_days)
        with connection.transaction():
            device = register.find(connection, code)
            made, older = issue.rotate(
                connection, signer, device, issue.Wanted(out, csr), settings.device_days, overlap
            )
            end = register.now(connection) + overlap
        typer.echo("\n".join(_handed_over(made, out, csr)))
        for serial in older:
            typer.echo(
                f"{code}: certificate {serial[:12]} ends at {end:%Y-%m-%d %H:%M} UTC, or with its own end before"
            )
        _apply(connection, settings, signer)


@app.command()
def revoke(
    code: Code,
    why: Annotated[str, typer.Option(help="kept in the register")],
    config: Config = None,
    serial: Annotated[str | None, typer.Option(help="only the certificate whose serial begins so")] = None,
) -> None:
    """Shut a device's certificates out, at once and for good. The device itself stays registered."""
    if serial is not None and not serial.strip():
        _fail("serial: empty, expected the beginning of a certificate's serial, or no --serial for all of them")
    with _opened(config) as (settings, connection):
        with connection.transaction():
            register.find(connection, code)
            gone = register.revoke(
                connection, code, serial, why.strip() or _fail("why: empty"), register.now(connection)
            )
        if gone:
            typer.echo(f"{code}: revoked {', '.join(one[:12] for one in gone)}")
        # Also when nothing was left to revoke: what a first try could not write is made up for.
        _apply(connection, settings)
        if not gone:
            _fail(f"{code}: has no certificate in use" + (f" whose serial begins with {serial!r}" if serial else ""))


@app.command("apply")
def apply_command(
    config: Config = None,
    every: Annotated[float | None, typer.Option(min=1, help="go on for ever, and look every so many seconds")] = None,
) -> None:
    """Write what the broker reads out of the register again, where it differs."""
    if every is None:
        with _opened(config) as (settings, connection):
            if not _apply(connection, settings):
                typer.echo(f"nothing differs in {settings.broker}")
        return
    log.configure("device")
    said = ""
    while True:
        # Rights are as they were until the database is back: nobody is shut out because it is away.
        said = _apply_again(config, said)
        time.sleep(every)


def _apply_again(config: Path | None, said: str) -> str:
    """Returns what went wrong; says it when it is not what was said before."""
    settings = load(config)
    try:
        with connect(settings.database, Role.OWNER) as connection:
            done = apply(connection, settings.wire)
    except FAULTS as error:
        text = " ".join(str(error).split())
        if text != said:
            logger.warning("what the broker reads is as it was: %s", text)
        return text
    if done.written:
        logger.info("wrote %s", ", ".join(done.written))
    text = "; ".join(done.faults)
    if text and text != said:
        logger.warning("%s", text)
    return text


@contextmanager
def _opened(config: Path | None) -> Iterator[tuple[WireSettings, Connection]]:
    """The settings and the database; what goes wrong within is one line."""
    settings = load(config)
    try:
        with connect(settings.database, Role.OWNER) as connection:
            yield settings.wire, connection
    except psycopg.Error as error:
        _fail(f"database {_where(settings)}: {fault_of(error)}")
    except FAULTS as error:
        _fail(str(error))


def _where(settings: Settings) -> str:
    address = psycopg.conninfo.conninfo_to_dict(settings.database.url)
    return f"{address.get('host', 'localhost')}/{address.get('dbname', '')}"


def _apply(connection: Connection, settings: WireSettings, signer: Authority | None = None) -> bool:
    """Whether anything was done; what could not be done is said last, and ends the command."""
    done = apply(connection, settings, signer)
    if done.written:
        files = ", ".join(str(settings.broker / name) for name in done.written)
        told = "the broker was told" if done.told else "the broker was not told"
        if done.told is None:
            told = "now let the broker read again (SIGHUP, systemctl reload)"
        typer.echo(f"wrote {files}; {told}")
    elif done.told:
        typer.echo("the broker was told of what was written before")
    if done.behind:
        typer.echo(
            f"{done.behind} certificates out of use have no rights left but may still connect: run"
            f" `sunlit device apply` where {settings.ca / 'ca.key'} is"
        )
    if done.faults:
        _fail("; ".join(done.faults))
    return bool(done.written or done.told or done.behind)


def _handed_over(made: Credential, out: Path, csr: Path | None) -> list[str]:
    files = "device.crt and ca.crt" if csr is not None else "device.crt, device.key and ca.crt"
    said = [f"{made.device}: certificate {made.serial[:12]} until {made.not_after:%Y-%m-%d}; {files} are in {out}"]
    if csr is None:
        said.append("the key is in that folder and nowhere else: carry it to the device, then delete it here")
    return said


def _fail(text: str) -> NoReturn:
    typer.echo(f"sunlit device: {text}", err=True)
    raise typer.Exit(1)
