"""Notices to those whom they concern: the store's queue of them becomes messages, each kept until it is confirmed.

A notice is asked about again after a minute, two, four …, at the latest once a day; at once in a new session when one's
own server had not taken it, and when a recipient from whom it came back gives a sign of life. Its id is the same at
every repetition, so that it is obeyed once; what a later one has made untrue is not repeated. To whom it goes is no
matter of consents: a withdrawal is told to one whose consent has just ended.
"""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from gateway.errors import SenMLError, StoreError
from gateway.federation.connection.waiting import ROUND_S, wait_any, work_off
from gateway.federation.wire.notice import Notice, build_notice
from gateway.federation.wire.stanza import RECEIPTS, Publisher, bounce_condition
from gateway.senml.naming import NameForm
from gateway.store.points import MeterInfo, under
from gateway.store.terms import LANGS, NoticeKind

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from gateway.federation.connection.session import Session, Stanza
    from gateway.store import terms
    from gateway.store.absence import Absences
    from gateway.store.meters import Meters
    from gateway.store.notices import RecipientNotices
    from gateway.store.subscriptions import Subscriptions

log = logging.getLogger(__name__)

# What one's own server has not taken yet: some 30 kB, ten seconds of the slowest line.
MOST_UNDER_WAY = 20

_CLIENT = "jabber:client"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ID = re.compile(r"notice-([0-9a-f]{8})-([0-9]{1,15})")
_DATA = (NoticeKind.DATA_ERASED, NoticeKind.DATA_RECTIFIED)
_FACTS = ("granularity", "until", "consent", "request")


