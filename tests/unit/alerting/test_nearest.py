"""The nearest station that was not asked yet."""

from alerting.nearest import Station, nearest

LIFT = (22.52, 113.38)
NEAR, FAR, NOWHERE = Station(1, (22.53, 113.38)), Station(2, (22.60, 113.38)), Station(3, None)


def test_nearest_first_then_the_next_then_those_without_a_position() -> None:
    stations = [NOWHERE, FAR, NEAR]
    first = nearest(stations, LIFT, [])
    assert first is not None
    assert (first[0], round(first[1] or 0)) == (NEAR, 1112)
    second = nearest(stations, LIFT, [1])
    assert second is not None
    assert second[0] == FAR
    assert nearest(stations, LIFT, [1, 2]) == (NOWHERE, None)
    assert nearest(stations, LIFT, [1, 2, 3]) is None
