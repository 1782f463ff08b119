"""The catalogue in public words, for who asks for them: JSON-LD of DCAT-AP 3, what is measured by SAREF and QUDT.

It says nothing that ``catalogue`` does not: of each series what there is of it, where it is asked for, on which terms.
No value and no sample, and nobody's name but addresses that the asker knows; what is not true of a household's readings
(a licence, a contact, a place) is left out. It stands in the answer by XEP-0335:

    <words xmlns="urn:linky-gateway:0" profile="dcat"><json xmlns="urn:xmpp:json:0">{"@context": …}</json></words>

Sources: DCAT-AP 3.0.1 (SEMIC) and the authority tables of the EU, ODRL 2.2; addresses: RFC 5122, XEP-0030, XEP-0050.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from gateway.federation.provider.allowed import bound
from gateway.federation.provider.catalogue import CATALOGUE, KINDS
from gateway.federation.provider.measured_words import CONTEXT as MEASURED
from gateway.federation.provider.measured_words import measurement, meter_of_series
from gateway.federation.wire.access_form import GRANULARITIES
from gateway.federation.wire.stanza import OURS
from gateway.senml.naming import NameForm
from gateway.store.points import Granularity, finest_allowed, offered
from gateway.store.recorder import iso
from gateway.store.terms import days
from gateway.words.catalogue import LANGUAGES
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.federation.provider.catalogue import SeenSeries
    from gateway.federation.wire.form import CommandRequest
    from gateway.federation.wire.stanza import Publisher
    from gateway.store.points import Consent

    Node = dict[str, Any]

JSON = "urn:xmpp:json:0"
PROFILE = "dcat"

# As it is written into a stanza; what stands beside it takes half as much, and an answer is to be of 60 kB.
MOST_BYTES = 40_000

_TEXT, _ADDRESS, _MOMENT = {"@container": "@language"}, {"@type": "@id"}, {"@type": "xsd:dateTime"}
CONTEXT: Node = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "eu": "http://publications.europa.eu/resource/authority/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "iana": "https://www.iana.org/assignments/media-types/",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    **MEASURED,
    **dict.fromkeys(("dct:title", "dct:description", "skos:prefLabel"), _TEXT),
    **dict.fromkeys(("dcat:startDate", "dcat:endDate"), _MOMENT),
    "dcat:temporalResolution": {"@type": "xsd:duration"},
    **dict.fromkeys(
        (
            *("dcat:accessService", "dcat:accessURL", "dcat:endpointURL", "dcat:mediaType", "dcat:servesDataset"),
            *("dcat:theme", "dcat:themeTaxonomy", "dct:accessRights", "dct:accrualPeriodicity", "dct:conformsTo"),
            *("dct:format", "dct:language", "dct:publisher", "skos:inScheme", "odrl:action", "odrl:assignee"),
            *("odrl:assigner", "odrl:hasPolicy", "odrl:leftOperand", "odrl:operator"),
        ),
        _ADDRESS,
    ),
}

_RIGHTS, _MEDIA, _FORMAT = "eu:access-right/NON_PUBLIC", "iana:application/senml+xml", "eu:file-type/XML"
_THEMES = {
    "eu:data-theme/ENER": {"fr": "Énergie", "en": "Energy"},
    "eu:data-theme/ENVI": {"fr": "Environnement", "en": "Environment"},
}
_LANGUAGES = {"fr": "eu:language/FRA", "en": "eu:language/ENG"}
_FREQUENCIES = {
    Granularity.RAW: "eu:frequency/UPDATE_CONT",
    Granularity.MINUTE: "eu:frequency/1MIN",
    Granularity.QUARTER: "eu:frequency/15MIN",
    Granularity.HALF_HOUR: "eu:frequency/30MIN",
    Granularity.DAY: "eu:frequency/DAILY",
}
# What a meter says when something changes, not time and again.
_IRREGULAR, _SELDOM = "eu:frequency/IRREG", ("text", "maximum")
# What each code is, by the table that it stands in: who reads this need have none of the tables.
_TABLES = {
    "eu:access-right": "dct:RightsStatement",
    "eu:file-type": "dct:MediaTypeOrExtent",
    "eu:frequency": "dct:Frequency",
    "eu:language": "dct:LinguisticSystem",
    "eu:data-theme": "skos:Concept",
}
_STANDARDS = {
    "service": "https://xmpp.org/extensions/xep-0050.html",
    "dataset": "https://saref.etsi.org/core/v3.1.1/",
}

# The gateway's address, as the context abbreviates it.
_GATEWAY = "gateway:"
_XSD = re.compile(r"P(?=[0-9])([0-9]+Y)?([0-9]+M)?([0-9]+D)?")

_TITLE = Phrase("Series of {gateway}")
_DESCRIPTION = Phrase("What the household lets you see of its meters; of each series you get what it has consented to.")
_SERVICE = Phrase("Gateway {gateway}")
_SAID_OF = Phrase("{label}: {kind}.")


def build_words(
    question: CommandRequest, publisher: Publisher, form: NameForm, seen: Sequence[SeenSeries]
) -> tuple[ET.Element, int]:
    """The element with the JSON-LD of a page of the catalogue, names in ``form``, and how many series it holds."""
    description, count = _Description(question, publisher, form), len(seen)
    while True:
        text = json.dumps(description.document(seen[:count]), ensure_ascii=False, separators=(",", ":"))
        if count <= 1 or written_size(text) <= MOST_BYTES:
            break
        count -= 1
    element = ET.Element(f"{{{OURS}}}words", {"profile": PROFILE})
    ET.SubElement(element, f"{{{JSON}}}json").text = text
    return element, count


def written_size(text: str) -> int:
    """The bytes of a text in a stanza: slixmpp writes six for a quotation mark of either kind (``tostring.escape``)."""
    return len(text.encode()) + 5 * (text.count('"') + text.count("'"))


class _Description:
    """One page in public words.

    Args:
        question: of whom, and at which address of ours.
        publisher: who answers for the data, and how it writes them.
        form: of the names.
    """

    def __init__(self, question: CommandRequest, publisher: Publisher, form: NameForm) -> None:
        self._publisher, self._form = publisher, form
        self._account = f"{publisher.application}@{publisher.server}"
        self._address = _address(question.here or self._account)
        self._agent, self._asker = _address(self._account), _address(question.asker)

    def document(self, seen: Sequence[SeenSeries]) -> Node:
        datasets = [self._dataset(one) for one in seen]
        graph = [
            self._catalogue(datasets),
            {"@id": self._agent, "@type": "foaf:Agent", "foaf:name": self._account},
            *{node["@id"]: node for node in map(self._meter, seen)}.values(),
            *{consent.id: self._agreement(consent) for one in seen for consent in one.consents}.values(),
        ]
        # The two that are long and stand everywhere.
        series = f"{self._address}?disco;node={quote(f'{self._account}/'.lower(), safe='')}"
        prefixes = {"gateway": self._address, "series": series}
        ours = {name: {"@id": address, "@prefix": True} for name, address in prefixes.items()}
        return {"@context": [CONTEXT, ours], "@graph": [*graph, *_codes(json.dumps(graph))]}

    def _catalogue(self, datasets: list[Node]) -> Node:
        gateway = {"gateway": self._account}
        service = {
            "@id": _GATEWAY,
            "@type": "dcat:DataService",
            "dct:title": _said(_SERVICE.filled(**gateway)),
            "dct:publisher": self._agent,
            "dct:accessRights": _RIGHTS,
            "dct:conformsTo": _STANDARDS["service"],
            "dcat:theme": "eu:data-theme/ENER",
            "dcat:endpointURL": _GATEWAY,
            "dcat:servesDataset": [dataset["@id"] for dataset in datasets],
        }
        return {
            "@id": f"{_GATEWAY}?disco;node={CATALOGUE}",
            "@type": "dcat:Catalog",
            "dct:title": _said(_TITLE.filled(**gateway)),
            "dct:description": _said(_DESCRIPTION),
            "dct:publisher": self._agent,
            "dct:language": [_LANGUAGES[lang] for lang in LANGUAGES if lang in _LANGUAGES],
            "dcat:themeTaxonomy": "eu:data-theme",
            "dcat:service": service,
            "dcat:dataset": datasets,
        }

    def _dataset(self, one: SeenSeries) -> Node:
        series, address = one.series, self._series(one)
        given = _given(one)
        label = one.label
        node: Node = {
            "@id": address,
            "@type": "dcat:Dataset",
            "dct:identifier": self._publisher.name(one.meter, series.path).written(self._form),
            "dct:title": _said(label),
            "dct:description": _said(_SAID_OF.filled(label=label, kind=KINDS[series.kind])),
            "dct:publisher": self._agent,
            "dct:accessRights": _RIGHTS,
            "dcat:theme": "eu:data-theme/ENVI" if series.path.startswith("water/") else "eu:data-theme/ENER",
            "dct:accrualPeriodicity": _frequency(series.kind, given[0]),
            "dcat:distribution": [_distribution(address, granularity) for granularity in given],
        }
        if series.last_time:
            period = {"dcat:startDate": iso(series.first_time), "dcat:endDate": iso(series.last_time)}
            node["dct:temporal"] = {"@type": "dct:PeriodOfTime", **period}
        if given[0]:
            node["dcat:temporalResolution"] = given[0].code
        if measured := measurement(series, self._publisher, self._meter(one)["@id"]):
            node |= {"dct:subject": measured, "dct:conformsTo": _STANDARDS["dataset"]}
        if one.consents:
            node["odrl:hasPolicy"] = [_consent(consent) for consent in one.consents]
        return node

    def _agreement(self, consent: Consent) -> Node:
        """The consent as ODRL says it: to use until a day, and to delete after the time that the asker promised.

        What has it as a policy is what it is about (ODRL 2.2 §2.2.1).
        """
        until = _limit("dateTime", "xsd:dateTime", iso(consent.until))
        node: Node = {
            "@id": _consent(consent),
            "@type": "odrl:Agreement",
            "odrl:assigner": self._agent,
            "odrl:assignee": self._asker,
            "odrl:permission": {"odrl:action": "odrl:use", "odrl:constraint": until},
        }
        if retention := bound(self._publisher, [consent]).retention:
            kept = _limit("elapsedTime", "xsd:duration", _duration(retention))
            node["odrl:obligation"] = {"odrl:action": "odrl:delete", "odrl:constraint": kept}
        return node

    def _meter(self, one: SeenSeries) -> Node:
        prm = one.meter.prm if self._form is NameForm.URN else None
        address = f"urn:dev:prm:{prm}" if prm else f"{_GATEWAY}#{quote(one.meter.sensor, safe='')}"
        return meter_of_series(one.series, address)

    def _series(self, one: SeenSeries) -> str:
        """A series' address: the node of service discovery that it is; by its delivery point to who named that."""
        name = self._publisher.name(one.meter, one.series.path)
        if self._form is NameForm.URN:
            return name.urn()
        return f"series:{quote(name.sen1().partition('/')[2], safe='')}"


