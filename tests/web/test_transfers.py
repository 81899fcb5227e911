import json

import pytest
from tests.web.conftest import text_of
from webtest import Upload

from malonewatch.application import bugs

URL = "https://bugzilla.example.com/show_bug.cgi?id="
LINES = f"bug,title,url\n7,Ours,{URL}1\n7,,{URL}2\n"


def give(browser, status=200, **fields):
    form = browser.get("/watches").click("^Import$").forms[1]
    for name, value in fields.items():
        form[name] = value
    return form.submit(status=status)


@pytest.mark.parametrize(
    "fields", [{"text": LINES}, {"file": Upload("watched.csv", LINES.encode())}]
)
def test_lines_are_watched_when_somebody_is_sure(browser, database, fields):
    page = give(browser, **fields)
    text = text_of(page)
    assert "Registered auto-bugzilla.example.com, at https://bugzilla.example.com." in text
    assert "2 lines: 2 new watches and 1 new bug; 0 watched already." in text
    assert f"Line 2: {URL}1" in text
    assert bugs.list_page(database) == []
    page = page.forms[1].submit(status=303).follow()
    assert "2 new watches and 1 new bug" in text_of(page)
    assert bugs.find(database, [7])[0].watches == 2
    page = give(browser, text=f"url,bug,title\n{URL}1,7,Another")
    assert "1 line: 0 new watches and 0 new bugs; 1 watched already." in text_of(page)
    assert "Bug 7 keeps its title." in text_of(page)


def test_each_line_that_cannot_be_used_is_told_and_nothing_is_done(browser, database):
    page = give(browser, 400, text=f"url,bug\n{URL}1,x\n,1\n{URL}2,\n")
    text = text_of(page)
    assert "Line 2: 'x' is not the number of a bug." in text
    assert "Line 3: It has no URL." in text
    page = give(browser, 400, text="url\nhttps://example.com/\n")
    assert "Line 2: " in text_of(page)
    assert bugs.list_page(database) == []


def test_what_is_no_text_or_too_much_is_refused(browser, monkeypatch):
    page = give(browser, 400, file=Upload("x.csv", b"\xff"))
    assert "The file is not in UTF-8." in text_of(page)
    monkeypatch.setattr("malonewatch.web.views.transfers.LONGEST", 5)
    page = give(browser, 400, file=Upload("x.csv", b"123456"))
    assert "A file of more than 5 octets is too large for a browser" in text_of(page)
    assert "There is nothing in it to import" in text_of(give(browser, 400, text="url\n"))


def test_a_search_is_exported(browser, watched):
    form = browser.get("/watches?q=second").click("Export these").forms[1]
    response = form.submit("form", index=0)
    assert response.content_type == "text/csv"
    assert response.headers["Content-Disposition"] == 'attachment; filename="watches.csv"'
    head, line = response.text.splitlines()
    assert head == "bug,title,url"
    assert line.startswith("2,")
    assert line.endswith(f"{watched.url}/show_bug.cgi?id=2")
    (exported,) = form.submit("form", index=1).json
    assert exported["bug"] == 2


def test_all_of_them_are_exported(browser, watched):
    assert len(json.loads(browser.get("/watches/export?form=json").text)) == 2


def test_what_cannot_be_searched_is_said_before_anything_is_sent(browser):
    page = browser.get("/watches/export?form=csv&q=colour:red", status=400)
    assert "colour: is nothing to search for" in text_of(page)
