"""Settings of the centre's services: one TOML file, environment variables over it, secrets by file.

`SUNLIT_CONFIG` names the file; `SUNLIT_DATABASE__URL` overrides `[database] url`, and so on. A key that ends in
`_file` beside a secret names a file that holds it.
"""

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from runtime.api_settings import ApiSettings, OidcSettings
from runtime.audit_settings import AuditSettings

SESSION_DAYS = 7
"""for which the broker keeps messages for a service that is away"""
HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class SettingsError(ValueError):
    """A setting that is missing, unknown or out of range; the text names file, key, value and what was expected."""


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(Section):
    url: str = "postgresql://localhost/sunlit"
    """the owner's connection; services connect to the same place under their own role"""
    role_password: SecretStr | None = None
    connect_timeout_s: int = Field(default=5, ge=1)


class BrokerSettings(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None
    protocol: Literal[4, 5] = 5
    tls_ca: Path | None = None
    """the authority's certificate: with it the connection is encrypted, and only its brokers are spoken to"""
    tls_cert: Path | None = None
    """the certificate that one connects with; read again at every connect"""
    tls_key: Path | None = None

    @model_validator(mode="after")
    def _together(self) -> "BrokerSettings":
        fault = wire_fault(self.tls_ca, self.tls_cert, self.tls_key, self.protocol)
        if fault is not None:
            raise ValueError(f"{fault[0]}: {fault[1]}")
        return self


def wire_fault(ca: object, cert: object, key: object, protocol: object) -> tuple[str, str] | None:
    """Which of these settings does not go with the others, and what was expected."""
    if (cert is None) != (key is None):
        return ("tls_key" if key is None else "tls_cert"), "missing, expected tls_cert and tls_key together"
    if cert is not None and ca is None:
        return "tls_ca", "missing, expected the authority's certificate beside tls_cert"
    if cert is not None and protocol == 4:
        return "protocol", "4, expected 5 with tls_cert: before that a broker cannot say that it refuses a message"
    return None


class WireSettings(Section):
    """What `sunlit device` works with; the services themselves need none of it."""

    ca: Path = Path(".sunlit/ca")
    """folder of ca.key and ca.crt; needed to issue and to revoke, not to run"""
    ca_passphrase: SecretStr | None = None
    broker: Path = Path(".sunlit/wire")
    """folder of what the broker reads: ca.crt, server.crt, server.key, crl.pem, acl"""
    listeners: int = Field(default=1, ge=1, le=64)
    """of the broker for devices, each with a file of rights (acl-0, acl-1, ...): mosquitto reads a long one slowly"""
    broker_pid: Path | None = None
    """the broker's pid file: with it the broker is told to read again"""
    device_days: int = Field(default=365, ge=1, le=3650)
    """how long a device's certificate holds"""
    overlap_days: float = Field(default=14, ge=0, le=365)
    """how long the old one holds beside the new"""


class IngestSettings(Section):
    client_id: str = "sunlit-ingest"
    batch: int = Field(default=2000, ge=1, le=10_000)
    linger_ms: int = Field(default=200, ge=1, le=60_000)
    hold_after_s: float = Field(default=20, ge=0)
    """so long behind with telemetry, edges keep theirs until ingest has caught up; 0: never"""
    silent_agent_s: float = Field(default=180, ge=30, le=86_400)
    """seconds without a word after which a device is silent; agents speak of each device every minute by default"""
    silent_lift_s: float = Field(default=180, ge=30, le=86_400)
    silent_camera_s: float = Field(default=180, ge=30, le=86_400)
    silent_kitchen_sensor_s: float = Field(default=180, ge=30, le=86_400)
    offline_s: float = Field(default=15, ge=0, le=3600)
    """how long a last will or a good-bye stands before it counts: a short break of the line is none"""
    clock_skew_s: float = Field(default=5, gt=0, le=86_400)
    """a device's clock that is further from the centre's is shown as a fault"""
    stranger_keep: int = Field(default=10_000, ge=0, le=10_000_000)
    """messages kept of a device that is not in the register; older ones are only counted, events last of all"""


class AlertingSettings(Section):
    poll_s: float = Field(default=1.0, gt=0, le=60)
    workers: int = Field(default=2, ge=1, le=32)
    """of the engine, in each process; more processes may run beside it"""
    lease_s: int = Field(default=30, ge=1)
    public_url: str = "http://127.0.0.1:8600"
    """how people outside reach the pages; links in letters begin with it"""
    fallback_s: float = Field(default=30, gt=0, le=600)
    """so long a person's next contact method waits for the one before it, unless that fails sooner"""
    map_url: str = "geo:{lat},{lon}"
    """the map in letters; `{lat}` and `{lon}` are WGS 84"""
    webhook_per_minute: int = Field(default=600, ge=0)
    """letters to one webhook host; a first page is never held back. 0: no limit"""
    email_per_minute: int = Field(default=300, ge=0)
    apprise_per_minute: int = Field(default=20, ge=0)
    """to one address: robots of WeCom and DingTalk take 20"""
    timezone: str = "Asia/Shanghai"
    """the clock by which rosters and daily work are read"""
    roster_hour: int = Field(default=16, ge=0, le=23)
    """when the holes in tomorrow's rosters are told"""
    roster_ahead_h: int = Field(default=36, ge=24, le=240)
    """how far ahead holes are looked for"""
    routing_url: str | None = None
    """a routing server that speaks OSRM's /table/v1/driving; without it ways are estimated"""
    routing_timeout_s: float = Field(default=1.0, gt=0, le=30)
    routing_days: int = Field(default=7, ge=1, le=366)
    """how long its answers are used before it is asked again"""
    webhook_secret: SecretStr = SecretStr("")
    hooks_private: bool = False
    """lets `sunlit webhook` addresses be unencrypted, and lead into private networks and to this machine"""
    hooks_timeout_s: float = Field(default=10, gt=0, le=30)
    """for which another system may think about one happening"""
    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_from: str = "sunlit@localhost"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None

    @field_validator("map_url")
    @classmethod
    def _a_place_can_be_put_in(cls, url: str) -> str:
        try:
            url.format(lat="", lon="")
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError("expected no blanks but {lat} and {lon}") from error
        return url

    @field_validator("routing_url")
    @classmethod
    def _an_address(cls, url: str | None) -> str | None:
        if url is not None and re.match(r"https?://[^/\s]+", url) is None:
            raise ValueError("expected an address such as http://127.0.0.1:5000")
        return url

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("expected a time zone such as Asia/Shanghai") from error
        return name


def hours(text: str) -> tuple[int, int]:
    """The minutes of the day at which a span such as "07:00-09:30" begins and ends. Raises ValueError."""
    found = HOURS.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r}, expected hours such as 07:00-09:30")
    begin, end = (60 * int(found[n]) + int(found[n + 1]) for n in (1, 3))
    return begin, end


