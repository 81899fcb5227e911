import json
import os

import pytest

from malonewatch.application import links
from malonewatch.interfaces import Updated
from malonewatch.testing.faults import fault

DEBIAN = "https://bugs.debian.org/12"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Where databases of --check are."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def tree(tmp_path):
    """Writes files of a source tree; gives its folder."""
    folder = tmp_path / "gtk"
    folder.mkdir()

    def write(**files):
        for name, lines in files.items():
            (folder / f"{name}.c").write_text("\n".join(lines))
        return folder

    return write


@pytest.fixture
def scanned(cli, tree, bugzilla, url):
    """A tree with links to two bugs in a registered Bugzilla, which was asked for them."""
    bugzilla.add("1", title="Broken")
    bugzilla.add("2")
    cli("tracker", "add", bugzilla.url, "--type", "bugzilla", "--name", "bugs")
    folder = tree(a=["", f"/* until {url(1)} is fixed */"], b=[f"// {url(2)}"])
    assert cli("scan", folder).code == 0
    return folder


@pytest.fixture
def fixed(cli, bugzilla, scanned):
    """The same, and the first bug has been fixed meanwhile."""
    cli("check", "bugs")
    bugzilla.change("1", status="RESOLVED", resolution="FIXED")
    cli("check", "bugs")
    return scanned


def test_it_says_what_it_found(cli, scanned, tree, url):
    tree(a=["", "", f"/* until {url(1)} is fixed */"], b=[""], c=[f"# {url(2)}", f"# {url(3)}"])
    result = cli("scan", scanned)
    assert result.err == ""
    assert result.out == (
        f"gtk: 3 links (2 new, 1 moved, 1 gone) after reading 3 files that changed in {scanned}.\n"
    )


def test_links_that_are_ignored_are_counted(cli, tree, url):
    result = cli("scan", tree(a=[f"// {url(1)} malonewatch: ignore"]))
    assert " (0 new, 0 moved, 0 gone, 1 ignored) " in result.out


def test_bug_trackers_that_are_not_accepted_are_proposed(cli, tree, bugzilla, url):
    folder = tree(a=[DEBIAN, url(1), url(2), "https://example.com/owner/repo/issues/3"])
    result = cli("scan", folder)
    assert result.out.splitlines()[1:] == [
        "Links lead to 3 bug trackers not accepted yet:",
        "  https://bugs.debian.org (DEBBUGS, 1 link)",
        f"  {bugzilla.url} (BUGZILLA, 2 links)",
        "  https://example.com (GITEA?, 1 link)",
        "--accept-known takes those on known hosts, 1 of them.",
        "--accept URL takes another one.",
    ]
    assert cli("list", "--json").json == []
    result = cli("scan", folder, "--accept-known", "--accept", bugzilla.url)
    assert result.out.splitlines()[:2] == [
        "Registered auto-bugs.debian.org, of type DEBBUGS, at https://bugs.debian.org.",
        f"Registered auto-127.0.0.1, of type BUGZILLA, at {bugzilla.url}.",
    ]
    assert len(cli("list", "--json").json) == 3
    assert "--accept-known" not in cli("scan", folder).out


def test_many_proposals_are_cut_off(cli, tree):
    lines = [f"https://b{number}.example.com/show_bug.cgi?id=1" for number in range(22)]
    out = cli("scan", tree(a=lines)).out
    assert out.count("(BUGZILLA, 1 link)") == 20
    assert "  and 2 more\n" in out


def test_only_known_hosts_are_left(cli, tree):
    assert "--accept URL" not in cli("scan", tree(a=[DEBIAN])).out


def test_what_was_found_as_json(cli, scanned):
    found = cli("scan", scanned, "--format", "json").json
    assert (found["project"], found["root"], found["links"]) == ("gtk", str(scanned), 2)


def test_a_project_of_another_name(cli, scanned):
    assert cli("scan", scanned, "--project", "other").out.startswith("other: 2 links (2 new, ")


def test_a_configuration_that_maps_short_forms(cli, tree, bugzilla, tmp_path):
    folder = tree(a=["bz#1 and bz#2"])
    configuration = tmp_path / "short.toml"
    configuration.write_text(
        f'[short-forms]\n"bz#{{number}}" = "{bugzilla.url}/show_bug.cgi?id={{number}}"\n'
    )
    assert cli("scan", folder, "--config", configuration).out.startswith("gtk: 2 links")


def test_a_bug_tracker_in_the_configuration_that_cannot_be_used_is_said(cli, tree, tmp_path):
    (tree() / ".malonewatch.toml").write_text('[trackers]\n"https://b.example.com" = "NOSUCH"\n')
    result = cli("scan", tree(), "--accept-known")
    assert result.code == 0
    assert result.err.startswith("Warning: There is no bug tracker type 'NOSUCH'")


