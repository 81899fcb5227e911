"""What is known of a link's bug, and what that means for the place that names it."""

import pytest

from malonewatch.application.linkfacts import LinkVerdict, verdict_of
from malonewatch.interfaces import BugTaskStatus, BugWatchErrorType, Wish

OPEN = [status for status in BugTaskStatus if status.is_open]
FIXED = [BugTaskStatus.FIXCOMMITTED, BugTaskStatus.FIXRELEASED]
OVER = [BugTaskStatus.INVALID, BugTaskStatus.WONTFIX, BugTaskStatus.EXPIRED]
EXPECTATIONS = [Wish.EXPECT_OPEN, Wish.EXPECT_CLOSED, Wish.EXPECT_FIXED]
GONE = [BugWatchErrorType.BUG_NOT_FOUND, BugWatchErrorType.BUG_DELETED]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, LinkVerdict.STAYS) for status in OPEN),
        *((status, LinkVerdict.FIXED) for status in FIXED),
        (BugTaskStatus.INVALID, LinkVerdict.INVALID),
        (BugTaskStatus.WONTFIX, LinkVerdict.CLOSED),
        (BugTaskStatus.EXPIRED, LinkVerdict.CLOSED),
        (BugTaskStatus.UNKNOWN, LinkVerdict.UNKNOWN),
    ],
)
@pytest.mark.parametrize("wish", [None, Wish.UNTIL_CLOSED])
def test_a_place_can_go_when_its_bug_is_over_however(status, verdict, wish):
    assert verdict_of(status, wish) is verdict
    assert verdict.can_go is status.is_closed


@pytest.mark.parametrize("status", BugTaskStatus)
@pytest.mark.parametrize("wish", [Wish.UNTIL_FIXED, *EXPECTATIONS])
def test_what_the_author_says_decides_when_the_bug_is_known(status, wish):
    known = {
        Wish.UNTIL_FIXED: LinkVerdict.FIXED if status in FIXED else LinkVerdict.STAYS,
        Wish.EXPECT_OPEN: LinkVerdict.STAYS if status in OPEN else LinkVerdict.UNEXPECTED,
        Wish.EXPECT_CLOSED: LinkVerdict.UNEXPECTED if status in OPEN else LinkVerdict.STAYS,
        Wish.EXPECT_FIXED: LinkVerdict.STAYS if status in FIXED else LinkVerdict.UNEXPECTED,
    }[wish]
    unknown = status is BugTaskStatus.UNKNOWN
    assert verdict_of(status, wish) is (LinkVerdict.UNKNOWN if unknown else known)


@pytest.mark.parametrize("error_type", GONE)
@pytest.mark.parametrize("status", [BugTaskStatus.UNKNOWN, BugTaskStatus.NEW, *FIXED, *OVER])
def test_a_bug_that_is_gone_is_gone_whatever_it_was(status, error_type):
    for wish in [None, *Wish]:
        expected = LinkVerdict.UNEXPECTED if wish is Wish.EXPECT_OPEN else LinkVerdict.GONE
        assert verdict_of(status, wish, error_type) is expected


@pytest.mark.parametrize("error_type", [each for each in BugWatchErrorType if each not in GONE])
def test_what_was_known_holds_while_there_is_no_answer(error_type):
    for status in BugTaskStatus:
        for wish in [None, *Wish]:
            assert verdict_of(status, wish, error_type) is verdict_of(status, wish)


def test_what_is_not_watched_is_a_proposal_whatever_is_known():
    for wish in [None, *Wish]:
        for error_type in [None, *BugWatchErrorType]:
            verdict = verdict_of(BugTaskStatus.UNKNOWN, wish, error_type, is_watched=False)
            assert verdict is LinkVerdict.PROPOSED


def test_what_can_go_is_what_is_over_and_what_nobody_expected():
    assert {verdict.value for verdict in LinkVerdict if verdict.can_go} == {
        "fixed",
        "closed",
        "invalid",
        "gone",
        "unexpected",
    }
