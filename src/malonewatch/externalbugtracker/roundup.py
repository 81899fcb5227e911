"""Roundup.

Dialects begin with one of these, then come the class that bugs are of and
the fields that they have beyond the usual, as in ``rest+issue+priority``:

``rest``
    The REST interface of Roundup 2.0 and later, which the administrator has
    to grant to anonymous users.
    https://www.roundup-tracker.org/docs/rest.html
``csv``
    The export of a list of bugs as CSV, which needs no more than the right to
    look at them.  https://www.roundup-tracker.org/docs/user_guide.html
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple
from urllib.parse import SplitResult

from malonewatch.externalbugtracker.base import (
    ExternalBugTracker,
    build_url,
    is_number,
    parse_time,
)
from malonewatch.interfaces import (
    BugFilingAndSearchLinks,
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    Outcome,
    RemoteBug,
    Response,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)

# What bugs are called: in most trackers, and in those made from the "devel"
# and "responsive" templates.
CLASSES = ("issue", "bug")
# Which fields there are beside these is each tracker's own choice.
REST_FIELDS = ("priority", "superseder", "resolution")
CSV_FIELDS = ("priority", "superseder", "resolution", "substatus")
LINKS = frozenset({"status", "priority", "resolution", "substatus"})

HIDDEN = "[hidden]"
# In the page of a bug if its contents are shown; Roundup itself writes this.
HISTORY = re.compile(rb"""<table[^>]* class=["']?history""")

CLASSIC_STATUSES = {
    "unread": BugTaskStatus.NEW,
    "deferred": BugTaskStatus.CONFIRMED,
    "chatting": BugTaskStatus.INCOMPLETE,
    "need-eg": BugTaskStatus.INCOMPLETE,
    "in-progress": BugTaskStatus.INPROGRESS,
    "testing": BugTaskStatus.INPROGRESS,
    "done-cbb": BugTaskStatus.FIXCOMMITTED,
    "resolved": BugTaskStatus.FIXRELEASED,
}

# Status and resolution, as on bugs.python.org and in the templates that came
# from there: the meaning while new or open, when closed, and while pending.
RESOLUTIONS = {
    "": (BugTaskStatus.NEW, BugTaskStatus.WONTFIX, BugTaskStatus.INCOMPLETE),
    "accepted": (BugTaskStatus.CONFIRMED, BugTaskStatus.FIXCOMMITTED, BugTaskStatus.CONFIRMED),
    "duplicate": (BugTaskStatus.CONFIRMED, BugTaskStatus.INVALID, BugTaskStatus.CONFIRMED),
    "fixed": (BugTaskStatus.FIXCOMMITTED, BugTaskStatus.FIXRELEASED, BugTaskStatus.FIXCOMMITTED),
    "invalid": (BugTaskStatus.INVALID, BugTaskStatus.INVALID, BugTaskStatus.INVALID),
    "later": (BugTaskStatus.CONFIRMED, BugTaskStatus.CONFIRMED, BugTaskStatus.CONFIRMED),
    "out of date": (BugTaskStatus.INVALID, BugTaskStatus.INVALID, BugTaskStatus.INVALID),
    "postponed": (BugTaskStatus.CONFIRMED, BugTaskStatus.WONTFIX, BugTaskStatus.WONTFIX),
    "rejected": (BugTaskStatus.WONTFIX, BugTaskStatus.WONTFIX, BugTaskStatus.WONTFIX),
    "remind": (BugTaskStatus.CONFIRMED, BugTaskStatus.CONFIRMED, BugTaskStatus.CONFIRMED),
    "wont fix": (BugTaskStatus.WONTFIX, BugTaskStatus.WONTFIX, BugTaskStatus.WONTFIX),
    "works for me": (BugTaskStatus.INVALID, BugTaskStatus.INVALID, BugTaskStatus.INVALID),
    "not a bug": (BugTaskStatus.INVALID, BugTaskStatus.INVALID, BugTaskStatus.INVALID),
    "third party": (BugTaskStatus.INVALID, BugTaskStatus.INVALID, BugTaskStatus.INVALID),
}

