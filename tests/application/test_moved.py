from datetime import timedelta

from tests.application.remote import bug_url

from malonewatch.application.facts import now
from malonewatch.application.moved import find_moved
from malonewatch.application.watches import watch
from malonewatch.interfaces import BugTaskStatus

TRACKER = "auto-bugzilla.example.com"


def test_what_moved_by_bug_of_ours(database, tell):
    watch(database, [bug_url(1), bug_url(2)], 7, "Ours")
    watch(database, [bug_url(3)], 8)
    for number in "123":
        tell(TRACKER, number, "NEW")
    assert find_moved(database, now() - timedelta(days=1)) == []
    tell(TRACKER, "1", "RESOLVED", BugTaskStatus.FIXRELEASED)
    tell(TRACKER, "3", "ASSIGNED", BugTaskStatus.INPROGRESS)
    tell(TRACKER, "2", "ASSIGNED", BugTaskStatus.INPROGRESS)
    # All within a second, so in any order.
    first, second = sorted(find_moved(database, now() - timedelta(days=1)), key=lambda bug: bug.bug)
    assert (first.bug, first.title, second.bug, second.title) == (7, "Ours", 8, "")
    assert {each.remotebug: each.meaning_before for each in first.watches} == {
        "1": "NEW (New)",
        "2": "NEW (New)",
    }
    assert find_moved(database, now() + timedelta(days=1)) == []
    (latest,) = find_moved(database, now() - timedelta(days=1), limit=1)
    assert len(latest.watches) == 1
