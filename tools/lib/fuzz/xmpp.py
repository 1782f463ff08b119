"""Peers of the federation who mean harm: a stranger, and one to whom the household has consented.

Stanzas are written as text, so that nothing of them is put right on the way; the server in between is the real one.
What it will not have (what is no XML, what is too long) ends the stream of whoever said it, who logs in again.
"""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from slixmpp import ClientXMPP
from slixmpp.xmlstream.xmlstream import NotConnectedError

from fuzz import relatives
from fuzz.injuries import mutate
from fuzz.shots import Fired, Shot, beside, drive

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

STRANGER, CONSENTED = "stranger", "consented"
_LONGEST_S, _AGAIN_S = 30.0, 0.2
_TOP = re.compile(rb"<(iq|message|presence)[ >]")

_NODES = ("get_history", "subscribe", "unsubscribe", "list_series", "request_access", "my_access", "health", "", "fly")
_VARS = ("identifier", "start_time", "end_time", "granularity", "confirm", "resume_after", "epoch", "FORM_TYPE", "x")
_MORE = (
    "form", "max", "after", "push", "history", "until", "purpose", "role", "controller", "live", "series", "text",
    "words",
)  # fmt: skip
_VALUES = (
    "maison@sen1.test/house@sen1.test", "maison@sen1.test/house@sen1.test/consumption", "urn:dev:prm:00999900000042",
    "urn:dev:prm:", "../../etc/passwd", "%", "*", "", "PT15M", "2020-01-01T00:00:00Z", "2030-01-01T00:00:00+01:00",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "PT1M", "PT30M", "P1D", "server", "receipt", "-1", "NaN",
    "dcat", "9" * 20, "9" * 1000, "' OR 1=1 --", "\u202e\ufeff", "[::1]", "@@@@", "\u0661" * 14,
    "maison@sen1.test/" + "a" * 900,
)  # fmt: skip
_AMOUNTS = ("1", "1e400", "NaN", "-0", "x", "9" * 400)
_KINDS = (
    "consent-withdrawn", "data-erased", "data-rectified", "consent-limited", "consent-resumed", "access-granted",
    "access-refused", "", "x",
)  # fmt: skip
_SPACES = (
    "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items", "urn:xmpp:ping", "vcard-temp",
    "jabber:iq:version", "urn:xmpp:time", "jabber:iq:last", "jabber:iq:roster", "urn:xmpp:carbons:2", "urn:xmpp:mam:2",
    "http://jabber.org/protocol/pubsub", "jabber:iq:register", "urn:xmpp:blocking",
)  # fmt: skip


def shots(seed: int) -> Iterator[Shot]:
    """For ever, the same for the same seed. The note says who speaks; ``TO`` in the text is for whom."""
    chance = random.Random(f"{seed}-xmpp")
    deep = cycle(relatives.nested(seed, 2000))
    made: tuple[tuple[str, Callable[[random.Random], str]], ...] = (
        ("commands", _command), ("commands", _command), ("receipts", _receipt), ("notices", _notice), ("packs", _pack),
        ("questions", _question), ("wide", _wide), ("presence", _presence), ("chat", _chat), ("forged", _forged),
        ("answers", _answer), ("long", _long),
    )  # fmt: skip
    while True:
        who = STRANGER if chance.random() < 0.6 else CONSENTED
        draw = chance.random()
        if draw < 0.25:
            yield Shot("nested", next(deep).encode(), who)
        elif draw < 0.27:
            kind, make = chance.choice(made)
            yield Shot("no XML", mutate(chance, [make(chance).encode("utf-8", "replace")]), who)
        elif draw < 0.29:
            flood = "".join(_question(chance) for _ in range(50))
            yield Shot("flood", flood.encode(), who)
        else:
            kind, make = chance.choice(made)
            yield Shot(kind, make(chance).encode("utf-8", "replace"), who)


def nested(seed: int, count: int) -> Iterator[Shot]:
    """What nests alone, by turns from both."""
    for number, text in enumerate(relatives.nested(seed, count)):
        yield Shot("nested", text.encode(), CONSENTED if number % 2 else STRANGER)


def _id(chance: random.Random) -> str:
    return quoteattr(chance.choice((f"i{chance.getrandbits(40)}", "", "x" * 500, "\u202e", "0a1b2c3d-0-8176")))


def _text(chance: random.Random) -> str:
    letters = "ab<&>\"'\u00e9\u202e\U0001f525 \n\t"
    return chance.choice((*_VALUES, "".join(chance.choices(letters, k=chance.randrange(200)))))


def _form(chance: random.Random) -> str:
    rows = []
    for _ in range(chance.choice((0, 1, 2, 3, 5, 8, 25, 60))):
        values = "".join(f"<value>{escape(_text(chance))}</value>" for _ in range(chance.choice((0, 1, 1, 1, 2, 30))))
        rows.append(f"<field var={quoteattr(chance.choice((*_VARS, *_MORE, _text(chance))))}>{values}</field>")
    kind = chance.choice(("submit", "submit", "submit", "form", "cancel", "result", ""))
    return f"<x xmlns='jabber:x:data' type='{kind}'>{''.join(rows)}</x>"


