"""People who may log in, for who administers the site."""

from typing import Any

from malonewatch.application import people
from malonewatch.interfaces import BadInput, Role
from malonewatch.web.database import RequestDatabase
from malonewatch.web.forms import choice, secret, text
from malonewatch.web.page import action, done, page, shown
from malonewatch.web.resources import People
from malonewatch.web.security import ADMINISTER
from malonewatch.wording import count_of


@page(People, "people", permission=ADMINISTER)
def listed(context: People, request: Any) -> dict[str, Any]:
    """The people, and what they may do."""
    return shown(
        request,
        "People",
        people=people.list_people(RequestDatabase()),
        roles=list(Role),
    )


@action(People, "add", ADMINISTER)
def add(context: People, request: Any) -> Any:
    """Let somebody be known, with a password if there is one."""
    fields, database = request.POST, RequestDatabase()
    role, password = choice(fields, "role", Role), secret(fields, "password")
    added = people.add(database, text(fields, "name"), text(fields, "email"), role)
    if password:
        people.set_password(database, added.name, password)
    return done(request, [f"{added.name} has the role {role.value}."], "people")


@action(People, "edit", ADMINISTER)
def edit(context: People, request: Any) -> Any:
    """Change somebody's address and role."""
    fields, role = request.POST, choice(request.POST, "role", Role)
    name, email = text(fields, "name"), text(fields, "email")
    changed = people.edit(RequestDatabase(), name, email, role)
    return done(request, [f"{changed.name} has the role {role.value}."], "people")


@action(People, "password", ADMINISTER)
def give_password(context: People, request: Any) -> Any:
    """Give somebody another password."""
    name, password = text(request.POST, "name"), secret(request.POST, "password")
    changed = people.set_password(RequestDatabase(), name, password)
    return done(request, [f"{changed.name} has that password now."], "people")


@action(People, "enable", ADMINISTER)
def enable(context: People, request: Any) -> Any:
    """Let somebody log in again."""
    changed = people.enable(RequestDatabase(), text(request.POST, "name"))
    return done(request, [f"{changed.name} may log in again."], "people")


@action(People, "disable", ADMINISTER)
def disable(context: People, request: Any) -> Any:
    """Let somebody log in no more."""
    gone = people.disable(RequestDatabase(), _of_another(request))
    told = f"{gone.account.name} may not log in any more; {_tokens(gone)}."
    return done(request, [told], "people")


@page(People, "confirm", "remove", permission=ADMINISTER)
def ask_remove(context: People, request: Any) -> dict[str, Any]:
    """Ask whether somebody is to be forgotten."""
    found = people.find(RequestDatabase(), request.GET.get("name", ""))
    return shown(
        request,
        f"Forget {found.name}?",
        sentence="Sessions of the person end, and tokens are revoked; subscriptions stay.",
        button="Forget the person",
        back=("people",),
    )


@action(People, "remove", ADMINISTER)
def remove(context: People, request: Any) -> Any:
    """Forget somebody."""
    # The page that asks has it in its address.
    gone = people.remove(RequestDatabase(), _of_another(request))
    return done(request, [f"Forgot {gone.account.name}; {_tokens(gone)}."], "people")


def _of_another(request: Any) -> str:
    """Whom a form names, unless it is who sends it.

    :raises BadInput: it is.
    """
    name = text(request.params, "name")
    if name.lower() == str(request.authenticated_userid).lower():
        raise BadInput("Nobody shuts the door on oneself; let another administrator do so.")
    return name


def _tokens(gone: people.Removed) -> str:
    return f"{count_of(gone.tokens, 'token')} revoked"
