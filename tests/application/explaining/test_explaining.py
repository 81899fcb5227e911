"""Why a watch is as it is."""

import re
import shlex
from datetime import datetime, timedelta, timezone

import pytest
from tests.application.remote import BUGZILLA, apply, bug_url
from zope.component import getGlobalSiteManager, getUtility
from zope.interface import implementer, providedBy

from malonewatch.application import trackers
from malonewatch.application.explaining import Remedy, explain_watch
from malonewatch.application.facts import now
from malonewatch.application.trackers import TrackerChanges
from malonewatch.application.watches import watch
from malonewatch.application.words import map_word
from malonewatch.interfaces import (
    BadInput,
    Batch,
    BrakeSettings,
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerConnectError,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    DialectLearnt,
    Fetched,
    IBugTrackerFacts,
    IBugWatchSet,
    ICredentials,
    IExternalBugTracker,
    NotFoundError,
    RemoteBug,
    RemoteBugError,
    UnparsableBugTracker,
)

NAME = "auto-bugzilla.example.com"
CONFIRMED, FIXED = BugTaskStatus.CONFIRMED, BugTaskStatus.FIXRELEASED
INVALID, UNKNOWN = BugTaskStatus.INVALID, BugTaskStatus.UNKNOWN
MEANINGS = (
    "MEANING is one of 'New', 'Incomplete', 'Confirmed', 'Triaged', 'In Progress', "
    "'Fix Committed', 'Fix Released', 'Invalid', \"Won't Fix\", 'Expired', 'Unknown'"
)


@pytest.fixture
def watched(database):
    """A watch on bug 1."""
    watch(database, [bug_url(1)], 7, "Ours")
    return database


@pytest.fixture
def explained(database):
    """The sentences of a section of the explanation of a watch; DATE stands for each time."""

    def explained(title, what="1", **options):
        found = explain_watch(database, what, **options)
        return [
            re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "DATE", sentence)
            for section in found.sections
            if re.sub(r"^On \d.*", "Then", section.title) == title
            for sentence in section.sentences
        ]

    return explained


@pytest.fixture
def remedies(database):
    """The commands that would help."""
    return lambda what="1": [
        remedy.command.removeprefix("malonewatch ")
        for remedy in explain_watch(database, what).remedies
    ]


@pytest.fixture
def change(database):
    """Changes what is known of the bug tracker."""
    return lambda **changes: trackers.edit(database, NAME, TrackerChanges(**changes))


# The watch.


def test_it_is_said_which_bug_it_shows_for_which_of_ours(watched, explained):
    assert explained("The watch") == [
        f"Watch 1 shows how {NAME} #1 is, which is at {bug_url(1)}, for bug 7 of ours (Ours).",
        "It was added on DATE.",
    ]
    watch(watched, [bug_url(2)], 8)
    assert explained("The watch", bug_url(2))[0].endswith(", for bug 8 of ours.")


def test_it_is_named_as_elsewhere(watched):
    watch(watched, [bug_url(1)], 8)
    assert explain_watch(watched, bug_url(1), bug_id=8).known.watch.id == 2
    with pytest.raises(BadInput, match="several bugs"):
        explain_watch(watched, bug_url(1))
    with pytest.raises(NotFoundError):
        explain_watch(watched, "3")


def test_who_added_it_is_said(watched, explained):
    def step(every):
        from malonewatch.interfaces import IBugSet, IPersonSet

        person = getUtility(IPersonSet).ensurePerson("jane@example.com", "Jane")
        getUtility(IBugSet).createBug("").addWatch(every[NAME], "9", person)

    watched.write(step)
    assert explained("The watch", "2")[1] == "It was added on DATE by jane."


# How it is asked.


def test_it_is_said_how_the_bug_tracker_is_asked(watched, explained):
    where = f"{NAME} is a bug tracker of the type Bugzilla, at {BUGZILLA}."
    nothing = "No credentials are sent, as there are none for it."
    assert explained("How it is asked") == [
        where,
        "What dialect it speaks is found out when it is asked.",
        nothing,
    ]
    set_tracker(watched, dialect="rest")
    request = (
        f"Alone, this bug is asked for by GET {BUGZILLA}/rest/bug/1?include_fields=id,alias,status,"
        "resolution,summary,severity,priority,last_change_time,dupe_of,target_milestone,is_open"
    )
    asked = "It is asked in the dialect rest."
    assert explained("How it is asked") == [where, asked, request, nothing]

    def learn(every):
        learnt = DialectLearnt("rest", "it answers")
        every[NAME].apply(Fetched(Batch(every[NAME].facts, ()), now(), dialect=learnt))

    watched.write(learn)
    assert explained("How it is asked") == [
        where,
        "It is asked in the dialect rest, as was found out on DATE (it answers).",
        *(request, nothing),
    ]


