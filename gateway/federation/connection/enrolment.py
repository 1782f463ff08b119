"""Before there is an account: what a server's key is, and making an account where the server lets one (XEP-0077).

Whom: anybody, or whoever shows a token that it has given out (XEP-0445, ``urn:xmpp:pars:0``). A server need not bind a
token to a name (Prosody before 13.0.6, ejabberd), so the name is the caller's own.

Both live on a stream that is encrypted and not logged in. Whatever a server wants besides a name and a password is for
a person to do; the sentence says what, and where.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from slixmpp import JID
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.plugins.xep_0077.stanza import Register
from slixmpp.stanza import Iq
from slixmpp.xmlstream import StanzaBase, register_stanza_plugin
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatcherId, MatchXPath

from gateway.errors import FederationError
from gateway.federation.connection.account import REGISTER
from gateway.federation.connection.addresses import shuffled
from gateway.federation.connection.attempt import LOST, Attempt
from gateway.federation.connection.pins import ssl_context
from gateway.federation.connection.waiting import wait_any
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.federation.connection.session import Account

_FEATURES = "{http://etherx.jabber.org/streams}features"
_FEATURE = "{http://jabber.org/features/iq-register}register"
_DATA, _OOB = "jabber:x:data", "jabber:x:oob"
_TIMEOUT_S = 30.0
_MOST_SHOWN = 300
_PREAUTH = "urn:xmpp:pars:0"
# Prosody says the first, ejabberd 26 the second.
_SPENT = ("forbidden", "item-not-found")
TOKEN_REFUSED = "token-refused"  # noqa: S105 (a condition)

_NO_ENCRYPTION_IN_TIME = Phrase("the server did not begin encryption in time")
NOT_ANSWERED = Phrase("the server did not answer in time")
_TOKEN_SPENT = Phrase("the server takes the invitation's code no more: it was used already, or is too old")
_NO_TOKENS = Phrase("the server makes no account with the invitation's code ({condition}); ask its operator")


async def look_at_key(account: Account) -> tuple[str, bool]:
    """The pin of the key that the server shows now, and whether its certificate is trusted too. FederationError."""
    verified = replace(account, pins=frozenset(), pin_only=False)
    context = ssl_context(verified)
    pin, fault = await _see_key(account, context)
    if pin:
        return pin, True
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    pin, _ = await _see_key(account, context)
    if not pin:
        raise FederationError(fault)
    return pin, False


async def _see_key(account: Account, context: ssl.SSLContext) -> tuple[str | None, Phrase]:
    # No key is the right one: the attempt ends as soon as it has seen it.
    attempt = Attempt(JID(account.jid), "", context, frozenset())
    try:
        attempt.connect(shuffled(account.address))
        await wait_any(_TIMEOUT_S, attempt.gone)
    finally:
        await attempt.close(0.0)
    return attempt.client.pin_seen, attempt.fault or _NO_ENCRYPTION_IN_TIME


async def register(account: Account, token: str = "") -> None:
    """Make the account, with its password, at its server; with the token of an invitation where there is one.

    Raises FederationError: the condition is ``conflict`` when the name is taken, ``not-allowed`` when the server makes
    no accounts this way, ``TOKEN_REFUSED`` when the token is good no more.
    """
    register_stanza_plugin(Iq, Register)
    attempt = Attempt(JID(account.jid), "", ssl_context(account), account.pins or None)
    client, ready, offers = attempt.client, asyncio.Event(), [ET.Element("none")]
    # No login: there is nobody yet who could.
    client.unregister_feature("mechanisms", client.plugin["feature_mechanisms"].order)

    def note(stanza: StanzaBase) -> None:
        offers[0] = stanza.xml if stanza.xml is not None else offers[0]

    client.register_handler(Callback("offer", MatchXPath(_FEATURES), note))
    client.add_event_handler("stream_negotiated", lambda _: ready.set())
    try:
        attempt.connect(shuffled(account.address))
        await wait_any(_TIMEOUT_S, attempt.gone, ready)
        if not ready.is_set() or attempt.gone.is_set():
            raise FederationError(attempt.fault or NOT_ANSWERED)
        if not isinstance(client.socket, ssl.SSLObject | ssl.SSLSocket):
            raise FederationError("the server offered no encryption")
        if token:
            # Not every server that takes them says so (ejabberd 26).
            await _show(attempt, token)
        elif offers[0].find(_FEATURE) is None:
            raise FederationError(
                "the server does not make accounts over XMPP; ask its operator for one", "not-allowed"
            )
        await _fill_in(attempt, account)
    finally:
        await attempt.close(1.0)


async def _show(attempt: Attempt, token: str) -> None:
    """Show the token (XEP-0445 §3): the stream may make an account then."""
    client = attempt.client
    iq = client.Iq()
    iq["id"], iq["type"], iq["to"] = client.new_id(), "set", JID(client.boundjid.domain)
    ET.SubElement(iq.xml, f"{{{_PREAUTH}}}preauth", {"token": token})
    answer: asyncio.Future[StanzaBase] = asyncio.get_running_loop().create_future()

    def note(stanza: StanzaBase) -> None:
        if not answer.done():
            answer.set_result(stanza)

    client.register_handler(Callback("preauth", MatcherId(iq["id"]), note))
    # As a string: slixmpp lets none of ours out before the login but those that it knows.
    client.send_raw(str(iq))
    await wait_any(_TIMEOUT_S, attempt.gone, future=answer)
    if not answer.done():
        answer.cancel()
        raise FederationError(attempt.fault or NOT_ANSWERED, "remote-server-timeout")
    found = answer.result()
    if found["type"] == "error":
        condition = str(found["error"]["condition"])
        if condition in _SPENT:
            raise FederationError(_TOKEN_SPENT, TOKEN_REFUSED)
        raise FederationError(_NO_TOKENS.filled(condition=condition), "not-allowed")


async def _fill_in(attempt: Attempt, account: Account) -> None:
    form = await _exchange(attempt, "get", {})
    if form.find(f"{{{REGISTER}}}registered") is not None:
        raise FederationError("the server says that this stream has an account already", "conflict")
    answers = {"username": JID(account.jid).user, "password": account.password}
    wanted = _wanted(form)
    if missing := wanted - set(answers):
        raise FederationError(_what_else(form, missing), "not-allowed")
    if not wanted:
        raise FederationError(_what_else(form, ()), "not-allowed")
    await _exchange(attempt, "set", {name: answers[name] for name in wanted})


def _wanted(form: ET.Element) -> set[str]:
    """Names of what must be filled in. The plain fields are the form's own (XEP-0077 §4), where there are any."""
    fields = {child.tag.partition("}")[2] for child in form if child.tag.startswith(f"{{{REGISTER}}}")}
    fields -= {"instructions", "registered", "remove"}
    for field in form.iterfind(f"{{{_DATA}}}x/{{{_DATA}}}field"):
        required = field.find(f"{{{_DATA}}}required") is not None
        if required and field.get("type") != "hidden":
            fields.add(field.get("var", "?"))
    return fields


