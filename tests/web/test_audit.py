import pytest
from tests.web.conftest import HOSTILE, text_of

from malonewatch.application import audit
from malonewatch.interfaces import BadInput
from malonewatch.web.forms import whole_number


def test_what_was_done_is_seen(browser, database, watched):
    browser.get("/bugs/1").forms[1]
    token = browser.get("/").forms[0]["csrf_token"].value
    browser.post("/bugs/1/retitle", {"csrf_token": token, "title": HOSTILE})
    page = browser.get("/audit")
    assert "retitle bug 1 was" in text_of(page)
    assert "<script>alert(1)</script>" in text_of(page)
    (entry,) = audit.find_page(database, size=1)
    assert (entry.face, entry.actor) == ("desk", "you")
    assert "log in person you from ?" in text_of(page)
    assert 'href="/audit"' in browser.get("/settings").text


def test_it_has_pages(browser, database):
    for number in range(60):
        audit.note(database, f"did{number}", "x")
    page = browser.get("/audit")
    assert "did10 " in text_of(page)
    assert "did9 " not in text_of(page)
    page = page.click("Earlier")
    assert "did9 " in text_of(page)
    assert "Earlier" not in text_of(page)


@pytest.mark.parametrize("before", ["x", "-1", "1" * 20, "\u0661"])
def test_what_is_no_number_is_refused(browser, before):
    browser.get("/audit", {"before": before}, status=400)
    with pytest.raises(BadInput):
        whole_number(before, 19)


def test_a_page_before_all_is_empty(browser):
    assert "Nothing was done." in text_of(browser.get("/audit?before=1"))


def test_not_everybody_sees_it(stranger):
    stranger.get("/audit", status=403)
