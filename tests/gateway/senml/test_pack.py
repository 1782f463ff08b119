"""Packs against RFC 8428: its own examples resolved, both directions, the version rule, and everything it forbids.

The examples are those of RFC 8428 §5.1 and §7 (Jennings, Shelby, Arkko, Keränen, Bormann; IETF Trust).
"""

from __future__ import annotations

import contextlib
import json
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import SenMLError
from gateway.senml import pack, syntax
from gateway.senml.pack import Record, Resolver, decode_json, decode_xml, encode_json, encode_xml, to_element
from gateway.senml.units import PRIMARY_UNITS, is_registered, is_secondary, to_primary

NOW = 1_700_000_000
OW = "urn:dev:ow:10e2073a01080063"


def xml_of(text: str) -> str:
    """Write a JSON pack's records as RFC 8428 §7 does, attribute by attribute."""
    root = ElementTree.Element("sensml", {"xmlns": syntax.NAMESPACE})
    for fields in json.loads(text):
        texts = {label: json.dumps(field) if not isinstance(field, str) else field for label, field in fields.items()}
        ElementTree.SubElement(root, "senml", texts)
    return ElementTree.tostring(root, encoding="unicode")


MULTIPLE_MEASUREMENTS = (  # time after 1320067464, unit, value
    (0, "%RH", 20),
    (0, "lon", 24.30621),
    (0, "lat", 60.07965),
    (60, "%RH", 20.3),
    (60, "lon", 24.30622),
    (60, "lat", 60.07965),
    (120, "%RH", 20.7),
    (120, "lon", 24.30623),
    (120, "lat", 60.07966),
    (150, "%EL", 98),
    (180, "%RH", 21.2),
    (180, "lon", 24.30628),
    (180, "lat", 60.07967),
)

