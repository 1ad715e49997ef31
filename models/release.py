"""Puts a trained graph into the tree: copies the file and writes its hash into the registry entry."""

import re
import shutil
from pathlib import Path

from models import registry
from models.errors import RegistryError
from models.session import sha256_of


def release(graph: Path, name: str, book: Path = registry.SHIPPED, second: Path | None = None) -> str:
    """Copies `graph` to the file of the entry `name` and replaces its hash in `book`; returns the hash.

    With `second` also the network of its second look. Comments and order of the registry file stay. Raises
    RegistryError when the entry or a hash is not there.
    """
    entry = registry.load(book).entry(name)
    if entry.file is None:
        raise RegistryError(f"{book}: {name}: file: none, expected the place of a model of ours")
    if second is not None and entry.second is not None:
        _put(second, book, entry.second.file, rf'second = {{ file = "{re.escape(entry.second.file)}", sha256 = "')
    return _put(graph, book, entry.file, rf'name = "{re.escape(name)}"\n(?:(?!\[\[model\]\])[\s\S])*?sha256 = "')


def _put(graph: Path, book: Path, file: str, before: str) -> str:
    target = book.parent / file
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(graph, target)
    found = sha256_of(target)
    written, count = re.subn(rf'({before})[0-9a-f]{{64}}"', rf'\g<1>{found}"', book.read_text("utf-8"))
    if count != 1:
        raise RegistryError(f"{book}: {file}: sha256: found {count} times, expected once after its name")
    book.write_text(written, "utf-8")
    return found
