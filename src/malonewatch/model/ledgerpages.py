"""The pages of a ledger that one batch is about."""

from malonewatch.model.ledger import Ledger
from malonewatch.model.pages import NamesPage, TimesPage


class Pages:
    """The pages that a batch is about, each looked up, and each written to, once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._pages: dict[int, tuple[NamesPage, TimesPage]] = {}
        # The errors of the pages that are written to, as they were before.
        self._written: dict[int, bytes] = {}

    def look(self, number: int) -> tuple[NamesPage, TimesPage]:
        """The page of that number, for reading."""
        try:
            return self._pages[number]
        except KeyError:
            pages = self._ledger._names[number], self._ledger._times[number]
            self._pages[number] = pages
            return pages

    def page(self, number: int) -> tuple[NamesPage, TimesPage]:
        """The page of that number; its times are going to be written to."""
        names, times = self.look(number)
        if number not in self._written:
            # Before anything is written to it: if that fails half-way, the
            # transaction's end has to know what to take back.
            times._p_activate()
            times._p_changed = True
            self._written[number] = times.errors.tobytes()
        return names, times

    def finish(self) -> list[tuple[int, str, str]]:
        """Note what the earliest moments are in the pages that were written to.

        Returns (number of the watch, error before, error now), by their names,
        where that is another one.
        """
        changed = []
        names = self._ledger.error_names
        self._ledger.summarise((number, self._pages[number][1]) for number in self._written)
        for number, errors in self._written.items():
            page, times = self._pages[number]
            if times.errors.tobytes() != errors:
                rows = zip(page.watch_ids, errors, times.errors, strict=True)
                changed += [(each, names[old], names[new]) for each, old, new in rows if old != new]
        return changed
