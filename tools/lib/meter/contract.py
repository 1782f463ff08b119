"""Contracts and their calendars: which index counts at which minute, and what the meter says about today and tomorrow.

Everything is a function of time, a seed, and the few things a command may force. Index numbers and texts are those
of real meters where known; day profiles are in the form of [54E §6.2.3.22].
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meter import clock

UNKNOWN, BLUE, WHITE, RED = 0, 1, 2, 3
COLOURS = {"unknown": UNKNOWN, "blue": BLUE, "white": WHITE, "red": RED}
OPEN, CLOSED, AS_TEMPO = 0x8000, 0xC000, 0x4000  # bits 15-14 of a profile block: the dry contact


def minutes(hours: int, minute: int = 0) -> int:
    """Seconds of the day at which a clock shows this."""
    return hours * 3600 + minute * 60


@dataclass(frozen=True, slots=True)
class TariffPeriod:
    """One tariff period: the supplier's text (LTARF), the historic period (PTEC) and index label."""

    text: str
    ptec: str
    index: str


@dataclass(frozen=True, slots=True)
class Contract:
    """What a supplier sells: calendar name (NGTF), historic option (OPTARIF), periods by supplier index from 1."""

    name: str
    calendar: str
    option: str
    periods: tuple[TariffPeriod, ...]
    historic_indexes: tuple[str, ...]


def _contract(name: str, calendar: str, option: str, *periods: tuple[str, str, str]) -> Contract:
    made = tuple(TariffPeriod(text.center(16), ptec, index) for text, ptec, index in periods)
    return Contract(name, calendar.center(16), option, made, tuple(dict.fromkeys(period.index for period in made)))


CONTRACTS = {
    contract.name: contract
    for contract in (
        _contract("base", "BASE", "BASE", ("BASE", "TH..", "BASE")),
        _contract("hc", "H PLEINE/CREUSE ", "HC..", ("HEURE CREUSE", "HC..", "HCHC"), ("HEURE PLEINE", "HP..", "HCHP")),
        _contract(
            "tempo",
            "TEMPO",
            "BBR(",
            ("HC  BLEU", "HCJB", "BBRHCJB"),
            ("HP  BLEU", "HPJB", "BBRHPJB"),
            ("HC  BLANC", "HCJW", "BBRHCJW"),
            ("HP  BLANC", "HPJW", "BBRHPJW"),
            ("HC  ROUGE", "HCJR", "BBRHCJR"),
            ("HP  ROUGE", "HPJR", "BBRHPJR"),
        ),
        _contract("ejp", "EJP", "EJP.", ("HEURE  NORMALE", "HN..", "EJPHN"), ("POINTE  MOBILE", "PM..", "EJPHPM")),
        # A newer offer: in historic mode it shows as BASE, with the total of its indexes [54E §6.1.1].
        _contract(
            "weekend",
            " HC et Week-End ",
            "BASE",
            ("HEURES CREUSES", "TH..", "BASE"),
            ("HEURES PLEINES", "TH..", "BASE"),
            ("WEEK-END", "TH..", "BASE"),
        ),
        _contract("producer", "   PRODUCTEUR   ", "BASE", (" INDEX NON CONSO", "TH..", "BASE")),
    )
}


@dataclass(frozen=True, slots=True)
class Peak:
    """A mobile peak the meter knows of: its slot 1-3, begin and end in POSIX seconds."""

    slot: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class TariffMinute:
    """What the calendars say at one minute."""

    index: int
    distributor: int
    contact_closed: bool
    off_peak: bool
    day: int
    next_day: int
    next_profile: str
    today: int = UNKNOWN
    tomorrow: int = UNKNOWN
    running: int = 0
    notice: int = 0
    peaks: tuple[Peak, ...] = ()
    peak_profile: str | None = None


def profile(*blocks: tuple[int, int, int, int]) -> str:
    """98 characters: (hour, minute, contact bits, index) blocks, filled up to eleven."""
    made = [f"{hour:02d}{minute:02d}{contact | index:04X}" for hour, minute, contact, index in blocks]
    return " ".join(made + ["NONUTILE"] * (11 - len(made)))


ALL_DAY = profile((0, 0, CLOSED, 1))
OFF_PEAK_NIGHT = profile((0, 0, CLOSED, 1), (6, 30, OPEN, 2), (22, 30, CLOSED, 1))
WEEKEND_DAY = profile((0, 0, CLOSED, 3))
NORMAL_DAY = profile((0, 0, CLOSED, 1))
PEAK_DAY = profile((0, 0, OPEN, 2), (1, 0, CLOSED, 1), (7, 0, OPEN, 2))


def _tempo_day(colour: int) -> str:
    low = 2 * colour - 1
    return profile((0, 0, AS_TEMPO, low), (6, 0, AS_TEMPO, low + 1), (22, 0, AS_TEMPO, low))


