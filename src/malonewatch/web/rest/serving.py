"""The OpenAPI document itself, for whoever asks."""

import json
from typing import Any

from pyramid.response import Response

from malonewatch.web.rest.document import DOCUMENT, TEXT

_JSON = json.dumps(DOCUMENT).encode()


def openapi_json(request: Any) -> Response:
    """View: as JSON."""
    return Response(body=_JSON, content_type="application/json")


def openapi_yaml(request: Any) -> Response:
    """View: as it is written."""
    return Response(body=TEXT, content_type="application/yaml")
