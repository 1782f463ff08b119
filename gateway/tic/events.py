"""What changed from one frame of a meter to the next: typed events, each told once.

No I/O and no clock. Events come from readings, so what is not believed makes none, and what a partial frame does not
hold has not changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from gateway.tic.states import Breaker, parse_relays

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.tic.reading import Interpretation

# What PTEC may say (02E §2.2), and its word for a mobile peak.
_PERIOD = re.compile(r"(?:TH|HC|HP|HN|PM)\.\.|H[CP]J[BWR]")
_EJP_PEAK = "PM.."


class Happening(Enum):
    """What an event says."""

    STATE_KNOWN = "state-known"
    TARIFF_CHANGED = "tariff-changed"
    TEMPO_TODAY = "tempo-today"
    TEMPO_TOMORROW = "tempo-tomorrow"
    PEAK_ANNOUNCED = "peak-announced"
    PEAK_BEGUN = "peak-begun"
    PEAK_ENDED = "peak-ended"
    EJP_NOTICE = "ejp-notice"
    OVERLOAD_BEGUN = "overload-begun"
    OVERLOAD_ENDED = "overload-ended"
    BREAKER_OPENED = "breaker-opened"
    BREAKER_CLOSED = "breaker-closed"
    CONTACT_SWITCHED = "contact-switched"
    RELAY_SWITCHED = "relay-switched"
    COVER_OPENED = "cover-opened"
    COVER_CLOSED = "cover-closed"
    DIRECTION_CHANGED = "direction-changed"
    CLOCK_DEGRADED = "clock-degraded"
    CLOCK_RECOVERED = "clock-recovered"
    MESSAGE_RECEIVED = "message-received"


@dataclass(frozen=True, slots=True)
class Event:
    """A change that a household may want to know.

    ``time`` is the frame's (aware UTC); ``series`` tells ``before`` and ``after``; ``number`` is that of the mobile
    peak or relay; an announced peak has ``begin`` and ``end`` (aware UTC).
    """

    kind: Happening
    time: datetime
    series: str
    before: str | None
    after: str | None
    number: int | None = None
    begin: datetime | None = None
    end: datetime | None = None

    def as_json(self) -> dict[str, object]:
        """The fields that there are, times in ISO 8601 with Z."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {name: _plain(value) for name, value in fields.items() if value is not None}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.value if isinstance(value, Enum) else value


# Series -> its new text -> what happened.
_WHEN: dict[str, dict[str, Happening]] = {
    "contract/tempo/today": dict.fromkeys(("BLEU", "BLAN", "ROUG"), Happening.TEMPO_TODAY),
    "contract/tempo/tomorrow": dict.fromkeys(("BLEU", "BLAN", "ROUG"), Happening.TEMPO_TOMORROW),
    "status/overload": {"1": Happening.OVERLOAD_BEGUN, "0": Happening.OVERLOAD_ENDED},
    "status/contact": dict.fromkeys(("open", "closed"), Happening.CONTACT_SWITCHED),
    "status/cover": {"open": Happening.COVER_OPENED, "closed": Happening.COVER_CLOSED},
    "status/producing": dict.fromkeys(("0", "1"), Happening.DIRECTION_CHANGED),
    "status/clock": {"degraded": Happening.CLOCK_DEGRADED, "good": Happening.CLOCK_RECOVERED},
}
_TARIFF, _TARIFF_INDEX = "contract/tariff", "contract/tariff/index"
_BREAKER, _RELAYS, _RUNNING, _NOTICE = "status/breaker", "status/relays", "contract/peak/running", "contract/ejp/notice"
_MESSAGES = ("message/short", "message/ultra-short")
_PEAKS = {number: (f"contract/peak/{number}/begin", f"contract/peak/{number}/end") for number in (1, 2, 3)}

# Series that are absent while there is nothing to say -> one that every frame of the same meter holds: when that was
# known before, the first sight of the other is news.
_WITNESS = {
    "contract/tempo/today": "status/contact",
    "contract/tempo/tomorrow": "status/contact",
    _NOTICE: _TARIFF,
    **dict.fromkeys(_MESSAGES, "status/contact"),
    **{series: "status/contact" for peak in _PEAKS.values() for series in peak},
}
_TRACKED = frozenset((*_WHEN, *_WITNESS, _TARIFF, _TARIFF_INDEX, _BREAKER, _RELAYS, _RUNNING))


