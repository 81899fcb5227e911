import pytest
from zope.interface.verify import verifyObject
from zope.schema import getValidationErrors

from malonewatch.interfaces import BadInput, IPerson, IPersonSet
from malonewatch.model import Person, PersonSet


@pytest.fixture
def people():
    return PersonSet()


@pytest.fixture
def sample(people):
    return people.add(Person("sample", "Sample Person", "Sample@Example.com"))


def test_they_provide_the_interfaces(people, sample):
    verifyObject(IPersonSet, people)
    verifyObject(IPerson, sample)
    assert getValidationErrors(IPerson, sample) == []


def test_adding_returns_who_was_added(people):
    person = Person("sample", "Sample Person", "sample@example.com")
    assert people.add(person) is person
    assert person.__parent__ is people
    assert people.count() == 1


def test_by_address_whatever_its_case(people, sample):
    assert people.getByEmail("sample@EXAMPLE.com") is sample
    assert people.getByEmail("nobody@example.com") is None
    assert people.getByEmail("nobody@example.com", 42) == 42


def test_by_name(people, sample):
    assert people.getByName("sample") is sample
    assert people.getByName("nobody") is None
    assert people.getByName("nobody", 42) == 42


def test_iteration_is_by_name(people):
    for name in ("b", "c", "a"):
        people.add(Person(name, name, f"{name}@example.com"))
    assert [person.name for person in people] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("name", "email", "message"),
    [
        ("sample", "other@example.com", "named sample"),
        ("other", "SAMPLE@example.com", "another person's address"),
        ("other", "example.com", "not an e-mail address"),
        ("other", "a@b@c", "not an e-mail address"),
        ("other", "a\nb@example.com", "not an e-mail address"),
        ("other", "a@example.com\n", "not an e-mail address"),
        ("other", "a\x85b@example.com", "not an e-mail address"),
        ("other", f"{'a' * 250}@b.example", "not an e-mail address"),
        ("other", "@example.com", "not an e-mail address"),
        ("other", "a@", "not an e-mail address"),
        ("o ther", "other@example.com", "person's name"),
        ("oth\ner", "other@example.com", "person's name"),
        ("", "other@example.com", "person's name"),
        ("other", "a b@example.com", "not an e-mail address"),
        ("other", "", "not an e-mail address"),
    ],
)
def test_who_cannot_be_added(people, sample, name, email, message):
    with pytest.raises(BadInput, match=message):
        people.add(Person(name, "Other", email))
    assert list(people) == [sample]


@pytest.mark.parametrize("name", ["Two\nLines", "\x1b[31m", "", " ", "x" * 300])
def test_a_name_is_one_line(sample, name):
    with pytest.raises(BadInput, match="cannot be a name: it is one line"):
        Person("other", name, "other@example.com")
    with pytest.raises(BadInput):
        sample.displayname = name
    assert sample.displayname == "Sample Person"


def test_a_name_can_be_changed(people, sample):
    sample.displayname = "Sämple"
    assert people.getByName("sample").displayname == "Sämple"


def test_one_who_is_there_is_returned(people, sample):
    assert people.ensurePerson("sample@example.com", "Other Name") is sample
    assert sample.displayname == "Sample Person"


def test_one_who_is_not_there_is_added(people):
    person = people.ensurePerson("Jane.Doe@example.com")
    assert (person.name, person.displayname) == ("jane.doe", "Jane.Doe")
    assert people.getByName("jane.doe") is person
    assert people.ensurePerson("x@example.com", "Mister X").displayname == "Mister X"


def test_a_number_is_added_to_a_name_that_is_taken(people, sample):
    names = [
        people.ensurePerson(f"{local}@example.org").name
        for local in ("sample", "sam_ple", "ä", "ö")
    ]
    assert names == ["sample-1", "sample-2", "person", "person-1"]


def test_what_is_no_address_is_refused(people):
    with pytest.raises(BadInput, match="not an e-mail address"):
        people.ensurePerson("nobody")
    with pytest.raises(BadInput, match="not an e-mail address"):
        people.ensurePerson("no\nbody@example.com")
    assert people.count() == 0


def test_what_is_no_address_is_found_out_at_once(people):
    # By looking at it once; its length is what it costs.
    for odd in ("a" * 10**6, "@" * 10**6, "a@" * 10**6, "\n" * 10**6):
        with pytest.raises(BadInput, match="not an e-mail address") as caught:
            people.ensurePerson(odd)
        assert len(str(caught.value)) < 500
