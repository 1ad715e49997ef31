import hashlib
import shutil
from pathlib import Path

import pytest

from models import registry
from models.errors import RegistryError
from models.release import release


def test_the_file_is_copied_and_only_its_hash_changes(tmp_path: Path) -> None:
    book = Path(shutil.copy(registry.SHIPPED, tmp_path))
    before = book.read_text()
    graph = tmp_path / "new.onnx"
    graph.write_bytes(b"new weights")
    found = release(graph, "sunlit-heads-1", book)
    assert found == hashlib.sha256(b"new weights").hexdigest()
    entry = registry.load(book).entry("sunlit-heads-1")
    assert entry.sha256 == found
    assert registry.path_of(entry, book).read_bytes() == b"new weights"
    old = registry.load().entry("sunlit-heads-1").sha256
    assert book.read_text().replace(found, old) == before


def test_an_unknown_entry_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    book = Path(shutil.copy(registry.SHIPPED, tmp_path))
    with pytest.raises(RegistryError, match="'other' is not in the registry"):
        release(tmp_path / "new.onnx", "other", book)
    assert [path.name for path in tmp_path.iterdir()] == ["registry.toml"]
