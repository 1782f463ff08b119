"""Care of one's own account at its server: a new password, its end (XEP-0077), whom the server blocks (XEP-0191)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from slixmpp import JID

from gateway.addresses.validity import fault
from gateway.errors import ConfigError, FederationError

if TYPE_CHECKING:
    from gateway.federation.connection.session import Session

REGISTER = "jabber:iq:register"
BLOCKING = "urn:xmpp:blocking"

_NOT_OFFERED = ("service-unavailable", "feature-not-implemented")


async def change_password(session: Session, password: str, timeout_s: float) -> None:
    """Ask one's own server for a new password (XEP-0077 §3.3).

    Raises FederationError; with the condition ``remote-server-timeout`` nobody knows whether it was changed.
    """
    query = ET.Element(f"{{{REGISTER}}}query")
    ET.SubElement(query, f"{{{REGISTER}}}username").text = session.jid.user
    ET.SubElement(query, f"{{{REGISTER}}}password").text = password
    try:
        await session.request(session.jid.domain, query, timeout_s)
    except FederationError as error:
        if error.condition in _NOT_OFFERED:
            raise FederationError(
                "the server does not let accounts change their passwords; ask its operator", error.condition
            ) from error
        if error.condition == "remote-server-timeout":
            raise
        raise FederationError(f"the server refuses the new password: {error}", error.condition) from error


async def remove(session: Session, timeout_s: float) -> None:
    """Have one's own server delete the account (XEP-0077 §3.2). FederationError where it does not."""
    query = ET.Element(f"{{{REGISTER}}}query")
    ET.SubElement(query, f"{{{REGISTER}}}remove")
    await session.request(session.jid.domain, query, timeout_s)


async def blocked(session: Session, timeout_s: float) -> list[str]:
    """Whom the server blocks for this account, in order."""
    answer = await _ask(session, ET.Element(f"{{{BLOCKING}}}blocklist"), timeout_s, get=True)
    return sorted(jid for item in answer.iter(f"{{{BLOCKING}}}item") if (jid := item.get("jid")))


async def block(session: Session, who: str, timeout_s: float, *, on: bool) -> None:
    """Have the server block an address or a whole domain, or no longer."""
    change = ET.Element(f"{{{BLOCKING}}}{'block' if on else 'unblock'}")
    ET.SubElement(change, f"{{{BLOCKING}}}item", {"jid": who})
    await _ask(session, change, timeout_s, get=False)


def blockable(text: str) -> str:
    """The one way to write an address or a domain. Raises ConfigError when it is neither."""
    if reason := fault(text.lower() if "@" in text else f"x@{text.lower()}"):
        raise ConfigError(f"{text!r} is neither an XMPP address nor a domain: {reason}")
    try:
        jid = JID(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is neither an XMPP address nor a domain") from error
    if not jid.domain or jid.resource or "@" in jid.domain or " " in text:
        raise ConfigError(f"{text!r} is neither an XMPP address nor a domain")
    return str(jid.bare)


async def _ask(session: Session, payload: ET.Element, timeout_s: float, *, get: bool) -> ET.Element:
    try:
        return await session.request(str(session.jid.bare), payload, timeout_s, "get" if get else "set")
    except FederationError as error:
        if error.condition in _NOT_OFFERED:
            raise FederationError(
                "the server cannot block anybody (it lacks XEP-0191); ask its operator", error.condition
            ) from error
        raise
