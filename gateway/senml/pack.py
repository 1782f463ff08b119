"""SenML packs (RFC 8428), both ways, in JSON and in XML: resolved records in, text out, and the reverse.

Written so that the strictest and the oldest reader agree: a unit on every record and never ``bu`` (quoalise's client
concatenates the two), a base name and an absolute base time on the first record, version 26 as soon as a unit is
secondary (RFC 9100). Read strictly: whatever RFC 8428 does not allow is one SenMLError sentence, nothing else escapes.
"""

from __future__ import annotations

import base64
import json
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias
from xml.etree.ElementTree import Element, SubElement

from gateway.errors import SenMLError
from gateway.senml.syntax import EXACT_INTEGER, NAMESPACE, NUMBERS, Field, json_rows, xml_rows
from gateway.senml.units import is_registered, is_secondary

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

MAX_RECORDS = 20_000  # two weeks of minutes; an element arrives parsed, so its bytes cannot be counted
MAX_NAME_CHARS = 512  # one long base name would otherwise be copied into every record: 1 MiB becomes 20 GB

VERSION = 10
VERSION_SECONDARY_UNITS = VERSION + (1 << 4)  # RFC 9100 §4: feature 4

ABSOLUTE_TIME = 1 << 28  # RFC 8428 §4.5.3: below it a time is relative to now
_LAST_TIME = 253_402_300_799  # 9999-12-31T23:59:59Z, the last that a calendar of ours can hold

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_]*")  # RFC 8428 §4.5.1
_NAME_WITH_AT = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_@]*")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
# With more records a name than this a base name of its own is the shorter form.
_FEW_A_NAME = 2
# A pack, or a long export of packs, says the same few names again and again.
_NAMES_REMEMBERED = 1024
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2

_STRINGS = frozenset({"bn", "bu", "n", "u", "vs", "vd"})
_LABELS = NUMBERS | _STRINGS | {"bver", "vb"}
_BASE_LABELS = frozenset({"bn", "bt", "bu", "bv", "bs", "bver"})
_VALUE_LABELS = ("v", "vs", "vb", "vd")

Value: TypeAlias = int | float | str | bool | bytes | None


@dataclass(frozen=True, slots=True)
class Record:
    """One resolved record: full name, absolute POSIX seconds UTC, one value, unit.

    ``value`` is a number (``v``), text (``vs``), a bool (``vb``), bytes (``vd``), or None when only ``sum`` (``s``, the
    integral of the value, unit x seconds) is known. ``update`` (``ut``) is the longest wait, in seconds, for the next.
    """

    name: str
    time: int | float
    value: Value = None
    unit: str | None = None
    sum: int | float | None = None
    update: int | float | None = None


def encode_json(records: Iterable[Record], *, allow_at: bool = False, version: int = VERSION) -> str:
    """Write a pack as JSON, in chronological order; no records, an empty pack.

    ``allow_at`` lets names hold ``@``: the federation imposes it, RFC 8428 does not know it. ``version`` is the least
    that is written: the slices of one long pack must all carry the version of the whole (RFC 8428 §4.4). Raises
    SenMLError for a record that the RFC does not allow, an unregistered unit, an integer that a double cannot hold.
    """
    # Raw UTF-8 rather than \u escapes: half the bytes for French text.
    return json.dumps(
        list(_labelled(records, allow_at=allow_at, version=version)), ensure_ascii=False, separators=(",", ":")
    )


def encode_xml(records: Iterable[Record], *, allow_at: bool = False, version: int = VERSION) -> str:
    """Write a pack as XML (RFC 8428 §7), without an XML declaration. See ``encode_json``."""
    lines = [f'<sensml xmlns="{NAMESPACE}">']
    for fields in _labelled(records, allow_at=allow_at, version=version):
        attributes = "".join(f" {label}={_attribute(field)}" for label, field in fields.items())
        lines.append(f"<senml{attributes}/>")
    lines.append("</sensml>")
    return "".join(lines)


def to_element(records: Iterable[Record], *, allow_at: bool = False, version: int = VERSION) -> Element:
    """Build the pack's ``<sensml/>`` element, to be put in a stanza. See ``encode_json``.

    A long one goes series by series, each in order of time, with the name said once and not with every record: of what
    servers let through in a second that saves a third. slixmpp does not escape line breaks in attributes: those of a
    text value reach the peer as spaces.
    """
    root = Element(f"{{{NAMESPACE}}}sensml")
    for fields in _labelled(records, allow_at=allow_at, version=version, by_name=True):
        SubElement(root, f"{{{NAMESPACE}}}senml", {label: _xml_text(field) for label, field in fields.items()})
    return root


def decode_json(pack: str | bytes, now: float, *, allow_at: bool = False) -> tuple[Record, ...]:
    """Read a JSON pack into resolved records in chronological order.

    ``now`` (POSIX seconds UTC) is what relative times are relative to. Raises SenMLError for anything but a valid pack.
    """
    return _chronological(json_rows(pack), now, allow_at=allow_at)


