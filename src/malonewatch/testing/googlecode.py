"""A simulated archive of Google Code.

From https://code.google.com/archive/schema, from programs that read the
archive, and from what https://cloud.google.com/storage/docs/xml-api/reference-status
says of files that are not there.
"""

from typing import Any

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

_FILE = "/google-code-archive/v2/{domain}/{project}/issues/issue-{number:[0-9]+}.json"
_ERROR = "<?xml version='1.0' encoding='UTF-8'?><Error><Code>{}</Code><Message>{}</Message></Error>"


class GoogleCodeSimulator(Simulator):
    """The bucket with the archive's files.

    A bug's id is ``project/12``, with the domain before it for a project of
    Eclipse Labs or Apache Extras.  Its ``extra["labels"]`` are its labels, and
    ``extra["type"]`` its type; `priority` and that make two more.

    `hides_absence`: of a file that is not there is said that access is denied,
    as to all who may not list a bucket.
    """

    defaults = {"status": "New", "priority": "Medium"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hides_absence = False
        #: What is always there: an issue of a project of Google's own.
        self.known = SimulatedBug("closure-compiler/884", status="Fixed")

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.get(_FILE, self._issue)]

    async def _issue(self, request: web.Request) -> web.Response:
        domain, project, number = map(request.match_info.get, ("domain", "project", "number"))
        prefix = "" if domain == "code.google.com" else f"{domain}/"
        id = f"{prefix}{project}/{number}"
        bug = self.bugs.get(id, self.known if id == self.known.id else None)
        if bug is None:
            return self._missing()
        return web.json_response(_fields(bug))

    def _missing(self) -> web.Response:
        if self.hides_absence:
            error, status = ("AccessDenied", "Access denied."), 403
        else:
            error, status = ("NoSuchKey", "The specified key does not exist."), 404
        text = _ERROR.format(*error)
        return web.Response(status=status, text=text, content_type="application/xml")


def _fields(bug: SimulatedBug) -> dict[str, Any]:
    number = int(bug.id.rpartition("/")[2])
    if bug.malformed:
        return {"id": number, "status": 7, "summary": None, "labels": "?", "comments": "?"}
    labels = [f"Type-{bug.extra.get('type', 'Defect')}"]
    labels += [f"Priority-{bug.priority}"] if bug.priority else []
    # The report itself is the first comment, and each change one more.
    begun = 1262304000
    comments = [
        {"id": index, "commenterId": -(10**12), "content": "It fell off.", "timestamp": moment}
        for index, moment in enumerate((begun, int(bug.modified.timestamp())))
    ]
    return {
        "id": number,
        "status": bug.status,
        "summary": bug.title,
        "labels": [*labels, *bug.extra.get("labels", ())],
        "stars": 1,
        "commentCount": len(comments),
        "comments": comments,
    }
