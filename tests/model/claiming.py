"""Takes an origin a number of times, as one of several processes that do::

    python claiming.py URI FILE TIMES

Whoever has the origin makes the file, and removes it before letting go; so two
that have it at the same time find out.
"""

import os
import sys
from datetime import datetime, timezone

from malonewatch.configuration import configure
from malonewatch.model import open_database

ORIGIN = "https://bugs.example.com"
NOW = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)


def main(uri: str, file: str, times: str) -> None:
    configure()
    database = open_database(uri)
    holder = f"process {os.getpid()}"
    print("ready", flush=True)
    sys.stdin.readline()
    taken = 0
    while taken < int(times):
        if not database.write(lambda trackers: trackers.claims.claim(ORIGIN, holder, NOW)):
            continue
        os.close(os.open(file, os.O_CREAT | os.O_EXCL))
        taken += 1
        assert database.read(lambda trackers: trackers.claims.get(ORIGIN, NOW).holder) == holder
        assert database.write(lambda trackers: trackers.claims.claim(ORIGIN, holder, NOW))
        os.unlink(file)
        database.write(lambda trackers: trackers.claims.release(ORIGIN, holder))
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
