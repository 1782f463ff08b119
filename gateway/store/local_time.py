"""A moment as a household reads it: on the clock of the house, which is the meter's (Europe/Paris)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.words.phrase import Phrase

PARIS = ZoneInfo("Europe/Paris")


def local_time(time: float) -> Phrase:
    """A POSIX second to the minute: 25/11/2026 14:03, or 2026-11-25 14:03."""
    local = datetime.fromtimestamp(time, PARIS)
    return Phrase("{local:%Y-%m-%d %H:%M}").filled(local=local)


def local_second(time: float) -> Phrase:
    """The same to the second."""
    local = datetime.fromtimestamp(time, PARIS)
    return Phrase("{local:%Y-%m-%d %H:%M:%S}").filled(local=local)