class Events:
    """Compares what a meter says with what it said before; each change is told exactly once.

    Relay 1 is the dry contact, so a switch of it is told as the contact's.

    Args:
        known: series path -> last stored value, so that a restart repeats nothing and misses nothing.
    """

    def __init__(self, known: Mapping[str, object] | None = None) -> None:
        self._last = {series: str(value) for series, value in (known or {}).items() if series in _TRACKED}

    def observe(self, interpretation: Interpretation) -> tuple[Event, ...]:
        """What happened since the last frame; the very first one only makes the state known."""
        told = {r.series: str(r.value) for r in interpretation.readings if r.series in _TRACKED}
        _drop_half_peaks(told)
        if told.get(_BREAKER) == Breaker.UNDEFINED.value:
            del told[_BREAKER]
        if told.items() <= self._last.items():
            return ()
        if _PERIOD.fullmatch(told.get(_TARIFF, "")):
            self._last.pop(_TARIFF_INDEX, None)  # historic mode has none
        events: tuple[Event, ...] = (Event(Happening.STATE_KNOWN, interpretation.time, "status", None, None),)
        if self._last:
            events = tuple(self._changes(told, interpretation.time))
        self._last.update(told)
        return events

    def _changes(self, told: Mapping[str, str], time: datetime) -> Iterator[Event]:
        for series, after in told.items():
            before = self._last.get(series)
            if before == after or (before is None and _WITNESS.get(series) not in self._last):
                continue
            if kind := _WHEN.get(series, {}).get(after):
                yield Event(kind, time, series, before, after)
            elif series in _MESSAGES and not _is_no_message(after):
                yield Event(Happening.MESSAGE_RECEIVED, time, series, before, after)
            elif series == _NOTICE and after != "0":
                yield Event(Happening.EJP_NOTICE, time, series, before, after)
            elif before is not None:
                yield from self._switches(series, before, after, time)
        yield from self._announcements(told, time)

    def _switches(self, series: str, before: str, after: str, time: datetime) -> Iterator[Event]:
        if series == _BREAKER:
            if Breaker.CLOSED.value in (before, after):
                kind = Happening.BREAKER_CLOSED if after == Breaker.CLOSED.value else Happening.BREAKER_OPENED
                yield Event(kind, time, series, before, after)
        elif series == _RELAYS:
            yield from _relays_switched(before, after, time)
        elif series == _RUNNING:
            if int(before):
                yield Event(Happening.PEAK_ENDED, time, series, before, after, int(before))
            if int(after):
                yield Event(Happening.PEAK_BEGUN, time, series, before, after, int(after))
        elif series == _TARIFF_INDEX:
            yield Event(Happening.TARIFF_CHANGED, time, series, before, after)
        elif series == _TARIFF and _TARIFF_INDEX not in self._last:
            yield from _tariff_changed(before, after, time)

    def _announcements(self, told: Mapping[str, str], time: datetime) -> Iterator[Event]:
        for number, peak in _PEAKS.items():
            begin, end = (told.get(series) for series in peak)
            news = any(self._last.get(series) != told.get(series) for series in peak)
            if begin and end and news and _WITNESS[peak[0]] in self._last:
                before = self._last.get(peak[0])
                times = datetime.fromisoformat(begin), datetime.fromisoformat(end)
                yield Event(Happening.PEAK_ANNOUNCED, time, peak[0], before, begin, number, *times)


def _drop_half_peaks(told: dict[str, str]) -> None:
    """A begin without its end, in a partial frame, would be paired with the end of another peak."""
    for begin, end in _PEAKS.values():
        if (begin in told) != (end in told):
            told.pop(begin, None)
            told.pop(end, None)


def _is_no_message(text: str) -> bool:
    return text.split() in ([], ["PAS", "DE", "MESSAGE"])


def _relays_switched(before: str, after: str, time: datetime) -> Iterator[Event]:
    pairs = zip(parse_relays(before) or (), parse_relays(after) or (), strict=False)
    for number, (was, closed) in enumerate(pairs, start=1):
        if number > 1 and was != closed:
            words = ("closed" if was else "open", "closed" if closed else "open")
            yield Event(Happening.RELAY_SWITCHED, time, _RELAYS, *words, number)


def _tariff_changed(before: str, after: str, time: datetime) -> Iterator[Event]:
    if bool(_PERIOD.fullmatch(before)) != bool(_PERIOD.fullmatch(after)):
        return  # the mode was switched, and with it the words
    yield Event(Happening.TARIFF_CHANGED, time, _TARIFF, before, after)
    if before == _EJP_PEAK:
        yield Event(Happening.PEAK_ENDED, time, _TARIFF, before, after)
    if after == _EJP_PEAK:
        yield Event(Happening.PEAK_BEGUN, time, _TARIFF, before, after)
