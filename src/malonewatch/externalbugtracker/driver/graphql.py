"""Dialects of forges that are asked with GraphQL."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from malonewatch.externalbugtracker.driver.ask import (
    Ask,
    Finding,
    Instead,
    Judgement,
    Situation,
)
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.externalbugtracker.driver.forge import ByPlace
from malonewatch.interfaces import Response


class GraphQLDialect(ByPlace):
    """Asks for bugs of any places at once.

    It is mixed into a dialect ``rest``, in which it asks for what is missing, by itself, and
    which is spoken where there is none of this, or where it is too old for the queries.
    """

    dialect_name = "graphql"
    #: What is said of a query that is not like those which are understood.
    unlike: ClassVar[re.Pattern[str]]

    def nodes(self, answer: Any) -> Iterator[tuple[str, Any]]:
        """The bugs in an answer to a query, by the ids that they were asked for."""
        raise TypeError(f"{type(self).__name__} has no queries")

    def plan(self, ids: Sequence[str], situation: Situation) -> Iterable[Ask]:
        # To ask what changed would not take fewer.
        return self.in_full(ids)

    def in_full(self, ids: Sequence[str]) -> Iterator[Ask]:
        return self.ask_many(ids, None)

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if ask.json is None:
            return super().judge(ask, response, answer)
        if response.status == 404:
            return Instead("rest", certain=False)
        errors = answer.get("errors") if isinstance(answer, dict) else None
        if errors and response.status != 401 and not answer.get("data"):
            return self.judge_errors(errors)
        found = Dialect.judge(self, ask, response, answer)
        has_data = isinstance(answer, dict) and "data" in answer
        return found if found is not None or has_data else Finding.SPOILED

    def judge_errors(self, errors: Any) -> Judgement:
        """What those of a query say that led to no data."""
        return Instead("rest") if self.unlike.search(str(errors)[:4000]) else Finding.SPOILED

    def called(self, remotebug: str) -> str:
        return remotebug

    def records(self, answer: Any) -> Iterable[Any]:
        if "data" not in answer:
            return super().records(answer)
        if "bugs" not in answer:
            # It is looked at for what is still to be asked, too.
            answer["bugs"] = bugs = []
            for remotebug, node in self.nodes(answer):
                node["asked"] = remotebug
                bugs.append(node)
        found: Iterable[Any] = answer["bugs"]
        return found

    def ids_of(self, record: Any) -> Iterable[str]:
        # What was asked for alone says itself what it is.
        found = record.get("asked") or self.tracker.id_at(record[self.page_field])
        return () if found is None else (found,)
