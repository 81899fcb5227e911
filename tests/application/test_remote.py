import importlib
import pkgutil

import pytest

import malonewatch.application
from malonewatch.application import tokens, watches
from malonewatch.application.remote import marked, name_of, scope_of
from malonewatch.interfaces import Scope

#: What touches the server's own files or processes.
LOCAL = {"database", "delivering", "scanning"}


@pytest.fixture(autouse=True)
def loaded():
    for module in pkgutil.walk_packages(
        malonewatch.application.__path__, "malonewatch.application."
    ):
        importlib.import_module(module.name)


def test_functions_say_what_it_takes_to_use_them_from_elsewhere():
    assert scope_of(watches.show) is Scope.READ
    assert scope_of(watches.unwatch) is Scope.WATCH
    assert scope_of(tokens.issue) is Scope.ADMIN
    with pytest.raises(KeyError):
        scope_of(watches._watch)


def test_they_are_found_by_name():
    functions = marked()
    assert functions["watches.show"] is watches.show
    assert functions["explaining.explain_watch"].__module__ == "malonewatch.application.explaining"
    assert all(name_of(function) == name for name, function in functions.items())


def test_what_touches_the_servers_own_files_is_not_among_them():
    assert not {name.partition(".")[0] for name in marked()} & LOCAL
