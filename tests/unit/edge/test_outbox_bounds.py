"""The outbox holds so much and no more: what matters least and is oldest goes, counted, and over a restart."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest

from contracts.messages import Evidence
from edge.outbox import CLIP, EVIDENCE, SPARE_BYTES, STILL, Losses, Outbox


class Usage(NamedTuple):
    free: int


CAPTURED = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
KB = 1024


def evidence(outbox: Outbox, size: int, *, advisory: bool = False, event: UUID | None = None) -> str:
    event, sha = event or uuid4(), f"{size:064x}"
    proof = Evidence(sha256=sha, media="image/jpeg", captured=CAPTURED)
    outbox.evidence(event, "cam-1", b"x" * size, proof, advisory=advisory)
    return f"{EVIDENCE}-{event}-{sha[:16]}"


def clip(outbox: Outbox, file: Path, size: int, event: UUID) -> str:
    file.write_bytes(b"c" * size)
    sha = f"{size:064x}"
    outbox.clip(event, "cam-1", file, Evidence(sha256=sha, media="video/mp4", captured=CAPTURED))
    return f"{CLIP}-{event}-{sha[:16]}"


def older(outbox: Outbox, name: str, hours: int) -> None:
    at = CAPTURED.timestamp() - 3600 * hours
    os.utime(outbox.waiting / f"{name}.json", (at, at))


def test_stills_go_first_then_advice_and_what_matters_stays(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, max_bytes=100 * KB)
    for number in range(3):
        outbox.still(f"cam-{number}", b"s" * 10 * KB, CAPTURED)
        older(outbox, f"{STILL}-cam-{number}", number)
    advice = [evidence(outbox, 20 * KB + number, advisory=True) for number in range(2)]
    older(outbox, advice[0], 5)
    matters = [evidence(outbox, 15 * KB)]
    # The oldest still makes room for this one.
    matters.append(evidence(outbox, 16 * KB))
    assert set(outbox.names()) == {f"{STILL}-cam-0", f"{STILL}-cam-1", *advice, *matters}
    matters.append(evidence(outbox, 30 * KB))
    assert set(outbox.names()) == {advice[1], *matters}
    with pytest.raises(OSError, match="is the centre reachable"):
        evidence(outbox, 90 * KB)
    assert set(outbox.names()) == {advice[1], *matters}, "none goes where it would not help"
    assert outbox.lost == Losses(stills=3, evidence=2) and Outbox(tmp_path).lost == outbox.lost
    assert outbox.words()["pictures_lost"] == "stills 3, evidence 2"
    assert {path.suffix for path in outbox.waiting.iterdir()} == {".json", ".jpg"}
    assert len(list(outbox.waiting.iterdir())) == 2 * len(outbox.names()), "no file without its parcel"


def test_no_evidence_goes_for_a_still(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, max_bytes=100 * KB)
    kept = evidence(outbox, 95 * KB, advisory=True)
    with pytest.raises(OSError, match="no room for"):
        outbox.still("cam-1", b"s" * 10 * KB, CAPTURED)
    assert outbox.names() == [kept] and outbox.lost == Losses(stills=1)


def test_what_the_centre_refused_goes_before_anything_that_waits(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, max_bytes=100 * KB)
    refused = evidence(outbox, 60 * KB)
    found = outbox.take(refused)
    assert found is not None
    outbox.set_aside(refused, found[0], "422")
    outbox.still("cam-1", b"s" * 60 * KB, CAPTURED)
    assert list(outbox.refused.iterdir()) == [] and outbox.lost == Losses()


def test_a_clip_is_taken_over_once_however_often_it_is_handed_in(tmp_path: Path) -> None:
    outbox, event = Outbox(tmp_path / "pictures"), uuid4()
    name = clip(outbox, tmp_path / "cut.mp4", 5000, event)
    assert not (tmp_path / "cut.mp4").exists() and outbox.names() == [name]
    # Killed after its parcel was written and before the first file was removed.
    (tmp_path / "cut.mp4").write_bytes(b"c" * 5000)
    proof = Evidence(sha256=f"{5000:064x}", media="video/mp4", captured=CAPTURED)
    outbox = Outbox(tmp_path / "pictures")
    outbox.clip(event, "cam-1", tmp_path / "cut.mp4", proof)
    assert outbox.names() == [name] and not (tmp_path / "cut.mp4").exists()
    found = outbox.take(name)
    assert found is not None and found[1].read() == b"c" * 5000
    outbox.done(name, found[0])
    # Killed after it has even arrived: nothing is left to send.
    outbox.clip(event, "cam-1", tmp_path / "cut.mp4", proof)
    assert outbox.names() == [] and list(outbox.waiting.iterdir()) == []


def test_pictures_go_before_stills_and_clips_last(tmp_path: Path) -> None:
    outbox, event = Outbox(tmp_path / "pictures"), uuid4()
    late = clip(outbox, tmp_path / "cut.mp4", 5000, event)
    outbox.still("cam-1", b"s", CAPTURED)
    picture = evidence(outbox, 10, event=event)
    assert outbox.names() == [picture, f"{STILL}-cam-1", late]
    assert outbox.words() == {
        "pictures_waiting": "2",
        "clips_waiting": "1",
        "pictures_mb": outbox.words()["pictures_mb"],
        "pictures_lost": "stills 0, evidence 0",
    }


def test_what_a_crash_left_without_a_parcel_takes_no_room(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    kept = evidence(outbox, 100)
    for name in ("a-1.jpg", "c-2.mp4", ".a-3.json.part"):
        (outbox.waiting / name).write_bytes(b"x")
    (outbox.refused / "a-4.jpg").write_bytes(b"x")
    again = Outbox(tmp_path)
    assert {path.stem for path in again.waiting.iterdir()} == {kept} and not list(again.refused.iterdir())


def test_the_last_of_the_disk_is_not_for_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox = Outbox(tmp_path)
    outbox.still("cam-1", b"s" * 10 * KB, CAPTURED)
    free = [SPARE_BYTES + 5 * KB]
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(free[0]))
    kept = evidence(outbox, 10 * KB)
    assert outbox.names() == [kept] and outbox.lost == Losses(stills=1)
    free[0] = 0
    with pytest.raises(OSError, match="no room"):
        evidence(outbox, 11 * KB)
    assert outbox.lost == Losses(stills=1, evidence=1)
