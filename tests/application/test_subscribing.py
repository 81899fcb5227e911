import dataclasses

import pytest
from tests.application.remote import bug_url
from tests.channels import in_place_of, refusal
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.application import subscribing, watches
from malonewatch.interfaces import (
    USUAL,
    BadInput,
    BugTaskStatus,
    BugTrackerConnectError,
    DeliveryFailed,
    DeliverySettings,
    DestinationSettings,
    Happening,
    IChannel,
    IClock,
    IOutbox,
    ISender,
    NotFoundError,
    Target,
    TargetKind,
    Timing,
)

NAME = "auto-bugzilla.example.com"
ANN = "ann@example.com"
MAIL = DestinationSettings(kind="mail", address=ANN)
ALL = Target(TargetKind.ALL)


@pytest.fixture
def channel(database):
    with in_place_of("mail") as channel:
        yield channel


@pytest.fixture
def watched(database, channel, tell):
    watches.watch(database, [bug_url(1)], bug_id=1, title="Ours")
    tell(NAME, "1", "NEW")
    return database


def test_the_channel_of_the_tests_is_one(channel):
    verifyObject(IChannel, channel)
    verifyObject(ISender, channel)


def test_subscribing_to_several_targets(watched):
    targets = [ALL, Target(TargetKind.TRACKER, NAME), Target(TargetKind.BUG, "1")]
    found = subscribing.subscribe(watched, ANN, MAIL, targets)
    assert [each.target for each in found] == targets
    assert [each.happenings for each in found] == [USUAL, USUAL | {Happening.TROUBLE}, USUAL]
    assert {each.destination for each in found} == {1}
    assert subscribing.list_subscriptions(watched) == found
    assert subscribing.list_subscriptions(watched, "Ann@Example.com") == found
    assert subscribing.list_subscriptions(watched, "bob@example.com") == []


def test_a_bug_tracker_can_be_named_by_its_url(watched):
    target = Target(TargetKind.TRACKER, "https://bugzilla.example.com/")
    (found,) = subscribing.subscribe(watched, ANN, MAIL, [target], frozenset({Happening.GONE}))
    assert (found.target.key, found.happenings) == (NAME, {Happening.GONE})


@pytest.mark.parametrize(
    ("email", "settings", "target", "error"),
    [
        ("ann", MAIL, ALL, BadInput),
        (ANN, dataclasses.replace(MAIL, address="a b"), ALL, BadInput),
        (ANN, dataclasses.replace(MAIL, timezone="Nowhere"), ALL, BadInput),
        (ANN, MAIL, Target(TargetKind.BUG, "99"), NotFoundError),
        (ANN, MAIL, Target(TargetKind.TRACKER, "gtk"), NotFoundError),
    ],
)
def test_what_cannot_be_changes_nothing(watched, email, settings, target, error):
    with pytest.raises(error):
        subscribing.subscribe(watched, email, settings, [ALL, target])
    assert subscribing.list_subscriptions(watched) == []
    assert subscribing.list_destinations(watched) == []


def test_a_channel_has_to_be_there(watched):
    settings = DestinationSettings(kind="pigeon", address="north")
    with pytest.raises(BadInput, match=r"^Messages cannot go by 'pigeon'; they go by .*mail"):
        subscribing.subscribe(watched, ANN, settings, [ALL])


def test_what_disturbs_nobody_goes_at_once(watched, channel):
    channel.is_prompt = True
    settings = dataclasses.replace(MAIL, timing=Timing.DAILY, quiet=(0, 60))
    subscribing.subscribe(watched, ANN, settings, [ALL])
    (destination,) = subscribing.list_destinations(watched)
    assert destination.settings == dataclasses.replace(MAIL, limit=0)


def test_unsubscribing(watched):
    one, other = subscribing.subscribe(watched, ANN, MAIL, [ALL, Target(TargetKind.BUG, "1")])
    with pytest.raises(NotFoundError):
        subscribing.unsubscribe(watched, [one.id, 99])
    assert subscribing.list_subscriptions(watched) == [one, other]
    assert subscribing.unsubscribe(watched, [one.id, one.id]) == [one]
    assert subscribing.list_subscriptions(watched) == [other]


def test_what_waits_is_shown_and_stays(watched, tell):
    settings = dataclasses.replace(MAIL, limit=0)
    subscribing.subscribe(watched, ANN, settings, [ALL])
    for status in ("ASSIGNED", "NEW"):
        tell(NAME, "1", status)
    for _ in range(2):
        (message,) = subscribing.list_waiting(watched)
        assert [notice.new_remotestatus for notice in message.notices] == ["ASSIGNED", "NEW"]
    assert subscribing.list_destinations(watched)[0].pending == 2


def test_a_test_is_sent(watched, channel):
    subscribing.subscribe(watched, ANN, MAIL, [ALL])
    assert subscribing.send_test(watched, 1).settings == MAIL
    (message,) = channel.sent
    assert message.key.startswith(f"{watched.identity}.1.test-")
    assert message.recent == ()
    assert message.notices[0].bug_title == "A test message"
    assert channel.openings == [DeliverySettings()]
    channel.failure = refusal()
    with pytest.raises(DeliveryFailed):
        subscribing.send_test(watched, 1)
    with pytest.raises(NotFoundError):
        subscribing.send_test(watched, 2)


