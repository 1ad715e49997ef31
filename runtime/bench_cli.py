"""`sunlit bench`: the benches that the installed parts bring, each a command of its own."""

from importlib.metadata import entry_points

import typer

GROUP = "sunlit.benches"


def build() -> typer.Typer:
    """The group; a part whose packages are not installed brings no bench."""
    app = typer.Typer(help="Speed, measured against a limit in the same run.", no_args_is_help=True)

    @app.callback()
    def bench() -> None:
        """Speed, measured against a limit in the same run."""

    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            app.command(entry.name)(entry.load())
        except ModuleNotFoundError:
            continue
    return app


app = build()
