"""One connection to one's own server, from the first byte to its complete end: a client object that lives once.

The only ways in are TLS with a verified certificate and SCRAM; every way in which an attempt ends is one sentence
(``fault``). slixmpp's log holds raw XML, the login's included, so nothing of it comes through but where it was written.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from slixmpp import JID
from slixmpp.exceptions import IqTimeout

from gateway.errors import NO_ANSWER
from gateway.errors import reason as why
from gateway.federation.connection.stream import StreamClient
from gateway.federation.connection.waiting import wait_any
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from slixmpp.xmlstream import ElementBase, StanzaBase

log = logging.getLogger(__name__)

LOST = Phrase("the connection was lost")
NOT_IN_TIME = Phrase("the server did not complete the login in time")
STOPPED = Phrase("the server stopped answering")
_REFUSED = Phrase("the server refused the password; check the account and its password file")
_NO_ENCRYPTION = Phrase("the server offered no encryption")
_UNREACHABLE = Phrase("the server cannot be reached: {why}")
_UNTRUSTED = Phrase("the server's certificate is not trusted: {why}; see ca_file and pin")
_LOGIN_REFUSED = Phrase("the server refused the login: {why}")
_NO_SCRAM = Phrase(
    "the server offers no SCRAM login over TLS but {offered}, and nothing weaker is accepted; ask its operator to"
    " allow SCRAM"
)
_CONFLICT = Phrase("another program uses the same account and resource")
_ENDED = Phrase("the server ended the stream: {why}")
# So long the server waits to be told what has come in: it asks after nearly each stanza, and one answer says it of all
# (XEP-0198, 4). Prosody waits 30 s for it, ejabberd 60.
_ACKNOWLEDGE_S = 0.25


class Attempt:
    """One client object: its events, its fault as a sentence, and its complete end."""

    def __init__(self, jid: JID, password: str, context: ssl.SSLContext, pins: Collection[str] | None = None) -> None:
        self.started, self.gone = asyncio.Event(), asyncio.Event()
        self.fault: Phrase | None = None
        # Refused: whatever the reason, the server will have none of it now. Denied: it did not take this password.
        self.refused = self.denied = False
        self._further: list[tuple[str, int]] = []
        self.client = client = StreamClient(jid, password, context, pins, self._break)
        client.register_plugin("xep_0030")
        client.register_plugin("xep_0199")
        client.register_plugin("xep_0198", {"allow_resume": False})
        management: Any = client.plugin["xep_0198"]
        self._acknowledge: Callable[[], None] = management.send_ack
        management.send_ack = self._acknowledge_soon
        self._acknowledging: asyncio.TimerHandle | None = None
        quieten_slixmpp()
        # Told the full JID of whoever says that it is there, or that it goes offline.
        self.on_present: Callable[[str], None] = lambda _: None
        self.on_absent: Callable[[str], None] = lambda _: None
        # After xep_0198, which counts what came in. Presence brings nothing else here: slixmpp would accept every
        # stranger who asks to see ours, and keep a roster entry for each.
        client.add_filter("in", self._without_presence)
        for event, handler in (
            ("stream_negotiated", self._negotiated),
            ("disconnected", self._gone),
            ("killed", self._gone),
            ("connection_failed", self._unreachable),
            ("ssl_invalid_chain", self._untrusted),
            ("failed_auth", self._failed_auth),
            ("failed_all_auth", self._refused),
            ("no_auth", self._no_scram),
            ("stream_error", self._stream_error),
        ):
            client.add_event_handler(event, handler)

    def connect(self, addresses: Sequence[tuple[str, int]] = ()) -> None:
        """Begin; one round over the addresses, those of DNS where there are none, then ``gone`` is set."""
        first, self._further = addresses[:1], [*addresses[1:]]
        attempt = self.client.connect(*first[0]) if first else self.client.connect()
        attempt.add_done_callback(self._tried)

    async def ping(self, timeout_s: float) -> None:
        """Ask one's own server for a sign of life; TimeoutError without one. Any answer will do, an error too."""
        iq = self.client.make_iq_get(ito=JID(self.client.boundjid.domain))
        iq.append(ET.Element("{urn:xmpp:ping}ping"))
        answer: asyncio.Future[Any] = iq.send(timeout=timeout_s)  # type: ignore[no-untyped-call]
        await wait_any(timeout_s + 1.0, self.gone, future=answer)
        if self.gone.is_set():
            answer.cancel()
        elif not answer.done() or isinstance(answer.exception(), IqTimeout):
            raise TimeoutError

    async def close(self, patience: float) -> None:
        """End the stream, politely if there is patience, and leave no task of slixmpp behind."""
        client = self.client
        client.cancel_connection_attempt()
        if self._acknowledging:
            # What is not said to have come in would be sent back to whoever sent it.
            self._acknowledging.cancel()
            self._acknowledge_now()
        if patience and client.transport:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await client.disconnect(wait=patience / 2)
        client.abort()
        sender = client._run_out_filters  # noqa: SLF001 (slixmpp leaves it running)
        if sender is not None:
            sender.cancel()
            await asyncio.wait({sender})
        for name in [n for n in client.scheduled_events if not n.startswith("IqTimeout")]:
            client.cancel_schedule(name)

    def _acknowledge_soon(self) -> None:
        if self._acknowledging is None:
            self._acknowledging = asyncio.get_running_loop().call_later(_ACKNOWLEDGE_S, self._acknowledge_now)

    def _acknowledge_now(self) -> None:
        self._acknowledging = None
        self._acknowledge()

    def _without_presence(self, stanza: StanzaBase) -> StanzaBase | None:
        if stanza.name != "presence":
            return stanza
        if stanza.xml is not None and stanza.xml.get("type") in ("unavailable", "error"):
            self.on_absent(stanza.xml.get("from", ""))
        elif stanza.xml is not None and stanza.xml.get("type") is None:
            self.on_present(stanza.xml.get("from", ""))
        return None

    def _tried(self, attempt: asyncio.Future[Any]) -> None:
        # With a result it is slixmpp's next round over the addresses: the first one reached nobody.
        if attempt.cancelled() or not (attempt.exception() or attempt.result() is not None):
            return
        if self._further:
            self.connect(self._further)
        else:
            self.gone.set()

    def _negotiated(self, _: object) -> None:
        # Not at session_start: stream management is agreed on after it, and what is sent before is never counted.
        if not self.client.sessionstarted:
            return
        if isinstance(self.client.socket, ssl.SSLObject | ssl.SSLSocket):
            # What failed on the way in, such as one of several logins, is no reason for what may come.
            self.fault, self.denied = None, False
            self.started.set()
        else:
            self.fault = _NO_ENCRYPTION
            self.gone.set()

    def _gone(self, _: object) -> None:
        self.gone.set()

    def _unreachable(self, reason: object) -> None:
        cause = why(reason) if isinstance(reason, OSError) else same(str(reason)) if reason else NO_ANSWER
        self.fault = _UNREACHABLE.filled(why=cause)

    def _untrusted(self, error: object) -> None:
        cause = getattr(error, "verify_message", None) or getattr(error, "reason", None) or "TLS failed"
        self.fault = _UNTRUSTED.filled(why=cause)
        self.gone.set()

    def _break(self, fault: Phrase) -> None:
        self.fault = fault
        self.gone.set()

    def _failed_auth(self, failure: ElementBase) -> None:
        self.denied = True
        condition = failure["condition"]
        self.fault = _REFUSED if condition == "not-authorized" else _LOGIN_REFUSED.filled(why=condition)

    def _refused(self, _: object) -> None:
        self.refused = True
        self.fault = self.fault or _REFUSED
        self.gone.set()

    def _no_scram(self, _: object) -> None:
        offered = ", ".join(sorted(self.client.plugin["feature_mechanisms"].mech_list)[:5]) or "nothing"
        self.fault = _NO_SCRAM.filled(offered=offered[:100])

    def _stream_error(self, error: ElementBase) -> None:
        condition = error["condition"]
        if condition == "conflict":
            self.fault = _CONFLICT
        else:
            self.fault = _ENDED.filled(why=condition)


