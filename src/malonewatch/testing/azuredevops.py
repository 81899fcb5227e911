"""A simulated organisation of Azure DevOps.

From https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/ and the examples that
Microsoft publishes beside it.
"""

import base64
from datetime import datetime
from typing import Any

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

SIGN_IN = "<!DOCTYPE html><html><head><title>Azure DevOps Services | Sign In</title></head></html>"
#: No batch may have more.
LIMIT = 200


class AzureDevOpsSimulator(Simulator):
    """An organisation.

    - `token`: a personal access token of somebody who may see what is private,
    - `public`: whether anybody may look who shows none; otherwise there is a page to sign in,
    - `in_cloud`: whether it is Microsoft's own.

    A bug's `resolution` is its reason; in its ``extra`` may be ``closed``, the time of that.
    """

    path = "/organisation"
    defaults = {"status": "New", "priority": "2"}

    def __init__(self, *, token: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.token = token
        self.public = True
        self.in_cloud = True

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get(f"{self.path}/_apis/connectionData", self._connection),
            web.post(f"{self.path}/_apis/wit/workitemsbatch", self._batch),
            web.get(f"{self.path}/_apis/wit/workitems/{{id}}", self._item),
        ]

    async def asks_for(self, request: web.Request, id: str) -> bool:
        if request.method == "POST":
            return int(id) in (await request.json())["ids"]
        return request.match_info.get("id") == id

    def _knows(self, request: web.Request) -> bool:
        said = request.headers.get("Authorization")
        if said is None and self.public:
            return False
        pair = base64.b64encode(f":{self.token}".encode()).decode()
        if self.token is not None and said == f"Basic {pair}":
            return True
        if said is not None:
            raise web.HTTPUnauthorized(text="")
        raise web.HTTPNonAuthoritativeInformation(text=SIGN_IN, content_type="text/html")

    async def _connection(self, request: web.Request) -> web.Response:
        name = "Jane" if self._knows(request) else "Anonymous"
        return web.json_response(
            {
                "authenticatedUser": {"id": "1", "providerDisplayName": name},
                "instanceId": "2",
                "deploymentType": "hosted" if self.in_cloud else "onPremises",
            }
        )

    def _find(self, id: str, known: bool) -> SimulatedBug | None:
        bug = self.bugs.get(id)
        return None if bug is None or (bug.private and not known) else bug

    async def _item(self, request: web.Request) -> web.Response:
        known, id = self._knows(request), request.match_info["id"]
        bug = self._find(id, known)
        if bug is None:
            answer = {
                "typeKey": "WorkItemUnauthorizedAccessException",
                "message": f"TF401232: Work item {id} does not exist, or you do not have "
                "permissions to read it.",
                "errorCode": 0,
            }
            return web.json_response(answer, status=404)
        return web.json_response(self._record(bug, None))

    async def _batch(self, request: web.Request) -> web.Response:
        known, call = self._knows(request), await request.json()
        wrong = "fields" in call and "$expand" in call
        if len(call["ids"]) > LIMIT or wrong or call.get("errorPolicy") != "Omit":
            return web.json_response({"message": "VS403474: the request is invalid."}, status=400)
        found = [self._find(str(id), known) for id in sorted(call["ids"])]
        value = [bug and self._record(bug, call.get("fields")) for bug in found]
        return web.json_response({"count": len(value), "value": value})

    def _record(self, bug: SimulatedBug, wanted: list[str] | None) -> dict[str, Any]:
        """A work item: those of its fields that are `wanted`, or all there is."""
        fields: dict[str, Any] = {
            "System.WorkItemType": "Bug",
            "System.Title": bug.title,
            "System.State": bug.status,
            "System.Reason": bug.resolution or f"Moved to state {bug.status}",
            "System.ChangedDate": _time(bug.modified),
        }
        if bug.priority:
            fields["Microsoft.VSTS.Common.Priority"] = int(bug.priority)
        if bug.severity:
            fields["Microsoft.VSTS.Common.Severity"] = bug.severity
        if "closed" in bug.extra:
            fields["Microsoft.VSTS.Common.ClosedDate"] = _time(bug.extra["closed"])
        if bug.malformed:
            del fields["System.State"]
        if wanted is not None:
            fields = {name: value for name, value in fields.items() if name in wanted}
        record: dict[str, Any] = {"id": int(bug.id), "rev": 1, "fields": fields}
        if wanted is None and bug.duplicate_of is not None:
            url = f"{self.url}/_apis/wit/workItems/"
            record["relations"] = [
                {"rel": "System.LinkTypes.Hierarchy-Reverse", "url": f"{url}999"},
                {"rel": "System.LinkTypes.Duplicate-Reverse", "url": url + bug.duplicate_of},
            ]
        return record


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.67Z")