class Calendar:
    """The calendars of one contract; ``at`` is asked for any minute, in any order."""

    def __init__(self, contract: Contract, seed: int = 0) -> None:
        self.contract = contract
        self.seed = seed
        self.forced: bool | None = None  # True: off-peak, whatever the hour
        self.colours: dict[int, int] = {}  # wall day -> colour, as set by a command
        self._cache: tuple[int, TariffMinute] | None = None

    def at(self, posix_s: int) -> TariffMinute:
        """The tariff at this instant; it can only change on a whole minute."""
        minute = posix_s // 60
        if self._cache is None or self._cache[0] != minute:
            self._cache = minute, self._compute(posix_s)
        return self._cache[1]

    def force(self, off_peak: bool | None) -> None:
        """Holds peak or off-peak hours, or gives the hour its say again."""
        self.forced, self._cache = off_peak, None

    def colour_day(self, posix_s: int, colour: int, ahead: int) -> None:
        """Gives today's (ahead 0) or tomorrow's (1) Tempo day a colour; red is a peak day under EJP."""
        day, second = clock.local(posix_s)
        self.colours[day - (second < minutes(6)) + ahead] = colour
        self._cache = None

    def colour(self, day: int) -> int:
        """Colour of a Tempo day: some 22 red and 43 white a year, in winter, never red on a week-end."""
        if day in self.colours:
            return self.colours[day]
        moment = date.fromordinal(day)
        draw = (day * 2654435761 + self.seed * 40503) % 1000 / 1000
        if moment.month in {11, 12, 1, 2, 3}:
            if moment.weekday() < 5 and draw < 0.2:
                return RED
            if moment.weekday() < 6 and draw < 0.5:
                return WHITE
        return BLUE

    def _compute(self, posix_s: int) -> TariffMinute:
        day, second = clock.local(posix_s)
        name = self.contract.name
        if name == "tempo":
            return self._tempo(posix_s, day, second)
        if name == "ejp":
            return self._ejp(posix_s, day, second)
        if name in {"hc", "weekend"}:
            return self._off_peak_hours(day, second)
        # A producer's contact is seen open (STGE 003A0301), a base contract's closed (003A0000).
        return TariffMinute(1, 1, name == "base", self._is_off_peak(second, 22, 6), 0, 0, ALL_DAY)

    def _is_off_peak(self, second: int, begin: int, end: int, minute: int = 0) -> bool:
        if self.forced is not None:
            return self.forced
        return second >= minutes(begin, minute) or second < minutes(end, minute)

    def _off_peak_hours(self, day: int, second: int) -> TariffMinute:
        off = self._is_off_peak(second, 22, 6, 30)
        free = [self.contract.name == "weekend" and date.fromordinal(d).weekday() >= 5 for d in (day, day + 1)]
        index = 3 if free[0] else 1 if off else 2
        next_profile = WEEKEND_DAY if free[1] else OFF_PEAK_NIGHT
        closed = off or free[0]
        return TariffMinute(index, _grid(day, off), closed, off, int(free[0]), int(free[1]), next_profile)

    def _tempo(self, posix_s: int, day: int, second: int) -> TariffMinute:
        off = self._is_off_peak(second, 22, 6)
        tempo_day = day - (second < minutes(6))  # a Tempo day goes from 06:00 to 06:00
        today, tomorrow = self.colour(tempo_day), self.colour(tempo_day + 1)
        known = second >= minutes(20) or second < minutes(6)
        begin, end, later = (clock.at_wall(tempo_day + n, minutes(6)) for n in range(3))
        peaks = {today - 1: Peak(today - 1, begin, end)} if today > BLUE else {}
        announced = posix_s >= clock.at_wall(tempo_day, minutes(11))
        if announced and tomorrow > BLUE and tomorrow != today:
            peaks[tomorrow - 1] = Peak(tomorrow - 1, end, later)
        return TariffMinute(
            index=2 * today - off,
            distributor=_grid(day, off),
            contact_closed=off and today != RED,
            off_peak=off,
            day=0,
            next_day=0,
            next_profile=_tempo_day(BLUE),
            today=today,
            tomorrow=tomorrow if known else UNKNOWN,
            running=max(today - 1, 0),
            notice=max(tomorrow - 1, 0) if known else 0,
            peaks=tuple(peaks[slot] for slot in sorted(peaks)),
            peak_profile=_tempo_day(tomorrow) if any(peak.begin > posix_s for peak in peaks.values()) else None,
        )

    def _ejp(self, posix_s: int, day: int, second: int) -> TariffMinute:
        known: list[Peak] = []
        for d in (day - 1, day, day + 1):
            peak = Peak(1, clock.at_wall(d, minutes(7)), clock.at_wall(d + 1, minutes(1)))
            announced = clock.at_wall(d - 1, minutes(17))
            if self.colour(d) == RED and announced <= posix_s < peak.end:
                known.append(peak)
        nearest = known[:1]
        running = any(peak.begin <= posix_s for peak in nearest)
        notice = any(peak.begin - 1800 <= posix_s < peak.begin for peak in nearest)
        ahead = any(peak.begin > posix_s for peak in nearest)
        return TariffMinute(
            index=2 if running else 1,
            distributor=_grid(day, self._is_off_peak(second, 22, 6)),
            contact_closed=not running,
            off_peak=self._is_off_peak(second, 22, 6) and not running,
            day=0,
            next_day=0,
            next_profile=NORMAL_DAY,
            running=int(running),
            notice=int(notice),
            peaks=tuple(nearest),
            peak_profile=PEAK_DAY if ahead else None,
        )


def _grid(day: int, off_peak: bool) -> int:
    """The distributor's four indexes: 1 and 2 in the low season (April to October), 3 and 4 in the high one."""
    high = date.fromordinal(day).month in {11, 12, 1, 2, 3}
    return 1 + 2 * high + (not off_peak)
