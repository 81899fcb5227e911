import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.application.remote import bug_url

from malonewatch.application import transfer, watches
from malonewatch.application.listing import Wanted
from malonewatch.application.transfer import as_csv, export_lines, import_lines, read_lines
from malonewatch.interfaces import BadInput, Refused

NAME = "auto-bugzilla.example.com"


def read(text):
    return [(line.bug, line.title, line.url) for line in read_lines(text)]


def sentences(text):
    with pytest.raises(Refused) as raised:
        read_lines(text)
    return raised.value.sentences


def test_csv_has_its_columns_in_any_order_and_case():
    text = '\ufeffURL, Title ,notes,Bug\nhttps://a/1,"One, two",x,07\nhttps://a/2,,,\n\n'
    assert read(text) == [(7, "One, two", "https://a/1"), (None, "", "https://a/2")]


def test_csv_without_the_columns_names_is_refused():
    for text in ("https://a/1\n", "", "bug,title\n1,x\n"):
        with pytest.raises(BadInput, match="first line has to name the columns"):
            read_lines(text)


def test_json_is_a_list_of_objects():
    text = json.dumps([{"url": "https://a/1", "bug": 7, "title": "One"}, {"url": "https://a/2"}])
    assert read(text) == [(7, "One", "https://a/1"), (None, "", "https://a/2")]


@pytest.mark.parametrize("text", ["[1]", "{}", "[", '[{"url": 1}', "[" * 100_000, "[" + "9" * 5000])
def test_json_of_another_form_is_refused(text):
    with pytest.raises(BadInput):
        read_lines(text)


def test_bad_lines_are_named():
    text = f"bug,title,url\n1,x,\nx,,https://a/1\n{'9' * 30},,https://a/1\n0,,https://a/1\n"
    assert sentences(text) == (
        "Line 2: It has no URL.",
        "Line 3: 'x' is not the number of a bug.",
        f"Line 4: '{'9' * 30}' is not the number of a bug.",
        "Line 5: '0' is not the number of a bug.",
    )
    assert sentences('[{"url": "https://a/1"}, {"url": 7}, {"url": "x", "title": 7}]') == (
        "Object 2: It has no URL.",
        "Object 3: Its title is no text.",
    )
    assert sentences('url,title\nhttps://a/1,"two\nlines"\n') == (
        "Line 3: A bug's title is one line of at most 1000 characters.",
    )


def test_very_many_bad_lines_are_named_in_part():
    given = sentences("url\n" + '""\n' * 100)
    assert len(given) == 21
    assert given[-1] == "And 80 more."


def test_what_csv_cannot_be_is_refused():
    with pytest.raises(BadInput, match="is no CSV"):
        read_lines("url\n" + "x" * 200_000)


def test_a_file_with_nothing_in_it_is_refused():
    for text in ("url\n", "[]"):
        with pytest.raises(BadInput, match="nothing in it"):
            read_lines(text)


@pytest.mark.parametrize(
    ("title", "cell"),
    [
        ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        ("'=1", "''=1"),
        ("''-1", "'''-1"),
        ("'quoted'", "'quoted'"),
        ("1 = 1", "1 = 1"),
        ("", ""),
    ],
)
def test_no_title_is_a_formula_in_a_spreadsheet(title, cell):
    text = "".join(as_csv(iter([{"bug": 7, "title": title, "url": "https://a/1"}])))
    assert next(csv.DictReader(io.StringIO(text)))["title"] == cell


@given(st.text(st.sampled_from("'=+-@\tx, \""), max_size=6))
def test_what_is_written_as_csv_is_read_as_it_was(title):
    text = "".join(as_csv(iter([{"bug": 7, "title": title, "url": "https://a/1"}])))
    ((_, fields),) = transfer._read_csv(text)
    assert fields == {"bug": "7", "title": title, "url": "https://a/1"}


def test_what_is_in_no_column_does_not_matter():
    assert read("url\nhttps://a/1,'=1,2\n") == [(None, "", "https://a/1")]


# Importing.


def imported(database, *rows):
    return import_lines(database, read_lines(json.dumps(list(rows))))


def test_what_is_named_is_watched(database, stored):
    result = imported(
        database,
        {"bug": 7, "title": "Seven", "url": bug_url(1)},
        {"bug": 7, "url": bug_url(2)},
        {"title": "New", "url": bug_url(3)},
    )
    assert [each.tracker.name for each in result.registered] == [NAME]
    assert (result.bugs, result.watches, result.existing) == (2, 3, 0)
    assert stored().bugs == {7: "Seven", 8: "New"}
    assert stored().watches == {1: (7, NAME, "1"), 2: (7, NAME, "2"), 3: (8, NAME, "3")}


