"""Unblurred video: every route and every role, renewed while somebody watches, gone afterwards, and in the audit."""

import asyncio
import html
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api.app import create_app
from api.live import leases
from api.live import routes as live_routes
from api.session import HASHER
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings
from tests.integration.api.test_public_door import forget

PASSWORD = "a good password"
HASH = HASHER.hash(PASSWORD)
INIT = b"\x00\x00\x00\x18ftypiso5" + b"\x00" * 12
SEGMENT = b"\x00\x00\x00\x18moof" + b"picture" * 50
EDGE = {"Authorization": "Bearer upload-token", "X-Sunlit-Device": "cam-k-001-1"}
TIMES = {"X-Segment-Start": "2026-11-25T12:00:00+00:00", "X-Segment-Seconds": "2.0", "X-Segment-Init": "0"}
SignIn = Callable[[str], TestClient]


@pytest.fixture
def settings(city_db: DatabaseSettings, tmp_path: Path) -> Settings:
    with connect(city_db, Role.OWNER) as connection:
        connection.execute("UPDATE person SET password_hash = %s", (HASH,))
        connection.execute(
            "INSERT INTO device (code, kind, site, lift_id, name_zh, name_en)"
            " SELECT 'cam-442001', 'camera', 'demo', id, '轿厢', 'car' FROM lift WHERE code = '442001'"
        )
    return Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "evidence", live=tmp_path / "live"))


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as made:
        yield made


@pytest.fixture
def sign_in(client: TestClient) -> SignIn:
    def do(login: str) -> TestClient:
        client.cookies.clear()
        answer = client.post("/login", data={"login": login, "password": PASSWORD}, follow_redirects=False)
        assert answer.status_code == 303
        return client

    return do


def rows(settings: Settings, statement: str) -> list[dict[str, Any]]:
    with connect(settings.database, Role.OWNER) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def csrf(client: TestClient, camera: str = "cam-k-001-1") -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(f"/live/camera/{camera}").text)
    return found.group(1) if found else ""


def stream_of(settings: Settings, lease: UUID) -> UUID:
    """What the edge sends to."""
    (row,) = rows(settings, f"SELECT coalesce(stream_id, id) AS id FROM live_lease WHERE id = '{lease}'")
    found: UUID = row["id"]
    return found


def media(client: TestClient, lease: UUID) -> str:
    """Where the video of an own lease lies."""
    shown = html.unescape(client.get(f"/live/{lease}").text)
    found = re.search(r'"media": ?"(/live/[^"]+)"', shown)
    return found.group(1) if found else ""


def begin(client: TestClient, camera: str = "cam-k-001-1", **form: str) -> tuple[int, str]:
    values = {"mode": "live", "csrf": csrf(client, camera), **form}
    answer = client.post(f"/live/camera/{camera}", data=values, follow_redirects=False)
    return answer.status_code, answer.headers.get("location", "")


def lease_of(client: TestClient, **form: str) -> UUID:
    status, where = begin(client, **form)
    assert status == 303
    return UUID(where.removeprefix("/live/"))


def lease_of_form(client: TestClient, token: dict[str, str]) -> UUID:
    """A lease as a player opens it: without a page, answered in JSON."""
    answer = client.post(
        "/live/camera/cam-k-001-1", data={"mode": "live", **token}, headers={"accept": "application/json"}
    )
    assert answer.status_code == 201 and answer.json()["media"].startswith(answer.json()["base"])
    return UUID(answer.json()["base"].removeprefix("/live/"))


def push(client: TestClient, lease: UUID, what: str, content: bytes, **changes: str) -> int:
    headers = {**EDGE, **TIMES, **{key.replace("_", "-"): value for key, value in changes.items()}}
    return int(client.put(f"/edge/v1/live/{lease}/{what}", content=content, headers=headers).status_code)


def fill(client: TestClient, video: UUID) -> None:
    assert push(client, video, "init/0", INIT) == 201
    assert push(client, video, "segment/0", SEGMENT) == 201


def incident(settings: Settings, lift: str = "442001") -> None:
    rows(
        settings,
        "INSERT INTO incident (number, lift_id, rule, state, policy_id, alarm_at, opened_at)"
        f" SELECT 'R1', l.id, 'alarm_button', 'received', p.id, now(), now() FROM lift l, policy p"
        f" WHERE l.code = '{lift}' AND p.kind = 'lift'",
    )


