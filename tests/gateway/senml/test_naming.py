"""The three forms of one name, and the identifiers by which a peer asks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import SenMLError
from gateway.senml.naming import MAX_IDENTIFIER_CHARS, Identifier, NameForm, SeriesName, parse_identifier

NAME = SeriesName("gw", "sen1.test", "ab12", "sen2.test", "consumption/power/apparent/raw", "30001610071843")
RFC8428_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_]*")


def test_one_name_has_three_forms():
    """The literal, the RFC 8428 and the URN form are written as the federation writes them."""
    assert NAME.sen1() == "gw@sen1.test/ab12@sen2.test/consumption/power/apparent/raw"
    assert NAME.senml() == "gw:sen1.test/ab12:sen2.test/consumption/power/apparent/raw"
    assert NAME.urn() == "urn:dev:prm:30001610071843_consumption/power/apparent/raw"
    assert [NAME.written(form) for form in NameForm] == [NAME.sen1(), NAME.senml(), NAME.urn()]


def test_the_example_of_the_federation_is_read():
    """The report's own example keeps the case of its path and loses that of its addresses."""
    text = "bmhs@sen1.bmhs.com/Capteur32048234932748239@sensors.bmhs.com/maison1/pi2/dht22_1/Temp1"
    assert parse_identifier(text) == Identifier(
        NameForm.SEN1,
        "bmhs",
        "sen1.bmhs.com",
        "capteur32048234932748239",
        "sensors.bmhs.com",
        None,
        "maison1/pi2/dht22_1/Temp1",
    )


def test_a_meter_without_prm_has_no_urn():
    """Historic TIC carries no PRM: the URN form is refused with a sentence."""
    name = SeriesName("gw", "sen1.test", "ab12", "sen1.test", "a")
    with pytest.raises(SenMLError, match="PRM is not known"):
        name.urn()


@pytest.mark.parametrize(
    "text",
    ["urn:dev:prm:30001610071843", "urn:dev:prm:30001610071843_", "gw@a.b/x@c.d", "gw@a.b/x@c.d/", "gw:a.b/x:c.d"],
)
def test_an_identifier_without_path_covers_everything(text: str):
    """A meter or a sensor alone asks for all its series."""
    identifier = parse_identifier(text)
    assert identifier.path == ""
    assert identifier.covers("consumption/energy/active/index")


@pytest.mark.parametrize("start", ["urn:dev:prm:30001610071843_", "gw@a.b/x@c.d/", "gw:a.b/x:c.d/"])
@pytest.mark.parametrize("end", ["", "/"])
def test_a_prefix_covers_whole_levels(start: str, end: str):
    """An index brings the indexes below it, and nothing that merely begins alike."""
    identifier = parse_identifier(f"{start}consumption/index{end}")
    assert identifier.covers("consumption/index")
    assert identifier.covers("consumption/index/provider/hc")
    assert not identifier.covers("consumption/indexes")
    assert not identifier.covers("consumption")


REFUSED = [
    "",
    "/",
    "gw",
    "gw@sen1.test",
    "gw@sen1.test/",
    "gw@sen1.test/ab12",
    "@sen1.test/ab12@sen1.test/a",
    "gw@/ab12@sen1.test/a",
    "gw@sen1.test/ab12:sen1.test/a",
    "gw:sen1.test/ab12@sen1.test/a",
    "gw@sen1@test/ab12@sen1.test/a",
    "gw@[::1]/ab12@sen1.test/a",
    "gw:[2001:db8::1]/ab12:sen1.test/a",
    "gw@sen1.test/ab12@::1/a",
    "g w@sen1.test/ab12@sen1.test/a",
    "-gw@sen1.test/ab12@sen1.test/a",
    "gé@sen1.test/ab12@sen1.test/a",
    "\u212a@sen1.test/ab12@sen1.test/a",
    "gw@sen1.test/ab12@sen1.test/a//b",
    "gw@sen1.test/ab12@sen1.test//",
    "gw@sen1.test/ab12@sen1.test/a b",
    "gw@sen1.test/ab12@sen1.test/a\n",
    "gw@sen1.test/ab12@sen1.test/a@b",
    "gw@sen1.test/ab12@sen1.test/*",
    "urn:dev:prm:",
    "urn:dev:prm:1234",
    "urn:dev:prm:300016100718430_a",
    "urn:dev:prm:٣٠٠٠١٦١٠٠٧١٨٤٣_a",
    "urn:dev:prm:30001610071843/a",
    "urn:dev:prm:30001610071843_/",
    "urn:dev:mac:0123456789abcdef_a",
    "a" * (MAX_IDENTIFIER_CHARS + 1),
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_a_name_is_refused(text: str):
    """Each fault is one short printable sentence."""
    with pytest.raises(SenMLError) as refusal:
        parse_identifier(text)
    assert str(refusal.value).endswith(".")
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize("part", ["application", "server", "sensor", "sensor_server", "path", "prm"])
def test_a_series_cannot_be_named_outside_the_characters(part: str):
    """A name that a peer could not read back cannot be built."""
    parts = dict.fromkeys(("application", "server", "sensor", "sensor_server", "path"), "a") | {part: "a/@ :"}
    with pytest.raises(SenMLError):
        SeriesName(**parts)


address_parts = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True)
paths = st.from_regex(r"[A-Za-z0-9:._-]{1,8}(/[A-Za-z0-9:._-]{1,8}){0,3}", fullmatch=True)
series_names = st.builds(
    SeriesName,
    application=address_parts,
    server=address_parts,
    sensor=address_parts,
    sensor_server=address_parts,
    path=paths,
    prm=st.from_regex(r"[0-9]{14}", fullmatch=True),
)


@settings(deadline=None, derandomize=True)
@given(series_names)
def test_every_form_is_read_back(name: SeriesName):
    """Each form gives back its parts; the SenML form is a legal RFC 8428 name."""
    address = (name.application, name.server, name.sensor, name.sensor_server, None, name.path)
    assert parse_identifier(name.sen1()) == Identifier(NameForm.SEN1, *address)
    assert parse_identifier(name.senml()) == Identifier(NameForm.SENML, *address)
    assert parse_identifier(name.urn()) == Identifier(NameForm.URN, None, None, None, None, name.prm, name.path)
    assert RFC8428_NAME.fullmatch(name.senml())
    assert RFC8428_NAME.fullmatch(name.urn())


@settings(deadline=None, derandomize=True)
@given(st.text() | st.text("agw1@:/._-urnpm[]", max_size=40))
def test_no_text_raises_anything_else(text: str):
    """Any text is an identifier, which then covers its own path, or a SenMLError."""
    try:
        identifier = parse_identifier(text)
    except SenMLError:
        return
    assert identifier.covers(identifier.path)