EXAMPLES = {
    "5.1.1 single data point": (
        '[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]',
        (Record(OW, NOW, 23.1, "Cel"),),
    ),
    "5.1.2 multiple data points, now": (
        '[{"bn":"urn:dev:ow:10e2073a01080063:","n":"voltage","u":"V","v":120.1},{"n":"current","u":"A","v":1.2}]',
        (Record(f"{OW}:voltage", NOW, 120.1, "V"), Record(f"{OW}:current", NOW, 1.2, "A")),
    ),
    "5.1.2 the previous five seconds": (
        '[{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,'
        '"n":"voltage","u":"V","v":120.1},{"n":"current","t":-5,"v":1.2},{"n":"current","t":-4,"v":1.3},'
        '{"n":"current","t":-3,"v":1.4},{"n":"current","t":-2,"v":1.5},{"n":"current","t":-1,"v":1.6},'
        '{"n":"current","v":1.7}]',
        (
            *(
                Record("urn:dev:ow:10e2073a0108006:current", 1276020076.001 - ago, value, "A")
                for ago, value in ((5, 1.2), (4, 1.3), (3, 1.4), (2, 1.5), (1, 1.6))
            ),
            Record("urn:dev:ow:10e2073a0108006:voltage", 1276020076.001, 120.1, "V"),
            Record("urn:dev:ow:10e2073a0108006:current", 1276020076.001, 1.7, "A"),
        ),
    ),
    "5.1.2 stream": (
        '[{"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":21.2},{"t":10,"v":21.3},'
        '{"t":20,"v":21.4},{"t":30,"v":21.4},{"t":40,"v":21.5},{"t":50,"v":21.5},{"t":60,"v":21.5},'
        '{"t":70,"v":21.6},{"t":80,"v":21.7}]',
        tuple(
            Record(OW, 1320067464 + 10 * i, value, "%RH")
            for i, value in enumerate((21.2, 21.3, 21.4, 21.4, 21.5, 21.5, 21.5, 21.6, 21.7))
        ),
    ),
    "5.1.3 multiple measurements": (
        '[{"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":20},{"u":"lon","v":24.30621},'
        '{"u":"lat","v":60.07965},{"t":60,"v":20.3},{"u":"lon","t":60,"v":24.30622},{"u":"lat","t":60,"v":60.07965},'
        '{"t":120,"v":20.7},{"u":"lon","t":120,"v":24.30623},{"u":"lat","t":120,"v":60.07966},'
        '{"u":"%EL","t":150,"v":98},{"t":180,"v":21.2},{"u":"lon","t":180,"v":24.30628},'
        '{"u":"lat","t":180,"v":60.07967}]',
        tuple(Record(OW, 1320067464 + t, value, unit) for t, unit, value in MULTIPLE_MEASUREMENTS),
    ),
    "5.1.4 resolved data": (
        json.dumps(
            [{"n": OW, "u": unit, "t": 1.320067464e09 + t, "v": value} for t, unit, value in MULTIPLE_MEASUREMENTS]
        ),
        tuple(Record(OW, 1320067464 + t, value, unit) for t, unit, value in MULTIPLE_MEASUREMENTS),
    ),
    "5.1.5 multiple data types": (
        '[{"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1},{"n":"label","vs":"Machine Room"},'
        '{"n":"open","vb":false},{"n":"nfc-reader","vd":"aGkgCg"}]',
        (
            Record(f"{OW}:temp", NOW, 23.1, "Cel"),
            Record(f"{OW}:label", NOW, "Machine Room"),
            Record(f"{OW}:open", NOW, False),
            Record(f"{OW}:nfc-reader", NOW, b"hi \n"),
        ),
    ),
    "5.1.6 collection of resources": (
        '[{"bn":"2001:db8::2/","bt":1.320078429e+09,"n":"temperature","u":"Cel","v":25.2},'
        '{"n":"humidity","u":"%RH","v":30},{"bn":"2001:db8::1/","n":"temperature","u":"Cel","v":12.3},'
        '{"n":"humidity","u":"%RH","v":67}]',
        (
            Record("2001:db8::2/temperature", 1320078429, 25.2, "Cel"),
            Record("2001:db8::2/humidity", 1320078429, 30, "%RH"),
            Record("2001:db8::1/temperature", 1320078429, 12.3, "Cel"),
            Record("2001:db8::1/humidity", 1320078429, 67, "%RH"),
        ),
    ),
    "5.1.7 thermostat": (
        '[{"bn":"urn:dev:ow:10e2073a01080063:"},{"n":"temp","u":"Cel","v":23.1},{"n":"heat","u":"/","v":1},'
        '{"n":"fan","u":"/","v":0}]',
        (
            Record(f"{OW}:temp", NOW, 23.1, "Cel"),
            Record(f"{OW}:heat", NOW, 1, "/"),
            Record(f"{OW}:fan", NOW, 0, "/"),
        ),
    ),
    "5.1.7 two lights on": (
        '[{"bt":1.320078429e+09,"bu":"/","n":"2001:db8::3","v":1},{"n":"2001:db8::4","v":1}]',
        (Record("2001:db8::3", 1320078429, 1, "/"), Record("2001:db8::4", 1320078429, 1, "/")),
    ),
    "5.1.7 two lights dimmed, then off": (
        '[{"bt":1.320078429e+09,"bu":"/","n":"2001:db8::3","v":0.5},{"n":"2001:db8::4","v":0.5},'
        '{"n":"2001:db8::3","t":0.1,"v":0},{"n":"2001:db8::4","t":0.1,"v":0}]',
        (
            Record("2001:db8::3", 1320078429, 0.5, "/"),
            Record("2001:db8::4", 1320078429, 0.5, "/"),
            Record("2001:db8::3", 1320078429.1, 0, "/"),
            Record("2001:db8::4", 1320078429.1, 0, "/"),
        ),
    ),
}

# RFC 8428 §7, literally.
XML_EXAMPLE = """<sensml xmlns="urn:ietf:params:xml:ns:senml">
  <senml bn="urn:dev:ow:10e2073a0108006:" bt="1.276020076001e+09"
  bu="A" bver="5" n="voltage" u="V" v="120.1"></senml>
  <senml n="current" t="-5" v="1.2"></senml>
  <senml n="current" t="-4" v="1.3"></senml>
  <senml n="current" t="-3" v="1.4"></senml>
  <senml n="current" t="-2" v="1.5"></senml>
  <senml n="current" t="-1" v="1.6"></senml>
  <senml n="current" v="1.7"></senml>
</sensml>
"""

