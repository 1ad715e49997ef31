"""`sunlit api`: the pages."""

import json
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from api import assets as page_assets
from api.orders_cli import order
from runtime import log
from runtime.settings import Settings, load
from runtime.stack.ports import PortInUse, demand_free

app = typer.Typer(help="The pages.", no_args_is_help=True, pretty_exceptions_enable=False)
app.command()(order)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]


@app.command()
def run(config: Config = None) -> None:
    """Serve the pages until SIGTERM."""
    from api.app import create_app

    settings = load(config)
    log.configure("api")
    try:
        demand_free(settings.api.port, "pages", "[api] port")
    except PortInUse as error:
        typer.echo(f"sunlit api: {error}", err=True)
        raise typer.Exit(1) from error
    uvicorn.run(
        create_app(settings),
        host=settings.api.host,
        port=settings.api.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
    )


@app.command()
def openapi() -> None:
    """Print what every address takes and gives, as OpenAPI 3.1."""
    from api.app import create_app

    typer.echo(json.dumps(create_app(Settings()).openapi(), ensure_ascii=False, indent=1))


@app.command()
def assets(
    modules: Annotated[Path | None, typer.Option("--from", help="a folder of node modules instead of npm")] = None,
) -> None:
    """Fetch what the pages load."""
    try:
        placed = page_assets.install(modules)
    except (page_assets.AssetsError, OSError) as error:
        typer.echo(f"sunlit api assets: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(", ".join(path.name for path in placed))
