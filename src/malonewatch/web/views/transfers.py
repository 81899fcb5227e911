"""Importing and exporting what is watched."""

import itertools
from typing import Any

from pyramid.response import Response
from zope.component import getUtility

from malonewatch.application import transfer
from malonewatch.application.listing import Wanted
from malonewatch.interfaces import BadInput, IBugTrackerSet, IDatabase
from malonewatch.web.database import detached
from malonewatch.web.forms import LONGEST, text
from malonewatch.web.page import attempt, done, page, preview, shown
from malonewatch.web.resources import Watches
from malonewatch.web.security import MANAGE_TRACKERS
from malonewatch.wording import count_of

#: How many lines are shown.
_SHOWN = 50


@page(Watches, "import", "import", permission=MANAGE_TRACKERS)
def ask_import(context: Watches, request: Any) -> dict[str, Any]:
    """Ask for what is to be watched."""
    return shown(request, "Import")


@attempt(Watches, "import", MANAGE_TRACKERS)
def import_lines(context: Watches, request: Any) -> Any:
    """Watch what lines name, all or none of them; servers may be asked."""
    given = _given(request)
    lines, is_sure = transfer.read_lines(given), "sure" in request.POST
    with detached(request) as database:
        imported = transfer.import_lines(database, lines, dry_run=not is_sure)
    told = [
        f"Registered {each.tracker.name}, at {each.tracker.baseurl}."
        for each in imported.registered
    ]
    told.append(
        f"{count_of(len(lines), 'line')}: {count_of(imported.watches, 'new watch', 'new watches')} "
        f"and {count_of(imported.bugs, 'new bug')}; {imported.existing} watched already."
    )
    told += [f"Bug {bug_id} keeps its title." for bug_id in imported.keep_title[:_SHOWN]]
    if is_sure:
        return done(request, told, "watches")
    urls = [f"{line.place}: {line.url}" for line in lines[:_SHOWN]]
    return preview(
        request,
        "Import these?",
        told,
        ("watches", "import"),
        [("text", given)],
        "Watch them",
        [("Lines", urls, len(lines))],
    )


def _given(request: Any) -> str:
    """What was pasted, or else stands in the file.

    :raises BadInput: there is too much of it, or it is no text.
    """
    file = request.POST.get("file")
    if not hasattr(file, "file"):
        return text(request.POST, "text")
    octets = file.file.read(LONGEST + 1)
    if len(octets) > LONGEST:
        raise BadInput(
            f"A file of more than {LONGEST} octets is too large for a browser; 'malonewatch "
            "import' takes it."
        )
    try:
        return str(octets.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadInput("The file is not in UTF-8.") from None


#: The forms in which what is watched is exported: what makes them, and their types.
_FORMS = {"csv": (transfer.as_csv, "text/csv"), "json": (transfer.as_json, "application/json")}


@page(Watches, "export", "export")
def ask_export(context: Watches, request: Any) -> Any:
    """Ask in which form a search is to be exported; export it."""
    search, form = text(request.GET, "q"), text(request.GET, "form")
    if form not in _FORMS:
        return shown(request, "Export", search=search)
    write, content_type = _FORMS[form]
    # It goes on when the request's own transaction is at its end.
    database = IDatabase(getUtility(IBugTrackerSet))
    texts = transfer.in_portions(write(transfer.export_lines(database, Wanted(search=search))))
    # What is wrong with the search is said before anything is sent.
    portions = itertools.chain([next(texts)], texts)
    response = Response(
        app_iter=(portion.encode() for portion in portions),
        content_type=content_type,
        charset="utf-8",
    )
    response.content_disposition = f'attachment; filename="watches.{form}"'
    return response
