"""A city with one object of each kind in town 442000001 (owner1's kitchen k-001, lift 442001), and all who knock."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import cv2
import numpy as np
from fastapi import FastAPI

from api.access import COOKIE, digest
from api.edge_uploads import keep
from api.live.store import Store
from api.media.key import NAME, read_or_make
from api.media.sealed import Pass, seal
from api.public import stamp
from api.session import HASHER
from contracts.kinds import Role as Person
from runtime.api_settings import ApiSettings
from runtime.db import Connection
from runtime.settings import DatabaseSettings, Settings
from tests.integration.api.door_knock import Knocker
from tests.integration.api.door_records import Records
from tests.integration.api.door_thing import Thing

PASSWORD = "a good password"
HASH = HASHER.hash(PASSWORD)
ELSEWHERE = "442000106"
CAMERA, KITCHEN, LIFT = "cam-k-001-1", "k-001", "442001"
LOGINS = {
    "operator": "operator",
    "operator elsewhere": "operator-elsewhere",
    "regulator": "regulator",
    "regulator elsewhere": "regulator-elsewhere",
    "owner": "owner1",
    "other owner": "owner2",
    "admin": "admin",
}
TOKENS = {name: f"slt_{name.replace(' ', '-')}" for name in ("token", "token elsewhere", "narrow token")}
KEYS = {"agent": "upload-token", "other agent": "other-upload-token", **TOKENS}
SALT = b"salt" * 8
BOX = b"\x00\x00\x00\x18ftypiso5" + b"\x00" * 12
# What changes by itself while the pages run, and what a try to sign in leaves.
RESTLESS = ("api_beat", "login_attempt", "open_kitchen_day", "report_salt")


def jpeg(seed: int = 1) -> bytes:
    """A real picture, another for every seed."""
    noise = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    return bytes(cv2.imencode(".jpg", noise)[1])


class World(Records):
    """The objects; a method that makes one is named as the row names it, and is told who knocks."""

    def __init__(self, owner: Connection, settings: Settings) -> None:
        self.owner, self.settings = owner, settings
        self._leases: dict[str, Thing] = {}
        self._people()
        self._things()
        self.records(TOKENS, ELSEWHERE)

    def thing(self, name: str, viewer: str) -> Thing:
        """Raises KeyError for a name that stands for nothing."""
        make: Callable[[str], Thing] | None = getattr(self, f"make_{name.replace('-', '_')}", None)
        if make is None:
            known = sorted(key[5:].replace("_", "-") for key in dir(self) if key.startswith("make_"))
            raise KeyError(f"docs/doors.md names {name!r}; the world has {', '.join(known)}")
        return make(viewer)

    def digest(self) -> str:
        """Everything that the database holds and that does not change by itself."""
        names = self.owner.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        ).fetchall()
        tables = [row["tablename"] for row in names if row["tablename"] not in RESTLESS]
        # When a session or a token was used last is written down whoever is let in.
        row = "(to_jsonb(t) - 'seen_at' - 'last_used_at')::text"
        parts = " || ".join(f"(SELECT coalesce(sum(hashtext({row})), 0) FROM {name} t) || ' '" for name in tables)
        return str(self.one(f"SELECT {parts}"))

    def csrf(self, knocker: Knocker) -> str:
        """What a form of this session's pages holds; empty without a session."""
        values = (digest(knocker.cookies.get(COOKIE, "")),)
        row = self.owner.execute("SELECT csrf FROM session WHERE token_sha256 = %s", values).fetchone()
        return row["csrf"] if row else ""

    def _people(self) -> None:
        self.owner.execute("UPDATE person SET password_hash = %s", (HASH,))
        for role in ("operator", "regulator"):
            person = self.one(
                "INSERT INTO person (login, name, password_hash) VALUES (%s, %s, %s) RETURNING id",
                *(f"{role}-elsewhere", f"{role} elsewhere", HASH),
            )
            values = (person, role, ELSEWHERE)
            self.owner.execute("INSERT INTO person_role (person_id, role, town_code) VALUES (%s, %s, %s)", values)
        self.owner.execute(
            "INSERT INTO device (code, kind, site, upload_token_sha256) VALUES ('agent-other', 'agent', 'other', %s)",
            (digest(KEYS["other agent"]),),
        )

    def _things(self) -> None:
        now = datetime.now(UTC)
        self.owner.execute(
            "INSERT INTO device (code, kind, site, lift_id, name_zh, name_en)"
            " SELECT 'cam-442001', 'camera', 'demo', id, '轿厢', 'car' FROM lift WHERE code = %s",
            (LIFT,),
        )
        self.mass_id = self.one(
            "INSERT INTO mass_incident (number, cause, grid_code, opened_at, last_at, lifts)"
            " VALUES ('M-7QX', 'power', 'g-1', now(), now(), 1) RETURNING id"
        )
        self.incident_id = self.one(
            "INSERT INTO incident (number, lift_id, rule, state, tier, policy_id, floor_text, alarm_at, opened_at,"
            " mass_id) SELECT 'R-7QX', l.id, 'alarm_button', 'arrived', 1, p.id, 'floor-7qx', %s, %s, %s"
            " FROM lift l, policy p WHERE l.code = %s AND p.kind = 'lift' RETURNING id",
            *(now, now, self.mass_id, LIFT),
        )
        self.dispatch_id = self.one(
            "INSERT INTO dispatch (incident_id, tier, organisation_id, state, offered_at, arrived_at, link_sha256,"
            " link_expires) SELECT %s, 1, id, 'arrived', now(), now(), %s, now() + interval '1 hour'"
            " FROM organisation WHERE code = 'mu-1' RETURNING id",
            *(self.incident_id, digest("link-7qx")),
        )
        self.event = uuid4()
        self.finding_id = self.one(
            "INSERT INTO finding (number, kitchen_id, device_id, event_id, rule, class, state, confidence, policy_id,"
            " rectify_note, at, opened_at, last_at) SELECT 'F-7QX', k.id, d.id, %s, 'no_hat', 'II', 'pushed', 0.95,"
            " p.id, 'note-7qx', now(), now(), now() FROM kitchen k JOIN device d ON d.kitchen_id = k.id"
            " AND d.kind = 'camera', policy p WHERE k.code = %s AND p.kind = 'kitchen' RETURNING id",
            *(self.event, KITCHEN),
        )
        self.quiet_id = self.one(
            "INSERT INTO quiet (kind, lift_id, owner, reason, actor, starts_at, ends_at) SELECT 'maintenance', id,"
            " 'owner-7qx', 'reason-7qx', 'test', now(), now() + interval '1 hour' FROM lift WHERE code = '442002'"
            " RETURNING id"
        )
        self.owner.execute(
            "INSERT INTO public_report (number, lift_id, body, contact) SELECT 'REPQRT7X', id, 'report-7qx',"
            " 'contact-7qx' FROM lift WHERE code = %s",
            (LIFT,),
        )
        self.note_id = self.one(
            "INSERT INTO hand_over (from_person_id, from_name, note, open) SELECT id, 'writer-7qx', 'words-7qx', '[]'"
            " FROM person WHERE login = 'owner2' RETURNING id"
        )
        self.owner.execute(
            "INSERT INTO silence (device_id, cause, since, noticed_at) SELECT id, 'silent', now(), now()"
            " FROM device WHERE code = 'cam-442001'"
        )
        self.photo_id = self._evidence(jpeg(1), kind="rescue", incident_id=self.incident_id)
        self.picture_id = self._evidence(jpeg(2), kind="capture", event_id=self.event)
        self.owner.execute(
            "INSERT INTO stranger (site, code, reason, first_seen, last_seen, messages, events, last_event, kept,"
            " lanes) VALUES ('far', 'stranger-7qx', 'unknown', now(), now(), 1, 1, now(), 0, '{event}')"
        )
        self.owner.execute(
            "INSERT INTO still (device_id, taken_at, sha256, picture) SELECT id, now(), 'x', %s FROM device"
            " WHERE code = %s",
            (jpeg(3), CAMERA),
        )
        outbox = self.one(
            "INSERT INTO outbox (dedupe, channel, address, stage, language, subject, body, created_at, next_at,"
            " give_up_at) VALUES ('x', 'sms', '+86', 'offer', 'zh', '', '', now(), now(), now()) RETURNING id"
        )
        today = "(now() AT TIME ZONE 'Asia/Shanghai')::date"
        self.owner.execute(f"INSERT INTO report_salt (day, salt) VALUES ({today}, %s)", (SALT,))
        self.owner.execute(
            "INSERT INTO public_report (lift_id, body, number) SELECT id, 'report-7qx', %s FROM lift WHERE code = %s",
            ("ABCD2345", LIFT),
        )
        self.owner.execute(
            "INSERT INTO outbox_attempt (outbox_id, started_at, receipt_sha256) VALUES (%s, now(), %s)",
            (outbox, digest("letter-7qx")),
        )

    def _evidence(self, picture: bytes, **columns: Any) -> UUID:
        sha256 = hashlib.sha256(picture).hexdigest()
        keep(self.settings.api.evidence, sha256, picture)
        identity = uuid4()
        row = {"id": identity, "media": "image/jpeg", "sha256": sha256, "bytes": len(picture), "source": "x", **columns}
        names = ", ".join((*row, "captured_at"))
        blanks = ", ".join(["%s"] * len(row))
        self.owner.execute(f"INSERT INTO evidence ({names}) VALUES ({blanks}, now())", tuple(row.values()))
        return identity

    def make_guess(self, viewer: str) -> Thing:
        """A try to sign in as somebody who is not there."""
        return Thing(fields={"login": f"no-{viewer}", "password": "guessed"})

    def make_lift(self, _: str) -> Thing:
        return Thing({"code": LIFT})

    def make_kitchen(self, _: str) -> Thing:
        return Thing({"code": KITCHEN})

    def make_still(self, _: str) -> Thing:
        """Newer than anything that an agent of this walk has withheld: what was withheld is shown to nobody."""
        self.owner.execute("UPDATE still SET taken_at = now() + interval '1 minute'")
        return Thing({"camera": CAMERA})

    def make_camera(self, _: str) -> Thing:
        return Thing({"code": CAMERA}, marks=(CAMERA,))

    def make_car(self, _: str) -> Thing:
        """The camera inside a car whose lift has an open incident."""
        return Thing({"code": "cam-442001"}, marks=("cam-442001",))

    def make_incident(self, _: str) -> Thing:
        return Thing({"number": "R-7QX"}, marks=("R-7QX", "floor-7qx"))

    def make_mass(self, _: str) -> Thing:
        return Thing({"number": "M-7QX"}, marks=("M-7QX", "R-7QX"))

    def make_crew(self, _: str) -> Thing:
        return Thing({"number": "R-7QX", "dispatch": str(self.dispatch_id)}, marks=("R-7QX",))

    def make_photo(self, _: str) -> Thing:
        return Thing({"number": "R-7QX", "photo": str(self.photo_id)})

    def make_picture(self, _: str) -> Thing:
        """The address of the finding's picture, sealed for its owner."""
        return Thing({"sealed": self._sealed("owner1", Person.OWNER, "finding", "F-7QX", self.picture_id)})

    def make_rescue_picture(self, _: str) -> Thing:
        return Thing({"sealed": self._sealed("operator", Person.OPERATOR, "rescue", "R-7QX", self.photo_id)})

    def make_asked(self, _: str) -> Thing:
        """The regulator's reason for looking at the photos of the rescue."""
        row = self.one(
            "INSERT INTO audit_log (person_id, actor, action, object, reason) SELECT id, login, 'look_asked',"
            " 'rescue R-7QX', 'complaint' FROM person WHERE login = 'regulator' RETURNING id"
        )
        return Thing(fields={"look": self._sealed("regulator", Person.REGULATOR, "asked", "rescue R-7QX", asked=row)})

    def _sealed(self, login: str, role: Person, kind: str, what: str, item: UUID | None = None, asked: int = 0) -> str:
        person = self.one("SELECT id FROM person WHERE login = %s", login)
        leave = Pass(person, role, kind, what, item, asked, uuid4().hex, 2**40)
        return seal(read_or_make(self.settings.api.live / NAME), leave)

    def make_finding(self, _: str) -> Thing:
        return Thing({"number": "F-7QX"}, marks=("F-7QX", "note-7qx"))

    def make_report(self, _: str) -> Thing:
        """From the public, about the lift."""
        return Thing({"number": "REPQRT7X"}, marks=("report-7qx", "contact-7qx"))

    def make_view(self, _: str) -> Thing:
        """A saved view of the regulator's, new for every knock."""
        view = self.one(
            "INSERT INTO saved_view (person_id, list, name, query) SELECT id, 'findings', gen_random_uuid(), ''"
            " FROM person WHERE login = 'regulator' RETURNING id"
        )
        return Thing({"view": str(view)})

    def make_quiet(self, _: str) -> Thing:
        return Thing({"identity": str(self.quiet_id)}, marks=("owner-7qx", "reason-7qx"))

    def make_note(self, _: str) -> Thing:
        return Thing({"identity": str(self.note_id)}, marks=("writer-7qx", "words-7qx"))

    def make_silent(self, _: str) -> Thing:
        return Thing(marks=("cam-442001",))

    def make_device(self, _: str) -> Thing:
        return Thing({"code": "cam-442001"}, marks=("cam-442001",))

    def make_stranger(self, _: str) -> Thing:
        last = self.one("SELECT last_event FROM stranger WHERE code = 'stranger-7qx'")
        fields = {"site": "far", "code": "stranger-7qx", "last_event": last.isoformat()}
        return Thing(fields=fields, marks=("stranger-7qx",))

    def make_link(self, viewer: str) -> Thing:
        return Thing({"token": "link-7qx" if viewer == "crew" else "guessed"}, marks=("floor-7qx", "link-7qx"))

    def make_letter(self, viewer: str) -> Thing:
        return Thing({"token": "letter-7qx" if viewer == "gateway" else "guessed"})

    def make_lease(self, _: str, mode: str = "live") -> Thing:
        """The owner's, new for every row, with video in it."""
        if mode not in self._leases:
            self._leases[mode] = self._new_lease(mode)
        return self._leases[mode]

    def next_row(self) -> None:
        """What a row may have used up is made anew for the next one."""
        self._leases.clear()

    def _new_lease(self, mode: str) -> Thing:
        lease = uuid4()
        span = (None, None) if mode == "live" else (datetime.now(UTC) - timedelta(minutes=2), datetime.now(UTC))
        self.owner.execute(
            "INSERT INTO live_lease (id, device_id, person_id, role, mode, reason, starts_at, ends_at, until, asked_at)"
            " SELECT %s, d.id, p.id, 'owner', %s, 'lease-7qx', %s, %s, now() + interval '1 minute', now()"
            " FROM device d, person p WHERE d.code = %s AND p.login = 'owner1'",
            (lease, mode, *span, CAMERA),
        )
        video = lease
        if mode == "live":
            # All who look through a camera share its stream.
            video = self.one(
                "INSERT INTO live_stream (id, device_id, until, asked_at) SELECT id, device_id, until, asked_at"
                " FROM live_lease WHERE id = %s ON CONFLICT (device_id) DO UPDATE SET until = EXCLUDED.until"
                " RETURNING id",
                lease,
            )
            self.owner.execute("UPDATE live_lease SET stream_id = %s WHERE id = %s", (video, lease))
        store = Store(self.settings.api.live, 2**30)
        store.put_init(video, 0, BOX)
        store.put_piece(video, 1_764_000_000_000, 2000, 0, BOX, live=True)
        store.put_clip(video, BOX)
        sealed = self._sealed("owner1", Person.OWNER, "lease", lease.hex)
        return Thing({"lease": str(lease), "sealed": sealed}, marks=("lease-7qx", CAMERA))

    def make_clip(self, viewer: str) -> Thing:
        """The same for a piece of the past that was asked for as a file."""
        return self.make_lease(viewer, "clip")

    def make_report_of_a_lift(self, _: str) -> Thing:
        return Thing(fields=self._form_of(f"lift/{LIFT}"))

    def make_report_of_a_kitchen(self, _: str) -> Thing:
        return Thing(fields=self._form_of(f"restaurant/{KITCHEN}"))

    def _form_of(self, subject: str) -> dict[str, str]:
        """One and the same form for everybody: sent twice it is one report."""
        at = self.one("SELECT date_trunc('hour', now()) - interval '1 hour'")
        return {"body": "it shakes", "given": stamp.stamp(SALT, subject, at.timestamp(), "form")}

    def make_push(self, viewer: str, mode: str = "live") -> Thing:
        """What an agent sends for a lease."""
        times = {"x-segment-start": "2026-11-25T12:00:00+00:00", "x-segment-seconds": "2", "x-segment-init": "0"}
        lease = self.make_lease(viewer, mode).blanks["lease"]
        video = self.one("SELECT coalesce(stream_id, id) FROM live_lease WHERE id = %s", lease)
        return Thing({"lease": str(video)}, headers={"x-sunlit-device": CAMERA, **times}, body=BOX)

    def make_push_clip(self, viewer: str) -> Thing:
        return self.make_push(viewer, "clip")

    def make_parcel(self, _: str) -> Thing:
        """A piece of evidence as an agent sends it."""
        sha256 = hashlib.sha256(jpeg(4)).hexdigest()
        headers = {"x-sunlit-device": CAMERA, **_captured("image/jpeg")}
        return Thing({"event_id": str(uuid4()), "sha256": sha256}, headers=headers, body=jpeg(4))

    def make_upload(self, _: str) -> Thing:
        """A newest still as an agent sends it."""
        return Thing({"device_code": CAMERA}, headers=_captured("image/jpeg"), body=jpeg(5))

    def make_withheld(self, _: str) -> Thing:
        body = b'{"reason": "blur"}'
        return Thing({"device_code": CAMERA}, headers=_captured("application/json"), body=body)


def settings_of(database: DatabaseSettings, folder: Path) -> Settings:
    return Settings(database=database, api=ApiSettings(evidence=folder / "evidence", live=folder / "live"))


def knockers(app: FastAPI) -> dict[str, Knocker]:
    """Everybody who knocks, each from an address of its own; those with a login have to sign in first."""
    people = ("nobody", *LOGINS, "crew", "gateway", *KEYS)
    keys = {viewer: {"authorization": f"Bearer {key}"} for viewer, key in KEYS.items()}
    return {name: Knocker(app, keys.get(name), f"203.0.113.{at}") for at, name in enumerate(people, 1)}


async def sign_in(viewer: str, knocker: Knocker) -> None:
    """Through the form, as a person does."""
    knocker.cookies.clear()
    answer = await knocker("POST", "/login", form={"login": LOGINS[viewer], "password": PASSWORD})
    assert answer.status == 303, (viewer, answer.status, answer.text[-600:])


def _captured(media: str) -> dict[str, str]:
    return {"x-captured-at": datetime.now(UTC).isoformat(), "content-type": media}
