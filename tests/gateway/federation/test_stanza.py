"""Packs as the federation writes them: the exact form, the existing reader, the three names, sizes and ids."""

import random
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import SenMLError
from gateway.federation.wire.stanza import (
    Interval,
    Publisher,
    build_quoalise,
    fit,
    parse_interval,
    parse_quoalise,
    size,
)
from gateway.journal.entry import Head
from gateway.senml.naming import NameForm
from gateway.store.points import Granularity, MeterInfo, Point, Series
from tests.gateway.federation.existing_client import existing_reader

Q, S = "{urn:quoalise:0}", "{urn:ietf:params:xml:ns:senml}"
POWER, INDEX, TARIFF = "consumption/power/apparent/raw", "consumption/energy/active/index", "contract/tariff"
PUBLISHER = Publisher("gw", "sen1.test", "P1Y")
METER = MeterInfo(1, "house", "ab12", "00000000000000", None, 0)
T0 = 1_583_016_600


def point(path, time, value, granularity=Granularity.MINUTE):
    """A point of a series of the kind that the path says."""
    unit = "" if isinstance(value, str) else "VA" if "power" in path else "Wh"
    return Point(Series(1, "house", path, unit, "gauge", 0, 0), granularity, time, value)


def test_a_pack_by_prm_is_what_the_existing_servers_send():
    """Device, measurement and records stand where quoalise has them, with its words."""
    points = [point(POWER, T0, 450), point(POWER, T0 + 60, 460)]
    quoalise = build_quoalise(PUBLISHER, METER, NameForm.URN, points)
    data = quoalise.find(f"{Q}data")
    identifier = data.find(f"{Q}meta/{Q}device[@type='electricity-meter']/{Q}identifier")
    assert identifier.attrib == {"authority": "enedis", "type": "prm", "value": "00000000000000"}
    measurement = data.find(f"{Q}meta/{Q}measurement").attrib
    assert (
        measurement
        | {
            "name": "apparent-power",
            "direction": "consumption",
            "quantity": "power",
            "type": "electrical",
            "unit": "VA",
            "sampling-interval": "PT1M",
        }
        == measurement
    )
    name = f"urn:dev:prm:00000000000000_{POWER}"
    assert list(existing_reader(quoalise)) == [(name, T0, "VA", 450.0), (name, T0 + 60, "VA", 460.0)]


@pytest.mark.parametrize(
    ("form", "prefix"),
    [
        (NameForm.SEN1, "gw@sen1.test/ab12@sen1.test/"),
        (NameForm.SENML, "gw:sen1.test/ab12:sen1.test/"),
        (NameForm.URN, "urn:dev:prm:00000000000000_"),
    ],
)
def test_both_readers_understand_every_form_of_name(form, prefix):
    """The existing client and our own read the same names, times, units and numbers."""
    points = [point(INDEX, T0, 10_000), point(POWER, T0, 450.5), point(POWER, T0 + 60, 0)]
    text = ET.tostring(build_quoalise(PUBLISHER, METER, form, points, Interval("0a1b2c3d", 7, 10)))
    expected = [(prefix + p.series.path, p.time, p.series.unit, p.value) for p in points]
    assert list(existing_reader(ET.fromstring(text))) == expected
    parcel = parse_quoalise(ET.fromstring(text), 0)
    assert [(r.name, r.time, r.unit, r.value) for r in parcel.records] == expected
    assert parcel.interval == Interval("0a1b2c3d", 7, 10)
    assert parcel.retention == "P1Y"
    assert set(parcel.granularities.values()) == {"PT1M"}
    assert parcel.literal[prefix + POWER] == f"gw@sen1.test/ab12@sen1.test/{POWER}"


def test_only_who_asked_by_prm_is_told_it():
    """Under the other forms of name the delivery point stands nowhere in the message."""
    for form in (NameForm.SEN1, NameForm.SENML):
        assert b"00000000000000" not in ET.tostring(build_quoalise(PUBLISHER, METER, form, [point(POWER, T0, 1)]))


def test_texts_stand_apart_from_numbers():
    """The existing client finds numbers only in the first <data>; ours finds the texts too, also in <meta>."""
    points = [point(TARIFF, T0, "HEURES CREUSES"), point(POWER, T0, 450)]
    quoalise = build_quoalise(PUBLISHER, METER, NameForm.SEN1, points)
    assert [value for *_, value in existing_reader(quoalise)] == [450.0]
    assert {r.value for r in parse_quoalise(quoalise, 0).records} == {450, "HEURES CREUSES"}
    assert quoalise.find(f".//{Q}measurement[@n='{TARIFF}']").get("value") == "HEURES CREUSES"


def test_primary_units_reach_record_and_meta():
    """With primary units a watt-hour is 3600 J everywhere, and no version is announced."""
    publisher = Publisher("gw", "sen1.test", None, primary=True)
    quoalise = build_quoalise(publisher, METER, NameForm.SEN1, [point(INDEX, T0, 10)])
    assert [(unit, value) for *_, unit, value in existing_reader(quoalise)] == [("J", 36_000.0)]
    assert quoalise.find(f".//{Q}measurement").get("unit") == "J"
    assert quoalise.find(f".//{S}senml").get("bver") is None