SERIES = "urn:dev:prm:00000000000000_consumption/power/apparent/raw"


@pytest.mark.parametrize("example", EXAMPLES)
def test_json_examples_of_the_rfc_are_resolved(example: str):
    """Every JSON example of RFC 8428 §5.1 gives the records it means."""
    text, records = EXAMPLES[example]
    assert decode_json(text, NOW) == records
    assert decode_json(text.encode(), NOW) == records


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_same_examples_in_xml_are_resolved(example: str):
    """The XML form of an example means the same, as text and as an element."""
    text, records = EXAMPLES[example]
    assert decode_xml(xml_of(text), NOW) == records
    assert decode_xml(ElementTree.fromstring(xml_of(text)), NOW) == records


def moment(record: Record) -> tuple[float, str]:
    """What orders records where those of one moment may stand in any order."""
    return record.time, record.name


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_survive_writing(example: str):
    """What an example resolves to comes back the same after being written in JSON, XML and as an element.

    Of one moment an element's records may stand in another order: it goes series by series.
    """
    records = EXAMPLES[example][1]
    assert decode_json(encode_json(records), 0) == records
    assert decode_xml(encode_xml(records), 0) == records
    assert sorted(decode_xml(to_element(records), 0), key=moment) == sorted(records, key=moment)


def test_the_xml_example_of_the_rfc_is_resolved():
    """RFC 8428 §7's XML equals §5.1.2's JSON."""
    assert decode_xml(XML_EXAMPLE, NOW) == EXAMPLES["5.1.2 the previous five seconds"][1]
    assert decode_xml(XML_EXAMPLE.encode(), NOW) == EXAMPLES["5.1.2 the previous five seconds"][1]


def test_a_pack_is_written_as_the_federation_reads_it():
    """Base name and time on the first record, a unit on each, integers as integers, no base unit and no version 10."""
    records = [Record(SERIES, 1583016660, 460, "VA"), Record(SERIES, 1583016600, 450, "VA")]
    assert encode_xml(records) == (
        '<sensml xmlns="urn:ietf:params:xml:ns:senml">'
        '<senml bn="urn:dev:prm:00000000000000_consumption/power/apparent/" bt="1583016600" n="raw" u="VA" v="450"/>'
        '<senml n="raw" t="60" u="VA" v="460"/></sensml>'
    )
    assert encode_json(records) == (
        '[{"bn":"urn:dev:prm:00000000000000_consumption/power/apparent/","bt":1583016600,"n":"raw","u":"VA","v":450},'
        '{"n":"raw","t":60,"u":"VA","v":460}]'
    )


def test_a_long_pack_in_a_stanza_says_each_name_once():
    """Series by series, each in order of time, its name as a base name (RFC 8428 §4.1); a short one has one for all."""
    names = ("a:b/current", "a:b/voltage")
    records = [Record(name, 1583016600 + 60 * minute, minute, "A") for minute in range(3) for name in names]
    fields = [element.attrib for element in to_element(records)]
    assert [one.get("bn") for one in fields] == ["a:b/current", None, None, "a:b/voltage", None, None]
    assert [one.get("t") for one in fields] == [None, "60", "120", None, "60", "120"]
    assert not any("n" in one for one in fields)
    assert decode_xml(to_element(records), NOW) == tuple(records)
    assert [one.get("n") for one in (element.attrib for element in to_element(records[:4]))] == [
        "current",
        "voltage",
    ] * 2


def test_a_base_name_ends_between_two_levels():
    """Names that share half a level share only the levels before it."""
    names = ["a:b/index/provider/hc", "a:b/index/provider/hp", "a:b/indexes"]
    fields = json.loads(encode_json([Record(name, NOW, 1) for name in names]))
    assert fields[0]["bn"] == "a:b/"
    assert [record["n"] for record in fields] == ["index/provider/hc", "index/provider/hp", "indexes"]


