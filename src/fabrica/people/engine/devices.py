"""Roughly which device a browser runs on, from what it says of itself: enough to know one's own, no more."""

from typing import Final

# the first that fits: browsers name those they descend from as well
BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS: Final = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip
MOST_CHARACTERS: Final = 500


def device_of(user_agent: str) -> str:
    """`Firefox, Linux`; empty where nothing known is said. No version: with it a device could be told from others."""
    said = user_agent[:MOST_CHARACTERS]
    found = (next((name for word, name in words if word in said), "") for words in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, found))
