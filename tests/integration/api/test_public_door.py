"""The public's door over a real database: light, without a cookie, honest about what it does not know."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import STATIC, create_app
from api.i18n import LANGUAGES
from api.public.cache import PublicCache
from api.public.looks import QUERIES as LOOKS
from runtime.api_settings import ApiSettings
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings, Settings

PAGES = (
    *("/", "/towns", "/search", "/search?q=442", "/search?q=no+such+thing", "/lift/442001", "/restaurant/k-001"),
    *("/lift/442001/qr", "/restaurant/k-001/qr", "/lift/442001/report", "/report", "/report/ABCD-EFGH", "/open-data"),
)
ALL_IN_ALL = 100_000
CAMERA = "cam-k-001-1"


@pytest.fixture
def city(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.OWNER) as connection:
        yield connection


@pytest.fixture
def client(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[TestClient]:
    pages = ApiSettings(evidence=tmp_path / "e", live=tmp_path / "l", public_url="https://lifts.example")
    with TestClient(create_app(Settings(database=city_db, api=pages)), headers={"accept": "text/html"}) as made:
        yield made


def forget(client: TestClient) -> None:
    """As if half a minute had passed."""
    stack = client.app.middleware_stack  # type: ignore[attr-defined]
    while not isinstance(stack, PublicCache):
        stack = stack.app
    for shelf in (stack.places, stack.searches):
        for name in list(shelf.slots):
            shelf.drop(name)


def camera(city: Connection, state: str, online: bool = True, age: str = "10 s") -> None:
    city.execute(
        "INSERT INTO device_status (device_id, online, camera_state, seen_at, at)"
        " SELECT id, %(online)s, %(state)s, now() - %(age)s::interval, now() FROM device WHERE code = %(code)s"
        " ON CONFLICT (device_id) DO UPDATE SET online = excluded.online, camera_state = excluded.camera_state,"
        " seen_at = excluded.seen_at",
        {"online": online, "state": state, "age": age, "code": CAMERA},
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_leaves_a_cookie_or_asks_a_stranger_or_weighs_much(client: TestClient, language: str) -> None:
    for path in PAGES:
        answer = client.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert answer.status_code == (404 if path.startswith("/report/") else 200), path
        assert "set-cookie" not in answer.headers, path
        assert not client.cookies, path
        text = answer.text
        assert re.findall(r"\[[a-z_]+\.[a-z0-9_]+\]", text) == [], path
        # What the browser loads by itself, before anybody taps anything.
        parts = re.findall(r'<(?:link rel="(?:stylesheet|icon)" href|script src|img[^>]* src)="([^"]+)"', text)
        assert [part for part in parts if not part.startswith("/static/")] == [], path
        weight = len(text.encode()) + sum(
            (STATIC / part.removeprefix("/static/").partition("?")[0]).stat().st_size for part in parts
        )
        if path != "/towns":
            assert weight < ALL_IN_ALL and "<script" not in text, (path, weight)


def test_a_page_is_kept_and_asked_for_again_cheaply(client: TestClient, city: Connection) -> None:
    first = client.get("/lift/442001?lang=en")
    city.execute("UPDATE place SET name_en = 'Elsewhere'")
    again = client.get("/lift/442001?lang=en&utm_source=x")
    assert again.content == first.content and "Elsewhere" not in again.text
    known = client.get("/lift/442001?lang=en", headers={"if-none-match": first.headers["etag"]})
    assert known.status_code == 304 and known.content == b""
    assert "Vary" in first.headers and "public" in first.headers["cache-control"]
    city.execute("UPDATE lift SET in_use = false")
    forget(client)
    assert client.get("/lift/442001?lang=en").status_code == 404


def test_a_page_holds_nothing_of_the_host_that_was_asked(client: TestClient) -> None:
    for path in ("/", "/lift/442001", "/search?q=442", "/open-data", "/towns"):
        assert "evil" not in client.get(path, headers={"host": "evil.example"}).text, path


@pytest.mark.parametrize(
    ("state", "online", "age", "words", "counts"),
    [
        ("active", True, "10 s", "active", True),
        ("degraded", True, "10 s", "not working", False),
        ("pending", True, "10 s", "being checked", False),
        ("active", False, "10 s", "not working", False),
        ("active", True, "5 min", "not working", False),
        ("none", True, "10 s", "not registered", False),
    ],
)
def test_only_a_camera_that_works_now_makes_an_open_kitchen(
    client: TestClient, city: Connection, state: str, online: bool, age: str, words: str, counts: bool
) -> None:
    camera(city, state, online, age)
    text = client.get("/restaurant/k-001?lang=en").text
    assert f">{words}</span>" in text
    assert (">Open kitchen</span>" in text) is counts and (">Not visible now</span>" in text) is not counts
    share = city.execute("SELECT sum((cameras_active > 0)::int) AS n FROM public_kitchen").fetchone()
    assert share == {"n": int(counts)}


def test_a_place_without_grade_and_picture_says_so_and_invents_nothing(client: TestClient, city: Connection) -> None:
    text = client.get("/restaurant/k-001?lang=en").text
    assert "Not graded here yet" in text and "none has come from this camera yet" in text and "<img" not in text
    city.execute("UPDATE device SET retired_at = now() WHERE kind = 'camera'")
    forget(client)
    assert "No camera is registered here" in client.get("/restaurant/k-001?lang=en").text
    lift = client.get("/lift/442001?lang=en").text
    assert "Nobody was trapped in this lift" in lift and "never shown" in lift and "<img" not in lift


def test_a_still_says_when_it_was_and_is_not_sent_twice(client: TestClient, city: Connection) -> None:
    city.execute(
        "INSERT INTO still (device_id, taken_at, sha256, picture) SELECT id, now(), repeat('a', 64), 'jpeg'"
        " FROM device WHERE code = %s",
        (CAMERA,),
    )
    address = f"/restaurant/k-001/still/{CAMERA}.jpg"
    text = client.get("/restaurant/k-001?lang=en").text
    assert address in text and "blurred" in text
    first = client.get(address)
    assert client.get(address, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    city.execute(
        "INSERT INTO still_withheld (device_id, at, reason) SELECT id, now() + interval '1 s', 'blur'"
        " FROM device WHERE code = %s",
        (CAMERA,),
    )
    forget(client)
    text = client.get("/restaurant/k-001?lang=en").text
    assert "could not be made unrecognisable" in text and address not in text


def test_search_finds_by_name_address_and_code_in_both_languages(client: TestClient, city: Connection) -> None:
    city.execute("UPDATE place SET address_en = '1 Long Street' WHERE id = (SELECT place_id FROM lift LIMIT 1)")
    row = city.execute("SELECT code, name_zh, name_en FROM kitchen WHERE code = 'k-001'").fetchone()
    assert row is not None
    for words in ("442001", row["name_zh"], row["name_en"].upper(), "long STREET", "k-001"):
        text = client.get("/search", params={"q": words, "lang": "en"}).text
        assert "<li class" in text, words
    assert "<li class" not in client.get("/search?q=long+442999").text
    # What means something to LIKE means nothing here, and neither does a quote.
    for words in ("%", "_", "\\", "%' OR 1=1", "<b>", "\0"):
        assert "<li class" not in client.get("/search", params={"q": words}).text, words
    nothing = client.get("/search", params={"q": "<b>nothing", "lang": "en"}).text
    assert "Nothing found for" in nothing and "<b>nothing" not in nothing
    assert "restaurant/k-001" not in client.get("/search?q=0&kind=lift").text


def test_search_has_pages(client: TestClient, city: Connection) -> None:
    city.execute(
        "INSERT INTO kitchen (code, place_id, owner_org_id, name_zh, name_en)"
        " SELECT 'many-' || n, place_id, owner_org_id, '面馆', 'Noodles ' || n FROM kitchen, generate_series(1, 45) n"
        " WHERE code = 'k-001'"
    )
    seen: set[str] = set()
    address, count = "/search?q=noodles&lang=en", 0
    while address:
        text = client.get(address).text
        assert "45 found" in text
        seen |= set(re.findall(r"/restaurant/(many-\d+)", text))
        following = re.search(r'rel="next" href="([^"]+)"', text)
        address, count = (following.group(1).replace("&amp;", "&"), count + 1) if following else ("", count + 1)
    assert len(seen) == 45 and count == 3


def test_a_sticker_leads_to_the_page_in_the_phones_language(client: TestClient) -> None:
    answer = client.get("/q/l/442001", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "/lift/442001")
    assert client.get("/q/r/k-001", headers={"accept-language": "en"}).headers["content-language"] == "en"
    assert client.get("/q/x/442001").status_code == 404 and client.get("/q/l/%2f%2fevil.example").status_code == 404


def test_a_sign_holds_the_public_address_and_both_languages(client: TestClient) -> None:
    text = client.get("/lift/442001/qr?size=a6").text
    assert "https://lifts.example/q/l/442001" in text and "<svg" in text and 'class="sheet a6"' in text
    assert "Is this lift safe?" in text and "这部电梯安全吗" in text and "96333" in text


def test_towns_are_on_a_map_and_in_words(client: TestClient, city: Connection) -> None:
    points = client.get("/towns.geojson?lang=en").json()["features"]
    names = {
        row["name_en"]
        for row in city.execute(
            "SELECT name_en FROM town t WHERE EXISTS (SELECT FROM place p WHERE p.town_code = t.code)"
        )
    }
    assert {point["properties"]["label"] for point in points} == names and names
    assert all(
        0 < point["properties"]["size"] <= 1 for point in points if "0 passenger" not in point["properties"]["text"]
    )
    text = client.get("/towns?lang=en&sort=lifts&order=desc").text
    assert 'aria-sort="descending"' in text and all(name in text for name in names)


def test_open_kitchens_are_counted_once_an_hour(
    client: TestClient, city: Connection, city_db: DatabaseSettings
) -> None:
    camera(city, "active")
    with connect(city_db, Role.API) as api:
        for _ in range(3):
            api.execute(LOOKS["look"])
        row = city.execute(
            "SELECT sum(looks) AS looks, sum(open_kitchens) AS n, count(*) AS towns FROM open_kitchen_day"
        ).fetchone()
        assert row is not None and row["n"] == 1 and row["looks"] == row["towns"]
        city.execute("UPDATE open_kitchen_day SET last_look = last_look - interval '1 hour'")
        api.execute(LOOKS["look"])
    row = city.execute("SELECT max(looks) AS looks, sum(open_kitchens) AS n FROM open_kitchen_day").fetchone()
    assert row == {"looks": 2, "n": 2}
    # A year later they are what this year is compared with.
    assert 'a year before: <span class="tag unknown">' in client.get("/?lang=en").text
    city.execute("UPDATE open_kitchen_day SET day = day - 370")
    forget(client)
    kitchens = city.execute("SELECT count(*) AS n FROM public_kitchen").fetchone()
    assert kitchens is not None
    assert f'a year before: <span class="nowrap">{100 / kitchens["n"]:.0f} ' in client.get("/?lang=en").text


def test_too_many_searches_at_once_are_told_so(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/search?q=442").status_code == 200
    client.app.state.turns.asked = 32  # type: ignore[attr-defined]
    busy = client.get("/search?q=443&lang=en")
    assert busy.status_code == 429 and busy.headers["retry-after"] == "5" and "Too often" in busy.text
    # What is known is still answered, and the next turn is free again.
    assert client.get("/search?q=442").status_code == 200
    client.app.state.turns.asked = 0  # type: ignore[attr-defined]
    assert client.get("/search?q=443&lang=en").status_code == 200
