"""Whether the bug trackers take the credentials that are kept for them."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from zope.component import getUtility

from malonewatch.application.remote import remote
from malonewatch.application.servers import ask_each, session_with
from malonewatch.interfaces import (
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerTrouble,
    CredentialsUnreadable,
    ICredentials,
    Scope,
)


@dataclasses.dataclass(frozen=True, slots=True)
class CredentialsCheck:
    """What became of showing a bug tracker its credentials.

    - `tracker`: its name; None for a section that no active one uses,
    - `section`: the section that has them, None if none has,
    - `accepted`: whether it takes them, None if that cannot be told,
    - `account`: whose they are, as it says; None if it does not,
    - `problem`: why they are not taken, or why that cannot be told; a sentence.
    """

    tracker: str | None
    section: str | None
    accepted: bool | None = None
    account: str | None = None
    problem: str | None = None

    @property
    def result(self) -> str:
        """What became of it, for people."""
        if self.tracker is None:
            return "no active bug tracker uses it"
        if self.section is None:
            return "none"
        if self.accepted:
            return f"accepted, as {self.account}" if self.account else "accepted"
        if self.problem is None:
            return "cannot be told: its type does not say whose they are"
        return f"{'refused' if self.accepted is False else 'cannot be told'}: {self.problem}"


@remote(Scope.ADMIN)
def check_credentials(database: Any) -> list[CredentialsCheck]:
    """Show each active bug tracker that has credentials these, and ask whether it takes them.

    Those that have come first, by title; then the sections that are no active
    bug tracker's, then the bug trackers that have none.

    :raises BadInput: the place where the credentials are kept cannot be read.
    """
    credentials = getUtility(ICredentials)
    sections = list(credentials.sections())
    trackers: list[BugTrackerFacts] = database.read(
        lambda trackers: [tracker.facts for tracker in trackers if tracker.active]
    )
    by_tracker = [(facts, credentials.getSection(facts.baseurl)) for facts in trackers]
    with_some = [(facts, section) for facts, section in by_tracker if section is not None]
    used = {section for _, section in with_some}
    return [
        *_ask(with_some),
        *(CredentialsCheck(None, section) for section in sections if section not in used),
        *(CredentialsCheck(facts.name, None) for facts, section in by_tracker if section is None),
    ]


def _ask(trackers: Sequence[tuple[BugTrackerFacts, str]]) -> list[CredentialsCheck]:
    return ask_each([_Question(*each) for each in trackers]) if trackers else []


class _Question:
    """The question whether a bug tracker takes the credentials of a section."""

    def __init__(self, facts: BugTrackerFacts, section: str) -> None:
        self.facts = facts
        self.section = section

    async def __call__(self, pool: Any) -> CredentialsCheck:
        name, section = self.facts.name, self.section
        try:
            external, session = session_with(pool, self.facts)
            if session.credentials is None:
                # Of a bug tracker that was guessed, and is not asked by https.
                return CredentialsCheck(name, section, None, None, "They are not sent to it.")
            account = await external.check_credentials(session)
        except BugTrackerTrouble as error:
            refused = isinstance(error, BugTrackerCredentialsRefused)
            unreadable = isinstance(error, CredentialsUnreadable)
            accepted = False if refused and not unreadable else None
            return CredentialsCheck(name, section, accepted, None, str(error))
        # It may take them, and not say whose they are.
        return CredentialsCheck(name, section, None if account is None else True, account or None)