ROWS = (
    {"bug": 7, "title": "Seven", "url": bug_url(1)},
    {"title": "New", "url": bug_url(2)},
    {"title": "New", "url": bug_url(3)},
    {"url": bug_url(4)},
    {"url": bug_url(1)},
)


def test_a_second_import_adds_nothing_twice(database, stored):
    first = imported(database, *ROWS)
    before = stored()
    again = imported(database, *ROWS)
    assert (first.bugs, first.watches, first.existing) == (3, 4, 1)
    assert (again.registered, again.bugs, again.watches, again.existing) == ((), 0, 0, 5)
    assert (stored().bugs, stored().watches) == (before.bugs, before.watches)


def test_lines_of_one_title_share_a_bug_even_with_what_was_there(database, stored):
    imported(database, {"title": "New", "url": bug_url(2)})
    imported(database, {"title": "New", "url": bug_url(2)}, {"title": "New", "url": bug_url(3)})
    assert [each[0] for each in stored().watches.values()] == [1, 1]


def test_of_several_bugs_on_a_url_the_one_of_that_title_is_meant(database, stored):
    imported(
        database,
        {"bug": 1, "title": "One", "url": bug_url(1)},
        {"bug": 2, "title": "Two", "url": bug_url(1)},
    )
    imported(database, {"title": "Two", "url": bug_url(1)}, {"title": "Two", "url": bug_url(2)})
    assert stored().watches[3] == (2, NAME, "2")


def test_bugs_keep_their_titles(database, stored):
    imported(database, {"bug": 7, "title": "Old", "url": bug_url(1)})
    assert imported(database, {"bug": 7, "title": "New", "url": bug_url(1)}).keep_title == (7,)
    assert imported(database, {"bug": 7, "url": bug_url(1)}).keep_title == ()
    assert stored().bugs == {7: "Old"}


def test_bad_urls_are_named_with_their_lines_and_nothing_is_changed(database, stored):
    with pytest.raises(Refused) as raised:
        imported(
            database,
            {"url": bug_url(1)},
            {"url": "https://example.com/"},
            {"url": "https://example.com/"},
        )
    assert [sentence[:9] for sentence in raised.value.sentences] == ["Object 2:", "Object 3:"]
    assert raised.value.given == 3
    assert stored().watches == {}


def test_an_id_that_cannot_be_is_named_with_its_line(database, stored, software):
    software.said["FIRST", "https://things.example.com"] = "First"
    bad = f"https://things.example.com/thing/{'1' * 300}"
    with pytest.raises(Refused, match=r"^Object 2: ") as raised:
        imported(database, {"url": bug_url(1)}, {"url": bad})
    assert len(raised.value.sentences) == 1
    assert stored().watches == {}


def test_servers_are_asked_what_they_are(database, stored, software):
    software.said["FIRST", "https://things.example.com"] = "First"
    imported(database, *({"url": f"https://things.example.com/thing/{n}"} for n in range(5)))
    assert len(software.asked) == 1
    assert len(stored().watches) == 5


# Exporting.


def test_what_is_exported_can_be_imported(database, stored, uri):
    imported(database, *ROWS)
    lines = list(export_lines(database, Wanted()))
    assert lines[0] == {"bug": 7, "title": "Seven", "url": bug_url(1)}
    text = "".join(as_csv(iter(lines)))
    assert text.splitlines()[:2] == ["bug,title,url", f"7,Seven,{bug_url(1)}"]
    before = stored()
    watches.unwatch(database, list(before.watches))
    import_lines(database, read_lines(text))
    assert sorted(stored().watches.values()) == sorted(before.watches.values())
    assert import_lines(database, read_lines(json.dumps(lines))).watches == 0


def test_nothing_is_exported_as_the_names_of_the_columns():
    assert "".join(as_csv(iter([]))) == "bug,title,url\n"


def test_what_is_watched_on_one_bug_tracker_can_be_exported_alone(database):
    imported(database, {"url": bug_url(1)}, {"url": "https://trac.example.org/ticket/5"})
    (line,) = export_lines(database, Wanted(tracker="auto-trac.example.org"))
    assert line["url"] == "https://trac.example.org/ticket/5"


def test_what_has_no_url_any_more_is_not_exported(database, software):
    from zope.component import getGlobalSiteManager

    from malonewatch.interfaces import IBugTrackerFacts, IExternalBugTracker

    software.said["FIRST", "https://things.example.com"] = "First"
    imported(database, {"url": "https://things.example.com/thing/1"})
    getGlobalSiteManager().unregisterAdapter(
        name="FIRST", required=(IBugTrackerFacts,), provided=IExternalBugTracker
    )
    assert list(export_lines(database, Wanted())) == []
