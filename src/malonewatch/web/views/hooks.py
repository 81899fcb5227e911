"""Where bug trackers send that something happened to a bug.

They have no session: what an event is signed with lets it in.
"""

from typing import Any

from pyramid.response import Response

from malonewatch.application import hooks
from malonewatch.interfaces import BadInput
from malonewatch.web.database import detached
from malonewatch.web.page import answer, plain
from malonewatch.web.resources import Hook


@answer(Hook, method="POST")
def receive(context: Hook, request: Any) -> Response:
    """Take an event.  Nothing in the answer tells what is watched, or which bug trackers are."""
    body = b""
    is_large = (request.content_length or 0) > hooks.LARGEST
    if not is_large:
        body = request.body_file.read(hooks.LARGEST + 1)
    if is_large or len(body) > hooks.LARGEST:
        return plain(f"An event of more than {hooks.LARGEST} bytes is not read.", 413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        # It is tried again for longer than a page is: some senders send an event once.
        with detached(request) as database:
            is_genuine = hooks.receive(database, context.__name__, headers, body)
    except BadInput as error:
        return plain(str(error), 400)
    if not is_genuine:
        return plain(
            "The event is not signed with a secret that is known for this address, or too long "
            "ago; see that both sides have the same.",
            401,
        )
    return plain("The event is noted; what it is about is looked at soon.", 202)
