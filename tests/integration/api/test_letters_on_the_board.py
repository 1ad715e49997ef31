"""An operator sees who was told and what became of it, and no address: it can be a secret."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from alerting import outbox
from alerting.contacts import Contact
from alerting.letters import Letter
from api.app import create_app
from api.session import HASHER
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings

PASSWORD = "a good password"
KEY = "693a91f6b7cc4bc497a00ec2f5a0a1b2"
NOW = datetime.now(UTC)


@pytest.fixture
def client(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[TestClient]:
    with connect(city_db, Role.OWNER) as owner:
        owner.execute("UPDATE person SET password_hash = %s", (HASHER.hash(PASSWORD),))
        incident = owner.execute(
            "INSERT INTO incident (number, lift_id, rule, state, tier, policy_id, alarm_at, opened_at)"
            " SELECT 'R1', l.id, 'alarm_button', 'dispatched', 1, p.id, now(), now() FROM lift l, policy p"
            " WHERE l.code = '442001' AND p.kind = 'lift' RETURNING id"
        ).fetchone()
        unit = owner.execute("SELECT id FROM organisation WHERE code = 'mu-1'").fetchone()
        methods = owner.execute(
            "SELECT id FROM contact_method WHERE organisation_id = %s ORDER BY id", (unit and unit["id"],)
        ).fetchall()
    assert incident and unit
    ways = [("apprise", f"wecombot://{KEY}"), ("email", "wang.wei@anjie.example")]
    contacts = [
        Contact(
            id=row["id"], channel=channel, address=address, language="zh", priority=place, organisation_id=unit["id"]
        )
        for place, (row, (channel, address)) in enumerate(zip(methods, ways, strict=True), 1)
    ]
    with connect(city_db, Role.ALERTING) as connection:
        outbox.tell(
            connection,
            contacts,
            lambda _: Letter("s", f"https://sunlit.example/c/{KEY}"),
            prefix="i1",
            stage="tier_offer",
            now=NOW,
            give_up_at=NOW + timedelta(hours=1),
            incident_id=incident["id"],
        )
        connection.execute("UPDATE outbox SET state = 'sent', delivered_at = now() WHERE channel = 'apprise'")
    settings = Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "evidence"))
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as made:
        made.post("/login", data={"login": "operator", "password": PASSWORD}, follow_redirects=False)
        yield made


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["安捷电梯维保", "wecombot://…", "w…@anjie.example", "已送达", "等待其他渠道"]),
        ("en", ["Anjie Lift Maintenance", "delivered", "waits for another channel"]),
    ],
)
def test_who_was_told_and_what_became_of_it(client: TestClient, language: str, words: list[str]) -> None:
    answer = client.get("/board/incident/R1", params={"lang": language})
    assert answer.status_code == 200
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))
    assert [word for word in words if word not in text] == []
    assert KEY not in answer.text
    assert "wang.wei" not in answer.text
