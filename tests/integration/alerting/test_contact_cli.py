"""`sunlit contact`: added, tried by a code that comes back, listed without the secret, used all the same."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from alerting.contact_cli import app
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings
from tests.integration.alerting.gateways import Gateway, gateway, says

KEY = "693a91f6b7cc4bc497a00ec2f5a0a1b2"


class Desk:
    """The command over a real register, and a gateway that takes codes."""

    def __init__(self, database: DatabaseSettings, config: Path, served: Gateway) -> None:
        self.database, self.config, self.served = database, config, served

    def do(self, *words: str, said: str = "") -> Result:
        return CliRunner().invoke(app, [*words, "--config", str(self.config)], input=said)

    def add(self, *words: str, **named: str) -> int:
        options = {"channel": "webhook", "address": f"{self.served.url}/{KEY}", "organisation": "mu-1", **named}
        done = self.do("add", *(part for name, value in options.items() for part in (f"--{name}", value)), *words)
        assert done.exit_code == 0, done.output
        found = re.search(r"contact (\d+): added", done.output)
        assert found
        return int(found[1])

    @property
    def code(self) -> str:
        found = re.search(r"\d{6}", self.served.bodies[-1]["subject"])
        assert found
        return found[0]

    def listed(self, *words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.do("list", "--json", *words).output)
        return found

    def sql(self, statement: str) -> None:
        with connect(self.database, Role.OWNER) as connection:
            connection.execute(statement)


@pytest.fixture
def desk(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[Desk]:
    config = tmp_path / "sunlit.toml"
    config.write_text(f"[database]\nurl = {json.dumps(city_db.url)}\n", "utf-8")
    with gateway(says(200)) as served:
        yield Desk(city_db, config, served)


def test_a_code_goes_out_and_comes_back(desk: Desk) -> None:
    number = desk.add(language="en")
    assert [one["id"] for one in desk.listed("--unverified")] == [number]
    done = desk.do("send-code", str(number))
    assert done.exit_code == 0, done.output
    assert desk.served.bodies[-1]["stage"] == "contact_code"
    assert desk.code not in done.output
    done = desk.do("verify", str(number), desk.code)
    assert done.output == f"contact {number}: verified\n"
    assert desk.listed("--unverified") == []
    assert desk.do("verify", str(number), desk.code).exit_code == 1, "once"


def test_wrong_codes_are_counted_and_then_even_the_right_one_is_late(desk: Desk) -> None:
    number = desk.add()
    desk.do("send-code", str(number))
    wrong = f"{(int(desk.code) + 1) % 1_000_000:06}"
    lefts = [desk.do("verify", str(number), wrong).output for _ in range(5)]
    assert "4 tries left" in lefts[0]
    assert "0 tries left" in lefts[4]
    assert "5 wrong codes" in desk.do("verify", str(number), desk.code).output
    assert "the next one after 60 s" in desk.do("send-code", str(number)).output
    desk.sql("UPDATE contact_code SET sent_at = sent_at - interval '2 min'")
    desk.do("send-code", str(number))
    assert desk.do("verify", str(number), desk.code).exit_code == 0


def test_a_code_is_kept_as_a_hash_and_ends(desk: Desk) -> None:
    number = desk.add()
    desk.do("send-code", str(number))
    with connect(desk.database, Role.OWNER) as connection:
        row = connection.execute("SELECT * FROM contact_code").fetchone()
    assert desk.code not in str(row)
    desk.sql("UPDATE contact_code SET expires_at = now() - interval '1 second'")
    assert "send another one" in desk.do("verify", str(number), desk.code).output


def test_a_gateway_that_refuses_leaves_no_code(desk: Desk) -> None:
    number = desk.add(address="http://127.0.0.1:1/hook")
    done = desk.do("send-code", str(number))
    assert done.exit_code == 1
    assert "not sent: cannot be reached" in done.output
    assert "no code was sent" in desk.do("verify", str(number), "123456").output


def test_addresses_are_not_shown(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "robot"
    file.write_text(f"wecombot://{KEY}", "utf-8")
    desk.add(channel="apprise", address=f"file:{file}")
    desk.add(channel="apprise", address=f"dingtalk://{KEY}")
    desk.add()
    output = desk.do("list").output + desk.do("list", "--json").output
    assert KEY not in output
    assert "no: used all the same" in output
    assert "file:…/robot" in output


def test_an_address_can_come_by_standard_input(desk: Desk) -> None:
    done = desk.do(
        "add", "--organisation", "mu-1", "--channel", "apprise", "--address", "-", said=f"wecombot://{KEY}\n"
    )
    assert done.exit_code == 0, done.output


def test_a_persons_own(desk: Desk) -> None:
    words = ["add", "--person", "operator", "--channel", "email", "--address", "wang@desk.example", "--priority", "2"]
    assert desk.do(*words, "--receipts", "--purpose", "both").exit_code == 0
    [one] = desk.listed("--unverified")
    assert (one["person"], one["shown"], one["priority"], one["receipts"]) == ("operator", "w…@desk.example", 2, True)
    assert one["purpose"] == "both"


def test_retired_is_out_of_use(desk: Desk) -> None:
    number = desk.add()
    assert desk.do("retire", str(number)).exit_code == 0
    assert desk.listed("--unverified") == []
    for words in (("retire", str(number)), ("send-code", str(number)), ("verify", "999999", "123456")):
        done = desk.do(*words)
        assert done.exit_code == 1
        assert "is not in the register, or out of use" in done.output


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"organisation": "nobody"}, "organisation: 'nobody' is not in the register"),
        ({"channel": "pigeon"}, "channel: 'pigeon', expected one of webhook, email, apprise"),
        ({"language": "de"}, "language: 'de', expected one of zh, en"),
        ({"priority": "0"}, "priority: 0, expected 1"),
        ({"priority": "99999999999"}, "priority: 99999999999, expected 1"),
        ({"address": f"https://a b/{KEY}"}, "address: not shown here, expected an http or https address"),
        ({"purpose": "fun"}, "purpose: 'fun', expected one of rescue, both, drill"),
        ({"address": f"ftp://{KEY}"}, "address: not shown here, expected an http or https address"),
        ({"address": "https://"}, "address: not shown here"),
        ({"channel": "email", "address": f"{KEY}"}, "expected a mail address"),
        ({"channel": "email", "address": "a@b.example,c@d.example"}, "expected a mail address"),
        ({"channel": "email", "address": "a@b.example\nBcc: c@d.example"}, "expected a mail address"),
        ({"channel": "apprise", "address": f"nonsense://{KEY}"}, "expected an address that Apprise knows"),
        ({"address": "file:/nowhere/at/all"}, "file '/nowhere/at/all' cannot be read"),
        ({"person": "operator"}, "owner: expected an organisation or a person, and not both"),
    ],
)
def test_what_cannot_be_is_one_line(desk: Desk, named: dict[str, str], words: str) -> None:
    options = {"channel": "webhook", "address": f"{desk.served.url}/x", "organisation": "mu-1", **named}
    done = desk.do("add", *(part for name, value in options.items() for part in (f"--{name}", value)))
    assert done.exit_code == 1
    assert words in done.output
    assert len(done.output.strip().splitlines()) == 1
    assert KEY not in done.output
