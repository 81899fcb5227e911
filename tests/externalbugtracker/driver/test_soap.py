import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.externalbugtracker.driver import Form, soap
from malonewatch.externalbugtracker.driver.reading import parse_xml

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def element(xml):
    return parse_xml(xml.encode())


def test_a_call_is_posted_in_an_envelope():
    ask = soap.ask("/soap.cgi", f"<get>{soap.numbers('ids', ['7', '42'])}</get>", ["7", "42"])
    assert (ask.path, ask.method, ask.form) == ("/soap.cgi", "POST", Form.XML)
    assert ask.ids == ("7", "42")
    assert ask.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert ask.headers["SOAPAction"] == '""'
    (ids,) = element(ask.body.decode()).iter("ids")
    assert [(item.tag, item.text) for item in ids] == [("item", "7"), ("item", "42")]
    assert ids.attrib["soapenc:arrayType"] == "xsd:int[2]"


@pytest.mark.parametrize(
    "xml",
    [
        "<s><one>1</one><two>2</two></s>",
        '<s xmlns="urn:some"><one>1</one><two>2</two></s>',
        (
            "<m><item><key>one</key><value>1</value></item>"
            "<item><key> two </key><value>2</value></item></m>"
        ),
    ],
)
def test_a_struct_and_a_map_are_pairs(xml):
    assert soap.texts(element(xml)) == {"one": "1", "two": "2"}


def test_a_map_in_a_map():
    xml = "<m><item><key>1</key><value><a>x</a></value></item></m>"
    assert soap.texts(soap.pairs(element(xml))["1"]) == {"a": "x"}


def test_an_item_without_a_value_is_no_pair():
    assert soap.texts(element("<m><item><key>1</key></item></m>")) == {"item": "1"}


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("<v/>", ""),
        ("<v> 42 </v>", "42"),
        ("<v><item>a</item><item>b</item></v>", "a b"),
        (f'<v {XSI} xsi:type="xsd:int">42</v>', "42"),
        (f'<v {XSI} xsi:type="xsd:base64Binary">w5w=</v>', "Ü"),
        (f'<v {XSI} xsi:type="SOAP-ENC:base64">w5\nw=</v>', "Ü"),
        (f'<v {XSI} xsi:type="xsd:base64Binary">3A==</v>', "Ü"),
        (f'<v {XSI} xsi:type="xsd:base64Binary">w</v>', "w"),
        (f'<v {XSI} other="base64">w5w=</v>', "w5w="),
    ],
)
def test_a_value_is_text(xml, text):
    assert soap.text(element(xml)) == text


@given(st.text().map(str.strip))
def test_whatever_was_put_into_base64_comes_out(text):
    xml = f'<v {XSI} xsi:type="xsd:base64Binary">{base64.b64encode(text.encode()).decode()}</v>'
    # Some old programs mark the encoding.
    assert soap.text(element(xml)) == text.removeprefix("\ufeff").strip()


def test_what_a_call_returned_is_in_the_body():
    xml = "<S:Envelope><S:Body><n:getResponse>{}</n:getResponse></S:Body></S:Envelope>"
    assert soap.result(element(xml.format("<return>42</return>"))).text == "42"
    with pytest.raises(LookupError):
        soap.result(element(xml.format("<faultstring>No</faultstring>")))


@pytest.mark.parametrize("body", ["", "<a/><b/>"])
def test_what_is_no_answer_to_a_call_returned_nothing(body):
    with pytest.raises(ValueError):
        soap.result(element(f"<S:Envelope><S:Body>{body}</S:Body></S:Envelope>"))
