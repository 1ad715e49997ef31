"""The last tier is called again and again, and whoever is at the lift stays there."""

from tests.integration.alerting.town import City


def test_a_crew_that_is_there_is_not_asked_to_come_anew(town: City) -> None:
    town.event("lift-442001", "trapped_non_level")
    assert town.operator("emergency", "smoke in the shaft")["ok"]
    assert town.crew("city-119", "arrived", proof="qr", code="442001")["ok"]
    town.after(1800)
    town.after(1800)
    assert town.actions().count("called_again") == 2
    there = town.dispatch("city-119")
    assert there["state"] == "arrived"
    assert there["arrived_at"] == town.incident()["arrived_at"]
    assert town.crew("city-119", "released", people="1")["ok"]
