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


def test_every_entry_of_the_file_and_its_second_look_follow(tmp_path: Path) -> None:
    book = Path(shutil.copy(registry.SHIPPED, tmp_path))
    graph, second = tmp_path / "new.onnx", tmp_path / "second.onnx"
    graph.write_bytes(b"new weights")
    second.write_bytes(b"new eyes")
    release(graph, "sunlit-heads-1", book, second=second)
    shipped = registry.load(book)
    entries = [shipped.entry(name) for name in ("sunlit-heads-1", "sunlit-heads-1-wide")]
    assert {entry.sha256 for entry in entries} == {hashlib.sha256(b"new weights").hexdigest()}
    looks = [entry.second for entry in entries if entry.second is not None]
    assert [look.sha256 for look in looks] == [hashlib.sha256(b"new eyes").hexdigest()] * 2
    assert (tmp_path / looks[0].file).read_bytes() == b"new eyes"


def test_a_model_that_is_fetched_is_not_ours_to_release(tmp_path: Path) -> None:
    book = Path(shutil.copy(registry.SHIPPED, tmp_path))
    with pytest.raises(RegistryError, match="yolox-nano-person: file: none"):
        release(tmp_path / "new.onnx", "yolox-nano-person", book)


def test_an_unknown_entry_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    book = Path(shutil.copy(registry.SHIPPED, tmp_path))
    with pytest.raises(RegistryError, match="'other' is not in the registry"):
        release(tmp_path / "new.onnx", "other", book)
    assert [path.name for path in tmp_path.iterdir()] == ["registry.toml"]
