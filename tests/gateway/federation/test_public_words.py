"""The catalogue in public words: by the profile's rules, in terms that exist, and nothing that the catalogue hides."""

import asyncio
import copy
import importlib.util
import json
import os
import re
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from slixmpp.xmlstream.tostring import tostring

from gateway.federation.provider.catalogue import MOST_IN_WORDS, Catalogue
from gateway.federation.provider.measured_words import measurement
from gateway.federation.provider.public_words import MOST_BYTES, written_size
from gateway.federation.wire.form import CommandRequest, ResultPage, parse_page
from gateway.federation.wire.stanza import OURS, Publisher
from gateway.store.points import Granularity, Series
from gateway.store.terms import Terms
from gateway.tic.labels import known_labels
from tests.gateway.federation.conftest import PRM, SENSOR, START
from tests.gateway.federation.test_catalogue import POWER, STRANGER, fill, listed, series
from tests.gateway.federation.test_commands import COOP, SEN1, XMPP, no_thread

RULES = Path(__file__).parent / "shapes/dcat_ap.ttl"
WORDS, JSON = f"{{{OURS}}}words", "{urn:xmpp:json:0}json"
needs_pyshacl = pytest.mark.skipif(
    not (importlib.util.find_spec("pyshacl") or os.environ.get("CI")), reason="pyshacl is not installed"
)
# rdflib's own reader of JSON-LD uses what rdflib gives up.
of_rdflib = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
# The terms that we may use, as their sources have them. SAREF Core V3.1.1 (ETSI TS 103 264, ontology of 2020-05-29).
SAREF = set(
    "Electricity Energy EnergyUnit Gas Measurement Meter Power PowerUnit Property UnitOfMeasure Water"
    " isMeasuredIn isUsedFor measurementMadeBy relatesToProperty".split()
)
# QUDT 3.1 (VOCAB_QUDT-UNITS-ALL, VOCAB_QUDT-QUANTITY-KINDS-ALL, of 2026-08-05): those that are not deprecated.
UNITS = set("A J M3 PERCENT SEC V VA VA-HR VAR VAR-HR W W-HR".split())
QUANTITIES = set(
    "ActiveEnergy ActivePower ApparentEnergy ApparentPower DimensionlessRatio ElectricCurrent Energy ReactiveEnergy"
    " ReactivePower Time Voltage Volume".split()
)
# The EU's authority tables, https://op.europa.eu/en/web/eu-vocabularies/authority-tables
CODES = set(
    "access-right access-right/NON_PUBLIC data-theme data-theme/ENER data-theme/ENVI file-type file-type/XML frequency"
    " frequency/15MIN frequency/1MIN frequency/30MIN frequency/DAILY frequency/IRREG frequency/UPDATE_CONT language"
    " language/ENG language/FRA".split()
)
ODRL = set(
    "Agreement action assignee assigner constraint dateTime delete elapsedTime hasPolicy leftOperand lteq obligation"
    " operator permission rightOperand use".split()
)


def told(house, **fields):
    """The JSON-LD of an answer to ``list_series``."""
    answer, failed = listed(house, words="dcat", **fields)
    assert not failed
    return read(answer)


def read(answer):
    """The JSON-LD of an answer."""
    (words,) = answer.findall(WORDS)
    assert words.get("profile") == "dcat"
    return json.loads(words.findtext(JSON))


def nodes(within, kind=None):
    """Every node of a document, at any depth; those of a class."""
    if isinstance(within, list):
        for one in within:
            yield from nodes(one, kind)
    elif isinstance(within, dict):
        if "@value" not in within and kind in {None, within.get("@type")}:
            yield within
        for one in within.values():
            yield from nodes(one, kind)


def datasets(document):
    """The datasets, by the paths of their series."""
    found = nodes(document["@graph"], "dcat:Dataset")
    return {node["dct:identifier"].removeprefix(f"{SEN1}/"): node for node in found}


@pytest.fixture
def whole(house):
    """A document with series of each kind, a consent that ends and one that binds for a while."""
    house.minutes(6, tariff="BASE")
    for path, unit, kind in (("water/volume/index", "l", "index"), ("heat/energy/index", "Wh", "index")):
        house.store.db.execute("INSERT INTO series (meter, path, unit, kind) VALUES (1, ?, ?, ?)", [path, unit, kind])
    house.allow(COOP, "consumption", Granularity.HALF_HOUR, terms=Terms(retention="P2W"))
    house.allow(COOP, "", Granularity.RAW)
    return told(house)


