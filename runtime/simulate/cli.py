"""`sunlit simulate`: an invented city against a running system."""

import os
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Annotated, Any

import msgspec
import psycopg
import typer
from argon2 import PasswordHasher
from rich.console import Console
from rich.live import Live
from rich.progress import Progress

from runtime.db import Role, connect, fault_of
from runtime.settings import Settings, load
from runtime.simulate import logins, store
from runtime.simulate.crews import Crews, Mail
from runtime.simulate.history import midnight
from runtime.simulate.life import Life, Pace
from runtime.simulate.register import invent
from runtime.simulate.run import Report, Runner
from runtime.simulate.sender import Sender, SendError
from runtime.simulate.store import CityError

app = typer.Typer(
    help="An invented city, for load and for pages.", no_args_is_help=True, pretty_exceptions_enable=False
)
console = Console(stderr=True, highlight=False)
FAULTS = (CityError, SendError, ValueError, OSError, psycopg.Error)


@app.callback()
def simulate() -> None:
    """An invented city, for load and for pages."""


@app.command()
def city(
    config: Annotated[Path | None, typer.Option("--config", help="TOML file of settings")] = None,
    lifts: Annotated[int, typer.Option(min=0, help="how many lifts to register")] = 60_000,
    kitchens: Annotated[int, typer.Option(min=0, help="how many kitchens to register")] = 25_000,
    seed: Annotated[int, typer.Option(help="the same seed is the same city")] = 1,
    keep: Annotated[bool, typer.Option("--keep", help="register nothing, go on with the city that is there")] = False,
    history: Annotated[
        int, typer.Option(min=0, max=3650, help="invent the rescues and findings of so many days before today as well")
    ] = 0,
    register_only: Annotated[bool, typer.Option("--register-only", help="register and end")] = False,
    period: Annotated[float, typer.Option(min=0.1, help="seconds between two messages of a lift")] = 10.0,
    kitchen_period: Annotated[float, typer.Option(min=0.1, help="the same of a camera or kitchen sensor")] = 60.0,
    status_period: Annotated[float, typer.Option(min=0.1, help="the same of a device's status")] = 300.0,
    changes: Annotated[bool, typer.Option(help="a lift's message tells its changes, too: several samples")] = True,
    speed: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=100_000,
            help="events come so many times as often, and the hours of the city's day pass so many times as fast;"
            " the clocks of devices stay right, because the centre compares them with its own",
        ),
    ] = 1.0,
    hurry: Annotated[
        float, typer.Option(min=0.1, max=10_000, help="rescues and findings last so many times as short")
    ] = 1.0,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="end after so long; otherwise with Ctrl-C")] = None,
    connections: Annotated[int, typer.Option(min=1, max=64, help="MQTT connections that share the devices")] = 4,
    mail_port: Annotated[
        int, typer.Option(min=1, max=65535, help="where letters come in with --crews, loopback")
    ] = 8605,
    crews: Annotated[bool, typer.Option("--crews", help="crews answer their letters at the crew's page")] = False,
    passwords: Annotated[Path, typer.Option(help="file for the logins' passwords")] = Path(".sunlit/city.json"),
    as_json: Annotated[
        bool, typer.Option("--json", help="one JSON object a second, the last with final: true")
    ] = False,
) -> None:
    """Register an invented city and let it live: lifts, kitchens, entrapments and findings at the published rates.

    Give an empty, migrated database, running services and active policies (docs/scale.md). Ctrl-C ends what is open,
    tells every device's last counts and prints what was published; a second Ctrl-C leaves at once.
    """
    settings = load(config)
    pace = Pace(period, kitchen_period, status_period, speed, hurry, changes)
    try:
        if crews and not register_only:
            # Known before there is a city whose letters go to this port.
            _mail(mail_port, lambda *_: None).server.server_close()
        if not keep:
            _register(settings, seed, lifts, kitchens, mail_port, passwords)
        operator = logins.read(passwords)["operator"] if crews and not register_only else None
        if history:
            _past(settings, seed, history)
        if not register_only:
            _live(settings, pace, seed, seconds, connections, mail_port, operator, as_json)
    except FAULTS as error:
        said = f"database: {fault_of(error)}" if isinstance(error, psycopg.Error) else " ".join(str(error).split())
        console.print(f"sunlit simulate: {said}", style="red", markup=False)
        raise typer.Exit(1) from error


