"""The house now as OpenMetrics text (version 1.0.0), for Prometheus: the object of ``state`` in, text out.

Only gauges and counters, so that the textfile collector of node_exporter, which reads the older text format, takes it
too. Base units: joules, volts, amperes, seconds, ratios. What is old is left out rather than told as if it were of
now. No address of a recipient and no number of a meter is in a label.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gateway.live.compact import COLOURS, TARIFFS
from gateway.live.meter import DRAWN_INDEX, INJECTED_INDEX
from gateway.live.state import NAMELESS, HouseNow, LinkNow, MeterNow, kind_and_name, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_JOULES_PER_WH = 3600
_STATES = ("ok", "waiting", "broken")

# Name -> (type, unit or none, help), in the order in which they are told.
_FAMILIES = {
    "linky_gateway_up": ("gauge", "", "Whether the gateway runs and answers."),
    "linky_gateway_build_info": ("gauge", "", "The version that runs; the value is always 1."),
    "linky_link_state": ("gauge", "", "1 for the state of each link: ok, waiting or broken."),
    "linky_alerts": ("gauge", "", "How many faults and news the household is told of."),
    "linky_signal_ratio": (
        "gauge",
        "ratio",
        "The part of the groups that came well, in the last minute, hour and day.",
    ),
    "linky_disk_free_bytes": ("gauge", "bytes", "What is free where the database is."),
    "linky_clock_drift_seconds": ("gauge", "seconds", "The meter's clock less the host's."),
    "linky_frames": ("counter", "", "Frames read since the gateway started."),
    "linky_bad_groups": ("counter", "", "Groups of which the checksum or the form was wrong."),
    "linky_last_frame_timestamp_seconds": ("gauge", "seconds", "When the last frame came, by the meter."),
    "linky_stale": ("gauge", "", "Whether the meter has been silent for ten seconds, or from the start."),
    "linky_power_voltamperes": ("gauge", "voltamperes", "Apparent power now."),
    "linky_active_power_watts": ("gauge", "watts", "Active power now, an estimate: drawn, less injected."),
    "linky_active_power_uncertainty_watts": ("gauge", "watts", "It is so near to the truth 95 times of 100."),
    "linky_power_factor_ratio": ("gauge", "ratio", "Active by apparent power now, an estimate."),
    "linky_phase_power_voltamperes": ("gauge", "voltamperes", "Apparent power of each of three phases now."),
    "linky_subscribed_power_voltamperes": ("gauge", "voltamperes", "Apparent power of the contract."),
    "linky_voltage_volts": ("gauge", "volts", "Voltage now."),
    "linky_current_amperes": ("gauge", "amperes", "Current now."),
    "linky_energy_joules": ("counter", "joules", "Active energy, by the meter's index."),
    "linky_tariff_energy_joules": ("counter", "joules", "Active energy drawn at each tariff of the supplier."),
    "linky_tariff": ("gauge", "", "1 for the tariff that counts."),
    "linky_tempo": ("gauge", "", "1 for the colour of today and of tomorrow, where the contract has colours."),
    "linky_overload": ("gauge", "", "Whether more is drawn than subscribed."),
    "linky_breaker_open": ("gauge", "", "Whether the breaker is open."),
}

_POWER = {"drawn": "consumption/power/apparent/raw", "injected": "production/power/apparent/raw"}
_ESTIMATED = {
    "linky_active_power_watts": "power_w",
    "linky_active_power_uncertainty_watts": "power_within_w",
    "linky_power_factor_ratio": "cos_phi",
}
_INDEXES = {"drawn": DRAWN_INDEX, "injected": INJECTED_INDEX}
_PROVIDER = re.compile(re.escape(f"{DRAWN_INDEX}/provider/") + r"(\w+)")
_PHASE = re.compile(r"consumption/(voltage|current)/raw(?:/phase/([123]))?")
_PHASED_POWER = re.compile(r"(consumption|production)/power/apparent/raw/phase/([123])")
_PHASED = {"voltage": "linky_voltage_volts", "current": "linky_current_amperes"}

# Family, labels, value.
_Sample = tuple[str, dict[str, str], float]


def openmetrics(house: HouseNow | None) -> str:
    """The text; of a gateway that does not answer (None) only that."""
    samples: dict[str, list[_Sample]] = {}
    for sample in _house(house) if house else [("linky_gateway_up", {}, 0.0)]:
        samples.setdefault(sample[0], []).append(sample)
    lines = []
    for name, (kind, unit, words) in _FAMILIES.items():
        if name in samples:
            lines += [f"# TYPE {name} {kind}", *([f"# UNIT {name} {unit}"] if unit else []), f"# HELP {name} {words}"]
            full = f"{name}_total" if kind == "counter" else name
            lines += [_line(full, labels, value) for _, labels, value in samples[name]]
    return "\n".join([*lines, "# EOF", ""])


def _house(house: HouseNow) -> Iterator[_Sample]:
    yield "linky_gateway_up", {}, 1
    yield "linky_gateway_build_info", {"version": house["version"]}, 1
    yield "linky_alerts", {}, len(house["alerts"])
    yield from _links(house["links"])
    for meter in house["meters"]:
        name = {"meter": str(meter["now"]["meter"])}
        yield from _line_of(meter, name)
        yield from _now(meter["now"], name)
        yield from _values(meter, name)


def _links(links: Iterable[LinkNow]) -> Iterator[_Sample]:
    counts: dict[str, int] = {}
    for link in links:
        kind, whose = kind_and_name(link["link"])
        if kind in NAMELESS:
            counts[kind] = counts.get(kind, 0) + 1
            whose = str(counts[kind])
        for state in _STATES:
            yield "linky_link_state", {"link": written(kind, whose), "state": state}, link["state"] == state
        for figure, value in link["figures"].items():
            if figure == "free_bytes":
                yield "linky_disk_free_bytes", {}, value
            elif figure == "drift_s":
                yield "linky_clock_drift_seconds", {"meter": whose}, value
            elif figure.startswith("signal_"):
                yield "linky_signal_ratio", {"meter": whose, "window": figure.removeprefix("signal_")}, value / 100


def _line_of(meter: MeterNow, name: dict[str, str]) -> Iterator[_Sample]:
    line = meter["line"]
    yield "linky_frames", name | {"result": "whole"}, line["whole"]
    yield "linky_frames", name | {"result": "partial"}, line["partial"]
    yield "linky_bad_groups", name, line["bad_groups"]


def _now(now: dict[str, Any], name: dict[str, str]) -> Iterator[_Sample]:
    yield "linky_stale", name, now["stale"]
    if now["time"]:
        at = datetime.fromisoformat(str(now["time"])).timestamp()
        yield "linky_last_frame_timestamp_seconds", name, at
    if now["subscribed_va"] is not None:
        yield "linky_subscribed_power_voltamperes", name, now["subscribed_va"]
    if now["stale"]:
        return
    for family, key in _ESTIMATED.items():
        # An earlier daemon does not know them.
        if now.get(key) is not None:
            yield family, name, now[key]
    yield from (("linky_tariff", name | {"tariff": kind}, now["tariff_kind"] == kind) for kind in TARIFFS)
    if (now["tempo_today"], now["tempo_tomorrow"]) != (COLOURS[0], COLOURS[0]):
        for day in ("today", "tomorrow"):
            yield from (
                ("linky_tempo", name | {"day": day, "colour": colour}, now[f"tempo_{day}"] == colour)
                for colour in COLOURS
            )
    if now["overload"] is not None:
        yield "linky_overload", name, now["overload"]
    if now["breaker"] is not None:
        yield "linky_breaker_open", name, now["breaker"] != "closed"


def _values(meter: MeterNow, name: dict[str, str]) -> Iterator[_Sample]:
    fresh = not meter["now"]["stale"]
    numbers = {series: value for series, value in meter["values"].items() if isinstance(value, int | float)}
    for direction, series in _POWER.items():
        if fresh and series in numbers:
            yield "linky_power_voltamperes", name | {"direction": direction}, numbers[series]
    for direction, series in _INDEXES.items():
        if series in numbers:
            yield "linky_energy_joules", name | {"direction": direction}, numbers[series] * _JOULES_PER_WH
    for series, value in sorted(numbers.items()):
        if found := _PROVIDER.fullmatch(series):
            yield "linky_tariff_energy_joules", name | {"index": found[1]}, value * _JOULES_PER_WH
        elif fresh and (found := _PHASE.fullmatch(series)):
            yield _PHASED[found[1]], name | {"phase": found[2] or "1"}, value
        elif fresh and (found := _PHASED_POWER.fullmatch(series)):
            direction = "drawn" if found[1] == "consumption" else "injected"
            yield "linky_phase_power_voltamperes", name | {"direction": direction, "phase": found[2]}, value


def _line(name: str, labels: dict[str, str], value: float) -> str:
    inner = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    number = repr(value + 0)
    return f"{name}{{{inner}}} {number}" if inner else f"{name} {number}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
