"""The calendar of tariff classes as a household is told it: "Off-peak until 7:30, then from 13:26", "in 2 h 10".

One place for the command, the chat, the page and the notice of hours that have moved. What is not known is said so,
with the reason; a contact is said apart from the price, as it says nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.live.meter import tariff_kind
from gateway.store.local_time import PARIS
from gateway.tic.day_classes import read_windows
from gateway.tic.tariff_outlook import NONE, OFF_PEAK_MOVED, UNKNOWN, MovedHours, Unknown
from gateway.words.numbers import time_of_day
from gateway.words.phrase import NOTHING, Phrase, joined, made, same
from gateway.words.table import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.tic.off_peak import Windows
    from gateway.tic.tariff_outlook import TariffOutlook

__all__ = (
    "OFF_PEAK_MOVED",
    "MovedHours",
    "TariffView",
    "as_text",
    "day_in_words",
    "month_in_words",
    "moved_in_words",
    "of_live",
)

_COLOURS = {"BLEU": "blue", "BLAN": "white", "ROUG": "red"}

_KINDS = {
    "off-peak": Phrase("Off-peak hours", "tariff"),
    "peak": Phrase("Peak hours", "tariff"),
    "base": Phrase("Base tariff", "tariff"),
    "normal": Phrase("Normal hours", "tariff"),
    "mobile-peak": Phrase("Mobile peak", "tariff"),
}
_COLOUR_WORDS = {"blue": Phrase("blue"), "white": Phrase("white"), "red": Phrase("red")}
_WHY = {
    Unknown.FIRST_DAY: Phrase("the meter sends the hours of the next day only; they are known from tomorrow on"),
    Unknown.HOURS: Phrase("the meter’s hours can be read in two ways; the first change of tariff will tell"),
    Unknown.CONTRADICTED: Phrase("the meter is not counting what was expected today"),
    Unknown.LEARNING: Phrase("the meter does not say its hours; the gateway learns them within a few days"),
    Unknown.PEAK: Phrase("a mobile peak began before the gateway did"),
    Unknown.NAMES: Phrase(
        "nothing says which of the tariffs is the cheaper one; enter your prices on the “Settings” page"
    ),
    Unknown.NOTHING_HEARD: Phrase("the meter has sent nothing yet"),
}
_UNTIL, _ENDLESS = Phrase("{kind} until {until} ({wait})."), Phrase("{kind}, today and tomorrow.")
_NO_END = Phrase("{kind}; it is not known until when: {why}.")
_NO_END_YET = Phrase("{kind}; it is not known yet until when.")
_NEXT, _AGAIN = Phrase("Off-peak hours begin at {next} ({wait})."), Phrase("Then off-peak again at {next} ({wait}).")
_NO_OFF_PEAK = Phrase("No off-peak hours today and tomorrow.")
_DAYS = Phrase("Off-peak hours today: {today}; tomorrow: {tomorrow}.")
_NONE, _NOT_KNOWN = Phrase("none", "hours"), Phrase("not known yet", "hours")
_TOMORROW_IS = Phrase("Tomorrow is {colour}.")
_LEFT = Phrase("Red days left this season: {red}; white days: {white}.")
_PEAKS_LEFT = Phrase("Peak days left this season: {count}.")
_BETWEEN = Phrase("{least} to {most}")
_LEARNED = Phrase("Learned by this gateway’s clock. Days observed: {days}.")
_LEARNING = Phrase(
    "Being learned by this gateway’s clock. Days observed so far: {days}; a week of like days makes it certain."
)
_CLOCK_OFF = Phrase("The meter’s clock is {minutes} min off, and so are its hours.")
_CLOSED = Phrase("The meter’s contact is closed: the water heater may run. That says nothing about the price.")
_OPEN = Phrase("The meter’s contact is open: the water heater does not run. That says nothing about the price.")
_MOVED = Phrase("Your off-peak hours changed on {day}: {before} before, {after} now.")
_FOLLOW = Phrase("These follow automatically: {names}. Timers and appliances you set yourself do not.")
_NOTHING_FOLLOWS = Phrase("What the meter’s contact switches follows automatically; timers you set yourself do not.")
_WEEKDAYS = WordTable(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"))
_MONTHS = WordTable((
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
))  # fmt: skip
_ON_TOMORROW = Phrase("{time} tomorrow")
_ON_DAY = Phrase("{time} on {day}")
_IN = Phrase("in {time}", "how long")


@dataclass(frozen=True, slots=True)
class TariffView:
    """What is told: POSIX seconds, windows as series write them, colours in English; None where it is not known.

    ``endless``: the class that counts goes on over tomorrow; ``none``: there are no off-peak hours on both days.
    """

    now: int
    kind: str
    until: int | None = None
    endless: bool = False
    off_peak_next: int | None = None
    none: bool = False
    today: str = UNKNOWN
    tomorrow: str = UNKNOWN
    colour_tomorrow: str = "unknown"
    red_left: str | None = None
    white_left: str | None = None
    peaks_left: str | None = None
    why: Unknown | None = None
    learned_days: int | None = None
    regular: bool = False
    drift_s: int | None = None
    contact_closed: bool | None = None


def of_outlook(outlook: TariffOutlook, names: Mapping[str, str]) -> TariffView:
    """Of a calendar; ``names`` is what its classes are called."""
    here = outlook.by_our_clock(outlook.drift_s or 0)
    told, word = here.series(names), outlook.word or ""
    kind = tariff_kind(names.get(word, word))
    left = {colour: str(days) for colour, days in (outlook.left or {}).items()}
    return TariffView(
        now=here.time,
        kind="off-peak" if outlook.off_peak else kind,
        until=here.until,
        endless=told["contract/tariff/until"] == NONE,
        off_peak_next=here.off_peak_next,
        none=outlook.has_none,
        today=told["contract/off-peak/today"],
        tomorrow=told["contract/off-peak/tomorrow"],
        colour_tomorrow=_COLOURS.get(outlook.colour_tomorrow or "", "unknown"),
        red_left=left.get("ROUG"),
        white_left=left.get("BLAN"),
        peaks_left=left.get("PM"),
        why=outlook.why,
        learned_days=outlook.sureness.days if outlook.sureness else None,
        regular=bool(outlook.sureness and outlook.sureness.regular),
        drift_s=outlook.drift_s,
        contact_closed=outlook.contact_closed,
    )


def of_live(now: Mapping[str, Any], values: Mapping[str, Any]) -> TariffView:
    """Of the live feed: the object of the topic ``json``, and the latest value of each series."""
    until, following = (str(values.get(f"contract/{path}", UNKNOWN)) for path in ("tariff/until", "off-peak/next"))
    contact = values.get("status/contact")
    return TariffView(
        now=_posix(str(now["time"] or UNKNOWN)) or 0,
        kind=str(now["tariff_kind"]),
        until=_posix(until),
        endless=until == NONE,
        off_peak_next=_posix(following),
        none=following == NONE,
        today=str(values.get("contract/off-peak/today", UNKNOWN)),
        tomorrow=str(values.get("contract/off-peak/tomorrow", UNKNOWN)),
        colour_tomorrow=str(now["tempo_tomorrow"]),
        red_left=_text(values.get("contract/tempo/red/left")),
        white_left=_text(values.get("contract/tempo/white/left")),
        peaks_left=_text(values.get("contract/ejp/left")),
        contact_closed=None if contact is None else contact == "closed",
    )


def sentences(view: TariffView) -> Iterator[Phrase]:
    """What a household is told, line by line."""
    kind = _KINDS.get(view.kind, _KINDS["base"] if view.endless else Phrase("This tariff"))
    if view.until is not None:
        yield _UNTIL.filled(kind=kind, until=_moment(view.until, view.now), wait=_wait(view.until - view.now))
    elif view.endless:
        yield _ENDLESS.filled(kind=kind)
    else:
        yield _NO_END.filled(kind=kind, why=_WHY[view.why]) if view.why else _NO_END_YET.filled(kind=kind)
    if view.off_peak_next is not None:
        form = _AGAIN if view.kind == "off-peak" else _NEXT
        yield form.filled(next=_moment(view.off_peak_next, view.now), wait=_wait(view.off_peak_next - view.now))
    if view.none:
        yield _NO_OFF_PEAK
    elif view.today != UNKNOWN or view.tomorrow != UNKNOWN:
        yield _DAYS.filled(today=windows_in_words(view.today), tomorrow=windows_in_words(view.tomorrow))
    yield from _season(view)
    yield from _remarks(view)


def moved_in_words(moved: MovedHours, names: Sequence[str]) -> Phrase:
    """That the off-peak hours have moved, with those before and those now, and what in the house follows them."""
    day = day_in_words(date.fromisoformat(moved.since))
    said = _MOVED.filled(day=day, before=_windows(moved.before), after=_windows(moved.after))
    more = _FOLLOW.filled(names=joined(", ", map(same, names))) if names else _NOTHING_FOLLOWS
    return said + same(" ") + more


def windows_in_words(text: str) -> Phrase:
    """Windows as a series writes them, for a person."""
    found = read_windows(text)
    return _windows(found) if found else _NONE if text == NONE else _NOT_KNOWN


def _season(view: TariffView) -> Iterator[Phrase]:
    if view.colour_tomorrow in _COLOUR_WORDS:
        yield _TOMORROW_IS.filled(colour=_COLOUR_WORDS[view.colour_tomorrow])
    if view.red_left is not None and view.white_left is not None:
        yield _LEFT.filled(red=_count(view.red_left), white=_count(view.white_left))
    if view.peaks_left is not None:
        yield _PEAKS_LEFT.filled(count=_count(view.peaks_left))


def _remarks(view: TariffView) -> Iterator[Phrase]:
    if view.learned_days:
        yield (_LEARNED if view.regular else _LEARNING).filled(days=view.learned_days)
    if view.drift_s:
        yield _CLOCK_OFF.filled(minutes=round(abs(view.drift_s) / 60))
    if view.contact_closed is not None:
        yield _CLOSED if view.contact_closed else _OPEN


def _windows(found: Windows) -> Phrase:
    """Those of a night are one: 22:36–6:36."""
    parts = list(found)
    if len(parts) > 1 and parts[0][0] == 0 and parts[-1][1] == 1440:
        parts = [*parts[1:-1], (parts[-1][0], parts[0][1])]
    return joined(", ", [same("{a}–{b}").filled(a=_clock(start), b=_clock(end)) for start, end in parts])


def _clock(minute: int) -> Phrase:
    return time_of_day(minute // 60 % 24 if minute < 1440 else 24, minute % 60)


def _moment(time: int, now: int) -> Phrase:
    local = datetime.fromtimestamp(time, PARIS)
    said, today = _clock(local.hour * 60 + local.minute), datetime.fromtimestamp(now, PARIS).date()
    if local.date() == today:
        return said
    if local.date() == today + timedelta(days=1):
        return _ON_TOMORROW.filled(time=said)
    return _ON_DAY.filled(time=said, day=day_in_words(local.date()))


def _wait(seconds: int) -> Phrase:
    minutes = max(0, round(seconds / 60))
    text = f"{minutes // 60} h {minutes % 60:02}" if minutes >= 60 else f"{minutes} min"
    return _IN.filled(time=text)


def _count(left: str) -> Phrase:
    least, _, most = left.partition("/")
    return _BETWEEN.filled(least=least, most=most) if most else same(least)


def day_in_words(day: date) -> Phrase:
    """Thursday 3 December."""
    return made(partial(_date, day))


def month_in_words(day: date) -> Phrase:
    """December."""
    return made(lambda lang: str(_MONTHS[lang][day.month - 1]))


def _date(day: date, lang: str) -> str:
    number = Phrase("1", "first day of a month").in_language(lang) if day.day == 1 else day.day
    return f"{_WEEKDAYS[lang][day.weekday()]} {number} {_MONTHS[lang][day.month - 1]}"


def _posix(text: str) -> int | None:
    if text in (UNKNOWN, NONE):
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        return None


def _text(value: object) -> str | None:
    return None if value in (None, UNKNOWN) else str(value)


def as_text(view: TariffView, lang: str) -> list[str]:
    """The sentences in a language."""
    return [said.in_language(lang) for said in sentences(view) if said != NOTHING]
