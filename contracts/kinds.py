"""The closed vocabularies of the house. Values are what travels on the wire and stands in the database."""

from enum import IntEnum, StrEnum


class Lane(StrEnum):
    """Topic lanes; alarms (`event`) never share a lane, a session or a writer with telemetry."""

    TELEMETRY = "telemetry"
    EVENT = "event"
    STATUS = "status"
    COMMAND = "command"
    REPLY = "reply"


class DeviceKind(StrEnum):
    AGENT = "agent"
    LIFT = "lift"
    CAMERA = "camera"
    KITCHEN_SENSOR = "kitchen_sensor"


class ServiceMode(IntEnum):
    """Lift service mode, numbered as in the national lift-IoT data set."""

    STOPPED = 0
    NORMAL = 1
    INSPECTION = 2
    FIRE_RETURN = 3
    FIREFIGHTER = 4
    EMERGENCY_POWER = 5
    EARTHQUAKE = 6
    UNKNOWN = 7


class CarStatus(IntEnum):
    STOPPED = 0
    RUNNING = 1


class Direction(IntEnum):
    NONE = 0
    UP = 1
    DOWN = 2


class Power(IntEnum):
    MAINS = 1
    FAILED = 2


class Rule(StrEnum):
    """What an edge rule can report. The centre maps a rule to an incident or a finding."""

    TRAPPED_NON_LEVEL = "trapped_non_level"
    TRAPPED_LEVEL = "trapped_level"
    ALARM_BUTTON = "alarm_button"
    LIFT_FAULT = "lift_fault"
    STOPPED_OUTSIDE_ZONE = "stopped_outside_zone"
    DOOR_NOT_OPENING = "door_not_opening"
    DOOR_NOT_CLOSING = "door_not_closing"
    DOOR_REOPENING = "door_reopening"
    UNINTENDED_MOVEMENT = "unintended_movement"
    OVERSPEED = "overspeed"
    OVERTRAVEL = "overtravel"
    MAINS_LOST = "mains_lost"
    MASS_OUTAGE = "mass_outage"
    """several lifts of one site without mains: a hint, the centre decides"""
    ALARM_PATH_UNTESTED = "alarm_path_untested"
    SENSOR_SHIELDED = "sensor_shielded"
    """a sensor that failed so often in a day that it is not believed until somebody has looked"""
    LIFT_UNKNOWN = "lift_unknown"
    """no fresh input: the lift may be fine or not"""
    RIDE_QUALITY = "ride_quality"
    """a maintenance hint, never an emergency"""
    NO_HAT = "no_hat"
    NO_MASK = "no_mask"
    CAMERA_BLIND = "camera_blind"
    STRANGER = "stranger"
    CROWDING = "crowding"
    CLIMATE = "climate"
    UV_LAMP = "uv_lamp"


class CentreRule(StrEnum):
    """What the centre finds by itself; never on the wire."""

    DEVICE_SILENT = "device_silent"
    """a device has not been heard for so long that somebody has to look"""


NEVER_MUTED = frozenset(
    {
        Rule.TRAPPED_NON_LEVEL,
        Rule.TRAPPED_LEVEL,
        Rule.ALARM_BUTTON,
        Rule.STOPPED_OUTSIDE_ZONE,
        Rule.MASS_OUTAGE,
    }
)
"""where somebody may be inside: the alarms, and what may become one"""


class Phase(StrEnum):
    START = "start"
    UPDATE = "update"
    END = "end"


class Wear(StrEnum):
    """Three answers: `UNKNOWN` (cannot tell) is never a violation."""

    WORN = "worn"
    NOT_WORN = "not_worn"
    UNKNOWN = "unknown"


class ObjectKind(StrEnum):
    PERSON = "person"
    HEAD = "head"


class ZoneKind(StrEnum):
    STORE = "store"
    ROUGH_PREPARATION = "rough_preparation"
    CUTTING = "cutting"
    COOKING = "cooking"
    SPECIAL_ROOM = "special_room"
    SPECIAL_AREA = "special_area"
    WASHING = "washing"
    CLEAN_STORE = "clean_store"
    PORTIONING = "portioning"
    SAMPLE_KEEPING = "sample_keeping"
    WASTE = "waste"
    LIFT_CAR = "lift_car"


class CameraState(StrEnum):
    NONE = "none"
    PENDING = "pending"
    ACTIVE = "active"
    DEGRADED = "degraded"


class OrganisationKind(StrEnum):
    BUREAU = "bureau"
    MAINTENANCE = "maintenance"
    RESCUE_STATION = "rescue_station"
    CITY_RESCUE = "city_rescue"
    """fire brigade (119), police"""
    AMBULANCE = "ambulance"
    """120"""
    PROPERTY = "property"
    CATERER = "caterer"
    GRID_OFFICE = "grid_office"
    """the officers of a grid or a town"""
    INSPECTION_BODY = "inspection_body"
    ASSOCIATION = "association"


class Role(StrEnum):
    ADMIN = "admin"
    OPERATOR = "operator"
    OWNER = "owner"
    REGULATOR = "regulator"
    CREW = "crew"


