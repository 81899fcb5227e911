"""What is to be seen: JSON, to keep it short."""

from pyramid.view import view_config
from zope.component import getUtility

from helpdesk.models import Ticket, Tickets
from malonewatch.interfaces import BadInput, IBugSet, IBugWatchSet, IPersonSet


@view_config(context=Tickets, request_method="GET", renderer="json")
def list_tickets(tickets, request):
    """The titles of all tickets."""
    return [ticket.title for ticket in tickets]


@view_config(context=Tickets, request_method="POST", renderer="json")
def open_ticket(request):
    """Open a ticket; it watches every bug whose URL stands in its text."""
    owner = getUtility(IPersonSet).ensurePerson(request.POST["from"])
    ticket = getUtility(IBugSet).createBug(request.POST["title"], owner)
    getUtility(IBugWatchSet).fromText(request.POST["text"], ticket, owner)
    return show(ticket, request)


@view_config(context=Ticket, renderer="json")
def show(ticket, request):
    """A ticket, and how the bugs are that it hangs on."""
    return {
        "id": ticket.id,
        "title": ticket.title,
        "from": ticket.owner.email,
        "bugs": [
            {"url": watch.url, "status": watch.remotestatus, "means": watch.status.title}
            for watch in ticket.watches
        ],
        "news": list(ticket.news),
    }


@view_config(context=BadInput, renderer="json")
def refuse(error, request):
    """What malonewatch refuses, it refuses in a sentence."""
    request.response.status = 400
    return {"error": str(error)}
