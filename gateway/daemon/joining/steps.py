"""A yes to an invitation: its text before, what is written down of it, and how it ends."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from msgspec.structs import asdict, replace

from gateway.account import joining_note as notes
from gateway.account.joining_note import Joined, JoiningNote, Joinings, Refusal
from gateway.consent.fields import CHANGED
from gateway.consent.orders import JointText
from gateway.control.messages import JoinText
from gateway.daemon.joining.asked import forms, invited_by, is_carried_out, is_same, named_link, refuse_off_page, usable
from gateway.daemon.joining.carry_out import JoiningSteps
from gateway.errors import ConsentError, GatewayError, InvitationError
from gateway.federation.wire import invitation as links
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.account.joining_note import BroughtInvitation
    from gateway.consent.orders import Row
    from gateway.control.messages import Join, JoinStop
    from gateway.daemon.joining.carry_out import JoiningHouse
    from gateway.federation.wire.invitation import SignedInvitation

log = logging.getLogger(__name__)

_NOT_YET = Phrase("{why}. Your yes is kept for a week, and is tried again by itself; nothing is done twice")


async def text(house: JoiningHouse, order: JoinText) -> Row:
    """The one text to read (``words``, ``lang``, ``hash``), who asks and, in short, for what (``asked``).

    GatewayError where it is not taken here.
    """
    refuse_off_page(house.config, order.link, order.channel)
    signed = usable(house.config, named_link(house.config, order.link))
    asked, config = signed.invitation, house.config
    shown = await house.act(
        JointText(
            lang=order.lang,
            retention=config.max_retention,
            forms=forms(asked, order.meter),
            invited=invited_by(config, signed),
            channel=order.channel,
        )
    )
    refused = notes.read(config).refused
    return {
        **shown,
        "controller": asked.controller,
        "addresses": list(asked.addresses),
        "asked": {
            "series": list(asked.series),
            "granularity": asked.granularity,
            "until": asked.until.isoformat(),
            "purpose": asked.purpose,
        },
        # What the last yes came to, which nobody has been told yet.
        "refused": asdict(refused) if refused else None,
    }


async def join(house: JoiningHouse, order: Join) -> Row:
    """Carry out a yes, written down first. Raises GatewayError; what can be tried again is kept (``finish``)."""
    link = named_link(house.config, order.link)
    usable(house.config, link)
    again = JoinText(link=link, lang=order.shown.lang, meter=order.meter, channel=order.channel)
    # Before an account is made at a stranger's server.
    if (await text(house, again))["hash"] != order.shown.hash:
        raise ConsentError(CHANGED)
    kept = notes.read(house.config)
    if kept.waiting and not is_same(kept.waiting.link, link):
        await give_up(house)
        kept = notes.read(house.config)
    # The account that is the house's by now is no more one that may be taken back.
    before = kept.waiting if house.config.federation is None else None
    note = JoiningNote(
        link=link,
        lang=order.shown.lang,
        hash=order.shown.hash,
        retention=house.config.max_retention,
        at=int(time.time()),
        by=order.by,
        channel=order.channel.value,
        meter=order.meter,
        user=before.user if before else "",
        made=before.made if before else False,
    )
    notes.write(house.config, replace(kept, waiting=note, refused=None))
    return await finish(house)


async def finish(house: JoiningHouse, *, alone: bool = False) -> Row:
    """Carry out the yes that waits: what is given then. GatewayError with the sentence where it cannot be, or not yet.

    What is refused for good (InvitationError, ConsentError) is taken back, and the household begins anew; ``alone``,
    with nobody there to read the sentence, it is kept until somebody has.
    """
    kept = notes.read(house.config)
    if kept.waiting is None:
        return {"consents": []}
    try:
        signed = links.read(kept.waiting.link)
    except InvitationError:
        notes.write(house.config, replace(kept, waiting=None))
        raise
    steps = JoiningSteps(house, kept.waiting, signed)
    try:
        rows = await steps.carry_out()
    except (InvitationError, ConsentError) as error:
        await steps.take_back()
        refused = Refusal(controller=signed.invitation.controller, why=_said(error)) if alone else None
        # What its maker does not take is asked about no more; to a text that has changed the household answers anew.
        _end(house, refused, answered=isinstance(error, InvitationError))
        raise
    except GatewayError as error:
        kept = notes.read(house.config)
        if kept.waiting:
            notes.write(house.config, replace(kept, waiting=replace(kept.waiting, why=_said(error))))
        again = GatewayError(_NOT_YET.filled(why=error.phrase))
        again.exit_code = error.exit_code
        raise again from error
    return _joined(house, signed) | {"consents": rows}


def _said(error: GatewayError) -> dict[str, str]:
    return error.phrase.in_every_language()


def _end(house: JoiningHouse, refused: Refusal | None, *more: Joined, answered: bool) -> None:
    """Nothing waits any more; the card's invitation, where it is this one, is ``answered`` with it.

    Where nothing waits already everything was erased: nothing is written down of it then.
    """
    kept = notes.read(house.config)
    if kept.waiting:
        brought = _left(kept) if answered else kept.brought
        notes.write(house.config, Joinings(brought=brought, refused=refused, joined=(*kept.joined, *more)))


def _left(kept: Joinings) -> BroughtInvitation | None:
    """What the card brought, where that is another invitation than the one that waits."""
    return None if is_carried_out(kept) else kept.brought


def _joined(house: JoiningHouse, signed: SignedInvitation) -> Row:
    asked = signed.invitation
    done = Joined(
        id=asked.id, controller=asked.controller, addresses=asked.addresses, key=signed.key, at=int(time.time())
    )
    _end(house, None, done, answered=True)
    account = house.config.federation
    assert account is not None  # noqa: S101 (it was kept by a step)
    return {"controller": asked.controller, "addresses": list(asked.addresses), "account": account.jid}


async def give_up(house: JoiningHouse) -> bool:
    """Carry it out no more, and take back what it came to already; whether one waited."""
    kept = notes.read(house.config)
    if kept.waiting is None:
        return False
    try:
        signed = links.read(kept.waiting.link)
    except InvitationError as error:
        # Another version wrote it: it must not keep the household from beginning anew.
        log.warning("an invitation that waited is not read any more, and what it came to stays: %s", error)
    else:
        await JoiningSteps(house, kept.waiting, signed).take_back()
    kept = notes.read(house.config)
    notes.write(house.config, replace(kept, brought=_left(kept), waiting=None))
    return True


async def stop(house: JoiningHouse, order: JoinStop) -> Row:
    """Give up what waits (``stopped``: whether any did), and forget why the last one was ``refused``: what it said.

    InvitationError where there is neither, and the card's waits for its answer at the page.
    """
    stopped, refused = await give_up(house), seen(house)
    if not (stopped or refused):
        refuse_off_page(house.config, "", order.channel)
    return {"stopped": stopped, "refused": asdict(refused) if refused else None}


def decline(house: JoiningHouse) -> bool:
    """The household's no to the invitation that the card brought: its link is forgotten. Whether there was one.

    One that is being carried out is given up instead (``give_up``); what another one does is no matter.
    """
    kept = notes.read(house.config)
    if kept.brought is None or is_carried_out(kept):
        return False
    notes.write(house.config, replace(kept, brought=None))
    log.info("the household said no to the invitation that the card brought")
    return True


def seen(house: JoiningHouse) -> Refusal | None:
    """Forget why the last yes came to nothing: the household has read it. What it was."""
    kept = notes.read(house.config)
    if kept.refused:
        notes.write(house.config, replace(kept, refused=None))
    return kept.refused
