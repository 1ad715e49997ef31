"""Puts a trained graph into the tree: copies the file and writes its hash into the registry entry."""

import re
import shutil
from pathlib import Path
from typing import Annotated

import typer

from models import registry
from models.errors import RegistryError
from models.session import sha256_of


def release(graph: Path, name: str, book: Path = registry.SHIPPED, second: Path | None = None) -> str:
    """Copies `graph` to the file of the entry `name` and writes its hash into `book`; returns the hash.

    With `second` also the network of its second look. Comments and order of the registry file stay. Raises
    RegistryError when the entry or a hash is not there.
    """
    entry = registry.load(book).entry(name)
    if entry.file is None:
        raise RegistryError(f"{book}: {name}: file: none, expected the place of a model of ours")
    if second is not None and entry.second is not None:
        _put(second, book, entry.second.file)
    return _put(graph, book, entry.file)


def _put(graph: Path, book: Path, file: str) -> str:
    target = book.parent / file
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(graph, target)
    found = sha256_of(target)
    # The hash follows the file, in every entry that names it.
    pattern = rf'(file = "{re.escape(file)}"(?:, |\n)sha256 = ")[0-9a-f]{{64}}"'
    written, count = re.subn(pattern, rf'\g<1>{found}"', book.read_text("utf-8"))
    if not count:
        raise RegistryError(f"{book}: {file}: sha256: not found behind it, expected in the same entry")
    book.write_text(written, "utf-8")
    return found


def main(
    graph: Annotated[Path, typer.Argument(exists=True)],
    name: Annotated[str, typer.Argument(help="entry of the registry")],
    second: Annotated[Path | None, typer.Option(exists=True, help="network of its second look")] = None,
) -> None:
    """Releases a trained graph: `python -m models.release int8.onnx NAME --second second8.onnx`."""
    typer.echo(release(graph, name, second=second))


if __name__ == "__main__":
    typer.run(main)