def test_a_value_that_xml_forbids_is_refused():
    """A control character would end the whole stream."""
    with pytest.raises(SenMLError):
        build_quoalise(PUBLISHER, METER, NameForm.SEN1, [point(TARIFF, T0, "A\x03B")])


def test_without_a_prm_there_is_no_urn_name():
    """Historic TIC carries none: the form cannot be given."""
    with pytest.raises(SenMLError):
        build_quoalise(PUBLISHER, MeterInfo(1, "h", "ab12", None, None, 0), NameForm.URN, [point(POWER, T0, 1)])


def test_what_fits_is_below_the_limit_and_not_far_below():
    """Any number of points: the first that fit make a stanza of at most the limit."""
    chance = random.Random(5)
    points = [point(chance.choice([POWER, INDEX]), T0 + 60 * n, chance.randrange(10**6)) for n in range(900)]
    for limit in (4_000, 10_000, 30_000):
        count = fit(PUBLISHER, METER, NameForm.SEN1, points, limit)
        taken = size(build_quoalise(PUBLISHER, METER, NameForm.SEN1, points[:count]))
        assert limit * 0.7 < taken + 1_000 <= limit
    for names in (40, 60, 80, 99):
        many = [point(f"consumption/current/raw/{n % names}", T0 + 60 * (n // names), n) for n in range(900)]
        count = fit(PUBLISHER, METER, NameForm.SEN1, many, 100_000)
        assert size(build_quoalise(PUBLISHER, METER, NameForm.SEN1, many[:count])) + 1_000 <= 100_000
        assert count > 300
    assert fit(PUBLISHER, METER, NameForm.SEN1, points[:3], 30_000) == 3
    assert fit(PUBLISHER, METER, NameForm.SEN1, [point(TARIFF, T0, "x" * 9_000)], 4_000) == 0


@given(st.from_regex(r"[0-9a-f]{8}", fullmatch=True), st.integers(0, 10**12), st.integers(1, 10**12))
def test_a_stanza_id_gives_its_interval_back(epoch, after, more):
    """What an id says is read from it again, by a gateway that remembers nothing."""
    interval = Interval(epoch, after, after + more)
    assert parse_interval(interval.id) == interval


@pytest.mark.parametrize(
    "text", ["", "0a1b2c3d-5-5", "0a1b2c3d-6-5", "0a1b2c3d-1", "x-1-2", "0a1b2c3d--1-2", "r-1-2-3"]
)
def test_another_id_is_no_interval(text):
    """Ids of others, and empty intervals, say nothing."""
    assert parse_interval(text) is None


def test_a_pack_without_sensml_is_refused():
    """A <data> with nothing in it is an error with a sentence."""
    with pytest.raises(SenMLError, match="sensml"):
        parse_quoalise(ET.fromstring('<quoalise xmlns="urn:quoalise:0"><data><meta/></data></quoalise>'), 0)


def test_a_pack_of_an_existing_server_is_read():
    """No outbox, one measurement without a path: its sampling interval counts for every record."""
    text = (
        '<quoalise xmlns="urn:quoalise:0"><data><meta><device type="electricity-meter">'
        '<identifier authority="enedis" type="prm" value="00000000000000"/></device>'
        '<measurement name="apparent-power" unit="VA" sampling-interval="PT1M"/></meta>'
        '<sensml xmlns="urn:ietf:params:xml:ns:senml"><senml bn="urn:dev:prm:00000000000000_" bt="1583016600"'
        ' n="consumption/power/apparent/raw" u="VA" v="450"/>'
        '<senml t="60" n="consumption/power/apparent/raw" u="VA" v="460"/></sensml></data></quoalise>'
    )
    parcel = parse_quoalise(ET.fromstring(text), 0)
    assert [(r.time, r.value) for r in parcel.records] == [(T0, 450), (T0 + 60, 460)]
    assert parcel.interval is None
    assert parcel.meter == "00000000000000"
    assert set(parcel.granularities.values()) == {"PT1M"}


@pytest.mark.parametrize("kind", ["number", "text"])
def test_what_is_rectified_is_so_whichever_data_says_it(kind):
    """Numbers and texts stand apart, each with what is said of it."""
    points = [point(POWER, T0, 450), point(TARIFF, T0, "HEURES CREUSES")]
    right = [replace(p, rectified=isinstance(p.value, str) is (kind == "text")) for p in points]
    for some, rectifies in ((points, False), (right, True)):
        assert parse_quoalise(build_quoalise(PUBLISHER, METER, NameForm.SEN1, some), 0).rectifies is rectifies


def test_the_journals_head_rides_in_the_meta():
    """Once a message, whatever it holds; a head that is none is none."""
    head = Head(17, "0f" * 32)
    points = [point(POWER, T0, 450), point(TARIFF, T0, "HEURES CREUSES")]
    for some in (points, points[1:], []):
        text = ET.tostring(build_quoalise(PUBLISHER, METER, NameForm.SEN1, some, None, head))
        assert text.count(b"0f" * 32) == 1
        assert parse_quoalise(ET.fromstring(text), 0).journal_head == head
        broken = text.replace(b'seq="17"', b'seq="-1"')
        assert parse_quoalise(ET.fromstring(broken), 0).journal_head is None
