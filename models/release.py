"""Puts a trained graph into the tree: copies the file and writes its hash into the registry entry."""

import re
import shutil
from pathlib import Path

from models import registry
from models.errors import RegistryError
from models.session import sha256_of


def release(graph: Path, name: str, book: Path = registry.SHIPPED) -> str:
    """Copies `graph` to the file of the entry `name` and replaces its hash in `book`; returns the hash.

    Comments and order of the registry file stay. Raises RegistryError when the entry or its hash is not there.
    """
    entry = registry.load(book).entry(name)
    if entry.file is None:
        raise RegistryError(f"{book}: {name}: file: none, expected the place of a model of ours")
    target = book.parent / entry.file
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(graph, target)
    found = sha256_of(target)
    text = book.read_text("utf-8")
    pattern = rf'(name = "{re.escape(name)}"\n(?:(?!\[\[model\]\])[\s\S])*?sha256 = ")[0-9a-f]{{64}}"'
    written, count = re.subn(pattern, rf'\g<1>{found}"', text)
    if count != 1:
        raise RegistryError(f"{book}: {name}: sha256: found {count} times, expected once after the name")
    book.write_text(written, "utf-8")
    return found