class IncidentState(StrEnum):
    RECEIVED = "received"
    VERIFYING = "verifying"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    RELEASED = "released"
    FOLLOWED_UP = "followed_up"
    CLOSED = "closed"
    FALSE_ALARM = "false_alarm"
    SELF_RELEASED = "self_released"
    FAULT_NOT_TRAPPED = "fault_not_trapped"
    MERGED = "merged"


class Hazard(StrEnum):
    """What makes a rescue more urgent than waiting alone."""

    INJURY = "injury"
    FIRE = "fire"
    WATER = "water"
    CHILD_ALONE = "child_alone"


class DispatchState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    RELEASED = "released"
    DECLINED = "declined"
    STOOD_DOWN = "stood_down"


class FindingClass(StrEnum):
    IMMEDIATE = "I"
    LIMITED = "II"
    """to be put right within a limit"""
    GUIDANCE = "III"
    DEVICE = "D"


class QuietKind(StrEnum):
    MAINTENANCE = "maintenance"
    SILENCE = "silence"
    DRILL = "drill"


class FindingState(StrEnum):
    DETECTED = "detected"
    UNDER_REVIEW = "under_review"
    MUTED = "muted"
    """found while it was muted: told when it is still there at the end"""
    PUSHED = "pushed"
    RECTIFIED_CLAIMED = "rectified_claimed"
    VERIFIED = "verified"
    CLOSED = "closed"
    OVERDUE_YELLOW = "overdue_yellow"
    OVERDUE_RED = "overdue_red"
    APPEALED = "appealed"
    CASE = "case"
    """a person has made a case of it at the bureau"""
    REJECTED = "rejected"


class Channel(StrEnum):
    WEBHOOK = "webhook"
    EMAIL = "email"
    APPRISE = "apprise"


class OutboxState(StrEnum):
    WAITING = "waiting"
    """for a letter of an earlier priority to fail"""
    QUEUED = "queued"
    LEASED = "leased"
    SENT = "sent"
    SPARED = "spared"
    """no longer needed: an earlier letter arrived, or the offer was answered"""
    FAILED = "failed"


class ReceiptState(StrEnum):
    """What a gateway says of a letter after it took it."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"


class CommandKind(StrEnum):
    """What a person may ask for; the api writes the row, alerting carries it out."""

    ACCEPT = "accept"
    DECLINE = "decline"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    RELEASED = "released"
    HAND_OVER = "hand_over"
    """a crew names another organisation that comes in its place; `args.organisation`: its code"""
    RECORD = "record"
    """cause, rescue method: `args.cause`, `args.sub_cause`, `args.method`"""
    CONFIRM = "confirm"
    """somebody is inside: by picture, voice or phone"""
    FALSE_ALARM = "false_alarm"
    SELF_RELEASED = "self_released"
    NOT_TRAPPED = "not_trapped"
    """the lift has a fault, nobody is inside"""
    RAISE = "raise"
    EMERGENCY = "emergency"
    """119 and, where `args.ambulance`, 120 now"""
    FACTS = "facts"
    """what is known of the people: `args.people`, `args.hazards` (comma-separated), `args.floor`"""
    REASSIGN = "reassign"
    """another organisation in place of a crew: `args.organisation`: its code, `args.dispatch`: whose place"""
    MERGE = "merge"
    """into `args.into`: the number of another open incident"""
    SPLIT = "split"
    """takes a merged incident out again"""
    REOPEN = "reopen"
    CALL_LOG = "call_log"
    """a call was made: `args.whom`, `reason`: what was said"""
    COMFORT = "comfort"
    """words to the people in the car: `args.text`"""
    NOTE = "note"
    FOLLOW_UP = "follow_up"
    """the call a day later was made; `reason`: what was said"""
    CLOSE = "close"
    OPEN_BY_PHONE = "open_by_phone"
    QUIET = "quiet"
    """mutes faults, never a person trapped: `args.kind`, `args.minutes` and what is muted"""
    UNQUIET = "unquiet"
    RECTIFY = "rectify"
    APPEAL = "appeal"
    APPEAL_ACCEPT = "appeal_accept"
    APPEAL_REFUSE = "appeal_refuse"
    VERIFY = "verify"
    REJECT = "reject"
    CASE = "case"


class EdgeCommand(StrEnum):
    """What the centre (or a drill) may ask of an edge agent."""

    INJECT_FAULT = "inject_fault"
    COMFORT = "comfort"
    LIVE = "live"
    CLIP = "clip"
    PLAYBACK = "playback"
    SELF_TEST = "self_test"
    DRILL = "drill"
    """publish an event that calls itself an exercise, or its end; the lift is not touched"""
    RELOAD = "reload"
    MODEL_UPDATE = "model_update"


class Withheld(StrEnum):
    """Why the public is shown no still of a kitchen's camera."""

    DETECTOR = "detector"
    """the detector could not look, so that nobody knows where people are"""
    BLUR = "blur"
    """people could not be made unrecognisable"""
    BLIND = "blind"
    """the camera gives no picture"""
