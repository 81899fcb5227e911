"""A bug tracker's ledger: what changes at every check, packed.

Each watch has a row.  Checking a watch that is as it was writes to the row alone, and the rows
lie in pages, so a thousand checked watches cost a few small writes rather than a thousand objects.

A row is known by its slot: 0 for the bug tracker's first watch, and so on.  A slot is not used
again after its watch is gone.  Row `slot` is entry ``slot % PAGE`` of page ``slot // PAGE``, in
two kinds of page: one for what every check changes, one for what hardly ever changes.

Moments are whole seconds since the epoch in 32 bits, which last until 2106.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from BTrees.Length import Length
from BTrees.LLBTree import LLBTree
from BTrees.LOBTree import LOBTree
from BTrees.OLBTree import OLBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from malonewatch.interfaces import BugWatchErrorType
from malonewatch.model import schedule
from malonewatch.model.enums import member
from malonewatch.model.holding import HeldBack
from malonewatch.model.pages import NEVER, PAGE, PARKED, UNKNOWN, NamesPage, TimesPage
from malonewatch.model.pages import RemoteBugIndex as RemoteBugIndex
from malonewatch.model.sweeps import Sweeps


class Ledger(Persistent):
    """The rows of one bug tracker."""

    # Made when the first is there; earlier versions had an OOBTree.
    _held: Any = None
    _apart: Any = None
    #: Whether any row is ever due; each keeps its `due` meanwhile.
    polled = True
    sweeps: Sweeps | None = None

    def __init__(self) -> None:
        self._times = LOBTree()
        self._names = LOBTree()
        # The earliest `due` and `checked` in a page: where nothing is due, none is loaded.
        self._page_due = LLBTree()
        self._page_checked = LLBTree()
        # How many rows of a page have been removed, where any have.
        self._page_holes = LLBTree()
        self._slots = RemoteBugIndex()
        self._validators = OOBTree()
        self._length = Length()
        self.error_names: tuple[str, ...] = ("",)
        # Where the set of bug trackers keeps the earliest `due` of each, and the key there.
        self._earliest: LLBTree | None = None
        self._key = 0

    def attach(self, earliest: LLBTree, key: int) -> None:
        """Keep the earliest `due` of all rows in `earliest[key]` from now on."""
        self._earliest, self._key = earliest, key
        earliest[key] = self._first_due()

    def set_polled(self, polled: bool) -> None:
        """Note whether any row is ever due."""
        if polled != self.polled:
            self.polled = polled
            self._note_earliest(self._first_due())

    def _first_due(self) -> int:
        sweep = NEVER if self.sweeps is None else self.sweeps.due
        return min(sweep, *self._page_due.values(), NEVER) if self.polled else NEVER

    def set_sweeps(self, sweeps: Sweeps | None) -> None:
        """Note what is known of sweeps now; with None, nothing is."""
        self.sweeps = sweeps
        self._note_earliest(self._first_due())

    def __len__(self) -> int:
        return int(self._length())

    # Rows come and go.

    def add(self, watch_id: int, remotebug: str, due: float) -> int:
        """Add a row, and return its slot."""
        number = self._names.maxKey() if self._names else 0
        if not self._names or len(self._names[number].remotebugs) == PAGE:
            number = number + 1 if self._names else 0
            self._names[number] = NamesPage()
            self._times[number] = TimesPage()
        names, times = self._names[number], self._times[number]
        slot = number * PAGE + len(names.remotebugs)
        names.append(watch_id, remotebug)
        times.append(int(due))
        self.summarise([(number, times)])
        slots = self.slots(remotebug)
        self._slots[remotebug] = (*slots, slot) if slots else slot
        self._length.change(1)
        return slot

    def adopt(self, other: "Ledger", slot: int, remotebug: str) -> int:
        """Take over a row of another ledger with all that is in it, as one of that remote id;
        return its slot here."""
        number, row = divmod(slot, PAGE)
        names = other._names[number]
        watch_id, digest, mark = names.watch_ids[row], names.digests[row], names.marks[row]
        validator = other.validator(names.remotebugs[row])
        entries = other._times[number].row(row)
        entries["errors"] = self.error_code(other.error(slot))
        other.remove(slot)
        slot = self.add(watch_id, remotebug, entries["due"])
        self.set(slot, digest=digest, mark=mark, **entries)
        self.set_validator(remotebug, validator)
        return slot

    def remove(self, slot: int) -> None:
        """Remove a row."""
        number, row = divmod(slot, PAGE)
        names, times = self._names[number], self._times[number]
        remotebug = names.remotebugs[row]
        rest = tuple(other for other in self.slots(remotebug) if other != slot)
        if rest:
            self._slots[remotebug] = rest if len(rest) > 1 else rest[0]
        else:
            del self._slots[remotebug]
            self._validators.pop(remotebug, None)
            self.let_go(remotebug)
            self.set_apart(remotebug, None)
        names.clear(row)
        times.clear(row)
        self.summarise([(number, times)])
        holes = self._page_holes[number] = self._page_holes.get(number, 0) + 1
        if holes == PAGE and number != self._names.maxKey():
            for pages in (self._names, self._times, self._page_due, self._page_checked):
                del pages[number]
        self._length.change(-1)

    def summarise(self, pages: Iterable[tuple[int, TimesPage]]) -> None:
        """Note what the earliest moments in pages of those numbers are."""
        dues = []
        for number, times in pages:
            checked = min(times.checked)
            if self._page_checked.get(number) != checked:
                self._page_checked[number] = checked
            due = min(times.due)
            if self._page_due.get(number) != due:
                self._page_due[number] = due
                dues.append(due)
        if dues:
            # Once, as that may be a look at all pages there are.
            self._note_earliest(min(dues))

    def _note_earliest(self, due: int) -> None:
        """Note that something is due at `due` that was not before."""
        if self._earliest is None:
            return
        before = self._earliest.get(self._key, NEVER)
        # Something earlier may be gone; a look at all pages tells.
        earliest = due if self.polled and due <= before else self._first_due()
        if earliest != before:
            self._earliest[self._key] = earliest

    # Looking.

    def slots(self, remotebug: str) -> tuple[int, ...]:
        """The slots of all watches on that remote bug, oldest first."""
        slots = self._slots.get(remotebug, ())
        return slots if type(slots) is tuple else (slots,)

    def watch_id(self, slot: int) -> int:
        number, row = divmod(slot, PAGE)
        return int(self._names[number].watch_ids[row])

    def remotebug(self, slot: int) -> str:
        number, row = divmod(slot, PAGE)
        return str(self._names[number].remotebugs[row])

    def newest(self, start: int = 0) -> Iterator[int]:
        """The numbers of the watches, newest first, without the first `start` of them."""
        last = self._names.maxKey() if self._names else -1
        for number in range(last, -1, -1):
            # All pages but the last are full, and need not be loaded to be passed over.
            rows = PAGE if number < last else len(self._names[number].watch_ids)
            size = rows - self._page_holes.get(number, 0)
            if start >= size:
                start -= size
                continue
            for watch_id in reversed(self._names[number].watch_ids):
                if not watch_id:
                    continue
                if start:
                    start -= 1
                else:
                    yield watch_id

    def mark(self, slot: int) -> int:
        number, row = divmod(slot, PAGE)
        return int(self._names[number].marks[row])

    def get(self, slot: int, column: str) -> int:
        """One entry of a row: `checked`, `due`, `seen`, `failures` or `errors`."""
        number, row = divmod(slot, PAGE)
        return int(getattr(self._times[number], column)[row])

    def set(self, slot: int, **columns: int) -> None:
        """Change entries of a row; `digest` may be among them, with the `mark`."""
        number, row = divmod(slot, PAGE)
        digest, mark = columns.pop("digest", None), columns.pop("mark", 0)
        if digest is not None:
            names = self._names[number]
            names.digests[row], names.marks[row] = digest, mark
            names._p_changed = True
        times = self._times[number]
        for column, value in columns.items():
            getattr(times, column)[row] = value
        times._p_changed = True
        self.summarise([(number, times)])

    def error(self, slot: int) -> BugWatchErrorType | None:
        """What was wrong when the watch was last tried."""
        return self.error_named(self.get(slot, "errors"))

    def error_named(self, code: int) -> BugWatchErrorType | None:
        """What `code` stands for in a row."""
        name = self.error_names[code]
        return member(BugWatchErrorType, name) if name else None

    def error_code(self, error_type: BugWatchErrorType | None) -> int:
        """What stands for `error_type` in a row."""
        name = error_type.name if error_type is not None else ""
        if name not in self.error_names:
            self.error_names += (name,)
        return self.error_names.index(name)

    def has_validators(self) -> bool:
        """Whether any bug of this bug tracker has a validator."""
        return bool(self._validators)

    def validator(self, remotebug: str) -> str | None:
        validator: str | None = self._validators.get(remotebug)
        return validator

    def set_validator(self, remotebug: str, validator: str | None) -> None:
        if validator is None:
            self._validators.pop(remotebug, None)
        elif self._validators.get(remotebug) != validator:
            self._validators[remotebug] = validator

    @property
    def held(self) -> Mapping[str, tuple[float, Any]]:
        """By remote id, what is held back: (when it was said, what was said)."""
        return {} if self._held is None else self._held

    def hold(self, remotebug: str, moment: float, packed: Any) -> None:
        """Hold back what was said of a remote bug."""
        if not isinstance(self._held, HeldBack):
            self._held = HeldBack(self.held)
        self._held[remotebug] = moment, packed

    def let_go(self, remotebug: str) -> None:
        """Hold back nothing that was said of it."""
        if remotebug in self.held:
            del self._held[remotebug]

    @property
    def apart(self) -> Mapping[str, int]:
        """The remote ids that spoil the answers for others, and when that was last seen."""
        return {} if self._apart is None else self._apart

    def set_apart(self, remotebug: str, moment: float | None) -> None:
        """Note that a remote bug spoils answers, or, with None, that it does not."""
        if moment is None:
            if remotebug in self.apart:
                del self._apart[remotebug]
            return
        if self._apart is None:
            self._apart = OLBTree()
        self._apart[remotebug] = int(moment)

    # What is due.

    def due(self, now: float) -> list[tuple[int, int]]:
        """(due, slot) of all that is due, the longest due first."""
        found: list[tuple[int, int]] = []
        for number, earliest in self._page_due.items() if self.polled else ():
            if earliest <= now:
                dues = self._times[number].due
                slots = enumerate(dues, number * PAGE)
                found += [(due, slot) for slot, due in slots if due <= now]
        found.sort()
        return found

    def count_due(self, now: float, most: int | None = None) -> int:
        """How many are due; of very many, `most` or somewhat more."""
        count, most = 0, NEVER if most is None else most
        for number, earliest in self._page_due.items() if self.polled else ():
            if earliest <= now and count < most:
                count += sum(due <= now for due in self._times[number].due)
        return count

    def rows(self, due: Iterable[tuple[int, int]], now: float) -> Iterator[tuple[str, int, bool]]:
        """(remote id, seen, whether all is well known) for each entry of `due()`.

        `seen` is UNKNOWN where the watch has to be asked for in full.
        """
        number = -1
        day = schedule.day_of(now)
        for _, slot in due:
            if slot // PAGE != number:
                number = slot // PAGE
                names, times = self._names[number], self._times[number]
                remotebugs, digests = names.remotebugs, names.digests
                seen, errors = times.seen, times.errors
                full, checked = times.full, times.checked
            row = slot % PAGE
            if not digests[row] or errors[row]:
                yield remotebugs[row], UNKNOWN, False
            elif (
                seen[row] == UNKNOWN
                or schedule.days_since(full[row], checked[row], day) >= schedule.FULL_CHECK_DAYS
            ):
                yield remotebugs[row], UNKNOWN, True
            else:
                yield remotebugs[row], seen[row], True

    # Writing many rows.

    def make_due(self, now: float) -> None:
        """Make every row due, to be asked for in full."""
        for times in self._times.values():
            for row, due in enumerate(times.due):
                if due != NEVER:
                    times.due[row] = min(due, int(now))
                    times.seen[row] = UNKNOWN
            times._p_changed = True
        self.summarise(self._times.items())

    def reset(self, now: float) -> None:
        """Make every row due, to be asked for in full, however often it failed."""
        self._validators.clear()
        for times in self._times.values():
            times.failures = array("B", bytes(len(times.failures)))
        self.make_due(now)

    def doubt(self) -> None:
        """Have every row asked for in full when it is due."""
        self._validators.clear()
        for times in self._times.values():
            times.seen = array("I", bytes(len(times.seen) * times.seen.itemsize))

    def set_digest(self, slot: int, before: int, now: int) -> None:
        """Let what was last told have another digest, if it has the one before."""
        number, row = divmod(slot, PAGE)
        names = self._names[number]
        if names.digests[row] == before:
            names.digests[row] = now
            names._p_changed = True

    def forget(self, now: float) -> list[tuple[int, str, str]]:
        """Know nothing of any remote bug; every row is due.

        Returns (number of the watch, name of the error, "") of errors that are gone.
        """
        self.reset(now)
        self._held = self._apart = None
        self.set_sweeps(None)
        gone = []
        for number, times in self._times.items():
            names = self._names[number]
            rows = zip(names.watch_ids, times.errors, strict=True)
            gone += [(watch_id, self.error_names[code], "") for watch_id, code in rows if code]
            times.errors = array("B", bytes(len(times.errors)))
            names.forget()
        return gone

    def set_clock_back(self, now: float) -> None:
        """Make sense of moments after `now`: they were recorded by a clock that was wrong.

        Those rows are due, and asked for in full.
        """
        for remotebug, (moment, packed) in list(self.held.items()):
            if moment > now:
                self.hold(remotebug, now, packed)
        for remotebug, seen in list(self.apart.items()):
            if seen > now:
                self.set_apart(remotebug, now)
        self.set_sweeps(None)
        limit = now + schedule.DELETED_CHECK_INTERVAL
        for times in self._times.values():
            for row, (checked, due) in enumerate(zip(times.checked, times.due, strict=True)):
                if due < PARKED and (
                    checked > now or due > limit or (checked == UNKNOWN and due > now)
                ):
                    times.checked[row] = min(checked, int(now))
                    times.due[row] = int(now)
                    times.seen[row] = UNKNOWN
                    times._p_changed = True
        self.summarise(self._times.items())
