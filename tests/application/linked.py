"""Links, and what is known of their bugs, made up."""

from datetime import datetime, timezone

from malonewatch.application.linkfacts import LinkFacts, LinkVerdict

SINCE = datetime(2024, 3, 9, 23, 59, tzinfo=timezone.utc)
FIX = {
    "remote": "gtk #12",
    "title": "It crashes",
    "remotestatus": "RESOLVED FIXED",
    "meaning": "Fix Released",
}


def link(verdict=LinkVerdict.FIXED, **facts):
    """A link in a line of code with that verdict; `facts` are fields of `LinkFacts`."""
    place = {
        "project": "mill",
        "path": "src/mill.py",
        "line": 7,
        "column": 3,
        "written": "https://gtk.example/12",
        "text": "# until it is fixed",
        "url": "https://gtk.example/12",
        "wish": None,
    }
    return LinkFacts(**place | facts, verdict=verdict)
