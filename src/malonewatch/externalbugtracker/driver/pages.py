"""Bug trackers that have nothing for programs: each bug is read from its web page.  Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Form, Judgement
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.interfaces import Response


class PageDialect(Dialect):
    """A dialect whose answers are pages for people, one for each bug."""

    dialect_name = "page"
    # With all that was said of it.
    bytes_base = 4 * 1024 * 1024
    #: What the path ends with where those are led who may not see a page.
    login: ClassVar[str | None] = None

    def page_of(self, remotebug: str) -> str:
        """Where the page of a bug is, below the base URL; by default where people see it."""
        url: str = self.tracker.getBugURL(remotebug)
        return url.removeprefix(self.tracker.baseurl)

    def item_of(self, page: str) -> Mapping[str, Any] | None:
        """What the page of a bug says, its "id" too; None if it is the page of none."""
        raise TypeError(f"{type(self).__name__} reads no pages")

    def refusal(self, page: str) -> Finding | None:
        """What is said on a page, if it is the page of no bug, of the one that was asked for."""
        return None

    def ask_one(self, remotebug: str) -> Ask:
        # The labels, and what goes wrong, are in the reader's language.
        headers = {"Accept-Language": "en"}
        path = self.page_of(remotebug)
        return Ask(path, (), (remotebug,), alone=True, form=Form.PAGE, headers=headers)

    def ask_identity(self) -> Ask:
        return Ask("/", form=Form.PAGE)

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if ask.alone and response.status < 500 and answer is not None:
            if self.login is not None and urlsplit(response.url).path.endswith(self.login):
                return Finding.PRIVATE
            refusal = self.refusal(answer)
            if refusal is not None and self.item_of(answer) is None:
                return refusal
        return super().judge(ask, response, answer)

    def records(self, answer: str) -> Iterable[Any]:
        item = self.item_of(answer)
        if item is None:
            raise LookupError("the page of no bug")
        return (item,)
