import pytest

from malonewatch.interfaces import BugTaskImportance, BugTaskStatus
from malonewatch.testing.faults import fault


@pytest.fixture
def library(cli, bugzilla, url):
    """A bug tracker with two bugs that were asked for, one of which has words of its own."""
    bugzilla.add("1", status="LIMBO", severity="grim", priority="", extra={"is_open": True})
    bugzilla.add("2")
    cli("watch", url(1), url(2), "--title", "A")
    cli("tracker", "edit", url(1), "--name", "library")
    assert cli("check", "library").code == 0
    return cli


def test_types_are_listed_with_what_they_can_do(cli):
    lines = cli("tracker", "types").out.splitlines()
    assert lines[0].split() == ["Type", "Title", "Dialects", "Can", "Polled"]
    (line,) = [line for line in lines if line.startswith("BUGZILLA")]
    assert "jsonrpc, rest+key, rest, rest.cgi, xml  batches, duplicates, sweeps" in line
    assert line.endswith("  always")
    by_name = {each["name"]: each for each in cli("tracker", "types", "--json").json}
    assert by_name["BUGZILLA"]["capabilities"] == ["batches", "duplicates", "sweeps"]
    assert by_name["BUGZILLA"]["polling"] == "ALWAYS"


def test_a_word_is_mapped_and_listed_and_taken_back(library):
    assert library("tracker", "map", "library").out == "No words of library are mapped.\n"
    result = library("tracker", "map", "library", "limbo", "expired")
    assert result.out == (
        "'limbo' of library means Expired.\n"
        "  Bug 1: library #1: LIMBO -> LIMBO (Expired)\n"
        "  1 watch means another thing now.\n"
    )
    result = library("tracker", "map", "library", "grim", "high", "--importance")
    assert result.out == "'grim' of library means High.\n  All watches mean what they did.\n"
    lines = [line.split() for line in library("tracker", "map", "library").out.splitlines()]
    assert lines == [
        ["Word", "Kind", "Means"],
        ["limbo", "status", "Expired"],
        ["grim", "importance", "High"],
    ]
    assert library("tracker", "map", "library", "--json").json == {
        "statuses": {"limbo": "EXPIRED"},
        "importances": {"grim": "HIGH"},
    }
    result = library("tracker", "map", "library", "limbo", "--remove")
    assert result.out.startswith("What 'limbo' of library means is left to its type.\n")


def test_what_was_mapped_holds_for_what_is_asked_for_later(library, bugzilla, url):
    library("tracker", "map", "library", "limbo", "expired")
    bugzilla.add("3", status="LIMBO")
    library("watch", url(3))
    assert "LIMBO (Expired)" in library("check", url(3)).out
    history = library("show", url(3), "--json").json["activity"]
    assert history[0]["rule"] == "site"
    history = library("show", url(1), "--json").json["activity"]
    assert (history[0]["kind"], history[0]["rule"]) == ("mapping", "site")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--remove"],
        ["--importance"],
        ["LIMBO"],
        ["LIMBO", "expired", "--remove"],
        ["LIMBO", "lost"],
        ["LIMBO", "new", "--importance"],
        ["", "new"],
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(library, arguments):
    result = library("tracker", "map", "library", *arguments)
    assert result.code == 2
    assert result.err
    assert library("tracker", "map", "library").out == "No words of library are mapped.\n"


def test_the_help_names_every_meaning(run):
    text = " ".join(run("tracker", "map", "--help").out.split())
    for meaning in (*BugTaskStatus, *BugTaskImportance):
        assert meaning.title in text


def test_many_changes_are_not_all_shown(library, bugzilla, url):
    for number in range(3, 25):
        bugzilla.add(str(number), status="LIMBO")
    library("watch", *map(url, range(3, 25)), "--title", "A")
    library("check", "library")
    lines = library("tracker", "map", "library", "limbo", "expired").out.splitlines()
    assert len(lines) == 1 + 20 + 2
    assert lines[-2:] == ["  and 3 more", "  23 watches mean another thing now."]