def test_a_secondary_unit_asks_for_version_26():
    """One secondary unit anywhere puts bver 26 on the first record, once."""
    fields = json.loads(encode_json([Record("p", NOW, 1, "VA"), Record("e", NOW + 1, 2, "Wh")]))
    assert fields[0]["bver"] == 26
    assert "bver" not in fields[1]
    assert "bver" not in encode_xml([Record("e", NOW, 7200, "J")])


def test_sub_second_times_stay_short_and_exact():
    """A time in milliseconds is written in milliseconds and read back to the same double."""
    time = 1583016600.3
    text = encode_json([Record("p", time, 1)])
    assert '"t":0.3,' in text
    assert decode_json(text, 0)[0].time == time


def test_the_federation_form_of_a_name_is_an_option():
    """A name with an at sign is refused as RFC 8428 asks, unless the federation's form is allowed."""
    records = (Record("gw@sen1.test/ab12@sen1.test/consumption/power/apparent/raw", NOW, 450, "VA"),)
    with pytest.raises(SenMLError, match="not a SenML name"):
        encode_xml(records)
    text = encode_xml(records, allow_at=True)
    with pytest.raises(SenMLError, match="not a SenML name"):
        decode_xml(text, NOW)
    assert decode_xml(text, NOW, allow_at=True) == records


def test_no_records_make_an_empty_pack():
    """An answer without data is an empty pack, and reads as one."""
    assert decode_json(encode_json([]), NOW) == ()
    assert decode_xml(encode_xml([]), NOW) == ()
    assert decode_xml(to_element([]), NOW) == ()


def test_each_base_field_holds_until_it_comes_again():
    """Base value, sum, unit and time are added until replaced; bu only where there is no u."""
    text = """[{"bn":"a/","bt":1600000000,"bu":"W","bv":100,"bs":1000,"n":"x","v":1,"s":5},
        {"n":"y","u":"V","v":2},{"n":"z","t":1},{"bv":0,"bs":0,"bn":"","n":"w","t":2,"v":3,"s":4,"ut":60}]"""
    assert decode_json(text, NOW) == (
        Record("a/x", 1600000000, 101, "W", sum=1005),
        Record("a/y", 1600000000, 102, "V"),
        Record("a/z", 1600000001, None, "W", sum=1000),
        Record("w", 1600000002, 3, "W", sum=4, update=60),
    )


def test_times_below_two_to_the_28_are_relative_to_now():
    """268435455 is in the future of now, 268435456 is 1978, and a negative time is in the past."""
    text = '[{"n":"a","t":268435456,"v":1},{"n":"b","t":-60,"v":1},{"n":"c","t":268435455,"v":1}]'
    assert [record.time for record in decode_json(text, NOW)] == [268435456, NOW - 60, NOW + 268435455]


def test_a_stream_is_resolved_record_by_record():
    """A resolver gives each record as it comes, and None for base fields alone."""
    resolver = Resolver(NOW)
    assert resolver.resolve({"bn": "a/", "bt": 1600000000}) is None
    assert resolver.resolve({"n": "x", "v": 1}) == Record("a/x", 1600000000, 1)
    with pytest.raises(SenMLError, match="record 3: it has neither"):
        resolver.resolve({"n": "x"})


@pytest.mark.parametrize("version", [1, 5, 10, 26])
def test_known_versions_are_accepted(version: int):
    """RFC 8428 refuses only later versions; 26 is 10 with secondary units."""
    assert decode_json(f'[{{"bver":{version},"n":"a","u":"Wh","v":1}}]', NOW) == (Record("a", NOW, 1, "Wh"),)


def test_unknown_labels_are_ignored_unless_they_must_be_understood():
    """An extension is skipped; one whose label ends in an underscore rejects the pack, in both syntaxes."""
    assert decode_json('[{"n":"a","v":1,"l":{"x":[1]}}]', NOW) == (Record("a", NOW, 1),)
    with pytest.raises(SenMLError, match="must be understood"):
        decode_json('[{"n":"a","v":1,"foo_":1}]', NOW)
    with pytest.raises(SenMLError, match="must be understood"):
        decode_xml(f'<sensml xmlns="{syntax.NAMESPACE}"><senml n="a" v="1" foo_="1"/></sensml>', NOW)