# Status and substatus, as MPlayer had them.
SUBSTATUSES = {
    "new new": BugTaskStatus.NEW,
    "new open": BugTaskStatus.NEW,
    "new analyzed": BugTaskStatus.TRIAGED,
    "open open": BugTaskStatus.NEW,
    "open reproduced": BugTaskStatus.CONFIRMED,
    "open analyzed": BugTaskStatus.TRIAGED,
    "open approved": BugTaskStatus.TRIAGED,
    "open needs more info": BugTaskStatus.INCOMPLETE,
    "open implemented": BugTaskStatus.INPROGRESS,
    "closed analyzed": BugTaskStatus.INVALID,
    "closed needs more info": BugTaskStatus.INVALID,
    "closed approved": BugTaskStatus.INVALID,
    "closed implemented": BugTaskStatus.FIXRELEASED,
    "closed applied": BugTaskStatus.FIXRELEASED,
    "closed wont implement": BugTaskStatus.WONTFIX,
    "closed reject": BugTaskStatus.WONTFIX,
}

IMPORTANCES = {
    BugTaskImportance.CRITICAL: ("critical", "immediate", "release blocker"),
    BugTaskImportance.HIGH: ("urgent", "high", "major", "deferred blocker"),
    BugTaskImportance.MEDIUM: ("bug", "normal"),
    BugTaskImportance.LOW: ("low", "minor"),
    BugTaskImportance.WISHLIST: ("feature", "wish"),
}

# Old exports give numbers for labels, which count in the order of the template.
# Which template it was shows in the fields.
NUMBERED: Mapping[str, Mapping[str, Sequence[str]]] = {
    "": {
        "status": tuple(CLASSIC_STATUSES),
        "priority": ("critical", "urgent", "bug", "feature", "wish"),
    },
    "resolution": {
        "status": ("open", "closed", "pending"),
        "resolution": tuple(RESOLUTIONS)[1:12],
    },
    "substatus": {
        "status": ("new", "open", "closed"),
        "substatus": (
            *("new", "open", "reproduced", "analyzed", "needs more info", "approved", "approved"),
            *("duplicate", "invalid", "fixed", "wont fix", "works for me"),
            *("implemented", "wont implement", "applied", "reject"),
        ),
    },
}


class Dialect(NamedTuple):
    """How bugs are asked for: through what, of which class, with which fields."""

    protocol: str
    classname: str
    fields: tuple[str, ...]

    @classmethod
    def parse(cls, text: str | None) -> "Dialect | None":
        """The inverse of `str`; None if `text` names no dialect."""
        protocol, _, rest = (text or "").partition("+")
        classname, *fields = rest.split("+")
        known = {"rest": REST_FIELDS, "csv": CSV_FIELDS}.get(protocol, ())
        if classname in CLASSES and known and set(fields) <= set(known):
            return cls(protocol, classname, tuple(fields))
        return None

    def __str__(self) -> str:
        return "+".join((self.protocol, self.classname, *self.fields))

    def without(self, message: str) -> "Dialect | None":
        """The dialect less the field that an error message is about; None if it is about none."""
        for field in self.fields:
            if re.search(rf"\b{field}\b", message):
                fields = tuple(other for other in self.fields if other != field)
                return self._replace(fields=fields)
        return None


FIRST_DIALECT = Dialect("rest", CLASSES[0], REST_FIELDS)


