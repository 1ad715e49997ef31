"""Hours of a lift that breaks far too often: whoever is trapped is told of, and nobody is who is not."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from contracts.kinds import Phase, Rule
from edge.rules import lifts
from edge.rules.look import Look, Setup
from edge.simulator import lift as simulated

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
TRAPPED = (Rule.TRAPPED_NON_LEVEL, Rule.TRAPPED_LEVEL)
LONG_S = 100.0
"""every clock of the rule has run out by then"""


@pytest.mark.parametrize("seed", [11, 12])
def test_hours_of_faults(seed: int) -> None:
    lift, state, setup = (
        simulated.Lift(14, Random(seed), hour=7, faults_per_month=4000),
        lifts.first(),
        Setup(travel=39),
    )
    since: float | None = None
    told, long_ones = False, 0
    for tick in range(4 * 3600 * 4):
        lift.step(0.25)
        state, said = lifts.step(state, Look(sample=lift.sample()), T0 + timedelta(seconds=tick / 4), setup)
        shut_in = lift.phase is simulated.Phase.STUCK and lift.people > 0 and lift.door <= 0
        if shut_in and since is None:
            since, told = tick / 4, False
        for decision in said:
            if decision.rule in TRAPPED and decision.phase is Phase.START:
                assert since is not None, decision
                told = True
            elif decision.rule in TRAPPED:
                assert not shut_in, decision
        if since is not None and not shut_in:
            if tick / 4 - since > LONG_S:
                assert told
                long_ones += 1
            since = None
    assert long_ones >= 3