def complaints(document):
    """What the rules say of a document."""
    from pyshacl import validate
    from rdflib import Graph, URIRef

    data = Graph().parse(data=json.dumps(document), format="json-ld")
    _, found, _ = validate(data, shacl_graph=Graph().parse(RULES), inplace=True)
    return {str(text) for text in found.objects(None, URIRef("http://www.w3.org/ns/shacl#resultMessage"))}


@needs_pyshacl
@of_rdflib
def test_the_rules_of_the_profile_hold(whole):
    """Of all that is described: the catalogue, the service, series of each kind and of each granularity."""
    from rdflib import Graph

    assert complaints(whole) == set()
    found = (
        Graph()
        .parse(data=json.dumps(whole), format="json-ld")
        .query("SELECT ?d { ?s a dcat:DataService; dcat:servesDataset ?d. ?c dcat:dataset ?d }")
    )
    node = f"xmpp:gw@sen1.test?disco;node=gw%40sen1.test%2F{SENSOR}%40sen1.test%2F"
    assert {str(row.d) for row in found} == {f"{node}{quote(path, safe='')}" for path in datasets(whole)}
    assert {kind for node in nodes(whole["@graph"]) if (kind := node.get("@type"))} >= {
        *("dcat:Catalog", "dcat:DataService", "dcat:Dataset", "dcat:Distribution", "dct:PeriodOfTime", "foaf:Agent"),
        *("saref:Measurement", "saref:Meter", "odrl:Agreement", "skos:Concept"),
    }


# The rule's message -> class of the nodes that are spoiled, their property, and what it is instead (None: lost).
SPOILT = {
    "Catalogue title (shapes)": ("dcat:Catalog", "dct:title", None),
    "Catalogue description (shapes)": ("dcat:Catalog", "dct:description", None),
    "Catalogue publisher (shapes, range)": ("dcat:Catalog", "dct:publisher", ["eu:file-type/XML"]),
    "Catalogue language (range, mdr-vocabularies)": ("dcat:Catalog", "dct:language", "eu:file-type/XML"),
    "Catalogue themes (range)": ("dcat:Catalog", "dcat:themeTaxonomy", "eu:file-type"),
    "Catalogue service (range)": ("dcat:Catalog", "dcat:service", {"@id": "urn:x:y"}),
    "Catalogue dataset (range)": ("dcat:Catalog", "dcat:dataset", {"@id": "urn:x:y"}),
    "Data Service title (shapes)": ("dcat:DataService", "dct:title", None),
    "Data Service endpoint URL (shapes)": ("dcat:DataService", "dcat:endpointURL", {"@value": "maison@home.example"}),
    "Data Service access rights (shapes, range, mdr-vocabularies)": ("dcat:DataService", "dct:accessRights", "eu:x"),
    "Data Service conforms to (range)": ("dcat:DataService", "dct:conformsTo", "eu:x"),
    "Data Service publisher (shapes, range)": ("dcat:DataService", "dct:publisher", "eu:x"),
    "Data Service serves dataset (range)": ("dcat:DataService", "dcat:servesDataset", "eu:x"),
    "Data Service theme (range, mdr-vocabularies)": ("dcat:DataService", "dcat:theme", "eu:file-type/XML"),
    "Dataset title (shapes)": ("dcat:Dataset", "dct:title", {}),
    "Dataset description (shapes)": ("dcat:Dataset", "dct:description", None),
    "Dataset identifier (shapes)": ("dcat:Dataset", "dct:identifier", {"@id": "urn:x:y"}),
    "Dataset publisher (shapes, range)": ("dcat:Dataset", "dct:publisher", "eu:x"),
    "Dataset access rights (shapes, range, mdr-vocabularies)": ("dcat:Dataset", "dct:accessRights", "eu:file-type/XML"),
    "Dataset frequency (shapes, range, mdr-vocabularies)": ("dcat:Dataset", "dct:accrualPeriodicity", "eu:x"),
    "Dataset conforms to (range)": ("dcat:Dataset", "dct:conformsTo", "eu:x"),
    "Dataset distribution (range)": ("dcat:Dataset", "dcat:distribution", {"@id": "urn:x:y"}),
    "Dataset temporal coverage (range)": ("dcat:Dataset", "dct:temporal", {"@id": "urn:x:y"}),
    "Dataset temporal resolution (shapes)": ("dcat:Dataset", "dcat:temporalResolution", ["PT1M", "P1D"]),
    "Dataset theme (shapes, range, mdr-vocabularies)": ("dcat:Dataset", "dcat:theme", "eu:file-type/XML"),
    "Distribution access URL (shapes)": ("dcat:Distribution", "dcat:accessURL", None),
    "Distribution access service (range)": ("dcat:Distribution", "dcat:accessService", "eu:x"),
    "Distribution description (shapes)": (
        "dcat:Distribution",
        "http://purl.org/dc/terms/description",
        {"@id": "urn:x:y"},
    ),
    "Distribution format (shapes, range, mdr-vocabularies)": ("dcat:Distribution", "dct:format", "eu:language/FRA"),
    "Distribution media type (shapes, range, mdr-vocabularies)": ("dcat:Distribution", "dcat:mediaType", "eu:x"),
    "Distribution temporal resolution (shapes)": ("dcat:Distribution", "dcat:temporalResolution", {"@value": "a day"}),
    "Period of time start date (shapes)": ("dct:PeriodOfTime", "dcat:startDate", {"@value": "yesterday"}),
    "Period of time end date (shapes)": ("dct:PeriodOfTime", "dcat:endDate", ["2026-01-01T00:00:00Z", "2026-01-02"]),
    "Agent name (shapes)": ("foaf:Agent", "foaf:name", None),
    "Concept preferred label (shapes)": ("skos:Concept", "skos:prefLabel", None),
    "Concept Scheme title (shapes)": ("skos:ConceptScheme", "dct:title", None),
}


