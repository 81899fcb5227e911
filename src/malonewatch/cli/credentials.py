"""The command credentials check."""

import click

from malonewatch.application.credentials import CredentialsCheck, check_credentials
from malonewatch.cli.options import Settings, database_options, json_option
from malonewatch.cli.output import say, show_json
from malonewatch.cli.tables import Styled, Table
from malonewatch.exitcodes import EXIT_TROUBLE


@click.group()
@database_options
def credentials() -> None:
    """Credentials, which are in a file of their own."""


@credentials.command()
@json_option
@database_options
@click.pass_obj
def check(settings: Settings, as_json: bool) -> int:
    """Ask the bug trackers whether they take the credentials kept for them."""
    with settings.open(read_only=True) as database:
        checks = check_credentials(database)
    if as_json:
        show_json(checks)
    elif checks:
        Table(("Bug tracker", "Section", "Result"), wrapped=("Result",)).show(
            [(each.tracker or "-", each.section or "-", _result(each)) for each in checks]
        )
    else:
        say("There are no bug trackers, and no credentials.")
    return EXIT_TROUBLE if any(each.problem is not None for each in checks) else 0


def _result(check: CredentialsCheck) -> Styled:
    if check.problem is not None:
        return Styled(check.result, "red")
    if check.accepted:
        return Styled(check.result, "green")
    return Styled(check.result, "dim" if check.section is None else "yellow")
