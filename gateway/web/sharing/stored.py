"""What the page *sharing* shows and does, for the daemon: its orders, its own reading connection, the journal's check.

Orders go the way of the command line's (``gateway.control.orders``), on the store's thread. What is only read is read
on a thread of its own: three years of the log must not keep a reading from being written.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import structs

from gateway.consent.answer import last_moment
from gateway.consent.orders import A, ConsentHandlers, ListConsents, Order, PendingAccess
from gateway.errors import GatewayError
from gateway.journal.key import read_key
from gateway.journal.verify import JournalVerdict, verify
from gateway.journal.words import fault_text
from gateway.store.labels import branch_of
from gateway.store.points import Granularity, under
from gateway.store.recorder import iso
from gateway.store.terms import LANGS, REFUSED_DAYS, Channel
from gateway.web import dates
from gateway.web.history.curves import HouseholdCurves
from gateway.web.sharing.answer import AnswerChoices
from gateway.web.sharing.values import HandedOver, JournalState, RecipientFlow
from gateway.web.sharing.yesterday import Yesterday, counts_energy, way_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from gateway.config.tables import Config
    from gateway.store.queue import RecipientAccount
    from gateway.store.store import Archive
    from gateway.web.reader import StoreReader

log = logging.getLogger(__name__)

# Who gives an order at the page: whoever has its password, which is the household.
OWNER = "owner"

# A journal that takes longer is checked on while the page is shown.
_PATIENCE_S = 2.0

_STANDING = ("valid", "limited", "waiting")


class StoredSharing:
    """What the household sees and orders at the page.

    Args:
        config: the whole configuration.
        order: does an order.
        reader: of the database.
        counted: is told how many requests wait, each time that they are looked at.
    """

    def __init__(
        self,
        config: Config,
        order: ConsentHandlers,
        reader: StoreReader,
        counted: Callable[[int], None],
    ) -> None:
        self._order, self._read, self._tell_waiting = order, reader.read, counted
        self._config = config
        self.retention, self.refused_days = config.max_retention, REFUSED_DAYS
        self.installer = (
            config.federation.installer.lower() if config.federation and config.federation.installer else None
        )
        self._check: asyncio.Task[None] | None = None
        self._checked, self._given_up = JournalState(0, ""), False

    async def ask(self, order: Order[A]) -> A:
        """One order, given at the page."""
        answer = await self._order(structs.replace(order, by=OWNER, channel=Channel.WEB))
        if isinstance(order, PendingAccess) and isinstance(answer, list):
            self._tell_waiting(len(answer))
        return answer

    async def choices(self, number: int) -> AnswerChoices | None:
        """What a waiting request lets the household choose."""
        waiting = await self.ask(PendingAccess())
        request = next((row for row in waiting if row["id"] == number), None)
        if request is None:
            return None
        consents = await self.ask(ListConsents())
        known = any(row["recipient"] == request["from"] and row["state"] in _STANDING for row in consents)
        branches, meters = await self._read(lambda archive: _branches(archive, request))
        unread = sorted(set(meters) - {one.name for one in self._config.meter})
        asked = datetime.fromisoformat(request["until"]).timestamp() if request["until"] else None
        until = iso(last_moment(None if asked is None else int(asked), time.time()))
        asked_of = [] if request["meter"] else meters
        return AnswerChoices(request, branches, asked_of, not known, until, self.refused_days, unread)

    async def yesterday(self, choices: AnswerChoices, ticked: str) -> Yesterday | None:
        """The day before today, as far as what is asked for shows it; None where nothing is known of that day.

        ``ticked`` is the meter that the household has chosen, empty for none: then the first one that is read.
        """
        way, today = way_of(choices.branches), dates.local(time.time()).date()
        if way is None:
            return None
        meter = choices.request["meter"] or _meant(choices, ticked)
        seen = await self._read(lambda archive: _yesterday(archive, self._config, meter, way, today))
        if seen is None:
            return None
        name = str(meter) if len(choices.meters) > 1 else ""
        # A power's day has no sum: who asks for that alone would not be told it.
        wh = seen.wh if counts_energy(choices.branches, way) else None
        return replace(seen, wh=wh, meter=name)

    async def handed(self, first: int, last: int) -> list[HandedOver]:
        """Who got how much in the days of ``[first, last)``."""
        rows, sure = await self._read(
            lambda a: (a.transfers.handed_by_day(first, last), a.transfers.confirmed_by_day(first, last))
        )
        return [
            HandedOver(
                *(r.day, r.recipient, Granularity(r.granularity).code, r.points, r.series, r.first, r.last),
                sure.pop((r.day, r.recipient), None),
            )
            for r in rows
        ]

    async def flows(self) -> dict[str, RecipientFlow]:
        """Recipient -> what went there so far, and what waits."""
        handed, accounts = await self._read(lambda a: (a.transfers.in_all(), a.accounts.all()))
        found = {jid: RecipientFlow(one.points, one.since, one.confirmed) for jid, one in handed.items()}
        return found | {one.recipient: _flow(one) for one in accounts}

    async def text(self, sha256: str) -> dict[str, str] | None:
        """The words and the language of a text on which a consent was given."""
        texts = await self._read(lambda archive: archive.texts.all())
        return next(({"words": text.words, "lang": text.lang} for text in texts if text.hash == sha256), None)

    # --- the journal -------------------------------------------------------------------------------------------------

    async def journal(self) -> JournalState:
        """Its head, and what the last check found."""
        entries, own = await self._read(_head)
        running = self._check is not None and not self._check.done()
        return replace(self._checked, entries=entries, hash=own, running=running)

    async def check_journal(self) -> None:
        """Check it anew; one check at a time."""
        if self._check is None or self._check.done():
            self._checked = JournalState(0, "")
            self._check = asyncio.create_task(self._check_through(), name="check of the journal")
        await asyncio.wait([self._check], timeout=_PATIENCE_S)

    async def _check_through(self) -> None:
        try:
            verdict = await self._read(self._verified)
        except asyncio.CancelledError:
            # The program ends: it would wait for the thread.
            self._given_up = True
            raise
        except (GatewayError, OSError) as error:
            log.warning("the journal could not be checked: %s", error)
            self._checked = replace(self._checked, at=time.time(), fault=dict.fromkeys(LANGS, str(error)), failed=True)
            return
        fault = None
        if verdict.fault:
            log.error("the journal is not whole: entry %d", verdict.fault.seq)
            fault = {lang: fault_text(verdict.fault, lang) for lang in LANGS}
        self._checked = replace(self._checked, checked=verdict.entries, at=time.time(), fault=fault)

    def _verified(self, archive: Archive) -> JournalVerdict:
        key = read_key(archive.journal.key_path)
        return verify(self._counted(archive), [key.public] if key else [])

    def _counted(self, archive: Archive) -> Iterator[bytes]:
        for number, line in enumerate(archive.journal.lines()):
            if self._given_up:
                raise GatewayError("the gateway was stopped")
            self._checked = replace(self._checked, checked=number)
            yield line.encode()


def _flow(one: RecipientAccount) -> RecipientFlow:
    """The account as a household reads it: what a server has taken is no receipt, and lies at nobody's door."""
    sent, receipts, dropped = one.sent + one.besides, one.confirmed - one.by_server, sum(one.purged.values())
    since = one.since if sent else None
    return RecipientFlow(sent, since, receipts or None, one.waiting, one.open, one.besides, dropped, one.comparison)