def test_every_file_is_read_anew(cli, scanned):
    for path in scanned.iterdir():
        os.utime(path, (1, 1))
    cli("scan", scanned)
    assert "after reading 0 files that changed in" in cli("scan", scanned).out
    assert "after reading 2 files in" in cli("scan", scanned, "--anew").out


# The report


def test_it_says_what_can_go(cli, fixed, bugzilla, url):
    result = cli("scan", "--report")
    assert result.code == 0
    summary, titles, *rows = result.out.splitlines()
    assert summary == "1 of 2 links can go."
    assert titles.split()[:4] == ["Verdict", "Place", "Bug", "Status"]
    (row,) = rows
    assert row.startswith(f"fixed    a.c:2  {bugzilla.url[7:]} #1  RESOLVED FIXED (Fix Released)  ")
    assert row.endswith(f"/* until {url(1)} is fixed */")


def test_it_shows_those_that_stay_too(cli, fixed, tree, url):
    assert "b.c:1" in cli("scan", "--report", "--all").out
    tree(c=[DEBIAN])
    out = cli("scan", fixed, "--report", "--all").out
    assert "proposed  c.c:1  https://bugs.debian.org/12  " in out
    assert "Not asked for 1 link: the bug tracker has not been accepted." in out


def test_it_says_of_what_nothing_is_known(cli, scanned):
    out = cli("scan", "--report").out
    assert out == (
        "None of 2 links can go.\nNot known for 2 links: It has not been asked for yet.\n"
    )


def test_a_bug_that_is_gone_says_why(cli, bugzilla, scanned):
    cli("check", "bugs")
    del bugzilla.bugs["2"]
    cli("check", "bugs")
    out = cli("scan", "--report").out
    assert f"gone     b.c:1  {bugzilla.url[7:]} #2  {bugzilla.url} has no bug 2  " in out


def test_what_the_line_says_is_shown(cli, fixed, tree, bugzilla, url):
    tree(a=[f"{url(1)} malonewatch: expect open"])
    out = cli("scan", fixed, "--report").out
    bug = f"{bugzilla.url[7:]} #1"
    assert f"unexpected  a.c:1  {bug}  RESOLVED FIXED (Fix Released); expect open  " in out


def test_several_projects_are_told_apart(cli, fixed):
    cli("scan", fixed, "--project", "other")
    out = cli("scan", "--report").out
    assert "gtk: a.c:2" in out
    assert "other: a.c:2" in out
    assert "gtk:" not in cli("scan", "--report", "--project", "other").out


def test_a_project_that_is_not_there(cli):
    result = cli("scan", "--report", "--project", "nautilus")
    assert (result.code, result.err) == (
        2,
        "Error: There is no project 'nautilus'; 'malonewatch scan PATH' makes one.\n",
    )


def test_only_what_was_named_is_reported(cli, fixed):
    assert "None of 1 link can go" in cli("scan", fixed / "b.c", "--report").out


@pytest.mark.parametrize("name", ["json", "sarif", "gitlab"])
def test_reports_for_programs(cli, fixed, name):
    result = cli("scan", fixed, "--report", "--format", name)
    assert result.code == 0
    assert "a.c" in json.dumps(json.loads(result.out))


def test_annotations_and_junit(cli, fixed):
    assert cli("scan", fixed, "--report", "--format", "github").out.startswith("::warning file=")
    assert cli("scan", fixed, "--report", "--format", "junit").out.startswith("<?xml ")


def test_a_report_in_a_file(cli, fixed, tmp_path):
    path = tmp_path / "report.sarif"
    result = cli("scan", fixed, "--report", "--format", "sarif", "--output", path)
    assert result.out.splitlines()[-1] == f"Wrote {path}."
    assert json.loads(path.read_text())["version"] == "2.1.0"
    result = cli("scan", "--report", "--format", "sarif", "--output", tmp_path / "no" / "report")
    assert (result.code, result.err) == (
        1,
        f"Error: {tmp_path / 'no' / 'report'} cannot be written: No such file or directory.\n",
    )


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ("fixed", 6),
        ("gone, FIXED", 6),
        ("any", 6),
        ("gone,invalid,closed,unexpected", 0),
        ("stays", 6),
        ("unknown", 0),
    ],
)
def test_it_fails_on_what_it_is_to_fail_on(cli, fixed, names, code):
    result = cli("scan", "--fail-on", names)
    assert result.code == code
    assert "1 of 2 links can go." in result.out


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ([], "Give the folder of a source tree, or --report."),
        (["--check"], "Give the folder of a source tree, or --report."),
        (["x", "--output", "y"], "--output is for a report; give --report too."),
        (
            ["x", "--report", "--output", "y"],
            "--output is for a report of another --format than table.",
        ),
        (["x", "--format", "sarif"], "--format sarif is for a report; give --report."),
        (["x", "--fail-on", "broken"], "'broken' is none of any, fixed, closed, invalid, gone,"),
        (["--forget"], "Say with --project whose links to forget."),
        (["nowhere"], "There is no file or folder nowhere."),
        (["x", "--check", "--time-limit", "nan"], "'nan' is not a number."),
    ],
)
def test_what_makes_no_sense_is_said(cli, args, sentence):
    result = cli("scan", *args)
    assert result.code == 2
    assert sentence in result.err


