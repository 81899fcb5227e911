"""Databases of other versions, and their way to this one."""

import shutil
from pathlib import Path

import pytest

from malonewatch.configuration import configure
from malonewatch.interfaces import DatabaseError, UpgradeStep
from malonewatch.model import open_database, schema, sqlite_uri
from malonewatch.model.installation import SCHEMA, ensure_installation
from malonewatch.model.schema import Step
from malonewatch.model.site import site_of

OLD = Path(__file__).parent / "data" / "schema-1.fs"

configure()


@pytest.fixture
def old(tmp_path):
    """The URI of a database that 0.1.0 made."""
    return f"file://{shutil.copy(OLD, tmp_path / 'Data.fs')}"


@pytest.fixture
def opened():
    """Opens databases, which are closed in the end."""
    databases = []

    def open_one(uri, **options):
        databases.append(open_database(uri, **options))
        return databases[-1]

    yield open_one
    for database in databases:
        database.close()


def names(trackers):
    return [tracker.name for tracker in trackers]


def test_a_new_database_is_up_to_date(opened, tmp_path):
    database = opened(sqlite_uri(tmp_path), create=True)
    assert database.schema == SCHEMA
    assert database.planUpgrade() == []
    database.upgrade()
    assert database.schema == SCHEMA


def test_an_old_one_is_upgraded_when_it_is_opened(opened, old):
    opened(old).close()
    database = opened(old, read_only=True)
    assert database.schema == SCHEMA
    assert database.read(names) == ["bugs", "idle", "auto-trac.example.com"]


@pytest.mark.parametrize("options", [{"read_only": True}, {"upgrade": True}])
def test_it_can_be_left_as_it_is(opened, old, options):
    before = Path(old.removeprefix("file://")).read_bytes()
    database = opened(old, **options)
    assert database.schema == 1
    assert database.planUpgrade()
    assert database.read(names) == ["bugs", "idle", "auto-trac.example.com"]
    assert Path(old.removeprefix("file://")).read_bytes() == before


def test_it_is_upgraded_when_that_is_asked_for(opened, old):
    told = []
    database = opened(old, upgrade=True)
    database.upgrade(lambda *progress: told.append(progress))
    assert database.schema == SCHEMA
    assert database.planUpgrade() == []


def test_bug_trackers_of_an_old_one_are_found_in_every_spelling(opened, old):
    database = opened(old, upgrade=True)
    database.write(lambda trackers: trackers._bases.update({"example.com/%7Ejoe": 1}))
    database.upgrade()
    url = "https://example.com/~joe"
    assert database.read(lambda trackers: trackers.getByBaseURL(url).name) == "bugs"


def test_its_identity_stays_once_it_has_one(opened, old):
    identity = opened(old).identity
    opened(old.replace("/Data.fs", "/./Data.fs"), read_only=True)
    assert opened(old, read_only=True).identity == identity


def test_until_then_its_identity_is_that_of_its_place(opened, old, tmp_path):
    identity = opened(old, read_only=True).identity
    (tmp_path / "link").symlink_to(tmp_path)
    other = f"file://{shutil.copy(OLD, tmp_path / 'Other.fs')}"
    assert opened(f"file://{tmp_path}/link/./Data.fs", read_only=True).identity == identity
    assert opened(other, read_only=True).identity != identity


def test_a_newer_one_is_refused(opened, tmp_path):
    uri = sqlite_uri(tmp_path)

    def from_the_future(trackers):
        ensure_installation(site_of(trackers)).schema = SCHEMA + 1

    opened(uri, create=True).write(from_the_future)
    for options in ({}, {"create": True}, {"read_only": True}, {"upgrade": True}):
        with pytest.raises(DatabaseError) as caught:
            open_database(uri, **options)
        assert str(caught.value) == (
            f"The database {uri} has been upgraded by a later version of malonewatch (schema "
            f"{SCHEMA + 1}, and this one knows {SCHEMA}); use that one."
        )


@pytest.fixture
def steps(monkeypatch):
    """Steps to version 2 of the schema and the next, and what was done of them."""
    done = []

    def step(version, description, is_quick=True):
        def run(database, progress):
            progress(1, 2)
            done.append((description, database.schema))
            if description == failing:
                raise DatabaseError("Full.")
            progress(2, 2)

        return Step(version, description, lambda trackers: is_quick, run)

    failing = "Third"
    three = (step(2, "First"), step(2, "Second"), step(3, "Third"))
    monkeypatch.setattr(schema, "SCHEMA", 3)

    def use(*chosen):
        monkeypatch.setattr(schema, "STEPS", chosen)
        return done

    use.step, use.three = step, three
    return use


def test_a_long_step_is_not_done_by_opening(opened, old, steps):
    done = steps(steps.step(2, "First"), steps.step(2, "Long", is_quick=False))
    with pytest.raises(DatabaseError, match=r"by an earlier version.*'malonewatch upgrade'"):
        open_database(old)
    assert done == []
    database = opened(old, upgrade=True)
    assert database.planUpgrade() == [UpgradeStep(2, "First", True), UpgradeStep(2, "Long", False)]
    database.upgrade()
    assert [description for description, _ in done] == ["First", "Long"]
    database.close()
    assert opened(old).schema == 3


def test_what_was_interrupted_goes_on_with_the_version_that_was_reached(opened, old, steps):
    done = steps(*steps.three)
    database = opened(old, upgrade=True)
    for _ in range(2):
        with pytest.raises(DatabaseError, match="Full"):
            database.upgrade()
    assert done == [("First", 1), ("Second", 1), ("Third", 2), ("Third", 2)]
    assert database.planUpgrade() == [UpgradeStep(3, "Third", True)]


def test_progress_is_told(opened, old, steps):
    steps(*steps.three[:2])
    told = []
    opened(old, upgrade=True).upgrade(lambda *progress: told.append(progress))
    assert told == [("First", 1, 2), ("First", 2, 2), ("Second", 1, 2), ("Second", 2, 2)]
