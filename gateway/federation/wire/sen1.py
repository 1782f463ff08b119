"""``Sen1Message``, the form in which the proxies of 2019 speak, as far as it is read here (bridges write it).

One message holds values of one series; ``name`` and ``metaname`` say which. The Java side writes times with an offset
and milliseconds, the Python side without an offset, in French time. Values carry no unit that SenML must know.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gateway.errors import SenMLError
from gateway.federation.wire.stanza import QuoaliseMessage
from gateway.senml.pack import MAX_RECORDS, Record
from gateway.senml.units import is_registered

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NAMESPACE = "http://xmpp.rocks"
MESSAGE = f"{{{NAMESPACE}}}Sen1Message"

_FRANCE = ZoneInfo("Europe/Paris")
_NUMBERS = frozenset({"dt_integer", "dt_numeric"})
_MOST_CHARS = 64


@dataclass(frozen=True, slots=True)
class ProxySeries:
    """Which series of a proxy: ``name`` and ``metaname`` as it writes them, "" for no metaname."""

    name: str
    metaname: str = ""


def series_of(message: Element) -> ProxySeries:
    """Which series a message is about."""
    return ProxySeries(_text(message, "name"), _text(message, "metaname"))


def parse_message(message: Element, name: str) -> QuoaliseMessage:
    """The values of a message as records of that name. Raises SenMLError for what is not in the form."""
    unit, kind = _text(message, "unite"), _text(message, "type")
    datas = message.findall(f"{{{NAMESPACE}}}Sen1Datas/{{{NAMESPACE}}}Sen1Data")
    if not 0 < len(datas) <= MAX_RECORDS:
        raise SenMLError(f"a Sen1Message holds {len(datas)} values")
    known = unit if is_registered(unit) else None
    records = [Record(name, _time(data), _value(data, kind), known) for data in datas]
    return QuoaliseMessage(tuple(sorted(records, key=lambda record: record.time)), None, "", None, {}, {})


def _text(element: Element, name: str) -> str:
    return (element.findtext(f"{{{NAMESPACE}}}{name}") or "").strip()


def _time(data: Element) -> float:
    text = _text(data, "timestamp")
    try:
        moment = datetime.fromisoformat(text)
        # The hour that comes twice in autumn is taken for the first one: nothing in the message says which.
        return (moment if moment.tzinfo else moment.replace(tzinfo=_FRANCE)).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise SenMLError(f"{text[:_MOST_CHARS]!r} is not a time of a Sen1Message") from error


def _value(data: Element, kind: str) -> int | float | str:
    text = _text(data, "value")
    if kind not in _NUMBERS:
        return text
    try:
        number = float(text)
    except ValueError as error:
        raise SenMLError(f"{text[:_MOST_CHARS]!r} is not a number of a Sen1Message") from error
    if not math.isfinite(number):
        raise SenMLError(f"{text[:_MOST_CHARS]!r} is not a number of a Sen1Message")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
