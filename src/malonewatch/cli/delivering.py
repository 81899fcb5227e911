"""The command deliver."""

import signal

import click

from malonewatch.application import delivering
from malonewatch.cli.options import Settings, database_options, json_option
from malonewatch.cli.output import complain, say, show_json
from malonewatch.cli.text import count_of
from malonewatch.exitcodes import EXIT_INTERRUPTED, EXIT_LOCKED, EXIT_TROUBLE
from malonewatch.guard import Guard
from malonewatch.interfaces import Delivered
from malonewatch.parameters import Minutes
from malonewatch.signals import heard


@click.command(
    epilog="Exit codes: 1 a message could not be delivered, and is tried again later; 3 another "
    "process delivers already; otherwise as for 'malonewatch'."
)
@click.option(
    "--time-limit",
    type=Minutes(),
    metavar="MINUTES",
    default=10,
    show_default=True,
    help="End after so long; what still waits is for the next time.",
)
@json_option
@database_options
@click.pass_obj
def deliver(settings: Settings, time_limit: float, as_json: bool) -> int:
    """Send the messages that are due.

    'checkwatches' does so at the end of each run; this is for digests and second attempts
    between runs.
    """
    seconds = time_limit * 60
    with Guard(seconds, say=complain) as guard, settings.open() as database:
        guard.place = database.place
        # It ends by itself then, unless the database does not answer.
        with heard((signal.SIGTERM, signal.SIGINT), guard.hurry):
            delivered = delivering.deliver(database, seconds, lambda: guard.is_hurried)
    if as_json:
        show_json(delivered)
    else:
        _say(delivered)
    if delivered.claimed is not None:
        return EXIT_LOCKED
    if delivered.failed:
        return EXIT_TROUBLE
    return EXIT_INTERRUPTED if delivered.interrupted else 0


def _say(delivered: Delivered) -> None:
    if delivered.claimed is not None:
        complain(f"{delivered.claimed} delivers already.", "Warning")
        return
    say(
        f"Sent {count_of(delivered.messages, 'message')} with "
        f"{count_of(delivered.notices, 'notice')}."
    )
    for sentence in dict.fromkeys(delivered.failed.values()):
        complain(sentence, "Warning")
    for number, sentence in delivered.disabled.items():
        complain(
            f"Destination {number} is sent nothing any more: {sentence} 'malonewatch destination "
            f"enable {number}' takes that back.",
            "Warning",
        )
    if delivered.interrupted:
        complain("It was ended early; what still waits is for the next time.", "Warning")
