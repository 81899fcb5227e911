"""The operations that import and export."""

from typing import Any

from malonewatch.application import transfer
from malonewatch.application.listing import Wanted
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
def export_lines(call: Call) -> Any:
    wanted = Wanted(tracker=call.query.get("tracker"))
    return list(transfer.export_lines(call.database, wanted))
