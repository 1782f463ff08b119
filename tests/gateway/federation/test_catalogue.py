"""The catalogue: what each asker may see of which series there are, for a person and for a program."""

import asyncio
import json
from xml.etree import ElementTree as ET

import pytest

from gateway.federation.provider.catalogue import CATALOGUE, MOST_SERIES
from gateway.federation.provider.commands import Commands
from gateway.federation.wire.form import ResultPage, build_submit, parse_page
from gateway.federation.wire.stanza import OURS, SENML, Publisher
from gateway.senml.pack import decode_xml
from gateway.store.points import Granularity
from gateway.store.terms import Terms
from tests.gateway.federation.conftest import PRM, SENSOR, START
from tests.gateway.federation.test_commands import COOP, DATA, SEN1, XMPP, Line, command, converse, no_thread

STRANGER = "stranger@sen2.test"
POWER, INDEX = "consumption/power/apparent/raw", "consumption/energy/active/index"


def listed(house, lang="en", asker=COOP, page=None, more=None, **fields):
    """The answer to ``list_series`` and whether it is an error."""
    asked = build_submit("list_series", fields, page)
    ((_, answer, failed),), _ = asyncio.run(converse(house, [asked], lang, asker=asker, **more or {}))
    return answer, failed


def series(answer):
    """The elements for a program."""
    return answer.findall(f"{{{OURS}}}catalogue/{{{OURS}}}series")


def rows(answer):
    """The rows for a person."""
    return [
        {field.get("var"): field.findtext(f"{DATA}value") for field in item.findall(f"{DATA}field")}
        for item in answer.findall(f"{DATA}x/{DATA}item")
    ]


def test_a_recipient_sees_the_series_of_its_consents_and_all_of_each(house):
    """Name, labels, unit, kind, granularities, times, the retention and the access that it promised and was given."""
    house.minutes(6)
    terms = Terms(push=False, history_from=START + 60, retention="P1M")
    house.allow(COOP, "consumption/power", Granularity.HALF_HOUR, terms=terms)
    answer, failed = listed(house)
    assert not failed
    (power,) = series(answer)
    assert power.attrib == {
        "name": f"{SEN1}/{POWER}",
        "path": POWER,
        "kind": "gauge",
        "unit": "VA",
        "granularities": "raw PT1M PT30M P1D",
        "first": "2026-06-16T10:00:00Z",
        "last": "2026-06-16T10:05:30Z",
        "retention": "P1M",
    }
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert {one.get(lang): one.text for one in power.findall(f"{{{OURS}}}label")} == {
        "fr": "Puissance apparente soutirée",
        "en": "Apparent power drawn",
    }
    (given,) = power.findall(f"{{{OURS}}}consent")
    assert (given.get("granularity"), given.get("push"), given.get("history")) == ("PT30M", "false", "true")
    assert given.get("history-from") == "2026-06-16T10:01:00Z"
    (row,) = rows(answer)
    assert (row["label"], row["consent"], row["retention"]) == ("Apparent power drawn", "PT30M", "P1M")
    reported = [field.get("var") for field in answer.findall(f"{DATA}x/{DATA}reported/{DATA}field")]
    assert reported == list(row)


def test_what_a_counter_at_the_panels_counts_is_called_produced(house):
    """In labels, in the row and the sentence for a person, in public words; what a meter counts stays injected."""
    house.store.meters.add("panels", "cd34ef56", None)
    for meter in (1, 2):
        house.store.db.execute(
            "INSERT INTO series (meter, path, unit, kind) VALUES (?, 'production/energy/active/index', 'Wh', 'index')",
            [meter],
        )
    answer, _ = listed(house, more={"open_catalogue": True, "made_here": {"panels"}}, words="dcat")
    said = {
        one.get("name").split("/")[1].partition("@")[0]: [label.text for label in one.findall(f"{{{OURS}}}label")]
        for one in series(answer)
    }
    assert said == {
        SENSOR: ["Index d’énergie injectée", "Index of energy injected"],
        "cd34ef56": ["Index d’énergie produite", "Index of energy produced"],
    }
    assert [row["label"] for row in rows(answer)] == ["Index of energy injected", "Index of energy produced"]
    note = answer.findtext("{http://jabber.org/protocol/commands}note")
    assert note.count("Index of energy injected (") == note.count("Index of energy produced (") == 1
    words = json.loads(answer.findtext(f"{{{OURS}}}words/{{urn:xmpp:json:0}}json"))
    (catalogue,) = [node for node in words["@graph"] if node["@type"] == "dcat:Catalog"]
    titles = [one["dct:title"]["en"] for one in catalogue["dcat:dataset"]]
    assert titles == ["Index of energy injected", "Index of energy produced"]


