"""A server without sockets, whose answers a test makes up."""

import json
from urllib.parse import parse_qs, urlsplit

from malonewatch.interfaces import AnswerTooLarge, Response
from malonewatch.testing.asking import Canned


class Server(Canned):
    """An `IHTTPClient` that asks a function instead of the network.

    `answer` takes the path, below the origin, and the parameters, by name.  It
    returns what comes back: a status, what becomes JSON, bytes, or a dict of
    what a `Response` takes, in which ``json`` stands for such a body; or it
    raises what a session would.  `sent` are the headers of all requests.
    """

    def __init__(self, answer, credentials=None):
        super().__init__(b"", credentials=credentials)
        self.answer = answer
        self.sent = []

    @property
    def paths(self):
        return [urlsplit(url).path for _, url, _ in self.requests]

    async def request(self, method, url, *, body=None, headers=None, html=False, limit=None):
        self.requests.append((method, url, body))
        self.sent.append(headers)
        parts = urlsplit(url)
        parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
        answer = self.answer(parts.path, parameters)
        if isinstance(answer, int):
            answer = {"status": answer}
        elif isinstance(answer, bytes):
            answer = {"body": answer}
        elif not (isinstance(answer, dict) and answer.keys() & {"status", "body", "json"}):
            answer = {"json": answer}
        if "json" in answer:
            answer = {**answer, "body": json.dumps(answer["json"]).encode()}
            del answer["json"]
        response = Response(**{"url": url, "status": 200, "headers": {}, "body": b"", **answer})
        if len(response.body) > limit:
            raise AnswerTooLarge(f"{url} gives more than {limit} bytes.")
        return response
