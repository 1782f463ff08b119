"""The units SenML registers: primary ones (RFC 8428 table 6, RFC 8798 §2) and secondary ones (RFC 8798 §3).

A secondary unit is a linear transformation of a primary one, and legal only in a pack whose version has the feature
"Secondary Units" (RFC 9100 §4). The registry is IANA's, https://www.iana.org/assignments/senml; case matters.
"""

from __future__ import annotations

import math
from fractions import Fraction

from gateway.errors import SenMLError

PRIMARY_UNITS = frozenset(
    # RFC 8428 §12.1, the discouraged ones included: a receiver meets them.
    "m kg g s A K cd mol Hz rad sr N Pa J W C V F Ohm S Wb T H Cel lm lx Bq Gy Sv kat m2 m3 l m/s m/s2 m3/s l/s W/m2 "
    "cd/m2 bit bit/s lat lon pH dB dBW Bspl count / % %RH %EL EL 1/s 1/min beat/min beats S/m "
    # RFC 8798 §2, then the registry's later addition.
    "B VA VAs var vars J/m kg/m3 deg "
    "NTU".split()
)

# unit: (primary unit, scale, offset); value_primary = value x scale + offset (RFC 8798 §3).
_SECONDARY: dict[str, tuple[str, Fraction, int]] = {
    unit: (primary, Fraction(scale), offset)
    for unit, primary, scale, offset in (
        ("ms", "s", "1/1000", 0),
        ("min", "s", "60", 0),
        ("h", "s", "3600", 0),
        ("MHz", "Hz", "1000000", 0),
        ("kW", "W", "1000", 0),
        ("kVA", "VA", "1000", 0),
        ("kvar", "var", "1000", 0),
        ("Ah", "C", "3600", 0),
        ("Wh", "J", "3600", 0),
        ("kWh", "J", "3600000", 0),
        ("varh", "vars", "3600", 0),
        ("kvarh", "vars", "3600000", 0),
        ("kVAh", "VAs", "3600000", 0),
        ("Wh/km", "J/m", "18/5", 0),
        ("KiB", "B", "1024", 0),
        ("GB", "B", "1000000000", 0),
        ("Mbit/s", "bit/s", "1000000", 0),
        ("B/s", "bit/s", "8", 0),
        ("MB/s", "bit/s", "8000000", 0),
        ("mV", "V", "1/1000", 0),
        ("mA", "A", "1/1000", 0),
        ("dBm", "dBW", "1", -30),
        ("ug/m3", "kg/m3", "1/1000000000", 0),
        ("mm/h", "m/s", "1/3600000", 0),
        ("m/h", "m/s", "1/3600", 0),
        ("ppm", "/", "1/1000000", 0),
        ("/100", "/", "1/100", 0),
        ("/1000", "/", "1/1000", 0),
        ("hPa", "Pa", "100", 0),
        ("mm", "m", "1/1000", 0),
        ("cm", "m", "1/100", 0),
        ("km", "m", "1000", 0),
        ("km/h", "m/s", "5/18", 0),
        # Registered after RFC 8798 (registry reference "CoRE-1").
        ("ppb", "/", "1/1000000000", 0),
        ("ppt", "/", "1/1000000000000", 0),
        ("VAh", "VAs", "3600", 0),
        ("mg/l", "kg/m3", "1/1000", 0),
        ("ug/l", "kg/m3", "1/1000000", 0),
        ("g/l", "kg/m3", "1", 0),
    )
}

# Registered, and marked as not recommended to be produced: what stands in a pack instead, and how much smaller it is.
_PRODUCED = {"l": ("m3", 1000)}


def is_registered(unit: str) -> bool:
    """Tell whether the unit may stand in a pack at all."""
    return unit in PRIMARY_UNITS or unit in _SECONDARY


def is_secondary(unit: str) -> bool:
    """Tell whether the unit needs the feature "Secondary Units" (version 26)."""
    return unit in _SECONDARY


def to_primary(unit: str, value: float) -> tuple[str, int | float]:
    """Express a value in its primary unit (``Wh`` becomes ``J``); a primary unit comes back as it is.

    An integer stays an exact integer wherever the result is one. Raises SenMLError for a unit that is not registered.
    """
    if unit in PRIMARY_UNITS:
        return unit, value
    if unit not in _SECONDARY:
        raise SenMLError(f"{unit!r} is not a registered SenML unit.")
    primary, scale, offset = _SECONDARY[unit]
    if isinstance(value, int):
        exact = value * scale + offset
        return primary, exact.numerator if exact.denominator == 1 else float(exact)
    result = value * scale.numerator / scale.denominator + offset
    if not math.isfinite(result):
        raise SenMLError(f"{value!r} {unit} is not a number that {primary} can hold.")
    return primary, result


def to_produced(unit: str, value: float) -> tuple[str, int | float]:
    """Express a value in the unit that a new pack should use: litres, in which a meter counts, become ``m3``."""
    if unit not in _PRODUCED:
        return unit, value
    larger, times = _PRODUCED[unit]
    return larger, value / times
