"""A simulated bug tracker in a process of its own.

``python -m benchmarks.simulated MODULE CLASS JSON`` makes it from the module of
`malonewatch.testing`; the JSON has its attributes (``set``) and the ids of its
bugs (``ids``).  It prints its URL, and for each line that it reads how many
requests there were since the last one, and what queries cost if it counts that.

The same request gets the same answer, which is made up once: some take ten times as long for
that as others, and the longer a processor waits, the slower is what it does next.
"""

import contextlib
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from aiohttp import web

from malonewatch.testing.simulator import Handler


class Simulated:
    """Such a process: its `url`, and what can be asked of it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.url = self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def counts(self) -> tuple[int, int]:
        """How many requests there were since the last time, and what queries cost."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        requests, points = json.loads(self._line())
        return requests, points


@contextlib.contextmanager
def simulated(
    module: str, name: str, ids: Sequence[str], attributes: dict[str, Any]
) -> Iterator[Simulated]:
    """Such a process, for as long as the with block lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.simulated", module, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps({"set": attributes, "ids": ids}) + "\n")
        process.stdin.flush()
        yield Simulated(process)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def remembering(factory: Any) -> Any:
    """A simulator that answers again what it answered to the same request."""

    class Remembering(factory):  # type: ignore[misc]
        def routes(self) -> list[web.RouteDef]:
            return [
                web.RouteDef(each.method, each.path, self._remembered(each.handler), each.kwargs)
                for each in super().routes()
            ]

        def _remembered(self, handler: Handler) -> Handler:
            known: dict[tuple[str, bytes], tuple[dict[str, Any], int]] = {}

            async def answer(request: web.Request) -> web.StreamResponse:
                key = request.path_qs, await request.read()
                before = getattr(self, "points", 0)
                if key not in known:
                    made = await handler(request)
                    assert isinstance(made, web.Response)
                    said = {
                        "body": made.body,
                        "status": made.status,
                        "headers": made.headers.copy(),
                    }
                    known[key] = said, getattr(self, "points", 0) - before
                said, points = known[key]
                self.points = before + points
                return web.Response(**said)

            return answer

    return Remembering


def serve(module: str, name: str) -> None:
    wanted = json.loads(sys.stdin.readline())
    factory = getattr(importlib.import_module(f"malonewatch.testing.{module}"), name)
    with remembering(factory)() as simulator:
        for attribute, value in wanted["set"].items():
            setattr(simulator, attribute, value)
        for id in wanted["ids"]:
            simulator.add(id)
        print(simulator.url, flush=True)
        for _ in sys.stdin:
            points = getattr(simulator, "points", 0)
            print(json.dumps([len(simulator.requests), points]), flush=True)
            simulator.requests.clear()
            simulator.points = 0


if __name__ == "__main__":
    serve(*sys.argv[1:])
