"""The operations that import and export."""

import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

from pyramid.response import Response
from zope.component import getUtility

from malonewatch.application import transfer
from malonewatch.application.listing import Wanted
from malonewatch.interfaces import IBugTrackerSet, IDatabase
from malonewatch.web.rest.calls import Call, operation


@operation(transfer.import_lines, waits=True)
def import_lines(call: Call) -> Any:
    lines = [
        transfer.Line(f"Line {number}", each.get("bug"), each.get("title", ""), each["url"])
        for number, each in enumerate(call.body["lines"], 1)
    ]
    with call.detached() as database:
        return transfer.import_lines(database, lines)


@operation(transfer.export_lines)
def export_lines(call: Call) -> Response:
    # It may be all there is, so it is read in transactions of its own while it
    # is sent.
    database = IDatabase(getUtility(IBugTrackerSet))
    lines = transfer.export_lines(database, Wanted(tracker=call.query.get("tracker")))
    first = tuple(itertools.islice(lines, 1))
    return Response(
        app_iter=_as_json(itertools.chain(first, lines)), content_type="application/json"
    )


def _as_json(lines: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    separator = "["
    for line in lines:
        yield f"{separator}{json.dumps(line)}".encode()
        separator = ",\n"
    yield b"[]" if separator == "[" else b"]"
