"""What people are told, and where and how: the plain values."""

import dataclasses
import enum
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from malonewatch.interfaces.enumerations import BugTaskStatus


class Happening(enum.Enum):
    """What people can be told of.  The value is how it is written."""

    FIXED = "fixed"  #: there is a fix, and there was none
    CLOSED = "closed"  #: the bug is over, and was open
    REOPENED = "reopened"  #: it is open again
    STATUS = "status"  #: the status is another one
    DUPLICATE = "duplicate"  #: the bug turned out to be the same as another
    MOVED = "moved"  #: it is somewhere else now
    GONE = "gone"  #: it was there, and is not any more
    PRIVATE = "private"  #: it was public, and may not be read any more
    TROUBLE = "trouble"  #: a bug tracker cannot be asked
    RECOVERED = "recovered"  #: it can be asked again
    DISABLED = "disabled"  #: a destination takes no messages

    @property
    def kinds(self) -> frozenset["Happening"]:
        """What that is a case of: a fix closes a bug, and each of both is a change of status."""
        return _KINDS.get(self, frozenset({self}))

    @classmethod
    def of(cls, old: BugTaskStatus, new: BugTaskStatus) -> "Happening":
        """What it is that one status became another."""
        if new.is_fixed and not old.is_fixed:
            return cls.FIXED
        if new.is_closed and not old.is_closed:
            return cls.CLOSED
        return cls.REOPENED if old.is_closed and new.is_open else cls.STATUS


_KINDS = {
    Happening.FIXED: frozenset({Happening.FIXED, Happening.CLOSED, Happening.STATUS}),
    Happening.CLOSED: frozenset({Happening.CLOSED, Happening.STATUS}),
    Happening.REOPENED: frozenset({Happening.REOPENED, Happening.STATUS}),
    # Whoever is told of trouble is told of its end.
    Happening.RECOVERED: frozenset({Happening.RECOVERED, Happening.TROUBLE}),
}


#: What stands for the title of a bug of ours where that may not be seen.
PRIVATE_TITLE = "a private bug"


class Notice(NamedTuple):
    """Something to be told, as it was when it happened.

    - `id`: a number that no other notice in the database has,
    - `moment`: when it happened, and `since` the moment from which on it was
      as it was before, None if that is not known; both aware, in UTC,
    - `bug`, `bug_title`: the bug of ours; None and nothing where it is a bug
      tracker that something happened to,
    - `tracker`, `tracker_title`: the name and the title of the bug tracker,
    - `watch`: the number of the watch, `remotebug` what it is on, `title` that
      bug's, `url` where it is (or the bug tracker),
    - `old_remotestatus`, `new_remotestatus`: the remote words; and
      `old_status`, `new_status`: what they mean here; the same where the
      status did not change,
    - `text`: where the bug went, or a sentence on what failed,
    - `private`: whether the titles are for those only who may see them.
    """

    id: int
    moment: datetime
    happening: Happening
    bug: int | None = None
    bug_title: str = ""
    tracker: str = ""
    tracker_title: str = ""
    watch: int | None = None
    remotebug: str = ""
    title: str = ""
    url: str = ""
    old_remotestatus: str | None = None
    new_remotestatus: str | None = None
    old_status: BugTaskStatus | None = None
    new_status: BugTaskStatus | None = None
    since: datetime | None = None
    text: str = ""
    private: bool = False

    def without_titles(self) -> "Notice":
        """The same for whoever may not see the titles."""
        return self._replace(bug_title=PRIVATE_TITLE, title="")


class Feed(NamedTuple):
    """A feed, but for what is in it.

    - `identity`: see `IDatabase.identity`,
    - `name`: tells it from others of the database, and stays the same,
    - `title`: for people,
    - `bug_url`: as in `DeliverySettings`,
    - `url`: where the feed is, and `page` where people see the same; nothing if
      nowhere.
    """

    identity: str
    name: str
    title: str
    bug_url: str = ""
    url: str = ""
    page: str = ""


class Timing(enum.Enum):
    """When messages go out.  The value is how it is written."""

    AT_ONCE = "at once"  #: a message for each notice
    HOURLY = "hourly"  #: all of an hour in one message, a digest
    DAILY = "daily"
    WEEKLY = "weekly"  #: on Mondays


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DestinationSettings:
    """Where messages to a person go, and when.

    - `kind`: the name of an `IChannel`, such as ``mail``,
    - `address`: as the channel has it: an address, a URL, a file; or a
      reference to a secret (``env:NAME``, ``file:PATH``,
      ``keyring:SERVICE/USER``),
    - `secret`: a reference to what messages are signed with, None without,
    - `timing`: at once, or in a digest, at the hour `hour` of the person's day,
    - `timezone`: the name of the person's time zone,
    - `quiet`: the minutes of the person's day from and until which nothing is
      sent, such as (1320, 420) for 22:00 to 07:00; None if there are none,
    - `limit`: how many messages go out in an hour at most; what comes beyond
      that is told in one,
    - `is_trusted`: whether it may be on a private network.
    """

    kind: str
    address: str
    secret: str | None = None
    timing: Timing = Timing.AT_ONCE
    hour: int = 8
    timezone: str = "UTC"
    quiet: tuple[int, int] | None = None
    limit: int = 20
    is_trusted: bool = True


