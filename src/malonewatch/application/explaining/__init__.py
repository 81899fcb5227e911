"""Why the status and the importance of a watch are what they are, from what is asked to what it
means."""

import dataclasses
from datetime import datetime
from typing import Any

from malonewatch.application.explaining.knowledge import Knowledge, gather
from malonewatch.application.explaining.remedies import Remedy, remedies_of
from malonewatch.application.explaining.sentences import Section, sections_of
from malonewatch.application.facts import now
from malonewatch.application.references import find_watch
from malonewatch.application.remote import remote
from malonewatch.interfaces import BadInput, Scope
from malonewatch.wording import exact


@dataclasses.dataclass(frozen=True, slots=True)
class Explanation:
    """Why a watch is as it is: what is `known`, the same in sentences, and what to do if it is
    wrong."""

    known: Knowledge
    sections: tuple[Section, ...]
    remedies: tuple[Remedy, ...]

    @property
    def title(self) -> str:
        """The remote bug, and the status that is explained."""
        watch, then = self.known.watch, self.known.then
        if then is None:
            return f"{watch.remote}: {watch.meaning}"
        return f"{watch.remote}: {then.meaning}"


@remote(Scope.READ)
def explain_watch(
    database: Any, what: str, at: datetime | None = None, bug_id: int | None = None
) -> Explanation:
    """Why the status of a watch is what it is, or was `at` a time (aware).

    `what` names it by number or URL; with a number of a bug it is the watch of
    that bug, where a URL is watched for several.  Nothing is asked.

    :raises NotFoundError: there is none.
    :raises BadInput: there are several, or it is not the URL of a bug; or that
        time is still to come.
    """
    if at is not None and at > now():
        raise BadInput(f"{exact(at)} is still to come.")
    known = find_known(database, what, at, bug_id)
    return Explanation(known, sections_of(known), remedies_of(known))


def find_known(
    database: Any, what: str, at: datetime | None = None, bug_id: int | None = None
) -> Knowledge:
    """What an explanation is made of, without the sentences.

    :raises NotFoundError: there is no such watch.
    :raises BadInput: there are several, or it is not the URL of a bug.
    """
    known: Knowledge = database.read(lambda trackers: gather(find_watch(what, bug_id), at))
    return known
