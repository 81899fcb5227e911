import dataclasses

import pytest
from lxml import html
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.interfaces import DeliveryFailed, DeliverySettings, Happening, ITexts
from malonewatch.notifying.texts import MOST, footer, texts, values_of

DELIVERY = DeliverySettings(bug_url="https://example.org/bugs/{bug}")


@pytest.fixture
def mail(message, settings):
    """Makes messages to jane, who has subscribed once."""

    def mail(*notices):
        made = message(settings("mail", "jane@example.com"), *notices)
        return dataclasses.replace(
            made, destination=dataclasses.replace(made.destination, subscriptions=(1,))
        )

    return mail


@pytest.fixture
def shown(mail, notice):
    """What a message says, as plain text, and as a page."""

    def shown(*notices, delivery=DELIVERY):
        sent = mail(*(notices or [notice()]))
        kind = "digest" if sent.is_digest else "message"
        given = values_of(sent, delivery)
        plain = texts(f"{kind}.txt", delivery.templates, given)
        page = html.fromstring(texts(f"{kind}.html", delivery.templates, given))
        return plain, page

    return shown


def test_it_is_registered():
    verifyObject(ITexts, getUtility(ITexts))
    verifyObject(ITexts, texts)
    assert getUtility(ITexts)("message.txt", "", {"headline": "H", "text": "T", "footer": "F"}) == (
        "H\n\nT\n\n-- \nF\n"
    )


def test_a_message_says_what_was_and_is_and_where(shown, notice):
    plain, page = shown(notice(happening=Happening.FIXED))
    assert plain.splitlines() == [
        "GNOME bug 77 is fixed: Theirs",
        "",
        (
            "Its status was NEW (New) since 2024-03-27 12:00 UTC, and is RESOLVED FIXED (Fix "
            "Released) now."
        ),
        "It is watched for bug 12: Ours",
        "https://bugs.example.com/show_bug.cgi?id=77",
        "https://example.org/bugs/12",
        "",
        "-- ",
        "To be told no more: malonewatch unsubscribe 1",
    ]
    said = " ".join(page.text_content().split())
    for line in filter(None, (line for line in plain.splitlines() if line != "-- ")):
        assert line in said
    assert page.xpath("//a/@href") == [
        "https://bugs.example.com/show_bug.cgi?id=77",
        "https://example.org/bugs/12",
    ]


@pytest.mark.parametrize("happening", list(Happening))
def test_there_is_something_to_say_of_everything(shown, notice, happening):
    plain, page = shown(notice(happening=happening, text="https://example.org/there"))
    assert plain.splitlines()[0] == page.xpath("//h1")[0].text
    assert "https://example.org/there" in plain


def test_a_digest_is_by_bug_of_ours_what_happened_last_first(shown, notice):
    notices = [
        notice(1),
        notice(2, bug=13, bug_title=""),
        notice(3),
        notice(4, bug=None, watch=None),
    ]
    plain, page = shown(*notices)
    lines = plain.splitlines()
    assert lines[0] == "4 things happened"
    titles = ["Bug trackers", "Bug 12: Ours", "Bug 13"]
    assert [line for line in lines if line in titles] == titles
    assert page.xpath("//h2/text()") == titles
    assert lines.count("* GNOME bug 77 is fixed: Theirs") == 4
    assert len(page.xpath("//strong")) == 4
    assert "And" not in page.text_content()


def test_a_long_digest_says_how_much_more_there_is(shown, notice):
    plain, page = shown(*(notice(number) for number in range(MOST + 7)))
    assert "And 7 more before these." in plain
    assert "And 7 more before these." in page.text_content()
    assert plain.count("* ") == MOST


def test_what_comes_from_elsewhere_is_text(shown, notice):
    evil = "<script>alert(1)</script>\r\nBcc: x@example.org\x1b[31m\u202e"
    plain, page = shown(notice(title=evil, bug_title=evil, url="javascript:alert(1)//\n<b>"))
    assert page.xpath("//script | //b") == []
    assert "\x1b" not in plain
    assert "\u202e" not in plain
    assert not any(line.startswith("Bcc:") for line in plain.splitlines())