def test_a_test_is_one_more_beside_what_was_told(watched, channel, tell):
    subscribing.subscribe(watched, ANN, MAIL, [ALL])
    tell(NAME, "1", "RESOLVED FIXED", BugTaskStatus.FIXRELEASED)
    channel.keeps = 50
    (waiting,) = subscribing.list_waiting(watched)
    watched.write(
        lambda trackers: getUtility(IOutbox).delivered(waiting, getUtility(IClock).now(), 50)
    )
    subscribing.send_test(watched, 1)
    assert channel.sent[-1].recent == waiting.notices


def test_a_destination_is_enabled(watched, tell):
    subscribing.subscribe(watched, ANN, MAIL, [ALL])
    tell(NAME, "1", "RESOLVED FIXED", BugTaskStatus.FIXRELEASED)
    enabled = subscribing.enable_destination(watched, 1)
    assert (enabled.disabled, enabled.pending) == (None, 1)


def test_trouble_reaches_who_subscribed_to_the_bug_tracker(watched):
    subscribing.subscribe(watched, ANN, MAIL, [Target(TargetKind.TRACKER, NAME)])
    from tests.application.remote import apply

    down = BugTrackerConnectError("It is down.")
    for _ in range(3):
        watched.write(lambda trackers: apply(trackers[NAME], trouble=down, missing=["1"]))
    (message,) = subscribing.list_waiting(watched)
    assert message.notices[0].happening is Happening.TROUBLE


GOOD = DeliverySettings(
    sender="bugs@example.org",
    transport="smtps://mail.example.org:465",
    username="bugs",
    password="env:PASSWORD",
    bug_url="https://example.org/bugs/{bug}",
    unsubscribe_url="https://example.org/stop/{subscription}",
    desk_url="https://example.org/desk",
    link_secret="file:/etc/malonewatch/links",
)


def test_how_a_site_sends_is_changed(database):
    assert subscribing.delivery_settings(database) == DeliverySettings()
    assert subscribing.change_delivery(database, dataclasses.asdict(GOOD)) == GOOD
    assert subscribing.delivery_settings(database) == GOOD


@pytest.mark.parametrize(
    "transport",
    ["smtp://mail", "smtps://[::1]:465", "sendmail:/usr/sbin/sendmail", "maildir:/var/mail/x"],
)
def test_mail_goes_out_in_these_ways(database, transport):
    found = subscribing.change_delivery(database, {"transport": transport})
    assert found.transport == transport


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"transport": "mail.example.org"}, "Mail cannot go out by 'mail.example.org'"),
        ({"transport": "smtp://me:secret@mail.example.org"}, "without a name or a password"),
        ({"transport": "smtp://"}, "Mail cannot go out by 'smtp://'"),
        ({"transport": "smtp://mail.example.org:port"}, "Mail cannot go out by"),
        ({"transport": "smtp://mail.example.org:0"}, "Mail cannot go out by"),
        ({"transport": "smtp://mail.example.org/path"}, "Mail cannot go out by"),
        ({"transport": "http://mail.example.org"}, "Mail cannot go out by"),
        ({"transport": "maildir:"}, "Mail cannot go out by 'maildir:'"),
        ({"transport": "sendmail:bin/sendmail"}, "with an absolute path"),
        ({"sender": "bugs"}, "'bugs' is not a mail address"),
        ({"sender": "a,b<c@example.org"}, "is not a mail address"),
        ({"sender": "bugs@m\u00fcnchen.example"}, "is not a mail address"),
        ({"password": "hunter2"}, "A password is not kept in the database"),
        ({"bug_url": "https://example.org/"}, "is not the URL of a page with {bug} in it"),
        ({"bug_url": "javascript:{bug}"}, "is not the URL of a page with {bug} in it"),
        ({"bug_url": "https://example.org/{bug}/\u00e9"}, "is not the URL of a page"),
        ({"unsubscribe_url": "https://example.org/"}, "{subscription} or {destination}"),
        ({"unsubscribe_url": "https://example.org/{destination}>"}, "is not the URL of a page"),
        ({"link_secret": "hunter2"}, "What links are signed with is not kept in the database"),
        ({"desk_url": "bugs.example.com"}, "is not the URL of the desk"),
        ({"desk_url": "https://example.org/?a=b"}, "is not the URL of the desk"),
        ({"desk_url": "https://example.org/{bug}"}, "is not the URL of the desk"),
        ({"desk_url": "https://example.org/>"}, "is not the URL of the desk"),
        ({"templates": "/no/such/folder"}, "/no/such/folder is not a folder"),
        ({"trouble_after": 0}, "after one attempt at least"),
    ],
)
def test_a_way_to_send_that_cannot_be_is_refused(database, values, problem):
    with pytest.raises(BadInput) as raised:
        subscribing.change_delivery(database, values)
    assert problem in str(raised.value)
    assert subscribing.delivery_settings(database) == DeliverySettings()
