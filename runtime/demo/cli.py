"""`sunlit demo`: the whole system in an invented city, on this machine."""

import shutil
import signal
import sys
import threading
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated

import typer
from rich.console import Console

from runtime.demo.layout import Layout, Options, Ports
from runtime.demo.play import play
from runtime.demo.stack import Demo, DemoError
from runtime.devices.authority import AuthorityError
from runtime.devices.files import FileFault
from runtime.stack.broker import BrokerError
from runtime.stack.ports import PortInUse
from runtime.stack.postgres import PostgresError

app = typer.Typer(help="The whole system in an invented city.", pretty_exceptions_enable=False)
console = Console(stderr=True, highlight=False)
FAULTS = (DemoError, PortInUse, BrokerError, PostgresError, AuthorityError, FileFault)
DEFAULT_HOME = Path(".sunlit/demo")


@app.callback(invoke_without_command=True)
def demo(
    camera: Annotated[str, typer.Option(help="drawn, a video file, rtsp://... or a webcam's number")] = "drawn",
    check: Annotated[bool, typer.Option("--check", help="play the story without a person and report")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="forget the demo's data and end")] = False,
    home: Annotated[Path, typer.Option(help="folder for the demo's data")] = DEFAULT_HOME,
    port: Annotated[int, typer.Option(help="port of the pages; the four after it are taken too")] = 8600,
    keep: Annotated[bool, typer.Option("--keep", help="with --check: keep the folder for a look")] = False,
) -> None:
    """Run the demo city until Ctrl-C, or --check it, or --reset it."""
    if camera not in ("drawn",) and not camera.isdigit() and "://" not in camera:
        path = Path(camera)
        if not path.is_file():
            _fail(f"--camera: {camera!r} is no file; expected a video file, rtsp://..., a webcam's number, or drawn")
        camera = str(path.resolve())
    if reset:
        shutil.rmtree(home, ignore_errors=True)
        console.print(f"forgot everything in {home}")
        return
    if check:
        _check(camera, keep)
        return
    _run(Layout(home, Ports(*range(port, port + 5)), Options(camera)))


def _run(layout: Layout) -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    running = Demo(layout, _say)
    try:
        running.start()
        _welcome(layout)
        while not stopped.wait(1):
            running.tend()
    except FAULTS as error:
        _fail(str(error))
    finally:
        console.print("[dim]sunlit[/dim] stopping; the data stays (sunlit demo --reset forgets it)")
        running.stop()


def _say(text: str) -> None:
    console.print(f"[dim]sunlit[/dim] {text}")


def _welcome(layout: Layout) -> None:
    made, url = layout.secrets(), layout.url
    console.print("\n[bold]Sunlit is running. The city is invented.[/bold]")
    for what, path, login in (
        ("public", "/", ""),
        ("operator's board", "/board", "operator"),
        ("owner's kitchen", "/kitchen", "owner1"),
        ("regulator", "/oversight", "regulator"),
        ("people and tokens", "/admin/people", "admin"),
    ):
        sign_in = f"  sign in as [bold]{login}[/bold] / {made[login]}" if login else "  no sign-in"
        _line(f"  {what:18} {url}{path}{sign_in}")
    _line(f"  crew's phone page  links arrive in {layout.inbox}")
    program = Path(sys.executable).with_name("sunlit")
    files = f"--config {layout.edge_file} --centre {layout.settings_file}"
    _line(f"  trap somebody      {program} edge fault {files} lift-442001 trap_between")
    _line(f"  logs               {layout.home / 'log'}\n  Ctrl-C stops.\n")


def _line(text: str) -> None:
    """A line that somebody copies from is not broken, in a log of eighty columns neither."""
    console.print(text, soft_wrap=True)


def _check(camera: str, keep: bool) -> None:
    folder = Path(mkdtemp(prefix="sunlit-check-"))
    # PostgreSQL refuses to run as root and becomes a user who must be able to pass here.
    folder.chmod(0o755)
    try:
        report = play(Layout(folder, Ports.free(), Options(camera, quick=True)), _say)
    except FAULTS as error:
        _fail(str(error))
    finally:
        if keep:
            console.print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    typer.echo(report.as_json())
    raise typer.Exit(0 if report.complete else 1)


def _fail(text: str) -> None:
    console.print(f"sunlit demo: {text}", style="red", markup=False)
    raise typer.Exit(1)
