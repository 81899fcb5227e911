"""The command explain."""

from collections.abc import Callable
from datetime import datetime

import click

from malonewatch.application.explaining import Explanation, explain_watch
from malonewatch.application.facts import now
from malonewatch.application.plain import joined
from malonewatch.cli.options import Moment, Settings, database_options, json_option, of_bug
from malonewatch.cli.output import say, show_json
from malonewatch.cli.tables import show_facts


@click.command()
@click.argument("what", metavar="WATCH")
@click.option(
    "--at",
    type=Moment(),
    metavar="WHEN",
    help="How it was then: a date (2024-01-31T12:00, in UTC) or how long ago (30m, 12h, 2d, 1w).",
)
@of_bug
@json_option
@database_options
@click.pass_obj
def explain(
    settings: Settings,
    what: str,
    at: Callable[[datetime], datetime] | None,
    bug_id: int | None,
    as_json: bool,
) -> None:
    """Explain why the status of a watch is what it is.

    WATCH is its number, or the URL of the remote bug.  It tells how the bug
    tracker is asked, what it said, which row of which table has the meaning,
    what comes next, and what to do if that is wrong.  Nothing is asked.
    """
    with settings.open(read_only=True) as database:
        moment = None if at is None else at(now())
        explanation = explain_watch(database, what, moment, bug_id)
    if as_json:
        show_json(joined(explanation))
    else:
        _say(explanation)


def _say(explanation: Explanation) -> None:
    say(explanation.title, bold=True)
    for section in explanation.sections:
        say()
        say(section.title, bold=True)
        for sentence in section.sentences:
            say(f"  {sentence}")
        show_facts([(f"    {name}", value) for name, value in section.facts])
    if explanation.remedies:
        say()
        say("If that is wrong", bold=True)
    for remedy in explanation.remedies:
        say(f"  {remedy.sentence}")
        say(f"    {remedy.command}")
