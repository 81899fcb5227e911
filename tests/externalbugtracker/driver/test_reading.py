import codecs
import contextlib
import json
import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.externalbugtracker.driver.ask import Form
from malonewatch.externalbugtracker.driver.reading import (
    CHARSETS,
    LONE_BYTES,
    VALUES,
    VALUES_PER_BUG,
    Table,
    Unreadable,
    charset_of,
    decode,
    list_of,
    parse,
    parse_csv,
    parse_json,
    parse_xml,
    written,
)
from malonewatch.externalbugtracker.driver.reading import text_of as html_text

# JSON


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": 1}}',
        b'"\x0c"',
        b'"\xff"',
        b"[" * 10_000,
        b"<html>",
        b"[1" + b"0" * 5_000 + b"]",
    ],
)
def test_what_is_no_json_is_unreadable(body):
    with pytest.raises(Unreadable, match="should be JSON"):
        parse(body, Form.JSON, 1)


def test_json_may_have_a_byte_order_mark():
    assert parse_json('\ufeff{"a": "é"}'.encode()) == {"a": "é"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "b": 2, "a": 3}',
        b"[1.5, -0, 1e400, NaN, -Infinity, 18446744073709551616]",
        rb'["\u0000\ud83d\ude00", "half \ud800"]',
        '["é"]'.encode("utf-16"),
        b"[" * 500 + b"]" * 500,
    ],
)
def test_json_is_what_the_standard_library_takes_it_for(body):
    assert repr(parse_json(body)) == repr(json.loads(body))


def test_of_json_in_a_shape_nothing_else_is_made():
    shape = list_of(("id", "title"), ("links",))
    body = b'[{"id": 1, "more": {"a": [1]}, "links": [{"to": 2}, {}]}, {"title": null}, {}]'
    found = parse(body, Form.JSON, 1, shape=shape)
    assert found[1:] == [{"title": None}, {}]
    assert (found[0].pop("id"), list(found[0])) == (1, ["links"])
    assert parse_json(written(found[0]["links"])) == [{"to": 2}, {}]
    assert written([]) is None


@pytest.mark.parametrize(
    "body", [b'{"error": "no"}', b'[{"id": 1}, 2]', b'[{"id": "half \\ud800"}]', b"\xef\xbb\xbf[]"]
)
def test_json_in_another_shape_is_taken_as_it_comes(body):
    found = parse_json(body, list_of(("id",), ()))
    assert found == json.loads(body.decode("utf-8-sig"))


def test_what_was_not_read_may_be_unreadable():
    body = b'[{"links": ["\xff"]}]'
    (record,) = parse_json(body, list_of((), ("links",)))
    with pytest.raises(Unreadable):
        parse_json(written(record["links"]))


def test_what_people_see_of_html_is_in_one_line_without_tags():
    assert html_text("<td>\n <b>A&nbsp;&amp;</b> &lt;b&gt; <img alt='x'/>\tC</td>") == "A & <b> C"
    assert html_text("<" * 100_000 + "a < b") == "<" * 100_000 + "a < b"


def test_json_may_come_after_a_line_that_no_script_can_run():
    assert parse_json(b")]}'\n[1]") == parse_json(b")]}'\r\n\n[1]") == [1]
    for body in (b")]}'", b")]}'[1]", b")]}'\n", b")]}\n[1]"):
        with pytest.raises(Unreadable):
            parse(body, Form.JSON, 1)


# CSV

GOOD_CSV = '\ufeffid,Summary \r\n1,"Ünïcode, ""quoted"",\r\nin two lines"\r\n\r\n2,Two\r\n'.encode()


def test_a_table_has_its_records_by_the_names_in_its_first_line():
    table = parse(GOOD_CSV, Form.CSV, 2)
    assert table.names == ["id", "summary"]
    assert table == [
        {"id": "1", "summary": 'Ünïcode, "quoted",\r\nin two lines'},
        {"id": "2", "summary": "Two"},
    ]


def test_a_table_that_has_to_have_columns_is_none_without_them():
    table = Table(["id", "status"], [])
    assert table.having("id") is table
    with pytest.raises(LookupError):
        table.having("id", "summary")


def test_a_table_without_records_is_one():
    assert parse_csv(b"id,summary\n") == []


@pytest.mark.parametrize("end", range(len(GOOD_CSV)))
def test_a_table_that_was_cut_off_has_no_record_that_was_not_there(end):
    try:
        records = list(parse_csv(GOOD_CSV[:end]))
    except Unreadable:
        return
    assert records == list(parse_csv(GOOD_CSV))[: len(records)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"\n1,2\n",
        b"id,summary\n1\n",
        b"id\n1,2\n",
        b'id\n"1"2\n',
        b'id\n"1\n',
        b"id\n1",
        b"id\n" + b"x" * 200_000 + b"\n",
    ],
)
def test_what_is_no_table_is_unreadable(body):
    with pytest.raises(Unreadable):
        parse(body, Form.CSV, 1)


