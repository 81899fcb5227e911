import pytest
from tests.application.remote import bug_url
from zope.component import getGlobalSiteManager, getUtility

from malonewatch.application import watches
from malonewatch.application.database import make, open_database, pack, upgrade
from malonewatch.configuration import configure
from malonewatch.interfaces import BadInput, DatabaseError, IDatabaseOpener, UpgradeStep
from malonewatch.testing.sample import add_sample_data


@pytest.fixture(autouse=True)
def configured():
    configure()


@pytest.mark.embedded
def test_a_database_is_made_and_one_that_is_there_is_left(uri, tmp_path):
    made = make(uri)
    assert (made.place, made.is_new, made.filled) == (str(tmp_path / "database"), True, False)
    with open_database(uri) as database:
        watches.watch(database, [bug_url(1)])
    again = make(uri)
    assert (again.place, again.is_new) == (made.place, False)
    with open_database(uri) as database:
        assert watches.show(database, "1").facts.id == 1


def test_a_database_without_data_can_be_filled(uri):
    assert make(uri, add_sample_data).filled
    with pytest.raises(BadInput, match="it is not filled with others"):
        make(uri, add_sample_data)


def test_one_that_was_empty_is_filled_and_not_new(uri):
    make(uri)
    made = make(uri, add_sample_data)
    assert (made.is_new, made.filled) == (False, True)


@pytest.mark.embedded
def test_what_is_no_database_is_not_made_one(uri, tmp_path):
    (tmp_path / "database").mkdir()
    (tmp_path / "database" / "main.sqlite3").write_bytes(b"x" * 5000)
    with pytest.raises(DatabaseError):
        make(uri)


@pytest.mark.embedded
def test_packing_says_where(uri, tmp_path):
    make(uri, add_sample_data)
    assert pack(uri, 1) == str(tmp_path / "database")


def test_the_latest_schema_needs_no_steps(uri):
    make(uri)
    assert upgrade(uri).steps == upgrade(uri, dry_run=True).steps == ()


class OldDatabase:
    """A database with two steps to go."""

    place = "/somewhere"
    schema = 1

    def __init__(self):
        self.upgraded = False

    def planUpgrade(self):
        return [UpgradeStep(2, "Do this.", True), UpgradeStep(3, "Do that.", False)]

    def upgrade(self, progress):
        self.upgraded = True
        progress("Do this.", 1, 1)

    def close(self):
        pass


@pytest.fixture
def old():
    """Stands in the place of all databases; `opened` has the options that it was opened with."""
    registry, before, old = getGlobalSiteManager(), getUtility(IDatabaseOpener), OldDatabase()

    def opener(uri, **options):
        old.opened = options
        return old

    registry.registerUtility(opener, IDatabaseOpener)
    yield old
    registry.registerUtility(before, IDatabaseOpener)


def test_a_dry_run_says_what_an_upgrade_would_do(old):
    plan = upgrade("x", dry_run=True, site="/app")
    assert (plan.place, plan.schema) == ("/somewhere", 1)
    assert [step.version for step in plan.steps] == [2, 3]
    assert not old.upgraded
    assert old.opened == {"read_only": True, "upgrade": True, "site": "/app"}


def test_an_upgrade_is_done_and_tells_how_far_it_is(old):
    seen = []
    done = upgrade("x", progress=lambda *args: seen.append(args))
    assert [step.version for step in done.steps] == [2, 3]
    assert old.upgraded
    assert old.opened == {"read_only": False, "upgrade": True}
    assert seen == [("Do this.", 1, 1)]
