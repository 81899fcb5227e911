def test_all_that_is_known(cli, bugzilla, url):
    bugzilla.add("1", title="First", status="RESOLVED", resolution="DUPLICATE", duplicate_of="5")
    cli("watch", url(1), "--title", "It is broken")
    cli("check", "1")
    out = cli("show", "1").out
    assert out.startswith("auto-127.0.0.1 #1: First\n")
    for line in (
        "For bug            1: It is broken",
        f"URL                {url(1)}",
        "Remote status      RESOLVED DUPLICATE",
        "Meaning            Invalid",
        "Remote importance  P3 normal",
        "Importance         Medium",
        "Duplicate of       5",
        "Changed there      2024-01-02 03:04:05 UTC",
    ):
        assert f"\n{line}" in out
    assert "nothing known -> RESOLVED DUPLICATE" in out.partition("History")[2]


def test_an_error_comes_with_what_to_do(cli, url):
    cli("watch", url(1))
    cli("check", "1")
    out = cli("show", "1").out
    assert "Error              Bug not found: " in out or "Error          Bug not found: " in out
    assert "Look whether the remote bug was deleted" in out
    facts = cli("show", "1", "--json").json
    assert facts["last_error_type"] == "BUG_NOT_FOUND"
    assert facts["last_error"].endswith("has no bug 1.")
    assert facts["help"].startswith("Look whether")


def test_an_error_of_the_bug_tracker_is_shown_at_the_watch(cli, bugzilla, url):
    cli("watch", url(1))
    bugzilla.quota = 0
    cli("check", "1")
    facts = cli("show", "1", "--json").json
    assert facts["last_error_type"] == "RATE_LIMITED"
    assert "asks to be left alone" in facts["last_error"]


def test_json_is_an_object_with_the_history(cli, bugzilla, url):
    bugzilla.add("1")
    cli("watch", url(1))
    cli("check", "1")
    facts = cli("show", "1", "--json").json
    (entry,) = facts["activity"]
    assert set(entry) == {
        *("date", "error_type", "message", "kind", "rule"),
        *("old_remotestatus", "new_remotestatus", "old_status", "new_status"),
    }
    assert (entry["kind"], entry["new_status"]) == ("status", "CONFIRMED")
    assert entry["error_type"] is None
    assert entry["date"].endswith("+00:00")


def test_a_url_will_do(cli, url):
    cli("watch", url(1), url(2))
    assert cli("show", url("02"), "--json").json["id"] == 2


def test_a_url_watched_for_several_bugs_needs_one_of_them(cli, url):
    cli("watch", url(1), "--bug", "3")
    cli("watch", url(1), "--bug", "4")
    result = cli("show", url(1))
    assert result.code == 2
    assert "(3, 4)" in result.err
    assert cli("show", url(1), "--bug", "4", "--json").json["id"] == 2
    assert cli("show", url(1), "--bug", "5").code == 2


def test_what_is_not_there_is_not_found(cli, url):
    for what in ("1", "0", "9" * 5000, "nonsense", "", url(1), "http://[", "https://"):
        result = cli("show", what)
        assert result.code == 2, what
        assert result.err.startswith("Error: ")
        assert result.err.count("\n") == 1
