"""One simulated household: a real store that fills minute by minute with values that anybody can compute again.

Household ``number`` says at minute ``minute`` what ``index`` and ``power`` give: what should have arrived is known
without asking the gateways. A minute is sent when the next one has begun, as with a meter.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.store.points import Granularity
from gateway.store.prepare import prepare
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.tic.reading import Interpretation, Kind, Quality, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INDEX, POWER = "consumption/energy/active/index", "consumption/power/apparent/raw"
SERIES = (INDEX, POWER)
_FOR_EVER = 2**37


def index(number: int, minute: int) -> int:
    """The meter's index in Wh; it grows each minute."""
    return 1_000_000 + number * 1000 + minute * 20 + (number * 7 + minute * 13) % 17


def power(number: int, minute: int) -> int:
    """The apparent power in VA."""
    return 200 + (number * 37 + minute * 101) % 5800


def expected(number: int, begin: int, minutes: int) -> Iterator[tuple[str, int, int]]:
    """What the recipient must have of a household: series, POSIX second, value."""
    for minute in range(minutes):
        yield INDEX, begin + minute * 60, index(number, minute)
        yield POWER, begin + minute * 60, power(number, minute)


def sensor(number: int) -> str:
    """The random id of the installation, here none."""
    return f"sim{number:07d}"


def user(number: int) -> str:
    """The account's name."""
    return f"gw{number:07d}"


class FleetHousehold:
    """A store in ``folder``; ``recipient`` may have its minutes since ``begin`` (POSIX seconds, a whole minute)."""

    def __init__(self, folder: Path, number: int, begin: int, recipient: str) -> None:
        prepare(folder)
        self.store = Store(folder)
        self._number, self._begin, self._minute = number, begin, 0
        self._recorder = Recorder("house", {})
        self.store.meters.add("house", sensor(number))
        before = begin - 60
        self.store.consents.grant(recipient, "house", "consumption", Granularity.MINUTE, _FOR_EVER, before)
        self._speak()

    def live_a_minute(self) -> None:
        """Let a minute pass and commit it."""
        self._minute += 1
        self._speak()

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def _speak(self) -> None:
        moment = datetime.fromtimestamp(self._begin + self._minute * 60 + 30, UTC)
        said = (
            Reading(INDEX, moment, index(self._number, self._minute), "Wh", Kind.INDEX, Quality.METER),
            Reading(POWER, moment, power(self._number, self._minute), "VA", Kind.GAUGE, Quality.METER),
        )
        self._recorder.add(Interpretation(moment, Quality.METER, f"{self._number:012d}", None, said, ()))
        self.store.batches.write([self._recorder.take()], time.time())
