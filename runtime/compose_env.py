"""`make env`: what docker-compose.yml needs, made once: secrets, an authority, the broker's certificate. Nothing in it
has a default."""

import secrets
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from runtime.devices.authority import AuthorityError
from runtime.devices.ca_cli import make, missing
from runtime.devices.files import FileFault, there
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
    """Makes the authority and the broker's files, and returns their folders; what is there stays.

    Raises AuthorityError or FileFault, also where the broker's files are gone that an authority made.
    """
    lacking = missing(wire)
    if not lacking:
        # Its key may be kept elsewhere: a second authority would shut every device out.
        return []
    if there(wire.ca / "ca.key"):
        raise FileFault(
            f"{wire.broker}: lacks {', '.join(lacking)}, expected the files of the authority in {wire.ca}:"
            " run `sunlit device ca server --name NAME`, then `sunlit device apply`; or, before the first device,"
            f" remove {wire.ca} and try again"
        )
    make(wire, list(names) or ["localhost", socket.gethostname()])
    return [str(wire.ca), str(wire.broker)]


def main(words: Sequence[str]) -> int:
    """The file of secrets, then the broker's names. Returns the exit status."""
    target = Path(words[0] if words else ".env")
    try:
        made = [*write(target), *write_wire(WireSettings(), words[1:])]
    except (AuthorityError, FileFault, OSError) as error:
        sys.stderr.write(f"make env: {error}\n")
        return 1
    sys.stdout.write(f"{target}: {'made ' + ', '.join(made) if made else 'nothing was missing'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
