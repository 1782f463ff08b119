"""What needs root, asked of the helper; it stands in the household's journal.

What is refused there, too, but for a Wi-Fi that somebody who has not signed in has chosen in vain.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from gateway.errors import GatewayError
from gateway.upkeep.helper.client import send

if TYPE_CHECKING:
    from gateway.consent.orders import Row
    from gateway.control.messages import AskHelper
    from gateway.daemon.house import House
    from gateway.journal.entry import Kind

log = logging.getLogger(__name__)

# What is asked there, and by whom it is said to be: nobody has signed in at the gateway's own Wi-Fi.
_AT_ACCESS_POINT, BY_ACCESS_POINT = "choose-wifi", "access-point"


async def ask_helper(house: House, order: AskHelper) -> Row:
    """Have it done; what it found. GatewayError with the reason where it was not done.

    Of the arguments nothing is noted: they may hold a secret.
    """
    try:
        found = await send(order.act, order.arguments)
    except GatewayError as error:
        # At the gateway's own Wi-Fi nobody has signed in: what is typed there in vain shall not fill the journal.
        if order.act != _AT_ACCESS_POINT:
            await _note(house, "root-refused", order, str(error))
        raise
    except asyncio.CancelledError:
        # Nobody waits any more; what root does is done all the same.
        await asyncio.shield(_note(house, "root-acted", order, "nobody waited for its end"))
        raise
    await _note(house, "root-acted", order)
    return found or {}


async def _note(house: House, kind: Kind, order: AskHelper, why: str = "") -> None:
    facts = {"what": order.act[:40]} | ({"reason": why[:300]} if why else {})
    try:
        await house.call(house.store.journal.append, kind, facts, {"by": order.by} if order.by else {}, time.time())
    except GatewayError as error:
        log.warning("%s; that %s was asked of the helper stands in no entry", error, order.act[:40])
