"""What the page *sharing* shows, as values. Rows are those of ``linky-gateway consent … --json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.store.queue import LastComparison

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What a recipient got in one day (UTC) at one granularity: how many points of how many series, of which time.

    ``confirmed``: how many of all that day it has confirmed by receipts; None where another row of that day says it.
    """

    day: int
    recipient: str
    granularity: str
    points: int
    series: int
    first: int
    last: int
    confirmed: int | None = None


@dataclass(frozen=True, slots=True)
class RecipientFlow:
    """What went to one recipient so far: values sent, since when (POSIX seconds), confirmed, and what waits.

    ``confirmed`` is None where no receipt has come: of what nobody confirms nobody knows how much arrived. Of those
    sent so many are ``open``, not confirmed yet, and so many went ``besides``, on request or live; ``dropped`` were
    promised and never sent. ``compared``: what came of the last comparison; None where there was none.
    """

    sent: int = 0
    since: int | None = None
    confirmed: int | None = None
    waiting: int = 0
    open: int = 0
    besides: int = 0
    dropped: int = 0
    compared: LastComparison | None = None


@dataclass(frozen=True, slots=True)
class JournalState:
    """The journal: its head, and what the last check found; ``fault`` by language, empty when all was well.

    ``checked`` is how many entries were checked: up to now while ``running``, in all when ``at`` says when that ended.
    """

    entries: int
    hash: str
    running: bool = False
    checked: int = 0
    at: float | None = None
    fault: Mapping[str, str] | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    """Who got how much from the day ``first`` to the day ``last`` (POSIX seconds, UTC)."""

    handed: Sequence[HandedOver]
    first: int
    last: int
    is_latest: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the page shows.

    ``requests`` wait for an answer, domains are ``refused`` unheard for ``refused_days``; ``health`` are the consents
    to know whether the gateway is well, ``installer`` who would like to know that and waits for an answer. ``flows``
    are by recipient; ``now`` is the POSIX second of all that.
    """

    consents: Sequence[Row]
    requests: Sequence[Row]
    refused: Sequence[Row]
    refused_days: int
    health: Sequence[Row]
    installer: str | None
    notices: Sequence[Row]
    flows: Mapping[str, RecipientFlow]
    log: Log
    journal: JournalState
    retention: str
    now: float
