"""What there is to say of a notice, in words.  Pure."""

import re
from datetime import datetime
from urllib.parse import quote

from malonewatch.cleaning import clean
from malonewatch.interfaces import BugTaskStatus, Happening, Notice

_WORDS = {
    Happening.FIXED: "is fixed",
    Happening.CLOSED: "is closed",
    Happening.REOPENED: "is open again",
    Happening.STATUS: "has another status",
    Happening.DUPLICATE: "is a duplicate",
    Happening.MOVED: "has moved",
    Happening.GONE: "is gone",
    Happening.PRIVATE: "is private now",
}

_URL = re.compile(r"(?P<origin>https?://[^/?#]+)(?P<rest>.*)", re.IGNORECASE)
#: What of a URL is not quoted.
_SAFE = "%/:?#@!$&'()*+,;=~"


def headline(notice: Notice) -> str:
    """What happened to what, in a line of text."""
    tracker = notice.tracker_title or notice.tracker
    match notice.happening:
        case Happening.TROUBLE:
            said = f"{tracker} cannot be asked"
        case Happening.RECOVERED:
            said = f"{tracker} can be asked again"
        case Happening.DISABLED:
            said = f"No more messages go out by {notice.title}"
        case happening:
            what = _WORDS[happening]
            if happening is Happening.STATUS and notice.new_remotestatus is not None:
                what = f"is {notice.new_remotestatus} now"
            said = f"{tracker} bug {notice.remotebug} {what}"
            said += f": {notice.title}" if notice.title else ""
    return clean(said)


def sentences(notice: Notice) -> list[str]:
    """What was and what is, since when, for which bug of ours; a line of text each."""
    said = []
    if notice.watch is not None:
        said.append(_status(notice))
    if notice.happening in (Happening.TROUBLE, Happening.RECOVERED) and notice.since is not None:
        began = "have failed" if notice.happening is Happening.TROUBLE else "had failed"
        said.append(f"Attempts to ask it {began} since {_time(notice.since)}.")
    if notice.text:
        said.append(_text(notice))
    if notice.bug is not None:
        title = f": {notice.bug_title}" if notice.bug_title else "."
        said.append(f"It is watched for bug {notice.bug}{title}")
    return [clean(each) for each in said]


def links(notice: Notice, bug_url: str) -> dict[str, str]:
    """Where to look: ``theirs`` and ``ours``, as far as there are such pages.

    `bug_url` is as in `DeliverySettings`.  A URL is fit to be clicked at: it
    is one on the web, and has nothing in it that may not stand in one.
    """
    found = {"theirs": notice.url}
    if notice.bug is not None:
        found["ours"] = bug_url.replace("{bug}", str(notice.bug))
    matches = {name: _URL.fullmatch(clean(url)) for name, url in found.items()}
    return {
        # Brackets are for addresses of IPv6 alone.
        name: quote(match["origin"], safe=_SAFE + "[]") + quote(match["rest"], safe=_SAFE)
        for name, match in matches.items()
        if match is not None
    }


def _status(notice: Notice) -> str:
    """What the status was, and what it is."""
    old = _meaning(notice.old_remotestatus, notice.old_status)
    new = _meaning(notice.new_remotestatus, notice.new_status)
    since = "" if notice.since is None else f" since {_time(notice.since)}"
    if old == new:
        return f"Its status is {new}{since}, as far as is known."
    return f"Its status was {old}{since}, and is {new} now."


def _meaning(remotestatus: str | None, status: BugTaskStatus | None) -> str:
    if remotestatus is None:
        return "not known"
    return remotestatus if status is None else f"{remotestatus} ({status.title})"


def _text(notice: Notice) -> str:
    if notice.happening is Happening.DUPLICATE:
        return f"It is the same as {notice.text}"
    return f"It is at {notice.text} now" if notice.happening is Happening.MOVED else notice.text


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
