import pytest

from malonewatch.externalbugtracker.driver import (
    Ask,
    ExternalBugTracker,
    Finding,
    Form,
    PageDialect,
    Read,
    URLShape,
)
from malonewatch.interfaces import BugTrackerFacts, BugTrackerType, Response

BASE = "https://notes.example/x"


class Notes(PageDialect, ExternalBugTracker):
    title = "Notes"
    urls = (URLShape("/note/{id}"),)
    login = "/login.php"

    def item_of(self, page):
        id, _, title = page.partition(" ")
        return {"id": id, "title": title} if id.isdecimal() else None

    def refusal(self, page):
        return Finding.MISSING if "no such note" in page else None

    def read(self, record):
        return Read("open", record["title"])


def make(factory=Notes):
    return factory(BugTrackerFacts("x", BugTrackerType("NOTES"), BASE))


ASK = Ask("/note/7", ids=("7",), alone=True, form=Form.PAGE)


def judged(page, status=200, path="/note/7", ask=ASK, factory=Notes):
    return make(factory).judge(ask, Response(BASE + path, status, {}, b""), page)


def test_a_bug_is_asked_for_where_people_see_it_in_english():
    ask = make().ask_one("7")
    assert (ask.path, ask.ids, ask.alone, ask.form) == (ASK.path, ASK.ids, ASK.alone, ASK.form)
    assert ask.headers == {"Accept-Language": "en"}
    assert make().ask_identity() == Ask("/", form=Form.PAGE)


def test_a_page_is_that_of_one_bug_or_of_none():
    (record,) = make().records("7 Seven")
    assert make().ids_of(record) == ("7",)
    with pytest.raises(LookupError):
        make().records("Welcome")


@pytest.mark.parametrize(
    ("page", "status", "path", "finding"),
    [
        ("7 Seven", 200, "/note/7", None),
        ("Welcome", 200, "/note/7", None),
        ("Hello", 200, "/login.php", Finding.PRIVATE),
        ("There is no such note", 200, "/note/7", Finding.MISSING),
        ("There is no such note", 403, "/note/7", Finding.MISSING),
        # It is what somebody wrote in it.
        ("7 There is no such note", 200, "/note/7", None),
        ("There is no such note", 500, "/note/7", Finding.SPOILED),
        (None, 403, "/note/7", Finding.PRIVATE),
    ],
)
def test_a_page_may_say_why_it_is_that_of_no_bug(page, status, path, finding):
    assert judged(page, status, path) is finding


def test_what_another_page_says_is_about_no_bug():
    assert judged("There is no such note", path="/login.php", ask=Ask("/")) is None


def test_a_type_need_not_say_what_a_refusal_looks_like():
    class Plain(Notes):
        login = None
        refusal = PageDialect.refusal

    assert judged("There is no such note", path="/login.php", factory=Plain) is None


def test_a_dialect_of_pages_has_to_read_them():
    with pytest.raises(TypeError, match="PageDialect reads no pages"):
        PageDialect(None).item_of("")