REFUSED_JSON = {
    "not json": "{",
    "not utf-8": b"\xff",
    "byte order mark": '\ufeff[{"n":"a","v":1}]',
    "not an array": '{"n":"a","v":1}',
    "not an object": "[1]",
    "empty record": "[{}]",
    "no value": '[{"n":"a"}]',
    "no value after a base": '[{"bn":"a","bv":1},{"t":1}]',
    "two values": '[{"n":"a","v":1,"vs":"x"}]',
    "no name": '[{"v":1}]',
    "first character": '[{"n":"/4/0/1","v":1}]',
    "space in name": '[{"n":"a b","v":1}]',
    "newline after name": '[{"n":"a\\n","v":1}]',
    "at sign": '[{"n":"a@b","v":1}]',
    "bool as value": '[{"n":"a","v":true}]',
    "text as value": '[{"n":"a","v":"1"}]',
    "null as value": '[{"n":"a","v":null}]',
    "number as text": '[{"n":"a","vs":1}]',
    "number as bool": '[{"n":"a","vb":0}]',
    "NaN": '[{"n":"a","v":NaN}]',
    "infinity": '[{"n":"a","v":-Infinity}]',
    "overflow": '[{"n":"a","v":1e400}]',
    "endless integer": '[{"n":"a","v":' + "9" * 5000 + "}]",
    "sum of bases overflows": '[{"n":"a","bv":1.7e308,"v":1.7e308}]',
    "time overflows": '[{"n":"a","t":1e300,"v":1}]',
    "time before 1978": '[{"n":"a","t":-1699999999,"v":1}]',
    "padded data": '[{"n":"a","vd":"aGkgCg=="}]',
    "impossible data": '[{"n":"a","vd":"aGkgC"}]',
    "base64 of another alphabet": '[{"n":"a","vd":"+/+/"}]',
    "same label twice": '[{"n":"a","v":1,"v":2}]',
    "lone surrogate": '[{"n":"a","vs":"\\ud800"}]',
    "version 0": '[{"bver":0,"n":"a","v":1}]',
    "version 11": '[{"bver":11,"n":"a","v":1}]',
    "version 42": '[{"bver":42,"n":"a","v":1}]',
    "version with a fraction": '[{"bver":10.5,"n":"a","v":1}]',
    "version as text": '[{"bver":"10","n":"a","v":1}]',
    "version changes": '[{"n":"a","v":1},{"bver":26,"n":"a","v":1}]',
    "too deep": "[" * 100_000,
    "too deep, quoted brackets beside": '[{"n":"[[[[[[[[[[","v":' + "[" * 9 + "]" * 9 + "}]",
    "a base name to copy": '[{"bn":"' + "a" * 500_000 + '","v":1}' + ',{"v":1}' * 10_000 + "]",
    "too large": " " * (syntax.MAX_BYTES + 1),
    "too many records": "[" + ",".join(['{"bv":0}'] * (pack.MAX_RECORDS + 1)) + "]",
}


@pytest.mark.parametrize("case", REFUSED_JSON)
def test_a_json_pack_that_the_rfc_forbids_is_refused(case: str):
    """Each fault is one sentence."""
    with pytest.raises(SenMLError) as refusal:
        decode_json(REFUSED_JSON[case], NOW)
    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value)


LAUGHS = """<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<sensml xmlns="urn:ietf:params:xml:ns:senml"><senml n="a" vs="&b;"/></sensml>"""


def one(attributes: str, root: str = f'sensml xmlns="{syntax.NAMESPACE}"') -> str:
    """Write an XML pack of one record."""
    return f"<{root}><senml {attributes}/></{root.split(maxsplit=1)[0]}>"


