"""What the household is told that is no fault: a red day of Tempo tomorrow, an objective that is exceeded.

What holds is looked at again and again; by its key, which begins with its name, each is told once, over restarts too.
Nothing is said when it is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.balance.calendar import Period, day_of
from gateway.balance.objective import EURO, State, goals
from gateway.balance.projection import project
from gateway.balance.words import Writer
from gateway.household.days import HouseholdDays
from gateway.links.alert_words import Topic
from gateway.links.alerts import Alert
from gateway.store.local_time import PARIS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.balance.objective import Goal
    from gateway.config.tables import Config
    from gateway.household.days import DayParts
    from gateway.live.meter import LiveMeter

# More than all objectives and a winter's red days (22).
MOST_KEPT = 50

# A day of Tempo begins at six in the morning.
_TEMPO_BEGINS = timedelta(hours=6)

_FR_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_FR_MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
              "novembre", "décembre")  # fmt: skip
_EN_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EN_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
              "November", "December")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of news: told once for its ``key``.

    Topic and ``name`` are its place among the alerts, whatever its day; ``log`` has no figure of the household in it.
    """

    key: str
    topic: Topic
    name: str
    fr: str
    en: str
    log: str


class News:
    """Remembers what was told."""

    def __init__(self) -> None:
        # Key -> POSIX seconds, in the order in which they were told.
        self.told: dict[str, int] = {}
        self.active: list[Alert] = []

    def look(self, items: Iterable[Item], now: float, clock: float) -> list[Alert]:
        """What is to be told of what holds now (monotonic and POSIX seconds)."""
        self.active, fresh = [], []
        for item in items:
            alert = Alert(item.topic, item.name, now, False, 1, item.fr, item.en, item.log)
            self.active.append(alert)
            if item.key not in self.told:
                self.told[item.key] = int(clock)
                fresh.append(alert)
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
    fr_day, en_day = ("Demain", "Tomorrow") if at.date() < red else ("Aujourd’hui", "Today")
    fr = f"{_FR_DAYS[red.weekday()]} {'1er' if red.day == 1 else red.day} {_FR_MONTHS[red.month - 1]}"
    en = f"{_EN_DAYS[red.weekday()]} {red.day} {_EN_MONTHS[red.month - 1]}"
    return Item(
        f"tempo {red}",
        Topic.TEMPO,
        "",
        f"{fr_day}, {fr}, est un jour rouge de Tempo : l’électricité est très chère de 6 h à 22 h, reportez ce qui peut"
        " attendre.",
        f"{en_day}, {en}, is a red day of Tempo: electricity is very dear from 6 am to 10 pm, put off what can wait.",
        f"{red} is a red day of Tempo",
    )


def exceeded(stored: DayParts, config: Config, now: float) -> list[Item]:
    """The objectives of this month and this year that have been exceeded, of the first meter as in ``cost``."""
    house = HouseholdDays(stored, config)
    today: date = day_of(min(now, house.last_time or now))
    known = house.for_projection(today)
    projections = (project(period, today, known, config.tariff) for period in (Period.MONTH, Period.YEAR))
    found = [goal for one in projections if one for goal in goals(config.objective, one)]
    return [
        _exceeded(goal, goal.period.label(goal.period.begin(today))) for goal in found if goal.state is State.EXCEEDED
    ]


def _exceeded(goal: Goal, label: str) -> Item:
    month, unit = goal.period is Period.MONTH, "euros" if goal.unit == EURO else "kwh"
    name = f"{goal.period.value} {unit}"
    fr, en = (_amounts(goal, Writer(lang)) for lang in ("fr", "en"))
    whole = "du mois" if month else "de l’année"
    return Item(
        # Another objective is another promise.
        f"{Topic.OBJECTIVE.value} {name} {label} {float(goal.goal):g}",
        Topic.OBJECTIVE,
        name,
        f"L’objectif {whole} est dépassé : {fr[0]} pour {fr[1]}, {fr[2]} prévus à la fin.",
        f"The objective of the {goal.period.value} is exceeded: {en[0]} of {en[1]}, {en[2]} are expected at its end.",
        f"the objective of the {goal.period.value} is exceeded",
    )


def _amounts(goal: Goal, writer: Writer) -> list[str]:
    """Measured, meant and foreseen, with their unit."""
    places = 2 if goal.unit == EURO else 1
    meant = 0 if goal.goal.denominator == 1 else places
    numbers = ((goal.measured, places), (goal.goal, meant), (goal.projected, places))
    return [f"{writer.number(number, shown)}\u00a0{goal.unit}" for number, shown in numbers]
