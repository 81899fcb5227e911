import os
import stat
import tempfile
from pathlib import Path

import feedparser
import pytest
from lxml import etree
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.interfaces import (
    BadInput,
    DeliveryFailed,
    DeliverySettings,
    Feed,
    Happening,
    IChannel,
    IFeedWriter,
    ISender,
)
from malonewatch.notifying import feeds
from malonewatch.notifying.feeds import atom, write_feed

from .conftest import IDENTITY

#: From Appendix B of the RFC in other words, so that no more is allowed than there.
SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parent / "atom.rng"))
BUG_URL = "https://desk.example.com/bugs/{bug}"
OLD = b"<rss/>"


def parsed(content):
    """A feed, as readers have it; it is valid."""
    SCHEMA.assertValid(etree.fromstring(content))
    found = feedparser.parse(content)
    assert found.bozo is False
    return found


@pytest.fixture
def channel():
    return getUtility(IChannel, "feed")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "news.atom"


@pytest.fixture
def send(channel, message, settings, path):
    """Sends notices to a feed, which has told some."""

    def send(*notices, recent=(), path=path):
        with channel.open(DeliverySettings(bug_url=BUG_URL)) as sender:
            sender.send(message(settings("feed", str(path)), *notices, recent=recent))

    return send


def test_the_interfaces_are_provided(channel):
    verifyObject(IChannel, channel)
    assert (channel.title, channel.keeps, channel.is_prompt) == ("Atom feed", 50, True)
    with channel.open(DeliverySettings()) as sender:
        verifyObject(ISender, sender)


# What is in it.


def test_a_feed_as_readers_have_it(send, notice, path):
    told = notice(2, title="Crash & <burn>")
    send(told, recent=[notice(1)])
    found = parsed(path.read_bytes())
    assert found.version == "atom10"
    assert found.feed.title == "Remote bugs: what jane is told"
    assert found.feed.author == found.feed.generator == "malonewatch"
    assert found.feed.updated == "2024-05-06T14:00:00Z"
    newest, older = found.entries
    assert newest.title == feeds.headline(told)
    assert (newest.updated, older.updated) == ("2024-05-06T14:00:00Z", "2024-05-06T13:00:00Z")
    assert [(link.rel, link.href) for link in newest.links] == [
        ("alternate", "https://bugs.example.com/show_bug.cgi?id=77"),
        ("related", "https://desk.example.com/bugs/12"),
    ]
    assert [(tag.scheme.partition("#")[2], tag.term, tag.label) for tag in newest.tags] == [
        ("happening", "fixed", "fixed"),
        ("tracker", "gnome", "GNOME"),
    ]
    assert newest.summary == " ".join(feeds.sentences(told))
    (content,) = newest.content
    assert content.type == "text/html"
    assert '<a href="https://desk.example.com/bugs/12">' in content.value


def test_what_happened_to_a_bug_tracker_has_neither_bug_nor_tags_that_it_cannot_have(notice):
    trouble = notice(
        1, Happening.TROUBLE, bug=None, watch=None, tracker="", url="mailto:bugs@example.com"
    )
    (entry,) = parsed(atom(Feed(IDENTITY, "some", "Some", BUG_URL), [trouble])).entries
    assert "links" not in entry
    assert [tag.term for tag in entry.tags] == ["trouble"]


def test_a_site_without_pages_has_no_links_to_its_bugs(notice):
    (entry,) = parsed(atom(Feed(IDENTITY, "some", "Some"), [notice()])).entries
    assert [link.rel for link in entry.links] == ["alternate"]


def test_a_feed_at_a_url_says_where_it_is_and_where_people_look(notice):
    here = {"url": "https://desk.example.com/feeds/all?a=1&b=2", "page": "https://desk.example.com"}
    found = parsed(getUtility(IFeedWriter)(Feed(IDENTITY, "all", "All", **here), [notice()]))
    assert [(link.rel, link.type, link.href) for link in found.feed.links] == [
        ("self", "application/atom+xml", here["url"]),
        ("alternate", "text/html", here["page"]),
    ]


def test_every_change_has_an_entry_of_its_own_which_is_known_by_its_id_everywhere(notice):
    def ids(identity, name, *notices):
        found = parsed(atom(Feed(identity, name, "Some"), notices))
        return found.feed.id, [entry.id for entry in found.entries]

    one, (second, first) = ids(IDENTITY, "one", notice(1), notice(2))
    other, (again,) = ids(IDENTITY, "other", notice(2))
    elsewhere, (stranger,) = ids("another database", "one", notice(2))
    assert again == second
    assert len({one, other, elsewhere, first, second, stranger}) == 6
    assert all(each.startswith("urn:uuid:") for each in (one, first))


def test_the_newest_fifty_are_in_it_once_each(send, notice, path):
    recent = [notice(number) for number in range(1, 51)]
    # As when nobody knew whether the fiftieth had been told.
    send(notice(50), notice(51), recent=recent)
    entries = parsed(path.read_bytes()).entries
    assert len(entries) == 50
    assert [entry.updated for entry in entries] == sorted(
        (entry.updated for entry in entries), reverse=True
    )
    assert len({entry.id for entry in entries}) == 50