@implementer(ICredentials)
class Kept:
    """Credentials for everything, in that section; or not to be read."""

    def __init__(self, section):
        self.section = section

    def getSection(self, baseurl):
        if isinstance(self.section, Exception):
            raise self.section
        return self.section


@pytest.fixture
def kept():
    """Keeps credentials."""
    registry, before = getGlobalSiteManager(), getUtility(ICredentials)
    yield lambda section: registry.registerUtility(Kept(section), ICredentials)
    registry.registerUtility(before, ICredentials)


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("example.com", "The credentials of the section example.com are sent."),
        (
            BadInput("It is a mess."),
            "Whether there are credentials for it cannot be told: It is a mess.",
        ),
    ],
)
def test_it_is_said_whether_credentials_are_sent(
    watched, explained, remedies, kept, section, sentence
):
    kept(section)
    assert explained("How it is asked")[-1] == sentence
    assert ("credentials check" in remedies()) is isinstance(section, BadInput)


def set_tracker(database, **values):
    def step(every):
        for name, value in values.items():
            setattr(every[NAME], name, value)

    database.write(step)


def test_a_guess_is_sent_credentials_by_https_only(watched, explained, kept):
    kept("example.com")
    set_tracker(watched, guessed=True)
    assert explained("How it is asked")[1:] == [
        "That was guessed from a URL in a text, and nobody has said that it is right.",
        "What dialect it speaks is found out when it is asked.",
        "The credentials of the section example.com are sent.",
    ]
    set_tracker(watched, baseurl="http://bugzilla.example.com")
    assert explained("How it is asked")[-1] == (
        "The credentials of the section example.com are not sent, as it was guessed and is not "
        "asked by https."
    )


def test_it_is_said_that_it_is_not_asked(watched, explained, remedies, change):
    change(active=False)
    assert "It is inactive, so it is not asked." in explained("How it is asked")
    assert explained("What comes next") == [f"It is not asked for as long as {NAME} is inactive."]
    assert remedies() == [f"tracker enable {NAME}"]


def test_it_is_said_that_it_is_never_asked(database, explained, remedies):
    watch(database, ["mailto:bugs@example.com?subject=It%20smells"])
    never, why = explained("How it is asked")[1].split(": ", 1)
    assert never == "It is never asked"
    assert explained("What comes next") == [f"It is not asked for again: {why}"]
    assert remedies() == []


def test_it_is_said_that_it_is_asked_until_it_is_known(database, explained, remedies, tell):
    watch(database, ["https://code.google.com/p/toys/issues/detail?id=1"])
    once, why = explained("How it is asked")[1].split(": ", 1)
    assert once == "It is asked until it is known how a bug is, and no more"
    assert explained("What comes next") == [DUE_NOW]
    facts = explain_watch(database, "1").known.watch
    tell(facts.tracker, facts.remotebug, "Fixed", FIXED)
    assert explained("What comes next") == [f"It is not asked for again: {why}"]


def test_it_is_said_that_nothing_can_talk_to_it(watched, explained, remedies, tell, no_bugzilla):
    tell(NAME, "1", "NEW", CONFIRMED)
    no_bugzilla()
    assert explained("The watch")[0] == f"Watch 1 shows how {NAME} #1 is, for bug 7 of ours (Ours)."
    assert explained("How it is asked") == [
        f"{NAME}, at {BUGZILLA}, is of the type BUGZILLA, which nothing here can talk to."
    ]
    assert explained("What that means") == [
        "'NEW' was read as Confirmed, and nothing here can say why any more."
    ]
    assert remedies() == []


