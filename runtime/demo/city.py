"""The invented city: 3 towns, 12 lifts, 6 kitchens, 4 maintenance units, 3 rescue stations. Nobody in it exists."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from runtime.db import Connection

SITE = "demo"
AGENT = "agent-demo"
LIFTS = tuple(f"{number}" for number in range(442001, 442013))
KITCHENS = tuple(f"k-{number:03d}" for number in range(1, 7))


class Address(NamedTuple):
    """Where the demo's messages go: test doubles that speak the real protocols."""

    webhook: str
    email_domain: str = "demo.invalid"


TOWNS = (("442000001", "石岐", "Shiqi"), ("442000002", "东区", "Dongqu"), ("442000106", "小榄", "Xiaolan"))

# code, kind, zh, en, town, lat, lon
ORGANISATIONS = (
    ("bureau", "bureau", "示范市场监管局", "Demo Market Regulation Bureau", None, 22.5170, 113.3820),
    ("mu-1", "maintenance", "安捷电梯维保", "Anjie Lift Maintenance", "442000001", 22.5221, 113.3790),
    ("mu-2", "maintenance", "恒升电梯维保", "Hengsheng Lift Maintenance", "442000002", 22.5080, 113.4060),
    ("mu-3", "maintenance", "通达电梯维保", "Tongda Lift Maintenance", "442000106", 22.6660, 113.2500),
    ("mu-4", "maintenance", "广联电梯维保", "Guanglian Lift Maintenance", "442000002", 22.5150, 113.3990),
    ("rs-1", "rescue_station", "石岐救援站", "Shiqi Rescue Station", "442000001", 22.5265, 113.3705),
    ("rs-2", "rescue_station", "东区救援站", "Dongqu Rescue Station", "442000002", 22.5052, 113.4101),
    ("rs-3", "rescue_station", "小榄救援站", "Xiaolan Rescue Station", "442000106", 22.6702, 113.2466),
    ("city-119", "city_rescue", "全市应急救援（119）", "City Rescue (119)", None, 22.5160, 113.3910),
    ("city-120", "ambulance", "急救中心（120）", "Ambulance Centre (120)", None, 22.5185, 113.3945),
    ("grid-1", "grid_office", "石岐网格站", "Shiqi Grid Office", "442000001", 22.5212, 113.3801),
    ("grid-2", "grid_office", "东区网格站", "Dongqu Grid Office", "442000002", 22.5088, 113.4050),
    ("grid-3", "grid_office", "小榄网格站", "Xiaolan Grid Office", "442000106", 22.6655, 113.2510),
    ("prop-1", "property", "凯茵物业", "Kaiyin Property", "442000001", 22.5230, 113.3775),
    ("prop-2", "property", "东明物业", "Dongming Property", "442000002", 22.5095, 113.4030),
    ("prop-3", "property", "榄城物业", "Lancheng Property", "442000106", 22.6640, 113.2530),
)

# code, zh, en, address zh, address en, town, grid, lat, lon, property
PLACES = (
    (
        "p-1",
        "凯茵新城 B2 座",
        "Kaiyin Xincheng B2",
        "石岐示范路 18 号",
        "18 Shifan Road, Shiqi",
        0,
        "g-1",
        22.5233,
        113.3771,
        "prop-1",
    ),
    (
        "p-2",
        "石岐百货大楼",
        "Shiqi Department Store",
        "石岐中兴路 2 号",
        "2 Zhongxing Road, Shiqi",
        0,
        "g-1",
        22.5207,
        113.3812,
        "prop-1",
    ),
    (
        "p-3",
        "东明大厦",
        "Dongming Tower",
        "东区东明路 66 号",
        "66 Dongming Road, Dongqu",
        1,
        "g-2",
        22.5098,
        113.4033,
        "prop-2",
    ),
    (
        "p-4",
        "东区人民医院",
        "Dongqu Hospital",
        "东区康健路 1 号",
        "1 Kangjian Road, Dongqu",
        1,
        "g-2",
        22.5061,
        113.4075,
        "prop-2",
    ),
    (
        "p-5",
        "榄城广场",
        "Lancheng Plaza",
        "小榄民安路 9 号",
        "9 Min'an Road, Xiaolan",
        2,
        "g-3",
        22.6643,
        113.2527,
        "prop-3",
    ),
    (
        "p-6",
        "菊城花园",
        "Jucheng Garden",
        "小榄菊城路 30 号",
        "30 Jucheng Road, Xiaolan",
        2,
        "g-3",
        22.6689,
        113.2489,
        "prop-3",
    ),
)

# kitchen zh, en, kind, place index, zone kind of camera 1
CATERERS = (
    ("阳光小馆", "Sunny Bistro", "small_restaurant", 0, "special_room"),
    ("石岐乳鸽楼", "Shiqi Pigeon House", "large_restaurant", 1, "cooking"),
    ("东明员工餐厅", "Dongming Canteen", "staff_canteen", 2, "portioning"),
    ("康健营养餐", "Kangjian Meals", "central_kitchen", 3, "cutting"),
    ("榄城大排档", "Lancheng Kitchen", "small_restaurant", 4, "cooking"),
    ("菊城幼儿园食堂", "Jucheng Nursery Kitchen", "nursery", 5, "cooking"),
)


def seed(connection: Connection, address: Address, passwords: Mapping[str, str], upload_token: str) -> bool:
    """Writes the city's register once; False when it is there already.

    `passwords` holds an argon2 hash per login; `upload_token` is what the agent shows when it sends pictures.
    """
    if connection.execute("SELECT 1 FROM town LIMIT 1").fetchone():
        return False
    with connection.transaction():
        _organisations(connection, address)
        _places(connection)
        _lifts(connection)
        _kitchens(connection, address)
        _devices(connection, upload_token)
        _people(connection, passwords)
    return True


