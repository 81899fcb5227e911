"""The commands about tokens."""

from datetime import timedelta

import click

from malonewatch.acting import current
from malonewatch.application import tokens
from malonewatch.application.facts import now
from malonewatch.cli.options import Number, Settings, database_options, json_option
from malonewatch.cli.output import say, show_json
from malonewatch.cli.tables import Table
from malonewatch.interfaces import BadInput, Scope
from malonewatch.parameters import Whole


@click.group()
def token() -> None:
    """By what programs come in at the desk."""


def _you() -> str:
    name = current().name
    if not name:
        raise BadInput("The system has no name for you; say with --for whose token it is.")
    return name


@token.command()
@click.argument("title")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.READ.value,
    show_default=True,
    help="What it is good for.",
)
@click.option(
    "--for",
    "owner",
    metavar="NAME",
    default=_you,
    show_default="you",
    help="On whose behalf: an e-mail address, or the name of who logs in.",
)
@click.option(
    "--days", type=Whole(1, 36500), metavar="N", help="It expires then.  [default: never]"
)
@json_option
@database_options
@click.pass_obj
def issue(
    settings: Settings, title: str, scope: str, owner: str, days: int | None, as_json: bool
) -> None:
    """Make a token, for what TITLE says.

    'watch' includes 'read', and 'admin' is good for everything; 'metrics' and
    'feeds' are good for these only.  What the token says is shown now, and
    never again.
    """
    with settings.open() as database:
        expires = None if days is None else now() + timedelta(days=days)
        issued = tokens.issue(database, owner, title, Scope(scope), expires)
    if as_json:
        show_json(issued)
        return
    say(f"Token {issued.token.id} for {issued.token.owner} ({scope}); it is not shown again:")
    say(issued.text)


@token.command("list")
@click.option("--for", "owner", metavar="NAME", help="Those of this owner.")
@json_option
@database_options
@click.pass_obj
def list_tokens(settings: Settings, owner: str | None, as_json: bool) -> None:
    """List the tokens, without what they say."""
    with settings.open(read_only=True) as database:
        found = tokens.list_tokens(database, owner)
    if as_json:
        show_json(found)
        return
    Table(
        ("Number", "Owner", "Scope", "Made", "Expires", "For what"), wrapped=("Owner", "For what")
    ).show(
        [
            (
                *(str(each.id), each.owner, each.scope.value, f"{each.created:%Y-%m-%d}"),
                *("never" if each.expires is None else f"{each.expires:%Y-%m-%d}", each.title),
            )
            for each in found
        ]
    )


@token.command()
@click.argument("number", metavar="NUMBER", type=Number())
@database_options
@click.pass_obj
def revoke(settings: Settings, number: int) -> None:
    """Make a token good for nothing."""
    with settings.open() as database:
        revoked = tokens.revoke(database, number)
    say(f"Token {revoked.id} of {revoked.owner} ({revoked.title}) is good for nothing any more.")