def test_one_without_entries_is_a_feed_too_and_always_the_same():
    content = atom(Feed(IDENTITY, "some", "Nothing yet"), [])
    found = parsed(content)
    assert found.entries == []
    assert found.feed.updated == "1970-01-01T00:00:00Z"
    assert atom(Feed(IDENTITY, "some", "Nothing yet"), []) == content


HOSTILE = "\x00\x1b[31m\ud800\ufffe<script>alert('&amp;')</script>\"\u202e]]>"


def test_what_xml_or_readers_cannot_have_harms_nobody(notice):
    told = notice(
        title=HOSTILE,
        remotebug=HOSTILE,
        bug_title=HOSTILE,
        tracker=HOSTILE,
        tracker_title=HOSTILE,
        new_remotestatus=HOSTILE,
        url=f"https://bugs.example.com/{HOSTILE}",
        text=HOSTILE,
    )
    content = atom(Feed(IDENTITY, "some", HOSTILE, f"https://x.example.com/{HOSTILE}"), [told])
    (entry,) = parsed(content).entries
    html = etree.fromstring(content).findtext(".//{*}content")
    assert "<script" not in html
    assert 'href="https://bugs.example.com/%EF%BF%BD%EF%BF%BD%3Cscript%3E' in html
    assert entry.title


# The file.


def test_everybody_can_read_it(send, notice, path):
    send(notice())
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert os.listdir(path.parent) == [path.name]


def test_one_in_which_nothing_is_new_is_not_touched(send, notice, path):
    send(notice(1))
    before = path.stat()
    send(notice(1))
    assert path.stat() == before
    send(notice(2), recent=[notice(1)])
    assert path.stat().st_ino != before.st_ino
    assert len(parsed(path.read_bytes()).entries) == 2


def test_a_link_to_it_stays_one(send, notice, path, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    path.symlink_to(tmp_path / "elsewhere" / "feed")
    send(notice())
    assert path.is_symlink()
    assert len(parsed((tmp_path / "elsewhere" / "feed").read_bytes()).entries) == 1


@pytest.fixture
def failure(send, notice):
    """What is said of a failure to send a notice."""

    def failure(path):
        with pytest.raises(DeliveryFailed) as caught:
            send(notice(9), path=path)
        assert not caught.value.is_permanent
        return str(caught.value)

    return failure


def test_what_malonewatch_did_not_write_is_not_written_over(failure, path):
    path.write_bytes(OLD)
    assert failure(path) == (
        f"{path} is a file that malonewatch did not write, and is not written over; move it away, "
        "or name another file for the feed."
    )
    assert path.read_bytes() == OLD


def test_a_file_that_is_empty_may_be_written_over(send, notice, path):
    path.touch()
    send(notice())
    assert len(parsed(path.read_bytes()).entries) == 1


def test_on_a_full_disk_the_old_one_stays_whole(send, failure, notice, path, monkeypatch):
    send(notice())
    before = path.read_bytes()
    beside = path.parent / "beside"

    def mkstemp(prefix, dir):
        assert dir == str(path.parent)
        beside.touch()
        return os.open("/dev/full", os.O_WRONLY), str(beside)

    monkeypatch.setattr(tempfile, "mkstemp", mkstemp)
    assert failure(path) == (
        f"The feed {path} cannot be written (no space left on device); put that right."
    )
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_folder_that_is_gone(failure, tmp_path):
    path = tmp_path / "gone" / "news.atom"
    assert failure(path) == (
        f"The feed {path} cannot be written (no such file or directory); put that right."
    )


def test_an_error_without_a_number(path, monkeypatch):
    def mkstemp(prefix, dir):
        raise OSError

    monkeypatch.setattr(tempfile, "mkstemp", mkstemp)
    with pytest.raises(DeliveryFailed) as caught:
        write_feed(str(path), b"")
    assert str(caught.value) == f"The feed {path} cannot be written (OSError); put that right."


# What is stored.


def test_the_path_of_a_file_that_is_a_feed_or_not_there_is_stored(
    send, notice, channel, settings, path
):
    given = settings("feed", str(path))
    assert channel.check(given) == given
    send(notice())
    assert channel.check(given) == given
    assert channel.route(given) == str(path)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("news.atom", "is not the absolute path of a file"),
        ("{folder}/gone/news.atom", "is in a folder that is not there"),
        ("{folder}/folder", "is no file"),
        ("{folder}/folder/", "is no file"),
        ("{folder}/pipe", "is no file"),
        ("{folder}/old", "is a file that malonewatch did not write"),
        ("{folder}/loop", "cannot be read"),
    ],
)
def test_another_path_is_refused(name, why, channel, settings, tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "old").write_bytes(OLD)
    (tmp_path / "loop").symlink_to("loop")
    path = name.format(folder=tmp_path)
    with pytest.raises(BadInput) as caught:
        channel.check(settings("feed", path))
    assert str(caught.value) == f"{path} {why}; name a file for the feed to be written to."


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"secret": "env:KEY"}, "A feed is not signed; "),
        ({"is_trusted": False}, "A feed is a file on this machine; "),
    ],
)
def test_what_a_feed_cannot_have(values, why, channel, settings, path):
    with pytest.raises(BadInput) as caught:
        channel.check(settings("feed", str(path), **values))
    assert str(caught.value).startswith(why)
