import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.externalbugtracker.driver import IMPORTANCES, Vocabulary, status_of, weight_of
from malonewatch.externalbugtracker.driver.labels import row_of_label
from malonewatch.interfaces import BugTaskImportance


@pytest.mark.parametrize(
    ("label", "importance"),
    [
        ("priority::1", BugTaskImportance.CRITICAL),
        ("priority::high", BugTaskImportance.HIGH),
        ("Priority: Medium", BugTaskImportance.MEDIUM),
        ("priority/low", BugTaskImportance.LOW),
        ("high priority", BugTaskImportance.HIGH),
        ("priority-critical", BugTaskImportance.CRITICAL),
        ("severity::2", BugTaskImportance.HIGH),
        ("Severity: Major", BugTaskImportance.HIGH),
        ("impact: crash", BugTaskImportance.HIGH),
        ("P1", BugTaskImportance.CRITICAL),
        ("S3", BugTaskImportance.MEDIUM),
        ("blocker", BugTaskImportance.CRITICAL),
        ("1. Crash", BugTaskImportance.HIGH),
        ("enhancement", BugTaskImportance.WISHLIST),
        ("kind/feature", BugTaskImportance.WISHLIST),
        ("type::wishlist", BugTaskImportance.WISHLIST),
        ("type", None),
        ("priority", None),
        ("priority::someday", None),
        ("documentation", None),
        ("", None),
    ],
)
def test_an_importance_is_written_in_many_ways(label, importance):
    row = row_of_label(label, IMPORTANCES)
    assert (None if row is None else row.meaning) is importance


@pytest.mark.parametrize(
    ("labels", "weight"),
    [
        ([], ""),
        (["bug", "help wanted"], ""),
        (["minor", "priority::high"], "priority::high"),
        (["kind/feature", "P2"], "P2"),
        (["enhancement", "kind/feature"], "enhancement"),
        (["priority::high", "severity::1"], "priority::high"),
        (["priority::someday", "severity::1"], "severity::1"),
        (["priority::someday"], "priority::someday"),
        (["task"], ""),
        (["kind/bug"], ""),
    ],
)
def test_the_label_that_is_surest_to_tell_the_importance_does(labels, weight):
    assert weight_of(labels, IMPORTANCES) == weight


def test_a_site_may_mean_something_by_a_whole_label():
    here = [
        ("priority::someday", BugTaskImportance.LOW),
        ("kind/fire", BugTaskImportance.CRITICAL),
    ]
    importances = Vocabulary.of((*here, *IMPORTANCES.items()))
    for label, importance in here:
        assert row_of_label(label, importances) == ("importances", label, importance)
    assert weight_of(["priority::someday", "severity::1"], importances) == "priority::someday"
    assert weight_of(["bug", "kind/fire"], importances) == "kind/fire"


@pytest.mark.parametrize(
    ("labels", "opened", "closed"),
    [
        ([], "", ""),
        (["bug"], "", ""),
        (["status::in review"], "in review", ""),
        (["Workflow: In Dev"], "In Dev", ""),
        (["status/wontfix"], "wontfix", "wontfix"),
        (["status: needs-info"], "needs-info", ""),
        (["Reviewed/Confirmed"], "Confirmed", ""),
        (["Reviewed/Invalid"], "Invalid", "Invalid"),
        (["resolution::by design"], "", "by design"),
        (["resolution::mislaid"], "", "mislaid"),
        (["2. Needs Information"], "Needs Information", ""),
        (["confirmed", "duplicate"], "confirmed", "duplicate"),
        (["needinfo", "confirmed"], "needinfo", ""),
        (["confirmed", "state: waiting"], "waiting", ""),
        (["priority::high", "Won't Fix"], "", "Won't Fix"),
    ],
)
def test_labels_tell_a_status_while_a_bug_is_open_and_another_when_it_is_closed(
    labels, opened, closed
):
    assert status_of(labels, False) == opened
    assert status_of(labels, True) == closed


@given(st.text(max_size=30))
def test_any_label_means_something_or_nothing(label):
    row = row_of_label(label, IMPORTANCES)
    assert row is None or IMPORTANCES.get(row.word) is row.meaning
    assert weight_of([label], IMPORTANCES) in ("", label)
    for closed in (False, True):
        assert status_of([label], closed) in label