def _what_else(form: ET.Element, missing: Collection[str]) -> str:
    """Where a person has to go, in the server's words and ours."""
    url = form.findtext(f"{{{_OOB}}}x/{{{_OOB}}}url", "").strip()
    if url.startswith(("https://", "http://")):
        where = f"open {url[:_MOST_SHOWN]}"
    else:
        said = " ".join(form.findtext(f"{{{REGISTER}}}instructions", "").split())[:_MOST_SHOWN]
        where = f"it says: {said}" if said.isprintable() and said else "ask its operator for an account"
    more = ", ".join(sorted(repr(name[:40]) for name in missing)[:8])
    what = f"also wants {more}, which only a person can give" if more else "makes accounts on a web page only"
    return f"the server {what}; {where}"


async def _exchange(attempt: Attempt, kind: str, fields: dict[str, str]) -> ET.Element:
    client = attempt.client
    iq = client.Iq()
    iq["type"], iq["to"] = kind, JID(client.boundjid.domain)
    # By slixmpp's own stanza: it lets nothing else out before the login.
    iq.enable("register")
    for name, value in fields.items():
        ET.SubElement(iq["register"].xml, f"{{{REGISTER}}}{name}").text = value
    answer: asyncio.Future[Iq] = iq.send(timeout=_TIMEOUT_S)  # type: ignore[no-untyped-call]
    await wait_any(None, attempt.gone, future=answer)
    if not answer.done():
        answer.cancel()
        raise FederationError(attempt.fault or LOST, "remote-server-timeout")
    try:
        found = answer.result().xml.find(f"{{{REGISTER}}}query")
    except IqError as error:
        text = f"the server refuses to make the account: {error.text or error.condition}"
        if error.condition == "conflict":
            text = f"{client.boundjid.bare} exists already; choose another name"
        raise FederationError(text, error.condition) from error
    except IqTimeout as error:
        raise FederationError("the server did not answer in time", "remote-server-timeout") from error
    return ET.Element(f"{{{REGISTER}}}query") if found is None else found
