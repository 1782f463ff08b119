"""slixmpp's client with the paths closed that it leaves open: the stream's bytes, its certificate, its log.

What comes before the login may come from anyone on the way, so it is bounded before the XML parser sees it: no document
type (no entities), no endless stanza. A pin is checked before the first byte is sent through the new encryption.
Afterwards any stranger may send what it likes: a stanza that is too much is never built (``BoundedParser``), and what
goes wrong over one costs that one. Only what one's own server does wrong ends the session.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, cast

from slixmpp import JID, ClientXMPP

from gateway.errors import FederationError, Once
from gateway.federation.connection.parser import MOST_PARTS, BoundedParser, Refused
from gateway.federation.connection.pins import pin_of
from gateway.federation.wire.form import RequestError, build_error
from gateway.words.language import answered
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import ssl
    from asyncio import BaseTransport, Transport
    from collections.abc import Callable, Collection
    from xml.etree import ElementTree as ET

    from slixmpp.xmlstream import StanzaBase

log = logging.getLogger(__name__)

# Every hash that slixmpp knows; PLAIN would hand the password itself to whoever answers.
MECHANISMS = frozenset(f"SCRAM-SHA-{bits}{plus}" for bits in ("1", "256", "512") for plus in ("", "-PLUS"))

# Twice what servers let through between one another (512 KiB).
MAX_STANZA_BYTES = 1_048_576

# Before the first element there is an XML declaration at most (RFC 6120 §11.5). UTF-16 and its like, in which a
# document type would look otherwise, are no XMPP either (§11.6).
_MAX_PROLOG = 512
_ELEMENT = re.compile(rb"<[A-Za-z_:]")
_PROLOG = re.compile(rb"\s*(<\?xml[\x20-\x3d\x40-\x7e\s]*\?>)?\s*")

_TOO_MUCH = RequestError(
    "modify",
    "policy-violation",
    Phrase("it is nested too deeply, or too long"),
)

_NO_STREAM = Phrase("the server sends what is no XMPP stream")
_NOT_HANDLED = Phrase("the server sends what cannot be handled ({what})")
_TOO_LARGE = Phrase("the server sent a stanza of more than {most} KiB")
_NOT_PINNED = Phrase(
    "the server's key is not the pinned one: it shows {pin}; if its operator confirms this key, add it to pin in"
    " [federation]"
)


class StreamClient(ClientXMPP):
    """One connection's client.

    Args:
        jid: the full JID.
        password: for SCRAM.
        context: what TLS believes; it is shared and stays as it is.
        pins: what the public key must be one of; None when every certificate that TLS believes will do.
        broken: told in a sentence why the connection must not go on.
    """

    def __init__(
        self,
        jid: JID,
        password: str,
        context: ssl.SSLContext,
        pins: Collection[str] | None,
        broken: Callable[[Phrase], None],
    ) -> None:
        # Before slixmpp's own start, which calls init_parser.
        self.pin_seen: str | None = None
        self._pins, self._tell_broken = pins, broken
        # How many elements and attributes a stanza may have that bears this ``from``.
        self.most_parts: Callable[[str], int] = lambda _: MOST_PARTS
        self._shut = False
        self._once = Once(log)
        self._prolog: bytes | None = b""
        self._unfinished = 0
        config = {"feature_mechanisms": {"use_mechs": set(MECHANISMS)}}
        super().__init__(jid, password, plugin_config=config, lang="fr", ssl_context=context)
        self.enable_direct_tls, self.enable_starttls, self.enable_plaintext = False, True, False

    def get_ssl_context(self) -> ssl.SSLContext:
        """Ours as it is: slixmpp 1.10 would add the system's authorities to the one that was configured."""
        return self.ssl_context

    def start_stream_handler(self, xml: ET.Element) -> None:
        """A stanza without a language must stay so, to be answered in the default one and not in the server's."""
        super().start_stream_handler(xml)  # type: ignore[no-untyped-call]
        self.peer_default_lang = None

    def exception(self, exception: Exception) -> None:
        """A stanza that slixmpp stumbles over is a peer's doing: it ends nothing here and its text is not logged."""
        self._say("a stanza could not be handled (%s)", type(exception).__name__)

    def connection_made(self, transport: BaseTransport, send_event: bool = True) -> None:
        """Look at the certificate before anything is said to whoever holds it."""
        encrypted = transport.get_extra_info("ssl_object")
        if encrypted is not None and self._pins is not None and not self._is_pinned(encrypted):
            self.transport = cast("Transport", transport)
            return
        super().connection_made(transport, send_event)

    def init_parser(self) -> None:
        """A new stream begins: at the start, after STARTTLS and after the login."""
        super().init_parser()
        self.parser = cast("ET.XMLPullParser[ET.Element]", BoundedParser(self.most_parts))
        self._prolog = b""

    def incoming_filter(self, xml: ET.Element) -> ET.Element:
        """A stanza is complete: its bytes are no longer held."""
        self._unfinished = 0
        return xml

    def without_refused(self, stanza: StanzaBase) -> StanzaBase | None:
        """For ``add_filter``, behind whatever counts or judges: a stanza that was too much goes no further."""
        if not isinstance(stanza.xml, Refused):
            return stanza
        self._say("a stanza was nested too deeply or had too many parts; it is dropped")
        if stanza.name == "iq" and stanza.xml.get("type") in ("get", "set"):
            answer = self.Iq()
            answer["to"], answer["type"], answer["id"] = stanza["from"], "error", stanza["id"]
            lang = str(stanza["lang"] or "")
            answer["lang"] = answered(lang)
            answer.append(build_error(_TOO_MUCH, lang))
            answer.send()  # type: ignore[no-untyped-call]
        return None

    def data_received(self, data: bytes | str) -> None:
        """Hand on to the parser what may reach it."""
        chunk = data.encode() if isinstance(data, str) else data
        if self._shut:
            return
        if self._prolog is not None:
            chunk = self._prolog = self._prolog + chunk
            begun = _ELEMENT.search(chunk)
            if not _PROLOG.fullmatch(chunk[: begun.start()] if begun else b"") or (
                not begun and len(chunk) > _MAX_PROLOG
            ):
                self._break(_NO_STREAM)
                return
            if not begun:
                return
            self._prolog = None
        self._unfinished += len(chunk)
        try:
            super().data_received(chunk)
        except Exception as error:  # noqa: BLE001 (out of here it would be a traceback in the log at every attempt)
            self._break(_NOT_HANDLED.filled(what=type(error).__name__))
        if self._unfinished > MAX_STANZA_BYTES:
            self._break(_TOO_LARGE.filled(most=MAX_STANZA_BYTES // 1024))

    def _spawn_event(self, xml: ET.Element) -> None:
        try:
            super()._spawn_event(xml)
        except Exception as error:  # noqa: BLE001 (whatever a stanza does to slixmpp or to us, it costs that stanza)
            self.exception(error)

    def _say(self, sentence: str, *details: str) -> None:
        """Once in a connection: any stranger can bring it about."""
        self._once("", sentence, *details)

    def _is_pinned(self, encrypted: ssl.SSLObject) -> bool:
        try:
            self.pin_seen = pin_of(encrypted.getpeercert(binary_form=True) or b"")
        except FederationError as error:
            self._break(error.phrase)
            return False
        if self._pins is None or self.pin_seen in self._pins:
            return True
        self._break(_NOT_PINNED.filled(pin=self.pin_seen))
        return False

    def _break(self, fault: Phrase) -> None:
        self._shut = True
        self._tell_broken(fault)