class _Discretion(logging.Filter):
    """Lets through of slixmpp's messages only that there was one, and where: their text holds stanzas and secrets."""

    def filter(self, record: logging.LogRecord) -> bool:
        # It is demoted below, so it is the level for that which counts.
        if record.levelno < logging.WARNING or not logging.getLogger(record.name).isEnabledFor(logging.DEBUG):
            return False
        record.msg, record.args = f"slixmpp: {record.levelname.lower()} at line {record.lineno}", ()
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        record.exc_info = record.exc_text = record.stack_info = None
        return True


class _Unasked(logging.Filter):
    """Drops what slixmpp says in nobody's name whenever a nonza comes in while an answer is awaited."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith("Unknown stanza interface")


_DISCRETION, _UNASKED = _Discretion(), _Unasked()


def quieten_slixmpp() -> None:
    """Keep slixmpp's own words out of every log of this process, whatever the levels and handlers are."""
    # On each logger itself: a filter of a parent is not asked. Plugins bring theirs when they are registered.
    for name in [n for n in logging.root.manager.loggerDict if n.split(".", 1)[0] == "slixmpp"]:
        logging.getLogger(name).addFilter(_DISCRETION)
    # Only what is logged on the root itself passes here: nothing of any other program part.
    logging.root.addFilter(_UNASKED)
