"""Bitbucket's issues, as long as there were some.

Atlassian took the issues of Bitbucket Cloud away on 20 August 2026, with their API,
https://community.atlassian.com/forums/Bitbucket-articles/Announcing-sunset-of-Bitbucket-Issues-and-Wikis/ba-p/3193882,
and Bitbucket Server and Data Center never had any.  What is left are the URLs that people wrote.
"""

from functools import partial

from malonewatch.externalbugtracker.driver import Forge, URLShape, Workflow
from malonewatch.interfaces import BugTaskStatus, Polling

BASE = "https://bitbucket.org"
PLACE = r"(?!\.\.?/)[\w.-]{1,62}/(?!\.\.?(?:/|$))[\w.-]{1,100}"

_shape = partial(
    URLShape,
    remotebug="{place}#{id}",
    registered=True,
    place=PLACE,
    # As they were before 2014, and still led there in the end.
    kind="issues?",
    # The title, in small letters; and what could be done with an issue.
    slug=r"(?:/[^/]{1,300})?",
    api=r"(?:!?api/)?(?:1\.0|2\.0)",
)


class Bitbucket(Forge):
    """Bitbucket; https://bitbucket.org/."""

    title = "Bitbucket"
    polling = Polling.NEVER
    not_polled = (
        "Bitbucket's issues were removed for good on 20 August 2026: "
        "there is nothing left that could be asked for."
    )
    hosts = dict.fromkeys(("bitbucket.org", "www.bitbucket.org", "api.bitbucket.org"), BASE)
    folds_places = True
    multi_product = False
    place_pattern = r"[A-Za-z0-9_.-]{1,62}/[A-Za-z0-9_.-]{1,100}"
    urls = (
        _shape("/{place}/issues/{id}"),
        _shape("/{place}/{kind}/{id}{slug}"),
        _shape("/{api}/repositories/{place}/issues/{id}"),
    )
    # Some sites have kept what they once saw.
    statuses = Workflow(
        {
            BugTaskStatus.NEW: "new",
            BugTaskStatus.CONFIRMED: "open",
            BugTaskStatus.INCOMPLETE: "on hold",
            BugTaskStatus.FIXCOMMITTED: "resolved",
            BugTaskStatus.FIXRELEASED: "closed",
            BugTaskStatus.INVALID: "invalid, duplicate",
            BugTaskStatus.WONTFIX: "wontfix",
        }
    )
