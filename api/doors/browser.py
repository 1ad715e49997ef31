"""PURE: what kind of browser it roughly is, so that a person knows the own sessions. Never more than that is kept."""

# The first that fits: most browsers claim to be others, too.
BROWSERS = (
    ("micromessenger", "WeChat"),
    ("dingtalk", "DingTalk"),
    ("edg", "Edge"),
    ("opr/", "Opera"),
    ("firefox", "Firefox"),
    ("fxios", "Firefox"),
    ("chrome", "Chrome"),
    ("crios", "Chrome"),
    ("safari", "Safari"),
)
SYSTEMS = (
    ("harmonyos", "HarmonyOS"),
    ("android", "Android"),
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("windows", "Windows"),
    ("mac os", "macOS"),
    ("linux", "Linux"),
)


def browser(agent: str) -> str:
    """A few words for a User-Agent header; empty when it says nothing known."""
    low = agent.lower()
    found = (next((name for mark, name in known if mark in low), "") for known in (BROWSERS, SYSTEMS))
    return " · ".join(word for word in found if word)