@needs_pyshacl
@of_rdflib
def test_each_rule_finds_what_breaks_it(whole):
    """One by one, and there is no rule beside these; otherwise a document that is wrong would pass as well."""
    assert sorted(re.findall(r'sh:message "([^"]+)"', RULES.read_text())) == sorted(SPOILT)
    missed = []
    for rule, (kind, name, instead) in SPOILT.items():
        document = copy.deepcopy(whole)
        for node in list(nodes(document["@graph"], kind)):
            node.pop(name, None) if instead is None else node.update({name: instead})
        if rule not in complaints(document):
            missed.append(rule)
    assert missed == []


def used(document, prefix):
    """The terms of a vocabulary that stand in a document."""
    text = json.dumps(document["@graph"])
    return set(re.findall(rf'"{prefix}:([^"]+)"', text))


def test_every_term_is_one_of_its_vocabulary(whole):
    """SAREF's, QUDT's, ODRL's and the codes of the EU's tables: none is made up, and none is a dead one."""
    for prefix, known in (
        ("saref", SAREF),
        ("unit", UNITS),
        ("quantitykind", QUANTITIES),
        ("eu", CODES),
        ("odrl", ODRL),
    ):
        terms = used(whole, prefix)
        assert terms, prefix
        assert terms <= known, prefix


@pytest.mark.parametrize("primary", [False, True])
def test_whatever_a_meter_measures_has_a_quantity(primary):
    """Each series that a label can feed, in the units that are sent; what has no unit is not measured."""
    publisher, found = Publisher("gw", "sen1.test", primary=primary), set()
    for label in known_labels():
        if label.series:
            one = Series(1, "house", label.series, label.senml_unit, "text" if not label.senml_unit else "gauge", 0, 0)
            described = measurement(one, publisher, "urn:x:y")
            if primary and label.senml_unit == "/100":
                continue
            assert (described is None) == (not label.senml_unit), label
            found |= {json.dumps(described)} if described else set()
    text = {"@graph": [json.loads(one) for one in found]}
    assert used(text, "saref") <= SAREF
    assert used(text, "unit") <= UNITS
    assert used(text, "quantitykind") <= QUANTITIES
    assert len(found) > 7


