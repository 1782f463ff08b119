"""What a provider tells its recipients about data that they have: a consent that ended, data that are wrong or erased.

    <message from="gw@x/proxy" to="coop@y" type="chat" id="…">
      <body xml:lang="fr">…</body>
      <notice xmlns="urn:linky-gateway:0" id="0a1b2c3d-7" kind="consent-withdrawn"
              series="gw@x/ab12@x/consumption" first="1700000000" last="1731622400">
        <text xml:lang="fr">…</text><text xml:lang="en">…</text>
      </notice>
      <request xmlns="urn:xmpp:receipts"/>
    </message>

``id`` is the provider's own, 1 to 64 characters, the same at every repetition: a notice is obeyed once. ``kind`` is one
of ``NoticeKind``. ``series`` is a name or a prefix of names in the form in which the recipient asked; without it all
series of the provider are meant. ``first`` and ``last`` are POSIX seconds, both included; without them all times are.
``<text>`` is for a person, and so is the message's body, in the recipient's language. Further attributes tell what the
words do: ``granularity``, ``until`` (POSIX seconds, not included), ``consent`` and ``request`` (numbers). After
*consent-withdrawn* and *data-erased* the recipient deletes what is named (GDPR Art. 17 and 19; of a withdrawal by which
the household spares it that, ``first`` and ``last`` are 0, a time of which nobody has anything), after *data-rectified*
it asks for that time again, after *consent-limited* it keeps and does not use it (Art. 18); the receipt (XEP-0184) says
that this is done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from gateway.errors import FederationError, SenMLError
from gateway.federation.wire.stanza import OURS
from gateway.senml.naming import Identifier, parse_identifier
from gateway.store.terms import NoticeKind

if TYPE_CHECKING:
    from collections.abc import Mapping


NOTICE = f"{{{OURS}}}notice"

_TEXT = f"{{{OURS}}}text"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_MOST_ID_CHARS, _MOST_TEXT_CHARS, _MOST_DIGITS, _MOST_TEXTS = 64, 4_000, 12, 8


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice; ``first`` and ``last`` are POSIX seconds, both included, None for no limit."""

    id: str
    kind: NoticeKind
    series: str = ""
    first: int | None = None
    last: int | None = None
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def identifier(self) -> Identifier | None:
        """What ``series`` names; None for all."""
        return parse_identifier(self.series) if self.series else None


def build_notice(notice: Notice, facts: Mapping[str, str]) -> Element:
    """The ``<notice>`` that says it; ``facts`` are its further attributes."""
    limits = {"series": notice.series or None, "first": notice.first, "last": notice.last}
    named = {name: str(value) for name, value in limits.items() if value is not None}
    element = Element(NOTICE, {**facts, **named, "id": notice.id, "kind": notice.kind.value})
    for lang, words in notice.texts.items():
        SubElement(element, _TEXT, {_LANG: lang}).text = words
    return element


def parse_notice(element: Element) -> Notice:
    """Read a ``<notice>``. Raises FederationError when it cannot be obeyed as it is written."""
    number, series = element.get("id", ""), element.get("series", "")
    if not 0 < len(number) <= _MOST_ID_CHARS:
        raise FederationError(f"a notice's id has 1 to {_MOST_ID_CHARS} characters", "bad-request")
    try:
        kind = NoticeKind(element.get("kind", ""))
        if series:
            parse_identifier(series)
    except SenMLError as error:
        raise FederationError(f"a notice of no series: {error}", "bad-request") from error
    except ValueError as error:
        raise FederationError("a notice of an unknown kind", "feature-not-implemented") from error
    first, last = _time(element, "first"), _time(element, "last")
    if first is not None and last is not None and last < first:
        raise FederationError("a notice's last is not before its first", "bad-request")
    texts = {
        (text.get(_LANG) or "")[:_MOST_ID_CHARS]: (text.text or "").strip()[:_MOST_TEXT_CHARS]
        for text in element.findall(_TEXT)[:_MOST_TEXTS]
    }
    return Notice(number, kind, series, first, last, texts)


def _time(element: Element, name: str) -> int | None:
    text = element.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise FederationError(f"a notice's {name} is POSIX seconds", "bad-request")
    return int(text)
