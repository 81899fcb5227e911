"""Debbugs, the bug tracking system of Debian and of GNU.

Asked in SOAP, https://wiki.debian.org/DebbugsSoapInterface.  The dialects are the folder that the
CGI scripts are in: ``cgi-bin`` as it is installed, ``cgi`` at debbugs.gnu.org.

`RemoteBug.remotestatus` is put together here: ``open``, ``forwarded`` or ``done``, then those
tags that make a difference to what that means, weightiest last.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from zope.interface import implementer

from malonewatch.externalbugtracker.driver import soap
from malonewatch.externalbugtracker.driver.ask import Ask, Judgement, Read
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.externalbugtracker.driver.times import from_epoch, is_number
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape, by_https
from malonewatch.externalbugtracker.driver.vocabulary import Vocabulary, Workflow
from malonewatch.interfaces import BugTaskImportance, BugTaskStatus, Response, StatusReading
from malonewatch.interfaces.externalbugtracker import IBatches, IDuplicates

GNU = "debbugs.gnu.org"

# The tags that tell, https://www.debian.org/Bugs/Developer, the lightest first; newcomer and those
# about upstream are Debian's, easy and notabug are GNU's.  A refused bug is closed as done like
# a fixed one; only the tag tells that nothing was fixed.
TAGS = (
    *("moreinfo", "unreproducible", "help", "newcomer", "easy", "upstream", "confirmed"),
    *("fixed-upstream", "pending", "fixed-in-experimental", "fixed", "notabug", "wontfix"),
)
STATUSES = {
    BugTaskStatus.NEW: "open",
    BugTaskStatus.INCOMPLETE: "open moreinfo, open unreproducible",
    BugTaskStatus.CONFIRMED: (
        "open help, open newcomer, open easy, open upstream, open confirmed,"
        "open fixed-upstream, forwarded, forwarded fixed-upstream"
    ),
    BugTaskStatus.FIXCOMMITTED: (
        "open pending, open fixed-in-experimental, open fixed,"
        "forwarded pending, forwarded fixed-in-experimental, forwarded fixed"
    ),
    BugTaskStatus.FIXRELEASED: "done",
    BugTaskStatus.INVALID: "open notabug, forwarded notabug, done notabug",
    BugTaskStatus.WONTFIX: "open wontfix, forwarded wontfix, done wontfix",
}

GET_STATUS = '<v1:get_status xmlns:v1="Debbugs/SOAP/V1">{}</v1:get_status>'
FIELDS = soap.wanted(
    *("subject", "severity", "done", "forwarded", "tags", "mergedwith", "fixed_versions"),
    *("last_modified", "log_modified"),
)
# What Perl takes for false.
FALSE = ("", "0")


class CgiBin(Dialect):
    dialect_name = "cgi-bin"
    # Some were found, and fixed, in very many versions.
    bytes_per_bug = 8 * 1024
    # The ids are in the body of a POST, not in the URL.
    url_budget = 1_000_000

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        call = GET_STATUS.format(soap.numbers("bugs", ids))
        yield soap.ask(f"/{self.dialect_name}/soap.cgi", call, ids)

    def ask_missing(self, ids: Sequence[str]) -> Iterator[Ask]:
        # It leaves out what it does not have, asked for one bug or for many.
        for ask in self.ask_many(ids, None):
            yield dataclasses.replace(ask, conclusive=True)

    def ask_identity(self) -> Ask:
        return self.ask_one("1")

    def identity(self, answer: str) -> str:
        soap.result(answer, "get_status")
        return "Debbugs"

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        # No bug is private: an HTTP status is about the service, whatever was asked for.
        return super().judge(ask.for_all(), response, answer)

    def records(self, answer: str) -> Iterator[soap.Struct]:
        for remotebug, record in soap.result(answer, "get_status").pairs():
            if not is_number(remotebug):
                # What has no number might be any bug, and none may count as missing for it.
                raise ValueError("no map of bugs")
            yield soap.Struct(record, FIELDS, id=remotebug)

    def read(self, record: Mapping[str, str]) -> Read:
        title, severity, done = record["subject"], record["severity"], record["done"] not in FALSE
        state = "done" if done else "open" if record["forwarded"] in FALSE else "forwarded"
        tags, known = record["tags"].split(), self.tracker.statuses.statuses
        # Most have none.
        telling = tags and " ".join(
            tag for tag in TAGS if tag in tags and f"{state} {tag}" in known
        )
        return Read(
            f"{state} {telling}" if telling else state,
            title,
            severity,
            telling if done and telling else "",
            from_epoch(record.get("last_modified", ""))
            or from_epoch(record.get("log_modified", "")),
            done,
            duplicate_of(record["id"], record.get("mergedwith", "")),
            fixed_in=record.get("fixed_versions", "") if done else "",
        )


class Cgi(CgiBin):
    dialect_name = "cgi"


@implementer(IBatches, IDuplicates)
class Debbugs(ExternalBugTracker):
    """A Debbugs; https://bugs.debian.org/debbugs-source/."""

    title = "Debbugs"
    request_size = 500
    protocols = (CgiBin, Cgi)
    hosts = {**by_https("bugs.debian.org", GNU), "bugs.gnu.org": f"https://{GNU}"}
    urls = (
        URLShape("/{folder}/bugreport.cgi?bug={id}", folder="cgi-bin|cgi"),
        URLShape("/{id}", registered=True),
    )
    # Bugs are filed by e-mail; a product is a package.
    search_link = (
        (
            "/{folder}/search.cgi?phrase={summary}&attribute_field=package"
            "&attribute_operator=STROREQ&attribute_value={product}"
        ),
        "/{folder}/search.cgi?phrase={summary}",
    )
    statuses = Workflow(STATUSES)
    # Critical and grave ones destroy data or make a package useless; a
    # serious one breaks a rule, which holds up a release but nobody's work.
    importances = Vocabulary(
        {
            BugTaskImportance.CRITICAL: "critical, grave",
            BugTaskImportance.HIGH: "serious, important",
            BugTaskImportance.MEDIUM: "normal",
            BugTaskImportance.LOW: "minor",
            BugTaskImportance.WISHLIST: "wishlist",
        }
    )

    def all_dialects(self) -> list[Dialect]:
        found = super().all_dialects()
        return found[::-1] if urlsplit(self.baseurl).hostname == GNU else found

    @property
    def places(self) -> Mapping[str, str]:
        known = self.dialect_named(self.dialect) or self.all_dialects()[0]
        return {"folder": known.dialect_name}

    def reading(self, remotestatus: str, resolution: str, closed: bool | None) -> StatusReading:
        # The last tag decides, if there is one.
        state, _, tags = remotestatus.partition(" ")
        return super().reading(f"{state} {tags.rpartition(' ')[2]}".strip(), resolution, closed)


def duplicate_of(remotebug: str, merged: str) -> str | None:
    """The bug that stands for all that `remotebug` was merged with; None if it does itself.

    Merged bugs are equals in Debbugs and share every change.  That the oldest
    stands for all is our convention, so that there is one and no circle.
    """
    others = [int(each) for each in merged.split() if is_number(each)]
    return str(min(others)) if others and min(others) < int(remotebug) else None
