"""Totals as lines: a gateway and its recipient print the same of the same time, for two people to put side by side."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.errors import ConfigError
from gateway.store.local_time import PARIS
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.federation.wire.total import AskedStretch, SeriesTotal

_NO_TIME = Phrase("{text!r} is not a time such as 2026-11-25 or 2026-11-25T10:00:00Z")
_BACKWARDS = Phrase("this time ends before it begins")


@dataclass(frozen=True, slots=True)
class AskedTime:
    """``first <= time < last``, POSIX seconds."""

    first: int
    last: int


def parse_window(first: str, last: str, now: float | None = None) -> AskedTime:
    """What two people mean by the same words: days and times of France, or with an offset of their own.

    What is not said is yesterday; of what begins today it is until now. ConfigError for what is no time.
    """
    present = datetime.fromtimestamp(time.time() if now is None else now, PARIS)
    today = present.replace(hour=0, minute=0, second=0, microsecond=0)
    begin = _moment(first) if first else today - timedelta(days=1)
    end = _moment(last) if last else today if begin < today else present
    if begin.timestamp() >= end.timestamp():
        raise ConfigError(_BACKWARDS)
    return AskedTime(int(begin.timestamp()), int(end.timestamp()))


def total_line(gateway: str, stretch: AskedStretch, total: SeriesTotal) -> str:
    """Gateway, series, granularity, from, to, count, hash, with a space between; ``-`` where there is no hash."""
    ends = (f"{datetime.fromtimestamp(end, UTC):%Y-%m-%dT%H:%M:%SZ}" for end in (stretch.first, stretch.last))
    return " ".join((gateway, stretch.name, stretch.granularity, *ends, str(total.count), total.hash or "-"))


def _moment(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
        when = when if when.tzinfo else when.replace(tzinfo=PARIS)
        # Also what a calendar can say and a clock cannot.
        return datetime.fromtimestamp(max(when.timestamp(), 0), PARIS)
    except (ValueError, OverflowError) as error:
        raise ConfigError(_NO_TIME.filled(text=text)) from error
