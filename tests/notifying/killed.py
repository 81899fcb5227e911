"""A deliverer that kills itself: ``python -m tests.notifying.killed URI FILE STEP``.

The keys of the messages go to the file, a line each; what happens is counted,
and after that many steps the process is gone.  Without a step it prints how many
there are.
"""

import os
import signal
import sys
import threading

from malonewatch.configuration import configure
from malonewatch.model import open_database
from malonewatch.notifying.deliverer import Delivery
from tests.channels import KeepingChannel, in_place_of


class WritingChannel(KeepingChannel):
    """Writes what it sends to a file; each address has a route of its own."""

    def __init__(self, path, step=lambda: None):
        super().__init__()
        self._path = path
        self._step = step

    def route(self, settings):
        return settings.address

    def send(self, message):
        self._step()
        with open(self._path, "a") as file:
            file.write(f"{message.destination.id} {message.key}\n")
        self._step()


class Steps:
    """Counts steps, and kills the process at the last one."""

    def __init__(self, last):
        self.count = 0
        self._last = last
        self._lock = threading.Lock()

    def __call__(self):
        with self._lock:
            self.count += 1
            if self.count == self._last:
                os.kill(os.getpid(), signal.SIGKILL)


def main(uri, path, last=0):
    step = Steps(last)
    configure()
    database = open_database(uri)
    write = database.write

    def write_in_steps(function, *args):
        step()
        result = write(function, *args)
        step()
        return result

    database.write = write_in_steps
    with in_place_of("kept", WritingChannel(path, step)):
        Delivery(database).run()
    return step.count


if __name__ == "__main__":
    print(main(*sys.argv[1:3], *map(int, sys.argv[3:])))
