"""What an answer costs that is as large, and as hard to read, as is let in.

``python -m benchmarks.hostile`` measures; with the name of an answer it asks for
that once, and prints for how many seconds the event loop had no turn.
"""

import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from zope.component import getUtility

from benchmarks.measure import Row, run
from malonewatch.checkwatches.fetch import fetch
from malonewatch.configuration import configure
from malonewatch.externalbugtracker import Bugzilla
from malonewatch.interfaces import Batch, BugTrackerFacts, BugTrackerType, IHTTPClient

COMMAND = "python -m benchmarks.hostile"
BUGS = 500
#: As much as is let in for so many bugs: see `bytes_base` and `bytes_per_bug` of the dialects.
JSON_SIZE = 256 * 1024 + 2 * 1024 * BUGS - 100
XML_SIZE = 256 * 1024 + 32 * 1024 * BUGS - 100
BUG = '{"id":1,"status":"NEW","resolution":"","summary":"x"},'
#: By name: the dialect that is spoken, and the answer.
ANSWERS = {
    "records": ("rest", f'{{"bugs":[{BUG * (JSON_SIZE // len(BUG) - 1)}{BUG[:-1]}]}}'),
    "nesting": ("rest", "[" * JSON_SIZE),
    "title": ("rest", BUG[:-3].join(('{"bugs":[', "x" * (JSON_SIZE - 100) + '"}]}'))),
    "elements": ("xml", "<bugzilla>" + "<bug/>" * 200_000 + "</bugzilla>"),
    "tag": ("xml", "<bugzilla><bug " + "a" * (XML_SIZE - 100)),
    "text": ("xml", f"<bugzilla><bug>{'&#65;' * (XML_SIZE // 5 - 50)}</bug></bugzilla>"),
}


async def longest_pause(name: str, url: str) -> float:
    """For how many seconds the event loop has no turn while that answer is taken in."""
    pauses = [0.0]

    async def look() -> None:
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            pauses.append(now - before)
            before = now
            if len(pauses) > 1000:
                pauses[:] = [max(pauses)]

    facts = BugTrackerFacts("hostile", BugTrackerType.BUGZILLA, url, ANSWERS[name][0])
    external = Bugzilla(facts)
    batch = Batch(facts, tuple(map(str, range(1, BUGS + 1))))
    async with getUtility(IHTTPClient).open() as pool:
        session = pool.session(facts, 60, authorization=external.authorization)
        looking = asyncio.create_task(look())
        await fetch(
            *(external, session, batch),
            asked=datetime.now(timezone.utc),
            seconds=300,
            stop=asyncio.Event(),
        )
        looking.cancel()
    return max(pauses)


@contextlib.contextmanager
def serving(directory: Path) -> Iterator[str]:
    """The URL of a server that answers everything with the file of the name that it begins with."""
    command = [sys.executable, "-c", SERVER, str(directory)]
    # It complains of clients that have had enough.
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


SERVER = """
import http.server, pathlib, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.split("/")[1]
        body = pathlib.Path(sys.argv[1], name).read_bytes()
        kind = "text/xml" if body.startswith(b"<") else "application/json"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


def rows() -> list[Row]:
    pauses, memory = {}, {}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for answer, (_, text) in ANSWERS.items():
            (directory / answer).write_text(text)
        with serving(directory) as url:
            for answer in ANSWERS:
                said = directory / "said"
                measured = run(
                    [sys.executable, "-m", "benchmarks.hostile", answer, f"{url}/{answer}", said]
                )
                assert measured.code == 0, answer
                pauses[answer], memory[answer] = float(said.read_text()), measured.memory
    return [
        Row(
            "A hostile answer: the longest time without a turn of the event loop",
            *(max(pauses.values()), "seconds", 0.5, COMMAND),
            note=", ".join(f"{answer} {pause:.2f} s" for answer, pause in pauses.items()),
        ),
        Row(
            "A hostile answer: memory",
            *(max(memory.values()), "MB", 300, COMMAND),
            note=", ".join(f"{answer} {size:.0f} MB" for answer, size in memory.items()),
        ),
    ]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        configure()
        _, wanted, base, said = sys.argv
        Path(said).write_text(str(asyncio.run(longest_pause(wanted, base))))
    else:
        for row in rows():
            print(row)
