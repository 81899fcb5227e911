"""Desks that are served, as far as tests are concerned."""

import contextlib
import threading

from malonewatch.web.serving import Options, open_server


@contextlib.contextmanager
def served(database, **options):
    """The sentences that are said when the desk is served, while it is."""
    said = []
    server = open_server(database, Options(**{"port": 0, **options}), said.append)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield said
    finally:
        server.stop()
        thread.join()