def _distribution(dataset: str, granularity: Granularity) -> Node:
    fine = {"dcat:temporalResolution": granularity.code} if granularity else {}
    return {
        "@id": f"{dataset}#{granularity.code}",
        "@type": "dcat:Distribution",
        "dct:description": _said(dict(GRANULARITIES)[granularity.code]),
        **fine,
        "dct:format": _FORMAT,
        "dcat:mediaType": _MEDIA,
        "dcat:accessURL": f"{_GATEWAY}?command;node=get_history",
        "dcat:accessService": _GATEWAY,
    }


def _consent(consent: Consent) -> str:
    return f"{_GATEWAY}?command;node=my_access#consent-{consent.id}"


def _address(jid: str) -> str:
    return f"xmpp:{quote(jid, safe='@/')}"


def _said(phrase: Phrase) -> dict[str, str]:
    return {lang: phrase.in_language(lang) for lang in LANGUAGES}


def _given(one: SeenSeries) -> list[Granularity]:
    """What the asker may have of a series, finest first; without a consent what it could ask for."""
    known = offered(one.series.kind)
    allowed = [finest_allowed(one.series.kind, consent.granularity) for consent in one.consents]
    finest = min((granularity for granularity in allowed if granularity is not None), default=known[0])
    return [granularity for granularity in known if granularity >= finest]


