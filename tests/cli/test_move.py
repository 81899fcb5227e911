def test_a_watch_stands_for_another_bug(cli, url):
    cli("watch", url(1), "--bug", "7")
    result = cli("move", "1", "https://bugs.debian.org/5")
    assert result.code == 0
    assert result.out.splitlines()[-1] == (
        "Watch 1 for bug 7 stands for auto-bugs.debian.org #5 now; it stood for auto-127.0.0.1 #1."
    )
    assert "Registered auto-bugs.debian.org, of type DEBBUGS" in result.out
    (watch,) = cli("list", "--json").json
    assert (watch["id"], watch["remotebug"]) == (1, "5")
    assert "Registered" not in cli("move", "1", url(2)).out


def test_what_cannot_be_is_one_sentence(cli, url):
    cli("watch", url(1), url(2))
    for args in (["99", url(3)], ["1", "nonsense"], ["1", url(2)]):
        result = cli("move", *args)
        assert result.code == 2
        assert result.err.count("\n") == 1
