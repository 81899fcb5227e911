"""The OpenAPI document is one, and tells of our values what they are."""

import dataclasses
import importlib
import pkgutil

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

import malonewatch.application
from malonewatch import interfaces
from malonewatch.web.rest.document import DOCUMENT, OPERATIONS

SCHEMAS = DOCUMENT["components"]["schemas"]
#: What is joined with what stands first in it.
JOINED = {
    "Explanation": "Knowledge",
    "TrackerDetails": "TrackerFacts",
    "WatchDetails": "WatchFacts",
}
#: What the answers of REST alone have.
OWN = {
    *("AcceptedChanges", "BugChange", "Checked", "Line", "Mappings", "Number", "Problem"),
    *("RegisteredTracker", "TrackerChange"),
}


def test_it_is_as_openapi_has_it():
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def values():
    """All dataclasses, named tuples and enumerations of ours, by name."""
    package = malonewatch.application
    modules = [interfaces]
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        modules.append(importlib.import_module(module.name))
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and not (name == "Target" and module is not interfaces)
    }


def fields(value):
    if dataclasses.is_dataclass(value):
        return [field.name for field in dataclasses.fields(value)]
    return list(value._fields)


@pytest.mark.parametrize("name", sorted(SCHEMAS.keys() - OWN))
def test_its_schemas_are_those_of_our_values(name):
    found, schema = values(), SCHEMAS[name]
    value = found[name]
    if "enum" in schema:
        assert schema["enum"] == [member.name for member in value]
        return
    names = fields(value)
    if name in JOINED:
        names = [*fields(found[JOINED[name]]), *names[1:]]
    assert list(schema["properties"]) == names
    assert schema["required"] == names


def test_each_path_that_has_a_number_in_it_is_for_numbers():
    assert OPERATIONS["/watches/{watch}"]["get"].pattern.startswith("/watches/{watch:")
    assert OPERATIONS["/trackers/{tracker}"]["get"].pattern == "/trackers/{tracker}"
