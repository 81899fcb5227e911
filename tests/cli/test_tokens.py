import getpass
from datetime import datetime, timedelta

from zope.component import getUtility

from malonewatch.application.database import open_database
from malonewatch.interfaces import ITokenSet


def test_a_token_is_shown_once_and_listed_without_what_it_says(cli):
    result = cli("token", "issue", "my script", "--for", "ann", "--scope", "watch")
    first, text = result.out.splitlines()
    assert first == "Token 1 for ann (watch); it is not shown again:"
    with open_database() as database:
        token = database.read(lambda trackers: getUtility(ITokenSet).query(text).facts)
    lines = cli("token", "list").out.splitlines()
    assert [line.split() for line in lines] == [
        ["Number", "Owner", "Scope", "Made", "Expires", "For", "what"],
        ["1", "ann", "watch", f"{token.created:%Y-%m-%d}", "never", "my", "script"],
    ]


def test_it_is_for_who_makes_it_unless_told_otherwise(cli, monkeypatch):
    monkeypatch.setenv("LOGNAME", "bob")
    issued = cli("token", "issue", "t", "--days", "30", "--json").json
    token = issued["token"]
    assert (token["id"], token["title"], token["owner"], token["scope"]) == (1, "t", "bob", "READ")
    created, expires = (datetime.fromisoformat(token[each]) for each in ("created", "expires"))
    assert timedelta(days=29) < expires - created < timedelta(days=31)
    assert issued["text"].startswith("mw_")
    assert cli("token", "list", "--json").json == [issued["token"]]
    assert cli("token", "list", "--for", "ann", "--json").json == []
    assert f"{expires:%Y-%m-%d}" in cli("token", "list").out


def test_where_the_system_does_not_know_who_makes_it_that_has_to_be_said(cli, monkeypatch):
    def fail():
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", fail)
    refused = cli("token", "issue", "t")
    assert (refused.code, refused.err) == (
        2,
        "Error: The system has no name for you; say with --for whose token it is.\n",
    )
    assert cli("token", "issue", "t", "--for", "ann").code == 0


def test_a_token_is_revoked(cli):
    cli("token", "issue", "my script", "--for", "ann")
    result = cli("token", "revoke", "1")
    assert result.out == "Token 1 of ann (my script) is good for nothing any more.\n"
    result = cli("token", "revoke", "1")
    assert (result.code, result.err) == (2, "Error: There is no token 1.\n")


def test_what_cannot_be_a_title_is_refused(cli):
    result = cli("token", "issue", "a\nb")
    assert (result.code, cli("token", "list", "--json").json) == (2, [])
    assert result.err.startswith("Error: What a token is for is said in one line")
