"""Live video, a recording and a clip in a real browser: from what the edge recorded to the picture on the page."""

import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.sync_api import Page, expect

from edge.drawn import Scene
from runtime.demo.layout import Layout, Options, Ports
from runtime.demo.stack import Demo
from tests.conftest import open_folder
from tests.e2e.conftest import City, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
Open = Callable[..., Page]
CAMERA = "cam-k-001-1"
PLAYING = "v => v !== null && v.currentTime > 1.5 && v.readyState >= 2 && v.videoWidth === 640"
"""true of a <video> that plays; false, not an error, while the page before it still stands there"""


def film(path: Path) -> Path:
    """Ten seconds of the drawn kitchen as a camera sends it: H.264, a key frame every two seconds."""
    scene = Scene(1)
    with av.open(str(path), "w") as out:
        track: Any = out.add_stream("libx264", rate=12, options={"preset": "veryfast", "sc_threshold": "0"})
        track.width, track.height, track.pix_fmt, track.gop_size = 640, 360, "yuv420p", 24
        for number in range(120):
            frame: Any = av.VideoFrame.from_ndarray(scene.frame(number / 12)[0], format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 12)
            out.mux(track.encode(frame.reformat(width=640, height=360, format="yuv420p")))
        out.mux(track.encode(None))
    return path


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    """The demo with a camera that sends H.264."""
    with open_folder("live-city") as home:
        options = Options(camera=str(film(home / "kitchen.mp4")), quick=True)
        demo = Demo(Layout(home, Ports.free(), options), lambda text: None)
        try:
            demo.start()
            yield City(demo)
        finally:
            demo.stop()


def recorded(city: City) -> list[Path]:
    return list((city.demo.layout.home / "spool" / "segments" / CAMERA).glob("*/*.m4s"))


def test_an_owner_looks_live_and_when_nobody_watches_it_ends(city: City, open_page: Open, faults: list[str]) -> None:
    until(lambda: len(recorded(city)) > 1, 60)
    page = open_page("owner1")
    assert page.evaluate("MediaSource.isTypeSupported('video/mp4; codecs=\"avc1.64001f\"')"), (
        "this Chromium has no H.264"
    )
    page.goto("/kitchen?lang=en")
    page.locator(f"a[href^='/live/camera/{CAMERA}']:not(.open)").first.click()
    page.click("#look")
    video = page.locator("video")
    page.wait_for_function(f"() => ({PLAYING})(document.querySelector('video'))", timeout=60_000)
    expect(page.locator("#words")).to_have_text("Live")
    expect(page.locator(".mark .corner")).to_contain_text("owner1")
    page.click(".full")
    filled = (
        "document.fullscreenElement !== null && document.fullscreenElement.contains(document.querySelector('.mark'))"
    )
    page.wait_for_function(filled)
    page.click(".full")
    first = float(video.evaluate("v => v.currentTime"))
    page.wait_for_function(f"() => document.querySelector('video').currentTime > {first + 6}", timeout=60_000)
    colours = video.evaluate(
        "v => { const c = document.createElement('canvas'); c.width = 64; c.height = 36; const p = c.getContext('2d');"
        " p.drawImage(v, 0, 0, 64, 36); return new Set(p.getImageData(0, 0, 64, 36).data).size; }"
    )
    assert colours > 30, "a picture and not a black field"
    inspector = open_page("regulator")
    inspector.goto(f"/live/camera/{CAMERA}?lang=en")
    inspector.locator("form", has=inspector.locator("#look")).locator("input[name=reason]").fill("complaint 11")
    inspector.click("#look")
    inspector.wait_for_function(f"() => ({PLAYING})(document.querySelector('video'))", timeout=60_000)
    assert len(city.rows("SELECT 1 FROM live_lease WHERE closed_at IS NULL")) == 2
    assert len(city.rows("SELECT 1 FROM live_stream")) == 1
    assert len(list((city.demo.layout.home / "live").glob("*/"))) == 1, "two look, and the site sends once"
    inspector.click("text=Stop")
    page.wait_for_function(f"() => document.querySelector('video').currentTime > {first + 9}", timeout=60_000)
    page.click("text=Stop")
    expect(page.locator("main")).to_contain_text("owner of the kitchen")
    audit = city.demo.layout.home / "spool" / "commands" / "audit.jsonl"
    until(lambda: [json.loads(line)["step"] for line in audit.read_text("utf-8").splitlines()].count("finished") >= 2)
    assert list((city.demo.layout.home / "live").glob("*/*")) == []
    assert city.rows("SELECT DISTINCT closed_why AS why FROM live_lease") == [{"why": "stopped by the viewer"}]
    assert [fault for fault in faults if "404" not in fault] == []


