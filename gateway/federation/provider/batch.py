"""What goes into one message: rows of one manner, as their recipient gets them, as many as fit."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.errors import SenMLError
from gateway.federation.wire.stanza import Interval, Publisher, build_quoalise, fit
from gateway.senml.naming import NameForm
from gateway.store.points import Confirm, MeterInfo, OutboxRow, Outgoing, Subscription, under
from gateway.store.recorder import is_urgent
from gateway.store.terms import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree import ElementTree as ET

    from gateway.federation.provider.flight import Lane
    from gateway.journal.entry import Head
    from gateway.store.pseudonyms import RecipientView

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RowBatch:
    """The first rows that can share a message: one meter, one manner, numbers or texts, one granularity a series.

    ``retention``: what the consents state of all of them, empty for nothing. ``nameless``: the message says nothing
    that lasts, neither numbers of the outbox nor the end of the journal.
    """

    meter: str
    form: NameForm
    confirm: Confirm
    rows: tuple[OutboxRow, ...]
    retention: str = ""
    nameless: bool = False


@dataclass(frozen=True, slots=True)
class Packed:
    """The rows that one message holds; ``whole``: they are all that can be sent of a batch.

    Up to the number ``last`` it covers everything: what it holds, and around that what can never be sent.
    """

    rows: tuple[OutboxRow, ...]
    last: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Dropped:
    """Nothing up to the number ``last`` can ever be sent; ``whole`` as for ``Packed``."""

    last: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that waits to be noted before it leaves: what it hands over, its lane, and what confirms it.

    ``silent``: it was sent before, and nothing at all came back.
    """

    outgoing: Outgoing
    lane: Lane
    confirm: Confirm
    interval: Interval
    payload: ET.Element
    silent: bool


def first_batch(rows: Sequence[OutboxRow], subscriptions: Sequence[Subscription]) -> RowBatch:
    """Take from the front of ``rows`` (at least one) what goes into one message; a longer prefix decides the manner."""
    key = _key(rows[0], subscriptions)
    granularities: dict[str, int] = {}
    count = 0
    for row in rows:
        point = row.point
        fine = granularities.setdefault(point.series.path, point.granularity)
        if fine != point.granularity or _key(row, subscriptions) != key:
            break
        count += 1
    meter, form, confirm, _, retention = key
    return RowBatch(meter, form, confirm, tuple(rows[:count]), retention)


def release(lane: Lane, rows: Sequence[OutboxRow], now: float, age_s: float, *, whole: bool) -> None:
    """Let go what has been gathered for long enough, and with what is urgent everything before it.

    ``whole``: the rows are all that wait.
    """
    if lane.ripe(now, age_s):
        lane.release(rows[-1].seq, now, all_of_it=whole)
    elif urgent := [row.seq for row in rows if is_urgent(row.point.series.path)]:
        lane.release(urgent[-1], now, all_of_it=False)


def written_form(form: NameForm, meter: MeterInfo) -> NameForm:
    """The form of the names that leave: who subscribed by the delivery point may not be told it any more."""
    return NameForm.SEN1 if form is NameForm.URN and meter.prm is None else form


def disguised(batch: RowBatch, meter: MeterInfo, view: RecipientView) -> RowBatch:
    """The batch as its recipient gets it: values as exact as its profile, a name that the meter has for it."""
    points = view.points(row.point for row in batch.rows)
    rows = tuple(replace(row, point=point) for row, point in zip(batch.rows, points, strict=True))
    return replace(batch, rows=rows, form=written_form(batch.form, meter), nameless=view.profile is Profile.ANONYMOUS)


class Packer:
    """Finds how many rows a message can hold, and writes it.

    Args:
        publisher: in whose name the messages are.
        max_bytes: the most that one message may take.
    """

    def __init__(self, publisher: Publisher, max_bytes: int) -> None:
        self._publisher, self._max_bytes = publisher, max_bytes
        self._poisoned: set[str] = set()

    def pack(self, meter: MeterInfo, batch: RowBatch) -> Packed | Dropped:
        """As many of the first rows as fit into one message.

        A row that fits in no message leaves with its neighbours; the log says it once a series. The reading stays in
        the store; kept in the outbox it would stop everything behind it, for ever.
        """
        good = list(batch.rows)
        try:
            shown = self._fit(meter, batch, good)
        except SenMLError:
            good = [row for row in good if not self._is_poison(meter, batch, row)]
            shown = self._fit(meter, batch, good)
        whole = shown == len(good)
        if shown:
            return Packed(tuple(good[:shown]), batch.rows[-1].seq if whole else good[shown - 1].seq, whole)
        if good:
            self._complain(good[0], "too large for one message")
        return Dropped(good[0].seq if good else batch.rows[-1].seq, whole)

    def write(
        self, meter: MeterInfo, batch: RowBatch, packed: Packed, interval: Interval | None, head: Head | None
    ) -> ET.Element:
        """The ``<quoalise>`` of what was packed of a batch, with the retention that binds its recipient."""
        points = [row.point for row in packed.rows]
        return build_quoalise(self._publisher.bound(batch.retention), meter, batch.form, points, interval, head)

    def _fit(self, meter: MeterInfo, batch: RowBatch, rows: Sequence[OutboxRow]) -> int:
        points = [row.point for row in rows]
        return fit(self._publisher.bound(batch.retention), meter, batch.form, points, self._max_bytes)

    def _is_poison(self, meter: MeterInfo, batch: RowBatch, row: OutboxRow) -> bool:
        try:
            self._fit(meter, batch, [row])
        except SenMLError as error:
            self._complain(row, str(error))
            return True
        return False

    def _complain(self, row: OutboxRow, reason: str) -> None:
        path = row.point.series.path
        if path not in self._poisoned:
            self._poisoned.add(path)
            log.error("a series cannot be sent to the federation and is left out: %s", reason)
            log.debug("it is %s", path)


def _key(row: OutboxRow, subscriptions: Sequence[Subscription]) -> tuple[str, NameForm, Confirm, bool, str]:
    series = row.point.series
    asked = [s for s in subscriptions if s.meter == series.meter and under(series.path, s.prefix)]
    text = isinstance(row.point.value, str)
    if not asked:
        # Unsubscribed since: what is still queued goes out once, and nobody will confirm it.
        return series.meter, NameForm.SEN1, Confirm.SERVER, text, row.retention
    nearest = max(asked, key=lambda s: len(s.prefix))
    return series.meter, NameForm(nearest.form), nearest.confirm, text, row.retention
