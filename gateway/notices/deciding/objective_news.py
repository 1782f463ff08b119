"""The objectives that are exceeded, or nearly; apart from other news, since few households have set themselves any."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, day_of
from gateway.balance.objective import EURO, Goal, ObjectiveState, goals
from gateway.balance.projection import project
from gateway.balance.words import BalanceWriter
from gateway.household.days import DayParts, HouseholdDays
from gateway.links.alert_words import Topic
from gateway.notices.deciding.news import Item
from gateway.words.phrase import Phrase, made

if TYPE_CHECKING:
    from datetime import date

    from gateway.config.tables import Config


def exceeded(stored: DayParts, config: Config, now: float) -> list[Item]:
    """The objectives of this month and this year that have been exceeded, of the first meter as in ``cost``."""
    house = HouseholdDays(stored, config)
    today: date = day_of(min(now, house.last_time or now))
    known = house.for_projection(today)
    # Of a meter that fell silent in another month the month that is now is not known.
    running = [one for one in (BalancePeriod.MONTH, BalancePeriod.YEAR) if one.begin(today) == one.begin(day_of(now))]
    projections = (project(period, today, known, config.tariff) for period in running)
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
    "80% of the monthly goal is used: {measured} of {meant}; {foreseen} expected by the end of the month."
)
_YEAR_NEARLY = Phrase(
    "80% of the yearly goal is used: {measured} of {meant}; {foreseen} expected by the end of the year."
)
_MONTH_EXCEEDED = Phrase(
    "The monthly goal is exceeded: {measured} of {meant}; {foreseen} expected by the end of the month."
)
_YEAR_EXCEEDED = Phrase(
    "The yearly goal is exceeded: {measured} of {meant}; {foreseen} expected by the end of the year."
)
# Where a part of it has no price: what is known is the least, and nothing is foreseen.
_MONTH_NEARLY_LEAST = Phrase(
    "80% of the monthly goal is used: at least {measured} of {meant}, because part of it has no price."
)
_YEAR_NEARLY_LEAST = Phrase(
    "80% of the yearly goal is used: at least {measured} of {meant}, because part of it has no price."
)
_MONTH_EXCEEDED_LEAST = Phrase(
    "The monthly goal is exceeded: at least {measured} of {meant}, because part of it has no price."
)
_YEAR_EXCEEDED_LEAST = Phrase(
    "The yearly goal is exceeded: at least {measured} of {meant}, because part of it has no price."
)
# (period, whether all of it has a price)
_NEARLY_TEXTS = {
    (BalancePeriod.MONTH, True): _MONTH_NEARLY,
    (BalancePeriod.YEAR, True): _YEAR_NEARLY,
    (BalancePeriod.MONTH, False): _MONTH_NEARLY_LEAST,
    (BalancePeriod.YEAR, False): _YEAR_NEARLY_LEAST,
}
_EXCEEDED_TEXTS = {
    (BalancePeriod.MONTH, True): _MONTH_EXCEEDED,
    (BalancePeriod.YEAR, True): _YEAR_EXCEEDED,
    (BalancePeriod.MONTH, False): _MONTH_EXCEEDED_LEAST,
    (BalancePeriod.YEAR, False): _YEAR_EXCEEDED_LEAST,
}


def _exceeded(goal: Goal, label: str) -> Item:
    text = _EXCEEDED_TEXTS[goal.period, goal.priced]
    return _of_goal(goal, label, text, f"the objective of the {goal.period.value} is exceeded")


def _nearly(goal: Goal, label: str) -> Item:
    text = _NEARLY_TEXTS[goal.period, goal.priced]
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
