"""The bytes of an XMPP stream → stanzas, each measured while it is read: what is too much is never built.

Stands in for slixmpp's ``XMLPullParser``. Of a stanza that goes too deep or has too many parts only the start tag
stays, as ``Refused``; what follows it on the stream is read as if nothing had been. expat keeps each name that it reads
for as long as it lives, and a stranger can think of many: it is made anew every so often.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A stanza is the first level. The deepest of ours has seven, a message that was archived and forwarded some twelve; who
# copies or prints a stanza by recursion has a hundred times as many calls.
MAX_LEVELS = 19

# Elements and attributes together. A pack of senml.pack.MAX_RECORDS, each with a name, a time, a unit and a value, has
# 100,000; a form of form.MAX_FIELDS, with which somebody unknown may ask for access, has a hundred.
MOST_PARTS, MOST_OF_A_STRANGER = 120_000, 1_000

# What is kept of a stanza that is refused: enough to count it and to say so to its sender.
_KEPT = frozenset({"from", "to", "id", "type", "http://www.w3.org/XML/1998/namespace}lang"})

# A new parser costs 20 µs, and the rest of the chunk is read twice; the names in so many bytes are 2 MB at the most.
_RENEW_BYTES = 65_536


class Refused(ET.Element):
    """What is left of a stanza that was too much: its start tag."""


class BoundedParser:
    """What slixmpp wants of a parser: ``feed``, then ``read_events``.

    Args:
        most_parts: how many elements and attributes a stanza may have that bears this ``from``.
    """

    def __init__(self, most_parts: Callable[[str], int]) -> None:
        self._most_parts = most_parts
        self._events: deque[tuple[str, ET.Element] | ET.ParseError] = deque()
        self._over = False
        self._held: list[bytes] = []
        # The stream's own start tag with all before it; whether it is known to its end.
        self._head, self._headed = b"", False
        self._depth, self._parts_left = 0, 0
        self._builder: ET.TreeBuilder | None = None
        self._refused: Refused | None = None
        self._renew()

    def feed(self, data: bytes | str) -> None:
        """Read on. What is no XML comes out of ``read_events``, in its place; nothing comes after it."""
        chunk = data.encode() if isinstance(data, str) else data
        self._held.append(chunk)
        if b">" not in chunk:
            # Nothing ends in it, and expat would read from its beginning, each time again, a tag that does not end.
            return
        rest = b"".join(self._held)
        self._held.clear()
        while rest and not self._over:
            self._cut, self._before = len(rest), self._fed
            self._fed += len(rest)
            if not self._headed:
                self._head += rest
            try:
                self._expat.Parse(rest, False)
            except expat.ExpatError as error:
                self._over = True
                self._events.append(_parse_error(error))
                return
            rest = rest[self._cut :]
            if rest:
                self._renew()

    def read_events(self) -> Iterator[tuple[str, ET.Element]]:
        """``start`` and ``end`` of the stream, and of each stanza both when it is whole. Raises ParseError."""
        while self._events:
            event = self._events.popleft()
            if isinstance(event, ET.ParseError):
                raise event
            yield event

    def _renew(self) -> None:
        """Take another expat, which has read of the stream no more than its head."""
        self._expat = parser = expat.ParserCreate(None, "}", {})
        self._names: dict[str, str] = {}
        parser.buffer_text = parser.ordered_attributes = True
        if hasattr(parser, "SetReparseDeferralEnabled"):
            # A stanza is wanted when its last byte is here, not when more have come.
            parser.SetReparseDeferralEnabled(False)
        self._fed = 0
        if self._headed:
            parser.Parse(self._head, False)
            self._fed = len(self._head)
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text

    def _start(self, name: str, attributes: list[str]) -> None:
        if self._depth == 0:
            self._events.append(("start", ET.Element(self._name(name), self._named(attributes))))
        elif self._depth == 1:
            if self._hands_over():
                return
            self._begin(name, attributes)
        self._depth += 1
        if self._builder is None:
            return
        self._parts_left -= 1 + len(attributes) // 2
        if self._parts_left < 0 or self._depth - 1 > MAX_LEVELS:
            self._builder = None
        else:
            self._builder.start(self._name(name), self._named(attributes))

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._builder is not None:
            self._builder.end(self._name(name))
        if self._depth == 1:
            stanza = self._refused if self._builder is None else self._builder.close()
            self._builder = self._refused = None
            assert stanza is not None, "it began"  # noqa: S101
            self._events.extend((("start", stanza), ("end", stanza)))
        elif self._depth == 0:
            self._events.append(("end", ET.Element(self._name(name))))

    def _text(self, text: str) -> None:
        if self._builder is not None:
            self._builder.data(text)

    def _begin(self, name: str, attributes: list[str]) -> None:
        pairs = zip(attributes[::2], attributes[1::2], strict=True)
        kept = [part for pair in pairs if pair[0] in _KEPT for part in pair]
        self._refused = Refused(self._name(name), self._named(kept))
        self._builder = ET.TreeBuilder()
        self._parts_left = self._most_parts(self._refused.get("from", ""))

    def _hands_over(self) -> bool:
        """Whether another parser takes over here, before a stanza: what comes yet of this chunk is then its to read."""
        index = self._expat.CurrentByteIndex
        if not self._headed:
            self._head, self._headed = self._head[:index], True
        # A start tag of which a part came earlier is no place for it; at one of the next it will do.
        if index - len(self._head) <= _RENEW_BYTES or index < self._before:
            return False
        self._cut = index - self._before
        parser = self._expat
        parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
        return True

    def _named(self, attributes: list[str]) -> dict[str, str]:
        return {self._name(key): value for key, value in zip(attributes[::2], attributes[1::2], strict=True)}

    def _name(self, name: str) -> str:
        # ``uri}local`` as ElementTree writes it, one object for each name: a pack has the same by thousands.
        known = self._names.get(name)
        if known is None:
            known = self._names[name] = f"{{{name}" if "}" in name else name
        return known


def _parse_error(error: expat.ExpatError) -> ET.ParseError:
    """As ElementTree's own parser says it."""
    told = ET.ParseError(str(error))
    told.code, told.position = error.code, (error.lineno, error.offset)
    return told