# XML


def text_of(xml, charset=None):
    body = xml if isinstance(xml, bytes) else xml.encode()
    return parse_xml(body, charset).findtext("b")


def test_names_keep_their_prefixes():
    root = parse(b'<s:a xmlns:s="urn:s" s:c="1"><s:b/></s:a>', Form.XML, 1)
    assert (root.tag, root.get("s:c"), root[0].tag) == ("s:a", "1", "s:b")


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("<a><b>日本é</b></a>".encode(), None),
        ("\ufeff<a><b>日本é</b></a>".encode(), None),
        ("<?xml version='1.0' encoding=\"UTF-8\"?><a><b>日本é</b></a>".encode(), None),
        ('<?xml version="1.0"?><a><b>日本é</b></a>'.encode(), "utf-8"),
        ('<?xml version="1.0" encoding="EUC-JP"?><a><b>日本é</b></a>'.encode("euc_jp"), "utf-8"),
        ("<a><b>日本é</b></a>".encode("euc_jp"), "EUC-JP"),
    ],
)
def test_a_document_is_read_in_whatever_encoding_it_is(body, charset):
    assert text_of(body, charset) == "日本é"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"<a><b>caf\xe9 \xc3\xa9 \x93x\x94</b></a>", "café é “x”"),
        (b'<?xml version="1.0" encoding="UTF-8"?><a><b>caf\xe9 \xc3\xa9</b></a>', "café é"),
        (b'<?xml version="1.0" encoding="x-none"?><a><b>caf\xe9</b></a>', "café"),
        (b"<a><b>1\x1b2\x003</b></a>", "123"),
        (b"<a><b>1\t2\n3</b></a>", "1\t2\n3"),
    ],
)
def test_what_one_text_has_that_it_should_not_spoils_no_other(body, text):
    assert text_of(body) == text


DOCTYPE = '<!DOCTYPE a SYSTEM "https://bugs.example/a.dtd">'


def test_a_document_type_is_not_looked_at_but_may_have_the_entities_of_html():
    assert text_of(f"{DOCTYPE}<a><b>1&nbsp;2&eacute;&nosuch;3&amp;</b></a>") == "1\xa02é3&"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a>",
        b"<a></b>",
        b"<a/><a/>",
        b"<a>&nbsp;</a>",
        b"<a>&#27;</a>",
        b"<a>\xef\xbf\xbf</a>",
        b"<a>\xc3(</a",
        b"{}",
        b'<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY % b SYSTEM "https://bugs.example/b"> %b;]><a/>',
        "<a/>".encode("utf-16"),
    ],
)
def test_what_is_no_xml_or_has_entities_of_its_own_is_unreadable(body):
    with pytest.raises(Unreadable):
        parse(body, Form.XML, 1)


def test_a_document_is_the_same_in_however_many_portions_it_is_read():
    text = "é" * 700_000
    assert text_of(f"<a><c>{text}</c><b>{text[:-1]}x</b></a>") == text[:-1] + "x"


def test_names_of_namespaces_make_no_other_names_longer():
    body = f'<a xmlns:p="{"u" * 100_000}">'.encode()
    body += b"".join(b"<p:b%d/>" % number for number in range(2_000)) + b"</a>"
    tracemalloc.start()
    try:
        parse(body, Form.XML, 1)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


# Tags


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (b"<a><b>caf\xc3\xa9 &lt;</b></a>", None),
        (b'<?xml version="1.0"?>\n<a><b>caf\xe9 &lt;</b></a>\n', None),
        (b'<?xml version="1.0" encoding="iso-8859-15"?><a><b>caf\xe9 &lt;</b></a>', "utf-8"),
        (b"<a><!-- <c> --><b>caf\xc3\xa9 <![CDATA[<]]></b><?p i?></a>", None),
        (f"{DOCTYPE}<a><b>caf&eacute; &lt;</b></a>".encode(), None),
        ("<a><!-- --><b>café &lt;</b></a>".encode("iso-8859-1"), "iso-8859-1"),
    ],
)
def test_tags_are_a_document_with_nothing_else_in_it(body, charset):
    assert parse(body, Form.TAGS, 1, charset).endswith("<a><b>café &lt;</b></a>")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"42",
        b"{}",
        b"<a>42",
        b"<a><!-- -->",
        b'<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>',
        b"<!-- -->" + b"<a>" * 5_000 + b"</a>" * 5_000,
    ],
)
def test_what_has_no_tags_or_more_than_tags_is_unreadable(body):
    with pytest.raises(Unreadable):
        parse(body, Form.TAGS, 1)


# Other text


def test_other_text_is_decoded():
    assert parse(b"caf\xc3\xa9", Form.TEXT, 1) == "café"
    assert parse(b"caf\xe9", Form.PAGE, 1, "iso-8859-1") == "café"


