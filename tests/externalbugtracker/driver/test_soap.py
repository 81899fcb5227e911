import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.externalbugtracker.driver import Form, soap
from malonewatch.externalbugtracker.driver.reading import parse_xml

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def test_a_call_is_posted_in_an_envelope():
    ask = soap.ask("/soap.cgi", f"<get>{soap.numbers('ids', ['7', '42'])}</get>", ["7", "42"])
    assert (ask.path, ask.method, ask.form) == ("/soap.cgi", "POST", Form.TAGS)
    assert ask.ids == ("7", "42")
    assert ask.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert ask.headers["SOAPAction"] == '""'
    (ids,) = parse_xml(ask.body).iter("ids")
    assert [(item.tag, item.text) for item in ids] == [("item", "7"), ("item", "42")]
    assert ids.attrib["soapenc:arrayType"] == "xsd:int[2]"


ANSWER = "<S:Envelope><S:Body>{}</S:Body></S:Envelope>"


def test_what_a_call_returned_is_in_the_body():
    answer = ANSWER.format("<n:getResponse x='y'><return>42</return></n:getResponse>")
    assert str(soap.result(answer, "get")) == "42"
    assert str(soap.result(ANSWER.format("<getResponse><r/></getResponse>"), r"\w+")) == ""


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<a/><b/>",
        "<getResponse/>",
        "<getResponse>42</getResponse>",
        "<putResponse><return>42</return></putResponse>",
        "<Fault><faultstring>No</faultstring></Fault>",
        "<getResponse><return>42",
    ],
)
def test_what_is_no_answer_to_a_call_returned_nothing(body):
    with pytest.raises((LookupError, ValueError)):
        soap.result(ANSWER.format(body), "get")


@pytest.mark.parametrize(
    ("xml", "items"),
    [
        ("", []),
        ("<item>a</item>\n<item x='y'>b</item>", ["a", "b"]),
        ("<item><a><item>1</item><item/></a></item>", ["<a><item>1</item><item/></a>"]),
    ],
)
def test_an_array_has_items_which_may_have_others(xml, items):
    assert [*map(str, soap.Part(xml).items())] == items


@pytest.mark.parametrize("xml", ["42", "<a/>", "<item>a</item>b", "b<item>a</item>", "<item>"])
def test_where_there_is_something_beside_the_items_there_is_no_array(xml):
    with pytest.raises(ValueError, match="beside"):
        [*soap.Part(xml).items()]


def test_a_map_has_keys_with_values():
    xml = (
        "<item><key>one</key><value><item><key>a</key><value>b</value></item></value></item>"
        "<item x='y'>\n<key> two </key>\n<value x='y'>2</value>\n</item>"
        "<item><key>3</key><value/></item>"
    )
    found = {key: str(value) for key, value in soap.Part(xml).pairs()}
    assert found == {"one": "<item><key>a</key><value>b</value></item>", "two": "2", "3": ""}


def test_an_item_without_a_value_is_no_pair():
    with pytest.raises(ValueError, match="pair"):
        [*soap.Part("<item><key>1</key></item>").pairs()]


def test_what_is_inside_of_an_element_is_found_by_its_name():
    whole = soap.Part("<ab>0</ab><a x='y'><b>1 &lt; 2</b></a><a>2</a><c/><d />")
    assert str(whole.inside("a")) == "<b>1 &lt; 2</b>"
    assert whole.inside("a").text("b") == "1 < 2"
    assert [str(whole.inside(name)) for name in "cd"] == ["", ""]
    for name in ("x", "ab>0<"):
        with pytest.raises(LookupError):
            whole.inside(name)


@pytest.mark.parametrize(
    "xml",
    [
        "<one>1</one><two>2</two><more><item>a</item><item>b</item></more><no/>",
        (
            "<item><key>one</key><value>1</value></item>"
            "<item><key> two </key><value>2</value></item>"
            "<item><key>more</key><value>a b</value></item><item><key>no</key><value/></item>"
        ),
    ],
)
@pytest.mark.parametrize("names", [("one",), ("one", "two", "three", "no"), ("id",)])
def test_a_struct_and_a_map_have_fields_whichever_are_wanted_first(xml, names):
    struct = soap.Struct(soap.Part(xml), soap.wanted(*names), id="5")
    assert struct["id"] == "5"
    assert struct["two"] == "2"
    assert "three" not in struct
    assert struct == {"one": "1", "two": "2", "more": "a b", "no": "", "id": "5"}
    assert len(struct) == 5


def test_a_struct_has_no_field_that_has_fields():
    struct = soap.Struct(soap.Part("<a><b>1</b></a><c>2</c>"), soap.wanted("a", "c"))
    assert "a" not in struct
    assert struct["c"] == "2"


def value(xml):
    return soap.Struct(soap.Part(xml), soap.wanted("v"))["v"]


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("<v/>", ""),
        ("<v  />", ""),
        ("<v> 42 </v>", "42"),
        ("<v>1 &lt; 2 &#38; &quot;3&quot;</v>", '1 < 2 & "3"'),
        ("<v><item>a</item>\n<item x='y'>b</item><item/><item></item></v>", "a b"),
        ("<v><item><key>a</key><value>b</value></item></v>", "a b"),
        ("<v><item><key>a</key><value/></item><item><key>b</key></item></v>", "a"),
        (f'<v {XSI} xsi:type="xsd:int">42</v>', "42"),
        (f'<v {XSI} xsi:type="xsd:base64Binary">w5w=</v>', "Ü"),
        (f'<v {XSI} xsi:type="SOAP-ENC:base64">w5\nw=</v>', "Ü"),
        (f'<v {XSI} xsi:type="xsd:base64Binary">3A==</v>', "Ü"),
        (f'<v {XSI} xsi:type="xsd:base64Binary">w</v>', "w"),
        (f'<v {XSI} other="base64">w5w=</v>', "w5w="),
        ('<v><item x:type="base64">w5w=</item><item>b</item></v>', "Ü b"),
    ],
)
def test_a_value_is_text(xml, text):
    assert value(xml) == text


@given(st.text().map(str.strip))
def test_whatever_was_put_into_base64_comes_out(text):
    encoded = base64.b64encode(text.encode()).decode()
    # Some old programs mark the encoding.
    text = text.removeprefix("\ufeff").strip()
    assert value(f'<v x:type="xsd:base64Binary">{encoded}</v>') == text


PIECES = ["<item>", "<v", "<v>", "<v ", "</item>", " ", "&", "<item><key></key><value>", "<a><v>"]


@pytest.mark.parametrize("begin", ["", "<v>", "<item><key>v</key><value>"])
@pytest.mark.parametrize("piece", PIECES)
def test_an_answer_is_looked_at_in_little_time_whatever_it_repeats(begin, piece):
    xml = soap.Part(begin + piece * 50_000)
    for read in (xml.items, xml.pairs, lambda: soap.Struct(xml, soap.wanted("v"))):
        with contextlib.suppress(ValueError):
            [*read()]
