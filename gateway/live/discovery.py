"""What Home Assistant is told so that a meter appears by itself: one device with its entities, by MQTT discovery.

The form for whole devices (Home Assistant 2024.11 and later), short keys; an entity for each thing that the meter was
heard to say, fed by the topics of ``topics``. No I/O. What changes every second and few look at begins disabled.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from gateway.live.compact import COLOURS, TARIFFS
from gateway.live.meter import DRAWN_INDEX, INJECTED_INDEX, Value
from gateway.live.topics import ROOT, STATUS, RetainedMessage
from gateway.tic.tariff_outlook import OFF_PEAK_NEXT, UNTIL
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


# An entity's key, and what it is to Home Assistant.
_Entity = tuple[str, dict[str, Any]]

_PROVIDER = re.compile(re.escape(f"{DRAWN_INDEX}/provider/") + r"(\w+)")
_WIRE = re.compile(r"consumption/(power/apparent|voltage|current)/raw(?:/phase/([123]))?")
_WIRES = {
    "power/apparent": ("apparent_power", "VA", Phrase("Power, phase {phase}", "entity")),
    "voltage": ("voltage", "V", Phrase("Voltage, phase {phase}", "entity")),
    "current": ("current", "A", Phrase("Current, phase {phase}", "entity")),
}

# Key of the object of the topic ``json`` -> the series that must have been heard, and the names.
_POWERS = {
    "drawn_va": ("consumption/power/apparent/raw", Phrase("Power drawn", "entity")),
    "injected_va": ("production/power/apparent/raw", Phrase("Power injected", "entity")),
    "subscribed_va": ("", Phrase("Power subscribed", "entity")),
}
# What is made of VA and index: as soon as a meter says both it may be known. Of the powers of now Home Assistant's
# dashboard shows those of this class alone.
_ESTIMATED = {
    "power_w": ("power", "W", Phrase("Active power (estimate)", "entity")),
    "cos_phi": ("power_factor", None, Phrase("Power factor (estimate)", "entity")),
}
_UNCERTAINTY = "{{ {'uncertainty': value_json.power_within_w} | tojson }}"
_DAYS = {
    "drawn_today_wh": (DRAWN_INDEX, Phrase("Drawn today", "entity")),
    "injected_today_wh": (INJECTED_INDEX, Phrase("Injected today", "entity")),
}
# What the day has cost goes back to its first cents at each midnight, and down where more is sold than drawn: a total
# of which Home Assistant must be told when it began.
_COST = Phrase("Cost today", "entity")
_COST_TEMPLATE = "{{ 'None' if value_json.cost_today_cents is none else value_json.cost_today_cents / 100 }}"
_COST_SINCE = "{{ value_json.today_since or '' }}"
# Stands among the series that make entities for a tariff that prices the day.
PRICED = "priced"
_WORDS = {
    "tariff_kind": ("contract/tariff", TARIFFS, Phrase("Tariff period", "entity")),
    "tempo_today": ("contract/tempo/today", COLOURS, Phrase("Tempo today", "entity")),
    "tempo_tomorrow": ("contract/tempo/tomorrow", COLOURS, Phrase("Tempo tomorrow", "entity")),
}
_MOMENTS = {
    "tariff_until": (UNTIL, Phrase("Tariff until", "entity")),
    "off_peak_next": (OFF_PEAK_NEXT, Phrase("Next off-peak hours", "entity")),
}
_STATES = {
    "overload": (
        "status/overload",
        "problem",
        "{{ 'None' if value_json.overload is none else 'ON' if value_json.overload else 'OFF' }}",
        Phrase("Overload", "entity"),
    ),
    "breaker": (
        "status/breaker",
        "opening",
        # "None" is what Home Assistant calls unknown: until the meter has said it nothing is open.
        "{{ 'None' if value_json.breaker is none else 'OFF' if value_json.breaker == 'closed' else 'ON' }}",
        Phrase("Breaker", "entity"),
    ),
}


def device(
    prefix: str, meter: str, values: Mapping[str, Value], version: str, lang: str, *, priced: bool = False
) -> RetainedMessage:
    """The message that makes the meter a device.

    ``values`` are those that were heard of it, by series; ``priced``: a tariff says what its day costs.
    """
    base = f"{ROOT}/meter/{meter}"
    entities = dict(_entities(values, base, lang))
    if priced:
        entities["cost_today"] = _cost(lang)
    for key, entity in entities.items():
        entity["uniq_id"] = f"{ROOT}-{meter}-{key}"
        entity["def_ent_id"] = f"{entity['p']}.{ROOT}_{meter}_{key}".replace("-", "_")
    told = {
        "dev": {"ids": [f"{ROOT}-{meter}"], "name": f"Linky {meter}", "mf": "Enedis", "mdl": "Linky"},
        "o": {"name": "linky-gateway", "sw": version},
        "stat_t": f"{base}/json",
        "avty": [{"t": STATUS}, {"t": f"{base}/json", "val_tpl": "{{ 'offline' if value_json.stale else 'online' }}"}],
        "avty_mode": "all",
        "cmps": entities,
    }
    return RetainedMessage(topic(prefix, meter), json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode())


def topic(prefix: str, meter: str) -> str:
    """Where a meter's device is told; an empty message there takes it away."""
    return f"{prefix}/device/{ROOT}-{meter}/config"


