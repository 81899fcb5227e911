import html
import mailbox
import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime

import pytest

from malonewatch.interfaces import DeliverySettings, DestinationFacts, Happening, Message
from malonewatch.notifying.letters import LONGEST_SUBJECT, Letters, is_address
from malonewatch.notifying.mime import header
from malonewatch.notifying.texts import MOST
from malonewatch.unsubscribing import read_link

from .conftest import IDENTITY, MOMENT

SITE = {"sender": "bugs@example.org", "bug_url": "https://desk/{bug}"}


@pytest.fixture
def write(settings):
    """Writes a mail of notices; its bytes."""

    def write(*notices, subscriptions=(3,), secret="", **site):
        destination = DestinationFacts(
            *(4, "jane", "jane@example.com", settings("mail", "jane@example.com"), subscriptions)
        )
        key = f"{IDENTITY}.4.{'-'.join(str(each.id) for each in notices)}"
        made = Letters(DeliverySettings(**{**SITE, **site}), secret)
        return made.letter(Message(key, destination, notices, len(notices) > 1), MOMENT)

    return write


@pytest.fixture
def mail(write):
    """The same as it is read, without anything wrong in it."""

    def mail(*notices, **values):
        written = write(*notices, **values)
        lines = written.split(b"\r\n")
        assert max(map(len, lines)) <= 998
        assert not any(b"\r" in line or b"\n" in line for line in lines)
        assert written.isascii()
        read = message_from_bytes(written, policy=policy.default)
        for part in read.walk():
            assert part.defects == []
            assert [value.defects for value in part.values() if value.defects] == []
        return read

    return mail


def text(mail):
    return mail.get_body(["plain"]).get_content().replace("\r\n", "\n")


def page(mail):
    return mail.get_body(["html"]).get_content().replace("\r\n", "\n")


def shown(page):
    """The words that a page shows."""
    return html.unescape(re.sub(r"<title>.*</title>|<[^>]*>", " ", page)).split()


FOOT = "\n-- \nTo be told no more: malonewatch unsubscribe 3\n"
STATUS = (
    "Its status was NEW (New) since 2024-03-27 12:00 UTC, and is RESOLVED FIXED (Fix Released) "
    "now.\n"
)

RAW = f"""\
From: malonewatch <bugs@example.org>
To: jane@example.com
Subject: GNOME bug 77 is fixed: Theirs
Date: Mon, 06 May 2024 12:00:00 +0000
Message-ID: <{IDENTITY}.4.1@example.org>
In-Reply-To: <{IDENTITY}.bug.12@example.org>
References: <{IDENTITY}.bug.12@example.org>
X-Malonewatch-Happening: fixed
X-Malonewatch-Bug: 12
X-Malonewatch-Tracker: gnome
List-Id: malonewatch <bugs.example.org>
Auto-Submitted: auto-generated
Precedence: bulk
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="BOUNDARY"

--BOUNDARY
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

GNOME bug 77 is fixed: Theirs

{STATUS}It is watched for bug 12: Ours
https://bugs.example.com/show_bug.cgi?id=77
https://desk/12
{FOOT}
--BOUNDARY
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 7bit

<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8" /><title>GNOME bug 77 is fixed: Theirs</title></head>
<body>
<h1 style="font-size: 1.2em">GNOME bug 77 is fixed: Theirs</h1>
<p>{STATUS[:-1]}</p>
<p>It is watched for bug 12: Ours</p>
<p><a href="https://bugs.example.com/show_bug.cgi?id=77">\
https://bugs.example.com/show_bug.cgi?id=77</a></p>
<p><a href="https://desk/12">https://desk/12</a></p>
<hr />
<p><small>To be told no more: malonewatch unsubscribe 3</small></p>
</body>
</html>

--BOUNDARY--
"""


def test_a_mail_as_it_goes_over_the_wire(write, notice):
    written = write(notice()).decode()
    boundary = re.search('boundary="(.*)"', written)[1]
    assert written.replace(boundary, "BOUNDARY").replace("\r\n", "\n") == RAW


