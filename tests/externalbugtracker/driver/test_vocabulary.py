import pytest

from malonewatch.externalbugtracker.driver import (
    RESOLUTIONS_BY_STATE,
    Vocabulary,
    Workflow,
    by_state,
    fold,
    former_workflow,
    importances_with,
    in_state,
    invert,
    join,
    joined,
)
from malonewatch.interfaces import BugTaskImportance, BugTaskStatus

HIGH, LOW = BugTaskImportance.HIGH, BugTaskImportance.LOW


def test_a_vocabulary_with_more_words_has_them_first():
    words = Vocabulary({HIGH: "major, Bad", LOW: "minor"})
    more = words.plus({LOW: "7, bad"})
    assert dict(more.items()) == {"7": LOW, "bad": LOW, "major": HIGH, "Bad": HIGH, "minor": LOW}
    assert more.get("BAD") is LOW
    assert words.get("BAD") is HIGH
    assert "7" not in words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Won't Fix", "wontfix"),
        ("NEEDS_INFO", "needsinfo"),
        ("needs-info", "needsinfo"),
        ("Größe 7", "größe7"),
        (" -- ", "--"),
        ("", ""),
    ],
)
def test_case_blanks_and_punctuation_do_not_matter(text, folded):
    assert fold(text) == folded


def test_words_are_joined_where_there_are_two():
    assert join("RESOLVED", "FIXED") == "RESOLVED FIXED"
    assert join("NEW", "") == "NEW"
    assert join("", "FIXED") == "FIXED"


def test_a_spelling_that_the_table_has_to_the_letter_comes_first():
    words = Vocabulary({HIGH: ["New", " "], LOW: ["NEW"]})
    assert (words.get("New"), words.get("NEW"), words.get("new")) == (HIGH, LOW, HIGH)
    assert words.get("old") is None
    assert 7 not in words
    assert list(words) == ["New", "NEW"]


def test_tables_may_be_either_way_round():
    assert invert({NEW: "new,open"}, {"fresh": NEW, "done": FIXED}) == {
        NEW: ["new", "open", "fresh"],
        FIXED: ["done"],
    }


def test_importances_may_be_told_from_the_highest_down():
    words = importances_with("9, 8", "7, minor")
    assert [words.get(word) for word in ("8", "7", "minor", "major")] == [
        *(BugTaskImportance.CRITICAL, HIGH, HIGH, HIGH)
    ]
    assert set(dict(importances_with(*"7654321").items()).values()) == {*BugTaskImportance}


def test_importances_may_be_told_by_name():
    words = importances_with("9", low="1, minor", high="minor")
    assert [words.get(word) for word in ("9", "1", "trivial")] == [
        *(BugTaskImportance.CRITICAL, LOW, LOW)
    ]


NEW, FIXED, WONTFIX, UNKNOWN = (
    BugTaskStatus.NEW,
    BugTaskStatus.FIXRELEASED,
    BugTaskStatus.WONTFIX,
    BugTaskStatus.UNKNOWN,
)
WORKFLOW = Workflow(
    {NEW: "new, in progress"},
    {FIXED: "closed", UNKNOWN: "resolved, over and done"},
    {FIXED: "fixed", WONTFIX: "wont fix, not now"},
)


@pytest.mark.parametrize(
    ("remotestatus", "resolution", "closed", "verdict"),
    [
        ("New", "", None, (NEW, False)),
        ("in_progress", "", True, (NEW, False)),
        ("closed", "", None, (FIXED, False)),
        ("closed Won't Fix", "Won't Fix", None, (WONTFIX, False)),
        ("over and done not now", "not now", True, (WONTFIX, False)),
        ("resolved", "", None, (UNKNOWN, False)),
        # What was opened again may keep its resolution.
        ("new fixed", "fixed", False, (NEW, False)),
        ("new by magic", "by magic", False, (NEW, False)),
        ("new by magic", "by magic", None, (NEW, False)),
        ("brewing fixed", "fixed", None, (UNKNOWN, False)),
        # Its own flag is asked where the tables say nothing.
        ("brewing", "", False, (NEW, True)),
        ("brewing", "", True, (FIXED, True)),
        ("Not now", "", True, (WONTFIX, True)),
        ("not now", "", False, (NEW, True)),
        ("brewing fixed", "fixed", True, (FIXED, True)),
        ("brewing not now", "not now", True, (WONTFIX, True)),
        ("brewing by magic", "by magic", True, (UNKNOWN, False)),
        ("a b c d e f g h fixed", "", None, (UNKNOWN, False)),
        ("", "", None, (UNKNOWN, False)),
    ],
)
def test_a_status_is_read_as_a_whole_then_with_its_resolution_then_by_the_flag(
    remotestatus, resolution, closed, verdict
):
    assert WORKFLOW.read(remotestatus, resolution, closed).verdict == verdict


def test_a_table_has_every_status_as_it_may_come():
    assert WORKFLOW.table() == {
        "new": NEW,
        "in progress": NEW,
        "closed": FIXED,
        **{f"{status} fixed": FIXED for status in ("closed", "resolved", "over and done")},
        **{f"{status} wont fix": WONTFIX for status in ("closed", "resolved", "over and done")},
        **{f"{status} not now": WONTFIX for status in ("closed", "resolved", "over and done")},
    }


def test_a_state_means_something_with_each_resolution():
    table = by_state({"open": NEW, "Closed": FIXED})
    assert table["open"] is NEW
    assert table["open wont fix"] is WONTFIX
    assert table["Closed fixed"] is FIXED
    assert len(table) == 2 + 2 * len(RESOLUTIONS_BY_STATE)


def test_a_workflow_may_be_of_several_tables():
    both = Workflow(({NEW: "new"}, {"fresh": NEW}), {FIXED: "done"}, ({WONTFIX: ["not now"]},))
    assert both.table() == {"new": NEW, "fresh": NEW, "done": FIXED, "done not now": WONTFIX}


def test_programs_that_came_from_sourceforges_have_its_words_and_their_own():
    workflow = former_workflow({NEW: "hot"}, {WONTFIX: "hot"})
    statuses = ("Open", "Pending", "Open hot", "Closed hot", "closed fixed", "closed obsolete")
    assert [workflow.read(status).status.title for status in statuses] == [
        *("New", "Incomplete", "New", "Won't Fix", "Fix Released", "Expired"),
    ]
    assert "Pending" not in former_workflow({}, {}, {"Open": NEW}).statuses


def test_words_may_have_meanings_of_their_own_in_each_state():
    tables = {BugTaskStatus.NEW: "a, b c"}, {BugTaskStatus.INVALID: "d,a"}
    assert in_state("Closed", *tables) == {
        "Closed a": BugTaskStatus.INVALID,
        "Closed b c": BugTaskStatus.NEW,
        "Closed d": BugTaskStatus.INVALID,
    }


def test_what_is_over_comes_with_resolutions_and_the_rest_with_those_that_are_mapped():
    def is_mapped(words, resolution):
        return (words, resolution) == ("done frobbed", "frobbed")

    statuses = {"done": None, "closed": True, "new": False}
    assert joined(statuses, ["", "fixed", "frobbed"], is_mapped) == {
        "done": None,
        "done frobbed": None,
        "closed fixed": True,
        "closed frobbed": True,
        "new": False,
    }
    assert joined(statuses, [""], is_mapped) == statuses
