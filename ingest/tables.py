"""PURE: the columns of the sample tables in the order in which their rows are copied."""

HEAD = (
    ("time", "timestamptz"),
    ("device_id", "int4"),
    ("boot", "uuid"),
    ("seq", "int8"),
    ("n", "int2"),
    ("received", "timestamptz"),
)
TABLES: dict[str, tuple[tuple[str, str], ...]] = {
    "lift_sample": (
        *HEAD,
        ("mode", "int2"),
        ("car", "int2"),
        ("direction", "int2"),
        ("floor", "text"),
        ("door_zone", "bool"),
        ("door_closed", "bool"),
        ("passenger", "bool"),
        ("power", "int2"),
        ("alarm_button", "bool"),
        ("speed", "float4"),
        ("position", "float4"),
        ("load", "float4"),
        ("acceleration", "float4"),
        ("codes", "text[]"),
    ),
    "climate_sample": (
        *HEAD,
        ("temperature", "float4"),
        ("humidity", "float4"),
        ("door_open", "bool"),
        ("uv_lamp", "bool"),
    ),
    "camera_sample": (
        *HEAD,
        ("state", "text"),
        ("frames", "int8"),
        ("looks", "int8"),
        ("detections", "int8"),
        ("people", "int4"),
    ),
}
