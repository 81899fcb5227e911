"""Atom feeds, and messages as such a feed in a file.

https://www.rfc-editor.org/rfc/rfc4287
"""

import contextlib
import html
import os
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from xml.etree import ElementTree

from zope.interface import implementer

from malonewatch.cleaning import clean
from malonewatch.interfaces import (
    BadInput,
    DeliveryFailed,
    DeliverySettings,
    DestinationSettings,
    Feed,
    IChannel,
    ISender,
    Message,
    Notice,
)
from malonewatch.notifying.sentences import headline, links, sentences

MEDIA_TYPE = "application/atom+xml"

#: How many entries a feed has at most.
MOST = 50

#: What every feed of ours begins with, and is known by.
_BEGINNING = (
    b"<?xml version='1.0' encoding='utf-8'?>\n"
    b'<feed xmlns="http://www.w3.org/2005/Atom"><generator>malonewatch</generator>'
)

#: What identifiers are made in; see `uuid.uuid5`.
_NAMESPACE = uuid.UUID("f119e5e0-09a7-4abb-a000-7641dc0b1a4a")

#: What the categories of entries are of.
_SCHEME = "https://github.com/malonewatch/malonewatch#"

#: No element has more characters.
_LONGEST = 20_000

_EPOCH = datetime.fromtimestamp(0, timezone.utc)


@implementer(IChannel)
class FeedChannel:
    """See `IChannel`.  An address is the absolute path of a file."""

    title = "Atom feed"
    keeps = MOST
    is_prompt = True
    lanes = 1

    def check(self, settings: DestinationSettings) -> DestinationSettings:
        path = settings.address
        wrong = ""
        if not os.path.isabs(path):
            wrong = "is not the absolute path of a file"
        elif not os.path.isdir(os.path.dirname(path)):
            wrong = "is in a folder that is not there"
        else:
            with contextlib.suppress(FileNotFoundError):
                wrong = _stranger(path)
        if wrong:
            raise BadInput(f"{path} {wrong}; name a file for the feed to be written to.")
        if settings.secret is not None:
            raise BadInput("A feed is not signed; leave out what to sign it with.")
        if not settings.is_trusted:
            raise BadInput("A feed is a file on this machine; its destination has to be trusted.")
        return settings

    def route(self, settings: DestinationSettings) -> str:
        return settings.address

    @contextlib.contextmanager
    def open(self, delivery: DeliverySettings) -> Iterator[ISender]:
        yield FeedSender(delivery.bug_page)


@implementer(ISender)
class FeedSender:
    """See `ISender`."""

    def __init__(self, bug_url: str) -> None:
        self._bug_url = bug_url

    def send(self, message: Message) -> None:
        destination = message.destination
        # The notices may be told already, if nobody knew whether they were.
        told = {notice.id: notice for notice in (*message.recent, *message.notices)}
        feed = Feed(
            message.key.partition(".")[0],
            f"destination/{destination.id}",
            f"Remote bugs: what {destination.person} is told",
            self._bug_url,
        )
        write_feed(destination.settings.address, atom(feed, list(told.values())))


def atom(feed: Feed, notices: Sequence[Notice]) -> bytes:
    """See `IFeedWriter`.  Pure.

    The identifiers are made of the database's and of the name of the feed; they
    are ``urn:uuid:``, so that an entry has the same one in all feeds of a
    database, and no other has it anywhere.
    """
    newest = notices[: -MOST - 1 : -1]
    root = ElementTree.Element("feed", xmlns="http://www.w3.org/2005/Atom")
    _add(root, "generator", "malonewatch")
    _add(root, "id", _identifier(feed.identity, feed.name))
    _add(root, "title", feed.title)
    # One that is empty stays as it is.
    _add(root, "updated", _time(max((each.moment for each in newest), default=_EPOCH)))
    _add(ElementTree.SubElement(root, "author"), "name", "malonewatch")
    if feed.url:
        ElementTree.SubElement(root, "link", rel="self", type=MEDIA_TYPE, href=feed.url)
    if feed.page:
        ElementTree.SubElement(root, "link", rel="alternate", type="text/html", href=feed.page)
    for notice in newest:
        identifier = _identifier(feed.identity, f"notice/{notice.id}")
        _add_entry(root, notice, identifier, feed.bug_url)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def write_feed(path: str, content: bytes) -> None:
    """Put a feed into a file, where everybody can read it.

    Whoever reads it meanwhile has the old one or the new one.  If nothing is
    new the file stays as it is, and so does when it was changed.

    :raises DeliveryFailed: the file cannot be written, or is not a feed of
        ours.
    """
    # What a link leads to is written, and the link stays.
    path = os.path.realpath(path)
    try:
        with contextlib.suppress(FileNotFoundError):
            if wrong := _stranger(path):
                raise DeliveryFailed(
                    f"{path} {wrong}, and is not written over; move it away, or name another file "
                    "for the feed."
                )
            if Path(path).read_bytes() == content:
                return
        _replace(path, content)
    except OSError as error:
        why = os.strerror(error.errno).lower() if error.errno else type(error).__name__
        raise DeliveryFailed(
            f"The feed {path} cannot be written ({why}); put that right."
        ) from None


def _replace(path: str, content: bytes) -> None:
    number, beside = tempfile.mkstemp(prefix=".malonewatch-", dir=os.path.dirname(path))
    try:
        with open(number, "wb") as file:
            file.write(content)
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def _stranger(path: str) -> str:
    """What is wrong with what is at `path` already, going on a sentence that began with that;
    nothing if it is a feed of ours, or empty.

    :raises FileNotFoundError: there is nothing.
    """
    if Path(path).exists() and not Path(path).is_file():
        return "is no file"
    try:
        with open(path, "rb") as file:
            beginning = file.read(len(_BEGINNING))
    except FileNotFoundError:
        raise
    except OSError:
        return "cannot be read"
    return "" if beginning in (b"", _BEGINNING) else "is a file that malonewatch did not write"


def _add_entry(feed: ElementTree.Element, notice: Notice, identifier: str, bug_url: str) -> None:
    said, urls = sentences(notice), links(notice, bug_url)
    entry = ElementTree.SubElement(feed, "entry")
    _add(entry, "id", identifier)
    _add(entry, "title", headline(notice))
    _add(entry, "updated", _time(notice.moment))
    # There may be but one alternate of a kind.
    for rel, whose in (("alternate", "theirs"), ("related", "ours")):
        if whose in urls:
            ElementTree.SubElement(entry, "link", rel=rel, href=urls[whose])
    _add_category(entry, "happening", notice.happening.value)
    if notice.tracker:
        _add_category(entry, "tracker", notice.tracker, notice.tracker_title)
    _add(entry, "summary", " ".join(said))
    paragraphs = [html.escape(clean(each)) for each in said]
    paragraphs += [f'<a href="{html.escape(url)}">{html.escape(url)}</a>' for url in urls.values()]
    _add(entry, "content", "".join(f"<p>{each}</p>" for each in paragraphs)).set("type", "html")


def _add_category(entry: ElementTree.Element, kind: str, term: str, label: str = "") -> None:
    found = {"term": clean(term), "scheme": _SCHEME + kind, "label": clean(label or term)}
    ElementTree.SubElement(entry, "category", found)


def _add(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    """Add an element, with what text XML can hold of that."""
    element = ElementTree.SubElement(parent, name)
    element.text = clean(text, limit=_LONGEST)
    return element


def _identifier(identity: str, name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{identity}/{name}')}"


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
