"""What the schemas say can be set, and nothing else."""

import pytest
from zope.schema import getFieldsInOrder

from malonewatch.interfaces import IBug, IBugTracker, IBugWatch, IPerson


@pytest.fixture(params=[IBug, IBugTracker, IBugWatch, IPerson])
def thing(request, bug, tracker, watch, owner):
    """(interface, an object that provides it)."""
    things = {IBug: bug, IBugTracker: tracker, IBugWatch: watch, IPerson: owner}
    return request.param, things[request.param]


def test_what_is_read_only_cannot_be_set(thing):
    interface, found = thing
    names = [name for name, field in getFieldsInOrder(interface) if field.readonly]
    assert names
    for name in names:
        value = getattr(found, name)
        with pytest.raises(AttributeError):
            setattr(found, name, value)
        assert getattr(found, name) == value


def test_the_rest_can_be_set(thing):
    interface, found = thing
    names = [name for name, field in getFieldsInOrder(interface) if not field.readonly]
    assert names
    for name in names:
        setattr(found, name, getattr(found, name))
