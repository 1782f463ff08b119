"""Export: one readable pack however long, and what was stored comes back."""

import csv
import io
from xml.etree import ElementTree as ET

import pytest

from gateway.commands.export_forms import SenML, export
from gateway.senml.naming import SeriesName
from gateway.senml.pack import decode_json, decode_xml
from gateway.store.points import Granularity, Point, Series

INDEX = Series(1, "house", "consumption/energy/active/index", "Wh", "index", 0, 0)
POWER = Series(2, "house", "consumption/power/apparent/raw", "VA", "gauge", 0, 0)
TARIFF = Series(3, "house", "contract/tariff", "", "text", 0, 0)
START = 1_781_604_000


def name(series):
    return SeriesName("gw", "sen1.test", "ab12", "sen1.test", series.path)


def some_points(count):
    """Power first: the first slice of a long pack may hold no secondary unit at all."""
    for step in range(count):
        yield Point(POWER, Granularity.RAW, START + step, 500 + step)
    yield Point(INDEX, Granularity.RAW, START + count, 123_456)
    yield Point(TARIFF, Granularity.RAW, START + count, 'H "PLEINE" & <CREUSE>')


@pytest.mark.parametrize(("form", "decode"), [("senml-json", decode_json), ("senml-xml", decode_xml)])
@pytest.mark.parametrize("count", [0, 3, 2500])
def test_an_export_is_one_pack_that_resolves_to_what_was_stored(form, decode, count):
    """Slices or not, a strict reader gets every value back under its name, with its unit and time."""
    out = io.StringIO()
    assert export(some_points(count), SenML(name, primary=False), form, out) == count + 2
    records = decode(out.getvalue(), 0)
    assert [(r.name, r.time, r.value, r.unit) for r in records] == [
        (name(p.series).senml(), p.time, p.value, p.series.unit or None) for p in some_points(count)
    ]


def test_primary_units_need_no_version(tmp_path):
    """With `units = "primary"` watt-hours become joules, exact, and the pack is of version 10."""
    out = io.StringIO()
    export(some_points(1), SenML(name, primary=True), "senml-json", out)
    assert "bver" not in out.getvalue()
    assert [r.value for r in decode_json(out.getvalue(), 0) if r.unit == "J"] == [123_456 * 3600]


def test_litres_are_sent_as_cubic_metres():
    """The registry asks new packs for m3; the table is in the unit in which it is stored, and says who says so."""
    water = Series(4, "water", "water/volume/index", "l", "index", 0, 0)
    points = [
        Point(water, Granularity.RAW, START, 123_456, "manual"),
        Point(water, Granularity.RAW, START + 1, 124_000),
    ]
    for primary in (True, False):
        out = io.StringIO()
        export(points, SenML(name, primary=primary), "senml-json", out)
        assert [(r.value, r.unit) for r in decode_json(out.getvalue(), 0)] == [(123.456, "m3"), (124, "m3")]
    out = io.StringIO()
    export(points, SenML(name, primary=False), "csv", out)
    rows = [(row["value"], row["unit"], row["quality"]) for row in csv.DictReader(io.StringIO(out.getvalue()))]
    assert rows == [("123456", "l", "manual"), ("124000", "l", "")]


def test_csv_reads_back(tmp_path):
    """One line a point, with a head, quoted where it must be."""
    out = io.StringIO()
    export(some_points(2), SenML(name, primary=False), "csv", out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert rows[0]["time"] == "2026-06-16T10:00:00Z"
    assert rows[-1]["value"] == 'H "PLEINE" & <CREUSE>'
    assert {row["granularity"] for row in rows} == {"raw"}


def test_an_empty_export_is_still_well_formed():
    """Nothing stored is an empty pack, not an empty file."""
    for form in ("senml-json", "senml-xml"):
        out = io.StringIO()
        assert export([], SenML(name, primary=False), form, out) == 0
        if form == "senml-xml":
            assert len(ET.fromstring(out.getvalue())) == 0
        else:
            assert decode_json(out.getvalue(), 0) == ()
