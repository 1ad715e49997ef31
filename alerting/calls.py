"""Who is asked to come and who is told: offers, links and letters of one incident, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from alerting import letters, links, nearest, outbox
from alerting.contacts import Contact
from alerting.drills.asked import meant
from alerting.lift_policy import LAST_TIER, Plan
from alerting.model import COMING, Dispatch
from alerting.sql import QUERIES
from alerting.words import NOT_NEEDED
from contracts.kinds import DispatchState, OrganisationKind
from runtime.db import Connection

if TYPE_CHECKING:
    from alerting.effects import Rescue

LETTER_LIFE = timedelta(hours=2)
AGAIN = (DispatchState.OFFERED, DispatchState.ACCEPTED, DispatchState.EN_ROUTE)
JOIN = {"zh": "、", "en": ", "}


class Calls:
    """The calls of one locked incident."""

    def __init__(self, rescue: Rescue) -> None:
        self.rescue, self.connection, self.now = rescue, rescue.connection, rescue.now

    def tier(self, tier: int, plan: Plan) -> list[int]:
        """Asks the crews of a tier; the organisations that can be reached."""
        chosen = plan.tiers[tier - 1]
        return self.kinds(chosen.ask, tier, chosen.count, plan)

    def kinds(self, kinds: Sequence[OrganisationKind], tier: int, count: int, plan: Plan) -> list[int]:
        """Asks organisations of some kinds: the nearest `count` that can be reached, or all (0)."""
        called: list[int] = []
        for organisation, distance in self._candidates(kinds):
            if count and len(called) >= count:
                break
            if self.one(organisation, tier, plan, distance=distance):
                called.append(organisation)
        return called

    def _candidates(self, kinds: Sequence[OrganisationKind]) -> list[tuple[int, float | None]]:
        """Nearest first. The maintenance unit is the lift's own; everybody else is one of its kind."""
        lift = self.rescue.lift
        found: list[tuple[int, float | None]] = []
        if OrganisationKind.MAINTENANCE in kinds and lift["maintenance_org_id"]:
            found.append((lift["maintenance_org_id"], None))
        if OrganisationKind.PROPERTY in kinds and lift["property_org_id"]:
            found.append((lift["property_org_id"], None))
        others = [kind.value for kind in kinds if kind not in (OrganisationKind.MAINTENANCE, OrganisationKind.PROPERTY)]
        rows = self.connection.execute(QUERIES["stations"], {"kinds": others}).fetchall()
        stations = [
            nearest.Station(row["id"], None if row["lat"] is None else (row["lat"], row["lon"])) for row in rows
        ]
        asked = {dispatch.organisation_id for dispatch in self.rescue.dispatches}
        while best := nearest.nearest(stations, (lift["lat"], lift["lon"]), asked):
            found.append((best[0].organisation_id, best[1]))
            asked.add(best[0].organisation_id)
        return found

    def one(
        self, organisation: int, tier: int, plan: Plan, *, distance: float | None = None, replaces: int | None = None
    ) -> bool:
        """Asks one organisation; whether it can be reached at all."""
        token = links.new_token()
        row = self.connection.execute(
            QUERIES["dispatch_offer"],
            {
                "incident": self.rescue.incident.id,
                "tier": tier,
                "organisation": organisation,
                "now": self.now,
                "accept_due": self.now + timedelta(seconds=plan.accept_s(tier)),
                "distance_m": distance,
                "replaces": replaces,
                "link": token.sha256,
            },
        ).fetchone()
        if row is None:
            return False
        link = {"link": links.crew(self.rescue.public_url, token)}
        name = self.name(organisation, "zh")
        if self.tell(organisation, "tier_offer", link, row["id"]):
            far = f", {distance / 1000:.1f} km" if distance is not None else ""
            self.rescue.entry("sunlit", "offered", f"tier {tier}: {name}{far}", organisation=organisation)
            return True
        values = {"id": row["id"], "reason": "no contact method", "now": self.now}
        self.connection.execute(QUERIES["dispatch_unreachable"], values)
        self.rescue.entry("sunlit", "unreachable", f"tier {tier}: {name} has no contact method")
        return False

    def inform(self, tier: int, plan: Plan, called: Sequence[int], before: Iterable[Dispatch]) -> None:
        """Tells those who are told in this tier, and the crews of the tiers below, who was called."""
        names = {"organisation": {language: self._names(called, language) for language in letters.LANGUAGES}}
        for organisation in self._told(plan.tiers[tier - 1].tell):
            self.tell(organisation, "property_notice", names)
        for dispatch in before:
            self.tell(dispatch.organisation_id, "tier_informed", names, dispatch.id)

    def _names(self, organisations: Sequence[int], language: str) -> str:
        return JOIN[language].join(self.name(one, language) for one in organisations)

    def _told(self, kinds: Sequence[OrganisationKind]) -> list[int]:
        found = [organisation for organisation, _ in self._candidates(kinds)] if kinds else []
        return list(dict.fromkeys(found))

    def again(self, plan: Plan, *, there_too: bool = False) -> None:
        """Calls the crews of the tier again, with a fresh link; where none is left, those who were sent home."""
        tier = self.rescue.incident.tier
        crews = [dispatch for dispatch in self.rescue.dispatches if dispatch.tier == tier]
        chosen = [crew for crew in crews if crew.state in AGAIN]
        if there_too or not chosen:
            chosen = [crew for crew in crews if crew.state is not DispatchState.DECLINED] or crews
        for crew in chosen:
            token = links.new_token()
            values = {
                "id": crew.id,
                "link": token.sha256,
                "now": self.now,
                "accept_due": self.now + timedelta(seconds=plan.accept_s(tier)),
                "anew": there_too or crew.state not in AGAIN,
            }
            self.connection.execute(QUERIES["dispatch_again"], values)
            self.tell(crew.organisation_id, "call_again", {"link": links.crew(self.rescue.public_url, token)}, crew.id)
        if not chosen and tier:
            self.tier(tier, plan)
        if tier == LAST_TIER and not chosen and not self.rescue.dispatches:
            self.rescue.entry("sunlit", "shortfall", f"tier {tier}: nobody can be reached")

    def remind(self, stage: str) -> None:
        """Reminds whoever has the rescue's paper: the crew that was there, else the maintenance unit."""
        there = [one for one in self.rescue.dispatches if one.state is DispatchState.RELEASED]
        organisation = there[-1].organisation_id if there else self.rescue.lift["maintenance_org_id"]
        self.tell(
            organisation, stage, {"link": f"{self.rescue.public_url}/board/incident/{self.rescue.incident.number}"}
        )

    def stand_down(self, dispatch: Dispatch, why: str) -> None:
        """Tells a crew that it need not come, and why."""
        words = {language: NOT_NEEDED[language][why] for language in letters.LANGUAGES}
        self.tell(dispatch.organisation_id, "stand_down", {"next_step": words}, dispatch.id)

    def name(self, organisation: int, language: str) -> str:
        row = self.connection.execute(QUERIES["organisation"], {"id": organisation}).fetchone()
        return str(row[f"name_{language}"]) if row else str(organisation)

    def words(self, stage: str, language: str) -> str:
        """A stage's text for whoever is in the car."""
        etas = [one.eta_at for one in self.rescue.dispatches if one.state in COMING and one.eta_at]
        soonest = max(1, round((min(etas) - self.now).total_seconds() / 60)) if etas else None
        letter = letters.render(stage, language, {**self.facts(language), "eta_minutes": soonest})
        return f"{letter.subject}\n{letter.body}"

    def tell(
        self, organisation: int | None, stage: str, facts: Mapping[str, object], dispatch: int | None = None
    ) -> int:
        """Queues a letter for every way in which an organisation is reached; returns how many there are.

        A fact may be a dict of texts by language.
        """
        if organisation is None:
            return 0
        incident = self.rescue.incident
        drill, real = self.rescue.row["source"] == "drill", "after_drill" in self.rescue.row["details"]
        own = organisation == self.rescue.lift["maintenance_org_id"]

        def letter(language: str) -> letters.Letter:
            told = {name: value[language] if isinstance(value, dict) else value for name, value in facts.items()}
            known = {"organisation": self.name(organisation, language), **self.facts(language), **told}
            return letters.render(stage, language, known, drill=drill, real=real)

        return outbox.tell(
            self.connection,
            meant(self.connection, contacts_of(self.connection, organisation), self.rescue.row, own),
            letter,
            prefix=f"i{incident.id}-{stage}-{organisation}-v{incident.version}",
            stage=stage,
            now=self.now,
            give_up_at=self.now + LETTER_LIFE,
            incident_id=incident.id,
            dispatch_id=dispatch,
        )

    def facts(self, language: str) -> dict[str, object]:
        """What letters may say."""
        incident, lift = self.rescue.incident, self.rescue.lift
        return {
            "number": incident.number,
            "lift_code": lift["code"],
            "place": lift[f"place_{language}"],
            "address": lift[f"address_{language}"],
            "floor_text": self.rescue.row["floor_text"],
            "people_inside": incident.people_inside,
            "hazards": incident.hazards,
            "waiting_minutes": max(0, round((self.now - incident.alarm_at).total_seconds() / 60)),
            "tier": incident.tier,
            "lat": lift["lat"],
            "lon": lift["lon"],
        }


def contacts_of(connection: Connection, organisation: int) -> list[Contact]:
    """How an organisation is reached now."""
    rows = connection.execute(QUERIES["contacts"], {"organisation": organisation}).fetchall()
    return [msgspec.convert({**row, "organisation_id": organisation}, Contact) for row in rows]
