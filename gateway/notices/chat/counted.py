"""What the pulse counters of water, gas and heat have counted of the days that were asked for, and their indexes."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.balance.calendar import day_of, midnight
from gateway.balance.words import BalanceWriter
from gateway.notices.chat.names_of_days import named
from gateway.notices.chat.topics import ChatQuestion
from gateway.notices.chat.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.config.tables import Config
    from gateway.household.days import DayParts
    from gateway.notices.chat.spoken_days import DaySpan
    from gateway.store.points import Series

# The index is written each half hour, and a minute later it is on the card; it takes two of them to say something.
_NEAR_S, _FEWEST = 1920, 2


def describe(topic: ChatQuestion, days: DaySpan, stored: DayParts, config: Config, now: int, lang: str) -> str:
    """A line for each counter of it, and one for its index. Raises StoreError when the store cannot be read."""
    # What is entered by hand has no [[counter]].
    told = {one.name for one in config.counter if one.quantity == topic.value}
    names = [one.name for one in stored.meters.all() if one.name in told or _index(stored, one.name, topic)]
    if not names:
        return str(WORDS[lang]["no-counter"][topic.value])
    lines: list[str] = []
    for name in names:
        lines += [WORDS[lang]["of-meter"].format(meter=name)] if len(names) > 1 else []
        lines += _lines(_index(stored, name, topic), topic, days, stored, now, lang)
    return "\n".join(lines)


def _index(stored: DayParts, name: str, topic: ChatQuestion) -> Series | None:
    paths = (f"{topic.value}/volume/index", f"{topic.value}/energy/index")
    return next((one for one in stored.meters.series(name) if one.path in paths), None)


def _lines(
    index: Series | None, topic: ChatQuestion, days: DaySpan, stored: DayParts, now: int, lang: str
) -> Iterator[str]:
    words, name = WORDS[lang], named(days, day_of(now), lang)
    first, end = midnight(days.first), min(midnight(days.end), now)
    newest = stored.energy.newest(index, now) if index else None
    marks = stored.energy.marks(index, first, end) if index else {}
    if newest and isinstance(newest[1], int) and first < newest[0] <= end:
        marks[newest[0]] = newest[1]
    known = sorted(marks.items())
    if len(known) < _FEWEST:
        yield words["no-days"].format(days=name)
    else:
        steps = [after - before for (_, before), (_, after) in pairwise(known)]
        # One that was set back by hand had counted too much.
        every = known[0][0] - first < _NEAR_S and end - known[-1][0] <= _NEAR_S and min(steps) >= 0
        count = sum(max(one, 0) for one in steps)
        least = "" if every else words["at-least"]
        yield words["counted"].format(days=name, least=least, amount=_amount(count, topic, lang))
    if newest and isinstance(newest[1], int):
        yield words["counter-index"].format(index=_index_in_words(newest[1], topic, lang))


def _amount(count: int, topic: ChatQuestion, lang: str) -> str:
    """Litres as they are, from a cubic metre on in cubic metres; gas always; heat in kWh."""
    writer = BalanceWriter(lang)
    if topic is ChatQuestion.HEAT:
        return f"{writer.kwh(count)} kWh"
    if topic is ChatQuestion.WATER and count < 1000:
        return str(WORDS[lang]["litres"].format(count=writer.number(count)))
    return f"{writer.number(Fraction(count, 1000), 2)} m³"


def _index_in_words(count: int, topic: ChatQuestion, lang: str) -> str:
    writer = BalanceWriter(lang)
    return f"{writer.number(count // 1000)} {'kWh' if topic is ChatQuestion.HEAT else 'm³'}"
