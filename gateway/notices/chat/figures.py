"""What several days come to: their mean, the highest of them, two spans beside each other; and hours of a day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, day_of
from gateway.balance.energy import change, total
from gateway.balance.words import BalanceWriter
from gateway.household.days import HouseholdDays
from gateway.household.tariff_words import day_in_words
from gateway.notices.chat.names_of_days import begun, named
from gateway.notices.chat.spoken_days import whole
from gateway.notices.chat.stored_answers import is_known, of_each
from gateway.notices.chat.topics import ChatQuestion
from gateway.notices.chat.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from gateway.balance.energy import DayEnergy
    from gateway.config.tables import Config
    from gateway.household.days import DayParts
    from gateway.notices.chat.questions import HouseholdQuestion
    from gateway.notices.chat.spoken_days import DaySpan
    from gateway.notices.chat.spoken_hours import HourSpan

_ONE = timedelta(days=1)
# The newest reading of an hour that goes on may be so old.
_LATE_S = 300


def describe(question: HouseholdQuestion, stored: DayParts, config: Config, now: int, lang: str) -> str:
    """The lines of each meter. Raises StoreError when the store cannot be read."""

    def tell(meter: str) -> Iterator[str]:
        house, days = HouseholdDays(stored, config, meter), question.days
        if question.hours is not None:
            return _of_hours(house, question.hours, now, lang)
        if days is not None and question.against is not None:
            return _against(house, days, question.against, now, lang)
        return _of_several(question.topic, house, days or whole(BalancePeriod.MONTH, day_of(now)), now, lang)

    return of_each(config, lang, tell)


def _of_several(topic: ChatQuestion, house: HouseholdDays, days: DaySpan, now: int, lang: str) -> Iterator[str]:
    """The mean of the whole days among those, or the highest of them."""
    today, words, writer = day_of(now), WORDS[lang], BalanceWriter(lang)
    known = [one for one in house.read(days.first, min(days.end, today)) if one.drawn is not None and one.whole]
    name = named(days, today, lang)
    if not known:
        yield words["no-whole-days"].format(days=name)
    elif topic is ChatQuestion.AVERAGE:
        mean = sum(one.drawn or 0 for one in known) // len(known)
        form = words["average" if len(known) > 1 else "average-one"]
        yield form.format(days=name, kwh=writer.kwh(mean), count=len(known))
    else:
        most = max(known, key=lambda one: one.drawn or 0)
        day = day_in_words(most.date).in_language(lang)
        yield words["most"].format(days=name, day=day, kwh=writer.kwh(most.drawn))


def _of_hours(house: HouseholdDays, hours: HourSpan, now: int, lang: str) -> Iterator[str]:
    """What was drawn in a part of a day."""
    words, writer = WORDS[lang], BalanceWriter(lang)
    name = words["hours"][hours.part].format(day=day_in_words(hours.of).in_language(lang))
    end = min(hours.end, now)
    if end <= hours.first:
        yield words["hours-to-come"].format(hours=begun(name))
        return
    (drawn,) = house.drawn([hours.first, end])
    if not drawn.covered:
        yield words["no-days"].format(days=begun(name))
        return
    least = "" if drawn.covered >= end - hours.first - _LATE_S else words["at-least"]
    yield words["drawn"].format(days=begun(name), least=least, kwh=writer.kwh(drawn.wh)) + "."


def _against(house: HouseholdDays, here: DaySpan, other: DaySpan, now: int, lang: str) -> Iterator[str]:
    """Two spans, the later one first; while it goes on, as many whole days of the other as it has had."""
    today, words, writer = day_of(now), WORDS[lang], BalanceWriter(lang)
    sums: list[int] = []
    for span in (here, other):
        known, name = _known(house, span, today + _ONE), named(span, today, lang)
        if not known:
            yield words["no-days"].format(days=name)
            return
        every = is_known(house, span, known, now)
        sums += [total(known).drawn or 0] if every else []
        least = "" if every else words["at-least"]
        yield words["drawn"].format(days=name, least=least, kwh=writer.kwh(total(known).drawn)) + "."
    if here.end <= today:
        if len(sums) == 2 and (moved := change(*sums)) is not None:
            yield words["moved"].format(change=writer.percent(moved, signed=True))
        return
    yield from _so_far(house, here, other, now, lang)


def _so_far(house: HouseholdDays, here: DaySpan, other: DaySpan, now: int, lang: str) -> Iterator[str]:
    """The whole days that the running span has had, beside as many first ones of the other."""
    today, words, writer = day_of(now), WORDS[lang], BalanceWriter(lang)
    count = min((today - here.first).days, (other.end - other.first).days)
    if count < 1:
        return
    pairs = [_known(house, span, span.first + count * _ONE) for span in (here, other)]
    if all(len(known) == count and all(one.whole for one in known) for known in pairs):
        sums = [total(known).drawn or 0 for known in pairs]
        moved = change(*sums)
        if moved is not None:
            form = words["same-days" if count > 1 else "same-day"]
            facts = {"here": writer.kwh(sums[0]), "before": writer.kwh(sums[1])}
            yield form.format(count=count, change=writer.percent(moved, signed=True), **facts)


def _known(house: HouseholdDays, span: DaySpan, until: date) -> list[DayEnergy]:
    return [one for one in house.read(span.first, min(span.end, until)) if one.drawn is not None]
