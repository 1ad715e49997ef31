"""The settings of the auditor: `[audit]`."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class AuditSettings(BaseModel):
    """The independent auditor: what it finds long, and how it reaches people. Its ways are not the desk's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="auditor", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    """its own; two auditors need two"""
    language: Literal["zh", "en"] = "zh"
    webhook: SecretStr = SecretStr("")
    """addresses, several apart by spaces or lines; `webhook_file` and so on name a file of them"""
    email: SecretStr = SecretStr("")
    apprise: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")
    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_from: str = "sunlit-auditor@localhost"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    ping_url: SecretStr = SecretStr("")
    """asked after every round that went well, at most every 30 s: whoever hears it notices when the auditor is gone"""
    every_s: float = Field(default=5, ge=0.2, le=60)
    again_s: float = Field(default=900, ge=1, le=86_400)
    """a grave trouble is said again so often while it lasts; a lesser one once a day"""
    over_s: float = Field(default=60, ge=0, le=3600)
    """a trouble that is not seen for so long is over; twice as long for each time that it came back within the hour"""
    services: dict[str, int] = {"ingest": 1, "alerting": 1, "api": 1}
    """those that must live, and how many of each (0: not missed); of ingest each share of the city needs a worker"""
    service_s: float = Field(default=30, ge=1, le=3600)
    """services give a sign of life every 5 s"""
    agent_s: float = Field(default=300, ge=0)
    """so long after an agent fell silent the auditor says so, too"""
    agents_grave_share: float = Field(default=0.1, gt=0, le=1)
    untested_h: float = Field(default=72, gt=0)
    """EN 81-28: the way of an alarm is tested so often"""
    outbox_s: float = Field(default=60, ge=1)
    due_s: float = Field(default=15, ge=1)
    finding_s: float = Field(default=300, ge=1)
    """findings past their due time; nobody waits in a lift over them"""
    handled_s: float = Field(default=30, ge=1)
    """events, commands and orders that nobody has dealt with"""
    connected_s: float = Field(default=60, ge=1)
    """ingest without the broker, or behind with alarms"""
    clock_s: float = Field(default=5, gt=0)
    disks: tuple[Path, ...] = (Path("/"),)
    disk_free_share: float = Field(default=0.05, ge=0, lt=1)
