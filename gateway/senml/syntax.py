"""The two outer forms of a pack, JSON and XML text, as rows of fields; what the fields mean is ``pack``'s affair.

Written for what strangers send: size and depth are limited before anything is built, a document type is refused before
any entity is defined, and whatever is not well-formed is one SenMLError sentence.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, TypeAlias
from xml.etree.ElementTree import Element
from xml.parsers import expat

from gateway.errors import SenMLError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMESPACE = "urn:ietf:params:xml:ns:senml"
MAX_BYTES = 1 << 20  # twice the largest stanza a server of the federation lets through (512 KiB)
MAX_DEPTH = 8  # a pack is two levels deep; the rest is room for unknown labels with structured values

EXACT_INTEGER = 1 << 53  # above it a receiver's double (RFC 8428 §5) loses the units digit

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")  # xsd:double without INF and NaN
_INTEGER = re.compile(r"[+-]?[0-9]{1,16}")
_JSON_LEVELS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{\]}]', re.DOTALL)

# Labels whose values are numbers, but for bver, which is a whole one.
NUMBERS = frozenset({"bt", "bv", "bs", "v", "s", "t", "ut"})

Field: TypeAlias = int | float | str | bool


def json_rows(pack: str | bytes) -> list[object]:
    """The records of a JSON pack as they stand there. Raises SenMLError."""
    text = _utf8(pack)
    _check_depth(text)
    try:
        records = json.loads(
            text, object_pairs_hook=_unique_labels, parse_int=_number, parse_float=_number, parse_constant=_number
        )
    except json.JSONDecodeError as error:
        raise SenMLError(f"The pack is not JSON: {error.msg}, at character {error.pos}.") from error
    if not isinstance(records, list):
        raise SenMLError("A JSON pack is an array of records.")
    return records


def xml_rows(pack: str | bytes | Element) -> Iterator[dict[str, Field]]:
    """The records of an XML pack, their attributes by the types of RFC 8428 §7. Raises SenMLError."""
    rows = _element_rows(pack) if isinstance(pack, Element) else _SenmlReader().read(_utf8(pack))
    return (_typed(row) for row in rows)


def _typed(row: Mapping[str, str]) -> dict[str, Field]:
    """Read XML attributes by the types of RFC 8428 §7."""
    return {label: _attribute(label, text) for label, text in row.items()}


def _attribute(label: str, text: str) -> Field:
    if label in NUMBERS or label == "bver":
        return _number(text.strip(" \t\r\n"))
    if label != "vb":
        return text
    flag = {"true": True, "1": True, "false": False, "0": False}.get(text.strip(" \t\r\n"))
    if flag is None:
        raise SenMLError("A boolean value is true, false, 1 or 0.")
    return flag


def _number(text: str) -> int | float:
    """Read a number as every receiver must be able to: an integer, or a finite double."""
    if _INTEGER.fullmatch(text) and abs(int(text)) <= EXACT_INTEGER:
        return int(text)
    if not _NUMBER.fullmatch(text) or not math.isfinite(number := float(text)):
        raise SenMLError(f"{text[:40]!a} is not a number.")
    return number


def _utf8(pack: str | bytes) -> str:
    if len(pack) > MAX_BYTES:
        raise SenMLError(f"A pack of more than {MAX_BYTES} bytes is refused.")
    try:
        return pack.decode("utf-8") if isinstance(pack, bytes) else pack
    except UnicodeDecodeError as error:
        raise SenMLError(f"The pack is not UTF-8 at byte {error.start}.") from error


def _check_depth(text: str) -> None:
    """Refuse deep nesting before the JSON reader recurses into it."""
    depth = 0
    for match in _JSON_LEVELS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > MAX_DEPTH:
            raise SenMLError(f"A pack nested deeper than {MAX_DEPTH} levels is refused.")


def _unique_labels(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise SenMLError("A record has the same label twice.")
    return fields


def _element_rows(root: Element) -> Iterator[Mapping[str, str]]:
    if root.tag != f"{{{NAMESPACE}}}sensml":
        raise SenMLError(f"The element is not <sensml/> of {NAMESPACE}.")
    for child in root:
        if child.tag != f"{{{NAMESPACE}}}senml" or len(child):
            raise SenMLError("A pack holds <senml/> records and nothing else.")
        yield child.attrib


class _SenmlReader:
    """expat, and not an element builder: it can refuse a document type before any entity is defined or expanded."""

    def __init__(self) -> None:
        self._rows: list[dict[str, str]] = []
        self._depth = 0
        self._parser = expat.ParserCreate("UTF-8", "}")
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def read(self, text: str) -> list[dict[str, str]]:
        """Give the attributes of each record. Raises SenMLError."""
        try:
            self._parser.Parse(text.encode("utf-8"), True)
        except UnicodeEncodeError as error:
            raise SenMLError("The pack holds half a character (a lone surrogate).") from error
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise SenMLError(f"The pack is not XML: {reason}, line {error.lineno}.") from error
        return self._rows

    def _refuse_doctype(self, *_: object) -> None:
        raise SenMLError("A pack with a document type declaration is refused.")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        expected = ("sensml", "senml")
        if self._depth >= len(expected) or tag != f"{NAMESPACE}}}{expected[self._depth]}":
            raise SenMLError(f"A pack is <sensml/> of {NAMESPACE} with <senml/> records and nothing else.")
        if self._depth == 1:
            self._rows.append(attributes)
        self._depth += 1

    def _end(self, _tag: str) -> None:
        self._depth -= 1