@pytest.mark.parametrize("rest", ["", "<td>Op", "<td>Open</td", "</bod"])
def test_a_page_that_was_cut_off_is_no_answer(rest):
    page = f"<!DOCTYPE html><HTML><body>{rest}".encode()
    with pytest.raises(Unreadable, match="no end"):
        parse(page, Form.PAGE, 1)
    for end in (b"</BODY>", b"</html>"):
        assert parse(page + end, Form.PAGE, 1)
    assert parse(page, Form.TEXT, 1)


@pytest.mark.parametrize(
    "charset",
    [
        *("", "x-none", "hex", "zip", "rot13", "idna", "punycode", "undefined", "a\0b", "é"),
        *("unicode_escape", "utf-7", "utf-16", "../../etc/passwd"),
    ],
)
def test_a_charset_that_no_bug_tracker_writes_in_is_not_heeded(charset):
    assert decode("café".encode(), charset) == "café"


def test_a_charset_that_bug_trackers_write_in_is_known_by_the_name_that_python_gives_it():
    for charset in CHARSETS:
        assert codecs.lookup(charset).name == charset


def test_a_charset_that_a_text_is_not_in_is_not_heeded():
    assert decode("café".encode(), "ascii") == "café"
    assert decode("café".encode("cp1252"), "utf-8") == "café"


def test_a_byte_that_nothing_is_written_with_is_replaced():
    assert decode(b"x\x81") == "x\ufffd"


def test_what_has_very_many_wrong_bytes_is_taken_for_another_encoding_as_a_whole():
    some, many = (b"\xe9. " * count for count in (LONE_BYTES - 1, LONE_BYTES))
    assert decode(some + "ü".encode()).endswith(" ü")
    assert decode(many + "ü".encode()).endswith(" Ã¼")


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/xml; charset=UTF-8", "utf-8"),
        ('text/xml; Charset="ISO-8859-1"; x=y', "iso-8859-1"),
        ("text/xml", None),
        ("text/xml; charset=", None),
        ("text/xml; charset=" + "x" * 10_000, "x" * 40),
    ],
)
def test_a_charset_is_found_in_the_content_type(content_type, charset):
    assert charset_of(content_type) == charset


# Bounds


@pytest.mark.parametrize(
    ("form", "value", "between"),
    [
        (Form.JSON, (b"[", b"[],", b"0]"), 2),
        (Form.JSON, (b"[", b"1,", b"0]"), 1),
        (Form.JSON, (b"[", b'{"a":1},', b"0]"), 2),
        (Form.CSV, (b"id\n", b"1\n", b""), 1),
        (Form.CSV, (b"id,b\n", b"1,2\n", b""), 2),
        (Form.XML, (b"<a>", b"<b/>", b"</a>"), 1),
        (Form.XML, (b"<a>", b"<b>x</b>", b"</a>"), 2),
        (Form.XML, (b"<a>", b"<b c='x'/>", b"</a>"), 2),
        (Form.XML, (b"<a ", b"b{}='' ", b"/>"), 1),
        (Form.TAGS, (b"<a>", b"<b>x</b>", b"</a>"), 2),
        (Form.TAGS, (b"<a><!-- -->", b"<b c='x'/>", b"</a>"), 2),
    ],
)
@pytest.mark.parametrize("bugs", [1, 100])
def test_an_answer_may_hold_as_many_values_as_what_was_asked_for_can_need(
    form, value, between, bugs
):
    begin, one, end = value
    most = (VALUES + VALUES_PER_BUG * bugs) // between

    def body(count):
        middle = (one.replace(b"{}", b"%d" % number) for number in range(count))
        return begin + b"".join(middle) + end

    assert parse(body(most - 5), form, bugs) is not None
    with pytest.raises(Unreadable, match="more values"):
        parse(body(most + 1), form, bugs)
    assert parse(body(most + 1), form, bugs, None, VALUES_PER_BUG + 9) is not None


@given(st.binary(max_size=300), st.sampled_from(Form), st.none() | st.text(max_size=10))
def test_any_bytes_are_a_value_or_unreadable(body, form, charset):
    with contextlib.suppress(Unreadable):
        parse(body, form, 1, charset)


PIECES = {
    Form.JSON: ['{"a":', "[", "]", "}", ",", '"', "\\ud800", "1e999", "NaN", "\\u0000"],
    Form.XML: ["<a>", "</a>", "<a ", "='1'", "<![CDATA[", "]]>", "&lt;", "&#0;", "<!--", DOCTYPE],
    Form.CSV: ["id", ",", "\n", '"', '""', "\r", "\0", "\ufeff"],
}


@pytest.mark.parametrize("form", PIECES)
@given(seed=st.integers(0, 2**32))
def test_any_pieces_of_a_form_are_a_value_or_unreadable(form, seed):
    dice = random.Random(seed)
    body = "".join(dice.choices(PIECES[form], k=dice.randrange(30))).encode()
    try:
        value = parse(body, form, 1)
    except Unreadable:
        return
    if form is Form.JSON:
        json.dumps(value)
