"""`sunlit audit`: the independent auditor, and one round of it for monitoring."""

import json
import logging
from pathlib import Path
from typing import Annotated

import typer

from alerting.audit.asking import Asking
from alerting.audit.check import check as judge
from alerting.audit.look import Look, wall
from alerting.audit.run import auditor_of, duties
from alerting.audit.voice import ways
from alerting.audit.words import sentence
from runtime import log, service
from runtime.db import Role
from runtime.settings import load
from runtime.storage import retention

app = typer.Typer(help="Watches those that watch.", no_args_is_help=True, pretty_exceptions_enable=False)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]


@app.command()
def run(config: Config = None) -> None:
    """Run the auditor until SIGTERM."""
    settings = load(config)
    log.configure("audit")
    auditor = auditor_of(settings)
    if not auditor.mouths.mouths:
        logging.getLogger(__name__).warning(
            "no address in [audit] webhook, email or apprise: what is found stands in the table `alarm`, nobody is told"
        )
    service.run("audit", {**duties(auditor), "retention": retention.work(settings, Role.AUDITOR)})


@app.command()
def check(
    config: Config = None, as_json: Annotated[bool, typer.Option("--json", help="one JSON array")] = False
) -> None:
    """Look once and say what is wrong, a line each; exit 1 when anything is. Nothing is sent or written."""
    settings = load(config)
    asking = Asking(settings.database)
    addresses = {name: address for name, (_, address) in ways(settings.audit).items()}
    facts = Look(settings.audit, asking, None).facts((), addresses)
    troubles = judge(facts, settings.audit, wall())
    asking.close()
    if as_json:
        typer.echo(
            json.dumps(
                [
                    {
                        "name": trouble.kind.value,
                        "subject": trouble.subject,
                        "since": trouble.since.isoformat(),
                        "grave": trouble.grave,
                        "words": sentence(trouble, settings.audit.language),
                        "details": trouble.details,
                    }
                    for trouble in troubles
                ],
                ensure_ascii=False,
            )
        )
    else:
        for trouble in troubles:
            typer.echo(f"{'GRAVE' if trouble.grave else 'minor'} {sentence(trouble, settings.audit.language)}")
    raise typer.Exit(1 if troubles else 0)
