"""What messages say: templates, those of malonewatch and those of a site."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from chameleon import PageTemplate, PageTextTemplate
from zope.interface import provider

from malonewatch.cleaning import clean
from malonewatch.interfaces import DeliveryFailed, DeliverySettings, ITexts, Message, Notice
from malonewatch.notifying.sentences import headline, links, sentences

_OWN = Path(__file__).parent / "templates"

#: How many notices a digest tells one by one.
MOST = 100


@provider(ITexts)
def texts(name: str, folder: str, values: Mapping[str, Any]) -> str:
    """See `ITexts`.  The language is that of Chameleon (https://chameleon.readthedocs.io): a file
    whose name ends with ``.html`` is a page, which escapes what is put into it, and any other a
    text."""
    path = Path(folder, name)
    if not folder or not path.exists():
        return str(_compiled(_OWN / name)(**values))
    try:
        return str(_compiled(path)(**values))
    except Exception as error:
        what = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DeliveryFailed(
            f"The template {path} cannot be used: {clean(what.strip().splitlines()[0], 200)}"
        ) from error


@functools.cache
def _compiled(path: Path) -> Any:
    source = path.read_text(encoding="utf-8")
    return PageTemplate(source) if path.suffix == ".html" else PageTextTemplate(source)


class Entry(NamedTuple):
    """A notice in words: a headline, sentences below it, and where to look."""

    headline: str
    lines: list[str]
    url: str


class Group(NamedTuple):
    """The notices on one bug of ours, or on none: a title, where the bug is, and each of them."""

    title: str
    ours: str
    entries: list[Entry]


def values_of(message: Message, delivery: DeliverySettings) -> dict[str, Any]:
    """What templates are given of a message.

    - `headline`: a line, and `text`: all below it as plain text,
    - `footer`: how to unsubscribe,
    - `url`, `ours`: where the remote bug is, and where the bug of ours is,
      nothing if nowhere; and `lines`: the sentences; of the first notice,
    - `groups`: each a `Group`; `more`: how many notices are left out, in words,
    - `notices`, `message`, `delivery`: all there is to know.
    """
    notices = message.notices
    first = notices[0]
    shown = notices[-MOST:]
    entry = entry_of(first)
    values: dict[str, Any] = {
        "headline": entry.headline,
        "lines": entry.lines,
        "url": entry.url,
        "ours": ours(first, delivery),
        "groups": [],
        "more": "",
        "footer": footer(message, delivery),
        "notices": notices,
        "message": message,
        "delivery": delivery,
    }
    if message.is_digest:
        left_out = len(notices) - len(shown)
        values["headline"] = f"{len(notices)} things happened"
        values["groups"] = groups = _groups(shown, delivery)
        values["more"] = f"And {left_out} more before these." if left_out else ""
        parts = [_group_text(group) for group in groups]
        values["text"] = "\n\n".join(filter(None, [*parts, values["more"]]))
    else:
        values["text"] = _lines([*entry.lines, entry.url, values["ours"]])
    return values


def entry_of(notice: Notice) -> Entry:
    """A notice in words."""
    return Entry(headline(notice), sentences(notice), links(notice, "").get("theirs", ""))


def ours(notice: Notice, delivery: DeliverySettings) -> str:
    """Where the bug of ours is; nothing if nowhere."""
    return links(notice, delivery.bug_url).get("ours", "")


def unsubscribe_url(message: Message, delivery: DeliverySettings) -> str:
    """Where to unsubscribe; nothing if nowhere."""
    destination = message.destination
    first = str(destination.subscriptions[0]) if destination.subscriptions else ""
    url = delivery.unsubscribe_url.replace("{destination}", str(destination.id))
    return url.replace("{subscription}", first)


def footer(message: Message, delivery: DeliverySettings) -> str:
    """How to unsubscribe, in a sentence."""
    url = unsubscribe_url(message, delivery)
    if url:
        return f"To be told no more: {url}"
    numbers = " ".join(map(str, message.destination.subscriptions))
    return f"To be told no more: malonewatch unsubscribe {numbers}".rstrip()


def _groups(notices: tuple[Notice, ...], delivery: DeliverySettings) -> list[Group]:
    """The notices by bug of ours, in the order of the first of each."""
    groups: dict[int | None, Group] = {}
    for notice in notices:
        group = groups.get(notice.bug)
        if group is None:
            group = groups[notice.bug] = Group(_title(notice), ours(notice, delivery), [])
        group.entries.append(entry_of(notice))
    return list(groups.values())


def _title(notice: Notice) -> str:
    if notice.bug is None:
        return "Bug trackers"
    title = clean(notice.bug_title)
    return f"Bug {notice.bug}: {title}" if title else f"Bug {notice.bug}"


def _group_text(group: Group) -> str:
    parts = [_lines([group.title, group.ours])]
    for entry in group.entries:
        below = [f"  {line}" for line in (*entry.lines, entry.url) if line]
        parts.append(_lines([f"* {entry.headline}", *below]))
    return "\n\n".join(parts)


def _lines(lines: list[str]) -> str:
    return "\n".join(filter(None, lines))