class TargetKind(enum.Enum):
    """What a subscription can be to.  The value is how it is written."""

    ALL = "all"
    BUG = "bug"  #: a bug of ours, by number
    TRACKER = "tracker"  #: a bug tracker, by name
    SEARCH = "search"  #: the watches that a search finds, before or after the change
    PERSON = "person"  #: whatever that person is told, by name


class Target(NamedTuple):
    """What a subscription is to.  `key` is the number, name or search; nothing for all."""

    kind: TargetKind
    key: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value} {self.key}".rstrip()


#: What people can ask for; that a destination is disabled they are told in any case.
SUBSCRIBABLE = tuple(each for each in Happening if each is not Happening.DISABLED)

#: What people are told of if they do not say; trouble is for those who mind the bug trackers.
USUAL = frozenset(
    {
        Happening.STATUS,
        Happening.DUPLICATE,
        Happening.MOVED,
        Happening.GONE,
        Happening.PRIVATE,
    }
)


class GivenUp(NamedTuple):
    """A message that was refused for good, and given up.

    - `moment`: when (aware),
    - `about`: what it was about, a remote bug or so, of the first of its so many `notices`,
    - `error`: why, a sentence.
    """

    moment: datetime
    about: str
    notices: int
    error: str


@dataclasses.dataclass(frozen=True, slots=True)
class DestinationFacts:
    """A destination as it is.

    - `id`: its number; `person` and `email`: the name and the address of whose it is,
    - `subscriptions`: the numbers of those that lead to it,
    - `pending`: how many notices wait,
    - `next_attempt`: when it is looked at next, None if nothing waits,
    - `failures`: how many attempts in a row failed, `failing_since` since when,
      and `last_error` what was said of the last one, a sentence,
    - `disabled`: why it is sent nothing any more, a sentence; None if it is,
    - `created`: when it was made, None if that was before this was noted,
    - `refused`: the messages of the last two weeks that were given up, ten at
      most, the latest last.
    """

    id: int
    person: str
    email: str
    settings: DestinationSettings
    subscriptions: tuple[int, ...] = ()
    pending: int = 0
    next_attempt: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    last_error: str | None = None
    disabled: str | None = None
    created: datetime | None = None
    refused: tuple[GivenUp, ...] = ()


class SubscriptionFacts(NamedTuple):
    """A subscription as it is: its number, what it is to, of what is told, and which destination
    it leads to, by number, kind and address; and whose that is, by name."""

    id: int
    target: Target
    happenings: frozenset[Happening]
    destination: int
    kind: str
    address: str
    person: str


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """What goes to a destination at once.

    - `key`: tells it from all other messages, and is the same when it is sent
      again as nobody knows whether it arrived; it is what the database is known
      by (`IDatabase.identity`), and more after a dot,
    - `notices`: what it tells, the oldest first; never none,
    - `is_digest`: whether it tells all that waited rather than one thing,
    - `recent`: what the destination was told before, the oldest first, as far
      as its channel wants to know (`IChannel.keeps`).
    """

    key: str
    destination: DestinationFacts
    notices: tuple[Notice, ...]
    is_digest: bool = False
    recent: tuple[Notice, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """How a site sends.

    - `sender`: the address that mail comes from, and goes back to,
    - `transport`: how mail goes out: ``smtp://HOST:PORT`` (with STARTTLS where
      the server has it), ``smtps://HOST:PORT``, ``sendmail:PATH`` or
      ``maildir:PATH``,
    - `username`, and `password`: a reference to the secret, for SMTP,
    - `bug_url`: where a bug of ours is, with ``{bug}`` for its number; nothing
      if nowhere,
    - `unsubscribe_url`: where to unsubscribe, with ``{subscription}`` or
      ``{destination}`` for the number; nothing if nowhere,
    - `desk_url`: where the desk is, nothing if nowhere, and `link_secret`: a
      reference to what the links in mails are signed with, by which people
      unsubscribe there without a log-in; without it there are none,
    - `templates`: the folder with the site's own texts, nothing without,
    - `trouble_after`: after how many attempts in a row people are told that a
      bug tracker cannot be asked.
    """

    sender: str = "malonewatch@localhost"
    transport: str = "smtp://localhost:25"
    username: str = ""
    password: str = ""
    bug_url: str = ""
    unsubscribe_url: str = ""
    desk_url: str = ""
    link_secret: str = ""
    templates: str = ""
    trouble_after: int = 3

    @property
    def bug_page(self) -> str:
        """As `bug_url`; that of the desk where nothing else is said, nothing if nowhere."""
        if self.bug_url or not self.desk_url:
            return self.bug_url
        return f"{self.desk_url}/bugs/{{bug}}"


class Delivered(NamedTuple):
    """What came of delivering what waits.

    - `messages`: how many were delivered, and `notices` how many told by them,
    - `failed`: for each route that failed, the sentence that says why,
    - `disabled`: for each destination that was disabled, by number, the same,
    - `claimed`: who delivers already, so that nothing was done; None if nobody,
    - `interrupted`: whether time was up, or a signal ended it; the rest is for
      the next time.
    """

    messages: int = 0
    notices: int = 0
    failed: Mapping[str, str] = {}
    disabled: Mapping[int, str] = {}
    claimed: str | None = None
    interrupted: bool = False
