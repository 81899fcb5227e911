import pytest
import transaction
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.interfaces import (
    BadInput,
    IBugWatch,
    ILink,
    ILinkAppeared,
    ILinkGone,
    ILinkSet,
    IProject,
    NotFoundError,
    Place,
    Wish,
)
from malonewatch.model.installation import SCHEMA, ensure_installation
from malonewatch.model.site import site_of

URL = "https://bugs.example.com/show_bug.cgi?id=42"


@pytest.fixture
def links(clock):
    return getUtility(ILinkSet)


@pytest.fixture
def project(links):
    return links.ensureProject("gtk", "/src/gtk")


def at(path="gtk/window.c", line=7, **values):
    values = {"column": 4, "written": URL, "text": f"/* see {URL} */", "urls": (URL,), **values}
    return Place(path, line, **values)


def test_they_provide_the_interfaces(links, project):
    verifyObject(ILinkSet, links)
    verifyObject(IProject, project)
    verifyObject(ILink, project.addLink(at(), URL))


def test_a_link_says_where_it_is(project, clock):
    link = project.addLink(at(wish=Wish.UNTIL_FIXED), URL)
    assert (link.path, link.line, link.column, link.written) == ("gtk/window.c", 7, 4, URL)
    assert (link.text, link.url, link.wish) == (f"/* see {URL} */", URL, Wish.UNTIL_FIXED)
    assert (link.project, link.datecreated, link.watch) == (project, clock.moment, None)
    assert (link.title, link.__name__, repr(link)) == ("gtk/window.c:7", "1", "<Link 1>")


def test_a_project_has_its_links_by_file_and_line(links, project):
    last = project.addLink(at("z.c", 1), URL)
    later = project.addLink(at("a.c", 20), URL)
    first = project.addLink(at("a.c", 3, column=9), URL)
    same_line = project.addLink(at("a.c", 3, column=30), URL)
    links.ensureProject("other", "/src/other").addLink(at("a.c"), URL)
    assert list(project.links) == [first, same_line, later, last]
    assert (project.links.count(), project.links[1:3]) == (4, [same_line, later])
    assert project.getLinksIn("a.c") == [first, same_line, later]
    assert project.getLinksIn("a") == []


def test_a_link_moves(project):
    link = project.addLink(at(wish=Wish.UNTIL_FIXED), URL)
    project.moveLink(link, at("new.c", 9, text="another"))
    assert (link.path, link.line, link.text, link.wish) == ("new.c", 9, "another", None)
    assert project.getLinksIn("gtk/window.c") == []
    assert project.getLinksIn("new.c") == [link]
    project.moveLink(link, at("new.c", 10))
    assert (list(project.links), link.line) == ([link], 10)


def test_a_move_is_saved(project, reopened):
    link = project.addLink(at(), URL)
    assert reopened(link).line == 7
    project.moveLink(link, at(line=8))
    assert reopened(link).line == 8


def test_what_appears_and_goes_is_told(project, events):
    link = project.addLink(at(), URL)
    (appeared,) = events
    assert ILinkAppeared.providedBy(appeared)
    assert appeared.object is link
    events.clear()
    project.removeLink(link)
    (gone,) = events
    assert ILinkGone.providedBy(gone)
    assert gone.object is link


def test_a_link_that_is_gone_is_forgotten(links, project, watch):
    link = project.addLink(at(), URL)
    project.bindLink(link, watch)
    project.removeLink(link)
    assert (list(project.links), list(project.proposals), watch.links) == ([], [], [])
    assert links.queryLink(1) is None
    with pytest.raises(NotFoundError, match=r"^There is no link 1 in gtk\.$"):
        project.removeLink(link)
    # Its number is not given again.
    assert project.addLink(at(), URL).id == 2


def test_a_link_leads_to_a_watch(links, project, watch):
    verifyObject(IBugWatch, watch)
    second, first = project.addLink(at(line=9), URL), project.addLink(at(line=2), URL)
    assert list(project.proposals) == [second, first]
    for link in first, second:
        project.bindLink(link, watch)
    assert (first.watch, second.watch) == (watch, watch)
    assert watch.links == links.getLinksTo(watch) == [first, second]
    assert list(project.proposals) == []
    project.bindLink(first, None)
    assert (first.watch, watch.links, list(project.proposals)) == (None, [second], [first])