def test_what_is_known_is_read_anew(library, run):
    assert library("tracker", "reread").out == (
        "library was read anew.\n  All watches mean what they did.\n"
    )
    assert library("tracker", "reread", "library").code == 0
    assert library("tracker", "reread", "other").code == 2


def test_without_bug_trackers_nothing_is_read(cli):
    assert cli("tracker", "reread").out == "There are no bug trackers.\n"


def test_words_that_no_table_knows_are_listed_with_what_to_do(library):
    lines = library("tracker", "unknown").out.splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["Bug", "tracker", "Word", "Kind", "Means", "Watches", "Example"],
        ["library", "LIMBO", "status", "New,", "guessed", "1", "1"],
        ["library", "grim", "importance", "Unknown", "1", "1"],
    ]
    assert lines[-1] == (
        "'malonewatch tracker map library LIMBO MEANING' says what the first one means."
    )
    library("tracker", "map", "library", "LIMBO", "new")
    assert library("tracker", "unknown", "library").out.splitlines()[-1] == (
        "'malonewatch tracker map library grim MEANING --importance' says what the first one means."
    )
    (found,) = library("tracker", "unknown", "--json").json
    assert [each["word"] for each in found["importances"]] == ["grim"]
    library("tracker", "map", "library", "grim", "low", "--importance")
    assert library("tracker", "unknown").out == "It is known what all words mean.\n"


def test_a_word_of_several_is_quoted_for_the_shell(library, bugzilla, url):
    bugzilla.change("1", status="IN LIMBO")
    library("check", url(1))
    assert "map library 'IN LIMBO' MEANING'" in library("tracker", "unknown").out


def test_a_bug_tracker_is_asked_for_its_words(library, bugzilla):
    assert library("tracker", "check", "library").out == (
        "library has 13 statuses and 13 importances.\nIt is known what all of them mean.\n"
    )
    bugzilla.words["bug_status"] = ("NEW", *(f"LIMBO{number}" for number in range(22)))
    bugzilla.words["priority"] = ("grim",)
    library("tracker", "map", "library", "GONE", "expired")
    lines = library("tracker", "check", "library").out.splitlines()
    assert lines[0] == "library has 23 statuses and 8 importances."
    assert lines[1].startswith("It is not known what these statuses mean: 'LIMBO0', 'LIMBO1', ")
    assert lines[1].endswith("'LIMBO19', and 2 more.")
    assert lines[2:] == [
        "It is not known what these importances mean: 'grim'.",
        "These are mapped, and it does not have them: 'GONE'.",
        "'malonewatch tracker map library WORD MEANING' says what one means.",
    ]
    found = library("tracker", "check", "library", "--json").json
    assert found["dead"] == ["GONE"]
    assert found["unmapped_importances"] == ["grim"]


def test_one_without_importances_has_statuses_alone(library, bugzilla):
    bugzilla.words.update(priority=(), bug_severity=())
    assert library("tracker", "check", "library").out.startswith("library has 13 statuses.\n")


def test_one_that_does_not_tell_shows_what_its_watches_have(library, bugzilla):
    bugzilla.rest = False
    result = library("tracker", "check", "library")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0] == "library does not tell its words."
    assert lines[2].split()[:2] == ["library", "LIMBO"]
    library("tracker", "map", "library", "limbo", "new")
    library("tracker", "map", "library", "grim", "low", "--importance")
    assert library("tracker", "check", "library").out.splitlines()[1] == (
        "It is known what all words mean that its watches have shown."
    )


def test_one_that_cannot_be_asked_is_trouble(library, bugzilla):
    with fault(bugzilla, "500"):
        result = library("tracker", "check", "library")
        assert result.code == 1
        assert "500" in result.out.splitlines()[0]
        found = library("tracker", "check", "library", "--json")
    assert found.code == 1
    assert '"problem": "' in found.out
