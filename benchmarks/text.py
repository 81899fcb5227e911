"""What it costs to watch every bug whose URL stands in a long text.

``python -m benchmarks.text``
"""

import itertools
import time

from zope.component import getUtility

from benchmarks.measure import Row
from malonewatch.interfaces import Certainty, IBugSet, IBugTrackerSet, IBugWatchSet
from malonewatch.testing import fresh_site

COMMAND = "python -m benchmarks.text"
URLS = 10_000
LENGTH = 10_000_000
#: How many bug trackers of each type the URLs lead to.
TRACKERS = 10

# By type; {n} is the number of the bug, {t} that of the bug tracker.
TEMPLATES = {
    "AZUREDEVOPS": "https://dev.azure.com/organisation{t}/project/_workitems/edit/{n}",
    "BITBUCKET": "https://bitbucket.org/owner/project{t}/issues/{n}",
    "BUGZILLA": "https://bugzilla{t}.example.org/show_bug.cgi?id={n}",
    "DEBBUGS": "https://debbugs{t}.example.org/cgi-bin/bugreport.cgi?bug={n}",
    "EMAILADDRESS": "mailto:project{t}@example.org?subject={n}",
    "FLYSPRAY": "https://flyspray{t}.example.org/index.php?do=details&task_id={n}",
    "FUSIONFORGE": "https://forge{t}.example.org/tracker/?func=detail&aid={n}&group_id=5&atid=105",
    "GITEA": "https://codeberg.org/owner/project{t}/issues/{n}",
    "GITHUB": "https://github{t}.example.org/owner/project/pull/{n}",
    "GITLAB": "https://gitlab{t}.example.org/group/project/-/issues/{n}",
    "GNATS": "https://gnats{t}.example.org/cgi-bin/query-pr-single.pl?number={n}",
    "GOOGLEISSUETRACKER": "https://issuetracker.google.com/issues/{t}{n}",
    "GOOGLE_CODE": "https://code.google.com/p/project{t}/issues/detail?id={n}",
    "JIRA": "https://jira{t}.example.org/browse/PROJECT-{n}",
    "LAUNCHPAD": "https://bugs.launchpad.net/project{t}/+bug/{n}",
    "MANTIS": "https://mantis{t}.example.org/view.php?id={n}",
    "PAGURE": "https://pagure.io/project{t}/issue/{n}",
    "PHABRICATOR": "https://phabricator{t}.example.org/T{n}",
    "PHPPROJECT": "https://php{t}.example.org/bug.php?id={n}",
    "REDMINE": "https://redmine{t}.example.org/issues/{n}",
    "ROUNDUP": "https://roundup{t}.example.org/issue{n}",
    "RT": "https://rt{t}.example.org/Ticket/Display.html?id={n}",
    "SAVANE": "https://savane{t}.example.org/bugs/?{n}",
    "SOURCEFORGE": "https://sourceforge.net/p/project{t}/bugs/{n}/",
    "TRAC": "https://trac{t}.example.org/project/ticket/{n}",
    "YOUTRACK": "https://youtrack{t}.example.org/issue/PROJECT-{n}",
}
AROUND = ("{}", "({}),", "[{}]({}).", "<{}>;", "see {}#c4,")
SENTENCE = "It has been seen by others as well; http was blamed, or https: who knows? "


def text(types: list[str]) -> str:
    """As long a text as is wanted, with that many URLs of all those types."""
    pieces = []
    each = LENGTH // URLS
    kinds = zip(itertools.cycle(types), itertools.cycle(AROUND), strict=False)
    for number, (name, around) in enumerate(itertools.islice(kinds, URLS), 1):
        url = TEMPLATES[name].format(n=number, t=number % TRACKERS)
        piece = around.replace("{}", url) + "\n"
        pieces.append((piece + SENTENCE * (each // len(SENTENCE) + 1))[: each - 1] + "\n")
    return "".join(pieces)


def rows() -> list[Row]:
    with fresh_site("memory://"):
        trackers, watches = getUtility(IBugTrackerSet), getUtility(IBugWatchSet)
        types = [name for name, _ in trackers.getBugTrackerTypes()]
        for number, name in itertools.product(range(TRACKERS), types):
            found, _ = watches.recognise(TEMPLATES[name].format(n=1, t=number))
            # Every other one is registered; a guess has to be.
            if number % 2 == 0 or found.certainty is Certainty.GUESS:
                trackers.ensureBugTracker(found.baseurl, None, name)
        bug = getUtility(IBugSet).createBug("A long report")
        report = text(types)
        started = time.process_time()
        added = watches.fromText(report, bug, None)
        taken = time.process_time() - started
    return [
        Row(
            f"Watching the bugs in {len(report) / 1e6:.0f} MB of text with {URLS:,} URLs",
            *(taken, "seconds", 2, COMMAND),
            note=f"{len(added):,} watches in {len(types)} types of bug tracker",
        )
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
