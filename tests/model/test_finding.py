"""Sites of applications, wherever they are in a database."""

import subprocess
import sys

import pytest
import transaction
import ZODB
from BTrees.OOBTree import OOBTree
from persistent import Persistent
from persistent.mapping import PersistentMapping
from zope.component import getGlobalSiteManager
from zope.component.interfaces import ISite
from zope.component.persistentregistry import PersistentComponents
from zope.interface import implementer

from malonewatch.configuration import configure
from malonewatch.interfaces import DatabaseError, IBugTrackerSet
from malonewatch.model import BugTracker, Site, install, open_database
from malonewatch.model.finding import MOST, MOST_IN_CONTAINER, choose_site, find_sites

configure()


@implementer(ISite)
class Folder(PersistentMapping):
    """A folder of some application's, which is a site."""

    def __init__(self, **things):
        super().__init__(things)
        self.components = PersistentComponents("folder", (getGlobalSiteManager(),))

    def getSiteManager(self):
        return self.components


class Closed(Persistent):
    """Something that is no container."""


def paths(**root):
    return list(find_sites(root))


def test_sites_are_found_in_containers_of_any_kind():
    root = {
        "app": Folder(tracker=install(Folder())),
        "tree": OOBTree({"site": install(Site())}),
        "plain": {"site": install(Site())},
    }
    assert paths(**root) == ["/app/tracker", "/tree/site", "/plain/site"]


def test_those_near_the_root_come_first():
    assert paths(a=Folder(b=install(Site())), c=install(Site())) == ["/c", "/a/b"]


def test_a_site_may_hold_another():
    outer = install(Folder(inner=install(Site())))
    assert paths(outer=outer) == ["/outer", "/outer/inner"]


def test_a_site_below_one_with_malonewatch_has_none_itself():
    outer, inner = install(Folder()), Folder()
    outer["inner"] = inner
    inner.components.__bases__ = (outer.components,)
    assert inner.components.queryUtility(IBugTrackerSet) is not None
    assert paths(outer=outer) == ["/outer"]


@pytest.mark.parametrize(
    "root",
    [
        *({}, {"other": 42}, {"site": Site()}, {"closed": Closed()}),
        *({7: install(Site())}, {"a/b": install(Site())}),
    ],
)
def test_what_is_none(root):
    assert find_sites(root) == {}


def test_they_are_looked_for_four_levels_deep():
    site = install(Site())
    assert list(find_sites({"a": {"b": {"c": {"d": site}}}})) == ["/a/b/c/d"]
    assert find_sites({"a": {"b": {"c": {"d": {"e": site}}}}}) == {}


def test_not_everything_is_looked_at():
    site = install(Site())
    many = {str(number): Closed() for number in range(MOST_IN_CONTAINER)}
    assert find_sites({**many, "site": site}) == {}
    assert list(find_sites({"site": site, **many})) == ["/site"]
    for count, found in ((MOST // MOST_IN_CONTAINER - 1, ["/last/site"]), (MOST, [])):
        places = {f"place {number}": many for number in range(min(count, MOST_IN_CONTAINER - 1))}
        assert list(find_sites({**places, "last": {"site": site}})) == found


def test_the_only_one_is_the_one_that_is_meant():
    site = install(Site())
    assert choose_site({"a": {"b": site}}, "memory://") is site
    assert choose_site({}, "memory://") is None


def test_one_of_several_has_to_be_named():
    one, other = install(Site()), install(Site())
    root = {"one": one, "a": {"other": other}}
    with pytest.raises(DatabaseError, match=r"several sites.*: /one, /a/other; name one.*--site"):
        choose_site(root, "memory://")
    assert choose_site(root, "memory://", "/one") is one
    assert choose_site(root, "memory://", "a/other/") is other


def test_one_that_is_named_may_be_anywhere():
    site = install(Site())
    root = {"a": {"b": {"c": {"d": {"e": site}}}}}
    assert choose_site(root, "memory://", "/a/b/c/d/e") is site


@pytest.mark.parametrize("path", ["/two", "/", "", "/one/two", "/number/two", "/a"])
def test_one_that_is_not_there(path):
    root = {"one": install(Site()), "number": 42, "a": Site()}
    with pytest.raises(DatabaseError, match=r"no site with malonewatch at .*that there are: /one"):
        choose_site(root, "memory://", path)
    with pytest.raises(DatabaseError, match=r"that there are: none"):
        choose_site({}, "memory://", path)


# Databases.


@pytest.fixture
def uri(tmp_path):
    """Of a database of an application with two sites below its root."""
    db = ZODB.DB(str(tmp_path / "Data.fs"))
    with db.transaction() as connection:
        folder = Folder(one=install(Folder()), other=install(Folder()))
        connection.root()["app"] = folder
        for name, site in folder.items():
            trackers = site.getSiteManager().getUtility(IBugTrackerSet)
            trackers.add(BugTracker(name, name, "BUGZILLA", f"https://{name}.example.com"))
    db.close()
    return f"file://{tmp_path}/Data.fs"


def test_the_sites_of_a_database_can_be_listed(uri):
    assert open_database.sites(uri) == ["/app/one", "/app/other"]


def test_each_is_a_database_of_its_own(uri):
    identities = set()
    for name in ("one", "other"):
        database = open_database(uri, site=f"/app/{name}")
        assert database.read(lambda trackers: [tracker.name for tracker in trackers]) == [name]
        identities.add(database.identity)
        database.close()
    assert len(identities) == 2


@pytest.mark.parametrize("create", [False, True])
def test_a_database_with_several_is_not_opened_without_a_name(uri, create):
    with pytest.raises(DatabaseError, match="several sites"):
        open_database(uri, create=create)


APPLICATION = """
import sys
import ZODB
from persistent.mapping import PersistentMapping
from zope.component import getGlobalSiteManager
from zope.component.interfaces import ISite
from zope.component.persistentregistry import PersistentComponents
from zope.interface import implementer
from malonewatch.model import install

@implementer(ISite)
class Folder(PersistentMapping):
    def getSiteManager(self):
        return self.components

def make(path, *names):
    db = ZODB.DB(path)
    with db.transaction() as connection:
        thing = Folder()
        thing.components = PersistentComponents("app", (getGlobalSiteManager(),))
        install(thing)
        for name in names[:0:-1]:
            thing = PersistentMapping({name: thing})
        connection.root()[names[0]] = thing
    db.close()
"""


@pytest.fixture(params=[("app",), ("app", "tracker")])
def unknown(request, tmp_path):
    """The path of a database of an application that is not installed here, and the site's in it."""
    (tmp_path / "notinstalled.py").write_text(APPLICATION)
    path = tmp_path / "Data.fs"
    make = f"import notinstalled; notinstalled.make({str(path)!r}, *{request.param!r})"
    subprocess.run([sys.executable, "-c", make], cwd=tmp_path, check=True)
    return path, "/" + "/".join(request.param)


@pytest.mark.parametrize("options", [{}, {"create": True}, {"read_only": True}])
def test_a_database_whose_application_cannot_be_imported_is_left_alone(unknown, options):
    path, site = unknown
    before = path.read_bytes()
    for more in ({}, {"site": site}, {"site": f"{site}/below"}):
        with pytest.raises(DatabaseError) as caught:
            open_database(f"file://{path}", **options, **more)
        assert str(caught.value) == (
            f"The database file://{path} is an application's: at {more.get('site', site)} is a "
            "notinstalled.Folder, which cannot be imported here; run this where the application "
            "is installed. Nothing was changed."
        )
    assert path.read_bytes() == before
    transaction.abort()
