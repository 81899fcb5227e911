"""All that there is to say of why a watch is as it is, as plain values."""

import dataclasses
from datetime import datetime
from importlib import resources
from typing import Any

from zope.component import getUtility, queryAdapter

from malonewatch.application.explaining.history import Then, state_at
from malonewatch.application.facts import TrackerFacts, WatchFacts, now
from malonewatch.application.privacy import hides_titles
from malonewatch.interfaces import (
    BadInput,
    BugTaskStatus,
    BugWatchChange,
    FollowedBug,
    IBugTrackerSet,
    ICredentials,
    IExternalBugTracker,
    ImportanceReading,
    KeptAnswer,
    RemoteBug,
    RemoteBugError,
    StatusReading,
    remote_name,
)

#: How many watches that are due are counted, somewhat more or less.
_MOST_DUE = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class BugSaid:
    """What was last said of a remote bug: that of the watch, or one that it is followed to.

    - `remote`, `url`: which it is, in short, and where a person sees it,
    - `tracker`: the name of its bug tracker, None if nothing is registered
      there that is asked,
    - `remotestatus`, `resolution`, `closed`: its words, and the bug tracker's
      own word on whether it is over; None as long as nothing is known,
    - `status`: what that means as it was read then,
    - `reading`: how it is read now, None if nothing can read it,
    - `chapter`: the name of the chapter with the tables of its type, empty if
      there is none,
    - `problem`: why nothing is known, a sentence; empty if something is.
    """

    remote: str
    url: str | None
    tracker: str | None
    remotestatus: str | None = None
    resolution: str = ""
    closed: bool | None = None
    status: BugTaskStatus = BugTaskStatus.UNKNOWN
    reading: StatusReading | None = None
    chapter: str = ""
    problem: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of a watch and of how that came to be known.

    - `now`: when this was found out,
    - `tracker`: its bug tracker; of very many watches that are due, some are counted,
    - `type_title`: the type of its bug tracker for people, None if nothing
      registered can talk to such a bug tracker,
    - `section`: the section of the credentials file that has some for it, None
      if none has; `are_sent` says whether they go along, and
      `credentials_problem` is a sentence where that file cannot be read,
    - `request`: what asks for the remote bug alone, a method and a URL; None if
      it is never asked, or not known yet how,
    - `answer`: the last answer that said something new, None if none is kept,
    - `said`: what was said of the remote bug, and of each that it is followed to;
      `shown` tells whose status counts, by place, None as long as that is
      not known, and `names_survivor` whether a bug is followed at all,
    - `importance`: how its own remote importance is read, None if nothing can read it,
    - `held`: the change that is kept back, None if none is; `confirm_after` is
      how many seconds later the bug tracker has to say the same,
    - `then`: how the watch was at another time, None if it is about now.
    """

    now: datetime
    watch: WatchFacts
    tracker: TrackerFacts
    type_title: str | None
    section: str | None
    are_sent: bool
    credentials_problem: str
    request: str | None
    answer: KeptAnswer | None
    said: tuple[BugSaid, ...]
    shown: int | None
    importance: ImportanceReading | None
    held: BugWatchChange | None
    confirm_after: float
    then: Then | None

    @property
    def source(self) -> BugSaid:
        """The remote bug whose status counts; its own as long as that is not known."""
        return self.said[self.shown or 0]


def gather(watch: Any, at: datetime | None) -> Knowledge:
    """What is known of a watch, in a transaction."""
    tracker, facts = watch.bugtracker, WatchFacts.of(watch)
    trackers = getUtility(IBugTrackerSet)
    kind = dict(trackers.getBugTrackerTypes()).get(tracker.bugtrackertype)
    external = queryAdapter(tracker.facts, IExternalBugTracker, name=tracker.bugtrackertype)
    way = watch.way
    own = FollowedBug(tracker.name, watch.remotebug, facts.url or "")
    section, are_sent, problem = _credentials(tracker)
    then = None
    if at is not None:
        then = state_at(
            watch.activity,
            tracker.activity,
            at,
            watch.lastchanged,
            watch.remotestatus,
            watch.status,
        )
    return Knowledge(
        now=now(),
        watch=facts,
        tracker=TrackerFacts.of(tracker, _MOST_DUE),
        type_title=None if kind is None else kind.title,
        section=section,
        are_sent=are_sent,
        credentials_problem=problem,
        request=None if external is None else external.getRequest(watch.remotebug),
        # There are titles in it.
        answer=None if hides_titles(watch) else watch.answer,
        said=tuple(
            _said(trackers, bug, said)
            for bug, said in zip((own, *watch.followed), way.said, strict=True)
        ),
        shown=way.shown,
        importance=(
            None if external is None else external.explainImportance(watch.remote_importance)
        ),
        held=_held(watch),
        confirm_after=trackers.brake_settings.confirm_after,
        then=then,
    )


def _held(watch: Any) -> BugWatchChange | None:
    tracker = watch.bugtracker
    along = [bug.remotebug for bug in watch.followed if bug.tracker == tracker.name]
    held = tracker.getHeld([watch.remotebug, *along])
    return next((each for each in held if each.watch_id == watch.id), None)


def _said(trackers: Any, bug: FollowedBug, said: RemoteBug | RemoteBugError | None) -> BugSaid:
    if bug.tracker is None:
        return BugSaid(
            bug.url, bug.url, None, problem="It is on no bug tracker that is registered and asked."
        )
    place = remote_name(bug.tracker, bug.remotebug), bug.url or None, bug.tracker
    if said is None:
        return BugSaid(*place, problem="Nothing is known of it yet.")
    if isinstance(said, RemoteBugError):
        return BugSaid(*place, problem=said.message)
    facts = trackers[bug.tracker].facts
    words = said.remotestatus, said.resolution, said.closed
    external = queryAdapter(facts, IExternalBugTracker, name=facts.bugtrackertype)
    reading = None if external is None else external.explainStatus(*words)
    return BugSaid(*place, *words, said.status, reading, _chapter(facts.bugtrackertype))


def _credentials(tracker: Any) -> tuple[str | None, bool, str]:
    """The section that has credentials for a bug tracker, whether they are sent, and why that
    cannot be told."""
    try:
        section = getUtility(ICredentials).getSection(tracker.baseurl)
    except BadInput as error:
        return None, False, str(error)
    # As the session to it has it.
    is_safe = not tracker.guessed or tracker.baseurl.startswith("https:")
    return section, section is not None and is_safe, ""


def _chapter(type_name: str) -> str:
    """The name of the chapter about a type; empty if there is none."""
    name = f"{type_name.lower()}.rst"
    return name if (resources.files("malonewatch.doc") / name).is_file() else ""
