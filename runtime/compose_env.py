"""`make env`: what docker-compose.yml needs, made once: secrets, an authority, the broker's certificate. Nothing in it
has a default."""

import secrets
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from runtime.devices.ca_cli import make
from runtime.settings import WireSettings

NAMES = ("POSTGRES_PASSWORD", "SUNLIT_ROLE_PASSWORD", "SUNLIT_BROKER_PASSWORD", "SUNLIT_WEBHOOK_SECRET")


def write(path: Path) -> list[str]:
    """Adds the secrets that the file lacks, and returns their names; what is there stays."""
    kept = path.read_text("utf-8") if path.exists() else ""
    present = {line.split("=", 1)[0] for line in kept.splitlines() if "=" in line}
    missing = [name for name in NAMES if name not in present]
    if missing:
        path.touch(mode=0o600)
        path.chmod(0o600)
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={secrets.token_urlsafe(24)}\n" for name in missing)
    return missing


def write_wire(wire: WireSettings, names: Sequence[str]) -> list[str]:
    """Makes the authority and the broker's files, and returns their folders; what is there stays."""
    if (wire.ca / "ca.key").exists():
        return []
    make(wire, list(names) or ["localhost", socket.gethostname()])
    return [str(wire.ca), str(wire.broker)]


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ".env")
    made = [*write(target), *write_wire(WireSettings(), sys.argv[2:])]
    sys.stdout.write(f"{target}: {'made ' + ', '.join(made) if made else 'nothing was missing'}\n")
