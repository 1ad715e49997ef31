"""The chapters of the story, in the order in which they are told."""

from runtime.demo.report import StepFailed, until
from runtime.demo.story import BUTTON, FIRST, KITCHEN, OTHER_KITCHEN, OWNER, SECOND, Story

OPEN = """
SELECT i.* FROM incident i JOIN lift l ON l.id = i.lift_id WHERE l.code = %s AND i.state = ANY(%s) AND i.tier >= %s
"""
LIVING = ["received", "verifying", "dispatched", "accepted", "en_route", "arrived", "released", "followed_up"]
ENTRIES = "SELECT count(*) AS n FROM incident_entry WHERE incident_id = %s HAVING count(*) >= %s"
UNEXPLAINED = """
SELECT count(*) AS streams, sum(next_seq - stored - rejected - lost) AS open FROM stream
HAVING sum(next_seq - stored - rejected - lost) = 0
"""


def telemetry(story: Story) -> None:
    with story.report.step("samples of 12 lifts are stored"):
        story.until("samples of 12 lifts", 60, "SELECT 1 FROM lift_sample HAVING count(DISTINCT device_id) = 12")
    with story.report.step("a camera's pictures are looked at by the detector"):
        story.until("looks of a camera", 60, "SELECT 1 FROM camera_sample WHERE looks > 0 LIMIT 1")


def alarm_button(story: Story) -> None:
    with story.report.step("a pressed alarm button reaches the centre in under 2 s"):
        story.fault(BUTTON, "alarm_button")
        seen = story.until(
            "the alarm button's event",
            10,
            "SELECT extract(epoch FROM e.received - e.observed) AS s FROM event e JOIN device d ON d.id = e.device_id"
            " WHERE e.rule = 'alarm_button' AND d.code = %s",
            f"lift-{BUTTON}",
        )
        if seen["s"] >= 2:
            raise StepFailed(f"the alarm took {seen['s']:.2f} s, expected under 2 s")


def trapped(story: Story) -> None:
    with story.report.step("somebody is trapped between floors: an incident opens"):
        story.fault(FIRST, "trap_between")
        story.until(f"an incident of lift {FIRST}", 30, OPEN, FIRST, LIVING, 0)
    with story.report.step("tier 1 is told by webhook and by e-mail"):
        until("a webhook letter at mu-1", 20, lambda: [x for x in story.letters("mu-1", FIRST) if "webhook" in str(x)])
        until("an e-mail at mu-1", 20, lambda: [x for x in story.letters("mu-1", FIRST) if "email" in str(x)])


def alerting_dies(story: Story) -> None:
    with story.report.step("alerting is killed and started again; tier 2 is called all the same"):
        story.demo.processes["alerting"].kill()
        story.demo.restart("alerting")
        story.until("tier 2", 30, OPEN, FIRST, LIVING, 2)


def rescue(story: Story) -> None:
    incident = story.until("the incident", 5, OPEN, FIRST, LIVING, 2)
    number = incident["number"]
    with story.report.step("the nearest station's crew accepts on its phone, comes, and sets the person free"):
        link = story.crew_link("rs-1", FIRST)
        crew = story.visitor_without_login()
        for action, values in (
            ("accept", {}),
            ("en_route", {"eta_minutes": "8"}),
            ("arrived", {"proof": "qr", "code": FIRST}),
            ("released", {"people": "1"}),
        ):
            crew.press(f"{link}?lang=en", action, values)
            story.until(
                f"the crew's {action}",
                15,
                "SELECT 1 FROM command_result r JOIN command c ON c.id = r.command_id"
                " WHERE r.ok AND c.kind = %s AND c.incident_id = %s",
                action,
                incident["id"],
            )
    with story.report.step("the sensors agree that the person is out"):
        story.fault(FIRST, "release")
        story.until(
            "the sensors' agreement",
            30,
            "SELECT 1 FROM incident WHERE id = %s AND sensors_clear_at IS NOT NULL",
            incident["id"],
        )
    with story.report.step("the operator records cause and method and closes"):
        operator = story.visitor("operator")
        operator.press(
            f"/board/incident/{number}?lang=en", "close", {"cause": "door_system", "method": "open_at_level"}
        )
        story.until("the closed incident", 15, OPEN, FIRST, ["closed"], 2)
        timeline = operator.open(f"/board/incident/{number}?lang=en")
        if "released" not in timeline:
            raise StepFailed("the timeline does not show the release")
        operator.close()


