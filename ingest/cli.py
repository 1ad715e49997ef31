"""`sunlit ingest`: the service, and the proof that nothing is unaccounted for."""

import gc
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.topics import SHARDS
from ingest import liveness, rejects_cli, strangers, strangers_cli
from ingest.consumer import BEAT_S, lanes
from ingest.rejects_cli import opened, print_table
from ingest.shard import WHOLE, Shard
from ingest.shard import shard as parse_shard
from ingest.sql import QUERIES
from runtime import log, service
from runtime.db import Role
from runtime.settings import load
from runtime.storage import retention

app = typer.Typer(help="From the broker to the database.", no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(rejects_cli.app, name="rejects")
app.command()(strangers_cli.strangers)
app.command()(strangers_cli.adopt)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]
Shards = Annotated[
    list[Shard] | None,
    typer.Option("--shard", parser=parse_shard, metavar="K/N", help="worker K of N; may be given several times"),
]
COUNTS = ("published", "stored", "rejected", "lost", "duplicates", "unexplained")


@app.command()
def run(config: Config = None, shard: Shards = None) -> None:
    """Run the service until SIGTERM."""
    settings = load(config)
    log.configure("ingest")
    chosen = shard or [WHOLE]
    consumers = {name: lane for part in chosen for name, lane in lanes(settings, part).items()}
    shards = sorted({number for part in chosen for number in part.numbers or range(SHARDS)})
    duties: dict[str, service.Duty] = {name: consumer.run for name, consumer in consumers.items()}
    duties["liveness"] = liveness.duty(settings, lambda: [lane.ear for lane in consumers.values()], shards)
    duties["strangers"] = strangers.duty(settings)
    duties["retention"] = retention.work(settings, Role.INGEST)
    # The MQTT client leaves a small cycle behind for every message. Searching for them all the time is a third of the
    # work, and searching for very many at once holds up an alarm: so every thousand messages or two.
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    service.run("ingest", duties)


@app.command()
def close(
    config: Config = None,
    shard: Shards = None,
    quiet_s: Annotated[float, typer.Option(min=1, help="seconds without a message that mean: drained")] = 5,
) -> None:
    """Write what still waits for workers that will not come back, and end their sessions at the broker.

    Else, when the number of workers changes, the broker goes on keeping every message for the old ones.
    """
    settings = load(config)
    log.configure("ingest")
    consumers = {name: lane for part in shard or [WHOLE] for name, lane in lanes(settings, part, True).items()}
    beats = _rows(config, "beating", names=list(consumers), seconds=3 * BEAT_S)
    for beat in beats:
        typer.echo(f"sunlit ingest: {beat['instance']} runs (last beat {beat['ago']} s ago); stop it first", err=True)
    if beats:
        raise typer.Exit(1)
    for name, consumer in consumers.items():
        typer.echo(f"{name}: {consumer.close(quiet_s)} messages written, session ended")


@app.command()
def audit(
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Show published = stored + rejected + lost for every device, boot and lane.

    Exit 1 when a finished boot leaves a rest, or running ones a larger rest than their agents still keep to send.
    """
    rows = _rows(config, "audit")
    in_flight = int(_rows(config, "in_flight")[0]["spooled"])
    totals = {name: sum(int(row[name]) for row in rows) for name in COUNTS}
    if as_json:
        typer.echo(json.dumps({**totals, "in_flight": in_flight, "streams": rows}, default=str))
    else:
        print_table(rows, ("device", "boot", "lane", *COUNTS))
        typer.echo(", ".join(f"{name} {value}" for name, value in {**totals, "in flight": in_flight}.items()))
    raise typer.Exit(0 if balanced(rows, in_flight) else 1)


def balanced(rows: list[dict[str, Any]], in_flight: int) -> bool:
    """Whether every rest is explained: a finished boot leaves none, running boots no more than is in flight."""
    rests = [(bool(row["finished"]), int(row["unexplained"])) for row in rows]
    return all(rest == 0 if done else rest >= 0 for done, rest in rests) and sum(rest for _, rest in rests) <= in_flight


def _rows(config: Path | None, query: str, **values: object) -> list[dict[str, Any]]:
    with opened(config) as connection:
        return connection.execute(QUERIES[query], values or None).fetchall()
