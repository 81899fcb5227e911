"""The simulated Debbugs, asked as nobody should."""

import pytest
from tests import asked

from malonewatch.testing.debbugs import DebbugsSimulator

ENVELOPE = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{}</e:Body></e:Envelope>'
CALL = '<get_status xmlns="Debbugs/SOAP/V1">{}</get_status>'


@pytest.fixture
def simulator():
    with DebbugsSimulator() as simulator:
        simulator.add("1")
        yield simulator


def post(simulator, body, **headers):
    """The status and the text of the answer."""
    url = f"{simulator.url}/cgi-bin/soap.cgi"
    status, _, text = asked.ask(url, body, **{"Content-Type": "text/xml", **headers})
    return status, text


@pytest.mark.parametrize(
    ("body", "headers", "why"),
    [
        (ENVELOPE.format(CALL), {"Content-Type": "text/plain"}, "must be"),
        ("Hello", {}, "deserialization"),
        (ENVELOPE.format(""), {}, "find method"),
        ("<x/>", {}, "find method"),
        (ENVELOPE.format("<get_status/>"), {}, "Denied"),
        (ENVELOPE.format(CALL), {"SOAPAction": '"other"'}, "Denied"),
        (ENVELOPE.format(CALL.replace("get_status", "get_bugs")), {}, "locate"),
        (ENVELOPE.format(CALL.format("<bug>one</bug>")), {}, "regex"),
    ],
)
def test_what_it_does_not_understand_is_a_fault(simulator, body, headers, why):
    status, text = post(simulator, body, **headers)
    assert status == 500
    assert "soap:Fault" in text
    assert why in text


@pytest.mark.parametrize(
    "arguments",
    [
        "<bug>1</bug><bug>2</bug>",
        "<bugs><item>1</item><item>1</item></bugs>",
        "<bug>1</bug>",
    ],
)
def test_numbers_come_in_an_array_or_by_themselves(simulator, arguments):
    status, text = post(simulator, ENVELOPE.format(CALL.format(arguments)))
    assert status == 200
    assert text.count("<bug_num") == 1


def test_fields_come_in_any_order(simulator):
    call = ENVELOPE.format(CALL.format("<bug>1</bug>"))
    answers = [post(simulator, call)[1] for _ in range(3)]
    assert len({tuple(sorted(text.split("<"))) for text in answers}) == 1
    assert len(set(answers)) > 1
