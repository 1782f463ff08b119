"""What is answered from the store: energy and euros of the days that were asked for, and who receives what.

Of days of which a part is not known it is said that it is at least so much.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, day_of, midnight
from gateway.balance.energy import change, total
from gateway.balance.objective import EURO, goals
from gateway.balance.rows import earliest_needed, rows
from gateway.balance.self_use import STEP_S
from gateway.balance.tariff import cost, in_force
from gateway.balance.words import BalanceWriter
from gateway.household.days import DayParts, HouseholdDays
from gateway.household.report import BalanceReport
from gateway.household.tariff_words import day_in_words, month_in_words
from gateway.household.this_hour import this_hour
from gateway.notices.chat.questions import ChatQuestion
from gateway.notices.chat.spoken_days import whole
from gateway.notices.chat.words import WORDS
from gateway.store.local_time import PARIS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from fractions import Fraction

    from gateway.balance.energy import DayEnergy
    from gateway.balance.projection import Projection
    from gateway.config.tables import Config
    from gateway.notices.chat.questions import HouseholdQuestion
    from gateway.notices.chat.spoken_days import DaySpan

_ONE = timedelta(days=1)
# Below this share of what was drawn, what no class counted is rounding.
_UNPRICED = 0.01


def of_days(question: HouseholdQuestion, days: DaySpan, stored: DayParts, config: Config, now: int, lang: str) -> str:
    """What those days came to, as asked: energy, euros, production, or the highest half hour."""
    house, today, topic = HouseholdDays(stored, config), day_of(now), question.topic
    name = _named(days, today, lang)
    if topic is ChatQuestion.PEAK:
        return _peak(house, days, name, now, lang)
    if topic is not ChatQuestion.SOLAR and days == whole(BalancePeriod.MONTH, today):
        view = month(stored, config, now)
        return "\n".join(_cost(view, lang) if topic is ChatQuestion.COST else _usage(view, lang))
    read = house.read(days.first, min(days.end, today + _ONE))
    known = [one for one in read if one.drawn is not None or one.produced is not None]
    if not known:
        return str(WORDS[lang]["no-days"].format(days=name))
    if topic is ChatQuestion.COST:
        return "\n".join(_paid(known, config, name, lang))
    if topic is ChatQuestion.SOLAR:
        return "\n".join(_solar(known, name, lang))
    return "\n".join(_drawn(known, config, name, lang, every=_is_whole(house, days, known, today)))


def of_now(topic: ChatQuestion, stored: DayParts, config: Config, now: int, lang: str) -> str:
    """What is asked of no days: the goals, whether it is more than else, the price, the load of the nights."""
    words, writer = WORDS[lang], BalanceWriter(lang)
    if topic is ChatQuestion.GOAL:
        return "\n".join(_all_goals(month(stored, config, now), lang))
    if topic is ChatQuestion.COMPARE:
        return "\n".join(_compared(stored, config, now, lang))
    house = HouseholdDays(stored, config)
    if topic is ChatQuestion.PRICE:
        return "\n".join(_price(house, config, now, lang))
    watts = house.base_load(now)
    return str(words["nothing"] if watts is None else words["base-load"].format(watts=writer.number(watts)))


def month(stored: DayParts, config: Config, now: int) -> BalanceReport:
    """This month so far, of the first meter, beside that of the year before."""
    house = HouseholdDays(stored, config)
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
    return BalanceReport(house, BalancePeriod.MONTH, found, now, today, config.tariff, config.objective)


def _named(days: DaySpan, today: date, lang: str) -> str:
    """The days as one says them, at the beginning of a sentence."""
    words, running = WORDS[lang], days.first <= today < days.end
    if days.period is BalancePeriod.DAY:
        name = day_in_words(days.first).in_language(lang)
        if days.first.year != today.year:
            name = f"{name} {days.first.year}"
        return _begun(words["day-before"].format(day=name) if days.first == today - _ONE else name)
    if days.period is BalancePeriod.WEEK:
        first = day_in_words(days.first).in_language(lang)
        return str(words["this-week"] if running else words["week-of"].format(day=first))
    if days.period is BalancePeriod.MONTH:
        return _begun(f"{month_in_words(days.first).in_language(lang)} {days.first.year}")
    if days.period is BalancePeriod.YEAR:
        return str(words["year"] if running else days.first.year)
    ends = (day_in_words(one).in_language(lang) for one in (days.first, days.end - _ONE))
    return str(words["from-to"].format(first=next(ends), last=next(ends)))


def _begun(name: str) -> str:
    return name[:1].upper() + name[1:]


def _is_whole(house: HouseholdDays, days: DaySpan, known: list[DayEnergy], today: date) -> bool:
    """Whether nothing of them is missing, up to now."""
    over = (min(days.end, today + _ONE) - days.first).days
    return len(known) == over and all(
        one.whole or (one.date == today and house.is_whole_so_far(one)) for one in known if one.drawn is not None
    )


def _drawn(known: list[DayEnergy], config: Config, name: str, lang: str, *, every: bool) -> Iterator[str]:
    words, writer, all_of_it = WORDS[lang], BalanceWriter(lang), total(known)
    text = words["drawn"].format(days=name, least="" if every else words["at-least"], kwh=writer.kwh(all_of_it.drawn))
    euros = _euros(known, config)
    yield text + (words["for-euros"].format(euros=writer.euros(euros)) if euros is not None else "") + "."
    yield from _by_class(all_of_it.classes, writer)
    for key, wh in (("injected", all_of_it.injected), ("produced", all_of_it.produced)):
        if wh:
            yield words[key].format(kwh=writer.kwh(wh))


def _by_class(classes: Mapping[str, int], writer: BalanceWriter) -> Iterator[str]:
    if len(classes) > 1:
        yield ", ".join(f"{writer.tariff_class(word)} {writer.kwh(wh)} kWh" for word, wh in classes.items()) + "."


def _euros(known: list[DayEnergy], config: Config) -> Fraction | None:
    """What they cost; None where a day has no tariff, or a part of what was drawn no price."""
    paid, drawn = cost(known, config.tariff), sum(one.drawn or 0 for one in known)
    return None if paid.days_without or paid.unpriced_wh > _UNPRICED * drawn else paid.total


def _paid(known: list[DayEnergy], config: Config, name: str, lang: str) -> Iterator[str]:
    words, writer = WORDS[lang], BalanceWriter(lang)
    paid, euros = cost(known, config.tariff), _euros(known, config)
    if not config.tariff:
        yield words["no-tariff"]
    elif euros is None:
        yield words["no-price"].format(days=name)
    else:
        yield words["paid"].format(days=name, euros=writer.euros(euros), subscription=writer.euros(paid.subscription))


def _solar(known: list[DayEnergy], name: str, lang: str) -> Iterator[str]:
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


def _peak(house: HouseholdDays, days: DaySpan, name: str, now: int, lang: str) -> str:
    curve = house.load_curve(midnight(days.first), min(now, midnight(days.end)))
    if not curve:
        return str(WORDS[lang]["no-days"].format(days=name))
    start, wh = max(curve.items(), key=lambda one: one[1])
    at = [datetime.fromtimestamp(time, PARIS) for time in (start, start + STEP_S)]
    ends = [WORDS[lang]["clock"].format(h=one.hour, m=f"{one.minute:02}") for one in at]
    watts = BalanceWriter(lang).number(wh * 3600 // STEP_S)
    when = (
        ""
        if days.period is BalancePeriod.DAY
        else WORDS[lang]["on-day"].format(day=day_in_words(at[0].date()).in_language(lang))
    )
    return str(WORDS[lang]["peak"].format(days=name, watts=watts, start=ends[0], end=ends[1], when=when))


def _compared(stored: DayParts, config: Config, now: int, lang: str) -> Iterator[str]:
    words, writer = WORDS[lang], BalanceWriter(lang)
    view = month(stored, config, now)
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
    projections = view.projections()
    said = [text for one in projections for euros in (False, True) for text in _goals(view, one, lang, euros=euros)]
    yield from said or [WORDS[lang]["no-goal" if projections else "too-new"]]


def _price(house: HouseholdDays, config: Config, now: int, lang: str) -> Iterator[str]:
    words, writer = WORDS[lang], BalanceWriter(lang)
    tariff, hour = in_force(config.tariff, day_of(now)), this_hour(house, config.tariff, now)
    price = tariff.price(hour.word) if tariff and hour.word else None
    if price is not None:
        yield words["price"].format(price=writer.number(price, 4), word=writer.tariff_class(hour.word or ""))
    if hour.euros is not None:
        yield words["per-hour"].format(cost=writer.number(hour.euros, 3), watts=writer.number(hour.watts))
    elif price is None:
        yield words["no-tariff" if tariff is None else "nothing"]


def _usage(view: BalanceReport, lang: str) -> Iterator[str]:
    words, writer = WORDS[lang], BalanceWriter(lang)
    if not view.rows:
        yield words["nothing"]
        return
    row = view.rows[-1]
    text = words["so-far"].format(kwh=writer.kwh(row.total.drawn))
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
        measured, end = f"{writer.kwh(one.measured_wh)} kWh", f"{writer.kwh(one.wh)} kWh"
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
        yield words["foreseen"].format(
            period=words[one.period.value],
            measured=writer.euros(one.measured.total) + " €",
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