def test_a_series_is_described_as_it_is_given(house):
    """Its name, labels, times and unit; only as fine as the asker may have it; until when, and for how long kept."""
    house.minutes(6)
    house.allow(COOP, "consumption/power", Granularity.HALF_HOUR, terms=Terms(retention="P2W"), until=START + 86_400)
    document = told(house)
    (power,) = datasets(document).values()
    assert power["dct:identifier"] == f"{SEN1}/{POWER}"
    assert power["dct:title"] == {"fr": "Puissance apparente soutirée", "en": "Apparent power drawn"}
    assert power["dct:temporal"]["dcat:startDate"] == "2026-06-16T10:00:00Z"
    assert power["dct:temporal"]["dcat:endDate"] == "2026-06-16T10:05:30Z"
    assert (power["dcat:temporalResolution"], power["dct:accrualPeriodicity"]) == ("PT30M", "eu:frequency/30MIN")
    assert [one["dcat:temporalResolution"] for one in power["dcat:distribution"]] == ["PT30M", "P1D"]
    measured = power["dct:subject"]
    assert measured["saref:relatesToProperty"]["@type"] == "saref:Power"
    assert measured["saref:isMeasuredIn"]["@id"] == "unit:VA"
    (agreement,) = nodes(document["@graph"], "odrl:Agreement")
    assert power["odrl:hasPolicy"] == [agreement["@id"]]
    assert agreement["odrl:assignee"] == f"xmpp:{COOP}"
    until = agreement["odrl:permission"]["odrl:constraint"]["odrl:rightOperand"]["@value"]
    kept = agreement["odrl:obligation"]["odrl:constraint"]["odrl:rightOperand"]["@value"]
    assert (until, kept) == ("2026-06-17T10:00:00Z", "P14D")


def test_raw_readings_have_no_resolution(whole):
    """They come as the meter says them; what changes now and then is said to be irregular."""
    found = datasets(whole)
    assert "dcat:temporalResolution" not in found[POWER]
    assert [one.get("dcat:temporalResolution") for one in found[POWER]["dcat:distribution"]][:2] == [None, "PT1M"]
    assert found[POWER]["dct:accrualPeriodicity"] == "eu:frequency/UPDATE_CONT"
    assert found["contract/tariff"]["dct:accrualPeriodicity"] == "eu:frequency/IRREG"
    assert "dct:subject" not in found["contract/tariff"]


def test_each_counter_is_for_its_own_commodity(whole):
    """Water in cubic metres, under the environment; heat is energy, and no active one."""
    found = datasets(whole)
    water, heat = found["water/volume/index"], found["heat/energy/index"]
    assert (water["dcat:theme"], water["dct:subject"]["saref:isMeasuredIn"]["@id"]) == ("eu:data-theme/ENVI", "unit:M3")
    assert heat["dct:subject"]["saref:relatesToProperty"]["qudt:hasQuantityKind"] == "quantitykind:Energy"


def test_no_reading_and_no_sample_stands_in_it(house):
    """Neither a value of the store nor an invented one; nobody's name but the two addresses."""
    house.minutes(6)
    house.allow(COOP, "consumption")
    answer, _ = listed(house, words="dcat")
    text = answer.find(WORDS).findtext(JSON)
    samples = [r.get("v") for r in answer.iter("{urn:ietf:params:xml:ns:senml}senml")]
    values = {str(p.value) for p in house.store.readings.page("house", "", Granularity.RAW, 0, 2**37, 10_000)}
    assert samples
    assert values
    assert {*samples, *values}.isdisjoint(re.findall(r'"([^"]*)"', text))
    assert not re.findall(r"-?[0-9]", re.sub(r'"[^"]*"', '""', text)), "a number stands in no string"
    assert "hasValue" not in text
    assert not list(nodes(json.loads(text)["@graph"], "vcard:Kind"))


def test_who_may_see_it_is_as_in_the_catalogue(house):
    """A stranger is refused; in an open catalogue it sees all and has no agreement; a recipient sees its own."""
    house.minutes(6)
    house.allow(COOP, "consumption/power")
    refused, failed = listed(house, asker=STRANGER, words="dcat")
    assert failed
    assert refused.find(f"{XMPP}not-authorized") is not None
    assert set(datasets(told(house))) == {POWER}
    opened, _ = listed(house, asker=STRANGER, more={"open_catalogue": True}, words="dcat")
    document = read(opened)
    assert [one.get("path") for one in series(opened)] == sorted(datasets(document))
    assert not list(nodes(document["@graph"], "odrl:Agreement"))
    assert {one["dct:accessRights"] for one in datasets(document).values()} == {"eu:access-right/NON_PUBLIC"}