def _command(chance: random.Random) -> str:
    page = ""
    if chance.random() < 0.3:
        name = chance.choice(("max", "after", "before", "index"))
        page = f"<set xmlns='http://jabber.org/protocol/rsm'><{name}>{escape(_text(chance))}</{name}></set>"
    forms = _form(chance) * chance.choice((0, 1, 1, 1, 1, 2, 10))
    node, action = chance.choice(_NODES), chance.choice(("execute", "execute", "next", "complete", "cancel", "", "fly"))
    session = chance.choice(("", f" sessionid={_id(chance)}"))
    inner = f"node='{node}' action='{action}'{session}>{forms}{page}</command>"
    return (
        f"<iq to='TO' type='{chance.choice(('set', 'set', 'set', 'get'))}' id={_id(chance)}>"
        f"<command xmlns='http://jabber.org/protocol/commands' {inner}</iq>"
    )


def _numbers(chance: random.Random) -> str:
    """An outbox's interval that was never sent, or nearly an interval."""
    first = chance.choice((0, -1, 1, chance.randrange(10**6)))
    last = first + chance.choice((-1, 0, 1, 10, 8176, 10**9, 10**15))
    return f"{chance.choice(('EPOCH', '00000000', 'zzzzzzzz', ''))}-{first}-{last}"


def _receipt(chance: random.Random) -> str:
    name, kind = (
        chance.choice(("received", "received", "request")),
        chance.choice(("chat", "normal", "error", "headline", "")),
    )
    error = "<error type='cancel'/>" if kind == "error" else ""
    inner = f"<{name} xmlns='urn:xmpp:receipts' id='{_numbers(chance)}'/>" * chance.choice((1, 1, 1, 5, 300))
    return f"<message to='TO' type='{kind}' id='{_numbers(chance)}'>{inner}{error}</message>"


def _notice(chance: random.Random) -> str:
    first = chance.choice(("1", "0", "-1", "9" * 30, "x"))
    words = "".join(f"<text xml:lang='fr'>{escape(_text(chance))}</text>" for _ in range(chance.choice((0, 1, 2, 100))))
    return (
        f"<message to='TO' type='chat' id={_id(chance)}><notice xmlns='urn:linky-gateway:0' id={_id(chance)}"
        f" kind='{chance.choice(_KINDS)}' series={quoteattr(_text(chance))} first='{first}' last='9'>{words}</notice>"
        "<request xmlns='urn:xmpp:receipts'/></message>"
    )


def _pack(chance: random.Random) -> str:
    """Data that nobody asked for, of one's own or of the household's own meter."""
    senml = "".join(
        f"<senml n={quoteattr(_text(chance))} u='{chance.choice(('W', 'Wh', 'bananas', ''))}'"
        f" v='{chance.choice(_AMOUNTS)}' t='{chance.choice(('0', '-5', '1e30', ''))}'/>"
        for _ in range(chance.choice((0, 1, 5, 300)))
    )
    after = chance.choice(("0", "-1", "x", "9" * 30))
    return (
        f"<message to='TO' type='chat' id={_id(chance)}><quoalise xmlns='urn:quoalise:0'><data><meta><outbox"
        f" xmlns='urn:linky-gateway:0' epoch='0a1b2c3d' after='{after}' last='9'/></meta>"
        f"<sensml xmlns='urn:ietf:params:xml:ns:senml'>{senml}</sensml></data></quoalise></message>"
    )


def _question(chance: random.Random) -> str:
    node = chance.choice(("", f" node={quoteattr(_text(chance))}"))
    kind = chance.choice(("get", "get", "set"))
    return f"<iq to='TO' type='{kind}' id={_id(chance)}><query xmlns='{chance.choice(_SPACES)}'{node}/></iq>"


def _wide(chance: random.Random) -> str:
    """Few levels and very many elements, or attributes."""
    name = chance.choice(("a", "field", "value", "item"))
    if chance.random() < 0.3:
        attributes = " ".join(f"a{number}='x'" for number in range(chance.choice((50, 500, 5000))))
        return f"<iq to='TO' type='get' id={_id(chance)}><query xmlns='foo' {attributes}/></iq>"
    inner = f"<{name}/>" * chance.choice((100, 1000, 10_000))
    return (
        f"<iq to='TO' type='{chance.choice(('get', 'set'))}' id={_id(chance)}><query xmlns='foo'>{inner}</query></iq>"
    )


