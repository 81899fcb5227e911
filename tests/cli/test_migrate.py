from malonewatch.cli import migrating


def watch_all(cli, count):
    for number in range(1, count + 1):
        cli("watch", f"https://bugs.example.com/show_bug.cgi?id={number}", "--bug", "1")
    return "auto-bugs.example.com"


RULE = ("--to", "https://lab.example.com", "--type", "GITLAB", "--pattern", "([12])")
RULE += ("--id", r"group/project#\1")


def test_it_shows_what_would_go_and_does_it_when_told_so(cli):
    name = watch_all(cli, 3)
    result = cli("tracker", "migrate", name, *RULE)
    assert result.code == 0
    assert result.out.splitlines() == [
        "auto-lab.example.com, of type GITLAB, at https://lab.example.com, would be registered.",
        f"  Watch 1 for bug 1: {name} #1 -> auto-lab.example.com group/project#1",
        f"  Watch 2 for bug 1: {name} #2 -> auto-lab.example.com group/project#2",
        f"  Watch 3 ({name} #3 for bug 1) stays.",
        f"2 watches of {name} would go; --yes lets them.",
    ]
    assert "auto-lab" not in cli("tracker", "list").out
    result = cli("tracker", "migrate", name, *RULE, "--yes")
    assert result.out.splitlines()[-1] == f"2 watches of {name} went."
    assert "auto-lab.example.com group/project#2" in cli("show", "2").out


def test_it_shows_so_many(cli, monkeypatch):
    monkeypatch.setattr(migrating, "_SHOWN", 0)
    name = watch_all(cli, 3)
    lines = cli("tracker", "migrate", name, *RULE).out.splitlines()
    assert lines[1:3] == ["  and 2 more", "  and 1 more stay"]


def test_watches_that_become_one_are_named(cli):
    name = watch_all(cli, 1)
    cli("tracker", "migrate", name, *RULE, "--yes")
    watch_all(cli, 1)
    out = cli("tracker", "migrate", name, *RULE).out
    assert "-> auto-lab.example.com group/project#1, one with watch 1" in out


def test_a_rule_that_cannot_be_used_is_refused(cli):
    name = watch_all(cli, 1)
    result = cli("tracker", "migrate", name, "--id", "7")
    assert (result.code, result.out) == (2, "")