@pytest.mark.parametrize(
    ("happening", "values", "said"),
    [
        (Happening.CLOSED, {}, f"GNOME bug 77 is closed: Theirs\n\n{STATUS}"),
        (Happening.REOPENED, {}, f"GNOME bug 77 is open again: Theirs\n\n{STATUS}"),
        (Happening.STATUS, {}, f"GNOME bug 77 is RESOLVED FIXED now: Theirs\n\n{STATUS}"),
        (
            Happening.DUPLICATE,
            {"text": "https://x.example.com/1"},
            (
                "GNOME bug 77 is a duplicate: Theirs\n\n"
                f"{STATUS}It is the same as https://x.example.com/1\n"
            ),
        ),
        (
            Happening.MOVED,
            {"text": "https://x.example.com/1"},
            f"GNOME bug 77 has moved: Theirs\n\n{STATUS}It is at https://x.example.com/1 now\n",
        ),
        (
            Happening.GONE,
            {"text": "No such bug."},
            f"GNOME bug 77 is gone: Theirs\n\n{STATUS}No such bug.\n",
        ),
        (
            Happening.PRIVATE,
            {"text": "No entry."},
            f"GNOME bug 77 is private now: Theirs\n\n{STATUS}No entry.\n",
        ),
    ],
)
def test_what_is_said_of_a_bug(happening, values, said, mail, notice):
    read = mail(notice(happening=happening, **values))
    links = "https://bugs.example.com/show_bug.cgi?id=77\nhttps://desk/12\n"
    assert text(read) == f"{said}It is watched for bug 12: Ours\n{links}{FOOT}"
    assert shown(page(read)) == text(read).replace("-- \n", "").split()
    assert read["Subject"] == said.partition("\n")[0]
    assert read["X-Malonewatch-Happening"] == happening.value


ABOUT_TRACKER = {
    "bug": None,
    "bug_title": "",
    "watch": None,
    "remotebug": "",
    "title": "",
    "url": "https://bugs.example.com",
}


@pytest.mark.parametrize(
    ("happening", "values", "said"),
    [
        (
            Happening.TROUBLE,
            {**ABOUT_TRACKER, "text": "It is down. Wait."},
            (
                "GNOME cannot be asked\n\n"
                "Attempts to ask it have failed since 2024-03-27 12:00 UTC.\nIt is down. Wait.\n"
                "https://bugs.example.com\n"
            ),
        ),
        (
            Happening.RECOVERED,
            ABOUT_TRACKER,
            (
                "GNOME can be asked again\n\n"
                "Attempts to ask it had failed since 2024-03-27 12:00 UTC.\n"
                "https://bugs.example.com\n"
            ),
        ),
        (
            Happening.DISABLED,
            {
                **ABOUT_TRACKER,
                "tracker": "",
                "tracker_title": "",
                "title": "webhook, destination 2",
                "text": "It refuses.",
                "url": "",
                "since": None,
            },
            "No more messages go out by webhook, destination 2\n\nIt refuses.\n",
        ),
    ],
)
def test_what_is_said_of_what_is_no_bug(happening, values, said, mail, notice):
    read = mail(notice(happening=happening, **values))
    assert text(read) == said + FOOT
    assert shown(page(read)) == text(read).replace("-- \n", "").split()
    assert read["X-Malonewatch-Bug"] is None


DIGEST = f"""\
3 things happened

Bug 12: Ours
https://desk/12

* GNOME bug 77 is open again: Theirs
  {STATUS.strip()}
  https://bugs.example.com/show_bug.cgi?id=77

* GNOME bug 77 is fixed: Theirs
  {STATUS.strip()}
  https://bugs.example.com/show_bug.cgi?id=77

Bug trackers

* GNOME cannot be asked
  Attempts to ask it have failed since 2024-03-27 12:00 UTC.
  https://bugs.example.com
"""


