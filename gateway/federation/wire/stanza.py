"""A pack as the federation writes it: quoalise's ``<quoalise><data><meta/><sensml/></data></quoalise>``, both ways.

XML and values only: no client, no clock. What is ours rides in ``<meta>``, which the existing client passes through:
where the data came from, how long they may be kept, which of them a person entered (``manual``: path and time), and
which numbers of the outbox the message covers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gateway import __version__
from gateway.errors import SenMLError
from gateway.journal.entry import Head
from gateway.senml.naming import NameForm, SeriesName
from gateway.senml.pack import Record, decode_xml, to_element
from gateway.senml.units import to_primary, to_produced
from gateway.store.points import Granularity, MeterInfo, Point
from gateway.store.terms import shortest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


QUOALISE = "urn:quoalise:0"
OURS = "urn:linky-gateway:0"
SENML = "urn:ietf:params:xml:ns:senml"
RECEIPTS = "urn:xmpp:receipts"

# Below the 10 000 bytes a second and the 256 KiB of the stock servers: one stanza is three seconds at the slowest.
DEFAULT_MAX_STANZA_BYTES = 30_000
# <message> itself with two long JIDs, an id and the request for a receipt, as a server may rewrite it.
_ENVELOPE_BYTES = 1_000
# From so many points on it is reckoned how many fit, by what two samples of so many take.
_MANY, _SAMPLE = 400, 100
# The last records take more than the first: their times have more digits.
_LONGER = 0.95

_INTERVAL = re.compile(r"([0-9a-f]{8})-([0-9]{1,15})-([0-9]{1,15})")
_HEAD = re.compile(r"([0-9]{1,15}):([0-9a-f]{64})")
# Any path: what stands before it names all series of a meter.
_ANY = "any"
_STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
_ENERGY_ADJECTIVES = ("active", "apparent", "reactive")
# First level of a path -> the kind of device; any other is of the electricity meter.
_DEVICES = {"water": "water-meter", "gas": "gas-meter", "heat": "heat-meter"}


def hints(*names: str) -> list[ET.Element]:
    """What servers on the way are to do with a message, or not to do (XEP-0334)."""
    return [ET.Element(f"{{urn:xmpp:hints}}{name}") for name in names]


@dataclass(frozen=True, slots=True)
class Interval:
    """The outbox numbers ``after < seq <= last`` of one database file (``epoch``): what one message covers."""

    epoch: str
    after: int
    last: int

    @property
    def id(self) -> str:
        """The stanza id that says it; stable over resends and restarts."""
        return f"{self.epoch}-{self.after}-{self.last}"


def parse_interval(stanza_id: str) -> Interval | None:
    """The interval that a stanza id says; None for any other id."""
    match = _INTERVAL.fullmatch(stanza_id)
    if match is None:
        return None
    interval = Interval(match[1], int(match[2]), int(match[3]))
    return interval if interval.after < interval.last else None


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who answers for the data: the gateway's JID in two parts, and how it writes them.

    ``retention`` (ISO 8601) is how long a recipient may keep them; ``primary`` units are those that every reader knows.
    """

    application: str
    server: str
    retention: str | None = None
    primary: bool = False

    def bound(self, stated: str) -> Publisher:
        """The same, where consents state a retention: the shorter of the two binds; an empty one changes nothing."""
        return replace(self, retention=shortest([stated], self.retention or stated)) if stated else self

    def measured(self, point: Point) -> tuple[str, int | float | str]:
        """The point's unit ("" for none) and value as they are sent."""
        if isinstance(point.value, str):
            return point.series.unit, point.value
        unit, value = to_produced(point.series.unit, point.value)
        return to_primary(unit, value) if self.primary and unit else (unit, value)

    def name(self, meter: MeterInfo, path: str) -> SeriesName:
        """The name of one series of a meter that entered the federation here."""
        return SeriesName(self.application, self.server, meter.sensor, self.server, path, meter.prm)

    def branch(self, meter: MeterInfo, path: str, form: NameForm) -> str:
        """The name of a branch of a meter's series; of all of them when ``path`` is empty. Raises SenMLError."""
        named = self.name(meter, path or _ANY).written(form)
        return named if path else named[: -len(_ANY) - 1]


