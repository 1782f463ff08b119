"""What the journal that came back says of it: this card was restored, or was not, once, whoever did it."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from gateway.errors import GatewayError
from gateway.store.brought_back import last_ending, write_ending

if TYPE_CHECKING:
    from gateway.daemon.house import House
    from gateway.journal.entry import Kind

log = logging.getLogger(__name__)


async def note_ending(house: House) -> None:
    """Enter how the last restoration ended, unless the journal has it; at the gateway's start, which it begins anew."""
    known = last_ending(house.config.directory)
    if known is None or known.noted:
        return
    facts: dict[str, int | str] = {"made": known.made, "version": known.version, "files": known.files}
    kind: Kind = "backup-restored"
    if known.fault:
        facts, kind = {"reason": known.why}, "backup-refused"
    try:
        await house.call(house.store.journal.append, kind, facts, {}, time.time())
        await asyncio.to_thread(write_ending, house.config.directory, known.as_noted())
    except (GatewayError, OSError) as error:
        log.warning("%s; how a backup was brought back stands in no entry", error)