def decode_xml(pack: str | bytes | Element, now: float, *, allow_at: bool = False) -> tuple[Record, ...]:
    """Read an XML pack, or the ``<sensml/>`` element of a stanza. See ``decode_json``."""
    return _chronological(xml_rows(pack), now, allow_at=allow_at)


class Resolver:
    """Applies the base fields of one pack to its records as they come (a stream need not end, RFC 8428 §4.8)."""

    __slots__ = ("_allow_at", "_bases", "_count", "_now", "_version")

    def __init__(self, now: float, *, allow_at: bool = False) -> None:
        self._now = now
        self._allow_at = allow_at
        self._bases: dict[str, Field] = {}
        self._version: int | None = None
        self._count = 0

    def resolve(self, fields: object) -> Record | None:
        """Resolve the next record; None when it holds base fields only.

        Raises SenMLError, after which the rest of the pack cannot be read: its bases are not known.
        """
        self._count += 1
        try:
            return self._resolve(_checked(fields))
        except SenMLError as error:
            raise SenMLError(f"SenML record {self._count}: {error}") from error

    def _resolve(self, fields: Mapping[str, Field]) -> Record | None:
        if self._count > MAX_RECORDS:
            raise SenMLError(f"a pack of more than {MAX_RECORDS} records is refused.")
        self._bases.update({label: field for label, field in fields.items() if label in _BASE_LABELS})
        self._check_version()
        if fields.keys() <= _BASE_LABELS:
            if not fields:
                raise SenMLError("there is nothing in it.")
            return None
        unit = fields.get("u", self._bases.get("bu"))
        return Record(
            name=self._name(fields),
            time=self._time(fields),
            value=self._value(fields),
            unit=None if unit is None else str(unit),
            sum=self._sum(fields),
            update=_as_number(fields["ut"]) if "ut" in fields else None,
        )

    def _check_version(self) -> None:
        version = _as_number(self._bases.get("bver", VERSION))
        # RFC 8428 refuses only what is higher than understood (its §5.1.2 carries 5); above 10, RFC 9100's bitmap.
        if not (0 < version <= VERSION or version == VERSION_SECONDARY_UNITS):
            raise SenMLError(f"version {version} asks for features that are not known here.")
        if self._version is not None and version != self._version:
            raise SenMLError("the version changes in the middle of the pack.")
        self._version = int(version)

    def _name(self, fields: Mapping[str, Field]) -> str:
        name = f"{self._bases.get('bn', '')}{fields.get('n', '')}"
        _check_name(name, allow_at=self._allow_at)
        return name

    def _time(self, fields: Mapping[str, Field]) -> int | float:
        time = _as_number(self._bases.get("bt", 0)) + _as_number(fields.get("t", 0))
        if time < ABSOLUTE_TIME:
            time += self._now
        _check_time(time)
        return time

    def _value(self, fields: Mapping[str, Field]) -> Value:
        labels = [label for label in _VALUE_LABELS if label in fields]
        if len(labels) > 1:
            raise SenMLError(f"it has {len(labels)} values, one is allowed.")
        if not labels:
            if "s" in fields or "bs" in self._bases:
                return None
            raise SenMLError("it has neither a value nor a sum.")
        field = fields[labels[0]]
        match labels[0]:
            case "v":
                return _total(self._bases.get("bv"), field)
            case "vd":
                return _octets(str(field))
        return field

    def _sum(self, fields: Mapping[str, Field]) -> int | float | None:
        if "s" in fields:
            return _total(self._bases.get("bs"), fields["s"])
        # A record with no value is one with a sum: its missing part counts as zero, as a missing time does.
        has_value = any(label in fields for label in _VALUE_LABELS)
        return None if has_value or "bs" not in self._bases else _as_number(self._bases["bs"])


# --- writing ---------------------------------------------------------------------------------------------------------


def _labelled(
    records: Iterable[Record], *, allow_at: bool, version: int, by_name: bool = False
) -> Iterator[dict[str, Field]]:
    """Give each record's fields by label, the base fields on the first; by name, a base name on each name's first."""
    checked = list(records)
    for record in checked:
        _check_record(record, allow_at=allow_at)
    if not checked:
        return
    names = {record.name for record in checked}
    grouped = by_name and len(checked) > _FEW_A_NAME * len(names)
    checked.sort(key=lambda record: record.time)
    base_name, base_time = _base_name(names), math.floor(checked[0].time)
    if grouped:
        base_name = min(names)
        checked.sort(key=lambda record: record.name)
    fields: dict[str, Field] = {"bn": base_name} if base_name else {}
    fields["bt"] = base_time
    if any(record.unit is not None and is_secondary(record.unit) for record in checked):
        version = VERSION_SECONDARY_UNITS
    if version != VERSION:
        fields["bver"] = version
    for record in checked:
        if not grouped:
            fields["n"] = record.name[len(base_name) :]
        elif record.name != base_name:
            fields["bn"] = base_name = record.name
        offset = _offset(record.time, base_time)
        if offset:
            fields["t"] = offset
        fields.update(_measured(record))
        yield fields
        fields = {}


def _base_name(names: Collection[str]) -> str:
    """Give what all names begin with, up to a separator, leaving something of each for ``n``."""
    first, last = min(names), max(names)
    end = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    end = min(end, len(first) - 1)
    while end and first[end - 1] not in "/_:":
        end -= 1
    return first[:end]


