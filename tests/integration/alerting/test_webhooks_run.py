"""The duty of webhooks as the service runs it, and the example that its document gives to others."""

import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerting.hooks import book
from alerting.hooks.work import work
from runtime.db import Role, connect
from runtime.settings import AlertingSettings, Settings
from runtime.storage.keeping import rules
from runtime.storage.retention import sweep
from tests.integration.alerting import gateways
from tests.integration.alerting.gateways import gateway
from tests.integration.alerting.town import City

ROOT = Path(__file__).resolve().parents[3]
SECRET = "a secret that is long enough"


def until(look: Callable[[], object], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


def test_a_system_that_hangs_holds_up_no_other_and_the_example_fits(town: City) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/webhooks.md").read_text("utf-8"), re.DOTALL)
    known: dict[str, Callable[..., bool]] = {}
    exec(example, known)
    settings = Settings(
        database=town.database, alerting=AlertingSettings(hooks_private=True, hooks_timeout_s=20, poll_s=0.1)
    )
    stop = threading.Event()
    with gateway(gateways.never) as hangs, gateway(gateways.says(200)) as works:
        for name, server in (("a-hangs", hangs), ("b-works", works)):
            hook = book.NewHook(name=name, url=server.url, secret=SECRET)
            book.add(town.owner, hook, "test", private=True)
        town.event("lift-442001", "trapped_non_level")
        thread = threading.Thread(target=work(settings), args=(stop,), daemon=True)
        thread.start()
        until(lambda: len(works.requests) > 1 and hangs.requests)
        town.event("lift-442002", "trapped_non_level")
        until(lambda: any(body["incident"]["lift"] == "442002" for body in works.bodies))
        assert len(hangs.requests) == 1
        stop.set()
        hangs.over.set()
        thread.join(20)
        _, headers, body = works.requests[0]
        is_ours, mark = known["is_ours"], headers["x-sunlit-signature"]
        assert is_ours(SECRET, mark, body)
        assert is_ours(SECRET, f"{mark},v1=00", body), "one that fits is enough"
        assert not is_ours(SECRET, mark, body + b" ")
        assert not is_ours("another", mark, body)
        assert not is_ours(SECRET, mark, body, time.time() + 301)
        assert not is_ours(SECRET, "nonsense", body)


def test_what_was_told_long_ago_is_forgotten_and_what_waits_is_not(town: City) -> None:
    hook = book.NewHook(name="bureau", url="http://127.0.0.1:1/", secret=SECRET)
    book.add(town.owner, hook, "test", private=True)
    old = datetime.now(UTC) - timedelta(days=91)
    for number, state in enumerate(("sent", "queued")):
        town.owner.execute(
            "WITH h AS (INSERT INTO happening (id, source, source_row, kind, drill, subject, at, made_at, document)"
            " VALUES (gen_random_uuid(), 'incident', %(n)s, 'x', false, 's', %(old)s, %(old)s, '{}') RETURNING seq)"
            " INSERT INTO webhook_delivery (webhook_id, epoch, seq, subject, state, queued_at, next_at, ended_at)"
            " SELECT w.id, 1, h.seq, 's', %(state)s, %(old)s, %(old)s, CASE WHEN %(state)s = 'sent' THEN %(old)s END"
            " FROM h, webhook w",
            {"n": number, "old": old, "state": state},
        )
    mine = [rule for rule in rules(Settings().retention) if rule.table in ("happening", "webhook_delivery")]
    with connect(town.database, Role.ALERTING) as desk:
        sweep(desk, mine, lambda *_: None, 1000, threading.Event())
    assert town.one("SELECT count(*) AS n FROM happening")["n"] == 1
    assert town.one("SELECT state FROM webhook_delivery")["state"] == "queued"
