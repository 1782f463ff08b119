"""From what is remembered of a meter's days to what is known now: the classes ahead, the off-peak hours, the days left.

In standard mode days are the meter's own; in historic mode those that were learned, and what a contract says by itself
(Tempo changes at 6 and at 22, a peak of EJP lasts from 7 to 1 of the next day). No I/O and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from gateway.tic.day_classes import ClassStretch, DayClasses, day_at, moment, spans, windows
from gateway.tic.off_peak import off_peak_words
from gateway.tic.season import PEAK, RED, WHITE, DaysLeft, left
from gateway.tic.standard_days import NOT_KNOWN
from gateway.tic.tariff_outlook import TariffOutlook, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from gateway.tic.off_peak import Windows
    from gateway.tic.tariff_memory import TariffMemory

_ONE = timedelta(days=1)

# Until a learned border has passed by so much the class of before is only late.
LATE_S = 600
# In standard mode a frame is a second or two old, and so is what it says.
LATE_STANDARD_S = 15

# The indexes of Tempo, whatever its prices are (54E): blue 1 and 2, white 3 and 4, red 5 and 6, off-peak first.
_TEMPO_OFF_PEAK = frozenset("135")
_TEMPO_DAY: DayClasses = ((360, "HP"), (1320, "HC"))
TEMPO_BEGINS, EJP_BEGINS, EJP_ENDS = 360, 420, 60
_TEMPO_LETTERS = {"BLEU": "B", "BLAN": "W", "ROUG": "R"}
_COLOURS = _TEMPO_LETTERS.keys()


@dataclass(frozen=True, slots=True)
class TariffNow:
    """What the last frame said.

    ``word`` is the class that counts: the number of an index, or a period; ``since`` when it began, None where nobody
    saw it; ``contract`` is ``tempo``, ``ejp`` or ""; ``notice`` whether a peak of EJP is announced.
    """

    time: int
    word: str
    since: int | None = None
    contract: str = ""
    colour: str | None = None
    colour_tomorrow: str | None = None
    notice: bool = False
    contact_closed: bool | None = None
    drift_s: int | None = None

    @property
    def standard(self) -> bool:
        """Whether the meter counts by numbers."""
        return self.word.isdecimal()


def class_of(said: Mapping[str, str]) -> str | None:
    """The class that counts: the number of an index, or a historic meter's period."""
    index, word = said.get("contract/tariff/index"), said.get("contract/tariff")
    if index and index.isdecimal() and not _is_period(word):
        return str(int(index))
    return word if _is_period(word) else None


def _is_period(word: str | None) -> bool:
    return word is not None and len(word) == 4 and word[:2] in ("TH", "HC", "HP", "HN", "PM") and word[2] in ".J"


def predict(memory: TariffMemory, now: TariffNow, prices: Mapping[str, Fraction]) -> TariffOutlook:
    """What is known at the time of ``now``; ``prices`` are those of the classes, where the household gave them."""
    today = day_at(now.time)
    known = {day: _classes(memory, now, day) for day in (today - _ONE, today, today + _ONE)}
    before = _last(known[today - _ONE]) or _last(known[today])
    cheap = cheap_words(memory, now, prices, [known[today], known[today + _ONE]])
    ahead, why = _ahead(memory, now, known, before)
    plain = now.word if now.standard else now.word[:2]
    until = ahead[0].end if len(ahead) > 1 else None
    off_peak = None if cheap is None else plain in cheap
    end = _end_of_off_peak(ahead, cheap) if cheap and off_peak else None
    following = next((one.start for one in _cheap_spans(ahead, cheap or frozenset()) if one.start > now.time), None)
    shown = [_windows(known[day], cheap, _last(known[day - _ONE]) or before) for day in (today,)]
    shown.append(_windows(known[today + _ONE], cheap, _last(known[today]) or before))
    return TariffOutlook(
        time=now.time,
        word=now.word,
        since=now.since,
        until=until,
        next_word=_following(memory, now, ahead),
        off_peak=off_peak,
        off_peak_end=end,
        off_peak_next=following,
        today=None if why is Unknown.CONTRADICTED else shown[0],
        tomorrow=shown[1],
        classes_today=known[today],
        classes_tomorrow=known[today + _ONE],
        colour_tomorrow=_colour_tomorrow(now),
        left=_left(memory, now),
        sureness=None if now.standard or now.contract == "ejp" else memory.learned.sureness(today),
        drift_s=now.drift_s,
        contact_closed=now.contact_closed,
        contradictions=memory.standard.contradictions,
        why=why or (Unknown.NAMES if cheap is None else None),
    )


def cheap_words(
    memory: TariffMemory, now: TariffNow, prices: Mapping[str, Fraction], days: Sequence[DayClasses | None]
) -> frozenset[str] | None:
    """The classes of days that are off-peak; None where there are several and nobody knows which."""
    if now.contract == "ejp":
        return frozenset()  # its normal hours are most of the year
    if now.standard and now.contract == "tempo":
        return _TEMPO_OFF_PEAK
    words = {word for classes in days for _, word in classes or ()} | {now.word if now.standard else now.word[:2]}
    names = memory.names if now.standard else {}
    found = off_peak_words(words, names, prices)
    return None if not found and len(words) > 1 else found


