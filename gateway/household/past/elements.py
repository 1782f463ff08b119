"""XML of others: elements with text and attributes, by the standard library's expat, bounded, without a DOCTYPE.

Where there is no DOCTYPE there are no entities but XML's own five, so nothing grows and nothing is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from gateway.household.past.values import HistoryFileError
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_ELEMENTS, _DEEPEST = 500_000, 40

_BAD_XML = Phrase("it is damaged XML, or cut off")
_DOCTYPE = Phrase("it is XML with a DOCTYPE, which is not accepted")
_TOO_MUCH = Phrase("it is XML with too many elements, or too deep")


@dataclass(slots=True)
class Element:
    """One element, its name without a namespace."""

    name: str
    attributes: Mapping[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Element]:
        """Every element of that name directly in it."""
        return (one for one in self.children if one.name == name)

    def find(self, *path: str) -> Element | None:
        """The first element at a path below it."""
        found: Element | None = self
        for name in path:
            found = next(found.all(name), None) if found else None
        return found

    def said(self, *path: str) -> str:
        """The text of the first element at a path; empty where there is none."""
        found = self.find(*path)
        return found.text.strip() if found else ""

    def below(self, name: str) -> Iterator[Element]:
        """Every element of that name, however deep."""
        for one in self.children:
            if one.name == name:
                yield one
            yield from one.below(name)


def parse_xml(data: bytes) -> Element:
    """The root of a document. HistoryFileError where it is none, or more than a history has."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    top = Element("", {})
    open_ones, count = [top], 0

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal count
        count += 1
        if count > _MOST_ELEMENTS or len(open_ones) > _DEEPEST:
            raise HistoryFileError(_TOO_MUCH)
        one = Element(_local(name), {_local(key): value for key, value in attributes.items()})
        open_ones[-1].children.append(one)
        open_ones.append(one)

    def end(_: str) -> None:
        open_ones.pop()

    def text(more: str) -> None:
        if not more.isspace():
            open_ones[-1].text += more

    def doctype(*_: object) -> None:
        raise HistoryFileError(_DOCTYPE)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, HistoryFileError):
            raise
        raise HistoryFileError(_BAD_XML) from error
    return top.children[0]


def _local(name: str) -> str:
    return name.rpartition(" ")[2].rpartition(":")[2]
