"""What an invitation asks of this house: whether it can be taken here, its consents, and what is said of it before."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gateway.account import joining_note as notes
from gateway.consent.orders import ConsentForm, Invited
from gateway.errors import InvitationError
from gateway.federation.wire import invitation as links
from gateway.store.terms import Channel
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.account.joining_note import Joinings
    from gateway.config.tables import Config
    from gateway.federation.wire.invitation import Invitation, SignedInvitation

_JOINED = Phrase("your gateway has joined {controller} by this invitation already, on {day}")
_NEEDS_ACCOUNT = Phrase(
    "this invitation makes no account, and your gateway has none: set one at the page “Sharing account” first, then try"
    " again"
)
_AT_PAGE = Phrase(
    "the invitation of {controller} came with this gateway’s card: the household answers it, yes or no, on its page"
    " alone (“Join a co-operative”), where its password is asked; nothing was given"
)


def forms(asked: Invitation, meter: str | None) -> tuple[ConsentForm, ...]:
    """What is consented to: each series for each address."""
    terms = asked.terms()
    return tuple(
        ConsentForm(
            recipient=address,
            series=series,
            granularity=asked.granularity,
            until=asked.until.isoformat(),
            meter=meter,
            no_history=not asked.history,
            history_from=asked.history or None,
            purpose=terms.purpose,
            controller=terms.controller,
            contact=terms.contact,
            privacy=terms.privacy,
            role=terms.role.value,
            code_url=terms.code_url,
            code_version=terms.code_version,
            code_hash=terms.code_hash,
            retention=terms.retention,
        )
        for address in asked.addresses
        for series in asked.series
    )


def invited(config: Config) -> str:
    """By whom the invitation is that the card brought, while nobody has answered it; nothing where there is none."""
    kept = notes.read(config)
    return kept.brought.controller if kept.brought and not is_carried_out(kept) else ""


def is_carried_out(kept: Joinings) -> bool:
    """Whether the yes that waits is to the invitation that the card brought."""
    return bool(kept.brought and kept.waiting and is_same(kept.brought.link, kept.waiting.link))


def is_same(link: str, other: str) -> bool:
    """Whether two links are of one invitation."""
    try:
        return links.read(link).digest == links.read(other).digest
    except InvitationError:
        return False


def named_link(config: Config, link: str) -> str:
    """The link that is meant: for an empty one the card's, where it brought one."""
    kept = None if link else notes.read(config).brought
    return kept.link if kept else link


def refuse_off_page(config: Config, link: str, channel: Channel) -> None:
    """InvitationError where it is the card's (``named_link``) and the answer does not come by the page.

    Whoever prepared the machine may be able to log in to it: the page has the password that the household chose.
    """
    brought = notes.read(config).brought
    if brought and channel is not Channel.WEB and is_same(brought.link, named_link(config, link)):
        raise InvitationError(_AT_PAGE.filled(controller=brought.controller))


def usable(config: Config, link: str) -> SignedInvitation:
    """The invitation of a link, if this house can take it. InvitationError."""
    signed = links.read(link)
    asked = signed.invitation
    for one in notes.read(config).joined:
        if one.id == asked.id and one.key == signed.key:
            day = time.strftime("%Y-%m-%d", time.localtime(one.at))
            raise InvitationError(_JOINED.filled(controller=asked.controller, day=day))
    links.check_time(asked, time.time())
    if config.federation is None and not asked.token:
        raise InvitationError(_NEEDS_ACCOUNT)
    return signed


def invited_by(config: Config, signed: SignedInvitation) -> Invited:
    """What the text says of the invitation itself."""
    asked, last = signed.invitation, notes.read(config).last_of(signed.invitation.domain)
    return Invited(
        signed=links.fingerprint(signed.key),
        since=time.strftime("%Y-%m-%d", time.localtime(last.at)) if last else "",
        another=bool(last and last.key != signed.key),
        account=config.federation.jid if config.federation else "",
        server=asked.server,
        at=asked.address,
    )