def test_a_sample_is_a_pack_of_invented_values(house):
    """Our decoder takes it; it is marked, its values and times are nobody's, and it stands where no reading does."""
    house.minutes(6, tariff="BASE")
    house.allow(COOP, "consumption")
    house.allow(COOP, "contract")
    answer, _ = listed(house)
    measured = {p.value for p in house.store.readings.page("house", "", Granularity.RAW, 0, 2**37, 10_000)}
    found = series(answer)
    assert len(found) == 3
    for one in found:
        sample = one.find(f"{{{OURS}}}sample")
        assert sample.get("invented") == "true"
        records = decode_xml(sample.find(f"{{{SENML}}}sensml"), START, allow_at=True)
        assert {(r.name, r.unit or "") for r in records} == {(one.get("name"), one.get("unit", ""))}
        assert all(r.time < START and r.value not in measured for r in records)
        assert len(records) == 2
    assert not list(answer.iter("{urn:quoalise:0}data"))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, f"{SEN1}/{POWER}"),
        ({"form": "senml"}, f"gw:sen1.test/{SENSOR}:sen1.test/{POWER}"),
        ({"identifier": SEN1}, f"{SEN1}/{POWER}"),
        ({"identifier": f"gw:sen1.test/{SENSOR}:sen1.test/consumption"}, f"gw:sen1.test/{SENSOR}:sen1.test/{POWER}"),
        ({"identifier": f"urn:dev:prm:{PRM}"}, f"urn:dev:prm:{PRM}_{POWER}"),
    ],
)
def test_names_are_in_the_form_in_which_was_asked(house, fields, expected):
    """The sample's too; the delivery point is told only to who named it."""
    house.minutes(2)
    house.allow(COOP, "consumption/power")
    answer, _ = listed(house, **fields)
    assert [one.get("name") for one in series(answer)] == [expected]
    assert {r.name for r in decode_xml(answer.find(f".//{{{SENML}}}sensml"), START, allow_at=True)} == {expected}
    assert (PRM in ET.tostring(answer, "unicode")) == ("prm" in expected)


def test_a_form_in_urn_without_its_number_is_refused(house):
    """Else anybody with a consent would be told the household's delivery point."""
    house.minutes(2)
    house.allow(COOP)
    error, failed = listed(house, form="urn")
    assert failed
    assert PRM not in ET.tostring(error, "unicode")
    assert "give the identifier urn:dev:prm:<PRM>" in error.findtext(f"{XMPP}text")


def test_without_a_consent_nothing_is_seen(house):
    """A stranger, one whose consent ended, and one that names what there is not hear the same."""
    house.minutes(2)
    house.allow(COOP)
    house.allow("former@sen2.test")
    house.store.consents.revoke("former@sen2.test", "", START)
    asked = [(STRANGER, {}), ("former@sen2.test", {}), (STRANGER, {"identifier": SEN1})]
    asked += [(COOP, {"identifier": f"{SEN1}/production"}), (COOP, {"identifier": "gw@sen1.test/zz@sen1.test"})]
    errors = [listed(house, asker=asker, **fields) for asker, fields in asked]
    assert all(failed for _, failed in errors)
    assert len({ET.tostring(error) for error, _ in errors}) == 1
    assert errors[0][0].find(f"{XMPP}not-authorized") is not None


def test_a_household_may_open_its_catalogue(house):
    """Then everybody sees which series there are, that they have no access, and not a value."""
    house.minutes(6)
    house.allow(COOP, "consumption/power")
    answer, failed = listed(house, asker=STRANGER, more={"open_catalogue": True})
    assert not failed
    assert [one.get("path") for one in series(answer)] == [INDEX, POWER]
    assert not answer.findall(f".//{{{OURS}}}consent")
    assert [row["consent"] for row in rows(answer)] == ["none", "none"]
    own, _ = listed(house, more={"open_catalogue": True})
    assert [row["consent"] for row in rows(own)] == ["none", "PT1M"]
    assert listed(house, asker=STRANGER, identifier="gw@sen1.test/zz@sen1.test", more={"open_catalogue": True})[1]


def test_a_consent_that_is_too_coarse_for_a_series_shows_none_of_it(house):
    """A tariff has no daily value: who may have days would be shown something that it cannot have."""
    house.minutes(3, tariff="BASE")
    house.allow(COOP, "contract", Granularity.DAY)
    assert listed(house)[1]


def fill(house, count):
    """Give the meter that many series."""
    for number in range(count):
        house.store.db.execute(
            "INSERT INTO series (meter, path, unit, kind) VALUES (1, ?, 'W', 'gauge')",
            [f"consumption/many/{number:03}"],
        )


def test_a_long_catalogue_comes_by_pages_that_join(house):
    """By <set> or by the fields of the form; a person is told how to go on, and each stanza stays small."""
    fill(house, 60)
    house.allow(COOP)
    found, after, notes = [], None, []
    for _ in range(3):
        answer, _ = listed(house, page=ResultPage(None, after))
        assert len(ET.tostring(answer)) < 60_000
        found += [one.get("path") for one in series(answer)]
        after, total = parse_page(answer)
        notes.append(answer.findtext(f"{DATA}x/{DATA}instructions"))
    assert (len(found), len(set(found)), total) == (60, 60, 60)
    assert found == sorted(found)
    assert notes[0].startswith(f"Series 1 to {MOST_SERIES} of 60. For the next ones: after = {MOST_SERIES - 1}.")
    assert notes[2].startswith("Series 51 to 60 of 60. The")
    by_hand, _ = listed(house, max="10", after="24")
    assert [one.get("path") for one in series(by_hand)] == found[25:35]
    beyond, _ = listed(house, after="59")
    assert series(beyond) == []


def test_service_discovery_lists_what_the_asker_may_see(house):
    """By node and name in its language; to a stranger nothing, and that is no error."""
    house.minutes(2)
    house.allow(COOP, "consumption/power")
    line = Line()
    Commands(line, house.store, no_thread, Publisher("gw", "sen1.test"), lambda *_: None, lambda: START + 10)
    items = line.offered[CATALOGUE]
    assert asyncio.run(items(COOP, "fr")) == [(f"{SEN1}/{POWER}", "Puissance apparente soutirée")]
    assert asyncio.run(items(COOP, "en")) == [(f"{SEN1}/{POWER}", "Apparent power drawn")]
    assert asyncio.run(items(STRANGER, "")) == []


def test_the_command_has_a_form_for_a_person(house):
    """All of its fields may be left empty."""
    ((_, answer, _),), _ = asyncio.run(converse(house, [command("list_series")], "en"))
    assert answer.get("status") == "executing"
    assert not answer.findall(f".//{DATA}required")
