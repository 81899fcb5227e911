"""What all reports have in common: the order, texts that are safe, fingerprints."""

import dataclasses
import enum
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

from malonewatch.application.linkfacts import LinkFacts, LinkVerdict
from malonewatch.cleaning import clean

#: No path is longer.
_LONGEST_PATH = 4096


class Severity(enum.Enum):
    """How heavy a finding is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


#: What there is to be said of each verdict, in a few words; nothing of what stays.
TITLES = {
    LinkVerdict.FIXED: "The bug is fixed",
    LinkVerdict.CLOSED: "The bug is closed without a fix",
    LinkVerdict.INVALID: "The bug was none",
    LinkVerdict.GONE: "The bug is gone",
    LinkVerdict.UNEXPECTED: "The bug is not as the line says",
    LinkVerdict.UNKNOWN: "It is not known how the bug is",
    LinkVerdict.PROPOSED: "The bug tracker has not been accepted",
}


def severity_of(verdict: LinkVerdict) -> Severity:
    """How heavy it is that a link has that verdict; see `malonewatch.application.reports`."""
    if verdict is LinkVerdict.UNEXPECTED:
        return Severity.ERROR
    return Severity.WARNING if verdict.can_go else Severity.NOTE


def rule_of(verdict: LinkVerdict) -> str:
    """The name of the rule that a link with that verdict breaks."""
    return f"bug-{verdict.value}"


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A link in a report.

    - `path`, `text`, `url`, `sentence`: the link's, each as one line that is
      safe to be shown,
    - `repeated`: how many links before it are in the same file to the same bug,
    - `fingerprint`: hexadecimal digits that no other entry of a report has.
      They stay as long as the verdict, the file and the words around the link
      do, wherever the line moves.
    """

    link: LinkFacts
    path: str
    text: str
    url: str
    sentence: str
    repeated: int
    fingerprint: str

    @property
    def message(self) -> str:
        """The sentence, and where the bug is."""
        return f"{self.sentence} {self.url}" if self.link.remote else self.sentence


def ordered(links: Sequence[LinkFacts]) -> list[LinkFacts]:
    """`links` by project, file, line, column and URL."""
    return sorted(
        links, key=lambda each: (each.project, each.path, each.line, each.column, each.url)
    )


def entries(links: Sequence[LinkFacts]) -> Iterator[Entry]:
    """An entry for each link, in order."""
    to_the_same: Counter[tuple[str, ...]] = Counter()
    alike: Counter[tuple[str, ...]] = Counter()
    for link in ordered(links):
        same = (link.project, link.path, link.url)
        # A project's name may be that of the folder, which differs between machines.
        likeness = (link.verdict.name, link.path, link.url, link.text)
        yield Entry(
            link=link,
            path=clean(link.path, _LONGEST_PATH),
            text=clean(link.text),
            url=clean(link.url),
            sentence=clean(link.sentence),
            repeated=to_the_same[same],
            fingerprint=_digest(*likeness, str(alike[likeness])),
        )
        to_the_same[same] += 1
        alike[likeness] += 1


def findings(links: Sequence[LinkFacts]) -> Iterator[Entry]:
    """An entry for each link that there is something to be said of, in order."""
    return (entry for entry in entries(links) if entry.link.verdict is not LinkVerdict.STAYS)


def _digest(*parts: str) -> str:
    whole = "\0".join(parts)
    # Names of files may hold bytes that are no UTF-8, as surrogates.
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
