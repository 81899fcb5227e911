import xmlrpc.client

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.externalbugtracker.driver import Form
from malonewatch.externalbugtracker.driver import xmlrpc as ours
from malonewatch.externalbugtracker.driver.reading import parse_xml


def answer(value):
    return parse_xml(xmlrpc.client.dumps((value,), methodresponse=True).encode())


def test_a_call_is_posted():
    ask = ours.ask("/rpc", "bug.get", [7, {"a": "b"}], ["7"])
    assert (ask.path, ask.method, ask.form, ask.ids) == ("/rpc", "POST", Form.XML, ("7",))
    assert ask.headers == {"Content-Type": "text/xml"}
    assert xmlrpc.client.loads(ask.body) == (([7, {"a": "b"}],), "bug.get")


@given(
    st.recursive(
        st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF)),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner),
        max_leaves=5,
    )
)
def test_a_value_is_a_list_a_dict_or_text(value):
    assert ours.result(answer(value)) == value


def test_whatever_else_it_is_it_is_text():
    assert ours.result(answer([7, True])) == ["7", "1"]
    assert ours.value(parse_xml(b"<value>plain</value>")) == "plain"


def test_what_went_wrong_is_told_apart():
    fault = parse_xml(xmlrpc.client.dumps(xmlrpc.client.Fault(404, "no")).encode())
    assert ours.fault(fault) == {"faultCode": "404", "faultString": "no"}
    assert ours.fault(answer("fine")) is None
    assert ours.fault(None) is None


@pytest.mark.parametrize("xml", ["<a/>", "<methodResponse><params/></methodResponse>"])
def test_an_answer_without_a_value_is_none(xml):
    with pytest.raises(LookupError):
        ours.result(parse_xml(xml.encode()))
