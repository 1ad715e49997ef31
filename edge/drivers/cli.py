"""`sunlit edge drivers`: what a technician needs at the lift."""

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from contracts.messages import ClimateSample, LiftSample
from edge.config import EdgeConfigError, LiftConfig, SensorConfig
from edge.config_file import load
from edge.drivers import Driver, DriverError, describe, make, make_sensor
from edge.drivers.mapping import shipped
from edge.drivers.shape import APART

app = typer.Typer(help="The lifts' and sensors' drivers.", no_args_is_help=True, pretty_exceptions_enable=False)
LOOK_S = 0.1


@app.command("try")
def try_(
    config: Annotated[Path, typer.Argument(help="edge.toml")],
    device: Annotated[str, typer.Option("--device", help="lift-442001")],
    count: Annotated[int, typer.Option("--count", min=0, help="end after so many samples; 0: until Ctrl-C")] = 0,
    wait: Annotated[float, typer.Option("--wait", min=1, help="seconds without a new sample before giving up")] = 30.0,
) -> None:
    """Print what a lift or a sensor says, one line a sample. Exit 1 when nothing new comes for `--wait` seconds."""
    try:
        loaded = load(config)
        devices: dict[str, LiftConfig | SensorConfig] = {lift.device: lift for lift in loaded.lift}
        devices |= {sensor.device: sensor for sensor in loaded.sensor}
        if device not in devices:
            _fail(f"--device: {device!r}, expected one of {sorted(devices)}")
        chosen = devices[device]
        driver = make(chosen) if isinstance(chosen, LiftConfig) else make_sensor(chosen)
    except EdgeConfigError as error:
        _fail(str(error))
    typer.echo(f"{device}: {describe(chosen)}")
    try:
        _show(driver, chosen, count, wait)
    except KeyboardInterrupt:
        typer.echo("")


@app.command()
def mappings() -> None:
    """Name the mappings that come with Sunlit."""
    for name in shipped():
        typer.echo(name)


def _show(
    driver: Driver[LiftSample] | Driver[ClimateSample], chosen: LiftConfig | SensorConfig, count: int, wait: float
) -> None:
    pace = chosen.every_s if isinstance(chosen, SensorConfig) and chosen.driver == "simulator" else LOOK_S
    shown, fault, heard = 0, "", time.monotonic()
    opened = False
    while True:
        try:
            if not opened:
                driver.open()
                opened = True
            sample = driver.read()
        except DriverError as error:
            if str(error) != fault:
                fault = str(error)
                typer.echo(fault, err=True)
            driver.close()
            opened, sample = False, None
        if sample is not None:
            typer.echo(f"{datetime.now().astimezone():%H:%M:%S} {line(sample)}")
            shown, fault, heard = shown + 1, "", time.monotonic()
        if 0 < count <= shown:
            break
        if time.monotonic() - heard > wait:
            driver.close()
            _fail(f"{chosen.device}: nothing new for {wait:g} s")
        time.sleep(pace if opened else 1.0)
    driver.close()


def line(sample: LiftSample | ClimateSample) -> str:
    """A sample for a person's eyes: unknown fields are a question mark."""
    words = [f"{name}={_word(getattr(sample, name))}" for name in sample.__struct_fields__ if name not in APART]
    if isinstance(sample, LiftSample):
        words.append(f"codes={','.join(sample.codes) or '-'}")
        if sample.source_codes:
            words.append(f"{sample.source_scheme}={','.join(sample.source_codes)}")
    return " ".join(words)


def _word(value: object) -> str:
    if value is None:
        return "?"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(getattr(value, "name", value)).lower()


def _fail(text: str) -> NoReturn:
    typer.echo(f"sunlit edge drivers: {text}", err=True)
    raise typer.Exit(1)
