"""PURE: what crews and operators choose from: causes with their sub-causes, rescue methods, what makes it urgent."""

from collections.abc import Mapping, Sequence

from contracts.kinds import Hazard

CAUSES: Mapping[str, Sequence[str]] = {
    "door_system": ("door_lock", "door_operator", "sill_blocked", "light_curtain"),
    "control": ("control_board", "encoder", "levelling_sensor", "software"),
    "electrical": ("contactor", "drive", "wiring", "fuse"),
    "traction": ("brake", "motor", "ropes", "sheave"),
    "safety_device": ("safety_gear", "governor", "limit_switch", "buffer"),
    "guide_system": ("rails", "shoes"),
    "car": ("load_sensor", "car_panel"),
    "installation": ("fitting", "adjustment"),
    "misuse": ("held_door", "overload", "jumping", "damage"),
    "external": ("power_cut", "water", "heat", "fire"),
    "other": (),
}
METHODS = ("levelling", "open_at_level", "forced_opening", "hand_winding", "adjusting", "other")
HAZARDS = tuple(hazard.value for hazard in Hazard)


def cause_of(chosen: str) -> dict[str, str]:
    """A choice `cause` or `cause/sub-cause` as a command's arguments; nothing for what is not on the list."""
    cause, _, sub_cause = chosen.partition("/")
    if cause not in CAUSES:
        return {}
    return {"cause": cause, "sub_cause": sub_cause} if sub_cause in CAUSES[cause] else {"cause": cause}