@dataclass(frozen=True, slots=True)
class QuoaliseMessage:
    """A received ``<quoalise>``: its records resolved, its interval if it came from an outbox, and its ``<meta>``.

    ``granularities`` and ``literal`` map a record's name to its sampling interval and to its sen1 name; ``rectifies``
    (``<meta rectifies="true">``): these values replace what was sent before under the same identity. ``live`` (``<meta
    live="true">``): they are of this moment, and not meant to be kept.
    ``journal_head`` is the end of the gateway's journal: kept, it shows later whether that was cut.
    """

    records: tuple[Record, ...]
    interval: Interval | None
    meter: str
    retention: str | None
    granularities: dict[str, str]
    literal: dict[str, str]
    journal_head: Head | None = None
    rectifies: bool = False
    live: bool = False

    @property
    def covers(self) -> Interval | None:
        """The numbers that are stored with this message.

        A number is a point. Where there are fewer points than numbers, nobody knows whose are gone: as many as lack are
        left out at the beginning, a hole that the gateway's next answer explains (WIRE.md §2, §9).
        """
        i = self.interval
        return i and Interval(i.epoch, max(i.after, i.last - max(len(self.records), 1)), i.last)


def build_quoalise(
    publisher: Publisher,
    meter: MeterInfo,
    form: NameForm,
    points: Sequence[Point],
    interval: Interval | None = None,
    journal_head: Head | None = None,
) -> ET.Element:
    """The ``<quoalise>`` element of some points of one meter, named in ``form``.

    Texts stand in a second ``<data>`` when there are numbers too: the existing client reads the first one only, and
    numbers only. Raises SenMLError for a point that no pack can hold (unit, name, or text that XML forbids).
    """
    quoalise = ET.Element(f"{{{QUOALISE}}}quoalise")
    texts = [point for point in points if isinstance(point.value, str)]
    numbers = [point for point in points if not isinstance(point.value, str)]
    for part in (numbers, texts):
        if part or (part is numbers and not texts):
            data = ET.SubElement(quoalise, f"{{{QUOALISE}}}data")
            data.append(_build_meta(publisher, meter, form, part, interval))
            data.append(build_sensml(publisher, meter, form, part))
    if journal_head is not None:
        head = {"seq": str(journal_head.seq), "hash": journal_head.hash}
        ET.SubElement(quoalise[0][0], f"{{{OURS}}}journal", head)
    return quoalise


def build_sensml(publisher: Publisher, meter: MeterInfo, form: NameForm, points: Sequence[Point]) -> ET.Element:
    """The ``<sensml>`` of some points of one meter; SenMLError for a point that no pack can hold."""
    names = {path: publisher.name(meter, path).written(form) for path in {p.series.path for p in points}}
    records = []
    for point in sorted(points, key=lambda p: (p.time, p.series.path)):
        unit, value = publisher.measured(point)
        records.append(Record(names[point.series.path], point.time, value, unit or None))
    return to_element(records, allow_at=form is NameForm.SEN1)


def fit(
    publisher: Publisher,
    meter: MeterInfo,
    form: NameForm,
    points: Sequence[Point],
    max_bytes: int = DEFAULT_MAX_STANZA_BYTES,
) -> int:
    """How many of the first points make a stanza of at most ``max_bytes``; 0 if even one is too much."""

    def written(count: int) -> int:
        return size(build_quoalise(publisher, meter, form, points[:count]))

    count, most = len(points), max_bytes - _ENVELOPE_BYTES
    if count > _MANY:
        # Writing all of them to find how many are too many costs more than writing the message.
        some, more = written(_SAMPLE), written(2 * _SAMPLE)
        # The larger sample may say each name once and the smaller one with every record: then it tells nothing.
        if more > some:
            count = min(count, _SAMPLE + max(0, int((most - some) / (more - some) * _SAMPLE * _LONGER)))
    while count:
        excess = written(count) / most
        if excess <= 1:
            return count
        count = min(count - 1, int(count / excess * 0.97))
    return 0


def size(element: ET.Element) -> int:
    """The bytes of an element on the wire."""
    return len(ET.tostring(element, encoding="utf-8"))


def bounce_condition(message: ET.Element) -> str:
    """Why a message came back: the defined condition of its ``<error>`` (RFC 6120 §8.3.3)."""
    error = message.find("{jabber:client}error")
    found = [] if error is None else [child.tag for child in error if child.tag.startswith(f"{{{_STANZAS}}}")]
    names = [tag.partition("}")[2] for tag in found]
    return next((name for name in names if name != "text"), "undefined-condition")


