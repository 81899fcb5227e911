"""What the OpenAPI document says: the operations, and whether a request is as it has to be."""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from importlib import resources
from typing import Any, NamedTuple

import yaml
from jsonschema import Draft202012Validator
from jsonschema_path import SchemaPath
from openapi_core import V31ResponseValidator
from openapi_core.unmarshalling.request import V31RequestUnmarshaller
from pyramid_openapi3.wrappers import PyramidOpenAPIRequest, PyramidOpenAPIResponse

TEXT = (resources.files(__package__) / "openapi.yaml").read_bytes()

#: The document.  Its form is held by a test.
DOCUMENT: Mapping[str, Any] = yaml.load(TEXT, getattr(yaml, "CSafeLoader", yaml.SafeLoader))

#: What stands for a number in a path.
_NUMBER = "{{{}:0*[1-9][0-9]{{0,17}}}}"


def read_json(body: bytes) -> Any:
    """What a body says; a number without a fraction is whole, however it is written.

    :raises ValueError: it is not JSON, which has nothing that is no number.
    :raises RecursionError: too much is nested.
    """
    return json.loads(body, parse_float=_number, parse_constant=_no_number)


def _number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number.")


class Given(NamedTuple):
    """What a request says beside its path: the parameters, and the body as JSON has it."""

    query: Mapping[str, Any]
    body: Any


class _Parameter(NamedTuple):
    """A parameter of a query: whether there has to be one, of which type it is, and what it may
    be."""

    is_required: bool
    type: str
    is_time: bool
    validator: Any

    @classmethod
    def of(cls, definition: Mapping[str, Any]) -> "_Parameter":
        schema = definition["schema"]
        if "$ref" in schema:
            schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        is_time = schema.get("format") == "date-time"
        is_required = definition.get("required", False)
        return cls(is_required, schema["type"], is_time, Draft202012Validator(schema))

    def read(self, text: str) -> Any:
        """What is meant.

        :raises ValueError: it is not as it has to be; its text is a sentence.
        """
        value: Any = text
        if self.type == "integer":
            if re.fullmatch("-?[0-9]{1,18}", text) is None:
                raise ValueError(f"{text[:40]!r} is not a whole number.")
            value = int(text)
        for error in self.validator.iter_errors(value):
            raise ValueError(error.message[:200])
        return _moment(text) if self.is_time else value


#: A moment, as RFC 3339 has it: up to the second, parts of it, and the time zone.
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE | re.ASCII
)


def _moment(text: str) -> datetime:
    """The moment that is meant, in UTC.

    :raises ValueError: it is none, or cannot be told in UTC; its text is a sentence.
    """
    found = _MOMENT.fullmatch(text)
    try:
        if found is not None:
            second, parts, zone = found.groups(default=".")
            offset = "+00:00" if zone in "Zz" else zone
            given = f"{second.upper()}.{parts[1:7]:0<6}{offset}"
            return datetime.fromisoformat(given).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        # There is no such day, or it is not in a year that can be written.
        pass
    raise ValueError(f"{text[:40]!r} is no time such as 2024-01-31T12:00:00Z.")


def _is_moment(value: Any) -> bool:
    try:
        _as_moment(value)
    except ValueError:
        return False
    return True


def _as_moment(value: Any) -> Any:
    """The same of a value that may be something else, to which no format applies."""
    return _moment(value) if isinstance(value, str) else value


class Operation:
    """An operation: where it is, what it is called, and the status of its success."""

    def __init__(self, path: str, method: str) -> None:
        self.path = path
        self.method = method
        self._item = DOCUMENT["paths"][path]
        definition = self._item[method]
        self.name: str = definition["operationId"]
        self.status = next(int(status) for status in definition["responses"] if status[0] == "2")
        self.takes_body = "requestBody" in definition
        parameters = list(self._parameters(definition))
        self._query = {
            each["name"]: _Parameter.of(each) for each in parameters if each["in"] == "query"
        }
        self.takes_key = any(each["name"] == "Idempotency-Key" for each in parameters)

    @property
    def pattern(self) -> str:
        """The path as Pyramid has it; where a number stands, nothing else matches."""
        pattern = self.path
        for each in self._parameters(self._item):
            if each["schema"].get("$ref", "").endswith("/Number"):
                pattern = pattern.replace(f"{{{each['name']}}}", _NUMBER.format(each["name"]))
        return pattern

    @staticmethod
    def _parameters(of: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        shared = DOCUMENT["components"]["parameters"]
        for each in of.get("parameters", ()):
            yield shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each

    @functools.cached_property
    def _specification(self) -> SchemaPath:
        # Nothing but this operation: who may do it is seen to elsewhere, and a
        # search through all paths takes longer than most requests.
        definition = dict(self._item[self.method])
        definition.pop("security")
        item = {"parameters": self._item.get("parameters", []), self.method: definition}
        return SchemaPath.from_dict(
            {**DOCUMENT, "servers": [{"url": "/"}], "paths": {self.path: item}}
        )

    @functools.cached_property
    def _requests(self) -> Any:
        return V31RequestUnmarshaller(
            self._specification,
            extra_media_type_deserializers={"application/json": read_json},
            extra_format_validators={"date-time": _is_moment},
            extra_format_unmarshallers={"date-time": _as_moment},
        )

    @functools.cached_property
    def _answers(self) -> Any:
        return V31ResponseValidator(self._specification)

    def read_query(self, query: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """What a query says, and, by parameter, what is wrong with it.

        openapi-core, which reads the rest, takes longer for a query than most
        requests take for all.
        """
        values: dict[str, Any] = {}
        wrong = {name: "There is no such parameter." for name in query if name not in self._query}
        for name, parameter in self._query.items():
            text = query.get(name)
            if text is None:
                if parameter.is_required:
                    wrong[name] = "It has to be there."
                continue
            try:
                values[name] = parameter.read(text)
            except ValueError as error:
                wrong[name] = str(error)
        return values, wrong

    def read_body(self, request: Any) -> tuple[Any, list[Exception]]:
        """What a body says, and how the request is not as the document has it."""
        found = self._requests.unmarshal(_Request(request, self))
        return found.body, found.errors

    def faults(self, request: Any, response: Any) -> list[Exception]:
        """How an answer is not as the document has it."""
        asked, answered = _Request(request, self), PyramidOpenAPIResponse(response)
        return list(self._answers.iter_errors(asked, answered))


class _Request(PyramidOpenAPIRequest):
    """A request as openapi-core has it, wherever the application is mounted."""

    def __init__(self, request: Any, operation: Operation) -> None:
        super().__init__(request)
        self._operation = operation

    @property
    def path_pattern(self) -> str:
        return self._operation.path

    @property
    def method(self) -> str:
        # HEAD is a GET.
        return self._operation.method


#: The operations by path and method.
OPERATIONS: dict[str, dict[str, Operation]] = {
    path: {method: Operation(path, method) for method in item if method != "parameters"}
    for path, item in DOCUMENT["paths"].items()
}