def never_arrives(story: Story) -> None:
    with story.report.step("a second lift: tier 1 accepts, never arrives, and tier 2 is called all the same"):
        story.fault(SECOND, "trap_between")
        incident = story.until(f"an incident of lift {SECOND}", 30, OPEN, SECOND, LIVING, 1)
        crew = story.visitor_without_login()
        crew.press(story.crew_link("mu-3", SECOND), "accept", {})
        story.until("tier 2 after a crew that never came", 40, OPEN, SECOND, LIVING, 2)
        story.until("the reasons on the timeline", 5, ENTRIES, incident["id"], 4)


def kitchen(story: Story) -> None:
    wanted = "SELECT f.* FROM finding f JOIN kitchen k ON k.id = f.kitchen_id WHERE k.code = %s AND f.state = ANY(%s)"
    with story.report.step("a cook without hat or mask is seen by the detector; one finding opens"):
        finding = story.until("a finding", 90, wanted, KITCHEN, ["pushed"])
        number = finding["number"]
    with story.report.step("the finding has a picture"):
        story.until("the picture", 30, "SELECT 1 FROM evidence WHERE event_id = %s", finding["event_id"])
    with story.report.step("its owner sees it with the picture and puts it right; another owner sees nothing"):
        owner = story.visitor(OWNER)
        if number not in owner.open("/kitchen?lang=en"):
            raise StepFailed(f"the owner's page does not show {number}")
        owner.open(f"/kitchen/finding/{number}/picture")
        other = story.visitor("owner2")
        other.open(f"/kitchen/finding/{number}/picture", status=404)
        owner.press(f"/kitchen/finding/{number}?lang=en", "rectify", {"note": "hat put on, staff told"})
        story.until("the owner's word", 15, wanted, KITCHEN, ["rectified_claimed"])
    with story.report.step("a regulator verifies"):
        regulator = story.visitor("regulator")
        regulator.press(f"/oversight/finding/{number}?lang=en", "verify", {"reason": "seen on the picture"})
        story.until("the verified finding", 15, wanted, KITCHEN, ["verified", "closed"])


def ingest_dies(story: Story) -> None:
    with story.report.step("ingest is killed in mid-flow and started again: published = stored + rejected + lost"):
        ingest = story.demo.processes["ingest"]
        before = story.row("SELECT coalesce(sum(stored), 0) AS n FROM stream")
        ingest.kill()
        story.demo.restart("ingest")
        assert before is not None
        story.until(
            "more messages after the kill", 40, "SELECT 1 FROM stream HAVING sum(stored) > %s", int(before["n"]) + 50
        )
        story.until("an equation without a rest", 30, UNEXPLAINED)
    with story.report.step("nothing is stored twice"):
        twice = story.row(
            "SELECT count(*) AS n FROM (SELECT 1 FROM lift_sample GROUP BY device_id, boot, seq, n"
            " HAVING count(*) > 1) AS doubled"
        )
        if twice is None or twice["n"]:
            raise StepFailed(f"samples stored twice: {twice}")


def doors(story: Story) -> None:
    with story.report.step("five doors answer in Chinese and English"):
        link = story.crew_link("mu-3", SECOND)
        for path, login in (
            ("/", ""),
            ("/board", "operator"),
            ("/kitchen", OWNER),
            ("/oversight", "regulator"),
            (link, ""),
        ):
            person = story.visitor(login) if login else story.visitor_without_login()
            for language in ("zh", "en"):
                text = person.open(f"{path}?lang={language}")
                if f'lang="{language}' not in text:
                    raise StepFailed(f"{path}: not in {language}")
                name = "/c/..." if path == link else path
                story.report.pages[f"{name}?lang={language}"] = "200"
            person.close()
    with story.report.step("another owner's kitchen is not there"):
        story.visitor(OWNER).open(f"/kitchen/{OTHER_KITCHEN}", status=404)


CHAPTERS = (telemetry, alarm_button, trapped, alerting_dies, rescue, never_arrives, kitchen, ingest_dies, doors)
