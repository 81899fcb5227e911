from datetime import datetime, timedelta, timezone

import pytest

from malonewatch.interfaces import BadInput, BugTaskStatus, BugWatchErrorType, BugWatchQuery
from malonewatch.model.searches import matches, parse_search

from ..fetching import apply
from .test_following import bug_is

NOW = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)

OPEN = frozenset(status for status in BugTaskStatus if status.is_open)
FIXED = frozenset({BugTaskStatus.FIXCOMMITTED, BugTaskStatus.FIXRELEASED})


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", BugWatchQuery()),
        ("open", BugWatchQuery(meanings=OPEN)),
        ("status:Fixed", BugWatchQuery(meanings=FIXED)),
        (
            'status:"Won\'t Fix" wontfix new',
            BugWatchQuery(meanings=frozenset({BugTaskStatus.WONTFIX, BugTaskStatus.NEW})),
        ),
        ("tracker:gtk", BugWatchQuery(tracker="gtk")),
        ("bug:12 bug:12", BugWatchQuery(bug=12)),
        (
            'error:TIMEOUT error:"private bug"',
            BugWatchQuery(
                errors=frozenset({BugWatchErrorType.TIMEOUT, BugWatchErrorType.PRIVATE_REMOTE_BUG})
            ),
        ),
        ("  crash   Window ", BugWatchQuery(words=("crash", "Window"))),
        ('title:open "dark theme"', BugWatchQuery(words=("open", "dark theme"))),
        ("changed<7d", BugWatchQuery(changed_since=NOW - timedelta(days=7))),
        ("changed<90m", BugWatchQuery(changed_since=NOW - timedelta(minutes=90))),
        ("changed<999999w", BugWatchQuery(changed_since=NOW - timedelta(days=36_500))),
    ],
)
def test_a_search_is_read(text, query):
    assert parse_search(text, NOW) == query


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("status:ope", "'ope' is no status"),
        ("owner:me", "owner: is nothing to search for"),
        ("changed:7d", "changed: is nothing to search for"),
        ("tracker<gtk", "tracker< is nothing to search for"),
        ("changed<soon", "'soon' is no length of time"),
        ("tracker:a tracker:b", "on one bug tracker, not on a and b"),
        ("bug:one", "'one' is not the number"),
        ("bug:1 bug:2", "'2' is not the number"),
        ("bug:" + "9" * 5000, "A search has 500 characters at most, not 5004"),
        ("error:oops", "'oops' is no error"),
        ("...", "'...' has no letter and no digit"),
        ('"dark theme', "'\"dark theme' is no part of a search"),
        ('open "a"b', "'\"a\"b' is no part of a search"),
    ],
)
def test_what_is_no_search_is_refused(text, problem):
    with pytest.raises(BadInput) as raised:
        parse_search(text, NOW)
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bug:1 tracker:bugs title:crashes", True),
        ("bug:2", False),
        ("tracker:other", False),
        ("changed<1m", True),
        ("fixed", True),
        ("new", True),
        ("invalid", False),
        ("error:timeout", False),
        ("crash", False),
    ],
)
def test_what_changed_is_found_by_what_it_was_and_is(tracker, watch, clock, text, found):
    remote = bug_is("42", "RESOLVED FIXED", BugTaskStatus.FIXRELEASED)
    apply(tracker, [remote._replace(title="It crashes")], clock.moment)
    statuses = {BugTaskStatus.NEW, watch.status}
    assert matches(parse_search(text, NOW), watch, statuses) is found


def test_an_error_is_looked_for(tracker, watch, clock):
    watch.last_error_type = BugWatchErrorType.BUG_NOT_FOUND
    query = parse_search('error:"bug not found"', NOW)
    assert matches(query, watch, {watch.status})


def test_the_set_of_watches_reads_searches(watches, watch):
    query = watches.parseSearch("tracker:bugs", NOW)
    assert watches.search(query).watches == [watch]


def test_a_title_of_ours_counts_until_the_remote_one_is_known(watch):
    assert matches(parse_search("broken", NOW), watch, ())