def test_links_go_to_another_watch(project, watch, bug, tracker):
    other = bug.addWatch(tracker, "43", None)
    link = project.addLink(at(), URL)
    project.bindLink(link, watch)
    project.bindLink(link, other)
    assert (watch.links, other.links) == ([], [link])


def test_a_link_is_a_proposal_again_when_its_watch_is_removed(project, watch, bug):
    link = project.addLink(at(), URL)
    project.bindLink(link, watch)
    bug.removeWatch(watch)
    assert (link.watch, list(project.proposals)) == (None, [link])


def test_a_link_follows_a_watch_that_becomes_one_with_another(
    project, watches, watch, bug, tracker, clock
):
    survivor = bug.addWatch(tracker, "43", None)
    link = project.addLink(at(), URL)
    project.bindLink(link, watch)
    watches.relocateBugWatch(watch, tracker, "43", clock.moment)
    assert (link.watch, survivor.links) == (survivor, [link])


def test_a_link_keeps_a_watch_that_moves(project, watches, watch, tracker):
    link = project.addLink(at(), URL)
    project.bindLink(link, watch)
    watches.moveBugWatch(watch, tracker, "43")
    assert (link.watch, link.watch.remotebug) == (watch, "43")


def test_projects_by_name(links, project, clock):
    other = links.ensureProject("abiword", "/src/abiword")
    assert list(links) == [other, project]
    assert links.getProject("gtk") is project
    assert links.getProject("nautilus") is None
    assert (project.name, project.__name__, repr(project)) == ("gtk", "gtk", "<Project gtk>")
    assert (project.bug, project.state, project.scanned) == (None, None, None)
    project.scanned = clock.moment
    assert project.scanned == clock.moment


def test_a_project_may_be_elsewhere_by_now(links, project):
    assert project.root == "/src/gtk"
    project.state = b"state"
    assert links.ensureProject("gtk", "/src/gtk").state == b"state"
    assert links.ensureProject("gtk", "/home/gtk") is project
    assert (project.root, project.state) == ("/home/gtk", None)


@pytest.mark.parametrize(
    "change",
    [
        lambda project, link: project.addLink(at(), URL),
        lambda project, link: project.moveLink(link, at(line=9)),
        lambda project, link: project.removeLink(link),
    ],
)
def test_what_a_scan_left_is_void_when_links_are_others(project, change):
    link = project.addLink(at(), URL)
    project.state = b"state"
    change(project, link)
    assert project.state is None


@pytest.mark.parametrize("name", ["", " ", "two\nlines", "x" * 201])
def test_what_cannot_be_the_name_of_a_project(links, name):
    with pytest.raises(BadInput, match=r"^The name of a project is one line of at most 200 "):
        links.ensureProject(name, "/src")
    assert list(links) == []


def test_a_project_is_removed(links, project, watch, events):
    other = links.ensureProject("other", "/src/other").addLink(at(), URL)
    link = project.addLink(at(), URL)
    project.bindLink(link, watch)
    project.bindLink(other, watch)
    events.clear()
    links.removeProject("gtk")
    assert [event.object for event in events if ILinkGone.providedBy(event)] == [link]
    assert links.getProject("gtk") is None
    assert watch.links == [other]
    with pytest.raises(NotFoundError, match=r"^There is no project 'gtk'\.$"):
        links.removeProject("gtk")


def test_a_database_from_before_there_were_links_has_none(trackers, watch, bug):
    site_of(trackers).getSiteManager().unregisterUtility(provided=ILinkSet)
    assert watch.links == []
    bug.removeWatch(watch)


def test_a_database_from_before_there_were_links_gets_room_for_them(site, trackers):
    site_of(trackers).getSiteManager().unregisterUtility(provided=ILinkSet)
    ensure_installation(site_of(trackers)).schema = 2
    transaction.commit()
    step, *_ = site.database.planUpgrade()
    assert step == (3, "Make room for links in source trees", True)
    site.database.upgrade()
    assert site.database.schema == SCHEMA
    assert site.database.read(lambda trackers: list(getUtility(ILinkSet))) == []
