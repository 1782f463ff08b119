"""What is known of the tariff classes at one moment: which counts, until when, what comes, how sure it is.

Values alone, as the calendar (``tariff_calendar.py``) makes them and as series tell them. None is "not known", an empty
tuple of windows "there are none". Hours of a day are minutes on the clock of the house; moments are POSIX seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import Enum
from typing import TYPE_CHECKING

from gateway.tic.day_classes import read_windows, written_windows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.tic.day_classes import DayClasses
    from gateway.tic.learned_hours import Sureness
    from gateway.tic.off_peak import Windows
    from gateway.tic.season import DaysLeft

UNTIL, NEXT = "contract/tariff/until", "contract/tariff/next"
OFF_PEAK_NEXT = "contract/off-peak/next"
OFF_PEAK_TODAY, OFF_PEAK_TOMORROW = "contract/off-peak/today", "contract/off-peak/tomorrow"
OFF_PEAK_MOVED = "contract/off-peak/moved"
# Colour -> the series of how many days of it are left.
DAYS_LEFT = {"ROUG": "contract/tempo/red/left", "BLAN": "contract/tempo/white/left", "PM": "contract/ejp/left"}

UNKNOWN, NONE = "unknown", "none"


class Unknown(Enum):
    """Why something is not known."""

    NOTHING_HEARD = "nothing-heard"
    FIRST_DAY = "first-day"
    HOURS = "hours-undecided"
    CONTRADICTED = "contradicted"
    LEARNING = "learning"
    PEAK = "peak-unheard"
    NAMES = "class-names"


@dataclass(frozen=True, slots=True)
class MovedHours:
    """Off-peak hours that are others since a day (ISO 8601)."""

    since: str
    before: Windows
    after: Windows

    def __str__(self) -> str:
        """``2026-12-03 22:36/06:36 > 01:34/07:34 12:34/14:34``, as it is stored and told."""
        return f"{self.since} {written_windows(self.before)} > {written_windows(self.after)}"

    @classmethod
    def read(cls, text: str) -> MovedHours | None:
        """What ``str`` made of it; None for anything else."""
        since, _, hours = text.partition(" ")
        before, _, after = hours.partition(" > ")
        found = read_windows(before), read_windows(after)
        try:
            date.fromisoformat(since)
        except ValueError:
            return None
        return cls(since, found[0], found[1]) if found[0] and found[1] else None


@dataclass(frozen=True, slots=True)
class TariffOutlook:
    """All that is known at a moment.

    ``word`` is the class that counts, as the meter says it, ``since`` and ``until`` its moments, ``next_word`` what
    follows; ``off_peak``: whether it is a cheap one; ``off_peak_end`` when the hours that run now end, over all classes
    that are cheap, ``off_peak_next`` when others begin. ``today`` and ``tomorrow`` are the off-peak hours of the day,
    ``classes_today`` and ``classes_tomorrow`` all classes. ``left`` has the days that a season still has by colour;
    ``sureness`` is of learned hours; ``drift_s`` by how much the meter's clock is ahead of ours, where it is not
    believed; ``contact_closed`` what the dry contact is, which says nothing of a price.
    """

    time: int
    word: str | None = None
    since: int | None = None
    until: int | None = None
    next_word: str | None = None
    off_peak: bool | None = None
    off_peak_end: int | None = None
    off_peak_next: int | None = None
    today: Windows | None = None
    tomorrow: Windows | None = None
    classes_today: DayClasses | None = None
    classes_tomorrow: DayClasses | None = None
    colour_tomorrow: str | None = None
    left: Mapping[str, DaysLeft] | None = None
    sureness: Sureness | None = None
    drift_s: int | None = None
    contact_closed: bool | None = None
    contradictions: int = 0
    why: Unknown | None = None

    def series(self, names: Mapping[str, str]) -> dict[str, str]:
        """Series path -> text of what recipients are told; ``names`` is what a class is called."""
        steady = self.why is None and self.until is None and self.classes_tomorrow is not None
        told = {
            UNTIL: _iso(self.until) or (NONE if steady else UNKNOWN),
            NEXT: names.get(self.next_word, self.next_word) if self.next_word else (NONE if steady else UNKNOWN),
            OFF_PEAK_NEXT: _iso(self.off_peak_next) or (NONE if self.has_none else UNKNOWN),
            OFF_PEAK_TODAY: _hours(self.today),
            OFF_PEAK_TOMORROW: _hours(self.tomorrow),
        }
        return told | {DAYS_LEFT[colour]: str(left) for colour, left in (self.left or {}).items()}

    def by_our_clock(self, ahead_s: int) -> TariffOutlook:
        """The same moments, where the meter's clock is so many seconds ahead."""
        return replace(
            self,
            time=self.time - ahead_s,
            since=_less(self.since, ahead_s),
            until=_less(self.until, ahead_s),
            off_peak_end=_less(self.off_peak_end, ahead_s),
            off_peak_next=_less(self.off_peak_next, ahead_s),
        )

    @property
    def standard(self) -> bool:
        """Whether the meter counts by numbers, and sends its days."""
        return self.word is not None and self.word.isdecimal()

    @property
    def has_none(self) -> bool:
        """Whether there are no off-peak hours today and tomorrow."""
        return self.today == self.tomorrow == ()


def _less(time: int | None, ahead_s: int) -> int | None:
    return None if time is None else time - ahead_s


def _hours(found: Windows | None) -> str:
    return UNKNOWN if found is None else written_windows(found) or NONE


def _iso(time: int | None) -> str | None:
    return None if time is None else datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")
