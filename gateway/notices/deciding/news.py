"""What the household is told that is no fault: a red day tomorrow, off-peak hours that moved, an objective exceeded.

What holds is looked at again and again; by its key, which begins with its name, each is told once, over restarts too.
Nothing is said when it is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, day_of
from gateway.balance.objective import EURO, Goal, ObjectiveState, goals
from gateway.balance.projection import project
from gateway.balance.words import BalanceWriter
from gateway.household.days import DayParts, HouseholdDays
from gateway.household.followers import followers
from gateway.household.tariff_words import OFF_PEAK_MOVED, MovedHours, day_in_words, moved_in_words
from gateway.links.alert_words import Topic
from gateway.links.alerts import Alert
from gateway.store.local_time import PARIS
from gateway.words.phrase import Phrase, made

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
    "Tomorrow, {day}, is a red day of Tempo: electricity is very dear from 6 am to 10 pm, put off what can wait."
)
_RED_TODAY = Phrase(
    "Today, {day}, is a red day of Tempo: electricity is very dear from 6 am to 10 pm, put off what can wait."
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


def exceeded(stored: DayParts, config: Config, now: float) -> list[Item]:
    """The objectives of this month and this year that have been exceeded, of the first meter as in ``cost``."""
    house = HouseholdDays(stored, config)
    today: date = day_of(min(now, house.last_time or now))
    known = house.for_projection(today)
    projections = (project(period, today, known, config.tariff) for period in (BalancePeriod.MONTH, BalancePeriod.YEAR))
    found = [goal for one in projections if one for goal in goals(config.objective, one)]
    items = [(goal, goal.period.label(goal.period.begin(today))) for goal in found]
    return [
        _exceeded(goal, label) if goal.state is ObjectiveState.EXCEEDED else _nearly(goal, label)
        for goal, label in items
        if goal.measured >= _NEARLY * goal.goal
    ]


# From so much of an objective on it is worth a word.
_NEARLY = Fraction(4, 5)
_MONTH_NEARLY = Phrase(
    "Four fifths of the objective of the month are used: {measured} of {meant}, {foreseen} are expected at its end."
)
_YEAR_NEARLY = Phrase(
    "Four fifths of the objective of the year are used: {measured} of {meant}, {foreseen} are expected at its end."
)
_MONTH_EXCEEDED = Phrase(
    "The objective of the month is exceeded: {measured} of {meant}, {foreseen} are expected at its end."
)
_YEAR_EXCEEDED = Phrase(
    "The objective of the year is exceeded: {measured} of {meant}, {foreseen} are expected at its end."
)


def _exceeded(goal: Goal, label: str) -> Item:
    text = _MONTH_EXCEEDED if goal.period is BalancePeriod.MONTH else _YEAR_EXCEEDED
    return _of_goal(goal, label, text, f"the objective of the {goal.period.value} is exceeded")


def _nearly(goal: Goal, label: str) -> Item:
    text = _MONTH_NEARLY if goal.period is BalancePeriod.MONTH else _YEAR_NEARLY
    return _of_goal(goal, f"{label} nearly", text, f"the objective of the {goal.period.value} is nearly used")


def _of_goal(goal: Goal, label: str, text: Phrase, log: str) -> Item:
    name = f"{goal.period.value} {'euros' if goal.unit == EURO else 'kwh'}"
    measured, meant, foreseen = (made(partial(_amount, goal, place)) for place in range(3))
    # Another objective is another promise.
    key = f"{Topic.OBJECTIVE.value} {name} {label} {float(goal.goal):g}"
    text = text.filled(measured=measured, meant=meant, foreseen=foreseen)
    return Item(key, Topic.OBJECTIVE, name, text, log)


def _amount(goal: Goal, place: int, lang: str) -> str:
    """What is measured, meant or foreseen, with its unit."""
    places = 2 if goal.unit == EURO else 1
    meant = 0 if goal.goal.denominator == 1 else places
    numbers = ((goal.measured, places), (goal.goal, meant), (goal.projected, places))
    number, shown = numbers[place]
    return f"{BalanceWriter(lang).number(number, shown)}\u00a0{goal.unit}"
