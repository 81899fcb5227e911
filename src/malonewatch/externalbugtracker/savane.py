"""Savane, which runs Savannah.

It has no interface for programs, so each item is read from its page:
``frontend/php/include/trackers_run/mod.php`` in the sources, which are at
https://git.savannah.nongnu.org/cgit/administration/savane.git.  In the digest of many
items, those that are not there look like such as were closed.
"""

import re
from collections.abc import Mapping
from functools import partial

from malonewatch.externalbugtracker.driver.ask import Finding, Read
from malonewatch.externalbugtracker.driver.pages import PageDialect
from malonewatch.externalbugtracker.driver.reading import text_of
from malonewatch.externalbugtracker.driver.times import is_number
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape
from malonewatch.externalbugtracker.driver.vocabulary import join
from malonewatch.externalbugtracker.driver.words import (
    FORMER_STATES,
    former_workflow,
    importances_with,
)
from malonewatch.interfaces import BugTaskStatus, Politeness

BASE = "https://savannah.gnu.org"
#: What a tracker is called, in URLs and where people speak of an item of it.
TRACKERS = {
    **{name: name for name in ("bugs", "patch", "support", "task")},
    "bug": "bugs",
    "sr": "support",
}
_NAMES = "|".join(TRACKERS)
_ID = re.compile(rf"({_NAMES})[\s/#]{{0,9}}([0-9]{{1,18}})", re.IGNORECASE)
_HEADING = re.compile(r"\s*(bug|patch|sr|task) #([0-9]{1,18})\s*[:,]\s*(.*)", re.DOTALL)

# The statuses that come with the software, beside those that are common, which groups add.
OPEN = {
    BugTaskStatus.CONFIRMED: "Confirmed, Postponed",
    BugTaskStatus.INPROGRESS: "In Progress, Patch Submitted, Patch Reviewed",
    BugTaskStatus.INCOMPLETE: "Need Info",
    BugTaskStatus.FIXCOMMITTED: "Ready For Test, Done, Fixed",
    BugTaskStatus.WONTFIX: "Wont Do, Cancelled",
}
CLOSED = {
    BugTaskStatus.FIXRELEASED: (
        "Confirmed, In Progress, Patch Submitted, Patch Reviewed, Ready For Test, Done, Fixed"
    ),
    BugTaskStatus.WONTFIX: "Wont Do, Cancelled",
    BugTaskStatus.EXPIRED: "Need Info",
}
_STATES = {state: FORMER_STATES[state] for state in ("Open", "Closed")}

_item = partial(
    URLShape, remotebug="{tracker}/{id}", tracker=_NAMES, page=r"(?:/(?:index|item)\.php)?"
)


class Savane(PageDialect, ExternalBugTracker):
    """A Savane; https://savannah.nongnu.org/p/administration."""

    title = "Savane"
    # Savannah is slow, and wary of robots.
    politeness = Politeness(concurrency=1, gap=2)
    login = "/account/login.php"
    multi_product = True
    hosts = {
        # One database; a redirect tells which of the two hosts a group belongs to.
        **dict.fromkeys(("savannah.gnu.org", "savannah.nongnu.org"), BASE),
        **dict.fromkeys(("sv.gnu.org", "sv.nongnu.org"), BASE),
        "puszcza.gnu.org.ua": "https://puszcza.gnu.org.ua",
        **dict.fromkeys(("gna.org", "www.gna.org"), "https://gna.org"),
    }
    shut_down = {"gna.org": "Gna! was shut down for good in 2017."}
    urls = (_item("/{tracker}{page}?{id}"), _item("/{tracker}{page}?item_id={id}"))
    id_pattern = r"(?:bugs|patch|support|task)/[1-9][0-9]{0,17}"
    # Whatever its group has as fields can be filled in from the URL.
    file_link = (
        "/bugs/?func=additem&group={product}"
        "&prefill%5Bsummary%5D={summary}&prefill%5Bdetails%5D={description}"
    )
    search_link = "/search/?type_of_search=bugs&words={summary}"
    statuses = former_workflow(OPEN, CLOSED, _STATES)
    # Words come with a number, "5 - Normal", and some numbers without a word.
    importances = importances_with("Security, 9", "Important, 8, 7", "6, 5", "Later, 4, 3, 2", "1")

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        remotebug = super().canonicalRemoteBug(remotebug)
        if is_number(remotebug):
            return f"bugs/{remotebug}"
        found = _ID.fullmatch(remotebug)
        if found is None:
            return remotebug
        return f"{TRACKERS[found[1].lower()]}/{super().canonicalRemoteBug(found[2])}"

    def parts(self, remotebug: str) -> Mapping[str, str]:
        tracker, _, number = remotebug.partition("/")
        return {"tracker": tracker, "page": "/", "id": number}

    def page_of(self, remotebug: str) -> str:
        return "/{tracker}/index.php?func=detailitem&item_id={id}".format(**self.parts(remotebug))

    def identity(self, answer: str) -> str | None:
        _, powered, rest = answer.rpartition("Powered by Savane")
        return f"Savane {rest.partition('<')[0].strip()}".strip() if powered and rest else None

    def refusal(self, page: str) -> Finding | None:
        # Nearly all that goes wrong has the HTTP status of something that is not there, or
        # had none once.
        _, _, rest = page.partition('class="feedbackerror')
        error = text_of(rest.partition(">")[2].partition("</div")[0])
        return (Finding.PRIVATE if "private" in error else Finding.MISSING) if error else None

    def item_of(self, page: str) -> dict[str, str] | None:
        """The fields of an item by the labels on its page, with its id and its title."""
        for part in page.split("<h1")[1:]:
            heading, _, rest = part.partition(">")[2].partition("</h1")
            found = _HEADING.fullmatch(text_of(heading))
            if found is not None:
                break
        else:
            return None
        fields = {"id": f"{TRACKERS[found[1]]}/{found[2]}", "title": found[3]}
        label = ""
        # People can write no quotation marks into a field, but as entities.
        for cell in rest.partition("</table")[0].split("<td")[1:]:
            text = text_of(cell.partition(">")[2].partition("</td")[0])
            if '"preinput"' in cell or "'preinput'" in cell:
                label = text.rstrip("* ").removesuffix(":")
            elif label:
                fields.setdefault(label, text)
                label = ""
        return fields

    def read(self, record: Mapping[str, str]) -> Read:
        state, status, severity, priority, release = (
            # Where nothing was chosen for a field.
            "" if (value := record.get(label, "")) == "None" else value
            for label in ("Open/Closed", "Status", "Severity", "Priority", "Fixed Release")
        )
        if not state:
            raise KeyError("Open/Closed")
        closed = {"Open": False, "Closed": True}.get(state)
        # The page tells when there was a comment, and not when anything else was changed; what
        # an item duplicates is told in a comment, too.
        return Read(
            join(state, status),
            record["title"],
            severity or priority,
            status if closed else "",
            closed=closed,
            private=record.get("Privacy") == "Private",
            fixed_in=release,
        )