@pytest.fixture
def no_bugzilla(database):
    """Has nothing talk to Bugzillas any more."""
    registry = getGlobalSiteManager()
    facts = BugTrackerFacts("", BugTrackerType("BUGZILLA"), "")
    required, name = (IBugTrackerFacts,), "BUGZILLA"
    factory = registry.adapters.lookup((providedBy(facts),), IExternalBugTracker, name)
    yield lambda: registry.unregisterAdapter(None, required, IExternalBugTracker, name)
    registry.registerAdapter(factory, required, IExternalBugTracker, name)


# What it said.

DUE_NOW = "It is due now, and asked for by the next run of checkwatches after that."
RECORD = {"id": 1, "status": "NEW", "cc": [], "x": None, "deadline": "", "votes": 0, "tags": ["ü"]}


def test_what_it_said_is_shown_with_all_that_is_known_by_that(watched, explained, tell):
    assert explained("What it said") == [f"{NAME} #1 has not been read yet."]
    tell(
        *(NAME, "1", "RESOLVED FIXED", FIXED),
        remote_importance="P1 blocker",
        importance=BugTaskImportance.CRITICAL,
        resolution="FIXED",
        closed=True,
        private=True,
        fixed_in="2.0",
        raw=RECORD,
    )
    assert explained("What it said") == [
        "On DATE it last said something new of this bug.",
        (
            "What is known of the bug: its status is 'RESOLVED FIXED'; its resolution 'FIXED'; "
            "the bug tracker calls it closed; its importance is 'P1 blocker' (Critical); it is "
            "fixed in '2.0'; it is private, and read with credentials."
        ),
    ]
    (section,) = (each for each in explain_watch(watched, "1").sections if each.facts)
    assert section.title == "What it said"
    assert section.facts == (("id", "1"), ("status", "NEW"), ("votes", "0"), ("tags", '["ü"]'))


def test_it_is_said_that_it_said_the_same_since(watched, explained, tell):
    tell(NAME, "1", "NEW", raw=["NEW"])
    later = now() + timedelta(days=1)

    def step(every):
        getUtility(IBugWatchSet).get(1).lastchecked = later

    watched.write(step)
    assert explained("What it said")[:2] == [
        "On DATE it last said something new of this bug.",
        "Since then it said the same, the last time on DATE.",
    ]
    (section,) = (each for each in explain_watch(watched, "1").sections if each.facts)
    assert section.facts == (("", '["NEW"]'),)


def test_of_a_long_field_the_beginning_is_shown(watched, tell):
    tell(NAME, "1", "NEW", raw={"text": "x" * 1000})
    (section,) = (each for each in explain_watch(watched, "1").sections if each.facts)
    assert section.facts == (("text", "x" * 299 + "…"),)


def test_it_is_said_that_no_answer_is_kept(watched, explained, tell):
    tell(NAME, "1", "NEW")
    assert explained("What it said") == [
        "It was last asked on DATE; no answer is kept.",
        "What is known of the bug: its status is 'NEW'.",
    ]


# What that means.

TABLES = "These tables are in the chapter bugzilla.rst; case, blanks and punctuation do not matter."
CLOSING = (
    "'RESOLVED' is in the table of statuses that end a bug, of which the resolution says more."
)


@pytest.mark.parametrize(
    ("words", "status", "more", "sentences"),
    [
        (
            *("NEW", CONFIRMED, {}),
            [
                "'NEW' means Confirmed, by the tables of the type.",
                "'NEW' is in the table of statuses, as Confirmed.",
                TABLES,
            ],
        ),
        (
            *("RESOLVED FIXED", FIXED, {"resolution": "FIXED", "closed": True}),
            [
                "'RESOLVED FIXED' means Fix Released, by the tables of the type.",
                CLOSING,
                "'fixed' is in the table of resolutions, as Fix Released.",
                TABLES,
            ],
        ),
        (
            *("RESOLVED SHELVED", UNKNOWN, {"resolution": "SHELVED", "closed": True}),
            [
                "No table knows what 'RESOLVED SHELVED' means, so the status is Unknown.",
                CLOSING,
                "'SHELVED' is in none.",
            ],
        ),
        (
            *("RESOLVED", UNKNOWN, {}),
            ["No table knows what 'RESOLVED' means, so the status is Unknown.", CLOSING],
        ),
        (
            *("LIMBO", FIXED, {"guessed": True, "closed": True}),
            [
                (
                    "That 'LIMBO' means Fix Released is a guess, from the bug tracker's own word "
                    "that the bug is closed."
                )
            ],
        ),
        (
            *("LIMBO", FIXED, {"resolution": "FIXED", "guessed": True, "closed": True}),
            [
                (
                    "That 'LIMBO' with the resolution 'FIXED' means Fix Released is a guess, from "
                    "the bug tracker's own word that the bug is closed."
                ),
                "'fixed' is in the table of resolutions, as Fix Released.",
            ],
        ),
        (
            *("NEW", INVALID, {}),
            [
                "'NEW' means Confirmed, by the tables of the type.",
                "'NEW' is in the table of statuses, as Confirmed.",
                TABLES,
                (
                    "That is so by now; when it was read it meant Invalid, and that is what the "
                    "watch shows until it is read anew."
                ),
            ],
        ),
    ],
)
def test_it_is_said_which_rows_have_the_meaning(
    watched, explained, remedies, tell, words, status, more, sentences
):
    tell(NAME, "1", words, status, **more)
    assert explained("What that means") == sentences
    found = remedies()
    assert found[0] == f"tracker map {NAME} {words!r} MEANING".replace("'NEW'", "NEW").replace(
        "'LIMBO'", "LIMBO"
    ).replace("'RESOLVED'", "RESOLVED")
    assert (f"tracker reread {NAME}" in found) is (status is INVALID)


