"""Whether the recipients have what they were sent: asked by order, and of each that is there once a day by itself.

What is compared, and what is repaired, is one and the same (``gateway.federation.provider.comparison``). What came of
it stands in the account of the recipient, for whoever looks; of what a person should see to, the household is told.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gateway.errors import GatewayError, StoreError
from gateway.federation.connection.waiting import wait_any
from gateway.federation.provider.daily import DailyTurns
from gateway.notices.deciding.sharing_news import sharing_key, unbalanced
from gateway.store.points import Granularity
from gateway.store.queue import LastComparison
from gateway.store.terms import check_jid
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from gateway.config.tables import StoreTable
    from gateway.consent.orders import Compare, Row, Totals
    from gateway.federation.connection.presence import Presences
    from gateway.federation.connection.session import Session
    from gateway.federation.provider.comparison import Comparer, SentComparison
    from gateway.federation.wire.stanza import Publisher
    from gateway.notices.deciding.household import HouseholdNotices
    from gateway.store.queue import RecipientAccount
    from gateway.store.store import Store

log = logging.getLogger(__name__)

# How often it is looked whether anybody is due, and what is known of all.
_ROUND_S, _LOOK_EVERY_S = 5.0, 3600.0
CONNECTING = Phrase("connecting")
_NOT_CONNECTED = Phrase("the gateway has no connection to its server now ({why}); nothing was changed")
# What is said of a comparison.
_COMPARED = ("standing", "series", "points", "missing", "altered", "surplus", "questions")


class HouseComparisons:
    """Compares with one recipient at a time.

    Args:
        session: the connection.
        store: asked through ``call``, on the store's thread.
        call: ``await call(function, *arguments)``.
        publisher: in whose name the values went.
        presences: who is there.
        keep: for how long values are kept, and how often they are written.
        wake: has what is to go once more leave.
        notices: what the household is told.
        clock: POSIX seconds; None while nobody knows the time: then nothing is compared by itself.
        round_s: how often it is looked whether anybody is due.
    """

    def __init__(
        self,
        session: Session,
        store: Store,
        call: Callable[..., Awaitable[Any]],
        publisher: Publisher,
        presences: Presences,
        keep: StoreTable,
        wake: Callable[[], None],
        notices: HouseholdNotices | None,
        clock: Callable[[], float | None],
        round_s: float = _ROUND_S,
    ) -> None:
        self._session, self._store, self._call, self._publisher = session, store, call, publisher
        self._presences, self._wake, self._notices, self._clock = presences, wake, notices, clock
        # What is heard is written with the next commit, or the one after.
        self._settle_s, self._round_s = 2.0 * keep.commit_interval_s, round_s
        self._kept_s = {Granularity.RAW: keep.raw_hours * 3600, Granularity.MINUTE: keep.minute_days * 86_400}
        self._turns = DailyTurns(session.jid.bare)
        self._one_at_a_time, self._looked = asyncio.Lock(), 0.0
        # Of whom the household was told something.
        self._told: set[str] = set()
        self._resumed = False
        self.alive_at = time.monotonic()

    async def order(self, order: Compare) -> Row:
        """Ask a recipient how much it has; GatewayError with the reason when it cannot be asked."""
        recipient = check_jid(order.recipient)
        found = await self._compare(recipient, gently=False)
        return {"recipient": recipient} | {name: getattr(found, name) for name in _COMPARED}

    async def run(self, stop: asyncio.Event) -> None:
        """Ask whoever is due, until ``stop``: then at once no more."""
        # What an earlier run has told was taken back at its end.
        self._looked = 0.0
        try:
            while not stop.is_set():
                self.alive_at = time.monotonic()
                await self._round(stop)
                await wait_any(self._round_s, stop)
        finally:
            # An account that is taken away has no recipients: nothing of them stays in sight.
            if self._notices:
                for key in self._told:
                    self._notices.over(key)
            # Another run tells again what still holds.
            self._told.clear()

    async def _round(self, stop: asyncio.Event) -> None:
        try:
            if not self._resumed:
                self._turns.resume(await self._call(self._asked))
                self._resumed = True
            if not self._looked or self.alive_at - self._looked >= _LOOK_EVERY_S:
                await self._look()
            await self._ask_who_is_due(stop)
        except StoreError as error:
            log.debug("nobody is asked for totals now: %s", error)

    async def _ask_who_is_due(self, stop: asyncio.Event) -> None:
        """The first of them: the next one has the next round."""
        now = self._clock()
        if now is None or not self._session.connected.is_set():
            return
        for recipient in self._turns.due(self._presences.there(), now)[:1]:
            # Before: whatever fails, or is away by now, is asked again after a while and not at once.
            self._turns.begun(recipient, now)
            if await self._call(self._lets_out, recipient, now):
                with suppress(GatewayError):
                    await _until(stop, self._compare(recipient, gently=True))
            else:
                self._turns.asked(recipient, now)

    async def totals(self, order: Totals) -> list[str]:
        """What a recipient is to have of a time; GatewayError with the reason when that cannot be said."""
        from gateway.federation.wire.total_lines import parse_window  # noqa: PLC0415 (it is seldom asked)

        window = parse_window(order.begin, order.end)
        return await self._comparer(gently=False).totals(check_jid(order.recipient), window)

    def _comparer(self, *, gently: bool) -> Comparer:
        from gateway.federation.provider.comparison import Comparer  # noqa: PLC0415 (it is seldom asked)

        parts = self._session, self._store, self._call, self._publisher, self._presences.address, self._kept_s
        return Comparer(*parts, settle_s=self._settle_s, clock=self._now, gently=gently)

    async def _compare(self, recipient: str, *, gently: bool) -> SentComparison:
        async with self._one_at_a_time:
            # Whoever waits behind others is not hung: each of them ends in a bounded time.
            self.alive_at = time.monotonic()
            self._require_connection()
            found = await self._comparer(gently=gently).compare(recipient)
            # Of who went away or has no time now, or of a connection that broke meanwhile, nothing was learnt.
            if found.standing not in {"away", "busy"} and self._session.connected.is_set():
                await self._note(recipient, found)
        self._wake()
        return found

    async def _note(self, recipient: str, found: SentComparison) -> None:
        now = self._now()
        counts = found.points, found.missing, found.altered, found.surplus
        await self._call(self._store.accounts.compared, recipient, LastComparison(int(now), found.standing, *counts))
        self._turns.asked(recipient, now)
        await self._look()

    def _now(self) -> float:
        return self._clock() or time.time()

    def _require_connection(self) -> None:
        if not self._session.connected.is_set():
            raise GatewayError(_NOT_CONNECTED.filled(why=self._session.state.error or CONNECTING))

    async def _look(self) -> None:
        """Have the household told what it should see to; what holds no more is taken back."""
        accounts: list[RecipientAccount] = await self._call(self._with_consent)
        self._looked = time.monotonic()
        if self._notices is None:
            return
        for key in self._told - {sharing_key(one.recipient) for one in accounts}:
            self._notices.forget(key)
            self._told.discard(key)
        for one in accounts:
            key, is_known = sharing_key(one.recipient), one.comparison is not None and one.comparison.is_known
            item = unbalanced(one)
            # While nobody knows how both sides stand, what was said of it stays.
            if item and (is_known or key not in self._told):
                self._told.add(key)
                self._notices.announce(item)
            elif is_known:
                self._told.discard(key)
                self._notices.forget(key)

    # --- On the store's thread ---

    def _asked(self) -> dict[str, float]:
        return {one.recipient: one.comparison.at for one in self._store.accounts.all() if one.comparison}

    def _with_consent(self) -> list[RecipientAccount]:
        now = self._now()
        return [one for one in self._store.accounts.all() if self._lets_out(one.recipient, now)]

    def _lets_out(self, recipient: str, now: float) -> bool:
        """Whether a consent in force lets anything be sent to it, and it has asked for that."""
        consents = self._store.consents.allowed(recipient, int(now))
        return any(one.terms.push for one in consents) and bool(self._store.subscriptions.of(recipient))


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, object]) -> None:
    """Do it, but for what is left when everything ends: that is given up."""
    task = asyncio.create_task(work, name="comparison")
    try:
        await wait_any(None, stop, future=task)
        if task.done():
            task.result()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, GatewayError):
            await task
