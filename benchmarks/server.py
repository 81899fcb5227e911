"""A Bugzilla that answers as fast as it can, in a process of its own.

``python -m benchmarks.server COUNT`` prints its URL, and serves bugs 1 to
COUNT.  Beside the REST interface there are ``/change``, which gives every bug
another status, ``/requests``, which tells what was asked for since the last
time, ``/hang``, below which nothing is ever answered, and ``/slow`` and ``/near``,
below which each answer takes 100 and 50 ms.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

from aiohttp import web

#: How long a slow answer takes, in seconds.
LATENCY = 0.1
#: And one from not so far away.
NEAR = 0.05

STATUSES = ("CONFIRMED", "IN_PROGRESS")


class Server:
    def __init__(self, count: int) -> None:
        self.count = count
        self.round = 0
        self.requests: list[str] = []
        self.bugs: list[str] = []
        self.render()

    def render(self) -> None:
        status = STATUSES[self.round % 2]
        day = self.round + 2
        self.bugs = [
            json.dumps(
                {
                    "id": number,
                    "alias": [],
                    "status": status,
                    "resolution": "",
                    "summary": f"Something is wrong with part {number} of it",
                    "severity": "normal",
                    "priority": "P3",
                    "last_change_time": f"2024-01-{day:02}T03:04:05Z",
                    "dupe_of": None,
                }
            )
            for number in range(self.count + 1)
        ]

    async def search(self, request: web.Request) -> web.Response:
        self.requests.append(request.path_qs)
        if "last_change_time" in request.query:
            return web.json_response({"bugs": []})
        names = request.query["id"].split(",")
        body = ",".join([self.bugs[int(name)] for name in names])
        return web.Response(text=f'{{"bugs":[{body}]}}', content_type="application/json")

    async def change(self, request: web.Request) -> web.Response:
        self.round += 1
        self.render()
        return web.Response()

    async def asked(self, request: web.Request) -> web.Response:
        requests, self.requests = self.requests, []
        return web.json_response(requests)

    async def slow(self, request: web.Request) -> web.Response:
        await asyncio.sleep(LATENCY)
        return await self.search(request)

    async def near(self, request: web.Request) -> web.Response:
        await asyncio.sleep(NEAR)
        return await self.search(request)

    async def hang(self, request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError("not reached")

    def app(self) -> web.Application:
        app = web.Application()
        # Many bug trackers on one server: /t/<name>/rest/bug.
        app.add_routes(
            [
                web.get("/rest/bug", self.search),
                web.get("/t/{name}/rest/bug", self.search),
                web.get("/hang/{rest:.*}", self.hang),
                web.get("/slow/{name}/rest/bug", self.slow),
                web.get("/near/rest/bug", self.near),
                web.get("/change", self.change),
                web.get("/requests", self.asked),
            ]
        )
        return app


async def serve(count: int) -> None:
    runner = web.AppRunner(Server(count).app(), access_log=None, shutdown_timeout=0)
    await runner.setup()
    # All of 127.0.0.0/8, so that bug trackers can be on hosts of their own.
    site = web.TCPSite(runner, "0.0.0.0", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


class Running:
    """A server that is running: its port, and what can be asked of it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def change(self) -> None:
        urllib.request.urlopen(f"{self.url}/change").read()

    def requests(self) -> list[str]:
        return json.loads(urllib.request.urlopen(f"{self.url}/requests").read())


@contextlib.contextmanager
def running(count: int) -> Iterator[Running]:
    """A server process, for as long as the with block lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server", str(count)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield Running(int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