def test_an_owner_looks_renews_and_stops_and_all_of_it_is_logged(
    settings: Settings, client: TestClient, sign_in: SignIn
) -> None:
    owner = sign_in("owner1")
    lease = lease_of(owner)
    base = f"/live/{lease}"
    (order,) = rows(settings, "SELECT kind, args, actor, reason, expires_at - created_at AS life FROM edge_order")
    assert (order["kind"], order["actor"], order["reason"]) == ("live", "owner1", "owner of the kitchen")
    stream, video = stream_of(settings, lease), media(owner, lease)
    assert order["args"] == {"lease": str(stream), "by": "owner1", "why": "owner of the kitchen", "seconds": 45}
    assert owner.get(f"{video}/playlist.m3u8").status_code == 404
    assert owner.get(f"{base}/state").json()["segments"] == 0
    fill(client, stream)
    listed = owner.get(f"{video}/playlist.m3u8")
    assert listed.headers["content-type"] == "application/vnd.apple.mpegurl" and "0.m4s" in listed.text
    assert "no-store" in listed.headers["cache-control"]
    assert owner.get(f"{video}/init-0.mp4").content == INIT
    shown = owner.get(f"{video}/0.m4s")
    assert shown.content == SEGMENT and shown.headers["content-type"] == "video/mp4"
    page = owner.get(base)
    assert "media-src 'self' blob:" in page.headers["content-security-policy"]
    token = {"csrf": csrf(owner)}
    rows(settings, "UPDATE live_lease SET until = now() + interval '5 s'")
    rows(settings, "UPDATE live_stream SET asked_at = now() - interval '13 seconds', until = now() + interval '5 s'")
    assert [owner.post(f"{base}/renew", data=token).status_code for _ in range(3)] == [200] * 3
    assert len(rows(settings, "SELECT 1 FROM edge_order")) == 2, "the edge is asked once, however often the page renews"
    assert owner.post(f"{base}/renew", data={"csrf": "guessed"}).status_code == 403
    owner.post(f"{base}/stop", data=token)
    assert owner.get(f"{video}/0.m4s").status_code == 410
    assert push(client, stream, "segment/1", SEGMENT) == 410
    assert list(settings.api.live.glob("*/*")) == []
    assert rows(settings, "SELECT args ->> 'seconds' AS s FROM edge_order ORDER BY created_at")[-1]["s"] == "0"
    assert [
        (row["actor"], row["action"], row["object"], row["reason"])
        for row in rows(settings, "SELECT actor, action, object, reason FROM audit_log ORDER BY id")
    ] == [
        ("owner1", "live_opened", "camera cam-k-001-1", "owner of the kitchen"),
        ("owner1", "live_ended", "camera cam-k-001-1", "stopped by the viewer"),
    ]
    assert "owner of the kitchen" in owner.get("/live/camera/cam-k-001-1?lang=en").text


def test_ten_viewers_cost_the_edge_one_stream_and_the_last_one_out_ends_it(
    settings: Settings, client: TestClient, sign_in: SignIn
) -> None:
    owner = sign_in("owner1")
    leases_ = [lease_of(owner) for _ in range(9)]
    (stream,) = {stream_of(settings, lease) for lease in leases_}
    fill(client, stream)
    inspector = sign_in("regulator")
    leases_.append(lease_of(inspector, reason="complaint 12"))
    # The late one sees what is there at once; the site is told of everybody, but always of the one stream.
    assert inspector.get(f"{media(inspector, leases_[9])}/0.m4s").content == SEGMENT
    orders = rows(settings, "SELECT DISTINCT args ->> 'lease' AS stream FROM edge_order")
    assert orders == [{"stream": str(stream)}]
    assert rows(settings, "SELECT args ->> 'by' AS by FROM edge_order ORDER BY created_at")[-1]["by"] == "regulator"
    token = {"csrf": csrf(inspector)}
    rows(settings, "UPDATE live_stream SET asked_at = now() - interval '13 seconds'")
    before = len(rows(settings, "SELECT 1 FROM edge_order"))
    assert inspector.post(f"/live/{leases_[9]}/renew", data=token).status_code == 200
    inspector.post(f"/live/{leases_[9]}/stop", data=token)
    owner = sign_in("owner1")
    token = {"csrf": csrf(owner)}
    for lease in leases_[:8]:
        owner.post(f"/live/{lease}/renew", data=token)
        owner.post(f"/live/{lease}/stop", data=token)
    assert len(rows(settings, "SELECT 1 FROM edge_order")) == before + 1, "one renewal for all of them, and no end yet"
    assert push(client, stream, "segment/1", SEGMENT) == 201
    owner.post(f"/live/{leases_[8]}/stop", data=token)
    assert rows(settings, "SELECT args ->> 'seconds' AS s FROM edge_order ORDER BY created_at")[-1]["s"] == "0"
    assert push(client, stream, "segment/2", SEGMENT) == 410
    assert stream_of(settings, lease_of(owner)) != stream, "who comes later begins a new one"


