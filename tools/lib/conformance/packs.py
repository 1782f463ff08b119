"""The SenML profile of the wire document (§17), held against what came as XML; nothing of it is resolved first."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from conformance.points import WrongError
from gateway.federation.wire.stanza import OURS, QUOALISE, RECEIPTS, SENML
from gateway.senml.pack import Record, decode_xml
from gateway.senml.units import is_registered, is_secondary

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# Epoch, and the numbers that a push covers: after < n <= last.
Numbers = tuple[str, int, int]
NO_STORE: Final = "{urn:xmpp:hints}no-store"
_NOT_SENT: Final = frozenset("vb vd s bv bs ut bu".split())
_MOST_RECORDS: Final = 20_000
_FIRST_TIME: Final = 1 << 28
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}")


def hold_to_profile(sensml: Element) -> None:
    """WrongError for a pack that does not keep to the profile; SenMLError for one that is none."""
    rows = sensml.findall(f"{{{SENML}}}senml")
    if len(rows) > _MOST_RECORDS:
        raise WrongError(f"a pack of {len(rows)} records")
    if rows and not (
        rows[0].get("bn") and _WHOLE.fullmatch(rows[0].get("bt", "")) and int(rows[0].get("bt", "0")) >= _FIRST_TIME
    ):
        raise WrongError("the first record of a pack has no base name, or no absolute base time in whole seconds")
    for row in rows:
        _hold_record(row)
    units = {row.get("u", "") for row in rows}
    versions = {row.get("bver") for row in rows} - {None}
    expected = {"26"} if any(is_secondary(unit) for unit in units) else set()
    if versions != expected:
        raise WrongError(f"a pack of the units {', '.join(sorted(units))} has bver {sorted(versions) or 'none'}")
    decode_xml(sensml, time.time(), allow_at=True)


def _hold_record(row: Element) -> None:
    if strange := sorted(_NOT_SENT & set(row.attrib)):
        raise WrongError(f"a record with {', '.join(strange)}")
    if (row.get("v") is None) == (row.get("vs") is None):
        raise WrongError("a record with none, or two, of v and vs")
    unit = row.get("u")
    if row.get("vs") is not None and unit is not None:
        raise WrongError("a text with a unit")
    if row.get("v") is not None and (unit is None or not (is_registered(unit) or unit == "VAh")):
        raise WrongError(f"a value with the unit {unit!r}")
    if not _WHOLE.fullmatch(row.get("t", "0")):
        raise WrongError(f"a time that is no whole second: {row.get('t')!r}")


def records(stanza: Element) -> list[Record]:
    """All records of a ``<quoalise>``, of each ``<data>``. SenMLError for what is no pack."""
    return [
        record
        for data in stanza.iter(f"{{{QUOALISE}}}data")
        for sensml in data.findall(f"{{{SENML}}}sensml")
        for record in decode_xml(sensml, time.time(), allow_at=True)
    ]


def interval(message: Element) -> Numbers | None:
    """Epoch and numbers of a push, as ``<outbox>`` says them; None without it. WrongError for such as are none."""
    outbox = message.find(f"{{{QUOALISE}}}quoalise/{{{QUOALISE}}}data/{{{QUOALISE}}}meta/{{{OURS}}}outbox")
    if outbox is None:
        return None
    numbers = [outbox.get(name, "") for name in ("after", "last")]
    if not all(_WHOLE.fullmatch(number) for number in numbers) or not 0 <= int(numbers[0]) < int(numbers[1]):
        raise WrongError(f"an outbox of the numbers {numbers[0]!r} to {numbers[1]!r}")
    return outbox.get("epoch", ""), int(numbers[0]), int(numbers[1])


def asks_receipt(message: Element) -> bool:
    """Whether its sender waits for a receipt."""
    return message.find(f"{{{RECEIPTS}}}request") is not None


def is_live(message: Element) -> bool:
    """Whether it says of itself that it is a value of this moment."""
    return any(meta.get("live") == "true" for meta in message.iter(f"{{{QUOALISE}}}meta"))


def overlaps(one: Numbers, other: Numbers | None) -> bool:
    """Whether two intervals have a number in common."""
    return other is not None and one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def rectifies(message: Element) -> bool:
    """Whether it says that its values replace what was sent before."""
    return any(meta.get("rectifies") == "true" for meta in message.iter(f"{{{QUOALISE}}}meta"))


def granularity(message: Element) -> str:
    """How fine the points of a message are, as its measurements say it; empty for what is as the meter gives it."""
    said = (one.get("sampling-interval", "") for one in message.iter(f"{{{QUOALISE}}}measurement"))
    return next(said, "")