def _classes(memory: TariffMemory, now: TariffNow, day: date) -> DayClasses | None:
    if now.standard:
        return memory.standard.day(day)
    if now.contract == "ejp":
        return _ejp_day(memory, now, day)
    if now.contract == "base":
        return ((0, now.word[:2]),)
    if now.contract == "tempo" and not memory.learned.schedules:
        return _TEMPO_DAY
    return memory.learned.expected(day)


def _ejp_day(memory: TariffMemory, now: TariffNow, day: date) -> DayClasses | None:
    """A peak is known half an hour before it begins; what no notice has told of tomorrow nobody knows."""
    today = day_at(now.time)
    if day > today:
        return None
    peaks = {one for one in (day - _ONE, day) if memory.colours.get(one) == PEAK}
    if day == today and now.notice:
        peaks.add(day_at(now.time - EJP_ENDS * 60))
    found = [(0, "PM"), (EJP_ENDS, "HN")] if day - _ONE in peaks else [(0, "HN")]
    return (*found, (EJP_BEGINS, "PM")) if day in peaks else tuple(found)


def _ahead(
    memory: TariffMemory, now: TariffNow, known: Mapping[date, DayClasses | None], before: str | None
) -> tuple[list[ClassStretch], Unknown | None]:
    """The classes from now on, as far as they are known, or why they are not."""
    today = day_at(now.time)
    classes = known[today]
    if classes is None:
        return [], _why(memory, now, today)
    days = [(today, classes)]
    if (tomorrow := known[today + _ONE]) is not None:
        days.append((today + _ONE, tomorrow))
    found = list(takewhile(_is_known, (one for one in spans(days, before) if one.end > now.time)))
    if not found:
        return [], Unknown.PEAK
    word, late = (now.word, LATE_STANDARD_S) if now.standard else (now.word[:2], LATE_S)
    if found[0].word == word:
        return found, None
    if len(found) > 1 and found[1].word == word and found[0].end - now.time <= late:
        return found[1:], None
    if now.time - found[0].start <= late:
        return [ClassStretch(found[0].start, found[0].start, word), *found], None
    return [], Unknown.CONTRADICTED


def _is_known(span: ClassStretch) -> bool:
    return span.word != NOT_KNOWN


def _why(memory: TariffMemory, now: TariffNow, today: date) -> Unknown:
    if not now.standard:
        return Unknown.LEARNING
    if today in memory.standard.contradicted:
        return Unknown.CONTRADICTED
    return Unknown.HOURS if today in memory.standard.profiles else Unknown.FIRST_DAY


def _following(memory: TariffMemory, now: TariffNow, ahead: Sequence[ClassStretch]) -> str | None:
    """What comes after this class; of Tempo in its colour, where that is known."""
    if len(ahead) < 2:
        return None
    word, at = ahead[1].word, ahead[1].start
    if now.contract != "tempo":
        return word if now.standard else f"{word}.."
    tomorrow = at >= moment(day_at(now.time - TEMPO_BEGINS * 60) + _ONE, TEMPO_BEGINS)
    colour = _colour_tomorrow(now) if tomorrow else now.colour
    if now.standard:
        peaked = any(one.begin <= at < one.end for one in memory.standard.peaks.values())
        return word if colour in _COLOURS or peaked else None
    return f"{word}J{_TEMPO_LETTERS[colour]}" if colour in _COLOURS else None


def _cheap_spans(ahead: Sequence[ClassStretch], cheap: frozenset[str]) -> list[ClassStretch]:
    """The off-peak hours ahead; those that follow each other are one."""
    found: list[ClassStretch] = []
    for one in ahead:
        if one.word in cheap:
            joined = found.pop().start if found and found[-1].end == one.start else one.start
            found.append(one._replace(start=joined))
    return found


def _end_of_off_peak(ahead: Sequence[ClassStretch], cheap: frozenset[str]) -> int | None:
    found = _cheap_spans(ahead, cheap)
    return found[0].end if found and found[0].end < ahead[-1].end else None


def _windows(classes: DayClasses | None, cheap: frozenset[str] | None, before: str | None) -> Windows | None:
    return None if classes is None or cheap is None else windows(classes, cheap, before)


def _last(classes: DayClasses | None) -> str | None:
    return classes[-1][1] if classes else None


def _colour_tomorrow(now: TariffNow) -> str | None:
    """None also where the last one that was heard is of a contract of before."""
    return now.colour_tomorrow if now.contract == "tempo" and now.colour_tomorrow in _COLOURS else None


def _left(memory: TariffMemory, now: TariffNow) -> dict[str, DaysLeft] | None:
    if now.contract == "tempo":
        today = day_at(now.time - TEMPO_BEGINS * 60)
        return {colour: left(memory.colours, today, colour) for colour in (RED, WHITE)}
    if now.contract == "ejp":
        return {PEAK: left(memory.colours, day_at(now.time - EJP_BEGINS * 60), PEAK)}
    return None
