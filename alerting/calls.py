"""Who is asked to come and who is told: offers, links and letters of one incident, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from alerting import letters, links, outbox
from alerting.contacts import Contact
from alerting.drills.asked import meant
from alerting.help import duty
from alerting.help.candidates import candidates
from alerting.help.ranking import Candidate
from alerting.lift_policy import LAST_TIER, Plan
from alerting.model import COMING, GONE, THERE, Dispatch
from alerting.sql import QUERIES
from alerting.words import NOT_NEEDED
from contracts.kinds import DispatchState, OrganisationKind

if TYPE_CHECKING:
    from alerting.effects import Rescue

LETTER_LIFE = timedelta(hours=2)
OWN = {OrganisationKind.MAINTENANCE: "maintenance_org_id", OrganisationKind.PROPERTY: "property_org_id"}
MOST_PASSED = 5
AGAIN = (DispatchState.OFFERED, DispatchState.ACCEPTED, DispatchState.EN_ROUTE)
JOIN = {"zh": "、", "en": ", "}


class Calls:
    """The calls of one locked incident."""

    def __init__(self, rescue: Rescue) -> None:
        self.rescue, self.connection, self.now = rescue, rescue.connection, rescue.now
        self._known: dict[int, Mapping[str, object] | None] = {}

    def tier(self, tier: int, plan: Plan) -> list[int]:
        """Asks the crews of a tier; the organisations that can be reached."""
        chosen = plan.tiers[tier - 1]
        return self.kinds(chosen.ask, tier, chosen.count, plan)

    def kinds(self, kinds: Sequence[OrganisationKind], tier: int, count: int, plan: Plan) -> list[int]:
        """Asks organisations of some kinds: the `count` that are there soonest, or all (0); those that can be reached.

        The maintenance unit and the property are the lift's own, everybody else is one of a kind.
        """
        asked = {one.organisation_id for one in self.rescue.dispatches if one.state is not DispatchState.STOOD_DOWN}
        own = [organisation for organisation in self._own(kinds) if organisation not in asked]
        called = [one for one in own if self.one(one, tier, plan)]
        others = [kind for kind in kinds if kind not in OWN]
        if not others:
            return called
        lift = self.rescue.lift
        found = candidates(
            self.connection,
            others,
            (lift["lat"], lift["lon"]),
            {*asked, *own},
            self.now,
            count,
            self.rescue.means.travel,
        )
        for near in found.passed[:MOST_PASSED]:
            name = self.name(near.organisation_id, "zh")
            self.rescue.entry("sunlit", "passed_over", f"tier {tier}: {name}, {near.reason}")
        for one in found.chosen:
            if self.one(one.organisation_id, tier, plan, way=one):
                called.append(one.organisation_id)
        return called

    def _own(self, kinds: Sequence[OrganisationKind]) -> list[int]:
        return [found for kind in kinds if kind in OWN and (found := self.rescue.lift[OWN[kind]]) is not None]

    def one(
        self, organisation: int, tier: int, plan: Plan, *, way: Candidate | None = None, replaces: int | None = None
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
                "distance_m": way.distance_m if way else None,
                "travel_s": way.travel_s if way else None,
                "replaces": replaces,
                "link": token.sha256,
            },
        ).fetchone()
        if row is None:
            return False
        self.rescue.crews_changed()
        link = {"link": links.crew(self.rescue.means.public_url, token)}
        name = self.name(organisation, "zh")
        if self.tell(organisation, "tier_offer", link, row["id"]):
            far = f", {way.reason}" if way else ""
            self.rescue.entry("sunlit", "offered", f"tier {tier}: {name}{far}", organisation=organisation)
            return True
        self._unreachable(row["id"], organisation, tier)
        return False

    def _unreachable(self, dispatch: int, organisation: int, tier: int, *, known: bool = False) -> None:
        values = {"id": dispatch, "reason": "no contact method", "now": self.now}
        self.connection.execute(QUERIES["dispatch_unreachable"], values)
        self.rescue.crews_changed()
        if not known:
            name = self.name(organisation, "zh")
            self.rescue.entry("sunlit", "unreachable", f"tier {tier}: {name} has no contact method")

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
        others = [kind.value for kind in kinds if kind not in OWN]
        found = self.connection.execute(QUERIES["organisations"], {"kinds": others}).fetchall() if others else []
        return [*self._own(kinds), *(row["id"] for row in found)]

    def again(self, plan: Plan, *, there_too: bool = False) -> None:
        """Calls the crews of the tier again, with a fresh link; where none is left, those who were sent home."""
        tier = self.rescue.incident.tier
        # Where it goes on after an end, whoever was at the lift may have left, of whatever tier they are.
        back = THERE if there_too else ()
        known = [one for one in self.rescue.dispatches if one.tier == tier or one.state in back]
        crews = [one for one in known if not one.medical]
        chosen = [crew for crew in crews if crew.state in AGAIN]
        if there_too or not chosen:
            chosen = [crew for crew in crews if crew.state is not DispatchState.DECLINED] or crews
        # An ambulance that has not answered is called, too; it takes nobody's place.
        for crew in [*chosen, *(one for one in known if one.medical and one.state is DispatchState.OFFERED)]:
            token = links.new_token()
            values = {
                "id": crew.id,
                "link": token.sha256,
                "now": self.now,
                "accept_due": self.now + timedelta(seconds=plan.accept_s(tier)),
                # A crew that is at the lift stays there, also when nobody is out yet.
                "anew": there_too or crew.state in GONE,
            }
            self.connection.execute(QUERIES["dispatch_again"], values)
            self.rescue.crews_changed()
            link = {"link": links.crew(self.rescue.means.public_url, token)}
            told = self.tell(crew.organisation_id, "call_again", link, crew.id)
            if values["anew"] and not told:
                self._unreachable(crew.id, crew.organisation_id, crew.tier, known=crew.state is DispatchState.DECLINED)
        if not chosen and tier:
            self.tier(tier, plan)
        if tier == LAST_TIER and not chosen and not self.rescue.dispatches:
            self.rescue.entry("sunlit", "shortfall", f"tier {tier}: nobody can be reached")

    def remind(self, stage: str) -> None:
        """Reminds whoever has the rescue's paper: the crew that was there, else the maintenance unit."""
        there = [one for one in self.rescue.dispatches if one.state is DispatchState.RELEASED]
        organisation = there[-1].organisation_id if there else self.rescue.lift["maintenance_org_id"]
        self.tell(
            organisation,
            stage,
            {"link": f"{self.rescue.means.public_url}/board/incident/{self.rescue.incident.number}"},
        )

    def stand_down(self, dispatch: Dispatch, why: str) -> None:
        """Tells a crew that it need not come, and why."""
        words = {language: NOT_NEEDED[language][why] for language in letters.LANGUAGES}
        self.tell(dispatch.organisation_id, "stand_down", {"next_step": words}, dispatch.id)

    def name(self, organisation: int, language: str) -> str:
        if organisation not in self._known:
            found = self.connection.execute(QUERIES["organisation"], {"id": organisation}).fetchone()
            self._known[organisation] = found
        row = self._known[organisation]
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

        def letter(language: str) -> letters.Letter:
            told = {name: value[language] if isinstance(value, dict) else value for name, value in facts.items()}
            known = {"organisation": self.name(organisation, language), **self.facts(language), **told}
            return letters.write(stage, language, known, drill=drill, real=real)

        reach = duty.contacts(self.connection, organisation, self.now, drill=drill)
        if reach.reason and stage == "tier_offer":
            self.rescue.entry("sunlit", "roster", f"{self.name(organisation, 'zh')}: {reach.reason}")
        return outbox.tell(
            self.connection,
            self._ways(stage, self._meant(organisation, reach.contacts)),
            letter,
            prefix=f"i{incident.id}-{stage}-{organisation}-v{incident.version}",
            stage=stage,
            now=self.now,
            give_up_at=self.now + LETTER_LIFE,
            incident_id=incident.id,
            dispatch_id=dispatch,
        )

    def _meant(self, organisation: int, contacts: Sequence[Contact]) -> Sequence[Contact]:
        """An exercise wakes nobody who is not there for it."""
        if self.rescue.row["source"] != "drill":
            return contacts
        own = organisation == self.rescue.lift["maintenance_org_id"]
        return meant(self.connection, contacts, self.rescue.row, own)

    def _ways(self, stage: str, contacts: Sequence[Contact]) -> Sequence[Contact]:
        """Those of a stage that is told every way at once need not wait for each other."""
        if stage not in self.rescue.policy.letters.every_way:
            return contacts
        return [msgspec.structs.replace(contact, priority=1) for contact in contacts]

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
            "map_link": links.place(lift["lat"], lift["lon"], self.rescue.means.map_url),
        }