def test_a_digest_is_grouped_by_bug_of_ours_the_newest_first(mail, notice):
    told = (
        notice(1, Happening.TROUBLE, **ABOUT_TRACKER),
        notice(2),
        notice(3, Happening.REOPENED),
    )
    read = mail(*told)
    assert text(read) == DIGEST + FOOT
    assert shown(page(read)) == re.sub(r"-- \n|\* ", "", text(read)).split()
    assert read["Subject"] == "3 things happened"
    assert read["X-Malonewatch-Happening"] == "fixed, reopened, trouble"
    assert read["X-Malonewatch-Bug"] is None
    assert read["X-Malonewatch-Tracker"] == "gnome"


def test_what_has_no_title_or_page_has_none_in_a_digest(mail, notice):
    destination = {"bug": None, "tracker": "", "tracker_title": "", "url": "", "watch": None}
    told = notice(1, bug_title=""), notice(2, Happening.DISABLED, **destination)
    read = mail(*told, bug_url="")
    assert re.findall(r"^\w.*", text(read), re.MULTILINE)[1:3] == ["Bug trackers", "Bug 12"]
    assert re.findall(r">(Bug.*)</h2>\s*(..)", page(read)) == [
        *(("Bug trackers", "<p"), ("Bug 12", "<p"))
    ]
    assert read["X-Malonewatch-Tracker"] is None


def test_a_digest_ends_somewhere_and_says_what_is_left_out(mail, notice):
    read = mail(*[notice(number, bug=number) for number in range(1, MOST + 4)])
    assert read["Subject"] == f"{MOST + 3} things happened"
    assert text(read).count("is fixed") == page(read).count("is fixed") == MOST
    assert f"Bug {MOST + 3}: " in text(read)
    assert "Bug 3: " not in text(read)
    assert "\nAnd 3 more before these.\n" in text(read)
    assert "And 3 more before these." in page(read)


def test_a_mail_is_short_whatever_was_put_into_it(mail, notice):
    long = "x" * 100_000
    read = mail(notice(title=long, text=long, bug_title=long, old_remotestatus=long))
    assert len(read["Subject"]) == LONGEST_SUBJECT
    assert len(text(read)) < 10_000


# What is not to be believed.


def test_no_text_becomes_a_header(mail, notice):
    read = mail(notice(title="A\r\nBcc: all@example.com\r\n\r\nHello", tracker="a\r\nX-Evil: 1"))
    assert read["Subject"] == "GNOME bug 77 is fixed: A Bcc: all@example.com Hello"
    assert read["Bcc"] is read["X-Evil"] is None
    assert read["X-Malonewatch-Tracker"] == "a X-Evil: 1"


@pytest.mark.parametrize(
    "field", ["title", "bug_title", "text", "tracker", "tracker_title", "remotebug", "url"]
)
def test_nor_does_any_other(field, mail, notice):
    read = mail(notice(**{field: "x\r\nBcc: eve@example.com\r\n\r\nhello\n\nX-Evil: 1"}))
    assert read["Bcc"] is read["X-Evil"] is None
    assert len(list(read.iter_parts())) == 2


def test_no_text_becomes_a_tag(mail, notice):
    title = '<script>alert("1")</script> &amp; \u202e'
    read = mail(notice(title=title, url='https://x.example.com/"><script>'))
    assert "<script" not in page(read)
    assert 'GNOME bug 77 is fixed: <script>alert("1")</script> &amp; \n' in text(read)
    assert "&lt;script&gt;" in page(read)
    assert 'href="https://x.example.com/%22%3E%3Cscript%3E"' in page(read)


def test_what_looks_encoded_is_shown_as_it_is(mail, notice):
    title = "=?utf-8?q?A=0D=0ABcc:_x?="
    assert mail(notice(title=title))["Subject"] == f"GNOME bug 77 is fixed: {title}"


def test_letters_of_all_the_world_arrive(mail, notice):
    title = "Ünïcödé ✓ 漢字 " * 8
    read = mail(notice(title=title, bug_title=title))
    assert read["Subject"] == f"GNOME bug 77 is fixed: {title}".strip()
    assert f"bug 12: {title.strip()}" in text(read)
    assert f"bug 12: {title.strip()}" in page(read)