def test_a_patrol_begins_what_is_in_view_and_lets_go_what_is_not(city: City, open_page: Open) -> None:
    until(lambda: len(recorded(city)) > 1, 60)
    page = open_page("regulator")
    page.goto("/live/patrol?lang=en")
    for camera in (CAMERA, "cam-k-002-1"):
        page.check(f"[id='c-{camera}']")
    page.fill("#choose input[name=reason]", "before the holiday")
    page.check("input[name=grid][value='1']")
    page.click("#choose button")
    own = f"[data-camera='{CAMERA}']"
    page.wait_for_function(f'() => ({PLAYING})(document.querySelector("{own} video"))', timeout=60_000)
    expect(page.locator(f"{own} .corner")).to_contain_text("before the holiday")
    opened = "SELECT d.code FROM live_lease e JOIN device d ON d.id = e.device_id WHERE closed_at IS NULL"
    assert [row["code"] for row in city.rows(opened)] == [CAMERA], "the other one is on the next page"
    page.keyboard.press("n")
    page.wait_for_function(
        f"() => ({PLAYING})(document.querySelector(\"[data-camera='cam-k-002-1'] video\"))", timeout=60_000
    )
    until(lambda: [row["code"] for row in city.rows(opened)] == ["cam-k-002-1"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_regulator_plays_a_recording_with_a_reason(city: City, open_page: Open, language: str) -> None:
    until(lambda: len(recorded(city)) > 4, 60)
    page = open_page("regulator", 390)
    page.goto(f"/live?lang={language}")
    page.locator(f"a[href^='/live/camera/{CAMERA}']").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    oldest = int(min(recorded(city)).name.split("-")[0]) / 1000
    form = page.locator("form", has=page.locator("input[name=start]"))
    local = page.evaluate(f"new Date({(oldest + 8 * 3600) * 1000}).toISOString().slice(0, 19)")
    form.locator("input[name=start]").evaluate("(field, value) => { field.value = value; }", local)
    form.locator("input[name=minutes]").fill("0.2")
    form.locator("button[value=playback]").click()
    assert "/live/camera/" in page.url, "without a reason the form is not sent"
    form.locator("input[name=reason]").fill("complaint 12")
    form.locator("button[value=playback]").click()
    page.wait_for_function(f"() => ({PLAYING})(document.querySelector('video'))", timeout=60_000)
    expect(page.locator("#words")).to_have_text({"zh": "录像", "en": "Recording"}[language])
    expect(page.locator("main")).to_contain_text("complaint 12")


def test_a_clip_is_taken_away(city: City, open_page: Open, tmp_path: Path) -> None:
    until(lambda: len(recorded(city)) > 4, 60)
    page = open_page("owner1")
    page.goto(f"/live/camera/{CAMERA}?lang=en")
    oldest = int(min(recorded(city)).name.split("-")[0]) / 1000
    local = page.evaluate(f"new Date({(oldest + 8 * 3600) * 1000}).toISOString().slice(0, 19)")
    form = page.locator("form", has=page.locator("input[name=start]"))
    form.locator("input[name=start]").evaluate("(field, value) => { field.value = value; }", local)
    form.locator("input[name=minutes]").fill("0.1")
    form.locator("button[value=clip]").click()
    button = page.locator("#clip")
    expect(button).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        button.click()
    path = tmp_path / "clip.mp4"
    download.value.save_as(path)
    container: Any = av.open(str(path))
    with container:
        assert sum(1 for _ in container.decode(video=0)) > 20
    assert city.rows("SELECT 1 FROM audit_log WHERE action = 'clip_taken'")


def test_the_drawn_camera_of_the_demo_plays_too_and_only_for_its_owner(city: City, open_page: Open) -> None:
    page = open_page("owner2")
    answer = page.goto(f"/live/camera/{CAMERA}")
    assert answer is not None and answer.status == 404, "another's camera"
    page.goto("/live/camera/cam-k-002-1?lang=en")
    page.click("#look")
    page.wait_for_function(f"() => ({PLAYING})(document.querySelector('video'))", timeout=60_000)