REFUSED_XML = {
    "not xml": "sensml",
    "nothing": "",
    "cut short": XML_EXAMPLE[:200],
    "not utf-8": b"\xff\xfe<\x00",
    "lone surrogate": '<sensml a="\ud800"/>',
    "entities": LAUGHS,
    "external entity": '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
    "undefined entity": one('n="a" vs="&x;"'),
    "no namespace": one('n="a" v="1"', "sensml"),
    "another root": one('n="a" v="1"', f'senml xmlns="{syntax.NAMESPACE}"'),
    "another child": f'<sensml xmlns="{syntax.NAMESPACE}"><sensml/></sensml>',
    "too deep": f'<sensml xmlns="{syntax.NAMESPACE}"><senml n="a" v="1"><senml/></senml></sensml>',
    "same attribute twice": one('n="a" v="1" v="2"'),
    "not a number": one('n="a" v="1,5"'),
    "infinity": one('n="a" v="INF"'),
    "NaN": one('n="a" v="NaN"'),
    "underscore in number": one('n="a" v="1_000"'),
    "not a bool": one('n="a" vb="yes"'),
    "version 42": one('bver="42" n="a" v="1"'),
    "too large": " " * (syntax.MAX_BYTES + 1),
}


@pytest.mark.parametrize("case", REFUSED_XML)
def test_an_xml_pack_that_the_rfc_forbids_is_refused(case: str):
    """Each fault is one sentence; a document type is refused before any entity is expanded."""
    with pytest.raises(SenMLError) as refusal:
        decode_xml(REFUSED_XML[case], NOW)
    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value)


def test_an_element_that_is_not_a_pack_is_refused():
    """An element out of a stanza is checked as text is."""
    for text in (REFUSED_XML["no namespace"], REFUSED_XML["too deep"], REFUSED_XML["another child"]):
        with pytest.raises(SenMLError):
            decode_xml(ElementTree.fromstring(text), NOW)


UNWRITABLE = {
    "no value": Record("a", NOW),
    "bad name": Record("é", NOW, 1),
    "long name": Record("a" * (pack.MAX_NAME_CHARS + 1), NOW, 1),
    "NaN": Record("a", NOW, float("nan")),
    "infinite sum": Record("a", NOW, 1, "W", sum=float("inf")),
    "NaN time": Record("a", float("nan"), 1),
    "relative time": Record("a", 60, 1),
    "time after 9999": Record("a", 10**12, 1),
    "integer beyond a double": Record("a", NOW, 2**53 + 1),
    "unregistered unit": Record("a", NOW, 1, "degC"),
    "lone surrogate": Record("a", NOW, "\udc80"),
}


@pytest.mark.parametrize("case", UNWRITABLE)
def test_a_record_that_the_rfc_forbids_is_not_written(case: str):
    """Neither JSON nor XML is made of a record that a strict receiver would refuse."""
    for encode in (encode_json, encode_xml, to_element):
        with pytest.raises(SenMLError):
            encode([Record("b", NOW, 1), UNWRITABLE[case]])


def test_a_control_character_is_refused_in_xml_only():
    """XML 1.0 has no way to write it; JSON has."""
    records = (Record("a", NOW, "\x00"),)
    assert decode_json(encode_json(records), NOW) == records
    with pytest.raises(SenMLError, match="control character"):
        encode_xml(records)


names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9\-:./_]{0,20}", fullmatch=True)
times = st.integers(pack.ABSOLUTE_TIME, 2**32) | st.floats(pack.ABSOLUTE_TIME, 2**32)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
    lambda character: character in "\t\n\r" or character >= " "
))  # fmt: skip
records = st.builds(
    Record,
    name=names,
    time=times,
    value=numbers | texts | st.booleans() | st.binary(max_size=20),
    unit=st.none() | st.sampled_from(["W", "VA", "Wh", "/"]),
    sum=st.none() | numbers,
    update=st.none() | numbers,
)


@settings(deadline=None, derandomize=True)
@given(st.lists(records, max_size=8))
def test_records_come_back_as_they_were(given_records: list[Record]):
    """Whatever is written is read back equal, in chronological order, with the same types of value.

    An element's records of one moment are in the order of their names.
    """
    as_given = tuple(sorted(given_records, key=lambda record: record.time))
    by_name = tuple(sorted(given_records, key=moment))
    for decoded, expected in (
        (decode_json(encode_json(given_records), 0), as_given),
        (decode_xml(encode_xml(given_records), 0), as_given),
        (tuple(sorted(decode_xml(to_element(given_records), 0), key=moment)), by_name),
    ):
        assert decoded == expected
        assert [type(record.value) for record in decoded] == [type(record.value) for record in expected]


