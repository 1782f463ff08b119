"""A compiled catalogue as it lies in its file (The GNU gettext Manual, §10.3 "The Format of GNU MO Files").

``gettext`` makes a dictionary of all of it, which takes three times the bytes of the file, whatever of it is ever said.
Here a sum of each text leads to its place, and what is asked for often is remembered by who asks.
"""

from __future__ import annotations

import re
import struct
from array import array
from bisect import bisect_left
from gettext import c2py
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MAGIC = bytes.fromhex("de120495")
_HEAD, _PLACE = struct.Struct("<8x3I"), struct.Struct("<2I")
# Between a context and its text, and between the forms of one text.
_OF, _FORM = "\x04", "\0"
_RULE = re.compile(r"^Plural-Forms:.*plural\s*=\s*([^;\n]+);?", re.MULTILINE)


class CompiledCatalogue:
    """The translations of one language.

    Args:
        data: the file, little endian and UTF-8. ValueError for any other.
    """

    def __init__(self, data: bytes) -> None:
        if not data.startswith(_MAGIC):
            raise ValueError("no compiled catalogue")
        count, self._texts, self._translations = _HEAD.unpack_from(data)
        self._data = data
        places = sorted((crc32(self._piece(self._texts, number)), number) for number in range(count))
        self._sums = array("I", (found for found, _ in places))
        self._numbers = array("H", (number for _, number in places))
        rule = _RULE.search(self._found("") or "")
        self._form: Callable[[int], int] = c2py(rule[1] if rule else "n != 1")

    def gettext(self, text: str) -> str:
        """Its translation; itself where there is none."""
        return self._found(text) or text

    def pgettext(self, context: str, text: str) -> str:
        """That of the text of this name that ``context`` tells from others."""
        return self._found(f"{context}{_OF}{text}") or text

    def ngettext(self, one: str, several: str, count: int) -> str:
        """The form of the two that goes with ``count``, by the rule of the language."""
        found = self._found(f"{one}{_FORM}{several}")
        if not found:
            return one if count == 1 else several
        return found.split(_FORM)[self._form(count)]

    def _found(self, text: str) -> str | None:
        wanted = text.encode()
        return next((self._piece(self._translations, n).decode() for n in self._at(wanted)), None)

    def _at(self, wanted: bytes) -> Iterator[int]:
        """The number of a text; none where it is not here."""
        looked_for = crc32(wanted)
        place = bisect_left(self._sums, looked_for)
        while place < len(self._sums) and self._sums[place] == looked_for:
            if self._piece(self._texts, self._numbers[place]) == wanted:
                yield self._numbers[place]
            place += 1

    def _piece(self, table: int, number: int) -> bytes:
        length, begin = _PLACE.unpack_from(self._data, table + number * _PLACE.size)
        return self._data[begin : begin + length]
