"""Where a demo keeps its things, and the configuration files that its services read."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runtime.demo.city import AGENT, CATERERS, KITCHENS, LIFTS, PEOPLE, SITE
from runtime.settings import BrokerSettings, DatabaseSettings
from runtime.stack.ports import free_port


@dataclass(frozen=True)
class Ports:
    """TCP ports on the loopback interface."""

    api: int = 8600
    broker: int = 8601
    webhook: int = 8602
    smtp: int = 8603
    wire: int = 8604

    @classmethod
    def free(cls) -> "Ports":
        """Ports that nobody holds, for a demo beside another."""
        return cls(*(free_port() for _ in range(5)))


@dataclass(frozen=True)
class Options:
    """What a person chose for the demo."""

    camera: str = "drawn"
    quick: bool = False
    """clocks of seconds instead of minutes, for the story that is played without a person"""


class Layout:
    """The folder of one demo."""

    def __init__(self, home: Path, ports: Ports, options: Options) -> None:
        self.home, self.ports, self.options = home.resolve(), ports, options

    @property
    def settings_file(self) -> Path:
        return self.home / "sunlit.toml"

    @property
    def edge_file(self) -> Path:
        return self.home / "edge.toml"

    @property
    def inbox(self) -> Path:
        """What the webhook and SMTP receivers got, one JSON object a line."""
        return self.home / "inbox.jsonl"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports.api}"

    @property
    def webhook(self) -> str:
        return f"http://127.0.0.1:{self.ports.webhook}/hook"

    def secrets(self) -> Mapping[str, str]:
        """Passwords and tokens, made once for this folder and readable by its owner alone."""
        path = self.home / "secrets.json"
        if not path.exists():
            names = [person[0] for person in PEOPLE]
            made = {name: secrets.token_urlsafe(9) for name in names}
            made |= {"upload_token": secrets.token_urlsafe(24), "webhook_secret": secrets.token_urlsafe(24)}
            path.touch(mode=0o600)
            path.write_text(json.dumps(made, indent=1), "utf-8")
        kept: dict[str, str] = json.loads(path.read_text("utf-8"))
        return kept

    def write_settings(self, database: DatabaseSettings, broker: BrokerSettings) -> None:
        """The centre's settings."""
        made = self.secrets()
        quick = self.options.quick
        text = f"""\
[database]
url = {_text(database.url)}

[broker]
port = {broker.port}
protocol = {broker.protocol}

[alerting]
poll_s = {0.25 if quick else 1.0}
public_url = {_text(self.url)}
webhook_secret = {_text(made["webhook_secret"])}
smtp_port = {self.ports.smtp}
smtp_from = "sunlit@demo.invalid"

[audit]
webhook = {_text(f"{self.webhook}/auditor")}
email = "auditor@demo.invalid"
webhook_secret = {_text(made["webhook_secret"])}
smtp_port = {self.ports.smtp}
smtp_from = "sunlit-auditor@demo.invalid"

[api]
port = {self.ports.api}
evidence = {_text(self.home / "evidence")}
live = {_text(self.home / "live")}
demo = true
"""
        _write_private(self.settings_file, text)

    def write_edge(self, broker: BrokerSettings) -> None:
        """The edge agent's configuration: 12 lifts, 6 cameras, 6 sensors."""
        quick = self.options.quick
        parts = [
            f"""\
agent = "{AGENT}"
site = "{SITE}"
spool = {_text(self.home / "spool")}
status_every_s = {2 if quick else 10}

[broker]
port = {broker.port}
protocol = {broker.protocol}
{_tls(broker)}
[upload]
url = {_text(self.url)}
token = {_text(self.secrets()["upload_token"])}

[segments]
max_gb = 0.2
"""
        ]
        if quick:
            parts.append("[rules.trapped]\nstill_out_of_zone_s = 2\nperson_out_of_zone_s = 3\nperson_level_s = 6\n")
        for seed, lift in enumerate(LIFTS):
            parts.append(
                f'[[lift]]\ndevice = "lift-{lift}"\ndriver = "simulator"\nfloors = {12 + seed}\nseed = {seed + 1}\n'
            )
        for seed, kitchen in enumerate(KITCHENS[: 2 if quick else None]):
            source, zone = self.options.camera if seed == 0 else "drawn", CATERERS[seed][4]
            parts.append(
                f'[[camera]]\ndevice = "cam-{kitchen}-1"\nsource = {_text(source)}\nzone = "{zone}"\n'
                f'zone_kind = "{zone}"\nlooks_per_second = 2.0\nseed = {seed + 1}\n'
            )
        for kitchen in KITCHENS:
            parts.append(f'[[sensor]]\ndevice = "sensor-{kitchen}"\n')
        _write_private(self.edge_file, "\n".join(parts))


def _tls(broker: BrokerSettings) -> str:
    files = {"tls_ca": broker.tls_ca, "tls_cert": broker.tls_cert, "tls_key": broker.tls_key}
    return "".join(f"{key} = {_text(path)}\n" for key, path in files.items() if path is not None)


def _text(value: object) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's."""
    return json.dumps(str(value), ensure_ascii=False)


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, "utf-8")
