"""What the commands `sunlit token` and `sunlit person` share: a connection, and faults as one line."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import psycopg
import typer

from api.doors.acts import DoorFault
from runtime.db import AsyncConnection, Role, connect_async, fault_of
from runtime.settings import Settings, load

Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]
T = TypeVar("T")


def carry_out(config: Path | None, act: Callable[[AsyncConnection, Settings], Awaitable[T]]) -> T:
    """Does something with an owner's connection; whatever is wrong is one line and exit code 1."""
    settings = load(config)

    async def run() -> T:
        async with await connect_async(settings.database, Role.OWNER) as connection:
            return await act(connection, settings)

    try:
        return asyncio.run(run())
    except DoorFault as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    except psycopg.Error as error:
        typer.echo(f"database: {fault_of(error)}", err=True)
        raise typer.Exit(1) from error