def test_a_line_that_is_too_long_for_mail_is_encoded(mail, notice):
    url = f"https://x.example.com/{'a' * 1500}"
    read = mail(notice(url=url))
    assert url in text(read)


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("short", ["Subject: short"]),
        (" a \n b ", ["Subject: a b"]),
        ("w" * 90, [f"Subject: {'w' * 90}"]),
        (f"a {'w' * 90} b", ["Subject: a", f" {'w' * 90}", " b"]),
        ("word " * 17, [f"Subject:{' word' * 14}", " word word word"]),
        ("", ["Subject:"]),
    ],
)
def test_headers_are_folded_between_words(value, lines):
    assert header("Subject", value).split("\r\n") == [*lines, ""]


@pytest.mark.parametrize("name", ["Subject", "X-Malonewatch-Tracker"])
def test_encoded_words_are_as_long_as_may_be(name):
    text = "漢字ä" * 60
    folded = header(name, text)
    assert max(map(len, folded.split("\r\n"))) <= 76
    read = message_from_bytes(folded.encode() + b"\r\n", policy=policy.default)
    assert (read[name], read[name].defects) == (text, ())


# Threads and filters.


def test_a_mail_that_is_sent_again_is_the_same(mail, notice):
    assert mail(notice())["Message-ID"] == mail(notice())["Message-ID"]
    assert mail(notice())["Message-ID"] != mail(notice(2))["Message-ID"]


def test_an_identifier_is_one_whatever_a_bug_tracker_is_called(mail, notice):
    read = mail(notice(happening=Happening.TROUBLE, **{**ABOUT_TRACKER, "tracker": "ä..b> <"}))
    assert read["References"] == f"<{IDENTITY}.tracker.-b-@example.org>"
    read = mail(notice(happening=Happening.TROUBLE, **{**ABOUT_TRACKER, "tracker": ""}))
    assert read["References"] == f"<{IDENTITY}.notice.1@example.org>"


def test_a_mailbox_is_threaded_by_bug(write, notice, tmp_path):
    box = mailbox.Maildir(tmp_path / "box")
    for number in range(1, 1001):
        told = [notice(number, bug=number % 40, bug_title=f"Ours {number % 40}")]
        if number % 10 == 0:
            told = [notice(number, Happening.TROUBLE, **ABOUT_TRACKER)]
        elif number % 25 == 1:
            told.append(notice(2000 + number, bug=number % 40))
        elif number % 25 == 2:
            told.append(notice(2000 + number, bug=number % 40 + 1))
        written = write(*told, subscriptions=(number % 40,))
        box.add(written.replace(b"\r\n", b"\n"))
    threads, alone, identifiers = {}, [], set()
    for mail in box:
        identifiers.add(mail["Message-ID"])
        assert mail["References"] == mail["In-Reply-To"]
        if mail["References"] is None:
            alone.append(mail["Subject"])
        else:
            about = mail["X-Malonewatch-Bug"] or mail["X-Malonewatch-Tracker"]
            threads.setdefault(mail["References"], set()).add(about)
    assert len(identifiers) == 1000
    # Those about several bugs belong to none of them.
    assert alone == ["2 things happened"] * 40
    assert all(len(about) == 1 for about in threads.values())
    bugs = {f"{number % 40}" for number in range(1, 1001) if number % 10}
    assert sorted(about for (about,) in threads.values()) == sorted({*bugs, "gnome"})
    assert not identifiers & set(threads)


def test_the_date_is_when_it_is_sent(mail, notice):
    assert parsedate_to_datetime(mail(notice())["Date"]) == MOMENT
    assert notice().moment == MOMENT + timedelta(hours=1)


# Unsubscribing.


