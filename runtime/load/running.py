"""How a bench runs before a person: its steps as a bar, an end in order, and what keeps it from running as a line."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from runtime import log
from runtime.migrate import MigrationError
from runtime.stack.broker import BrokerError
from runtime.stack.ports import PortInUse
from runtime.stack.postgres import PostgresError

Tell = Callable[[str, float, float], None]
"""step, how far it is, and how far it goes"""
FAULTS = (BrokerError, PortInUse, PostgresError, MigrationError, OSError)


@contextmanager
def running(name: str, *own: type[Exception]) -> Iterator[Tell]:
    """A run of `sunlit bench NAME`; `own` are faults of its own. Raises typer.Exit (2) for any fault."""
    log.configure("bench")
    faults: tuple[type[Exception], ...] = (*FAULTS, *own)
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    try:
        with _ended_in_order(), bar:
            task = bar.add_task("starting", total=1)
            yield lambda step, at, whole: bar.update(task, description=step, completed=at, total=whole)
    except psycopg.Error as error:
        typer.echo(f"sunlit bench {name}: database: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(2) from error
    except faults as error:
        typer.echo(f"sunlit bench {name}: {error}", err=True)
        raise typer.Exit(2) from error


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM is like Ctrl-C: what was started is ended, and what was entered is removed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
