"""What is known of a link's bug, and what that means for the place that names it."""

import pytest
from tests.application.linked import FIX, SINCE, link

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


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            link(LinkVerdict.FIXED, **FIX),
            "gtk #12 (It crashes) is RESOLVED FIXED (Fix Released).",
        ),
        (
            link(LinkVerdict.FIXED, since=SINCE, fixed_in="3.2", **FIX),
            (
                "gtk #12 (It crashes) has been RESOLVED FIXED (Fix Released) since 2024-03-09; "
                "the fix is in 3.2."
            ),
        ),
        (
            link(LinkVerdict.FIXED, survivor="gtk #15", since=SINCE, **FIX),
            (
                "gtk #12 (It crashes), a duplicate of gtk #15, has been RESOLVED FIXED "
                "(Fix Released) since 2024-03-09."
            ),
        ),
        (
            link(LinkVerdict.CLOSED, remotestatus="Won't fix", meaning="Won't Fix"),
            "https://gtk.example/12 is Won't fix.",
        ),
        (
            link(LinkVerdict.STAYS, wish=Wish.EXPECT_OPEN, remotestatus="open", meaning="New"),
            "https://gtk.example/12 is open (New).",
        ),
        (
            link(LinkVerdict.UNEXPECTED, wish=Wish.EXPECT_OPEN, fixed_in="3.2", **FIX),
            (
                "gtk #12 (It crashes) is RESOLVED FIXED (Fix Released); the fix is in 3.2. "
                "The line says 'expect open'."
            ),
        ),
        (
            link(LinkVerdict.GONE, since=SINCE, trouble="Mill has no bug 12.", **FIX),
            "gtk #12 (It crashes) has been gone since 2024-03-09: Mill has no bug 12.",
        ),
        (
            link(LinkVerdict.GONE, remote="gtk #12", survivor="gtk #15", fixed_in="3.2"),
            "gtk #12 is gone.",
        ),
        (
            link(
                LinkVerdict.UNEXPECTED,
                wish=Wish.EXPECT_OPEN,
                remote="gtk #12",
                remotestatus="NEW",
                meaning="New",
                trouble="Bug 12 on https://gtk.example was deleted.",
            ),
            (
                "gtk #12 is gone: Bug 12 on https://gtk.example was deleted. "
                "The line says 'expect open'."
            ),
        ),
        (
            link(LinkVerdict.UNKNOWN, remote="gtk #12", trouble="https://gtk.example timed out."),
            "It is not known how gtk #12 is: https://gtk.example timed out.",
        ),
        (link(LinkVerdict.UNKNOWN, remote="gtk #12"), "It is not known how gtk #12 is."),
        (
            link(LinkVerdict.PROPOSED),
            "https://gtk.example/12 is in a bug tracker that has not been accepted yet.",
        ),
    ],
)
def test_what_a_person_is_told_is_a_sentence(told, sentence):
    assert told.sentence == sentence


def test_of_a_long_title_only_the_beginning_is_told():
    sentence = link(LinkVerdict.FIXED, **FIX | {"title": "x" * 300}).sentence
    assert sentence == f"gtk #12 ({'x' * 99}…) is RESOLVED FIXED (Fix Released)."