class Announcer:
    """Sends what the store has queued to be told.

    Args:
        session: the connection; listening begins at once, sending with ``run``.
        notices, absences, meters, subscriptions: of the store, asked through ``call``.
        epoch: which database it is.
        call: ``await call(function, *arguments)``.
        publisher: in whose name the notices are.
        words: what a notice says in a language, in one paragraph.
        wake: set by whoever may have queued a notice; cleared here.
        clock: the host's POSIX seconds.
    """

    def __init__(
        self,
        session: Session,
        notices: RecipientNotices,
        absences: Absences,
        meters: Meters,
        subscriptions: Subscriptions,
        epoch: str,
        call: Callable[..., Awaitable[Any]],
        publisher: Publisher,
        words: Callable[[terms.OutgoingNotice, str], str],
        wake: asyncio.Event,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._notices = notices
        self._absences = absences
        self._meters = meters
        self._subscriptions = subscriptions
        self._epoch = epoch
        self._session, self._call, self._publisher = session, call, publisher
        self._words, self._wake, self._clock = words, wake, clock
        self.alive_at = time.monotonic()
        self._incoming: deque[Callable[[], Awaitable[Any]]] = deque()
        self._under_way: set[int] = set()
        session.listen(f"{{{_CLIENT}}}message/{{{RECEIPTS}}}received", self._receive)
        session.listen(f"{{{_CLIENT}}}message/{{{_CLIENT}}}error", self._receive)
        session.on_acknowledged(self._accepted)
        session.on_change(self._changed)

    async def run(self, stop: asyncio.Event) -> None:
        """Send whenever there is a connection and something to tell, until ``stop``."""
        while not stop.is_set():
            self._wake.clear()
            pause_s = ROUND_S
            self.alive_at = time.monotonic()
            try:
                while self._incoming:
                    # Kept until it is done: while the database cannot be written a confirmation is not lost.
                    await work_off(self._incoming)
                if self._session.connected.is_set():
                    await self._send_due()
                    pause_s = await self._pause_s()
            except StoreError as error:
                log.debug("the notices cannot be read or noted: %s", error)
            if not self._wake.is_set():
                await wait_any(pause_s, self._wake, stop)

    async def _pause_s(self) -> float:
        """How long to wait for a word: what is held goes out when its time has come."""
        held: int | None = await self._call(self._notices.held_until, self._clock())
        return ROUND_S if held is None else min(ROUND_S, max(held - self._clock(), 0.0))

    async def _send_due(self) -> None:
        due: list[terms.OutgoingNotice] = await self._call(self._notices.to_send, self._clock(), MOST_UNDER_WAY)
        for notice in due:
            if notice.id in self._under_way:
                continue
            if len(self._under_way) >= MOST_UNDER_WAY or not self._session.connected.is_set():
                return
            # Noted first: told twice it is obeyed once, told and not noted it would be missing in the journal.
            if not await self._call(self._notices.sent, notice.id, self._clock()):
                continue
            try:
                await self._send(notice)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 (an address that nobody can have, say: it costs this notice alone)
                self._under_way.discard(notice.id)
                log.warning("notice %d cannot be sent (%s)", notice.id, type(error).__name__)

    async def _send(self, notice: terms.OutgoingNotice) -> None:
        payload = await self._payload(notice)
        if self._session.acknowledges:
            self._under_way.add(notice.id)
        if not self._session.send_message(notice.recipient, f"notice-{self._wire_id(notice)}", *payload):
            self._under_way.discard(notice.id)
            await self._call(self._notices.lost, notice.id)

    async def _payload(self, notice: terms.OutgoingNotice) -> list[ET.Element]:
        texts = {lang: self._words(notice, lang) for lang in LANGS}
        facts = {name: str(notice.payload[name]) for name in _FACTS if notice.payload.get(name) is not None}
        ends = (notice.payload.get(name) for name in ("first", "last"))
        first, last = (end if isinstance(end, int) else None for end in ends)
        if last is not None and notice.kind in _DATA:
            # As everywhere inside, the end of a time is not in it; in a notice it is.
            last -= 1
        told = Notice(self._wire_id(notice), notice.kind, await self._named(notice), first, last, texts)
        body = ET.Element(f"{{{_CLIENT}}}body", {_LANG: notice.lang})
        body.text = texts[notice.lang]
        return [body, build_notice(told, facts), ET.Element(f"{{{RECEIPTS}}}request")]

    def _wire_id(self, notice: terms.OutgoingNotice) -> str:
        # A new database numbers its notices from 1 again, and to a recipient they are other ones.
        return f"{self._epoch}-{notice.id}"

    async def _named(self, notice: terms.OutgoingNotice) -> str:
        """What the notice is about, in the form in which the recipient asked; empty when it is about no series."""
        sensor, path = notice.payload.get("sensor"), notice.payload.get("series")
        if not isinstance(sensor, str) or not isinstance(path, str):
            return ""
        known = [m for m in await self._call(self._meters.all) if m.sensor == sensor]
        # An id that is no meter's is as the recipient knows it: an empty name would mean all that it has of us.
        meter = known[0] if known else MeterInfo(0, "", sensor, None, None, 0)
        asked = [s for s in await self._call(self._subscriptions.of, notice.recipient) if s.meter == meter.name]
        forms = [s.form for s in asked if under(path, s.prefix) or under(s.prefix, path)]
        for form in (*forms, NameForm.SEN1.value):
            try:
                return self._publisher.branch(meter, path, NameForm(form))
            except SenMLError as error:
                # Of a meter whose PRM was forgotten since; of a meter that the asker made up.
                log.debug("a notice's series has no name of the form %s: %s", form, error)
        return ""

    def _later(self, work: Callable[[], Awaitable[Any]]) -> None:
        self._incoming.append(work)
        self._wake.set()

    def _receive(self, stanza: Stanza) -> None:
        """A confirmation or a bounce; the store believes it of the notice's own recipient only."""
        received = stanza.xml.find(f"{{{RECEIPTS}}}received")
        match = _ID.fullmatch(stanza.id if stanza.type == "error" or received is None else received.get("id", ""))
        if match is None or match[1] != self._epoch:
            return
        number = int(match[2])
        self._under_way.discard(number)
        if stanza.type == "error":
            self._later(partial(self._bounced, number, stanza))
        elif received is not None:
            self._later(partial(self._call, self._notices.confirmed, number, stanza.sender, self._clock()))

    async def _bounced(self, number: int, stanza: Stanza) -> None:
        if await self._call(self._notices.came_back, number, stanza.sender):
            log.debug("a notice to %s came back: %s", stanza.sender, bounce_condition(stanza.xml))
            await self._call(self._absences.note_bounce, stanza.sender, bounce_condition(stanza.xml), self._clock())

    def _accepted(self, _: str, stanza_id: str) -> None:
        match = _ID.fullmatch(stanza_id)
        if match:
            self._under_way.discard(int(match[2]))
            # There may be more than were let out at once.
            self._wake.set()

    def _changed(self, connected: bool) -> None:
        if not connected:
            for number in self._under_way:
                self._later(partial(self._call, self._notices.lost, number))
            self._under_way.clear()
        self._wake.set()