def read_or_refuse(decode, text):
    """Read a pack, or be refused by the one error that is promised."""
    with contextlib.suppress(SenMLError):
        decode(text, NOW)


labels = st.sampled_from(["bn", "bt", "bu", "bv", "bs", "bver", "n", "u", "v", "vs", "vb", "vd", "s", "t", "ut", "x_"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
nested = st.recursive(scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(labels, inner, max_size=2))


@settings(deadline=None, derandomize=True)
@given(st.binary() | st.text())
def test_no_garbage_raises_anything_else(garbage: str | bytes):
    """Any bytes or text are a pack or a SenMLError."""
    read_or_refuse(decode_json, garbage)
    read_or_refuse(decode_xml, garbage)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.lists(st.dictionaries(labels, nested, max_size=6), max_size=4))
def test_no_well_formed_garbage_raises_anything_else(rows: list[dict[str, object]]):
    """Any JSON of any types under our labels, and the same as attributes, is a pack or a SenMLError."""
    read_or_refuse(decode_json, json.dumps(rows))
    root = ElementTree.Element(f"{{{syntax.NAMESPACE}}}sensml")
    for row in rows:
        ElementTree.SubElement(
            root, f"{{{syntax.NAMESPACE}}}senml", {label: str(field) for label, field in row.items()}
        )
    read_or_refuse(decode_xml, root)


@settings(deadline=None, derandomize=True)
@given(st.data())
def test_no_damaged_pack_raises_anything_else(data: st.DataObject):
    """A real pack with one character replaced or cut short is a pack or a SenMLError."""
    whole = data.draw(st.sampled_from([XML_EXAMPLE, *(text for text, _ in EXAMPLES.values())]))
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = (
        whole[:at] + data.draw(st.sampled_from(["", "&", "<", '"', "\\", "{", "9", "\x00", "é"])) + whole[at + 1 :]
    )
    for text in (damaged, whole[:at]):
        read_or_refuse(decode_json, text)
        read_or_refuse(decode_xml, text)


def test_sizes_are_printed():
    """A day of minute records fits a stanza of the smallest limit met (256 KiB), whatever the form."""
    for count in (1, 100, 200, 1440):
        day = [Record(SERIES, 1583016600 + 60 * i, 450 + i % 97, "VA") for i in range(count)]
        sizes = len(encode_xml(day)), len(encode_json(day))
        print(f"{count:5} records: XML {sizes[0]:6} bytes, JSON {sizes[1]:6} bytes")
        assert max(sizes) < 262_144


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("Wh", 1_200_000_000, ("J", 4_320_000_000_000)),
        ("kWh", 2, ("J", 7_200_000)),
        ("varh", 3, ("vars", 10_800)),
        ("kVA", 6, ("VA", 6000)),
        ("min", 1.5, ("s", 90.0)),
        ("ms", 100, ("s", 0.1)),
        ("/100", 50.0, ("/", 0.5)),
        ("dBm", 10, ("dBW", -20)),
        ("VA", 450, ("VA", 450)),
    ],
)
def test_a_value_is_expressed_in_its_primary_unit(unit: str, value: float, expected: tuple[str, float]):
    """The conversion is RFC 8798's, and an integer stays one where it can."""
    assert to_primary(unit, value) == expected
    assert type(to_primary(unit, value)[1]) is type(expected[1])


def test_an_unregistered_unit_has_no_primary_one():
    """A unit outside the registry, or a value beyond a double, is refused."""
    with pytest.raises(SenMLError, match="not a registered"):
        to_primary("degC", 1)
    with pytest.raises(SenMLError, match="hold"):
        to_primary("kWh", 1e307)


def test_every_registered_unit_is_of_one_kind():
    """The units of the meter are registered, and none is both primary and secondary."""
    assert all(is_registered(unit) for unit in "Wh varh VA kVA W var V A Hz min count J vars /".split())
    assert not any(is_secondary(unit) for unit in PRIMARY_UNITS)
    assert not is_registered("wh")
