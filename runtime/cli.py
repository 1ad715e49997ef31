"""`sunlit`: the one command. Its parts come from the packages that are installed."""

import sys
from importlib.metadata import entry_points

import typer

from runtime.settings import SettingsError

GROUP = "sunlit.commands"


def build() -> typer.Typer:
    """The command with every part that can be imported here (an edge box has no server parts)."""
    app = typer.Typer(
        name="sunlit",
        help="Watches lifts and open kitchens, and sees every danger through to its end.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    wanted = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        # Only the part that was asked for is imported: `sunlit models list` needs no database client.
        if wanted is None or wanted == entry.name:
            try:
                part = entry.load()
            except ModuleNotFoundError as error:
                if wanted == entry.name:
                    typer.echo(f"sunlit {entry.name}: needs {error.name}, which is not installed here", err=True)
                    raise SystemExit(2) from error
                continue
            app.add_typer(part, name=entry.name)
    return app


def main() -> None:
    """Runs the command; a fault in the settings is one line, not a traceback."""
    try:
        build()()
    except SettingsError as error:
        typer.echo(f"sunlit: {error}", err=True)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
