"""A deliverer that kills itself: ``python -m tests.notifying.killed URI FILE STEP``.

The keys of the messages go to the file; what happens is counted, and after that many
steps the process is gone.
"""

import os
import signal
import sys

from malonewatch.configuration import configure
from malonewatch.model import open_database
from malonewatch.notifying.deliverer import Delivery
from tests.channels import KeepingChannel, in_place_of


def main(uri: str, path: str, last: int) -> int:
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    class WritingChannel(KeepingChannel):
        def send(self, message):
            step()
            with open(path, "a") as file:
                file.write(f"{message.key}\n")
            step()

    configure()
    database = open_database(uri)
    write = database.write

    def write_in_steps(function, *args):
        step()
        result = write(function, *args)
        step()
        return result

    database.write = write_in_steps
    with in_place_of("kept", WritingChannel()):
        Delivery(database).run()
    return steps


if __name__ == "__main__":
    print(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