class TravelSettings(Section):
    """How long a way is held to take where no routing server has said it."""

    road_factor: float = Field(default=1.4, ge=1, le=5)
    """how much longer a way is by road than as the crow flies"""
    turnout_s: float = Field(default=60, ge=0, le=3600)
    """from the call until a crew is on its way"""
    speed_kmh: float = Field(default=30, gt=0, le=150)
    """over the whole way, when no band says otherwise"""
    bands: dict[str, Annotated[float, Field(gt=0, le=150)]] = {
        "07:00-09:00": 20,
        "17:00-19:30": 20,
        "22:00-06:00": 40,
    }
    """speeds in km/h by hours of the day, in the time zone of [alerting]; the first that fits holds"""

    @field_validator("bands")
    @classmethod
    def _hours(cls, bands: dict[str, float]) -> dict[str, float]:
        for text in bands:
            hours(text)
        return bands


class RetentionSettings(Section):
    """How many days what is kept; 0: for ever. Evidence, events and incidents have rules of their own."""

    raw_days: int = Field(default=400, ge=0)
    """samples"""
    minute_days: int = Field(default=400, ge=0)
    """rollups by the minute, and so on; plain PostgreSQL makes them of the samples and has them as long as those"""
    hour_days: int = Field(default=1830, ge=0)
    day_days: int = Field(default=0, ge=0)
    late_days: int = Field(default=30, ge=3, le=365)
    """so late a sample may come and still be counted in TimescaleDB's rollups"""
    rejects_days: int = Field(default=90, ge=0)
    streams_days: int = Field(default=400, ge=0)
    """the accounting of boots that have ended; longer than the week for which a broker keeps messages for ingest"""
    orders_days: int = Field(default=400, ge=0)
    """orders to edges, with their answers"""
    letters_days: int = Field(default=400, ge=0)
    """what people were told, with its receipts; the timeline of an incident stays"""
    told_days: int = Field(default=90, ge=0)
    """what webhooks were told, and how they answered; so far back another system can catch up"""
    leases_days: int = Field(default=400, ge=0)
    """who looked at whose video; counted from the end of the lease"""
    reports_days: int = Field(default=730, ge=0)
    """reports from the public that were answered or not pursued, counted from then"""
    beats_days: int = Field(default=30, ge=0)
    """signs of life of services that are gone"""
    alarms_days: int = Field(default=400, ge=0)
    """what the auditor found, counted from its end"""
    rows_per_s: int = Field(default=20_000, ge=100)
    """no service deletes faster"""

    @field_validator("streams_days", "told_days")
    @classmethod
    def _no_repeat_can_come(cls, days: int) -> int:
        # Without its books a redelivered message would pass for a new one; what was told is looked for a week back.
        if 0 < days <= SESSION_DAYS:
            raise ValueError(f"expected 0 or more than {SESSION_DAYS}")
        return days

    @field_validator("late_days")
    @classmethod
    def _late_samples_still_exist(cls, late: int, info: ValidationInfo) -> int:
        # A refresh over a span whose samples are gone would empty the rollup there.
        for name in ("raw_days", "minute_days", "hour_days"):
            if 0 < info.data.get(name, 0) <= late:
                raise ValueError(f"expected less than {name} ({info.data[name]})")
        return late