def _frequency(kind: str, finest: Granularity) -> str:
    return _IRREGULAR if kind in _SELDOM and not finest else _FREQUENCIES[finest]


def _limit(operand: str, datatype: str, value: str) -> Node:
    right = {"@type": datatype, "@value": value}
    return {"odrl:leftOperand": f"odrl:{operand}", "odrl:operator": "odrl:lteq", "odrl:rightOperand": right}


def _duration(text: str) -> str:
    """A duration as XML Schema has them: years before months before days, and no weeks."""
    return text if _XSD.fullmatch(text) else f"P{days(text)}D"


def _codes(text: str) -> list[Node]:
    """What is said of each code of the EU's tables, and of each standard, that stands in a text."""
    codes = [_RIGHTS, _FORMAT, *_THEMES, *_LANGUAGES.values(), *_FREQUENCIES.values(), _IRREGULAR]
    nodes: list[Node] = []
    for code in codes:
        if f'"{code}"' not in text:
            continue
        table = code.partition("/")[0]
        named = {"skos:prefLabel": _THEMES[code]} if code in _THEMES else {}
        nodes.append({"@id": code, "@type": _TABLES[table], **named, "skos:inScheme": table})
    nodes.append({"@id": "eu:data-theme", "@type": "skos:ConceptScheme", "dct:title": {"en": "Data theme"}})
    others = {_MEDIA: "dct:MediaType", **dict.fromkeys(_STANDARDS.values(), "dct:Standard")}
    return nodes + [{"@id": one, "@type": kind} for one, kind in others.items() if f'"{one}"' in text]
