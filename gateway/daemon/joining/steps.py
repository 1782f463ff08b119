"""A yes to an invitation: its text before, what is written down of it, and how it ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gateway.account import joining_note as notes
from gateway.account.joining_note import Joined, JoiningNote, Joinings
from gateway.consent.orders import JointText
from gateway.daemon.joining.asked import forms, invited_by, usable
from gateway.daemon.joining.carry_out import JoiningSteps
from gateway.errors import ConsentError, GatewayError, InvitationError
from gateway.federation.wire import invitation as links
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.consent.orders import Row
    from gateway.control.messages import Join, JoinText
    from gateway.daemon.joining.carry_out import JoiningHouse

_NOT_YET = Phrase("{why}. Your yes is kept, and is tried again by itself; nothing is done twice")


async def text(house: JoiningHouse, order: JoinText) -> Row:
    """The one text to read (``words``, ``lang``, ``hash``), with who asks. GatewayError where it cannot be taken."""
    signed = usable(house.config, order.link)
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
    return {**shown, "controller": asked.controller, "addresses": list(asked.addresses)}


async def join(house: JoiningHouse, order: Join) -> Row:
    """Carry out a yes, written down first. Raises GatewayError; what can be tried again is kept (``finish``)."""
    signed = usable(house.config, order.link)
    kept = notes.read(house.config)
    if kept.waiting and links.read(kept.waiting.link).digest != signed.digest:
        await give_up(house)
        kept = notes.read(house.config)
    before = kept.waiting
    note = JoiningNote(
        link=order.link,
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
    notes.write(house.config, replace(kept, waiting=note))
    return await finish(house)


async def finish(house: JoiningHouse) -> Row:
    """Carry out the yes that waits: what is given then. GatewayError with the sentence where it cannot be, or not yet.

    What is refused for good (InvitationError, ConsentError) is forgotten, and the household begins anew.
    """
    kept = notes.read(house.config)
    if kept.waiting is None:
        return {"consents": []}
    try:
        signed = links.read(kept.waiting.link)
        rows = await JoiningSteps(house, kept.waiting, signed).carry_out()
    except (InvitationError, ConsentError):
        notes.write(house.config, replace(notes.read(house.config), waiting=None))
        raise
    except GatewayError as error:
        kept = notes.read(house.config)
        if kept.waiting:
            notes.write(
                house.config, replace(kept, waiting=replace(kept.waiting, why=error.phrase.in_every_language()))
            )
        again = GatewayError(_NOT_YET.filled(why=error.phrase))
        again.exit_code = error.exit_code
        raise again from error
    asked = signed.invitation
    done = Joined(
        id=asked.id, controller=asked.controller, addresses=asked.addresses, key=signed.key, at=int(time.time())
    )
    kept = notes.read(house.config)
    notes.write(house.config, Joinings(joined=(*kept.joined, done)))
    account = house.config.federation
    assert account is not None  # noqa: S101 (it was kept by a step)
    return {"controller": asked.controller, "addresses": list(asked.addresses), "account": account.jid} | {
        "consents": rows
    }


async def give_up(house: JoiningHouse) -> bool:
    """Carry it out no more: the account that was made for it and that nothing uses yet goes; whether one waited."""
    kept = notes.read(house.config)
    if kept.waiting is None:
        return False
    await JoiningSteps(house, kept.waiting, links.read(kept.waiting.link)).take_back()
    notes.write(house.config, replace(notes.read(house.config), waiting=None))
    return True
