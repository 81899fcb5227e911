"""What messages say: templates, those of malonewatch and those of a site."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from chameleon import PageTemplate, PageTextTemplate
from zope.interface import provider

from malonewatch.cleaning import clean
from malonewatch.interfaces import DeliveryFailed, DeliverySettings, ITexts, Message, Notice
from malonewatch.notifying.sentences import headline, links, sentences
from malonewatch.unsubscribing import UnsubscribeLink

_OWN = Path(__file__).parent / "templates"

#: What of a URL is not quoted.
_SAFE = "%/:?#@!$&'()*+,;=~[]{}"

#: How many notices a digest tells one by one.
MOST = 100

#: How many subscriptions are named one by one.
MOST_SUBSCRIPTIONS = 5


@provider(ITexts)
def texts(name: str, folder: str, values: Mapping[str, Any]) -> str:
    """See `ITexts`.  The language is that of Chameleon (https://chameleon.readthedocs.io): a file
    whose name ends with ``.txt`` is a text, and any other a page, which escapes what is put into
    it.  A file is read once in the life of a process."""
    template = _of_site(folder, name) if folder else None
    if template is None:
        return str(_own(name)(**values))
    try:
        return str(template(**values))
    except Exception as error:
        # It is the site's, and anything may be in it.
        raise _broken(Path(folder, name), error) from None


@functools.cache
def _own(name: str) -> Any:
    return _compiled(name, (_OWN / name).read_bytes())


@functools.cache
def _of_site(folder: str, name: str) -> Any:
    """The template there; None if there is none."""
    path = Path(folder, name)
    try:
        return _compiled(name, path.read_bytes())
    except FileNotFoundError:
        return None
    except Exception as error:
        raise _broken(path, error) from None


def _compiled(name: str, source: bytes) -> Any:
    return (PageTextTemplate if name.endswith(".txt") else PageTemplate)(source.decode())


def _broken(path: Path, error: Exception) -> DeliveryFailed:
    what = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        what = "it is not in UTF-8"
    # The first line says what; others show the values, which are not for everyone.
    return DeliveryFailed(
        f"The template {path} cannot be used ({clean(what.splitlines()[0], 200)}); mend or "
        "remove it."
    )


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


def values_of(message: Message, delivery: DeliverySettings, secret: str = "") -> dict[str, Any]:
    """What templates are given of a message; `secret` is what links are signed with.

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
    urls = links(first, delivery.bug_page)
    values: dict[str, Any] = {
        "headline": headline(first),
        "lines": sentences(first),
        "url": urls.get("theirs", ""),
        "ours": urls.get("ours", ""),
        "groups": [],
        "more": "",
        "footer": footer(message, delivery, secret),
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
        values["text"] = _lines([*values["lines"], values["url"], values["ours"]])
    return values


def entry_of(notice: Notice) -> Entry:
    """A notice in words."""
    return Entry(headline(notice), sentences(notice), links(notice, "").get("theirs", ""))


def ours(notice: Notice, delivery: DeliverySettings) -> str:
    """Where the bug of ours is; nothing if nowhere."""
    return links(notice, delivery.bug_page).get("ours", "")


def unsubscribe_urls(message: Message, delivery: DeliverySettings, secret: str = "") -> list[str]:
    """Where to unsubscribe: a page for each subscription that leads there, or one for all, as the
    site has them; no more than a few."""
    destination = message.destination
    if not delivery.unsubscribe_url:
        numbers = destination.subscriptions if secret else ()
        if len(numbers) > MOST_SUBSCRIPTIONS:
            return [_link(message, delivery, secret, "destination", destination.id)]
        return [_link(message, delivery, secret, "subscription", number) for number in numbers]
    # In braces is where the number goes.
    url = _fit(delivery.unsubscribe_url).replace("{destination}", str(destination.id))
    urls = [url.replace("{subscription}", str(each)) for each in destination.subscriptions]
    return list(dict.fromkeys(urls))[:MOST_SUBSCRIPTIONS]


def one_click_url(message: Message, delivery: DeliverySettings, secret: str = "") -> str:
    """Where to unsubscribe from all that leads there; nothing if that is not one page."""
    urls = unsubscribe_urls(message, delivery, secret)
    if len(urls) > 1 and not delivery.unsubscribe_url:
        return _link(message, delivery, secret, "destination", message.destination.id)
    return urls[0] if len(urls) == 1 else ""


def _link(message: Message, delivery: DeliverySettings, secret: str, kind: str, number: int) -> str:
    """A link to the desk, which is good without a log-in."""
    link = UnsubscribeLink.of(kind, number, message.destination.created)
    path = link.path(message.key.partition(".")[0], secret)
    return f"{_fit(delivery.desk_url)}/unsubscribe/{path}"


@functools.lru_cache
def _fit(url: str) -> str:
    """A URL of a site's settings, fit for a header."""
    return quote(url, safe=_SAFE)


def footer(message: Message, delivery: DeliverySettings, secret: str = "") -> str:
    """How to unsubscribe, in a sentence."""
    urls, numbers = unsubscribe_urls(message, delivery, secret), message.destination.subscriptions
    if urls:
        return f"To be told no more: {' or '.join(urls)}"
    if 0 < len(numbers) <= MOST_SUBSCRIPTIONS:
        return f"To be told no more: malonewatch unsubscribe {' '.join(map(str, numbers))}"
    return (
        "To be told no more: malonewatch unsubscribe NUMBER, with those that malonewatch "
        "subscriptions shows"
    )


def _groups(notices: tuple[Notice, ...], delivery: DeliverySettings) -> list[Group]:
    """The notices by bug of ours, what happened last first."""
    groups: dict[int | None, Group] = {}
    for notice in reversed(notices):
        group = groups.get(notice.bug)
        if group is None:
            group = groups[notice.bug] = Group(_title(notice), ours(notice, delivery), [])
        # What it is watched for is said once.
        group.entries.append(entry_of(notice._replace(bug=None)))
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