def _offset(time: float, base_time: int) -> int | float:
    """Give the shortest number that, added to the base time, is the time again."""
    offset = time - base_time
    if offset == int(offset):
        return int(offset)
    # A difference of doubles shows binary noise (0.30000019…); the RFC wants less than 19 characters.
    rounded = round(offset, 6)
    return rounded if base_time + rounded == time else offset


def _measured(record: Record) -> dict[str, Field]:
    fields: dict[str, Field] = {} if record.unit is None else {"u": record.unit}
    match record.value:
        case None:
            pass
        case bool(flag):
            fields["vb"] = flag
        case bytes(octets):
            fields["vd"] = base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
        case str(text):
            fields["vs"] = text
        case number:
            fields["v"] = number
    if record.sum is not None:
        fields["s"] = record.sum
    if record.update is not None:
        fields["ut"] = record.update
    return fields


def _check_record(record: Record, *, allow_at: bool) -> None:
    _check_name(record.name, allow_at=allow_at)
    for number in (record.time, record.value, record.sum, record.update):
        if isinstance(number, int | float) and not (math.isfinite(number) and abs(number) <= _largest(number)):
            raise SenMLError(f"{record.name}: {number!r} is not a number that every receiver can hold.")
    _check_time(record.time)
    if record.unit is not None and not is_registered(record.unit):
        raise SenMLError(f"{record.name}: {record.unit!r} is not a registered SenML unit.")
    if record.value is None and record.sum is None:
        raise SenMLError(f"{record.name}: a record needs a value or a sum.")
    if isinstance(record.value, str):
        _check_unicode(record.value)


def _largest(number: float) -> float:
    return EXACT_INTEGER if isinstance(number, int) else math.inf


def _attribute(field: Field) -> str:
    # In numbers there is nothing to escape, and most of a pack is numbers.
    return _quoted(field) if isinstance(field, str) else f'"{_xml_text(field)}"'


@lru_cache(_NAMES_REMEMBERED)
def _quoted(text: str) -> str:
    from xml.sax.saxutils import quoteattr  # noqa: PLC0415 (it loads all of urllib; an export as text alone needs it)

    return quoteattr(_xml_text(text))


def _xml_text(field: Field) -> str:
    match field:
        case bool():
            return "true" if field else "false"
        case str():
            if _NOT_XML.search(field):
                raise SenMLError("The text holds a control character that XML cannot carry.")
            return field
    return repr(field)


# --- reading ---------------------------------------------------------------------------------------------------------


def _chronological(rows: Iterable[object], now: float, *, allow_at: bool) -> tuple[Record, ...]:
    resolver = Resolver(now, allow_at=allow_at)
    records = [record for row in rows if (record := resolver.resolve(row)) is not None]
    records.sort(key=lambda record: record.time)
    return tuple(records)


def _checked(fields: object) -> dict[str, Field]:
    """Keep the labels that are known, each of its type; refuse those that must be understood."""
    if not isinstance(fields, dict):
        raise SenMLError("it is not an object.")
    known: dict[str, Field] = {}
    for label, field in fields.items():
        if label in _LABELS:
            known[label] = _of_its_type(label, field)
        elif label.endswith("_"):
            raise SenMLError(f"the label {label[:40]!a} must be understood, and is not known here.")
    return known


def _of_its_type(label: str, field: object) -> Field:
    match field:
        case bool():
            allowed = label == "vb"
        case int():
            allowed = label in NUMBERS or label == "bver"
        case float():
            allowed = label in NUMBERS
        case str():
            allowed = label in _STRINGS
            _check_unicode(field)
        case _:
            allowed = False
    if not allowed or not isinstance(field, Field):
        raise SenMLError(f"{label!r} has a value of the wrong type.")
    return field


def _octets(text: str) -> bytes:
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise SenMLError("its data is not base64url without padding.")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _as_number(field: Field) -> int | float:
    if isinstance(field, str):  # the type was checked by label before
        raise SenMLError("a number was expected.")
    return field


def _total(base: Field | None, field: Field) -> int | float:
    number = _as_number(field) if base is None else _as_number(base) + _as_number(field)
    if not math.isfinite(number):
        raise SenMLError("the base and the value add up to more than a number can hold.")
    return number


@lru_cache(_NAMES_REMEMBERED)
def _check_name(name: str, *, allow_at: bool) -> None:
    if len(name) > MAX_NAME_CHARS:
        raise SenMLError(f"a name of more than {MAX_NAME_CHARS} characters is refused.")
    if not (_NAME_WITH_AT if allow_at else _NAME).fullmatch(name):
        raise SenMLError(f"{name[:80]!a} is not a SenML name: letters, digits and - : . / _ are, a letter first.")


def _check_time(time: float) -> None:
    if not ABSOLUTE_TIME <= time <= _LAST_TIME:
        raise SenMLError(f"the time {time!r} is not an absolute one between 1978 and 9999.")


def _check_unicode(text: str) -> None:
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise SenMLError("a text holds half a character (a lone surrogate).")
