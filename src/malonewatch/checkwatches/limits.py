"""How much a run takes on, and what it takes of this machine."""

import resource

from malonewatch.interfaces import MalonewatchError

#: How many origins are asked at the same time.  Many, since one that hangs
#: holds its place until its time is up.
JOBS = 100

#: How many seconds a bug tracker gets in one run.
TRACKER_SECONDS = 300.0

#: How many minutes the cron script takes, by default.
TIME_LIMIT: float = 50

#: For how many seconds the database may leave the event loop of a worker waiting.
SILENCE = 60.0

#: How many files a run has open, whomever it asks, and how many more for each
#: origin that it asks at the same time.
FILES = 48
FILES_OF_ORIGIN = 4


class TooFewFiles(MalonewatchError):
    """This process may not open as many files as a run does."""


def affordable(jobs: int) -> int:
    """How many origins, of `jobs`, can be asked at the same time with the files that this
    process may open.

    :raises TooFewFiles: not even one.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return jobs
    if limit < FILES + FILES_OF_ORIGIN:
        raise TooFewFiles(
            f"This process may have {limit} files open, and a run needs {FILES + FILES_OF_ORIGIN}; "
            "raise the limit (ulimit -n)."
        )
    return min(jobs, (limit - FILES) // FILES_OF_ORIGIN)