def _organisations(connection: Connection, address: Address) -> None:
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO town (code, name_zh, name_en) VALUES (%s, %s, %s)", TOWNS)
        cursor.executemany(
            "INSERT INTO organisation (code, kind, name_zh, name_en, town_code, lat, lon)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            ORGANISATIONS,
        )
    for code, kind, *_ in ORGANISATIONS:
        _contact(connection, code, "webhook", f"{address.webhook}/{code}", 1)
        if kind in ("maintenance", "rescue_station", "property"):
            _contact(connection, code, "email", f"{code}@{address.email_domain}", 2)


def _contact(connection: Connection, organisation: str, channel: str, target: str, priority: int) -> None:
    connection.execute(
        "INSERT INTO contact_method (organisation_id, channel, address, priority, verified_at)"
        " SELECT id, %s, %s, %s, %s FROM organisation WHERE code = %s",
        (channel, target, priority, datetime.now(UTC), organisation),
    )


def _places(connection: Connection) -> None:
    for code, zh, en, address_zh, address_en, town, grid, lat, lon, owner in PLACES:
        connection.execute(
            "INSERT INTO place (code, name_zh, name_en, address_zh, address_en, town_code, grid_code, lat, lon,"
            " property_org_id) SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, id FROM organisation WHERE code = %s",
            (code, zh, en, address_zh, address_en, TOWNS[town][0], grid, lat, lon, owner),
        )


def _lifts(connection: Connection) -> None:
    for index, code in enumerate(LIFTS):
        car = index % 2 + 1
        connection.execute(
            "INSERT INTO lift (code, place_id, name_zh, name_en, maintenance_org_id, floors, rated_speed, rated_load,"
            " next_inspection, machine_room_note)"
            " SELECT %s, p.id, %s, %s, o.id, %s, 1.75, 1000, '2027-03-31', %s"
            " FROM place p, organisation o WHERE p.code = %s AND o.code = %s",
            (
                code,
                f"{car} 号梯",
                f"Lift {car}",
                12 + index,
                "机房在顶层，钥匙在值班室",
                PLACES[index // 2][0],
                f"mu-{index // 3 + 1}",
            ),
        )


def _kitchens(connection: Connection, address: Address) -> None:
    for number, (zh, en, kind, place, _) in enumerate(CATERERS, 1):
        owner = f"cat-{number}"
        connection.execute(
            "INSERT INTO organisation (code, kind, name_zh, name_en, town_code) VALUES (%s, 'caterer', %s, %s, %s)",
            (owner, zh, en, TOWNS[PLACES[place][5]][0]),
        )
        _contact(connection, owner, "webhook", f"{address.webhook}/{owner}", 1)
        _contact(connection, owner, "email", f"{owner}@{address.email_domain}", 2)
        connection.execute(
            "INSERT INTO kitchen (code, place_id, owner_org_id, name_zh, name_en, kind, licence)"
            " SELECT %s, p.id, o.id, %s, %s, %s, %s FROM place p, organisation o WHERE p.code = %s AND o.code = %s",
            (KITCHENS[number - 1], zh, en, kind, f"DEMO-{number:06d}", PLACES[place][0], owner),
        )


def _devices(connection: Connection, upload_token: str) -> None:
    digest = hashlib.sha256(upload_token.encode()).hexdigest()
    connection.execute(
        "INSERT INTO device (code, kind, site, upload_token_sha256) VALUES (%s, 'agent', %s, %s)", (AGENT, SITE, digest)
    )
    for code in LIFTS:
        connection.execute(
            "INSERT INTO device (code, kind, site, lift_id) SELECT %s, 'lift', %s, id FROM lift WHERE code = %s",
            (f"lift-{code}", SITE, code),
        )
    for code, (*_, zone_kind) in zip(KITCHENS, CATERERS, strict=True):
        for kind, device, zh, en, zone in (
            ("camera", f"cam-{code}-1", "1 号摄像头", "Camera 1", zone_kind),
            ("kitchen_sensor", f"sensor-{code}", "温湿度", "Temperature", ""),
        ):
            connection.execute(
                "INSERT INTO device (code, kind, site, kitchen_id, name_zh, name_en, zone, zone_kind)"
                " SELECT %s, %s, %s, id, %s, %s, %s, %s FROM kitchen WHERE code = %s",
                (device, kind, SITE, zh, en, zone, zone, code),
            )


# login, name, role, organisation
PEOPLE = (
    ("admin", "管理员", "admin", "bureau"),
    ("operator", "王值班", "operator", "bureau"),
    ("regulator", "李监管", "regulator", "bureau"),
    *((f"owner{number}", f"店主{number}", "owner", f"cat-{number}") for number in range(1, 7)),
)


def _people(connection: Connection, passwords: Mapping[str, str]) -> None:
    for login, name, role, organisation in PEOPLE:
        connection.execute(
            "INSERT INTO person (login, name, organisation_id, password_hash)"
            " SELECT %s, %s, id, %s FROM organisation WHERE code = %s",
            (login, name, passwords.get(login), organisation),
        )
        connection.execute(
            "INSERT INTO person_role (person_id, role, organisation_id)"
            " SELECT p.id, %s, CASE WHEN %s THEN p.organisation_id END FROM person p WHERE p.login = %s",
            (role, role == "owner", login),
        )
