"""What it costs to write 10,000 mails and to send them to a mail server, by the channel alone.

``python -m benchmarks.mail``
"""

import contextlib
import smtplib
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from zope.component import getUtility

from benchmarks.delivery import mail_server
from benchmarks.measure import Row
from malonewatch.configuration import configure
from malonewatch.interfaces import (
    USUAL,
    BugTaskStatus,
    DeliverySettings,
    DestinationSettings,
    Happening,
    IChannel,
    IOutbox,
    IPersonSet,
    ISubscriptionSet,
    Notice,
    Target,
    TargetKind,
)
from malonewatch.model import open_database, sqlite_uri
from malonewatch.notifying.letters import Letters

COMMAND = "python -m benchmarks.mail"
#: In so many rounds so many messages each are sent; the fastest one counts, as what disturbs only
#: ever adds to it.
ROUNDS = 5
MESSAGES = 2_000
PEOPLE = 100
MOMENT = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)


def fill(number: int) -> None:
    """Let each of some people be told of as many changes as there are of them; in a transaction."""
    settings = DestinationSettings(
        kind="mail", address=f"person{number}@example.com", limit=ROUNDS * MESSAGES
    )
    person = getUtility(IPersonSet).ensurePerson(settings.address)
    subscriptions = getUtility(ISubscriptionSet)
    destination = subscriptions.ensureDestination(person, settings)
    subscriptions.subscribe(destination, Target(TargetKind.ALL), USUAL)
    for bug in range(MESSAGES // PEOPLE):
        notice = Notice(
            *(0, MOMENT, Happening.FIXED, bug, f"Bug {bug} of ours", "tracker", "The tracker"),
            *(bug, str(bug), "The window flickers", f"https://bugs.example.com/{bug}"),
            *("NEW", "RESOLVED FIXED", BugTaskStatus.NEW, BugTaskStatus.FIXRELEASED, MOMENT),
        )
        getUtility(IOutbox).add(notice, [destination.id])


def timed(do: Callable[[Any], Any], given: Any) -> float:
    started = time.perf_counter()
    do(given)
    return time.perf_counter() - started


def rows() -> list[Row]:
    configure()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = stack.enter_context(mail_server())
        delivery = DeliverySettings(
            transport=f"smtp://127.0.0.1:{port}", bug_url="https://desk.example.org/{bug}"
        )
        database = stack.enter_context(
            contextlib.closing(open_database(sqlite_uri(folder / "database"), create=True))
        )

        def prepare(trackers: Any) -> None:
            getUtility(IOutbox).settings = delivery
            for number in range(PEOPLE):
                fill(number)

        def waiting(trackers: Any) -> list[Any]:
            outbox, now = getUtility(IOutbox), datetime.now(timezone.utc)
            due = outbox.getDue(now, PEOPLE)
            return [message for number in due for message in outbox.take(number, now, 0)]

        def send(messages: list[Any]) -> None:
            with getUtility(IChannel, "mail").open(delivery) as sender:
                for message in messages:
                    sender.send(message)

        def send_ready(letters: list[tuple[str, bytes]]) -> None:
            with smtplib.SMTP("127.0.0.1", port) as smtp:
                for address, letter in letters:
                    smtp.sendmail(delivery.sender, [address], letter)

        ready, sent = [], []
        database.write(prepare)
        messages = database.read(waiting)
        for _ in range(ROUNDS):
            assert len(messages) == MESSAGES, len(messages)
            maker = Letters(delivery)
            letters = [
                (each.destination.settings.address, maker.letter(each, MOMENT)) for each in messages
            ]
            ready.append(timed(send_ready, letters))
            sent.append(timed(send, messages))
    return [
        Row(
            "Time to write and send 10,000 mails, to what smtplib takes to send the same",
            *(min(sent) / min(ready), "times", 2, COMMAND),
            note=f"{min(sent) * ROUNDS:.1f} s and {min(ready) * ROUNDS:.1f} s",
        )
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
