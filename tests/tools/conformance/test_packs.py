"""Each rule of the SenML profile is broken by one pack, and named."""

from xml.etree import ElementTree as ET

import pytest

from conformance.packs import hold_to_profile
from conformance.points import WrongError
from gateway.errors import SenMLError
from gateway.federation.wire.stanza import SENML

NAME = "maison:home.example/ab12:home.example/consumption/power/apparent/raw"
FIRST = {"bn": NAME, "bt": "1772323200", "u": "VA", "v": "450"}
SECOND = {"t": "30", "u": "VA", "v": "460"}


def pack(*rows):
    """A pack of these records; a label that is None is left out."""
    made = ET.Element(f"{{{SENML}}}sensml")
    for row in rows:
        ET.SubElement(made, f"{{{SENML}}}senml", {label: said for label, said in row.items() if said is not None})
    return made


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [FIRST],
        [FIRST, SECOND],
        [FIRST, SECOND | {"t": "-30"}],
        [FIRST | {"u": None, "v": None, "vs": "HC"}],
        [FIRST | {"u": "Wh", "bver": "26"}, SECOND | {"u": "Wh"}],
    ],
)
def test_what_keeps_to_it_passes(rows):
    """None, one, two, one before the base time, a text, and a secondary unit with its version."""
    hold_to_profile(pack(*rows))


BROKEN = {
    "no base name": ([FIRST | {"bn": None}], "has no base name"),
    "no base time": ([FIRST | {"bt": None}], "no absolute base time"),
    "a relative base time": ([FIRST | {"bt": "-30"}], "no absolute base time"),
    "a base time in parts of a second": ([FIRST | {"bt": "1772323200.5"}], "no absolute base time"),
    "a base time of words": ([FIRST | {"bt": "x"}], "no absolute base time"),
    "a base time of a power": ([FIRST | {"bt": "²"}], "no absolute base time"),
    "a base unit": ([FIRST | {"bu": "VA"}], "a record with bu"),
    "a base value": ([FIRST, SECOND | {"bv": "1"}], "a record with bv"),
    "a base sum": ([FIRST, SECOND | {"bs": "1"}], "a record with bs"),
    "a sum": ([FIRST, SECOND | {"s": "1"}], "a record with s"),
    "an update time": ([FIRST, SECOND | {"ut": "1"}], "a record with ut"),
    "a boolean": ([FIRST, SECOND | {"v": None, "vb": "true"}], "a record with vb"),
    "bytes": ([FIRST, SECOND | {"v": None, "vd": "AA"}], "a record with vd"),
    "no value": ([FIRST, SECOND | {"v": None}], "none, or two, of v and vs"),
    "two values": ([FIRST, SECOND | {"vs": "HC"}], "none, or two, of v and vs"),
    "a text with a unit": ([FIRST, SECOND | {"v": None, "vs": "HC"}], "a text with a unit"),
    "a value without a unit": ([FIRST, SECOND | {"u": None}], "a value with the unit None"),
    "a unit that there is not": ([FIRST, SECOND | {"u": "volts"}], "a value with the unit 'volts'"),
    "a time in parts of a second": ([FIRST, SECOND | {"t": "0.5"}], "a time that is no whole second: '0.5'"),
    "a secondary unit without its version": ([FIRST | {"u": "Wh"}], "has bver none"),
    "a version that is not needed": ([FIRST | {"bver": "26"}], r"has bver \['26'\]"),
    "another version": ([FIRST | {"u": "Wh", "bver": "10"}], r"has bver \['10'\]"),
    "too many records": ([FIRST] + [SECOND] * 20_000, "a pack of 20001 records"),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_is_seen_to_be_broken(rule):
    """In the words that stand in the table."""
    rows, said = BROKEN[rule]
    with pytest.raises(WrongError, match=said):
        hold_to_profile(pack(*rows))


def test_what_no_reader_takes_is_no_pack():
    """A value that is no number."""
    with pytest.raises(SenMLError):
        hold_to_profile(pack(FIRST | {"v": "much"}))
