"""What a series measures, in public words: the terms of SAREF, and QUDT's for the quantity and the unit.

A series is described by a ``saref:Measurement`` that tells neither value nor time: its property, its unit, its meter.
SAREF has classes for power and energy only; which power, and what else is measured, is told by QUDT's quantity kinds.

Sources: SAREF Core V3.1.1 (ETSI TS 103 264), which leaves units to other vocabularies; QUDT 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.store.points import Point, offered

if TYPE_CHECKING:
    from gateway.federation.wire.stanza import Publisher
    from gateway.store.points import Series

    Node = dict[str, Any]

CONTEXT: Node = {
    "quantitykind": "http://qudt.org/vocab/quantitykind/",
    "qudt": "http://qudt.org/schema/qudt/",
    "saref": "https://saref.etsi.org/core/",
    "unit": "http://qudt.org/vocab/unit/",
    "dct:subject": {"@type": "@id"},
    "qudt:hasQuantityKind": {"@type": "@id"},
    "saref:measurementMadeBy": {"@type": "@id"},
}

_POWER, _ENERGY, _OTHER = ("Power", "PowerUnit"), ("Energy", "EnergyUnit"), ("Property", "UnitOfMeasure")
# SenML's unit -> QUDT's (None: QUDT has none), its kind of quantity, SAREF's classes of the property and of the unit.
_UNITS = {
    "W": ("W", "ActivePower", _POWER),
    "VA": ("VA", "ApparentPower", _POWER),
    "var": ("VAR", "ReactivePower", _POWER),
    "Wh": ("W-HR", "ActiveEnergy", _ENERGY),
    "J": ("J", "ActiveEnergy", _ENERGY),
    "VAh": ("VA-HR", "ApparentEnergy", _ENERGY),
    "VAs": (None, "ApparentEnergy", _ENERGY),
    "varh": ("VAR-HR", "ReactiveEnergy", _ENERGY),
    "vars": (None, "ReactiveEnergy", _ENERGY),
    "V": ("V", "Voltage", _OTHER),
    "A": ("A", "ElectricCurrent", _OTHER),
    "m3": ("M3", "Volume", _OTHER),
    "s": ("SEC", "Time", _OTHER),
    "/100": ("PERCENT", "DimensionlessRatio", _OTHER),
}
# The first level of a path -> what the meter is for; a heat meter's is no commodity of SAREF.
_COMMODITIES = {"water": "saref:Water", "gas": "saref:Gas", "heat": None}
_ELECTRICITY = "saref:Electricity"


def meter_of_series(series: Series, address: str) -> Node:
    """The meter of a series, which is known by ``address``."""
    node: Node = {"@id": address, "@type": "saref:Meter"}
    if commodity := _COMMODITIES.get(_first(series), _ELECTRICITY):
        node["saref:isUsedFor"] = {"@type": commodity}
    return node


def measurement(series: Series, publisher: Publisher, meter: str) -> Node | None:
    """What is measured, in the unit in which it is sent; None for texts and for what public words do not have."""
    if not series.unit:
        return None
    unit, _ = publisher.measured(Point(series, offered(series.kind)[0], 0, 0))
    if unit not in _UNITS:
        return None
    code, quantity, (kind, unit_kind) = _UNITS[unit]
    if quantity == "ActiveEnergy" and _first(series) in _COMMODITIES:
        quantity = "Energy"
    node: Node = {
        "@type": "saref:Measurement",
        "saref:relatesToProperty": {"@type": f"saref:{kind}", "qudt:hasQuantityKind": f"quantitykind:{quantity}"},
        "saref:measurementMadeBy": meter,
    }
    if code:
        node["saref:isMeasuredIn"] = {"@id": f"unit:{code}", "@type": f"saref:{unit_kind}"}
    return node


def _first(series: Series) -> str:
    return series.path.partition("/")[0]
