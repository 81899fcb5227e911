"""What tells runs from each other, and who holds what in the database."""

import os
import re
import socket
import uuid

#: What the id of a run looks like.
ID = re.compile("[0-9a-f]{12}")

_MARK = " #"


def new_id() -> str:
    """The id of a run, which no other has."""
    return uuid.uuid4().hex[:12]


def holder_of(run_id: str, what: str = "checkwatches") -> str:
    """Under which name a run in this process, of what is called `what`, claims something."""
    return f"{what} on {socket.gethostname()} (process {os.getpid()}){_MARK}{run_id}"


def id_of(holder: str) -> str:
    """The id of the run that claims under that name."""
    return holder.rpartition(_MARK)[2]


def shown(holder: str) -> str:
    """Who that is, for people."""
    return holder.partition(_MARK)[0]