def test_nothing_is_known(watched, explained, remedies):
    assert explained("What that means") == ["Nothing is known, so the status is Unknown."]
    assert explained("What comes next") == [DUE_NOW]
    assert remedies() == ["check 1"]


def test_what_a_site_has_mapped_comes_first_and_can_be_taken_back(
    watched, explained, remedies, tell
):
    tell(NAME, "1", "NEW", CONFIRMED)
    map_word(watched, NAME, "new", INVALID)
    assert explained("What that means") == [
        "'NEW' means Invalid, as you have mapped it; that comes before the type's tables.",
        "'new' is in what is mapped for this bug tracker, as Invalid.",
    ]
    assert explain_watch(watched, "1").remedies == (
        Remedy(
            "To leave what 'new' means to the type:",
            f"malonewatch tracker map {NAME} new --remove",
        ),
        Remedy(
            f"To map it to something else ({MEANINGS}):",
            f"malonewatch tracker map {NAME} new MEANING",
        ),
        Remedy("To ask now how it is:", "malonewatch check 1"),
    )


def test_a_flag_may_say_more_than_the_tables(database, explained, tell):
    watch(database, ["https://www.redmine.org/issues/1"])
    facts = explain_watch(database, "1").known.watch
    tell(facts.tracker, "1", "Feedback", FIXED, guessed=True, closed=True)
    assert explained("What that means") == [
        (
            "That 'Feedback' means Fix Released is a guess, from the bug tracker's own word that "
            "the bug is closed."
        ),
        "'feedback' is in the table of statuses, as Incomplete.",
        "The bug tracker calls the bug closed, which makes it Fix Released.",
    ]


def test_an_importance_that_nothing_knows_can_be_mapped(watched, remedies, tell):
    tell(NAME, "1", "NEW", CONFIRMED, remote_importance="Px odd")
    assert remedies()[1] == f"tracker map {NAME} 'Px odd' MEANING --importance"


# How important that is.

HIGH, LOW = BugTaskImportance.HIGH, BugTaskImportance.LOW


@pytest.mark.parametrize(
    ("words", "importance", "sentences"),
    [
        (
            *("P1 Minor", LOW),
            [
                "'P1 Minor' means Low, by the tables of the type.",
                "'minor' is in the table of importances, as Low.",
            ],
        ),
        (
            *("odd", BugTaskImportance.UNKNOWN),
            ["No table knows what 'odd' means, so the importance is Unknown."],
        ),
        (
            *("", BugTaskImportance.UNKNOWN),
            [f"{NAME} does not say how important {NAME} #1 is, so it is Unknown."],
        ),
        (
            *("P1 Minor", HIGH),
            [
                "'P1 Minor' means Low, by the tables of the type.",
                "'minor' is in the table of importances, as Low.",
                (
                    "That is so by now; when it was read it meant High, and that is what the watch "
                    "shows until it is read anew."
                ),
            ],
        ),
    ],
)
def test_it_is_said_which_row_has_the_importance(
    watched, explained, remedies, tell, words, importance, sentences
):
    tell(NAME, "1", "NEW", CONFIRMED, remote_importance=words, importance=importance)
    assert explained("How important it is") == sentences
    asked = [f"tracker map {NAME} {shlex.quote(words)} MEANING --importance"] if words else []
    assert [each for each in remedies() if "--importance" in each] == asked
    assert (f"tracker reread {NAME}" in remedies()) is (importance is HIGH)


