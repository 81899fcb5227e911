import getpass

import pytest

from malonewatch.application import people
from malonewatch.application.database import open_database

PASSWORD = "correct horse battery"

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def anna(cli):
    return cli("person", "add", "Anna", "--email", "anna@example.com", "--role", "manager")


@pytest.fixture
def lets_in(cli):
    """Whether a password lets anna in."""

    def lets_in(password=PASSWORD):
        with open_database() as database:
            return people.log_in(database, "anna", password) is not None

    return lets_in


def test_somebody_is_added_and_listed(cli, anna):
    assert anna.out == (
        "anna has the role manager.\n"
        "To log in takes a password; 'malonewatch person password anna' asks for it.\n"
    )
    made = cli("person", "add", "bert", "--json").json
    assert (made["name"], made["email"], made["role"]) == ("bert", "", "WATCHER")
    assert (made["enabled"], made["has_password"]) == (True, False)
    cli("person", "disable", "bert")
    cli("person", "add", "cleo")
    cli("person", "password", "cleo", stdin=PASSWORD.encode())
    rows = [line.split(maxsplit=4) for line in cli("person", "list").out.splitlines()]
    assert [(row[0], row[1], row[2], row[4]) for row in rows[1:]] == [
        ("anna", "anna@example.com", "manager", "no password yet"),
        ("bert", "-", "watcher", "no, disabled"),
        ("cleo", "-", "watcher", "with a password"),
    ]
    assert [each["name"] for each in cli("person", "list", "--json").json] == [
        *("anna", "bert", "cleo")
    ]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (["add", "two\nlines"], r"'two\nlines' cannot be a name to log in by"),
        (["add", "ANNA"], "There is an account anna already."),
        (["add", "bert", "--email", "bert"], "'bert' is not an e-mail address."),
        (["add", "bert", "--email", "ANNA@example.com"], "is the address of another account."),
        (["edit", "anna"], "Say with --email or --role what is to be changed."),
        (["edit", "anna", "--email", "x", "--role", "viewer"], "'x' is not an e-mail address."),
        (["edit", "nobody", "--email", ""], "There is no account 'nobody'."),
        (["enable", "nobody"], "There is no account 'nobody'."),
        (["disable", "nobody"], "There is no account 'nobody'."),
        (["remove", "nobody"], "There is no account 'nobody'."),
        (["password", "nobody"], "There is no account 'nobody'."),
        (["password", "anna"], "A password has 10 to 1000 characters."),
    ],
)
def test_what_cannot_be_done_changes_nothing(cli, anna, line, sentence):
    before = cli("person", "list", "--json").json
    result = cli("person", *line)
    assert (result.code, result.out) == (2, "")
    assert sentence in result.err
    assert len(result.err.splitlines()) == 1
    assert cli("person", "list", "--json").json == before


def test_a_person_is_changed(cli, anna):
    assert cli("person", "edit", "anna", "--role", "viewer").out == (
        "anna at anna@example.com has the role viewer.\n"
    )
    assert cli("person", "edit", "anna", "--email", "").out == "anna has the role viewer.\n"
    changed = cli("person", "edit", "anna", "--email", "a@example.com", "--json").json
    assert (changed["email"], changed["role"]) == ("a@example.com", "VIEWER")


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nanother line"])
def test_a_password_is_the_first_line_that_comes_in(cli, anna, lets_in, end):
    result = cli("person", "password", "ANNA", stdin=f"{PASSWORD}{end}".encode())
    assert result.out == "anna has that password now.\n"
    assert lets_in()


@pytest.mark.parametrize("stdin", [b"x" * 10**6, b"\xff" * 20, b"short", b"a\x00b" * 10])
def test_what_is_no_password_is_refused_and_not_shown(cli, anna, stdin):
    result = cli("person", "password", "anna", stdin=stdin)
    assert (result.code, len(result.err.splitlines())) == (2, 1)
    assert result.err.startswith("Error: A password ")
    assert not cli("person", "list", "--json").json[0]["has_password"]


def test_a_person_at_a_terminal_types_it_twice(cli, anna, lets_in, monkeypatch):
    typed = iter(["mistyped once", "mistyped twice", PASSWORD, PASSWORD])
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(typed))
    result = cli("person", "password", "anna", answer="")
    assert result.out == "anna has that password now.\n"
    assert lets_in()


def test_without_standard_input_there_is_no_password(cli, anna, monkeypatch):
    monkeypatch.setattr("malonewatch.cli.people.sys.stdin", None)
    from malonewatch.cli.people import _read_password

    assert _read_password() == ""


def test_who_is_disabled_has_no_tokens_any_more(cli, anna):
    assert cli("person", "disable", "anna").out == "anna may not log in any more.\n"
    assert cli("person", "enable", "anna").out == "anna may log in again.\n"
    cli("token", "issue", "x", "--for", "anna")
    assert cli("person", "disable", "anna").out == (
        "anna may not log in any more, and 1 token revoked.\n"
    )


def test_somebody_is_forgotten(cli, anna):
    cli("person", "add", "bert")
    result = cli("person", "remove", "ANNA", answer="n\n")
    assert (result.code, result.out) == (
        5,
        "Forget anna, and revoke the person's tokens? [y/N]: Nothing was changed.\n",
    )
    assert cli("person", "remove", "anna", "--yes").out == (
        "Forgot anna.\nWhat anna@example.com is subscribed to stays.\n"
    )
    assert cli("person", "remove", "bert", "--yes").out == "Forgot bert.\n"
    assert cli("person", "list", "--json").json == []