def test_only_pages_are_linked_to(shown, notice):
    _, page = shown(notice(url="javascript:alert(1)"))
    assert page.xpath("//a/@href") == ["https://example.org/bugs/12"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "malonewatch unsubscribe 1"),
        ("https://example.org/stop/{subscription}", "https://example.org/stop/1"),
        ("https://example.org/stop/{destination}", "https://example.org/stop/4"),
    ],
)
def test_how_to_unsubscribe_is_said(mail, notice, url, said):
    delivery = DeliverySettings(unsubscribe_url=url)
    assert footer(mail(notice()), delivery) == f"To be told no more: {said}"


def test_a_destination_without_subscriptions(mail, notice):
    sent = mail(notice())
    sent = dataclasses.replace(
        sent, destination=dataclasses.replace(sent.destination, subscriptions=())
    )
    numbers = "malonewatch unsubscribe NUMBER, with those that malonewatch subscriptions shows"
    assert footer(sent, DELIVERY) == f"To be told no more: {numbers}"
    delivery = DeliverySettings(unsubscribe_url="https://example.org/{subscription}")
    assert footer(sent, delivery) == f"To be told no more: {numbers}"


def test_a_site_has_its_own_words(shown, tmp_path):
    (tmp_path / "message.txt").write_text("Hallo ${message.destination.person}: ${headline}")
    delivery = DeliverySettings(templates=str(tmp_path))
    plain, page = shown(delivery=delivery)
    assert plain == "Hallo jane: GNOME bug 77 is fixed: Theirs"
    assert page.xpath("//h1")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"${oops}", "oops"),
        (b"${1 +}", "invalid syntax"),
        (b"\xff\xfe", "it is not in UTF-8"),
    ],
)
def test_a_broken_template_is_named(shown, tmp_path, content, why):
    path = tmp_path / "message.txt"
    path.write_bytes(content)
    with pytest.raises(DeliveryFailed) as raised:
        shown(delivery=DeliverySettings(templates=str(tmp_path)))
    assert str(raised.value).startswith(f"The template {path} cannot be used (")
    assert why in str(raised.value)


def test_a_template_that_cannot_be_read_is_named(shown, tmp_path):
    (tmp_path / "message.txt").mkdir()
    with pytest.raises(DeliveryFailed, match=r"cannot be used \(Is a directory\); mend"):
        shown(delivery=DeliverySettings(templates=str(tmp_path)))


def test_a_broken_template_spoils_no_other(shown, tmp_path):
    delivery = DeliverySettings(templates=str(tmp_path))
    (tmp_path / "message.txt").write_text("${oops}")
    with pytest.raises(DeliveryFailed):
        shown(delivery=delivery)
    (tmp_path / "digest.html").write_text("<p>Hallo</p>")
    assert getUtility(ITexts)("digest.html", str(tmp_path), {}) == "<p>Hallo</p>"


def test_a_template_is_read_once(tmp_path):
    (tmp_path / "message.txt").write_text("Hallo")
    for _ in range(2):
        assert getUtility(ITexts)("message.txt", str(tmp_path), {}) == "Hallo"
        (tmp_path / "message.txt").write_text("Tschüss")


def test_what_is_put_into_a_page_is_escaped_and_into_a_text_is_not(tmp_path):
    values = {"name": "<b> & ü"}
    for name in ("message.txt", "message.html", "feed.xml"):
        (tmp_path / name).write_text("Hallo <b>${name}</b>")
    said = [getUtility(ITexts)(name, str(tmp_path), values) for name in ("message.txt", "feed.xml")]
    assert said == ["Hallo <b><b> & ü</b>", "Hallo <b>&lt;b&gt; &amp; ü</b>"]
    assert getUtility(ITexts)("message.html", str(tmp_path), values) == said[1]