class TimescaleSettings(Section):
    """Only where the database has TimescaleDB."""

    chunk_hours: int = Field(default=24, ge=1, le=24 * 30)
    columnstore_after_hours: int = Field(default=24, ge=1)
    late_every_minutes: int = Field(default=60, ge=1)
    """between two looks for late samples that the rollups must count"""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="SUNLIT_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )
    database: DatabaseSettings = DatabaseSettings()
    retention: RetentionSettings = RetentionSettings()
    timescale: TimescaleSettings = TimescaleSettings()
    broker: BrokerSettings = BrokerSettings()
    wire: WireSettings = WireSettings()
    ingest: IngestSettings = IngestSettings()
    alerting: AlertingSettings = AlertingSettings()
    audit: AuditSettings = AuditSettings()
    travel: TravelSettings = TravelSettings()
    api: ApiSettings = ApiSettings()
    oidc: OidcSettings = OidcSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # The environment wins over the file, whose content is handed in as init arguments.
        return env_settings, init_settings


def load(path: Path | None = None) -> Settings:
    """The settings from a TOML file (or the one that SUNLIT_CONFIG names) and the environment. Raises SettingsError."""
    named = path or (Path(os.environ["SUNLIT_CONFIG"]) if os.environ.get("SUNLIT_CONFIG") else None)
    content = _secrets_from_files(_read(named), named) if named else {}
    try:
        return Settings(**content)
    except ValidationError as error:
        where = str(named) if named else "environment"
        raise SettingsError("; ".join(_line(where, dict(fault)) for fault in error.errors())) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); expected a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error


def _secrets_from_files(content: dict[str, Any], path: Path | None) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, dict):
            filled[key] = _secrets_from_files(value, path)
        elif key.endswith("_file"):
            try:
                filled[key.removesuffix("_file")] = Path(str(value)).read_text("utf-8").strip()
            except OSError as error:
                raise SettingsError(f"{path}: {key}: {value!r} cannot be read ({error.strerror})") from error
        else:
            filled[key] = value
    return filled


def _line(where: str, fault: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{where}: {key}: unknown key, expected one of those in docs/settings.md"
    secret = any(word in key for word in ("password", "passphrase", "secret", "ping_url"))
    value = "***" if secret else repr(fault.get("input"))
    return f"{where}: {key}: {value}: {fault['msg']}"