class Roundup(ExternalBugTracker):
    """A Roundup issue tracker; https://www.roundup-tracker.org/."""

    title = "Roundup"
    request_size = 200
    changed_since = True
    #: In lower case and with spaces for hyphens, as every status is looked up.
    status_table = {
        **{status.replace("-", " "): meaning for status, meaning in CLASSIC_STATUSES.items()},
        **SUBSTATUSES,
        **{
            f"{status} {resolution}".strip(): meanings[column]
            for status, column in (("new", 0), ("open", 0), ("closed", 1), ("pending", 2))
            for resolution, meanings in RESOLUTIONS.items()
        },
    }
    importance_table = {word: meaning for meaning, words in IMPORTANCES.items() for word in words}

    @classmethod
    def parseBugURL(cls, url: SplitResult, baseurl: str | None = None) -> tuple[str, str] | None:
        head, _, page = url.path.rpartition("/")
        base = f"{url.scheme}://{url.netloc}{head.rstrip('/')}"
        for classname in CLASSES:
            number = page.removeprefix(classname)
            if number == page or not is_number(number):
                continue
            # Only "issue" says enough about a URL that nobody registered.
            if classname == CLASSES[0] or (baseurl is not None and base == baseurl.rstrip("/")):
                return base, cls.canonicalRemoteBug(number)
        return None

    @property
    def _class_url(self) -> str:
        dialect = Dialect.parse(self.dialect) or FIRST_DIALECT
        return f"{self.baseurl}/{dialect.classname}"

    def getBugURL(self, remotebug: str) -> str:
        return f"{self._class_url}{remotebug}"

    def getBugFilingAndSearchLinks(
        self, remote_product: str | None = None, summary: str = "", description: str = ""
    ) -> BugFilingAndSearchLinks:
        return BugFilingAndSearchLinks(
            build_url(
                self._class_url,
                [("@template", "item"), ("title", summary), ("@note", description)],
            ),
            build_url(self._class_url, [("@template", "search"), ("@search_text", summary)]),
        )

    def convertRemoteStatus(self, remotestatus: str) -> BugTaskStatus:
        words = re.sub(r"[-_\s]+", " ", remotestatus.lower().replace("'", "")).strip()
        return super().convertRemoteStatus(words)

    async def fetch_many(
        self, session: Any, remotebugs: Sequence[str], since: datetime | None
    ) -> Mapping[str, Outcome]:
        known = Dialect.parse(self.dialect)
        dialect = known or FIRST_DIALECT
        while True:
            response = await self._request(session, dialect, remotebugs, since)
            if response is not None and response.status == 200:
                return await self._found(session, dialect, response, remotebugs, since)
            dialect = self._next_dialect(session, dialect, known, response)

    async def _request(
        self, session: Any, dialect: Dialect, remotebugs: Sequence[str], since: datetime | None
    ) -> Response | None:
        """The answer, or None if there is a page where REST should be."""
        # With the offset it is not taken to be in the tracker's own time zone.
        # A Roundup that does not know offsets leaves the condition out.
        activity = []
        if since is not None:
            moment = since.astimezone(timezone.utc)
            activity = [("activity", moment.strftime("%Y-%m-%d.%H:%M:%S+0000;"))]
        if dialect.protocol == "csv":
            url = build_url(
                f"{self.baseurl}/{dialect.classname}",
                [
                    ("@action", "export_csv"),
                    ("@columns", ",".join(("id", "title", "activity", "status", *dialect.fields))),
                    # Old ones fail without these.
                    ("@sort", "id"),
                    ("@group", "priority"),
                    ("@pagesize", str(len(remotebugs))),
                    ("@startwith", "0"),
                    ("@filter", "id,activity" if activity else "id"),
                    ("id", ",".join(remotebugs)),
                    *activity,
                ],
            )
            return await session.request("GET", url, headers={"Accept": "text/csv"})
        fields = (
            f"{field}.name" if field in LINKS else field for field in ("status", *dialect.fields)
        )
        url = build_url(
            f"{self.baseurl}/rest/data/{dialect.classname}",
            [
                ("@fields", ",".join(("title", "activity", *fields))),
                ("@verbose", "0"),
                *(("id", remotebug) for remotebug in remotebugs),
                *activity,
            ],
        )
        try:
            return await session.request("GET", url, headers={"Accept": "application/json"})
        except (UnparsableBugTracker, BugTrackerCredentialsRefused):
            # Every page of a Roundup has a log-in form on it.
            return None

    def _next_dialect(
        self, session: Any, dialect: Dialect, known: Dialect | None, response: Response | None
    ) -> Dialect:
        """What to try after that answer to `dialect`.

        `known` is what the bug tracker spoke before.

        :raises BugTrackerTrouble: there is nothing left to try.
        """
        status = 0 if response is None else response.status
        message = "" if response is None else response.body[:4096].decode("utf-8", "replace")
        if status == 401 or (status == 403 and dialect.protocol == "csv"):
            raise self.credentials_refused(session)
        if status in (400, 403):
            less = dialect.without(message)
            if less is not None:
                return less
        if dialect is known:
            if status == 400:
                # Roundup says so of faults of its own too, which pass.
                raise self.unparsable("it has HTTP status 400")
            return FIRST_DIALECT
        if dialect.protocol == "csv" and dialect.fields:
            # Old ones do not say which column they lack.
            return dialect._replace(fields=())
        if status == 404 and dialect.classname == CLASSES[0]:
            if dialect.protocol == "csv":
                return Dialect("csv", CLASSES[1], CSV_FIELDS)
            if message.lstrip().startswith("{"):
                return dialect._replace(classname=CLASSES[1])
        if dialect.protocol == "rest":
            return Dialect("csv", dialect.classname, CSV_FIELDS)
        raise UnsupportedBugTracker(
            f"{self.baseurl} answers neither like a Roundup with REST nor like an older one."
        )

    async def _found(
        self,
        session: Any,
        dialect: Dialect,
        response: Response,
        remotebugs: Sequence[str],
        since: datetime | None,
    ) -> Mapping[str, Outcome]:
        """Outcomes from an answer that came, in halves if it is too short for all."""
        answer = None
        if dialect.protocol == "csv":
            found = self.parse_csv(response.body, remotebugs)
        else:
            answer = self.load_json(response)
            found = self.parse_rest(answer, remotebugs)
        self.dialect = str(dialect)
        if len(remotebugs) > 1 and is_cut(answer):
            middle = len(remotebugs) // 2
            first = await self.fetch_many(session, remotebugs[:middle], since)
            return {**first, **await self.fetch_many(session, remotebugs[middle:], since)}
        return found

    async def fetch_one(self, session: Any, remotebug: str) -> Outcome:
        dialect = Dialect.parse(self.dialect)
        if dialect is not None and dialect.protocol == "rest":
            response = await session.request(
                "GET",
                build_url(
                    f"{self.baseurl}/rest/data/{dialect.classname}/{remotebug}",
                    [("@fields", "title")],
                ),
                headers={"Accept": "application/json"},
            )
            private = response.status == 403
        else:
            response = await session.request("GET", self.getBugURL(remotebug), html=True)
            # A private bug has a page too, with nothing of the bug in it.
            private = response.status == 403 or (
                response.status == 200 and HISTORY.search(response.body) is None
            )
        if private:
            return self.private(remotebug)
        if response.status == 404:
            return self.not_found(remotebug)
        if response.status == 401:
            raise self.credentials_refused(session)
        if response.status != 200:
            return self.unparsable_bug(remotebug, f"it has HTTP status {response.status}")
        # A retired bug can be looked at, but is in no list.
        found = await self.fetch_many(session, [remotebug], None)
        return found.get(remotebug) or self.not_found(remotebug)

    # REST

    def parse_rest(self, answer: Any, remotebugs: Sequence[str]) -> dict[str, Outcome]:
        """Outcomes by remote id from the value of a REST answer.

        :raises UnparsableBugTracker: it holds no collection of bugs.
        """
        data = answer.get("data") if isinstance(answer, dict) else None
        bugs = data.get("collection") if isinstance(data, dict) else None
        if not isinstance(bugs, list):
            raise self.unparsable("there is no collection of bugs in it")
        asked = set(remotebugs)
        found: dict[str, Outcome] = {}
        for bug in bugs:
            remotebug = bug.get("id") if isinstance(bug, dict) else None
            if isinstance(remotebug, str) and remotebug in asked:
                found[remotebug] = self._bug_from_rest(remotebug, bug)
        return found

    def _bug_from_rest(self, remotebug: str, bug: Mapping[str, Any]) -> Outcome:
        superseder = bug.get("superseder")
        if isinstance(superseder, list):
            superseder = superseder[0] if superseder else None
        values = {
            name.removesuffix(".name"): bug.get(name) or ""
            for name in ("title", "activity", "status.name", "priority.name", "resolution.name")
        }
        values["superseder"] = superseder or ""
        if not all(isinstance(value, str) for value in values.values()):
            return self.unparsable_bug(remotebug, "a field is of the wrong kind")
        return self._bug(remotebug, values)

    # CSV

    def parse_csv(self, body: bytes, remotebugs: Sequence[str]) -> dict[str, Outcome]:
        """Outcomes by remote id from an exported list.

        :raises UnparsableBugTracker: it is no such list, or not all of it.
        """
        text = body.decode("utf-8-sig", "replace")
        if not text.endswith("\n"):
            # There is no other sign of an answer that was broken off.
            raise self.unparsable("the list of bugs has no end")
        try:
            rows = list(csv.reader(io.StringIO(text, newline="")))
        except csv.Error:
            raise self.unparsable("it should be CSV and is not") from None
        names = [name.strip().lower() for name in rows[0]]
        if "id" not in names or "status" not in names:
            raise self.unparsable("it is not a list of bugs")
        asked = set(remotebugs)
        found: dict[str, Outcome] = {}
        for row in rows[1:]:
            values = dict(zip(names, row, strict=False))
            remotebug = values.get("id", "")
            if remotebug in asked:
                found[remotebug] = self._bug_from_csv(remotebug, values)
        return found

    def _bug_from_csv(self, remotebug: str, values: Mapping[str, str]) -> Outcome:
        if values.get("status") == HIDDEN:
            return self.private(remotebug)
        numbered = NUMBERED[
            next((name for name in ("resolution", "substatus") if name in values), "")
        ]
        return self._bug(
            remotebug,
            {
                name: _label(numbered.get(name, ()), value) if name in LINKS else value
                for name, value in values.items()
                if value != HIDDEN
            },
        )

    def _bug(self, remotebug: str, values: Mapping[str, str]) -> Outcome:
        """The outcome for a bug with those labels and texts, "" for what it has not."""
        status = values.get("status", "")
        if not status:
            return self.unparsable_bug(remotebug, "it has no status")
        resolution = values.get("resolution", "")
        words = (status, resolution, values.get("substatus", ""))
        remotestatus = " ".join(word for word in words if word)
        importance = values.get("priority", "")
        # A list of them in CSV; the first is as good as any.
        superseder = re.search("[0-9]+", values.get("superseder", ""))
        return RemoteBug(
            remotebug,
            remotestatus,
            self.convertRemoteStatus(remotestatus),
            importance,
            self.convertRemoteImportance(importance),
            values.get("title", ""),
            resolution,
            parse_activity(values.get("activity", "")),
            superseder.group() if superseder else None,
        )


def is_cut(answer: Any) -> bool:
    """Whether a REST answer says that it does not hold all that was asked for."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict):
        return False
    links = data.get("@links")
    return data.get("@total_size") == -1 or (isinstance(links, dict) and bool(links.get("next")))


def parse_activity(text: str) -> datetime | None:
    """The time that ``2024-01-02.03:04:05`` gives; None if it gives none.

    ``2024-01-02 03:04``, as in a newer Roundup's CSV, is in a time zone that
    nobody tells.
    """
    date, dot, time = text.partition(".")
    return parse_time(f"{date}T{time}") if dot else None


def _label(labels: Sequence[str], value: str) -> str:
    """`value`, or the label that it is the number of."""
    if value == "None":
        return ""
    if is_number(value) and 0 < int(value) <= len(labels):
        return labels[int(value) - 1]
    return value
