"""What it costs to deliver: 10,000 mails to a local server, compared with smtplib on its own.

``python -m benchmarks.delivery``
"""

import asyncio
import contextlib
import pickle
import smtplib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from zope.component import getUtility

from benchmarks.measure import Measured, Row, run
from benchmarks.telling import destination, in_batches
from malonewatch.configuration import configure
from malonewatch.interfaces import (
    USUAL,
    BugTaskStatus,
    DeliverySettings,
    Happening,
    IOutbox,
    ISubscriptionSet,
    Notice,
    Target,
    TargetKind,
)
from malonewatch.model import open_database, sqlite_uri

COMMAND = "python -m benchmarks.delivery"
MESSAGES = 10_000
PEOPLE = 100
#: How often each is measured.
TIMES = 2

MOMENT = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)


async def take_mail() -> None:
    """A mail server that takes everything, and keeps nothing; says at which port it is."""
    from aiosmtpd.smtp import SMTP

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            return "250 OK"

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler()), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def send(port: int, path: Path) -> None:
    """Send the mails in a file over one connection."""
    letters = pickle.loads(path.read_bytes())
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for recipient, letter in letters:
            smtp.sendmail("malonewatch@localhost", [recipient], letter)


@contextlib.contextmanager
def mail_server() -> Iterator[int]:
    """The port of a mail server in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.delivery", "take"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def fill(database: Any, port: int) -> None:
    """Let all the messages wait, each for one person."""

    def subscribe(number: int) -> None:
        everything = Target(TargetKind.ALL)
        getUtility(ISubscriptionSet).subscribe(
            destination(number, limit=MESSAGES), everything, USUAL
        )

    def add(number: int) -> None:
        notice = Notice(
            0,
            MOMENT,
            Happening.FIXED,
            bug=number,
            bug_title=f"The bug of ours, number {number}",
            tracker="upstream",
            tracker_title="The Upstream Bug Tracker",
            watch=number,
            remotebug=str(number),
            title="It is slow when there is much to do",
            url=f"https://bugs.example.org/show_bug.cgi?id={number}",
            old_remotestatus="NEW",
            new_remotestatus="RESOLVED FIXED",
            old_status=BugTaskStatus.NEW,
            new_status=BugTaskStatus.FIXRELEASED,
            since=MOMENT,
        )
        getUtility(IOutbox).add(notice, [1 + number % PEOPLE])

    def set_up(trackers: Any) -> None:
        getUtility(IOutbox).settings = DeliverySettings(
            transport=f"smtp://127.0.0.1:{port}",
            bug_url="https://bugs.example.com/{bug}",
            unsubscribe_url="https://bugs.example.com/unsubscribe/{destination}",
        )

    database.write(set_up)
    in_batches(database, PEOPLE, subscribe)
    in_batches(database, MESSAGES, add)


def letters_of(database: Any) -> list[tuple[str, bytes]]:
    """The mails that wait, and for whom."""
    from malonewatch.notifying.letters import Letters

    def step(trackers: Any) -> tuple[DeliverySettings, list[Any]]:
        outbox, now = getUtility(IOutbox), datetime.now(timezone.utc)
        due = outbox.getDue(now, MESSAGES)
        return outbox.settings, [each for number in due for each in outbox.take(number, now, 0)]

    settings, messages = database.read(step)
    letters = Letters(settings)
    return [
        (message.destination.settings.address, letters.letter(message, MOMENT))
        for message in messages
    ]


def measure(directory: Path) -> tuple[Measured, Measured]:
    """Both ways, one after the other, with a server and a database of their own."""
    uri, path = sqlite_uri(directory / "database"), directory / "letters"
    with mail_server() as port:
        with contextlib.closing(open_database(uri, create=True)) as database:
            fill(database, port)
            letters = letters_of(database)
        assert len(letters) == MESSAGES
        path.write_bytes(pickle.dumps(letters))
        alone = run([sys.executable, "-m", "benchmarks.delivery", "send", str(port), str(path)])
        ours = run([sys.executable, "-m", "malonewatch", "deliver", "--database", uri])
        assert (alone.code, ours.code) == (0, 0), (alone, ours)
        with contextlib.closing(open_database(uri)) as database:
            assert database.read(lambda trackers: getUtility(IOutbox).pending) == 0
    return alone, ours


def rows() -> list[Row]:
    configure()
    taken = []
    for _ in range(TIMES):
        with tempfile.TemporaryDirectory() as name:
            taken.append(measure(Path(name)))
    alone, ours = (min(each.wall for each in way) for way in zip(*taken, strict=True))
    return [
        Row(
            "Time to deliver 10,000 mails, to what smtplib takes for the same over one connection",
            *(ours / alone, "times", 2.0, COMMAND),
            note=f"{ours:.1f} s and {alone:.1f} s, to a server on the same machine",
        )
    ]


def main(what: str = "", *arguments: str) -> None:
    if what == "take":
        asyncio.run(take_mail())
    elif what == "send":
        send(int(arguments[0]), Path(arguments[1]))
    else:
        print(*rows(), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
