"""What the household is told that is no fault: a red day tomorrow, off-peak hours that moved, an objective exceeded.

What holds is looked at again and again; by its key, which begins with its name, each is told once, over restarts too.
Nothing is said when it is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.household.followers import followers
from gateway.household.tariff_words import OFF_PEAK_MOVED, MovedHours, day_in_words, moved_in_words
from gateway.links.alert_words import Topic
from gateway.links.alerts import Alert
from gateway.store.local_time import PARIS
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.config.tables import Config
    from gateway.live.meter import LiveMeter

# More than all objectives, a winter's red days (22), and what is known of each meter.
MOST_KEPT = 80

# A day of Tempo begins at six in the morning.
_TEMPO_BEGINS, _A_DAY = timedelta(hours=6), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of news: told once for its ``key``.

    Topic and ``name`` are its place among the alerts, whatever its day, and its key begins with them; ``log`` has no
    figure of the household in it. It stands among the alerts for ``shown_s`` after it was told (None: as long as it
    holds). What has the key ``ends`` is over with it, and may be told again. One that is ``lasting`` is known to the
    doctor as long as it holds.
    """

    key: str
    topic: Topic
    name: str
    text: Phrase
    log: str
    shown_s: float | None = None
    ends: str = ""
    lasting: bool = False


class News:
    """Remembers what was told."""

    def __init__(self) -> None:
        # Key -> POSIX seconds, in the order in which they were told, or held last.
        self.told: dict[str, int] = {}
        # What is shown, and what is lasting.
        self.active: list[Alert] = []
        self.holding: list[Alert] = []

    def look(self, items: Iterable[Item], now: float, clock: float) -> list[Alert]:
        """What is to be told of what holds now (monotonic and POSIX seconds)."""
        self.active, self.holding, fresh = [], [], []
        for item in items:
            alert = Alert(item.topic, item.name, now, False, 1, item.text, item.log, item.key)
            if item.lasting:
                self.holding.append(alert)
            if item.key not in self.told:
                self.told[item.key] = int(clock)
                self.told.pop(item.ends, None)
                fresh.append(alert)
            # What holds for years is not told again because of all that was told since.
            self.told[item.key] = self.told.pop(item.key)
            if item.shown_s is None or clock - self.told[item.key] < item.shown_s:
                self.active.append(alert)
        for key in list(self.told)[:-MOST_KEPT]:
            del self.told[key]
        return fresh


def red_tomorrow(meters: Mapping[str, LiveMeter], now: float) -> list[Item]:
    """The next day of Tempo, where a meter says that it is red; ``now`` is monotonic seconds."""
    for meter in meters.values():
        said = meter.snapshot(now, count=False)
        if said.tempo_tomorrow == "red" and said.time is not None:
            return [_red(said.time.astimezone(PARIS))]
    return []


def _red(at: datetime) -> Item:
    red = (at - _TEMPO_BEGINS).date() + timedelta(days=1)
    text = red_in_words(red, today=at.date() >= red)
    return Item(f"tempo {red}", Topic.TEMPO, "", text, f"{red} is a red day of Tempo")


def red_in_words(day: date, *, today: bool) -> Phrase:
    """That a day is red, as it is said the day before, or on the day."""
    return (_RED_TODAY if today else _RED_TOMORROW).filled(day=day_in_words(day))


_RED_TOMORROW = Phrase(
    "Tomorrow, {day}, is a Tempo red day: electricity is very expensive from 6:00 to 22:00; put off what can wait."
)
_RED_TODAY = Phrase(
    "Today, {day}, is a Tempo red day: electricity is very expensive from 6:00 to 22:00; put off what can wait."
)


# Hours that have moved stay among what holds for so long.
_MOVED_DAYS = timedelta(days=14)


def hours_moved(meters: Mapping[str, LiveMeter], config: Config) -> list[Item]:
    """The off-peak hours that have moved of late, of each meter that says so."""
    found = []
    for name, meter in meters.items():
        moved = MovedHours.read(str(meter.values().get(OFF_PEAK_MOVED, "")))
        if moved is None or meter.time is None:
            continue
        since = date.fromisoformat(moved.since)
        if -_A_DAY <= meter.time.astimezone(PARIS).date() - since <= _MOVED_DAYS:
            text = moved_in_words(moved, followers(config))
            key = f"{Topic.OFF_PEAK.value} {name} {moved.since}"
            found.append(Item(key, Topic.OFF_PEAK, name, text, "the off-peak hours have moved"))
    return found
