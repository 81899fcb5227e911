"""The little GraphQL that simulators speak."""

import pytest

from malonewatch.testing.graphql import GraphQLError, parse, pick

SCHEMA = {
    "Query": {"smith": "Smith", "weather": None},
    "Smith": {"name": None, "anvils": "Anvil"},
    "Anvil": {"weight": None},
}


def smith(id):
    return {"name": f"Smith {id}", "anvils": [{"weight": 7}, {"weight": 9}]}


WORLD = {"weather": "fair", "smith": smith}


def run(query, **variables):
    return pick(WORLD, parse(query, variables, SCHEMA))


def test_a_query_gets_the_fields_that_it_names():
    assert run("{weather smith(id: 3) {name}}") == {"weather": "fair", "smith": {"name": "Smith 3"}}


def test_fields_have_aliases_and_arguments_are_variables():
    found = run(
        "query($one: ID!, $two: ID!) {a: smith(id: $one) {name} b: smith(id: $two) {n: name}}",
        one="1",
        two="2",
    )
    assert found == {"a": {"name": "Smith 1"}, "b": {"n": "Smith 2"}}


def test_a_fragment_stands_for_its_fields_wherever_it_is():
    heavy = "fragment Heavy on Anvil {weight}"
    wanted = {"smith": {"anvils": [{"weight": 7}, {"weight": 9}], "name": "Smith 1"}}
    query = 'query {smith(id: "1") {anvils {...Heavy} name}}'
    assert run(f"{query} {heavy}") == wanted
    assert run(f"{heavy} {query}") == wanted


def test_what_is_not_there_has_no_fields():
    assert pick({"smith": None}, parse("{smith {name}}", {}, SCHEMA)) == {"smith": None}


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("{cobbler}", "Field 'cobbler' doesn't exist on type 'Query'"),
        ("{smith(id: 1)}", "must have selections"),
        ("{weather {name}}", "must have none"),
        ("{smith(id: 1) {...Heavy}} fragment Heavy on Anvil {weight}", "inside Smith"),
        ("{smith(id: 1) {...Light}}", "inside Smith"),
        ("{weather} fragment Heavy on Anvil {weight}", "not used"),
        ("fragment Heavy on Anvil {weight}", "no operation"),
        ("mutation {weather}", "unexpected 'mutation'"),
        ("{weather", "end of file"),
        ("", "no operation"),
    ],
)
def test_what_makes_no_sense_is_refused(query, why):
    with pytest.raises(GraphQLError, match=why):
        run(query)
