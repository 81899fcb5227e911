"""What can go wrong between a bug tracker and whoever asks it.

A fault takes the place of everything that a simulator answers, for the length
of a block::

    with BugzillaSimulator() as simulator, fault(simulator, "reset"):
        ...

or until it is taken back, where it is assigned to `Simulator.fault`.  `FAULTS`
has them by name; the functions here make others, with other particulars.

Not all that can go wrong goes wrong at the server: `Names` is for names that
do not resolve, or lead where they should not, and `certificates` for those
that cannot be trusted.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from malonewatch.testing.simulator import Handler, Simulator

KIB = 1024
MIB = 1024 * KIB


@contextlib.contextmanager
def fault(simulator: Simulator, what: str | Handler) -> Iterator[None]:
    """In the block, `what` is all that `simulator` has to say.

    It is a handler, or the name of one in `FAULTS`, or ``"refused"``: then
    the port is closed, and so are the connections that were open.
    """
    if what == "refused":
        simulator.listen(False)
        try:
            yield
        finally:
            simulator.listen(True)
        return
    before = simulator.fault
    simulator.fault = FAULTS[what] if isinstance(what, str) else what
    try:
        yield
    finally:
        simulator.fault = before


# Below HTTP.


def raw(data: bytes, then: str = "close") -> Handler:
    """Sends `data` as it is, and then does one of these.

    ``close`` the connection, ``reset`` it, or ``hang``: keep it open and say
    nothing more.
    """

    async def handler(request: web.Request) -> web.StreamResponse:
        transport = request.transport
        assert isinstance(transport, asyncio.Transport)
        transport.write(data)
        if then == "hang":
            await asyncio.Event().wait()
        if then == "reset":
            # To linger for no time means to reset; see socket(7).
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            transport.abort()
        transport.close()
        return web.Response()

    return handler


def _endless(piece: bytes, pause: float) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        # Until it is cancelled, when whoever asked has gone.
        while True:
            with contextlib.suppress(ConnectionError):
                await response.write(piece)
            await asyncio.sleep(pause)

    return handler


#: One byte a second, of a body without end.
drip = _endless(b" ", 1)
#: A body without end, as fast as it is taken.
endless_body = _endless(b" " * 64 * KIB, 0)


def _endless_head(start: bytes, piece: bytes) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        transport = request.transport
        assert isinstance(transport, asyncio.Transport)
        transport.write(start)
        while True:
            transport.write(b"" if transport.get_write_buffer_size() else piece)
            await asyncio.sleep(0.001)

    return handler


#: Headers without end, as fast as they are taken.
endless_headers = _endless_head(b"HTTP/1.1 200 OK\r\n", b"X-Header: and so on\r\n" * KIB)
#: 'Go on' again and again, and never an answer.
endless_interim_answers = _endless_head(b"", b"HTTP/1.1 100 Continue\r\n\r\n")


# Answers.


def answer(
    status: int = 200,
    body: str | bytes = b"",
    content_type: str = "application/json",
    **headers: str,
) -> Handler:
    """That answer to everything; ``_`` in the name of a header stands for ``-``."""
    if isinstance(body, str):
        body = body.encode()
    fields = {"Content-Type": content_type}
    fields.update((name.replace("_", "-"), value) for name, value in headers.items())

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=fields)

    return handler


def page(body: str, status: int = 200, **headers: str) -> Handler:
    """A web page, whatever was asked for."""
    return answer(status, f"<!DOCTYPE html>\n<html>{body}</html>\n", "text/html", **headers)


def bomb(
    encoding: str = "gzip",
    size: int = 64 * MIB,
    *,
    of: bytes = b" ",
    between: tuple[bytes, bytes] = (b"", b""),
) -> Handler:
    """A small body that becomes about `size` bytes when ``gzip`` or ``deflate`` is undone.

    It is `of` again and again, and stands `between` those two.
    """

    async def handler(request: web.Request) -> web.StreamResponse:
        compressor = zlib.compressobj(wbits=31 if encoding == "gzip" else 15)
        part = of * (MIB // len(of))
        pieces = [compressor.compress(between[0])]
        pieces += [compressor.compress(part) for _ in range(size // MIB)]
        body = b"".join([*pieces, compressor.compress(between[1]), compressor.flush()])
        return await answer(body=body, Content_Encoding=encoding)(request)

    return handler


def redirect(location: str, status: int = 302) -> Handler:
    """A redirect to `location`, which may be relative."""
    return answer(status, Location=location)


LOGIN_PAGE = """\
<head><title>Log in</title></head>
<body><form method="post" action="/session">
<input name="user"> <input type="password" name="secret"> <button>Log in</button>
</form></body>"""

# As far as they have in common what such pages are known by.
ANUBIS_PAGE = """\
<head><title>Making sure you're not a bot!</title>
<script type="module" src="/.within.website/x/cmd/anubis/static/js/main.mjs"></script></head>
<body><p>One moment.</p></body>"""
CLOUDFLARE_PAGE = """\
<head><title>Just a moment...</title></head>
<body><script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></body>"""
CLOUDFLARE_BLOCK_PAGE = """\
<head><title>Attention Required! | Cloudflare</title></head>
<body><div id="cf-wrapper"><div id="cf-error-details">
<h1 data-translate="block_headline">Sorry, you have been blocked</h1>
</div></div></body>"""
# Bugzilla's, while its parameter `shutdownhtml` is set.
SHUTDOWN_PAGE = """\
<head><title>Bugzilla is Down</title></head>
<body><div id="message">We are moving to another machine.</div></body>"""

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

#: The faults by name, but for ``"refused"``; see `fault`.
FAULTS: Mapping[str, Handler] = {
    "reset": raw(_HEAD + b'Content-Length: 1000\r\n\r\n{"bugs": [', "reset"),
    "reset before the answer": raw(b"", "reset"),
    "closed before the answer": raw(b""),
    "silent": raw(b"", "hang"),
    "silent in mid-body": raw(_HEAD + b'Content-Length: 1000\r\n\r\n{"bugs": [', "hang"),
    "drip": drip,
    "500": page("<h1>Internal error</h1>", 500),
    "502": page("<h1>Bad gateway</h1>", 502),
    "503": page("<h1>Service unavailable</h1>", 503),
    "429": answer(429),
    "429 with seconds": answer(429, Retry_After="120"),
    "429 with a date": raw(
        b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n"
        b"Date: Tue, 02 Jan 2024 03:04:05 GMT\r\nRetry-After: Tue, 02 Jan 2024 03:06:05 GMT\r\n\r\n"
    ),
    "503 with seconds": page("<h1>Service unavailable</h1>", 503, Retry_After="120"),
    "503 for asking too much": page("<h1>Too many requests</h1>", 503, Retry_After="120"),
    "403 with seconds": answer(
        403, '{"message": "You have exceeded a secondary rate limit."}', Retry_After="120"
    ),
    "no quota left": answer(
        403,
        '{"message": "API rate limit exceeded."}',
        X_RateLimit_Limit="60",
        X_RateLimit_Remaining="0",
        X_RateLimit_Reset="120",
    ),
    "maintenance": page(SHUTDOWN_PAGE, 503, Retry_After="3600"),
    "maintenance page": page("<h1>Down for maintenance</h1>"),
    "log-in page": page(LOGIN_PAGE),
    "Anubis": page(ANUBIS_PAGE, Set_Cookie="techaro.lol-anubis-cookie-verification=1"),
    "Cloudflare": page(CLOUDFLARE_PAGE, 403, Cf_Mitigated="challenge"),
    "Cloudflare block": page(CLOUDFLARE_BLOCK_PAGE, 403, Server="cloudflare", CF_Ray="8f3a-FRA"),
    "Cloudflare block without a page": answer(403, "error code: 1020", "text/plain"),
    "AWS WAF": answer(202, content_type="text/html", X_Amzn_Waf_Action="challenge"),
    "AWS WAF with a CAPTCHA": page("<h1>Human?</h1>", 405, X_Amzn_Waf_Action="captcha"),
    "page": page("<h1>Welcome</h1>"),
    "truncated JSON": answer(body='{"bugs": [{"id": 1, "sta'),
    "wrong charset": answer(body='{"title": "Ünï"}'.encode("latin-1")),
    "bomb": bomb(),
    "deflate bomb": bomb("deflate"),
    "bomb of line feeds": bomb(size=32 * MIB, of=b"\n"),
    "list of millions": bomb(size=32 * MIB, of=b"[],", between=(b"[", b"[]]")),
    "lists in lists": bomb(size=32 * MIB, of=b"["),
    "not gzip": answer(body=b"{}", Content_Encoding="gzip"),
    "endless body": endless_body,
    "redirect loop": redirect("/round-and-round"),
    "redirect to a file": redirect("file:///etc/passwd"),
    "not HTTP": raw(b"220 mail.example.com ESMTP\r\n500 What is that?\r\n\r\n"),
    "endless headers": endless_headers,
    "large header": raw(_HEAD + b"X-Header: " + b"x" * MIB + b"\r\n\r\n"),
    "endless interim answers": endless_interim_answers,
    "Content-Length too large": raw(_HEAD + b"Content-Length: 1000\r\n\r\n{}"),
    "Content-Length no number": raw(_HEAD + b"Content-Length: many\r\n\r\n{}"),
    "chunks that are none": raw(_HEAD + b"Transfer-Encoding: chunked\r\n\r\nmany\r\n{}"),
}


# On the way to the server.


class Names(AbstractResolver):
    """Resolves the names in `addresses`, and none else.

    It goes where a client wants something that makes a resolver::

        HTTPClient(resolver=lambda: Names({"bugs.example.com": ["127.0.0.1"]}))

    `asked` are the names that were looked up.
    """

    def __init__(self, addresses: Mapping[str, Sequence[str]] | None = None) -> None:
        self.addresses = addresses or {}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host not in self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.addresses[host]
        ]

    async def close(self) -> None:
        pass


def certificates(name: str = "localhost") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A certificate for `name`, from an authority of its own.

    Returns the context for a simulator, ``Simulator(ssl_context=...)``, and
    the one for a client that trusts the authority, ``HTTPClient(ssl=...)``.
    Any other name than localhost is the wrong one for a simulator, and any
    other client does not know the authority.  Needs trustme.
    """
    import trustme

    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client