def test_a_project_is_forgotten(cli, scanned):
    assert cli("scan", "--forget", "--project", "gtk", "-y").out == (
        "Forgot gtk and its 2 links.\n"
    )
    assert cli("list", "--json").json == []


def test_a_person_is_asked_first(cli, scanned):
    result = cli("scan", "--forget", "--project", "gtk", answer="n\n")
    assert result.code == 5
    assert result.out.endswith("Nothing was changed.\n")
    assert len(cli("list", "--json").json) == 2


def test_show_tells_of_the_links(cli, scanned, url):
    out = cli("show", "1").out
    assert out.splitlines()[-2:] == ["Links", f"gtk a.c:2  /* until {url(1)} is fixed */"]
    (link,) = cli("show", "1", "--json").json["links"]
    assert (link["path"], link["line"], link["verdict"]) == ("a.c", 2, "UNKNOWN")


# All in one go


def test_it_is_done_in_one_go_without_a_database(run, tree, cache, bugzilla, url, tmp_path):
    bugzilla.add("1", status="RESOLVED", resolution="FIXED")
    folder = tree(a=[f"// {url(1)}"])
    check = ("scan", folder, "--check", "--accept", bugzilla.url)
    result = run(*check)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[2:4] == ["Asked for 1 bug.", "1 of 1 link can go."]
    assert not (tmp_path / "database").exists()
    bugzilla.requests.clear()
    # What is known is not asked for again.
    assert run(*check, "--fail-on", "fixed").code == 6
    assert bugzilla.requests == []


def test_a_tree_of_the_same_name_has_a_database_of_its_own(run, tree, cache, tmp_path, url):
    run("scan", tree(a=[DEBIAN]), "--check")
    other = tmp_path / "other" / "gtk"
    other.mkdir(parents=True)
    assert "gtk: 0 links" in run("scan", other, "--check").out
    assert len(list((cache / "malonewatch" / "scan").iterdir())) == 2


def test_a_site_is_one_in_a_database_that_is_named(run, tree, cache):
    result = run("scan", tree(), "--check", "--site", "/app")
    assert (result.code, cache.exists()) == (2, False)
    assert "--site is of a database; give --database too." in result.err


def test_a_cache_that_cannot_be_used_may_be_removed(run, tree, cache):
    cache.write_text("")
    result = run("scan", tree(), "--check")
    assert result.code == 4
    assert result.err.endswith(" It is only a cache: remove it, or name another with --database.\n")


def test_what_could_not_be_asked_is_no_failure(run, tree, cache, bugzilla, url):
    bugzilla.add("1")
    folder = tree(a=[f"// {url(1)}"])
    check = ("scan", folder, "--check", "--accept", bugzilla.url)
    with fault(bugzilla, "503"):
        result = run(*check)
    assert result.code == 0
    assert result.err.startswith("Warning: auto-127.0.0.1 could not be asked: ")
    assert "Not known for 1 link: " in result.out
    with fault(bugzilla, "503"):
        assert run(*check, "--fail-on", "unknown").code == 6


def test_only_the_report_is_on_standard_output_for_a_program(run, tree, cache, bugzilla, url):
    bugzilla.add("1")
    folder = tree(a=[f"// {url(1)}"])
    found = run("scan", folder, "--check", "--accept", bugzilla.url, "--format", "json").json
    assert found


@pytest.mark.embedded
def test_a_database_that_is_named_is_used(run, tree, cache, bugzilla, url, tmp_path):
    bugzilla.add("1")
    uri = f"sqlite://?data_dir={tmp_path / 'database'}"
    run("init")
    run("scan", tree(a=[url(1)]), "--check", "--accept", bugzilla.url, "--database", uri)
    assert run("list", "--json").json[0]["remotestatus"] == "CONFIRMED"
    assert not cache.exists()


@pytest.mark.parametrize(
    ("updated", "code", "sentence"),
    [
        ({"left": ("bugs",)}, 0, "bugs was not asked for all; the rest is due the next time."),
        ({"out_of_time": True}, 0, "Time is up; what was not asked for is due the next time."),
        ({"faults": 1}, 70, ""),
        ({"interrupted": True}, 5, ""),
    ],
)
def test_what_else_may_come_of_asking(run, tree, cache, monkeypatch, updated, code, sentence):
    asked = []

    def ask_due(database, seconds, progress):
        asked.append(seconds)
        return Updated(**updated)

    monkeypatch.setattr(links, "ask_due", ask_due)
    result = run("scan", tree(), "--check", "--time-limit", "2")
    assert result.code == code
    assert sentence in result.err
    assert asked == [120]
