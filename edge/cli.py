"""`sunlit edge`: the agent, a look at its configuration, and faults for simulated lifts."""

import logging
import os
import queue
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn
from uuid import uuid4

import cv2
import typer

from contracts.kinds import EdgeCommand, Lane
from contracts.messages import BadMessage, Command, Reply, decode, encode
from contracts.topics import topic
from edge.config import EdgeConfig, EdgeConfigError, broker_settings
from edge.config_file import EdgeConfigFaults, load, read
from edge.drivers import describe
from edge.drivers.cli import app as drivers_app
from edge.replay_cli import replay
from edge.simulator.faults import Fault
from edge.source import parse
from runtime import log, service
from runtime.bus import Bus, Incoming
from runtime.settings import load as load_settings

app = typer.Typer(help="The agent on site.", no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(drivers_app, name="drivers")
Config = Annotated[Path, typer.Option("--config", help="edge.toml")]
REPLY_S = 10.0
app.command()(replay)


@app.command()
def run(config: Config) -> None:
    """Run the agent until SIGTERM."""
    from edge.agent import Agent
    from edge.spool_file import SpoolError

    chosen = _load(config)
    log.configure("edge")
    # Pictures are small: more threads for each would take the cores from the looks that go on side by side.
    cv2.setNumThreads(1)
    try:
        agent = Agent(chosen, config)
    except (EdgeConfigError, SpoolError, OSError) as error:
        _fail(str(error))
    signal.signal(signal.SIGHUP, lambda *_: agent.desk.reload_wanted.set())
    agent.start()
    service.run("edge", agent.duties())
    agent.stop()
    # All is on the disk; a look that hangs in a thread of its own must not keep the agent from ending.
    logging.shutdown()
    os._exit(0)


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="edge.toml")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="the same, as for the other commands")] = None,
) -> None:
    """Say what the agent would watch; exit 1 with a line for everything that is wrong with the file."""
    from edge.camera_duty import make_eyes
    from edge.probe import probe, probe_rest

    path = file or config
    if path is None:
        _fail("FILE: none given, expected the path of an edge.toml")
    try:
        chosen, book = read(path)
    except EdgeConfigFaults as error:
        _fail(error.book.all([*error.faults, *probe_rest(error.book.content, error.faults)]))
    except EdgeConfigError as error:
        _fail(str(error))
    faults, eyes = probe(chosen, make_eyes(chosen))
    if faults:
        _fail(book.all(faults))
    broker = broker_settings(chosen.broker)
    how = "certificate" if broker.tls_cert else "TLS" if broker.tls_ca else "not encrypted"
    typer.echo(f"agent {chosen.agent}, site {chosen.site}, broker {broker.host}:{broker.port} ({how})")
    for lift in chosen.lift:
        typer.echo(f"lift   {lift.device}: {describe(lift)}, {lift.floors} floors")
    for camera in chosen.camera:
        eye = eyes[camera.model]
        looks = f"{camera.looks_per_second:g} looks/s by {eye.name} {eye.version}"
        typer.echo(f"camera {camera.device}: {parse(camera.source).name}, {camera.zone_kind}, {looks}")
    for sensor in chosen.sensor:
        typer.echo(f"sensor {sensor.device}: {describe(sensor)}, {sensor.place}, every {sensor.every_s:g} s")


@app.command()
def fault(
    config: Config,
    device: Annotated[str, typer.Argument(help="lift-442001")],
    what: Annotated[str, typer.Argument(help=f"one of {', '.join(Fault)}")],
    centre: Annotated[
        Path | None, typer.Option(help="the centre's settings: with certificates, the centre alone gives commands")
    ] = None,
) -> None:
    """Let something happen to a simulated lift."""
    chosen = _load(config)
    if centre is None and chosen.broker.tls_cert is not None:
        # With its certificate we would push the agent itself off the broker, and be allowed nothing.
        _fail("--centre: none given; an agent with a certificate gives no commands, expected the centre's settings")
    broker = broker_settings(chosen.broker) if centre is None else load_settings(centre).broker
    replies: queue.Queue[Reply] = queue.Queue()

    def on_message(incoming: Incoming) -> None:
        try:
            reply = decode(Lane.REPLY, incoming.payload)
        except BadMessage:
            # The trial broker hands over retained messages of other topics.
            return
        if isinstance(reply, Reply):
            replies.put(reply)

    bus = Bus(
        broker,
        f"sunlit-fault-{uuid4().hex[:8]}",
        subscriptions=[str(topic(chosen.site, device, Lane.REPLY))],
        on_message=on_message,
    )
    bus.start()
    reply = _ask(bus, chosen, device, what, replies)
    bus.stop()
    if reply is None or not reply.ok:
        _fail(reply.reason if reply else f"no answer from {device} within {REPLY_S:.0f} s: is the agent running?")
    typer.echo(f"{device}: {reply.reason}")