def _register(settings: Settings, seed: int, lifts: int, kitchens: int, mail_port: int, passwords: Path) -> None:
    if not lifts and not kitchens:
        raise CityError("--lifts 0 --kitchens 0: a city of nothing; expected one of them to be 1 or more")
    with connect(settings.database, Role.OWNER) as connection, Progress(console=console) as progress:
        if store.holds_city(connection):
            raise CityError("the database holds a city already; --keep goes on with it")
        began = time.monotonic()
        made = {login: secrets.token_urlsafe(9) for login, *_ in (*store.PEOPLE, store.OWNER)}
        hashes = {login: PasswordHasher().hash(word) for login, word in made.items()}
        hook = f"http://127.0.0.1:{mail_port}/letter"
        rows = invent(seed, lifts, kitchens, hook=hook, today=datetime.now(UTC).date())
        bars = {table: progress.add_task(table, total=len(getattr(rows, table))) for table in store.COLUMNS}
        with logins.written(passwords, made):
            store.write(connection, rows, hashes, lambda table, done, _: progress.update(bars[table], completed=done))
    console.print(
        f"registered {lifts} lifts and {kitchens} kitchens in {time.monotonic() - began:.1f} s;"
        f" nobody in it exists; logins in {passwords}"
    )


def _past(settings: Settings, seed: int, days: int) -> None:
    with connect(settings.database, Role.OWNER) as connection, Progress(console=console) as progress:
        bars = {table: progress.add_task(table) for table in store.PAST_COLUMNS}
        written = store.write_past(
            connection,
            seed,
            days,
            midnight(datetime.now(UTC)),
            lambda table, done, total: progress.update(bars[table], completed=done, total=total),
        )
    console.print(f"invented {written} rescues and findings of {days} days")


def _mail(port: int, take: Callable[[str, Mapping[str, Any]], None]) -> Mail:
    try:
        return Mail(port, take)
    except OSError as error:
        raise CityError(f"--mail-port: port {port} of the loopback cannot be had ({error.strerror})") from error


def _live(
    settings: Settings,
    pace: Pace,
    seed: int,
    seconds: float | None,
    connections: int,
    mail_port: int,
    operator: str | None,
    as_json: bool,
) -> None:
    with connect(settings.database, Role.OWNER) as connection:
        members = store.fleet(connection)
    sender = Sender(settings.broker, f"sunlit-simulate-{os.getpid()}", connections)
    life = Life(members, sender, pace, now=time.time(), random=Random(seed))
    played = Crews(life.rescues, operator, pace.hurry, Random(seed))
    mail = None if operator is None else _mail(mail_port, played.take)
    stop, hasten = threading.Event(), threading.Event()
    signal.signal(signal.SIGINT, lambda *_: hasten.set() if stop.is_set() else stop.set())
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    sender.start()
    if mail is not None:
        mail.start()
        threading.Thread(target=played.run, args=(stop,), name="crews", daemon=True).start()
    try:
        with _screen(played, as_json) as tell:
            runner = Runner(life, sender, tell)
            runner.run(stop, seconds)
            stop.set()
        with Progress(console=console) as progress:
            bar = progress.add_task("last statuses", total=len(members))
            last = runner.end(hasten, lambda done: progress.update(bar, completed=done))
    finally:
        if mail is not None:
            mail.stop()
        sender.stop()
    last.letters, last.pressed = played.letters, played.pressed
    if last.waiting:
        console.print(f"{last.waiting} messages found nobody who listens: is sunlit ingest running?", style="red")
    typer.echo(msgspec.json.encode(last).decode())


class Tell:
    """Says every second how the city does: a live line for people, a JSON line for programs."""

    def __init__(self, crews: Crews, live: Live | None) -> None:
        self.crews, self.live = crews, live

    def __call__(self, report: Report) -> None:
        report.letters, report.pressed = self.crews.letters, self.crews.pressed
        if self.live is None:
            typer.echo(msgspec.json.encode(report).decode())
            return
        self.live.update(
            f"{report.seconds:6.0f} s  asked {report.asked_per_s:,.0f}/s  achieved {report.achieved_per_s:,.0f}/s"
            f"  waiting {report.waiting}  skipped {report.skipped}  |  entrapments {report.entrapments}"
            f" ({report.inside} inside)  findings {report.findings}  letters {report.letters}"
        )


@contextmanager
def _screen(crews: Crews, as_json: bool) -> Iterator[Tell]:
    if as_json:
        yield Tell(crews, None)
        return
    with Live(console=console, refresh_per_second=2) as live:
        yield Tell(crews, live)
