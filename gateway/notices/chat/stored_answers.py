"""What is answered from the store: energy and euros of the days that were asked for, and who receives what.

Of days of which a part is not known it is said that it is at least so much; of each meter, where there are several.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, day_of, midnight
from gateway.balance.classes import order
from gateway.balance.energy import change, total
from gateway.balance.objective import EURO, goals
from gateway.balance.rows import earliest_needed, rows
from gateway.balance.self_use import STEP_S
from gateway.balance.tariff import Objective, cost, in_force, is_priced
from gateway.balance.words import BalanceWriter
from gateway.household.days import DayParts, HouseholdDays
from gateway.household.report import BalanceReport
from gateway.household.so_far import is_whole
from gateway.household.tariff_words import day_in_words
from gateway.household.this_hour import this_hour
from gateway.notices.chat.names_of_days import named
from gateway.notices.chat.spoken_days import whole
from gateway.notices.chat.topics import ChatQuestion
from gateway.notices.chat.words import WORDS
from gateway.store.local_time import PARIS
from gateway.words.numbers import time_of_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from fractions import Fraction

    from gateway.balance.energy import DayEnergy
    from gateway.balance.projection import Projection
    from gateway.config.tables import Config
    from gateway.notices.chat.questions import HouseholdQuestion
    from gateway.notices.chat.spoken_days import DaySpan

_ONE = timedelta(days=1)


def of_days(question: HouseholdQuestion, days: DaySpan, stored: DayParts, config: Config, now: int, lang: str) -> str:
    """What those days came to, as asked: energy, euros, production, or the highest half hour; of each meter."""
    return of_each(config, lang, lambda meter: _days(question, days, stored, config, now, lang, meter))


def of_now(topic: ChatQuestion, stored: DayParts, config: Config, now: int, lang: str) -> str:
    """What is asked of no days: the goals, whether it is more than else, the price, the load of the nights."""
    if topic is ChatQuestion.GOAL:
        # They are the first meter's, as on the page.
        return "\n".join(_all_goals(month(stored, config, now), lang))
    tell = {ChatQuestion.COMPARE: _compared, ChatQuestion.PRICE: _price}.get(topic, _base_load)
    return of_each(config, lang, lambda meter: tell(stored, config, now, lang, meter))


def of_each(config: Config, lang: str, tell: Callable[[str], Iterable[str]]) -> str:
    """The lines of each meter, under its name where there are several."""
    lines: list[str] = []
    for one in config.meter:
        lines += [WORDS[lang]["of-meter"].format(meter=one.name)] if len(config.meter) > 1 else []
        lines += tell(one.name)
    return "\n".join(lines)


def _days(
    question: HouseholdQuestion, days: DaySpan, stored: DayParts, config: Config, now: int, lang: str, meter: str
) -> Iterable[str]:
    house, today, topic = HouseholdDays(stored, config, meter), day_of(now), question.topic
    name = named(days, today, lang)
    if topic is ChatQuestion.PEAK:
        return [_peak(house, days, name, now, lang)]
    if topic is not ChatQuestion.SOLAR and days == whole(BalancePeriod.MONTH, today):
        view = month(stored, config, now, meter)
        if _is_of_this_month(view):
            return _cost(view, lang) if topic is ChatQuestion.COST else _usage(view, lang)
    read = house.read(days.first, min(days.end, today + _ONE))
    known = [one for one in read if one.drawn is not None or (topic is ChatQuestion.SOLAR and one.produced is not None)]
    if not known:
        return [WORDS[lang]["no-days"].format(days=name)]
    every = is_known(house, days, known, now)
    if topic is ChatQuestion.SOLAR:
        return _solar(known, name, lang, every=every)
    least = "" if every else WORDS[lang]["at-least"]
    return (_paid if topic is ChatQuestion.COST else _drawn)(known, config, name, least, lang)


def month(stored: DayParts, config: Config, now: int, meter: str | None = None) -> BalanceReport:
    """The month of the last day known, of one meter (the first when None), beside that of the year before."""
    house = HouseholdDays(stored, config, meter)
    today = day_of(min(now, house.last_time or now))
    first = BalancePeriod.MONTH.begin(today)
    read = house.read(earliest_needed(BalancePeriod.MONTH, first), BalancePeriod.MONTH.after(first))
    found = rows(
        BalancePeriod.MONTH,
        first,
        today + _ONE,
        {day.date: day for day in read},
        config.tariff,
        house.running,
    )
    objective = config.objective if house.meter == config.meter[0].name else Objective()
    return BalanceReport(house, BalancePeriod.MONTH, found, now, today, config.tariff, objective)


def _is_of_this_month(view: BalanceReport) -> bool:
    """Whether the meter has been heard in the month that is now: what it came to before is not called "this month"."""
    return BalancePeriod.MONTH.begin(view.today) == BalancePeriod.MONTH.begin(day_of(view.now))


def _no_month(view: BalanceReport, lang: str) -> str:
    today = day_of(view.now)
    return str(WORDS[lang]["no-days"].format(days=named(whole(BalancePeriod.MONTH, today), today, lang)))


def is_known(house: HouseholdDays, days: DaySpan, known: Sequence[DayEnergy], now: int) -> bool:
    """Whether nothing of what was drawn on those days is missing, up to now."""
    return is_whole(house, days.first, days.end, {one.date: one for one in known}, now)


def _so_far(view: BalanceReport, period: BalancePeriod, lang: str) -> str:
    """What stands before a sum of the running month or year: nothing, or that it is at least so much."""
    days = whole(period, view.today)
    known = view.house.read(days.first, view.today + _ONE)
    return "" if is_known(view.house, days, known, view.now) else str(WORDS[lang]["at-least"])


def _drawn(known: Sequence[DayEnergy], config: Config, name: str, least: str, lang: str) -> Iterator[str]:
    words, writer, all_of_it = WORDS[lang], BalanceWriter(lang), total(known)
    text = words["drawn"].format(days=name, least=least, kwh=writer.kwh(all_of_it.drawn))
    euros = _euros(known, config)
    yield text + (words["for-euros"].format(euros=writer.euros(euros)) if euros is not None else "") + "."
    yield from _by_class(all_of_it.classes, writer)
    for key, wh in (("injected", all_of_it.injected), ("produced", all_of_it.produced)):
        if wh:
            yield words[key].format(kwh=writer.kwh(wh))


def _by_class(classes: Mapping[str, int], writer: BalanceWriter) -> Iterator[str]:
    if len(classes) > 1:
        yield ", ".join(f"{writer.tariff_class(word)} {writer.kwh(wh)} kWh" for word, wh in classes.items()) + "."


def _euros(known: Sequence[DayEnergy], config: Config) -> Fraction | None:
    """What they cost; None where a day has no tariff, or a part of what was drawn no price."""
    paid = cost(known, config.tariff)
    return paid.total if is_priced(paid, sum(one.drawn or 0 for one in known)) else None


def _paid(known: Sequence[DayEnergy], config: Config, name: str, least: str, lang: str) -> Iterator[str]:
    words, writer = WORDS[lang], BalanceWriter(lang)
    paid, euros = cost(known, config.tariff), _euros(known, config)
    if not config.tariff:
        yield words["no-tariff"]
    elif euros is None:
        yield words["no-price"].format(days=name)
    else:
        subscription = writer.euros(paid.subscription)
        yield words["paid"].format(days=name, least=least, euros=writer.euros(euros), subscription=subscription)


def _solar(known: Sequence[DayEnergy], name: str, lang: str, *, every: bool) -> Iterator[str]:
    words, writer, all_of_it = WORDS[lang], BalanceWriter(lang), total(known)
    if not all_of_it.produced and not all_of_it.injected:
        yield words["no-solar"].format(days=name)
        return
    yield words["days-only"].format(days=name)
    for key, wh in (("produced", all_of_it.produced), ("injected", all_of_it.injected)):
        if wh is not None:
            yield words[key].format(kwh=writer.kwh(wh))
    if all_of_it.use and all_of_it.use.self_consumed is not None:
        yield words["used-here"].format(percent=writer.percent(all_of_it.use.self_consumed))
    counted = {one.produced is not None for one in known}
    if not every or len(counted) > 1:
        yield words["some-missing"]


def _peak(house: HouseholdDays, days: DaySpan, name: str, now: int, lang: str) -> str:
    curve = house.load_curve(midnight(days.first), min(now, midnight(days.end)))
    if not curve:
        return str(WORDS[lang]["no-days"].format(days=name))
    start, wh = max(curve.items(), key=lambda one: one[1])
    at = [datetime.fromtimestamp(time, PARIS) for time in (start, start + STEP_S)]
    ends = [time_of_day(one.hour, one.minute).in_language(lang) for one in at]
    watts = BalanceWriter(lang).number(wh * 3600 // STEP_S)
    when = (
        ""
        if days.period is BalancePeriod.DAY
        else WORDS[lang]["on-day"].format(day=day_in_words(at[0].date()).in_language(lang))
    )
    return str(WORDS[lang]["peak"].format(days=name, watts=watts, start=ends[0], end=ends[1], when=when))


def _compared(stored: DayParts, config: Config, now: int, lang: str, meter: str) -> Iterator[str]:
    words, writer = WORDS[lang], BalanceWriter(lang)
    view = month(stored, config, now, meter)
    if not _is_of_this_month(view):
        yield _no_month(view, lang)
        return
    running, today = view.house.running, day_of(now)
    if running and running.day == today:
        sides = [*view.house.read(today, today + _ONE), running.so_far(today - _ONE)]
        if len(sides) == 2 and all(one and one.drawn is not None for one in sides):
            here, before = (writer.kwh(one.drawn) for one in sides if one)
            yield words["today-against"].format(kwh=here, before=before)
    row = view.rows[-1] if view.rows else None
    if row and row.before and row.before.drawn and row.comparable:
        yield next(_usage(view, lang))
    else:
        yield words["no-year-before"]


def _all_goals(view: BalanceReport, lang: str) -> Iterator[str]:
    if not _is_of_this_month(view):
        yield _no_month(view, lang)
        return
    projections = view.projections()
    said = [text for one in projections for euros in (False, True) for text in _goals(view, one, lang, euros=euros)]
    yield from said or [WORDS[lang]["no-goal" if projections else "too-new"]]


def _price(stored: DayParts, config: Config, now: int, lang: str, meter: str) -> Iterator[str]:
    words, writer, house = WORDS[lang], BalanceWriter(lang), HouseholdDays(stored, config, meter)
    tariff, hour = in_force(config.tariff, day_of(now)), this_hour(house, config.tariff, now)
    price = tariff.price(hour.word) if tariff and hour.word else None
    if price is not None:
        yield words["price"].format(price=writer.number(price, 4), word=writer.tariff_class(hour.word or ""))
    several = sorted(tariff.prices, key=order) if tariff and len(tariff.prices) > 1 else []
    if tariff and several:
        yield ", ".join(f"{writer.tariff_class(one)} {writer.number(tariff.price(one), 4)} €" for one in several) + "."
    if hour.euros is not None:
        yield words["per-hour"].format(cost=writer.number(hour.euros, 3), watts=writer.number(hour.watts))
    elif price is None and not several:
        yield words["no-tariff" if tariff is None else "nothing"]


def _base_load(stored: DayParts, config: Config, now: int, lang: str, meter: str) -> Iterator[str]:
    watts = HouseholdDays(stored, config, meter).base_load(now)
    words = WORDS[lang]
    yield words["nothing"] if watts is None else words["base-load"].format(watts=BalanceWriter(lang).number(watts))


def _usage(view: BalanceReport, lang: str) -> Iterator[str]:
    words, writer = WORDS[lang], BalanceWriter(lang)
    if not view.rows:
        yield words["nothing"]
        return
    row = view.rows[-1]
    text = words["so-far"].format(least=_so_far(view, BalancePeriod.MONTH, lang), kwh=writer.kwh(row.total.drawn))
    if row.before and row.before.drawn and row.comparable:
        moved = writer.percent(change(row.total.drawn, row.before.drawn), signed=True)
        text += words["year-before"].format(kwh=writer.kwh(row.before.drawn), change=moved)
    yield text + "."
    yield from _by_class(row.total.classes, writer)
    for name, wh in (("injected", row.total.injected), ("produced", row.total.produced)):
        if wh:
            yield words[name].format(kwh=writer.kwh(wh))
    for one in view.projections():
        # What the month has come to is told above.
        least, end = _so_far(view, one.period, lang), f"{writer.kwh(one.wh)} kWh"
        measured = f"{least}{writer.kwh(one.measured_wh)} kWh"
        form = words["month-end" if one.period is BalancePeriod.MONTH else "foreseen"]
        yield form.format(period=words[one.period.value], measured=measured, end=end)
        yield from _goals(view, one, lang, euros=False)
    watts = view.house.base_load(view.now)
    if watts is not None:
        yield words["base-load"].format(watts=writer.number(watts))


def _cost(view: BalanceReport, lang: str) -> Iterator[str]:
    words, writer = WORDS[lang], BalanceWriter(lang)
    if not view.tariffs:
        yield words["no-tariff"]
        return
    hour = view.this_hour()
    if hour.euros is not None:
        yield words["per-hour"].format(cost=writer.number(hour.euros, 3), watts=writer.number(hour.watts))
    projections = view.projections()
    for one in projections:
        form = words["foreseen" if is_priced(one.cost, one.wh) else "priced-part"]
        yield form.format(
            period=words[one.period.value],
            measured=f"{_so_far(view, one.period, lang)}{writer.euros(one.measured.total)} €",
            end=writer.euros(one.cost.total) + " €",
        )
        yield from _goals(view, one, lang, euros=True)
    if not projections:
        yield words["too-new"]


def _goals(view: BalanceReport, projection: Projection, lang: str, *, euros: bool) -> Iterator[str]:
    words, writer = WORDS[lang], BalanceWriter(lang)
    for goal in goals(view.objective, projection):
        if (goal.unit == EURO) is euros:
            state = words["states"][goal.state.value]
            yield words["goal"].format(goal=f"{writer.number(goal.goal)} {goal.unit}", state=state)
