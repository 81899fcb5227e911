import re

import pytest
from zope.component import getUtility

from malonewatch.application.database import Upgrade, open_database
from malonewatch.interfaces import IBugWatchSet, UpgradeStep


@pytest.mark.embedded
def test_it_says_where_the_database_is(run, tmp_path):
    result = run("init")
    assert result.code == 0
    assert result.out == f"Made a database: {tmp_path / 'database'}\n"


def test_a_new_database_is_empty(cli):
    assert cli("list", "--json").json == []
    assert cli("tracker", "list", "--json").json == []


@pytest.mark.embedded
def test_one_that_is_there_is_left_as_it_is(cli, url, tmp_path):
    cli("watch", url(1))
    before = cli("list", "--json").json
    result = cli("init")
    assert result.code == 0
    assert result.out == f"There is a database already: {tmp_path / 'database'}\n"
    assert cli("list", "--json").json == before


def test_sample_data_are_those_of_the_founding_document(run):
    assert "sample data" in run("init", "--sample").out
    trackers = run("tracker", "list", "--json").json
    assert {tracker["name"]: tracker["watches"] for tracker in trackers} == {
        "mozilla.org": 4,
        "gnome-bugzilla": 1,
        "debbugs": 4,
        "ubuntu-bugzilla": 1,
        "sf": 0,
    }


def test_sample_data_can_go_into_a_database_without_data(cli):
    assert cli("init", "--sample").code == 0
    assert len(cli("list", "--json").json) == 10


def test_sample_data_are_not_added_to_others(cli, url):
    cli("watch", url(1))
    result = cli("init", "--sample")
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert "it is not filled with others" in result.err
    assert len(cli("list", "--json").json) == 1


@pytest.mark.parametrize(
    "uri", ["file://{}/folder/Data.fs", "sqlite://?data_dir={}/with%20blank&keep_history=false"]
)
def test_other_uris_are_shown_as_places_too(run, tmp_path, uri):
    result = run("init", "--database", uri.format(tmp_path))
    assert result.code == 0
    place = "folder/Data.fs" if uri.startswith("file") else "with blank"
    assert result.out == f"Made a database: {tmp_path / place}\n"


@pytest.mark.embedded
def test_packing_says_where(cli, tmp_path):
    assert cli("pack").out == f"Packed: {tmp_path / 'database'}\n"
    assert cli("pack", "--days", "7").code == 0
    for days in ("-1", "x", "9" * 50):
        assert cli("pack", "--days", days).code == 2


def test_without_a_database_there_is_nothing_to_pack_or_upgrade(run):
    for command in ("pack", "upgrade"):
        result = run(command)
        assert result.code == 4
        assert result.err.count("\n") == 1


@pytest.mark.embedded
def test_the_latest_needs_no_upgrade(cli, tmp_path):
    for options in ([], ["--dry-run"]):
        out = cli("upgrade", *options).out
        assert out.startswith("Nothing is to be done; the schema is ")
        assert out.endswith(f": {tmp_path / 'database'}\n")


@pytest.mark.parametrize("at_terminal", [False, True])
def test_an_upgrade_names_its_steps(cli, monkeypatch, at_terminal, person):
    def upgrade(uri, dry_run, progress, **options):
        progress("Do this.", 1, 2)
        return Upgrade("/there", 1, (UpgradeStep(2, "Do this.", True), UpgradeStep(3, "X.", False)))

    monkeypatch.setattr("malonewatch.application.database.upgrade", upgrade)
    if at_terminal:
        person()
    assert cli("upgrade", "--dry-run").out.splitlines() == [
        "2: Do this. (quick)",
        "3: X.",
        "Would go from schema 1 to 3: /there",
    ]
    assert cli("upgrade").out.endswith("Went from schema 1 to 3: /there\n")


@pytest.mark.embedded
def test_a_database_is_copied(run, tmp_path):
    run("init", "--sample")
    source = f"sqlite://?data_dir={tmp_path / 'database'}"
    target = f"file://{tmp_path / 'Data.fs'}"
    result = run("copy", source, target)
    assert (result.code, result.err) == (0, "")
    assert re.fullmatch(r"Copied \d+ objects, and found them all the same\.\n", result.out)
    assert run("--database", target, "list").out == run("list").out
    again = run("copy", source, target)
    assert (again.code, "There is something in" in again.err) == (2, True)


def test_pruning_says_what_was_forgotten(cli):
    cli("watch", "https://bugs.example.com/show_bug.cgi?id=1")
    result = cli("prune", "1d")
    assert re.fullmatch(
        r"Forgot 0 entries from before 20.* UTC \(24h ago\) of the histories of 0 watches\.\n",
        result.out,
    )
    with open_database() as database:
        database.write(lambda trackers: getUtility(IBugWatchSet).get(1).log(0, "note", "x"))
    result = cli("prune", "1d")
    assert result.out.startswith("Forgot 1 entry from before 20"), result
    assert result.out.endswith(" of the history of 1 watch.\n")
    assert cli("prune", "2999-01-01").code == 2
