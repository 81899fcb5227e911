"""The commands about people who log in at the desk."""

import sys
from collections.abc import Callable
from typing import Any

import click

from malonewatch.application import passwords, people
from malonewatch.cli.options import (
    Settings,
    confirmed,
    database_options,
    json_option,
    yes_option,
)
from malonewatch.cli.output import say, show_json
from malonewatch.cli.tables import Table
from malonewatch.cli.text import count_of
from malonewatch.exitcodes import EXIT_INTERRUPTED
from malonewatch.interfaces import BadInput, Role


@click.group()
def person() -> None:
    """People who log in at the desk, and what they may do."""


_NAME = click.argument("name", metavar="NAME")
_EMAIL = "The address whose subscriptions are this person's."


def _role_option(default: str | None) -> Callable[[Any], Any]:
    return click.option(
        "--role",
        type=click.Choice([role.value for role in Role]),
        default=default,
        show_default=True,
        help="What the person may do.",
    )


@person.command()
@_NAME
@click.option("--email", metavar="EMAIL", default="", help=_EMAIL)
@_role_option(Role.WATCHER.value)
@json_option
@database_options
@click.pass_obj
def add(settings: Settings, name: str, email: str, role: str, as_json: bool) -> None:
    """Let somebody log in by NAME, once there is a password.

    A viewer sees; a watcher watches and subscribes too; a manager manages bug
    trackers too; an administrator may do everything.
    """
    with settings.open() as database:
        added = people.add(database, name, email, Role(role))
    if as_json:
        show_json(added)
        return
    say(f"{added.name} has the role {role}.")
    say(f"To log in takes a password; 'malonewatch person password {added.name}' asks for it.")


@person.command("list")
@json_option
@database_options
@click.pass_obj
def list_people(settings: Settings, as_json: bool) -> None:
    """List the people, with what they may do."""
    with settings.open(read_only=True) as database:
        found = people.list_people(database)
    if as_json:
        show_json(found)
        return
    Table(("Name", "E-mail", "Role", "Since", "Logs in"), wrapped=("E-mail",)).show(
        [
            (
                *(each.name, each.email or "-", each.role.value, f"{each.created:%Y-%m-%d}"),
                "no, disabled"
                if not each.enabled
                else "with a password"
                if each.has_password
                else "no password yet",
            )
            for each in found
        ]
    )


@person.command()
@_NAME
@click.option("--email", metavar="EMAIL", help=f"{_EMAIL}  Empty for none.")
@_role_option(None)
@json_option
@database_options
@click.pass_obj
def edit(settings: Settings, name: str, email: str | None, role: str | None, as_json: bool) -> None:
    """Change somebody's address, or what the person may do."""
    if email is None and role is None:
        raise BadInput("Say with --email or --role what is to be changed.")
    with settings.open() as database:
        changed = people.edit(database, name, email, None if role is None else Role(role))
    if as_json:
        show_json(changed)
        return
    address = f" at {changed.email}" if changed.email else ""
    say(f"{changed.name}{address} has the role {changed.role.value}.")


@person.command()
@_NAME
@database_options
@click.pass_obj
def enable(settings: Settings, name: str) -> None:
    """Let somebody log in again."""
    with settings.open() as database:
        changed = people.enable(database, name)
    say(f"{changed.name} may log in again.")


@person.command()
@_NAME
@database_options
@click.pass_obj
def disable(settings: Settings, name: str) -> None:
    """Let somebody log in no more; sessions end, and tokens are revoked."""
    with settings.open() as database:
        disabled = people.disable(database, name)
    say(f"{disabled.account.name} may not log in any more{_and_tokens(disabled)}.")


@person.command()
@_NAME
@yes_option
@database_options
@click.pass_obj
def remove(settings: Settings, name: str, yes: bool) -> int:
    """Forget somebody; sessions end, and tokens are revoked."""
    with settings.open() as database:
        name = people.find(database, name).name
        if not confirmed(f"Forget {name}, and revoke the person's tokens?", yes):
            say("Nothing was changed.")
            return EXIT_INTERRUPTED
        removed = people.remove(database, name)
    say(f"Forgot {removed.account.name}{_and_tokens(removed)}.")
    if removed.account.email:
        say(f"What {removed.account.email} is subscribed to stays.")
    return 0


def _and_tokens(removed: people.Removed) -> str:
    return f", and {count_of(removed.tokens, 'token')} revoked" if removed.tokens else ""


@person.command()
@_NAME
@database_options
@click.pass_obj
def password(settings: Settings, name: str) -> None:
    """Give somebody another password, which ends the person's sessions.

    It is asked for twice; where nobody is at a terminal, it is the first line
    of standard input.
    """
    with settings.open() as database:
        people.find(database, name)
        changed = people.set_password(database, name, _read_password())
    say(f"{changed.name} has that password now.")


def _read_password() -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    try:
        # No more than it takes to see that it is too long.
        line = sys.stdin.readline(passwords.LONGEST + 2) if sys.stdin is not None else ""
    except UnicodeDecodeError:
        raise BadInput("A password is text; standard input is not.") from None
    return line.removesuffix("\n").removesuffix("\r")