def test_what_a_site_says_of_an_importance_comes_first_and_can_be_taken_back(
    watched, explained, remedies, tell
):
    tell(NAME, "1", "NEW", CONFIRMED, remote_importance="P1 odd")
    map_word(watched, NAME, "Odd", LOW, is_importance=True)
    # It stands for the last word of what the bug tracker says.
    assert explained("How important it is") == [
        "'P1 odd' means Low, as you have mapped it; that comes before the type's tables.",
        "'Odd' is in what is mapped for this bug tracker, as Low.",
    ]
    assert remedies()[1:3] == [
        f"tracker map {NAME} Odd --importance --remove",
        f"tracker map {NAME} Odd MEANING --importance",
    ]
    map_word(watched, NAME, "p1 odd", HIGH, is_importance=True)
    assert explained("How important it is")[1] == (
        "'p1 odd' is in what is mapped for this bug tracker, as High."
    )


def test_what_is_read_anew_is_so_once(watched, remedies, tell):
    tell(NAME, "1", "NEW", INVALID, remote_importance="minor", importance=HIGH)
    assert remedies().count(f"tracker reread {NAME}") == 1


def test_nobody_can_say_why_a_bug_is_so_important(watched, explained, remedies, tell, no_bugzilla):
    tell(NAME, "1", "NEW", CONFIRMED, remote_importance="minor", importance=LOW)
    no_bugzilla()
    assert explained("How important it is") == [
        "'minor' was read as Low, and nothing here can say why any more."
    ]
    assert remedies() == []


def test_the_importance_is_that_of_the_bug_itself(watched, explained, tell):
    tell(NAME, "1", "RESOLVED DUPLICATE", INVALID, duplicate_of="2", remote_importance="minor")
    tell(NAME, "2", "NEW", CONFIRMED, remote_importance="major")
    assert explained("How important it is")[0] == "'minor' means Low, by the tables of the type."


def test_of_a_bug_that_nobody_knows_no_importance_is_told(watched, explained):
    assert explained("How important it is") == []


# Whose status counts.


def test_it_is_said_where_it_is_followed(watched, explained, remedies, tell):
    tell(NAME, "1", "RESOLVED DUPLICATE", INVALID, duplicate_of="2")
    bug = f"{NAME} #1 is a duplicate of {NAME} #2, which is followed."
    assert explained("What it said")[1].endswith("; it is a duplicate of 2.")
    assert explained("What that means")[:2] == [
        f"{bug} Nothing is known of it yet.",
        "As long as that one is not known, the status stays what it was.",
    ]
    tell(NAME, "2", "NEW", CONFIRMED)
    assert explained("What that means") == [
        f"{bug} It is 'NEW' (Confirmed).",
        f"The status that counts is that of {NAME} #2.",
        "'NEW' means Confirmed, by the tables of the type.",
        "'NEW' is in the table of statuses, as Confirmed.",
        TABLES,
    ]
    assert remedies() == [
        f"tracker map {NAME} NEW MEANING",
        f"tracker edit {NAME} --no-follow",
        "check 1",
    ]


def test_it_is_said_that_it_is_followed_in_vain(watched, explained, tell):
    elsewhere = "https://elsewhere.example.com/show_bug.cgi?id=1"
    tell(NAME, "1", "RESOLVED DUPLICATE", INVALID, duplicate_of=elsewhere)
    assert explained("What that means")[:2] == [
        (
            f"{NAME} #1 is a duplicate of {elsewhere}, which is followed. "
            "It is on no bug tracker that is registered and asked."
        ),
        f"That leads to no bug that counts, so the status is that of {NAME} #1 itself.",
    ]