@pytest.mark.parametrize(
    ("url", "subscriptions", "ways", "header", "post"),
    [
        ("", (3, 5), "malonewatch unsubscribe 3 5", None, None),
        (
            *("", (1, 2, 3, 4, 5, 6)),
            "malonewatch unsubscribe NUMBER, with those that malonewatch subscriptions shows",
            *(None, None),
        ),
        (
            *("https://desk/off/{subscription}?a=b>ü", (3,)),
            *("https://desk/off/3?a=b%3E%C3%BC", "<https://desk/off/3?a=b%3E%C3%BC>"),
            "List-Unsubscribe=One-Click",
        ),
        (
            *("http://desk/off/{destination}", (3, 5)),
            *("http://desk/off/4", "<http://desk/off/4>", None),
        ),
        (
            *("https://desk/{subscription}", (3, 5)),
            *("https://desk/3 or https://desk/5", None, None),
        ),
        (
            *("https://desk/{subscription}", tuple(range(9))),
            " or ".join(f"https://desk/{number}" for number in range(5)),
            *(None, None),
        ),
    ],
)
def test_it_is_said_how_to_unsubscribe(url, subscriptions, ways, header, post, mail, notice):
    read = mail(notice(), unsubscribe_url=url, subscriptions=subscriptions)
    assert text(read).endswith(f"\n-- \nTo be told no more: {ways}\n")
    assert " ".join(shown(page(read))).endswith(f"To be told no more: {ways}")
    assert read["List-Unsubscribe"] == header
    assert read["List-Unsubscribe-Post"] == post


DESK = {"desk_url": "https://desk.example.com/ü", "secret": "a secret that is long enough"}


@pytest.mark.parametrize(
    ("subscriptions", "ways", "header"),
    [
        ((3,), ["subscription/3"], "subscription/3"),
        ((3, 5), ["subscription/3", "subscription/5"], "destination/4"),
        (tuple(range(6)), ["destination/4"], "destination/4"),
    ],
)
def test_where_there_is_a_desk_its_links_are_signed(subscriptions, ways, header, mail, notice):
    read = mail(notice(), subscriptions=subscriptions, **DESK)
    begin = "https://desk.example.com/%C3%BC/unsubscribe/"
    link = read["List-Unsubscribe"].strip("<>")
    assert link.startswith(f"{begin}{header}/0/")
    parts = link.removeprefix(begin).split("/")
    assert read_link(parts, IDENTITY, DESK["secret"]) == (*parts[:1], int(parts[1]), 0)
    assert read_link(parts, "another", DESK["secret"]) is None
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    said = text(read).rpartition("To be told no more: ")[2].strip().split(" or ")
    assert [each.removeprefix(begin).rpartition("/0/")[0] for each in said] == ways


def test_a_desk_by_plain_http_is_not_told_without_asking(mail, notice):
    read = mail(notice(), **{**DESK, "desk_url": "http://desk"})
    assert read["List-Unsubscribe"].startswith("<http://desk/unsubscribe/subscription/3/")
    assert read["List-Unsubscribe-Post"] is None


def test_the_sites_own_page_to_unsubscribe_comes_first(mail, notice):
    read = mail(notice(), unsubscribe_url="https://own/{destination}", **DESK)
    assert read["List-Unsubscribe"] == "<https://own/4>"


def test_the_desk_has_pages_of_our_bugs_where_nobody_else_has(mail, notice):
    read = mail(notice(), bug_url="", desk_url="https://desk.example.com")
    assert "https://desk.example.com/bugs/12\n" in text(read)
    assert "https://desk/12\n" in text(mail(notice(), desk_url="https://desk.example.com"))


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("jane@example.com", True),
        ("jane.o'doe+bugs@localhost", True),
        ("-f@xn--bcher-kva.example", True),
        ("jane", False),
        ("jane@", False),
        ("@example.com", False),
        ("jane.@example.com", False),
        ("jane@example..com", False),
        ("jane@-example.com", False),
        ("jane@example.com\n", False),
        ("a@example.com, b@example.com", False),
        ("Jane <jane@example.com>", False),
        ("jane@bücher.example", False),
        (f"{'a' * 65}@example.com", False),
        (f"jane@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}", False),
    ],
)
def test_where_mail_can_be_sent(address, is_one):
    assert is_address(address) is is_one
