"""The nightly backup at the page: how it stands, one made now, its passphrase. What needs root the helper does."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from gateway.control.messages import AskHelper
from gateway.daemon.accounts_at_page import state_of
from gateway.errors import GatewayError
from gateway.links.link import LinkKind
from gateway.links.nightly_backup import outcome
from gateway.store.terms import Channel
from gateway.web.sharing.stored import OWNER
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.consent.orders import Row
    from gateway.daemon.house import House
    from gateway.daemon.requests import HouseRequests

log = logging.getLogger(__name__)

# Its unit is ended by then; how often its ending is looked for.
_LONGEST_S, _LOOK_EVERY_S = 6 * 3600.0, 0.5
# One that is so new is not made again.
_FRESH_S = 600.0
# Why, in the words of whoever keeps the machine, is in the log and in the journal.
_NOT_DONE = Phrase("This could not be done from the page. Ask whoever installed the gateway.")


def nightly(house: House) -> Row:
    """How it stands: its place (empty where none is set up), how many stay there, its link.

    ``good``: when one was last made (POSIX seconds), None for never; ``failed``: whether the last try came to nothing.
    ``named``: whether the configuration names a file of its own for the passphrase; ``same_card``: whether they
    lie on the database's own card.
    """
    table, known = house.config.backup, outcome(house.config.directory)
    row: Row = {"place": table.directory if table else "", "keep": table.keep if table else 0}
    row |= {"good": known.good if known else None, "failed": bool(known and known.failed)}
    row |= {"named": bool(table and table.passphrase_file), "same_card": _is_on_card(house)}
    return row | state_of(house, LinkKind.BACKUP)


def _is_on_card(house: House) -> bool:
    """Whether the place is on the card that it is to outlive; where that is allowed and cannot be seen, too."""
    table, directory = house.config.backup, house.config.directory
    if table is None or not table.same_card:
        return False
    try:
        return house.config.path(table.directory).stat().st_dev == directory.stat().st_dev
    except OSError:
        return True


class PageNightly:
    """Of one house; ``requests`` asks the helper, and notes it in the journal."""

    def __init__(self, house: House, requests: HouseRequests) -> None:
        self._house, self._requests = house, requests
        self._asked: float | None = None

    def standing(self) -> Row:
        """How it stands (``nightly``); ``making``: whether one that was asked for at the page has not ended yet."""
        return nightly(self._house) | {"making": self._is_made()}

    async def begin(self) -> bool:
        """Have one made now; False where there is no passphrase for it. GatewayError in a household's words."""
        known = outcome(self._house.config.directory)
        if self._is_made() or (known and 0 <= time.time() - (known.good or 0.0) < _FRESH_S):
            # Each one lets the oldest go: who presses again and again would be left with those of this minute.
            return True
        found = await self._ask("back-up")
        if not found.get("begun"):
            return False
        self._asked = time.time()
        return True

    async def wait(self, seconds: float) -> None:
        """Until it is made, or so long."""
        for _ in range(int(seconds / _LOOK_EVERY_S)):
            if not self._is_made():
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    async def set_passphrase(self, passphrase: str) -> None:
        """From now on they are encrypted by this one. GatewayError in a household's words, and nothing changed."""
        await self._ask("set-secret", name="backup-passphrase", value=passphrase)

    def _is_made(self) -> bool:
        if self._asked is None:
            return False
        known = outcome(self._house.config.directory)
        ended = max(known.good or 0.0, known.failed or 0.0) if known else 0.0
        return ended < self._asked < time.time() < self._asked + _LONGEST_S

    async def _ask(self, act: str, **arguments: str) -> Row:
        order = AskHelper(act=act, arguments=dict(arguments), by=OWNER, channel=Channel.WEB)
        try:
            return await self._requests.answer(order)
        except GatewayError as error:
            log.warning("%s was not done for the page: %s", act, error)
            raise GatewayError(_NOT_DONE) from error
