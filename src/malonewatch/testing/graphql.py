"""As much of GraphQL as a simulated server needs to answer queries.

From https://spec.graphql.org/October2021/: queries with variables, fields with aliases and
arguments, named fragments, unions.  There are no mutations, directives and inline fragments.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_TOKEN = re.compile(r'\s*(?:(?P<word>[_A-Za-z]\w*)|(?P<value>-?\d+|"[^"\\]*")|(?P<sign>\.\.\.|\S))')

#: What fields the types have, by name, and of which type each is; None where it has no fields.
#: A type that is called ``A|B`` is a union of those; one whose fields each of them has is an
#: interface of theirs.
Schema = Mapping[str, Mapping[str, str | None]]


class GraphQLError(Exception):
    """Why a query is refused."""


class Field(NamedTuple):
    """A field that is asked for, of that `type`, whose value the answer has under `key`.

    `on` is the type that it is a field of, where that is one of a union.
    """

    key: str
    name: str
    arguments: Mapping[str, Any]
    type: str | None
    fields: "list[Field]"
    on: str | None = None


def parse(text: str, variables: Mapping[str, Any], schema: Schema) -> list[Field]:
    """The fields that a query asks for of the type ``Query``.

    :raises GraphQLError: it is none, or asks for what the schema has not.
    """
    return _Parser(text, variables, schema).document()


class _Parser:
    def __init__(self, text: str, variables: Mapping[str, Any], schema: Schema) -> None:
        self.tokens = [found[found.lastgroup or 0] for found in _TOKEN.finditer(text.strip())]
        self.tokens.append("")
        self.at = 0
        self.variables = variables
        self.schema = schema
        #: By name, what they are on and where they begin.
        self.fragments: dict[str, tuple[str, int]] = {}
        self.used: set[str] = set()

    def document(self) -> list[Field]:
        start = None
        while not self.take(""):
            if self.take("fragment"):
                name, _, of = (self.next() for _ in range(3))
                self.fragments[name] = of, self.at
            else:
                start = self.operation()
            self.skip("{", "}")
        if start is None:
            raise GraphQLError("there is no operation in it")
        fields = self.selection("Query", start)
        for name in self.fragments.keys() - self.used:
            raise GraphQLError(f"Fragment {name} was defined, but not used")
        return fields

    def operation(self) -> int:
        if self.take("query") and self.tokens[self.at] == "(":
            self.skip("(", ")")
        if self.tokens[self.at] != "{":
            raise GraphQLError(f"syntax error, unexpected {self.tokens[self.at]!r}")
        return self.at

    def next(self) -> str:
        self.at += 1
        if self.at == len(self.tokens):
            raise GraphQLError("syntax error, unexpected end of file")
        return self.tokens[self.at - 1]

    def take(self, token: str) -> bool:
        found = self.tokens[self.at] == token
        self.at += found
        return found

    def skip(self, opening: str, closing: str) -> None:
        """Go on after the end of what is in brackets."""
        depth = 0
        while True:
            token = self.next()
            depth += (token == opening) - (token == closing)
            if depth == 0:
                return

    def selection(self, type: str, start: int) -> list[Field]:
        """The fields of a type that are asked for in the brackets at `start`."""
        back, self.at = self.at, start + 1
        found: list[Field] = []
        while not self.take("}"):
            if self.take("..."):
                name = self.next()
                of, where = self.fragments.get(name, ("", 0))
                if of not in type.split("|") and not self.is_interface(of, type):
                    raise GraphQLError(f"Fragment {name} cannot be spread inside {type}")
                self.used.add(name)
                on = of if of in type.split("|") and of != type else None
                found += [field._replace(on=on) for field in self.selection(of, where)]
            else:
                found.append(self.field(type))
        self.at = back
        return found

    def is_interface(self, of: str, type: str) -> bool:
        """Whether all of which a union is have the fields of another type."""
        fields = self.schema.get(of, {}).items()
        return bool(fields) and all(fields <= self.schema[each].items() for each in type.split("|"))

    def field(self, type: str) -> Field:
        key = name = self.next()
        if self.take(":"):
            name = self.next()
        if name not in self.schema.get(type, {}):
            raise GraphQLError(f"Field '{name}' doesn't exist on type '{type}'")
        arguments = {}
        if self.take("("):
            while not self.take(")"):
                argument = self.next()
                self.take(":")
                arguments[argument] = self.value()
                self.take(",")
        of = self.schema[type][name]
        if (of is None) == (self.tokens[self.at] == "{"):
            raise GraphQLError(f"Field must have selections (field '{name}'), or must have none")
        fields = []
        if of is not None:
            start = self.at
            self.skip("{", "}")
            fields = self.selection(of, start)
        return Field(key, name, arguments, of, fields)

    def value(self) -> Any:
        if self.take("$"):
            return self.variables[self.next()]
        if self.take("["):
            found = []
            while not self.take("]"):
                found.append(self.value())
                self.take(",")
            return found
        token = self.next()
        is_name = token.isidentifier() and token not in ("true", "false", "null")
        return token if is_name else json.loads(token)


def pick(value: Any, fields: list[Field]) -> Any:
    """What an answer has of `value`: a dict by fields' names, a list of such, or None.

    What is a function is called with the arguments; what is of a union says of which type it
    is as ``__typename``.
    """
    if isinstance(value, list):
        return [pick(each, fields) for each in value]
    if value is None or not fields:
        return value
    found = {}
    for field in fields:
        if field.on not in (None, value.get("__typename")):
            continue
        here = value[field.name]
        if callable(here):
            here = here(**field.arguments)
        found[field.key] = pick(here, field.fields)
    return found
