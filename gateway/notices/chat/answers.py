"""Answers to what a household asks in a chat: the house now, and the store, as a few lines in French or English.

Of what nobody knows nothing is said, rather than a dash.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from gateway.balance.calendar import day_of
from gateway.balance.equivalence import EQUIVALENTS
from gateway.balance.words import BalanceWriter
from gateway.household.tariff_words import as_text, of_live
from gateway.live.meter import percent
from gateway.live.state import kind_and_name, link_in_words
from gateway.notices.chat import recipients, stored_answers
from gateway.notices.chat.spoken_days import day
from gateway.notices.chat.topics import COUNTED, SEVERAL, ChatQuestion
from gateway.notices.chat.words import WORDS
from gateway.store.spans import DRAWN, INJECTED
from gateway.words.numbers import age
from gateway.words.phrase import written

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from gateway.config.tables import Config
    from gateway.live.state import HouseNow
    from gateway.notices.chat.questions import HouseholdQuestion
    from gateway.store.store import Store

# What is said whatever the house is doing.
_SAID = (
    ChatQuestion.HELP,
    ChatQuestion.HELLO,
    ChatQuestion.THANKS,
    ChatQuestion.DECIDE,
    ChatQuestion.ERASE,
    ChatQuestion.SET,
    ChatQuestion.OFFERS,
)
# Links that are asked for by their own name.
_LINKS = {ChatQuestion.BACKUP: "backup", ChatQuestion.UPDATE: "release"}
_OF_THE_STORE = (ChatQuestion.GOAL, ChatQuestion.COMPARE, ChatQuestion.PRICE, ChatQuestion.BASE_LOAD)


class Answers:
    """Answers about one house.

    Args:
        config: the whole configuration.
        stored: asked through ``call``, on the store's thread.
        call: ``await call(function, *arguments)``.
        house: the house now.
        clock: POSIX seconds.
        page: how the page of the house is called; none where there is no page.
    """

    def __init__(
        self,
        config: Config,
        stored: Store,
        call: Callable[..., Awaitable[Any]],
        house: Callable[[], Awaitable[HouseNow]],
        clock: Callable[[], float],
        page: Callable[[], Awaitable[Sequence[str]]] | None = None,
    ) -> None:
        self._config, self._stored, self._call, self._house, self._clock = config, stored, call, house, clock
        self._page = page

    async def answer(self, question: HouseholdQuestion, lang: str) -> str:
        """The text. Raises StoreError when the store cannot be read."""
        topic, days, now = question.topic, question.days, int(self._clock())
        if topic in _SAID:
            return str(WORDS[lang][topic.value])
        if topic is ChatQuestion.PAGE:
            addresses = await self._page() if self._page else ()
            return str(WORDS[lang]["page" if addresses else "no-page"].format(addresses="\n".join(addresses)))
        if topic is ChatQuestion.SHARING:
            return await self._text(recipients.describe, self._stored, now, lang)
        if topic is ChatQuestion.USAGE and days == day(day_of(now)):
            topic, days = ChatQuestion.DAY, None
        if topic in _OF_THE_STORE or days is not None or question.hours is not None:
            return await self._text(_of_the_store, question, self._stored, self._config, now, lang)
        return present(topic, lang, await self._house())

    async def _text(self, function: Callable[..., str], *arguments: object) -> str:
        text: str = await self._call(function, *arguments)
        return text


def _of_the_store(question: HouseholdQuestion, stored: Store, config: Config, now: int, lang: str) -> str:
    topic, days = question.topic, question.days
    # Few ask: what answers them is loaded by the first who does.
    if topic in COUNTED and days is not None:
        from gateway.notices.chat import counted  # noqa: PLC0415

        return counted.describe(topic, days, stored, config, now, lang)
    if question.hours is not None or question.against is not None or topic in SEVERAL:
        from gateway.notices.chat import figures  # noqa: PLC0415

        return figures.describe(question, stored, config, now, lang)
    if days is not None:
        return stored_answers.of_days(question, days, stored, config, now, lang)
    return stored_answers.of_now(topic, stored, config, now, lang)


def present(question: ChatQuestion, lang: str, house: HouseNow) -> str:
    """What is answered from the house now alone."""
    if question in _LINKS:
        return _link(_LINKS[question], house, lang) or str(WORDS[lang]["no-link"][question.value])
    if question is ChatQuestion.STATE:
        return "\n".join(_state(house, lang))
    if question is ChatQuestion.TARIFF:
        return "\n".join(_tariff(house, lang))
    if question is ChatQuestion.INDEX:
        return "\n".join(_indexes(house, lang))
    tell = {ChatQuestion.POWER: _power, ChatQuestion.DAY: _day, ChatQuestion.TEMPO: _tempo}[question]
    several = len(house["meters"]) > 1
    lines = []
    for meter in house["meters"]:
        now = meter["now"]
        said = list(tell(now, lang)) or [WORDS[lang]["nothing"]]
        lines += [WORDS[lang]["of-meter"].format(meter=now["meter"])] if several else []
        lines += said
    return "\n".join(lines)


def _link(kind: str, house: HouseNow, lang: str) -> str:
    """A link of the house as the page has it; empty where there is none."""
    found = [link_in_words(link, lang) for link in house["links"] if kind_and_name(str(link["link"]))[0] == kind]
    return "\n".join(str(WORDS[lang]["link"].format(title=title, detail=detail)) for title, detail in found)


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
    left = [now[f"tempo_{colour}_left"] for colour in ("red", "white")]
    if None not in left:
        # "12/18": at least, at most.
        red, white = (str(one).replace("/", words["to"]) for one in left)
        yield words["left"].format(red=red, white=white)


def _tariff(house: HouseNow, lang: str) -> Iterator[str]:
    for meter in house["meters"]:
        if len(house["meters"]) > 1:
            yield WORDS[lang]["of-meter"].format(meter=meter["now"]["meter"])
        now, known = meter["now"], meter["values"].get("contract/tariff") is not None
        if known and now["stale"]:
            yield WORDS[lang]["stale"].format(age=age(now["age_s"], spelt=True).in_language(lang))
        yield from as_text(of_live(now, meter["values"]), lang) if known else [WORDS[lang]["nothing"]]


def _indexes(house: HouseNow, lang: str) -> Iterator[str]:
    words, number = WORDS[lang], BalanceWriter(lang).number
    for meter in house["meters"]:
        name, values = meter["now"]["meter"], meter["values"]
        for path, key in ((DRAWN, "index"), (INJECTED, "index-injected")):
            if isinstance(wh := values.get(path), int) and (wh or path == DRAWN):
                # As the meter's own screen and the bill have it.
                yield words[key].format(meter=name, kwh=number(wh // 1000))
        if DRAWN not in values:
            yield words["no-index"].format(meter=name)


def _state(house: HouseNow, lang: str) -> Iterator[str]:
    words = WORDS[lang]
    told = [written(cast("dict[str, str]", alert)).in_language(lang) for alert in house["alerts"]]
    broken = [link_in_words(link, lang)[0] for link in house["links"] if link["state"] == "broken"]
    yield from told
    if broken:
        yield words["broken"].format(links=", ".join(broken))
    if not told and not broken:
        yield words["well"]
    for meter in house["meters"]:
        name, since = meter["now"]["meter"], meter["now"]["age_s"]
        heard = words["never"] if since is None else words["heard"]
        yield heard.format(meter=name, age=age(since or 0.0, spelt=True).in_language(lang))
