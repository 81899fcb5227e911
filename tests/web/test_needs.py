import pytest
from tests.web.conftest import text_of
from zope.component import getUtility

from malonewatch.application import watches
from malonewatch.interfaces import (
    USUAL,
    BugWatchErrorType,
    DestinationSettings,
    Happening,
    IClock,
    IOutbox,
    IPersonSet,
    ISubscriptionSet,
    Notice,
    Target,
    TargetKind,
)

NAME = "auto-127.0.0.1"


def test_nothing_waits(browser, watched):
    assert "Nothing waits for you." in text_of(browser.get("/needs"))


@pytest.fixture
def shelved(watched, check):
    """A bug has a status that no table knows, and an importance."""
    watched.change("2", status="RESOLVED", resolution="SHELVED", priority="P-odd", severity="odd")
    check()
    return watched


def test_a_word_that_no_table_knows_is_mapped(browser, shelved):
    page = browser.get("/needs")
    assert "RESOLVED SHELVED, a status at auto-127.0.0.1, of 1 watch (2); it counts as" in text_of(
        page
    )
    form = page.forms[1]
    form["meaning"] = "WONTFIX"
    page = form.submit(status=303).follow()
    assert "'RESOLVED SHELVED' of auto-127.0.0.1 is mapped to Won't Fix" in text_of(page)
    assert "1 watch means another thing now." in text_of(page)
    assert "RESOLVED SHELVED means Won't Fix" in text_of(page)
    form = next(form for form in page.forms.values() if "Leave RESOLVED" in form.text)
    page = form.submit(status=303).follow()
    assert "'RESOLVED SHELVED' of auto-127.0.0.1 is left to its type" in text_of(page)


def test_of_very_many_watches_the_words_of_the_newest_are_looked_at(
    browser, database, shelved, monkeypatch
):
    assert "were looked at" not in text_of(browser.get("/needs"))
    for name in ("_LOOKS", "_FEWEST"):
        monkeypatch.setattr(f"malonewatch.web.views.needs.{name}", 1)
    text = text_of(browser.get("/needs"))
    assert "The words of the newest 1 watch of each bug tracker were looked at" in text
    assert "RESOLVED SHELVED, a status" in text
    watches.watch(database, [f"{shelved.url}/show_bug.cgi?id=9"])
    assert "RESOLVED SHELVED, a status" not in text_of(browser.get("/needs"))


def test_a_meaning_is_one_of_those_there_are(browser, shelved):
    form = browser.get("/needs").forms[1]
    form["meaning"].force_value("x")
    assert "'x' is nothing to choose." in text_of(form.submit(status=400))


def test_changes_that_are_held_are_applied(browser, database, bugzilla, check):
    urls = []
    for number in range(1, 25):
        bugzilla.add(str(number))
        urls.append(f"{bugzilla.url}/show_bug.cgi?id={number}")
    watches.watch(database, urls, 1)
    check()
    for number in range(1, 25):
        bugzilla.change(str(number), status="RESOLVED", resolution="WONTFIX")
    check()
    page = browser.get("/needs")
    assert "What was said of 24 remote bugs is kept back: too many at once." in text_of(page)
    assert "CONFIRMED → RESOLVED WONTFIX" in text_of(page)
    assert "Held back" in text_of(browser.get(f"/trackers/{NAME}"))
    page = page.forms[1].submit(status=303).follow()
    assert f" of {NAME}." in page.html.find("p", "message").text
    assert "Nothing waits for you." in text_of(browser.get("/needs"))


def test_a_bug_tracker_that_was_guessed_is_approved(browser, database):
    def guess(trackers):
        trackers.ensureBugTracker("https://bugs.example.com", None, "BUGZILLA", guessed=True)

    database.write(lambda trackers: guess(trackers))
    page = browser.get("/needs")
    assert "auto-bugs.example.com is not marked as guessed any more." in text_of(
        page.forms[1].submit(status=303).follow()
    )
    assert "Nothing waits for you." in text_of(browser.get("/needs"))


def test_a_bug_tracker_in_trouble_is_named(browser, watched, check):
    watched.listen(False)
    check()
    text = text_of(browser.get("/needs"))
    assert "Bug trackers in trouble" in text
    assert BugWatchErrorType.CONNECTION_ERROR.help in text


def test_a_destination_that_takes_nothing_is_named(browser, database):
    def fail(trackers):
        subscriptions = getUtility(ISubscriptionSet)
        person = getUtility(IPersonSet).ensurePerson("anna@example.com")
        settings = DestinationSettings(kind="mail", address="anna@example.com")
        destination = subscriptions.ensureDestination(person, settings)
        subscriptions.subscribe(destination, Target(TargetKind.ALL), USUAL)
        subscriptions.disable(destination, "There is no such mailbox.")

    database.write(lambda trackers: fail(trackers))
    page = browser.get("/needs")
    assert "for anna: There is no such mailbox." in text_of(page)
    form = next(form for form in page.forms.values() if "Send to 1 again" in form.text)
    assert "Destination 1 is sent to again" in text_of(form.submit(status=303).follow())
    assert "Nothing waits for you." in text_of(browser.get("/needs"))


def test_messages_that_were_given_up_are_told(browser, database):
    def refuse(trackers):
        person = getUtility(IPersonSet).ensurePerson("anna@example.com")
        settings = DestinationSettings(kind="mail", address="anna@example.com", limit=0)
        subscriptions, outbox = getUtility(ISubscriptionSet), getUtility(IOutbox)
        destination = subscriptions.ensureDestination(person, settings)
        subscriptions.subscribe(destination, Target(TargetKind.ALL), USUAL)
        moment = getUtility(IClock).now()
        notice = Notice(0, moment, Happening.FIXED, tracker="toys", remotebug="4", title="Secret")
        for _ in range(3):
            outbox.add(notice, [destination.id])
        (message,) = outbox.take(destination.id, moment, 0)
        outbox.refused(message, "It is <spam>.", moment)

    database.write(lambda trackers: refuse(trackers))
    for path in ("/needs", "/subscriptions"):
        text = text_of(browser.get(path))
        assert "A message was refused for good, and given up:" in text
        assert "about toys #4 and 2 more: It is <spam>." in text
        assert "Secret" not in text
