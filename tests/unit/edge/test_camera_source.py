"""What a source means, and that its password goes nowhere."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge.cli import app
from edge.source import SourceError, SourceKind, parse, without_password


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("drawn", SourceKind.DRAWN, "drawn scene"),
        ("0", SourceKind.WEBCAM, "webcam 0"),
        ("kitchen.mp4", SourceKind.FILE, "file kitchen.mp4"),
        ("rtsp://cam.local:554/live", SourceKind.STREAM, "rtsp://cam.local:554/live"),
        ("rtsp://me:geheim@cam.local/live?token=geheim", SourceKind.STREAM, "rtsp://cam.local/live"),
    ],
)
def test_sources(text: str, kind: SourceKind, name: str) -> None:
    found = parse(text)
    assert (found.kind, found.name, found.address) == (kind, name, text)


@pytest.mark.parametrize(
    "text", ["ftp://me:geheim@host/x", "rtsp://me:geheim@:99999/x", "rtsp://", "rtsp://[me:geheim@x"]
)
def test_a_source_that_is_none_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(text)
    assert "expected" in str(caught.value) and "geheim" not in str(caught.value)


word = st.text(alphabet="abcXYZ019._~!$&*+,;=:-", min_size=6, max_size=20)


@given(word, word)
def test_a_password_is_in_no_name_and_no_representation(user: str, password: str) -> None:
    found = parse(f"rtsp://{user}:{password}@camera.example/live")
    assert found.name == "rtsp://camera.example/live"
    assert password not in repr(found)
    assert without_password(f"cannot open rtsp://{user}:{password}@camera.example/live") == (
        "cannot open rtsp://camera.example/live"
    )


@pytest.mark.parametrize(
    ("source", "status", "words"),
    [
        ("rtsp://me:geheim@cam/live", 0, "camera cam-1: rtsp://cam/live, cooking, 2 looks/s"),
        ("ftp://me:geheim@cam/live", 1, "source: 'ftp://cam/live', expected drawn, a file"),
    ],
)
def test_the_check_names_a_camera_without_its_password(tmp_path: Path, source: str, status: int, words: str) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(f'agent = "agent-1"\nsite = "site-1"\n[[camera]]\ndevice = "cam-1"\nsource = "{source}"\n', "utf-8")
    result = CliRunner().invoke(app, ["check", "--config", str(path)])
    assert result.exit_code == status and words in result.output and "geheim" not in result.output