def test_why_what_it_is_followed_to_is_not_known_is_said(watched, explained, tell):
    tell(NAME, "1", "RESOLVED DUPLICATE", INVALID, duplicate_of="2")
    gone = RemoteBugError("2", BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 2.")
    watched.write(lambda every: apply(every[NAME], gone))
    assert explained("What that means")[0].endswith(" There is no bug 2.")


def test_it_is_said_that_it_is_not_followed(watched, explained, remedies, tell, change):
    tell(NAME, "1", "RESOLVED DUPLICATE", INVALID, duplicate_of="2")
    change(follows=False)
    assert explained("What that means")[0] == (
        f"It is a duplicate of 2, and that is not followed, as {NAME} is not to be."
    )
    assert f"tracker edit {NAME} --follow" in remedies()


def test_it_can_be_watched_where_it_moved_to(watched, explained, remedies, tell):
    there = "https://elsewhere.example.com/show_bug.cgi?id=7"
    tell(NAME, "1", "MOVED", moved_to=there)
    assert explained("What it said")[1].endswith(f"; it moved to {there}.")
    assert f"move 1 '{there}'" in remedies()


# What stands in the way.


def test_the_failure_of_a_check_is_said(watched, explained, remedies, tell):
    tell(NAME, "1", "NEW", CONFIRMED)
    gone = RemoteBugError("1", BugWatchErrorType.BUG_DELETED, "Bug 1 was deleted.")
    watched.write(lambda every: apply(every[NAME], gone))
    assert explained("What stands in the way") == [
        "The last attempt failed (Bug deleted): Bug 1 was deleted."
    ]
    due, rarely = explained("What comes next")
    assert due.startswith("It is due on DATE")
    assert rarely.startswith("Bugs that were deleted are asked for once a month")
    assert "unwatch 1" in remedies()


def test_the_trouble_of_the_bug_tracker_is_said_and_how_long_it_is_left_alone(
    watched, explained, remedies
):
    trouble = BugTrackerConnectError("It is down.")
    for _ in range(2):
        watched.write(lambda every: apply(every[NAME], trouble=trouble, missing=["1"]))
    assert explained("What stands in the way") == [
        "The last attempt failed (Connection failed): It is down.",
        "It could not be asked 2 times in a row.",
    ]
    assert explained("What comes next")[-1] == f"But {NAME} is left alone until DATE."
    assert f"tracker move {NAME} NEWURL" in remedies()
    watched.write(lambda every: apply(every[NAME], trouble=trouble))
    watch(watched, [bug_url(2)], 8)
    assert explained("What stands in the way", "2")[0] == (
        f"{NAME} as a whole is in trouble: It is down."
    )


@pytest.mark.parametrize(
    ("trouble", "command"),
    [
        (UnparsableBugTracker("It makes no sense."), f"tracker edit {NAME} --type TYPE"),
        (BugTrackerCredentialsRefused("It refuses."), "credentials check"),
    ],
)
def test_what_helps_goes_with_the_trouble(watched, remedies, trouble, command):
    watched.write(lambda every: apply(every[NAME], trouble=trouble, missing=["1"]))
    assert command in remedies()


def test_a_private_bug_may_want_other_credentials(watched, remedies):
    private = RemoteBugError("1", BugWatchErrorType.PRIVATE_REMOTE_BUG, "It is private.")
    watched.write(lambda every: apply(every[NAME], private))
    assert "credentials check" in remedies()


@pytest.mark.parametrize(
    ("outcome", "what"),
    [
        (RemoteBug("1", "RESOLVED FIXED", FIXED), "it is 'RESOLVED FIXED' (Fix Released)"),
        (
            RemoteBugError("1", BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 1."),
            "it cannot be had (There is no bug 1.)",
        ),
    ],
)
def test_what_is_held_back_is_said(watched, explained, remedies, tell, outcome, what):
    tell(NAME, "1", "NEW", CONFIRMED)

    def step(every):
        every.brake_settings = BrakeSettings(least=1)
        apply(every[NAME], outcome)

    watched.write(step)
    first, *_, held, when = explained("What stands in the way")
    assert first.startswith("The last attempt failed (Suspicious answer): ")
    assert held == (
        f"It was said last that {what}; that is held back, as too many bugs of {NAME} were closed "
        "or lost at once."
    )
    assert when == (
        "It is applied when the bug tracker says so again at least 3600 seconds later, or when you "
        "accept it."
    )
    assert f"tracker accept-changes {NAME}" in remedies()


# As it was.


def at(**ago):
    return now() - timedelta(**ago)


@pytest.fixture
def long_ago(watched, tell):
    """A watch that was made a month ago, was found new ten days ago, and fixed five days ago."""

    def step(every):
        found = getUtility(IBugWatchSet).get(1)
        found._datecreated = at(days=30).timestamp()
        fetched = [(10, "NEW", CONFIRMED), (5, "RESOLVED FIXED", FIXED)]
        for days, words, status in fetched:
            outcome = RemoteBug("1", words, status)
            every[NAME].apply(Fetched(Batch(every[NAME].facts, ("1",)), at(days=days), (outcome,)))

    watched.write(step)
    return watched


def test_how_it_was_at_a_time_is_said(long_ago, explained):
    assert explained("Then", at=at(days=7)) == [
        "Its status was 'NEW', which meant Confirmed.",
        "So it was since DATE: nothing known -> NEW, by the tables of the type, as they were then.",
    ]
    assert explained("Since then", at=at(days=7)) == ["DATE: NEW -> RESOLVED FIXED"]
    found = explain_watch(long_ago, "1", at(days=7))
    assert found.title == f"{NAME} #1: NEW (Confirmed)"
    assert found.remedies == ()
    assert found.sections[0].title == "The watch"


def test_that_nothing_was_known_or_watched_is_said(long_ago, explained):
    assert explained("Then", at=at(days=11)) == ["Nothing was known of the remote bug yet."]
    assert explained("Then", at=at(days=31)) == [
        "There was no such watch yet: it was added on DATE."
    ]


def test_what_stood_in_the_way_then_is_said(long_ago, explained):
    gone = RemoteBugError("1", BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 1.")

    def step(every):
        facts = every[NAME].facts
        down = BugTrackerConnectError("It is down.")
        every[NAME].apply(Fetched(Batch(facts, ("1",)), at(days=4), (gone,)))
        every[NAME].apply(Fetched(Batch(facts, ("1",)), at(days=3), trouble=down))

    long_ago.write(step)
    assert explained("Then", at=at(days=3.5))[2:] == [
        "The last attempt had failed on DATE: There is no bug 1."
    ]
    assert explained("Then", at=at(days=2))[3:] == [
        "The bug tracker was in trouble on DATE: It is down."
    ]


def prune(database, before):
    database.write(lambda every: getUtility(IBugWatchSet).get(1).pruneActivity(before))


def test_it_is_said_how_far_the_history_reaches(long_ago, explained):
    prune(long_ago, at(days=8))
    assert explained("Then", at=at(days=7)) == [
        "Its status was 'NEW', which meant Confirmed.",
        "When it came to be so is before what the history has.",
    ]
    long_ago.write(
        lambda every: getUtility(IBugWatchSet).get(1).log(at(days=1).timestamp(), "note", "x")
    )
    prune(long_ago, at(days=2))
    assert explained("Then", at=at(days=7)) == [
        "It is not known how it was: the history keeps the latest 30 entries, and begins on DATE."
    ]
    prune(long_ago, now())
    assert explained("Then", at=at(days=7)) == [
        "It is not known how it was: the history keeps the latest 30 entries, and has no entries."
    ]
    assert explained("Then", at=at(days=3)) == [
        "Its status was 'RESOLVED FIXED', which meant Fix Released.",
        "When it came to be so is before what the history has.",
    ]


def test_of_what_came_since_the_first_is_told(long_ago, explained):
    def step(every):
        found = getUtility(IBugWatchSet).get(1)
        for number in range(15):
            found.log(at(hours=20 - number).timestamp(), "note", f"Note {number}.")

    long_ago.write(step)
    since = explained("Since then", at=at(days=3))
    assert (since[0], len(since), since[-1]) == ("DATE: Note 0.", 11, "And 5 entries more.")


def test_a_rule_of_a_later_version_is_not_told(long_ago, explained):
    def step(every):
        found = getUtility(IBugWatchSet).get(1)
        found._activity = found._activity.replace("\ttable\n", "\tfrob\n")

    long_ago.write(step)
    assert explained("Then", at=at(days=7))[1] == "So it was since DATE: nothing known -> NEW."


def test_what_is_still_to_come_is_not_known(watched):
    with pytest.raises(BadInput, match="2999-01-01 00:00:00 UTC is still to come"):
        explain_watch(watched, "1", datetime(2999, 1, 1, tzinfo=timezone.utc))