def parts(values: Mapping[str, Value], *, priced: bool = False) -> frozenset[str]:
    """The series that make entities, and ``PRICED``: as long as these are the same the device is the same."""
    return frozenset(series for series, value in values.items() if _counts(series, value)) | (
        {PRICED} if priced else set()
    )


def _counts(series: str, value: Value) -> bool:
    # In standard mode there are ten indexes, and those that a contract does not use are 0.
    return value != 0 or not _PROVIDER.fullmatch(series)


def _entities(values: Mapping[str, Value], base: str, lang: str) -> Iterator[_Entity]:
    for key, (series, name) in _POWERS.items():
        if not series or series in values:
            yield key, _sensor(name, lang, "apparent_power", "VA") | _from_json(key)
    if DRAWN_INDEX in values and _POWERS["drawn_va"][0] in values:
        for key, (kind, unit, name) in _ESTIMATED.items():
            uncertain = {"json_attr_t": f"{base}/json", "json_attr_tpl": _UNCERTAINTY} if key == "power_w" else {}
            yield key, _sensor(name, lang, kind, unit) | _from_json(key) | uncertain
    yield from _indexes(values, base, lang)
    for key, (series, name) in _DAYS.items():
        if series in values:
            yield key, _sensor(name, lang, "energy", "Wh", "total_increasing") | _from_json(key)
    for key, (series, options, name) in _WORDS.items():
        if series in values:
            yield (
                key,
                {"p": "sensor", "name": name.in_language(lang), "dev_cla": "enum", "ops": options} | _from_json(key),
            )
    for key, (series, name) in _MOMENTS.items():
        if series in values:
            yield key, {"p": "sensor", "name": name.in_language(lang), "dev_cla": "timestamp"} | _from_json(key)
    for key, (series, kind, template, name) in _STATES.items():
        if series in values:
            yield key, {"p": "binary_sensor", "name": name.in_language(lang), "dev_cla": kind, "val_tpl": template}
    # The fault may be that the meter is silent: then this alone is still to be seen.
    alert = "{{ 'ON' if value_json.alert else 'OFF' }}"
    name = Phrase("Fault", "entity")
    yield (
        "alert",
        {"p": "binary_sensor", "name": name.in_language(lang), "dev_cla": "problem", "val_tpl": alert}
        | {
            "ent_cat": "diagnostic",
            "avty": [{"t": STATUS}],
        },
    )


def _indexes(values: Mapping[str, Value], base: str, lang: str) -> Iterator[_Entity]:
    """Indexes and what each wire carries, each from the topic of its own value."""
    totals = {
        DRAWN_INDEX: ("drawn_index", Phrase("Energy drawn", "entity")),
        INJECTED_INDEX: ("injected_index", Phrase("Energy injected", "entity")),
    }
    for series, value in sorted(values.items()):
        from_topic = {"stat_t": f"{base}/value/{series}"}
        if series in totals:
            key, name = totals[series]
            yield key, _sensor(name, lang, "energy", "Wh", "total_increasing") | from_topic
        elif (found := _PROVIDER.fullmatch(series)) and _counts(series, value):
            name = Phrase("Energy drawn, index {number}", "entity").filled(number=found[1])
            yield f"drawn_index_{found[1]}", _sensor(name, lang, "energy", "Wh", "total_increasing") | from_topic
        elif (found := _WIRE.fullmatch(series)) and series != "consumption/power/apparent/raw":
            kind, unit, name = _WIRES[found[1]]
            phase = found[2] or "1"
            entity = _sensor(name.filled(phase=phase), lang, kind, unit)
            yield f"{kind}_{phase}", entity | {"en": False} | from_topic


def _sensor(name: Phrase, lang: str, kind: str, unit: str | None, state: str = "measurement") -> dict[str, Any]:
    told = {"p": "sensor", "name": name.in_language(lang), "dev_cla": kind, "stat_cla": state}
    return told | ({"unit_of_meas": unit} if unit else {})


def _cost(lang: str) -> dict[str, Any]:
    return _sensor(_COST, lang, "monetary", "EUR", "total") | {
        "sug_dsp_prc": 2,
        "val_tpl": _COST_TEMPLATE,
        "lrst_val_tpl": _COST_SINCE,
    }


def _from_json(key: str) -> dict[str, Any]:
    return {"val_tpl": f"{{{{ value_json.{key} }}}}"}