def _presence(chance: random.Random) -> str:
    kind = chance.choice(("subscribe", "subscribed", "unsubscribe", "unsubscribed", "unavailable", "probe", "error"))
    caps = f"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='x' ver={quoteattr(_text(chance))}/>"
    return f"<presence to='TO' type='{kind}'><status>{escape(_text(chance))}</status>{caps}</presence>"


def _chat(chance: random.Random) -> str:
    word = chance.choice(("conso ?", "power", "aide", "\u00e9tat", "facture", _text(chance)))
    kind = chance.choice(("chat", "normal", "groupchat"))
    return f"<message to='TO' type='{kind}'><body>{escape(word)}</body></message>"


def _forged(chance: random.Random) -> str:
    """As if somebody else said it; the server of whoever says it knows better."""
    who = chance.choice(("coop@sen2.test/recipient", "maison@sen1.test", "sen1.test", "a@b@c", "x" * 3000))
    return _chat(chance).replace("to='TO'", f"to='TO' from='{who}'")


def _answer(chance: random.Random) -> str:
    """To what was never asked."""
    kind = chance.choice(("result", "error"))
    inner = chance.choice(("", "<error type='cancel'/>", f"<query xmlns='{chance.choice(_SPACES)}'/>", _form(chance)))
    return f"<iq to='TO' type='{kind}' id={_id(chance)}>{inner}</iq>"


def _long(chance: random.Random) -> str:
    body = chance.choice(("x", "\u00e9", "&amp;")) * chance.choice((1000, 10_000, 20_000))
    return f"<message to='TO' type='chat'><body>{body}</body></message>"


class _Deaf(ClientXMPP):
    """Logs in, and hears nothing from then on: what comes back is counted and not read."""

    def __init__(self, jid: str, password: str, context: ssl.SSLContext, peer: _Peer, fired: Fired) -> None:
        super().__init__(jid, password, ssl_context=context)
        self.enable_direct_tls = self.enable_plaintext = False
        self._peer, self._fired = peer, fired
        self.gone = asyncio.Event()
        self.add_event_handler("session_start", self._begin)
        for event in ("disconnected", "connection_failed", "failed_all_auth", "killed"):
            self.add_event_handler(event, lambda _: self.gone.set())

    def _begin(self, _: object) -> None:
        # Without it a message to the account as a whole would be stored for later.
        self.send_raw("<presence/>")
        self._peer.client = self
        self._peer.there.set()

    def data_received(self, data: bytes) -> None:
        if self._peer.client is not self:
            super().data_received(data)
            return
        for name in _TOP.findall(data):
            self._fired.answers[name.decode() + " came back"] += 1

    async def end(self) -> None:
        """Leave no task of slixmpp behind."""
        self.cancel_connection_attempt()
        self.abort()
        sender = self._run_out_filters
        if sender is not None:
            sender.cancel()
            await asyncio.wait({sender})


@dataclass(slots=True)
class _Peer:
    """One account: full JID, password, and the client while it is logged in."""

    jid: str
    password: str
    there: asyncio.Event = field(default_factory=asyncio.Event)
    client: _Deaf | None = None


class Peers:
    """The stranger and the consented one, at one server.

    Args:
        accounts: who of the two -> full JID and password.
        address: the server's host and port.
        context: what TLS believes.
        to: whom they mean, by turns.
        epoch: of the household's database, as everybody who is sent anything is told.
        fired: what is noted.
    """

    def __init__(
        self,
        accounts: dict[str, tuple[str, str]],
        address: tuple[str, int],
        context: ssl.SSLContext,
        to: tuple[str, ...],
        epoch: str,
        fired: Fired,
    ) -> None:
        self._peers = {who: _Peer(*account) for who, account in accounts.items()}
        self._address, self._context = address, context
        self._to, self._epoch, self._fired = cycle(to), epoch, fired

    async def run(self, shots: Iterator[Shot], seed: str) -> None:
        """Until there are no more; who is thrown out comes back."""
        async with beside(*map(self._stay, self._peers.values())):
            await drive(shots, self.send, self._fired, seed)

    async def send(self, shot: Shot) -> None:
        """Write it to the server as it is."""
        peer = self._peers[shot.note]
        async with asyncio.timeout(_LONGEST_S):
            await peer.there.wait()
        assert peer.client is not None
        text = shot.data.replace(b"'TO'", b"'" + next(self._to).encode() + b"'").replace(b"EPOCH", self._epoch.encode())
        try:
            peer.client.send_raw(text)
        except NotConnectedError:
            # The server has just ended the stream for what was said before.
            self._fired.answers["said to nobody"] += 1

    async def _stay(self, peer: _Peer) -> None:
        while True:
            client = _Deaf(peer.jid, peer.password, self._context, peer, self._fired)
            client.connect(*self._address)
            try:
                await client.gone.wait()
                self._fired.answers["streams ended"] += 1
            finally:
                peer.there.clear()
                peer.client = None
                await client.end()
            await asyncio.sleep(_AGAIN_S)