@pytest.mark.parametrize("form", ["sen1", "senml", "urn"])
def test_the_delivery_point_is_told_only_to_who_named_it(house, form):
    """A series has one address in the forms of the federation, and its own by the number."""
    house.minutes(2)
    house.allow(COOP, "consumption/power")
    document = told(house, **({"identifier": f"urn:dev:prm:{PRM}"} if form == "urn" else {"form": form}))
    (power,) = nodes(document["@graph"], "dcat:Dataset")
    (meter,) = nodes(document["@graph"], "saref:Meter")
    assert (PRM in json.dumps(document)) == (form == "urn")
    if form == "urn":
        assert (power["@id"], meter["@id"]) == (f"urn:dev:prm:{PRM}_{POWER}", f"urn:dev:prm:{PRM}")
    else:
        node = f"{SENSOR}%40sen1.test%2F{POWER.replace('/', '%2F')}"
        assert (power["@id"], meter["@id"]) == (f"series:{node}", f"gateway:#{SENSOR}")
        ours = document["@context"][1]
        assert ours["gateway"]["@id"] == "xmpp:gw@sen1.test"
        assert ours["series"]["@id"] == "xmpp:gw@sen1.test?disco;node=gw%40sen1.test%2F"


def test_nobody_gets_it_without_asking(house):
    """Nor for another word: that is refused, and the sentence names the field."""
    house.minutes(2)
    house.allow(COOP, "consumption/power")
    answer, _ = listed(house)
    assert answer.find(WORDS) is None
    for empty in ("", "dcat"):
        assert not listed(house, words=empty)[1]
    error, failed = listed(house, words="schema.org")
    assert failed
    assert error.findtext(f"{XMPP}text").startswith("words: ")


def test_its_pages_are_shorter_and_join(house):
    """Each stanza stays as small as one of the catalogue without, and one catalogue comes of all of them."""
    fill(house, 23)
    house.allow(COOP)
    house.allow(COOP, "consumption/many", Granularity.DAY, terms=Terms(retention="P1Y"))
    found, after, catalogues, total = [], None, set(), 1
    while len(found) < total:
        answer, _ = listed(house, page=ResultPage(None, after), words="dcat")
        # As it leaves: slixmpp writes quotation marks as entities.
        assert len(tostring(answer).encode()) < 60_000
        document = read(answer)
        catalogues |= {node["@id"] for node in nodes(document["@graph"], "dcat:Catalog")}
        assert 0 < len(datasets(document)) == len(series(answer)) <= MOST_IN_WORDS
        found += datasets(document)
        after, total = parse_page(answer)
    assert (len(found), len(set(found)), total, len(catalogues)) == (23, 23, 23, 1)


def test_long_addresses_make_a_page_shorter_still(house):
    """Where the most series do not fit there are fewer, and the page says where the next begins."""
    fill(house, 12)
    for scope, kept in (("", ""), ("consumption", "P6M"), ("consumption/many", "P1Y")):
        house.allow(COOP, scope, Granularity.RAW, terms=Terms(retention=kept))
    store, publisher = house.store, Publisher("foyer-de-la-famille-dupont-martin", f"{'communaute-' * 6}marais.example")
    known = store.meters, store.consents, store.pseudonyms
    catalogue = Catalogue(*known, no_thread, publisher, lambda: START + 10)
    answer = asyncio.run(catalogue.answer(CommandRequest({"words": "dcat"}, None, COOP)))
    whole = ET.Element("x")
    whole.extend(answer.payload)
    count = len(series(whole))
    assert 1 < count < MOST_IN_WORDS
    element = ET.Element("x")
    element.text = text = answer.payload[1].findtext(JSON)
    assert written_size(text) <= MOST_BYTES
    assert len(tostring(element).encode()) == written_size(text) + len("<x></x>")
    assert sum(len(tostring(one).encode()) for one in answer.payload) < 60_000
    assert parse_page(whole) == (str(count - 1), 12)
    assert len(answer.table.rows) == count
    assert sum(1 for _ in nodes(read(whole)["@graph"], "dcat:Dataset")) == count
