"""A real mail server that keeps what it is sent."""

import asyncio
import contextlib
import socket

from aiosmtpd.controller import Controller


class MailServer:
    """Keeps recipients and mails in `received`; what it says to each command is in `says`, by
    command: a text, or something that is called with the server and makes one.

    `connections` is how many there were that said hello.
    """

    def __init__(self):
        self.received = []
        self.says = {}
        self.connections = 0
        self.logins = []

    async def _say(self, command, server, usual):
        says = self.says.get(command, usual)
        if callable(says):
            says = says(server) or usual
            if asyncio.iscoroutine(says):
                says = await says
        return says

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return await self._say("MAIL", server, "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):
        says = await self._say("RCPT", server, "250 OK")
        if says.startswith("250"):
            envelope.rcpt_tos.append(address)
        return says

    async def handle_DATA(self, server, session, envelope):
        says = await self._say("DATA", server, "250 OK")
        if says.startswith("250"):
            self.received.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return says


async def hang(server):
    """Say nothing any more."""
    await asyncio.Event().wait()


def drop(server):
    """Close the connection."""
    server.transport.abort()


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class _Controller(Controller):
    """Leaves no connection open."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self._made = []

    def factory(self):
        self._made.append(super().factory())
        return self._made[-1]

    async def hang_up(self):
        for smtp in self._made:
            if smtp.transport is not None:
                smtp.transport.abort()
        # TLS takes a few turns to notice.
        for _ in range(5):
            await asyncio.sleep(0)


@contextlib.contextmanager
def running(**options):
    """A running `MailServer`; its `port` is where."""
    server = MailServer()
    controller = _Controller(server, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    server.port = controller.port
    server.connections = 0
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(controller.hang_up(), controller.loop).result()
        controller.stop()