def parse_quoalise(quoalise: ET.Element, now: float) -> QuoaliseMessage:
    """Read a received element, every ``<data>`` of it; ``now`` resolves relative times. Raises SenMLError."""
    found: list[Record] = []
    granularities: dict[str, str] = {}
    literal: dict[str, str] = {}
    meta, marked = ET.Element("none"), set[str]()
    for data in quoalise.findall(f"{{{QUOALISE}}}data"):
        sensml = data.find(f"{{{SENML}}}sensml")
        if sensml is None:
            raise SenMLError("a <data> holds no <sensml>")
        records = decode_xml(sensml, now, allow_at=True)
        found += records
        described = data.find(f"{{{QUOALISE}}}meta")
        if described is not None:
            meta = described
            # Numbers and texts stand apart; what is said of either is said of the message.
            marked |= {mark for mark in ("rectifies", "live") if meta.get(mark) == "true"}
            for name, measurement in _measurements(described, {record.name for record in records}):
                granularities[name] = measurement.get("sampling-interval", "raw")
                literal[name] = measurement.get("sen1", name)
    identifier = meta.find(f"{{{QUOALISE}}}device/{{{QUOALISE}}}identifier")
    meter = "" if identifier is None else identifier.get("value", "")
    return QuoaliseMessage(
        tuple(found),
        _read_interval(meta),
        meter,
        meta.get("retention"),
        granularities,
        literal,
        journal_head=_read_head(quoalise),
        rectifies="rectifies" in marked,
        live="live" in marked,
    )


def _build_meta(
    publisher: Publisher, meter: MeterInfo, form: NameForm, points: Sequence[Point], interval: Interval | None
) -> ET.Element:
    meta = ET.Element(f"{{{QUOALISE}}}meta", {"software": f"linky-gateway {__version__}"})
    if publisher.retention:
        meta.set("retention", publisher.retention)
    if any(point.rectified for point in points):
        meta.set("rectifies", "true")
    kinds = {_DEVICES.get(point.series.path.partition("/")[0], "electricity-meter") for point in points}
    kind = kinds.pop() if len(kinds) == 1 else "electricity-meter"
    device = ET.SubElement(meta, f"{{{QUOALISE}}}device", {"type": kind})
    # The PRM follows a household for ever: only who asked by it is told it.
    known = ("enedis", "prm", meter.prm or "") if form is NameForm.URN else ("sen1", "sensor", meter.sensor)
    ET.SubElement(device, f"{{{QUOALISE}}}identifier", dict(zip(("authority", "type", "value"), known, strict=True)))
    newest = {point.series.path: point for point in points}
    for path in sorted(newest):
        unit, _ = publisher.measured(newest[path])
        meta.append(_build_measurement(newest[path], unit, publisher.name(meter, path).sen1()))
    for point in points:
        if point.quality == "manual":
            ET.SubElement(meta, f"{{{OURS}}}manual", {"n": point.series.path, "t": str(point.time)})
    if interval is not None:
        numbers = {"epoch": interval.epoch, "after": str(interval.after), "last": str(interval.last)}
        ET.SubElement(meta, f"{{{OURS}}}outbox", numbers)
    return meta


def _build_measurement(point: Point, unit: str, sen1: str) -> ET.Element:
    series = point.series
    levels = series.path.split("/")
    measurement = ET.Element(f"{{{QUOALISE}}}measurement")
    if levels[0] in ("consumption", "production") and len(levels) > 1:
        quantity = levels[1]
        adjective = f"{levels[2]}-" if len(levels) > 2 and levels[2] in _ENERGY_ADJECTIVES else ""
        attributes = {"name": adjective + quantity, "direction": levels[0], "quantity": quantity, "type": "electrical"}
    else:
        attributes = {"name": "-".join(levels)}
    if unit:
        attributes["unit"] = unit
    if point.granularity is not Granularity.RAW:
        attributes["sampling-interval"] = point.granularity.code
    # The existing client reads numbers only, so a text stands here as well.
    if isinstance(point.value, str):
        attributes["value"] = point.value
    measurement.attrib.update(attributes | {"n": series.path, "sen1": sen1})
    return measurement


def _measurements(meta: ET.Element, names: Iterable[str]) -> Iterator[tuple[str, ET.Element]]:
    """Each record name with the ``<measurement>`` that describes it: by path, or the only one (existing servers)."""
    described = meta.findall(f"{{{QUOALISE}}}measurement")
    for name in names:
        for measurement in described:
            path = measurement.get("n", "")
            if name.endswith((f"/{path}", f"_{path}")) or (not path and len(described) == 1):
                yield name, measurement


def _read_interval(meta: ET.Element) -> Interval | None:
    outbox = meta.find(f"{{{OURS}}}outbox")
    if outbox is None:
        return None
    return parse_interval("-".join(outbox.get(key, "") for key in ("epoch", "after", "last")))


def _read_head(quoalise: ET.Element) -> Head | None:
    journal = quoalise.find(f"{{{QUOALISE}}}data/{{{QUOALISE}}}meta/{{{OURS}}}journal")
    match = None if journal is None else _HEAD.fullmatch(f"{journal.get('seq')}:{journal.get('hash')}")
    return Head(int(match[1]), match[2]) if match else None