def test_viewers_that_come_and_go_at_once_lose_no_stream(settings: Settings, sign_in: SignIn) -> None:
    owner = sign_in("owner1")
    token = {"csrf": csrf(owner)}

    def come_and_go(_: int) -> UUID:
        lease = lease_of_form(owner, token)
        owner.post(f"/live/{lease}/stop", data=token)
        return lease_of_form(owner, token)

    with ThreadPoolExecutor(8) as pool:
        left = list(pool.map(come_and_go, range(16)))
    streams = {stream_of(settings, lease) for lease in left}
    assert streams == {row["id"] for row in rows(settings, "SELECT id FROM live_stream")}
    assert len(streams) == 1


def test_a_regulator_gives_a_reason(settings: Settings, sign_in: SignIn) -> None:
    regulator = sign_in("regulator")
    assert begin(regulator)[0] == 403
    assert begin(regulator, reason="   ")[0] == 403
    assert begin(regulator, reason="complaint 12")[0] == 303
    (row,) = rows(settings, "SELECT reason, role FROM live_lease")
    assert row == {"reason": "complaint 12", "role": "regulator"}


def test_a_car_is_shown_only_while_its_lift_is_in_trouble(
    settings: Settings, client: TestClient, sign_in: SignIn
) -> None:
    operator = sign_in("operator")
    assert operator.get("/live/camera/cam-442001").status_code == 404
    incident(settings)
    assert operator.get("/live/camera/cam-442001").status_code == 200
    assert "/live/camera/cam-442001" in operator.get("/board/incident/R1").text
    lease = lease_of(operator, camera="cam-442001")
    changed, video = {"X_Sunlit_Device": "cam-442001"}, media(operator, lease)
    assert push(client, stream_of(settings, lease), "init/0", INIT, **changed) == 201
    assert operator.get(f"{video}/init-0.mp4").status_code == 200
    rows(settings, "UPDATE incident SET closed_at = now(), state = 'closed'")
    # What was allowed a moment ago is so no more.
    for path in (f"/live/{lease}", f"/live/{lease}/state", f"{video}/playlist.m3u8", f"{video}/init-0.mp4"):
        assert operator.get(path).status_code == 404, path


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Every route of the live pages, from the router itself: a new one is in this test the day it is written."""
    found = [route for route in live_routes.router.routes if isinstance(route, APIRoute)]
    return [(method, route.path) for route in found for method in route.methods or ()]


@pytest.mark.parametrize("login", ["", "owner2", "operator", "admin", "regulator"])
def test_every_route_is_closed_to_everybody_else(
    settings: Settings, client: TestClient, sign_in: SignIn, login: str
) -> None:
    owner = sign_in("owner1")
    lease = lease_of(owner, command=str(uuid4()))
    fill(client, stream_of(settings, lease))
    sealed = media(owner, lease).rpartition("/")[2]
    client.cookies.clear()
    if login:
        sign_in(login)
    found = routes(client.app)  # type: ignore[arg-type]
    assert len(found) >= 9
    for method, path in found:
        if path == "/live" or (login == "regulator" and "{code}" in path):
            # The list holds only what is theirs; a regulator answers for this kitchen, but not with an owner's lease.
            continue
        address = path.format(lease=lease, number=0, code="cam-k-001-1", sealed=sealed)
        answer = client.request(
            method, address, data={"csrf": "x"} if method == "POST" else None, follow_redirects=False
        )
        assert answer.status_code in ((303, 401) if not login else (404, 403)), (method, path, answer.status_code)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/login")
        assert SEGMENT not in answer.content and INIT not in answer.content


def test_the_list_holds_what_is_theirs(settings: Settings, sign_in: SignIn) -> None:
    incident(settings)
    seen = {
        login: set(re.findall(r"/live/camera/([\w-]+)", sign_in(login).get("/live").text))
        for login in ("owner1", "owner2", "regulator", "operator")
    }
    assert seen["owner1"] == {"cam-k-001-1"} and seen["owner2"] == {"cam-k-002-1"}
    assert len(seen["regulator"]) == 6 and seen["operator"] == {"cam-442001"}


@pytest.mark.parametrize(
    "path",
    [
        "../../../etc/passwd",
        "..%2f..%2fsunlit.toml",
        "init-..%2f0.mp4",
        "init--1.mp4",
        "-1.m4s",
        "0.m4s%00.mp4",
        "%2e%2e/done",
        "done",
        "init-0.mp4/../done",
        "99999999999999999999.m4s",
    ],
)
def test_no_path_leads_out(client: TestClient, sign_in: SignIn, settings: Settings, path: str) -> None:
    owner = sign_in("owner1")
    lease = lease_of(owner)
    fill(client, stream_of(settings, lease))
    (settings.api.live / "done").write_text("secret", "utf-8")
    answer = owner.get(f"{media(owner, lease)}/{path}")
    assert answer.status_code in (404, 422) and b"secret" not in answer.content


@pytest.mark.parametrize(
    ("what", "content", "changes", "status"),
    [
        ("init/0", INIT, {"Authorization": "Bearer wrong"}, 401),
        ("init/0", INIT, {"X_Sunlit_Device": "cam-k-002-1"}, 404),
        ("init/0", INIT, {"X_Sunlit_Device": "cam-k-999-1"}, 401),
        ("init/0", b"GIF89a12345", {}, 422),
        ("init/-1", INIT, {}, 422),
        ("init/0", INIT + b"x" * 70_000, {}, 413),
        ("segment/0", SEGMENT, {"X_Segment_Start": "2026-11-25T12:00:00"}, 422),
        ("segment/0", SEGMENT, {"X_Segment_Start": "1026-11-25T12:00:00+00:00"}, 422),
        ("segment/0", SEGMENT, {"X_Segment_Seconds": "0"}, 422),
        ("segment/0", SEGMENT, {"X_Segment_Seconds": "nan"}, 422),
        ("segment/0", SEGMENT, {"X_Segment_Init": "../1"}, 422),
        ("segment/100000000", SEGMENT, {}, 422),
        ("clip", INIT, {}, 422),
    ],
)
def test_what_the_edge_may_not_bring_is_refused(
    settings: Settings,
    client: TestClient,
    sign_in: SignIn,
    what: str,
    content: bytes,
    changes: dict[str, str],
    status: int,
) -> None:
    stream = stream_of(settings, lease_of(sign_in("owner1")))
    assert push(client, stream, what, content, **changes) == status
    assert push(client, uuid4(), "init/0", INIT) == 404


def test_a_full_folder_is_said(settings: Settings, client: TestClient, sign_in: SignIn) -> None:
    stream = stream_of(settings, lease_of(sign_in("owner1")))
    settings.api.live.mkdir(exist_ok=True)
    (settings.api.live / stream.hex).write_text("a file where the folder should be", "utf-8")
    assert push(client, stream, "init/0", INIT) == 507


def test_nobody_watches_and_it_ends_by_itself(settings: Settings, client: TestClient, sign_in: SignIn) -> None:
    owner = sign_in("owner1")
    lease = lease_of(owner)
    stream, video = stream_of(settings, lease), media(owner, lease)
    fill(client, stream)
    for table in ("live_lease", "live_stream"):
        rows(settings, f"UPDATE {table} SET until = now() - interval '1 second'")
    assert owner.get(f"{video}/0.m4s").status_code == 410
    assert owner.post(f"/live/{lease}/renew", data={"csrf": csrf(owner)}).status_code == 410
    assert push(client, stream, "segment/1", SEGMENT) == 410
    portal = client.portal
    assert portal is not None
    portal.call(leases.sweep_once, client.app)  # type: ignore[arg-type]
    assert [path.name for path in settings.api.live.iterdir()] == [".key"]
    assert rows(settings, "SELECT 1 FROM live_stream") == []
    (row,) = rows(settings, "SELECT closed_why FROM live_lease")
    assert row["closed_why"] == "the lease is over"
    assert rows(settings, "SELECT action FROM audit_log ORDER BY id")[-1]["action"] == "live_ended"


def test_no_view_lasts_for_ever(settings: Settings, sign_in: SignIn) -> None:
    owner = sign_in("owner1")
    lease = lease_of(owner)
    rows(settings, "UPDATE live_lease SET opened_at = now() - interval '61 minutes'")
    assert owner.post(f"/live/{lease}/renew", data={"csrf": csrf(owner)}).status_code == 410


def test_a_recording_and_a_clip(settings: Settings, client: TestClient, sign_in: SignIn) -> None:
    owner = sign_in("owner1")
    past = {"start": "2026-11-25T12:00:00", "minutes": "2"}
    rows(settings, "UPDATE device SET name_en = 'stove' WHERE code = 'cam-k-001-1'")
    playback, clip = (lease_of(owner, mode=mode, **past) for mode in ("playback", "clip"))
    orders = rows(
        settings, "SELECT kind, args ->> 'start' AS start, args ->> 'end' AS stop FROM edge_order ORDER BY kind"
    )
    # Times of the form are the city's.
    assert [tuple(order.values()) for order in orders] == [
        (kind, "2026-11-25T12:00:00+08:00", "2026-11-25T12:02:00+08:00") for kind in ("clip", "playback")
    ]
    fill(client, playback)
    assert "ENDLIST" not in owner.get(f"{media(owner, playback)}/playlist.m3u8").text
    assert push(client, playback, "done", b'{"reason":"all of it was sent"}') == 201
    assert "#EXT-X-ENDLIST" in owner.get(f"{media(owner, playback)}/playlist.m3u8").text
    assert owner.get(f"/live/{playback}/state").json()["done"]
    assert push(client, clip, "clip", INIT + b"video") == 201
    taken = owner.get(f"{media(owner, clip)}/clip.mp4")
    assert taken.content == INIT + b"video"
    assert taken.headers["content-disposition"] == (
        f"attachment; filename*=utf-8''cam-k-001-1-20261125T040000Z-owner1-{clip.hex[:8]}.mp4"
    )
    assert rows(settings, "SELECT action FROM audit_log ORDER BY id")[-1]["action"] == "clip_taken"


@pytest.mark.parametrize(
    "form",
    [
        {"mode": "for ever"},
        {"mode": "playback"},
        {"mode": "playback", "start": "yesterday", "minutes": "1"},
        {"mode": "playback", "start": "2026-11-25T12:00:00", "minutes": "11"},
        {"mode": "playback", "start": "2026-11-25T12:00:00", "minutes": "nan"},
        {"mode": "playback", "start": "2126-11-25T12:00:00", "minutes": "1"},
    ],
)
def test_what_cannot_be_asked_is_refused(settings: Settings, sign_in: SignIn, form: dict[str, str]) -> None:
    assert begin(sign_in("owner1"), **form)[0] == 422
    assert rows(settings, "SELECT 1 FROM live_lease") == []


def test_a_double_press_is_one_lease(settings: Settings, sign_in: SignIn) -> None:
    owner, identity = sign_in("owner1"), str(uuid4())
    assert [begin(owner, command=identity)[0] for _ in range(2)] == [303, 303]
    assert len(rows(settings, "SELECT 1 FROM live_lease")) == len(rows(settings, "SELECT 1 FROM edge_order")) == 1
    # Somebody else who knows the identity gets nothing by it.
    stranger = sign_in("owner2")
    begin(stranger, camera="cam-k-002-1", command=identity)
    assert stranger.get(f"/live/{identity}").status_code == 404


def test_a_reason_stands_instead_of_the_still(client: TestClient) -> None:
    jpeg = b"\xff\xd8\xff\xe0" + b"picture" * 50
    where, at = "/edge/v1/still/cam-k-001-1", "2026-11-25T12:00:0{}Z"
    headers = {"Authorization": "Bearer upload-token"}

    def send(path: str, second: int, **content: Any) -> int:
        sent = {**headers, "X-Captured-At": at.format(second)}
        return int(client.put(where + path, headers=sent, **content).status_code)

    assert send("", 1, content=jpeg) == 201
    assert send("/withheld", 2, json={"reason": "blur"}) == 201
    forget(client)
    page = client.get("/restaurant/k-001?lang=en").text
    assert "could not be made unrecognisable" in page and "still/cam-k-001-1.jpg" not in page
    assert client.get("/restaurant/k-001/still/cam-k-001-1.jpg").status_code == 404
    assert send("", 3, content=jpeg) == 201
    forget(client)
    page = client.get("/restaurant/k-001?lang=en").text
    assert "could not be made" not in page and "still/cam-k-001-1.jpg" in page
    assert send("/withheld", 4, json={"reason": "lunch"}) == 422
    assert (
        client.put(
            where + "/withheld",
            json={"reason": "blur"},
            headers={**headers, "X-Captured-At": at.format(5), "Authorization": "Bearer x"},
        ).status_code
        == 401
    )


def test_sweeping_with_the_database_away_waits(settings: Settings) -> None:
    away = Settings(
        database=DatabaseSettings(url=settings.database.url.replace("dbname=", "dbname=no_such_"), connect_timeout_s=1),
        api=settings.api,
    )
    with TestClient(create_app(away)) as client:
        portal = client.portal
        assert portal is not None
        portal.call(asyncio.sleep, 0.5)
        assert client.get("/healthz").status_code == 503
