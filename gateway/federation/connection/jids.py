"""XMPP addresses as this program writes them (RFC 7622): the one way for each, and a resource that nobody guesses."""

from __future__ import annotations

import secrets

from gateway.addresses.validity import fault
from gateway.errors import ConfigError
from gateway.words.phrase import Phrase


def bare_jid(text: str) -> str:
    """The one way to write a bare JID (case folded, RFC 7622). Raises ConfigError when it is none, or nobody's ever."""
    if reason := fault(text.lower()):
        raise ConfigError(
            Phrase("{text!r} is not an XMPP address (user@server): {reason}").filled(text=text, reason=reason)
        )
    from slixmpp import JID  # noqa: PLC0415 (the page imports this in a house without a federation, too)

    try:
        jid = JID(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is not an XMPP address (user@server)") from error
    if not jid.user or not jid.domain or jid.resource:
        raise ConfigError(f"{text!r} is not an XMPP address (user@server)")
    return str(jid.bare)


def unguessable(name: str) -> str:
    """A resource that begins with the name: what is sent to the full JID comes from who was told it in this session."""
    return f"{name}-{secrets.token_hex(4)}"