def _branches(archive: Archive, request: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The data that a request is about, by branches; and the meters of the house."""
    asked, meters = request["series"], [meter.name for meter in archive.meters.all()]
    wanted = [request["meter"]] if request["meter"] else meters
    stored = (series.path for name in wanted for series in archive.meters.series(name))
    found = dict.fromkeys(branch_of(path, asked) for path in stored if under(path, asked))
    return list(found) or [asked], meters


def _meant(choices: AnswerChoices, ticked: str) -> str | None:
    """The meter that a request which names none of the house's may be about."""
    read = (name for name in choices.meters if name not in choices.unread)
    return ticked if ticked in choices.meters else next(read, None)


def _yesterday(archive: Archive, config: Config, meter: str | None, way: str, today: date) -> Yesterday | None:
    day, known = today - timedelta(days=1), [one.name for one in config.meter]
    if meter not in known:
        # A meter of which there are readings, and which is not read any more.
        return None
    house, injected = HouseholdCurves(archive, config, meter), way == "injected"
    curve, (energy, *_) = house.curve(day), (*house.read(day, today), None)
    minutes = {at: mean for at, (mean, _, _) in (curve.injected if injected else curve.drawn).items()}
    wh = (energy.injected if injected else energy.drawn) if energy and energy.whole else None
    return Yesterday(day, curve.begin, curve.end, minutes, wh, injected) if minutes else None


def _head(archive: Archive) -> tuple[int, str]:
    head = archive.journal.head()
    return (head.seq, head.hash) if head else (0, "")
