"""Answers to what a household asks in a chat: the house now, and the store, as a few lines in French or English.

Of what nobody knows nothing is said, rather than a dash.
"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from gateway.balance.calendar import BalancePeriod, day_of
from gateway.balance.energy import change
from gateway.balance.equivalence import EQUIVALENTS
from gateway.balance.objective import EURO, goals
from gateway.balance.rows import earliest_needed, rows
from gateway.balance.words import BalanceWriter
from gateway.household.days import DayParts, HouseholdDays
from gateway.household.report import BalanceReport
from gateway.household.tariff_words import as_text, of_live
from gateway.live.meter import percent
from gateway.notices.chat.questions import ChatQuestion
from gateway.notices.chat.words import WORDS
from gateway.words.numbers import age
from gateway.words.phrase import Phrase, written

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from gateway.balance.projection import Projection
    from gateway.config.tables import Config
    from gateway.live.state import HouseNow


class Answers:
    """Answers about one house.

    Args:
        config: the whole configuration.
        stored: asked through ``call``, on the store's thread.
        call: ``await call(function, *arguments)``.
        house: the house now.
        clock: POSIX seconds.
    """

    def __init__(
        self,
        config: Config,
        stored: DayParts,
        call: Callable[..., Awaitable[Any]],
        house: Callable[[], Awaitable[HouseNow]],
        clock: Callable[[], float],
    ) -> None:
        self._config, self._stored, self._call, self._house, self._clock = config, stored, call, house, clock

    async def answer(self, question: ChatQuestion, lang: str) -> str:
        """The text. Raises StoreError when the store cannot be read."""
        if question is ChatQuestion.HELP:
            return str(WORDS[lang]["help"])
        if question in (ChatQuestion.USAGE, ChatQuestion.COST):
            text: str = await self._call(self._of_the_month, question, lang, int(self._clock()))
            return text
        return present(question, lang, await self._house())

    def _of_the_month(self, question: ChatQuestion, lang: str, now: int) -> str:
        view = month(self._stored, self._config, now)
        return "\n".join(_cost(view, lang) if question is ChatQuestion.COST else _usage(view, lang))


def month(stored: DayParts, config: Config, now: int) -> BalanceReport:
    """This month so far, of the first meter, beside that of the year before."""
    house = HouseholdDays(stored, config)
    today = day_of(min(now, house.last_time or now))
    first = BalancePeriod.MONTH.begin(today)
    read = house.read(earliest_needed(BalancePeriod.MONTH, first), BalancePeriod.MONTH.after(first))
    found = rows(
        BalancePeriod.MONTH,
        first,
        today + timedelta(days=1),
        {day.date: day for day in read},
        config.tariff,
        house.running,
    )
    return BalanceReport(house, BalancePeriod.MONTH, found, now, today, config.tariff, config.objective)


def present(question: ChatQuestion, lang: str, house: HouseNow) -> str:
    """What is answered from the house now alone."""
    if question is ChatQuestion.STATE:
        return "\n".join(_state(house, lang))
    if question is ChatQuestion.TARIFF:
        return "\n".join(_tariff(house, lang))
    tell = {ChatQuestion.POWER: _power, ChatQuestion.DAY: _day, ChatQuestion.TEMPO: _tempo}[question]
    several = len(house["meters"]) > 1
    lines = []
    for meter in house["meters"]:
        now = meter["now"]
        said = list(tell(now, lang)) or [WORDS[lang]["nothing"]]
        lines += [Phrase("{meter}:").in_language(lang).format(meter=now["meter"])] if several else []
        lines += said
    return "\n".join(lines)


def _power(now: dict[str, Any], lang: str) -> Iterator[str]:
    words, number = WORDS[lang], BalanceWriter(lang).number
    if now["drawn_va"] is None:
        return
    if now["stale"]:
        yield words["stale"].format(age=age(now["age_s"], spelt=True).in_language(lang))
    drawn, subscribed = now["drawn_va"], now["subscribed_va"]
    text = words["power"].format(va=number(drawn))
    if subscribed:
        share = BalanceWriter(lang).percent(Fraction(percent(drawn, subscribed), 100))
        text += words["share"].format(percent=share, kva=number(Fraction(subscribed, 1000), int(subscribed % 1000 > 0)))
    yield text + "."
    if now["injected_va"]:
        yield words["injected-now"].format(va=number(now["injected_va"]))
    if now["uncounted_va"]:
        yield words["uncounted-now"].format(va=number(now["uncounted_va"]))
    if now["tariff_kind"] in words["kinds"]:
        yield words["tariff"].format(tariff=words["kinds"][now["tariff_kind"]])
    if now["overload"] and not now["stale"]:
        yield words["overload"]


def _day(now: dict[str, Any], lang: str) -> Iterator[str]:
    words, kwh = WORDS[lang], BalanceWriter(lang).kwh
    drawn, before = now["drawn_today_wh"], now["drawn_yesterday_wh"]
    least = {name: words["at-least"] if name in now["partial"] else "" for name in ("today", "yesterday")}
    if drawn is not None:
        after = words["yesterday"].format(kwh=least["yesterday"] + kwh(before)) if before is not None else ""
        yield f"{words['today'].format(kwh=least['today'] + kwh(drawn))}{after}."
        if drawn >= EQUIVALENTS[0].wh:
            yield _like(drawn, lang)
    for name in ("injected", "produced", "self_consumed"):
        if now[f"{name}_today_wh"]:
            yield words[name].format(kwh=kwh(now[f"{name}_today_wh"]))
    if now["produced_doubt"]:
        yield words["doubts"][now["produced_doubt"]]


def _like(wh: int, lang: str) -> str:
    number = BalanceWriter(lang).number
    things = [f"{number(one.count(wh))} {one.name.in_language(lang)}" for one in EQUIVALENTS]
    return str(WORDS[lang]["like"].format(things=f"{', '.join(things[:-1])} {WORDS[lang]['or']} {things[-1]}"))


def _tempo(now: dict[str, Any], lang: str) -> Iterator[str]:
    words = WORDS[lang]
    if now["tempo_today"] == now["tempo_tomorrow"] == "unknown":
        yield words["no-tempo"]
        return
    colours = words["colours"]
    yield words["tempo"].format(today=colours[now["tempo_today"]], tomorrow=colours[now["tempo_tomorrow"]])


def _tariff(house: HouseNow, lang: str) -> Iterator[str]:
    for meter in house["meters"]:
        if len(house["meters"]) > 1:
            yield Phrase("{meter}:").in_language(lang).format(meter=meter["now"]["meter"])
        now, known = meter["now"], meter["values"].get("contract/tariff") is not None
        if known and now["stale"]:
            yield WORDS[lang]["stale"].format(age=age(now["age_s"], spelt=True).in_language(lang))
        yield from as_text(of_live(now, meter["values"]), lang) if known else [WORDS[lang]["nothing"]]


def _state(house: HouseNow, lang: str) -> Iterator[str]:
    words = WORDS[lang]
    told = [written(cast("dict[str, str]", alert)).in_language(lang) for alert in house["alerts"]]
    broken = [link["link"] for link in house["links"] if link["state"] == "broken"]
    yield from told
    if broken:
        yield words["broken"].format(links=", ".join(broken))
    if not told and not broken:
        yield words["well"]
    for meter in house["meters"]:
        name, since = meter["now"]["meter"], meter["now"]["age_s"]
        heard = words["never"] if since is None else words["heard"]
        yield heard.format(meter=name, age=age(since or 0.0, spelt=True).in_language(lang))


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
    if len(row.total.classes) > 1:
        parts = [f"{writer.tariff_class(word)} {writer.kwh(wh)} kWh" for word, wh in row.total.classes.items()]
        yield f"{', '.join(parts)}."
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