@app.command()
def ride(
    record: Annotated[Path, typer.Option(help="CSV of a phone's acceleration: relative_time (ms), AccX, AccY, AccZ")],
    out: Annotated[Path, typer.Option(help="where the drawing goes, .svg")],
) -> None:
    """Draw a recorded ride beside the simulator's, and print the numbers of both."""
    from edge import ride_plot
    from edge.recording import RecordingError, read

    try:
        drawing, theirs, ours = ride_plot.compare(read(record))
        out.write_text(drawing, "utf-8")
    except (RecordingError, OSError) as error:
        _fail(str(error))
    typer.echo(f"{'':28}recorded  simulated")
    for field, words in ride_plot.ROWS:
        typer.echo(f"{words:28}{getattr(theirs, field):8.2f}  {getattr(ours, field):9.2f}")


@app.command()
def samples(
    lifts: Annotated[int, typer.Option(min=1, max=100_000)] = 10,
    hours: Annotated[float, typer.Option(min=0.01, max=1000)] = 24.0,
    every: Annotated[float, typer.Option(min=0.2, max=3600, help="seconds between two samples of a lift")] = 10.0,
    start: Annotated[datetime, typer.Option(help="UTC")] = datetime(2026, 1, 1),  # noqa: DTZ001
    seed: int = 1,
) -> None:
    """Print telemetry of simulated lifts over a day, one message a line, as fast as it can be made."""
    from edge.sampling import messages

    out = sys.stdout.buffer
    try:
        for message in messages(lifts, start.replace(tzinfo=UTC), hours, every, seed):
            out.write(message + b"\n")
        out.flush()
    except BrokenPipeError:
        # Who reads has enough. Nothing more may be written, not even at the end.
        os._exit(0)


@app.command()
def rides(
    out: Annotated[Path, typer.Option(help="where the labelled rides go, .npz")],
    record: Annotated[Path | None, typer.Option(help="a recorded ride to add, CSV as for `ride`")] = None,
    seed: int = 1,
    per_wear: Annotated[int, typer.Option(min=1)] = 1000,
    lowest: Annotated[float, typer.Option(min=0.001, help="least wear, m/s2")] = 0.06,
    highest: Annotated[float, typer.Option(min=0.001, help="most wear, m/s2")] = 0.3,
) -> None:
    """Simulate labelled rides for `python -m models.train.ride`."""
    from edge import ride_set
    from edge.recording import RecordingError, read

    if lowest >= highest:
        _fail(f"lowest: {lowest:g}, expected less than highest ({highest:g})")
    try:
        made = ride_set.make(seed, per_wear, (lowest, highest))
        made += [] if record is None else ride_set.recorded(read(record))
        ride_set.save(out, made)
    except (RecordingError, OSError) as error:
        _fail(str(error))
    typer.echo(f"{out}: {len(made)} rides")


def _ask(bus: Bus, chosen: EdgeConfig, device: str, what: str, replies: "queue.Queue[Reply]") -> Reply | None:
    end = time.monotonic() + REPLY_S
    while not bus.connected and time.monotonic() < end:
        time.sleep(0.02)
    # Subscriptions are under way; an answer that came before them would be missed.
    time.sleep(0.1)
    now = datetime.now(UTC)
    command = Command(
        id=uuid4(),
        device=device,
        kind=EdgeCommand.INJECT_FAULT,
        issued=now,
        expires=now + timedelta(seconds=REPLY_S),
        args={"fault": what},
    )
    bus.publish(str(topic(chosen.site, device, Lane.COMMAND)), encode(command))
    while time.monotonic() < end:
        try:
            reply = replies.get(timeout=max(0.01, end - time.monotonic()))
        except queue.Empty:
            return None
        if reply.command == command.id:
            return reply
    return None


def _load(path: Path) -> EdgeConfig:
    try:
        return load(path)
    except EdgeConfigError as error:
        _fail(str(error))


def _fail(text: str) -> NoReturn:
    for line in text.splitlines():
        typer.echo(f"sunlit edge: {line}", err=True)
    raise typer.Exit(1)
