"""What Home Assistant is told so that a meter appears by itself: one device with its entities, by MQTT discovery.

The form for whole devices (Home Assistant 2024.11 and later), short keys; an entity for each thing that the meter was
heard to say, fed by the topics of ``topics``. No I/O. What changes every second and few look at begins disabled.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from gateway.live.compact import COLOURS, TARIFFS
from gateway.live.meter import DRAWN_INDEX, INJECTED_INDEX
from gateway.live.topics import ROOT, STATUS, Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.live.meter import Value

# An entity's key, and what it is to Home Assistant.
_Entity = tuple[str, dict[str, Any]]

_PROVIDER = re.compile(re.escape(f"{DRAWN_INDEX}/provider/") + r"(\w+)")
_WIRE = re.compile(r"consumption/(power/apparent|voltage|current)/raw(?:/phase/([123]))?")
_WIRES = {
    "power/apparent": ("apparent_power", "VA", "Puissance, phase {}", "Power, phase {}"),
    "voltage": ("voltage", "V", "Tension, phase {}", "Voltage, phase {}"),
    "current": ("current", "A", "Intensité, phase {}", "Current, phase {}"),
}

# Key of the object of the topic ``json`` -> the series that must have been heard, and the names.
_POWERS = {
    "drawn_va": ("consumption/power/apparent/raw", "Puissance soutirée", "Power drawn"),
    "injected_va": ("production/power/apparent/raw", "Puissance injectée", "Power injected"),
    "subscribed_va": ("", "Puissance souscrite", "Power subscribed"),
}
_DAYS = {
    "drawn_today_wh": (DRAWN_INDEX, "Soutiré aujourd’hui", "Drawn today"),
    "injected_today_wh": (INJECTED_INDEX, "Injecté aujourd’hui", "Injected today"),
}
_WORDS = {
    "tariff_kind": ("contract/tariff", TARIFFS, "Période tarifaire", "Tariff period"),
    "tempo_today": ("contract/tempo/today", COLOURS, "Tempo aujourd’hui", "Tempo today"),
    "tempo_tomorrow": ("contract/tempo/tomorrow", COLOURS, "Tempo demain", "Tempo tomorrow"),
}
_STATES = {
    "overload": (
        "status/overload",
        "problem",
        "{{ 'None' if value_json.overload is none else 'ON' if value_json.overload else 'OFF' }}",
        "Dépassement",
        "Overload",
    ),
    "breaker": (
        "status/breaker",
        "opening",
        # "None" is what Home Assistant calls unknown: until the meter has said it nothing is open.
        "{{ 'None' if value_json.breaker is none else 'OFF' if value_json.breaker == 'closed' else 'ON' }}",
        "Organe de coupure",
        "Breaker",
    ),
}


def device(prefix: str, meter: str, values: Mapping[str, Value], version: str, lang: str) -> Message:
    """The message that makes the meter a device; ``values`` are those that were heard of it, by series."""
    base = f"{ROOT}/meter/{meter}"
    entities = dict(_entities(values, base, lang))
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
    return Message(topic(prefix, meter), json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode())


def topic(prefix: str, meter: str) -> str:
    """Where a meter's device is told; an empty message there takes it away."""
    return f"{prefix}/device/{ROOT}-{meter}/config"


def parts(values: Mapping[str, Value]) -> frozenset[str]:
    """The series that make entities: as long as these are the same the device is the same."""
    return frozenset(series for series, value in values.items() if _counts(series, value))


def _counts(series: str, value: Value) -> bool:
    # In standard mode there are ten indexes, and those that a contract does not use are 0.
    return value != 0 or not _PROVIDER.fullmatch(series)


def _entities(values: Mapping[str, Value], base: str, lang: str) -> Iterator[_Entity]:
    for key, (series, *names) in _POWERS.items():
        if not series or series in values:
            yield key, _sensor(names, lang, "apparent_power", "VA") | _from_json(key)
    yield from _indexes(values, base, lang)
    for key, (series, *names) in _DAYS.items():
        if series in values:
            yield key, _sensor(names, lang, "energy", "Wh", "total_increasing") | _from_json(key)
    for key, (series, options, *names) in _WORDS.items():
        if series in values:
            yield key, {"p": "sensor", "name": _name(names, lang), "dev_cla": "enum", "ops": options} | _from_json(key)
    for key, (series, kind, template, *names) in _STATES.items():
        if series in values:
            yield key, {"p": "binary_sensor", "name": _name(names, lang), "dev_cla": kind, "val_tpl": template}
    # The fault may be that the meter is silent: then this alone is still to be seen.
    alert = "{{ 'ON' if value_json.alert else 'OFF' }}"
    names = ["Défaut signalé", "Fault"]
    yield (
        "alert",
        {"p": "binary_sensor", "name": _name(names, lang), "dev_cla": "problem", "val_tpl": alert}
        | {
            "ent_cat": "diagnostic",
            "avty": [{"t": STATUS}],
        },
    )


def _indexes(values: Mapping[str, Value], base: str, lang: str) -> Iterator[_Entity]:
    """Indexes and what each wire carries, each from the topic of its own value."""
    totals = {
        DRAWN_INDEX: ("drawn_index", "Énergie soutirée", "Energy drawn"),
        INJECTED_INDEX: ("injected_index", "Énergie injectée", "Energy injected"),
    }
    for series, value in sorted(values.items()):
        from_topic = {"stat_t": f"{base}/value/{series}"}
        if series in totals:
            key, *names = totals[series]
            yield key, _sensor(names, lang, "energy", "Wh", "total_increasing") | from_topic
        elif (found := _PROVIDER.fullmatch(series)) and _counts(series, value):
            names = [f"Énergie soutirée, index {found[1]}", f"Energy drawn, index {found[1]}"]
            yield f"drawn_index_{found[1]}", _sensor(names, lang, "energy", "Wh", "total_increasing") | from_topic
        elif (found := _WIRE.fullmatch(series)) and series != "consumption/power/apparent/raw":
            kind, unit, *names = _WIRES[found[1]]
            phase = found[2] or "1"
            entity = _sensor([name.format(phase) for name in names], lang, kind, unit)
            yield f"{kind}_{phase}", entity | {"en": False} | from_topic


def _sensor(names: list[str], lang: str, kind: str, unit: str, state: str = "measurement") -> dict[str, Any]:
    return {"p": "sensor", "name": _name(names, lang), "dev_cla": kind, "stat_cla": state, "unit_of_meas": unit}


def _from_json(key: str) -> dict[str, Any]:
    return {"val_tpl": f"{{{{ value_json.{key} }}}}"}


def _name(names: list[str], lang: str) -> str:
    return names[lang == "en"]
