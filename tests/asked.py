"""Simulated bug trackers, asked without anything of ours: over a socket, as anybody would."""

import urllib.error
import urllib.request


def ask(url, body=None, **headers):
    """The status, the headers and the text of the answer; ``_`` in a name stands for ``-``."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if body is None else body.encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, fields)) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()
