"""Stands for houses under contracts of every kind, whose meters count by a calendar of their own.

The calendar here is written by the clock on the wall, minute by minute, and takes nothing of the gateway's arithmetic.
"""

from collections import Counter
from contextlib import redirect_stdout
from datetime import date, datetime, timedelta
from functools import cache
from io import StringIO
from json import loads
from random import Random

from gateway.balance.calendar import days, midnight
from gateway.commands.main import main
from gateway.tic.frame import HISTORIC, STANDARD
from tests.gateway.balance.world import CONFIG, CONTRACTS, PARIS, STEP_S, Gateway, Meter

SEASONAL = (
    "",
    (),
    "WE ET SAISONS",
    {
        "1": (1, "", "HC SEM HIVER"),
        "2": (2, "", "HP SEM HIVER"),
        "3": (3, "", "HC SEM ETE"),
        "4": (4, "", "HP SEM ETE"),
        "5": (5, "", "HC WEEK-END"),
    },
)
_ODD = ((2, 56, 7, 56), (11, 56, 14, 56))
# From 1 November on, as the reform moves them.
_MOVED = ((1, 26, 6, 26), (12, 26, 15, 26))


def _night(clock):
    return not 6 <= clock.hour < 22


def _within(clock, windows):
    minute = clock.hour * 60 + clock.minute
    return any(a * 60 + b <= minute < c * 60 + d for a, b, c, d in windows)


def _colour(seed, clock):
    """Red and white days by lot, in winter; the day begins at six."""
    return _colour_of_day(seed, (clock - timedelta(hours=6)).date())


@cache
def _colour_of_day(seed, day):
    if day.month not in (11, 12, 1, 2, 3) or day.weekday() > 4:
        return "jb"
    return Random(seed * 10_000 + day.toordinal()).choices(("jb", "jw", "jr"), (6, 2, 2))[0]


def word_of(kind, seed, clock):
    """The class of a moment on the clock."""
    winter = clock.month in (11, 12, 1, 2, 3)
    hour = "hc" if _night(clock) else "hp"
    peak = _colour(seed, clock) == "jr" and (clock.hour >= 7 or clock.hour < 1)
    week = {"hc": "1" if winter else "3", "hp": "2" if winter else "4"}[hour]
    return {
        "base": "base",
        "hc": hour,
        "odd": "hc" if _within(clock, _MOVED if winter else _ODD) else "hp",
        "tempo": hour + _colour(seed, clock),
        "ejp": "pm" if peak else "hn",
        "seasonal": "5" if clock.weekday() >= 5 else week,
    }[kind]


RULES = """
[[tariff.when]]
class = "we"
days = ["sat", "sun"]
[[tariff.when]]
class = "winter-night"
seasons = ["11-01/03-31"]
hours = ["22:00/06:00"]
[[tariff.when]]
class = "winter"
seasons = ["11-01/03-31"]
[[tariff.when]]
class = "night"
hours = ["22:00/06:00"]
[[tariff.when]]
class = "day"
"""
OFF_PEAK = '[[off_peak]]\nfrom = 2000-01-01\nhours = ["22:00/06:00"]\n'
MOVING = (
    '[[off_peak]]\nfrom = 2000-01-01\nhours = ["02:56/07:56", "11:56/14:56"]\nseasons = ["04-01/10-31"]\n'
    '[[off_peak]]\nfrom = 2000-01-01\nhours = ["01:26/06:26", "12:26/15:26"]\nseasons = ["11-01/03-31"]\n'
)
# Kind -> mode, contract, prices, what the configuration says besides.
KINDS = {
    "base": (HISTORIC, "base", {"base": 0.194}, ""),
    "hc": (HISTORIC, "hc", {"hc": 0.1579, "hp": 0.2065}, OFF_PEAK),
    "odd": (HISTORIC, "hc", {"hc": 0.1579, "hp": 0.2065}, MOVING),
    "tempo": (
        HISTORIC,
        "tempo",
        {"hcjb": 0.1325, "hpjb": 0.1612, "hcjw": 0.1499, "hpjw": 0.1871, "hcjr": 0.1575, "hpjr": 0.706},
        "",
    ),
    "ejp": (HISTORIC, "ejp", {"hn": 0.1781, "pm": 0.344}, ""),
    "seasonal": (
        STANDARD,
        "seasonal",
        {"we": 0.15, "winter-night": 0.19, "winter": 0.26, "night": 0.13, "day": 0.16},
        RULES,
    ),
}
MINUTE_S, FRAME_S = 60, 300
# Where a class of a kind may begin: around these a frame comes each half minute.
BORDERS = {
    "hc": ((6, 0), (22, 0)),
    "odd": tuple(clock for a, b, c, d in (*_ODD, *_MOVED) for clock in ((a, b), (c, d))),
    "tempo": ((6, 0), (22, 0)),
    "ejp": ((1, 0), (6, 0), (7, 0)),
    "seasonal": ((0, 0), (6, 0), (22, 0)),
}


class ContractMeter(Meter):
    """A meter whose calendar is a kind's; its house heats water and cooks at the same hours each day, more or less."""

    def __init__(self, kind, seed, time):
        mode, contract, _, _ = KINDS[kind]
        super().__init__(time, self._power, mode=mode, contract=contract)
        self.contracts, self.step_s = CONTRACTS | {"seasonal": SEASONAL}, MINUTE_S
        self.kind, self.seed = kind, seed
        self._salt, self._slot = Random(seed).randrange(2**32), (0, 0)
        # Class -> joules, on each day of the clock.
        self.by_day = {}

    def word(self, time):
        return word_of(self.kind, self.seed, datetime.fromtimestamp(time, PARIS))

    def _power(self, slot):
        if slot != self._slot[0]:
            self._slot = slot, self._drawn(slot)
        return self._slot[1]

    def _drawn(self, slot):
        clock, lot = datetime.fromtimestamp(slot, PARIS), Random(self._salt ^ slot)
        heater = 2400 if 2 <= clock.hour < 5 or 12 <= clock.hour < 14 else 0
        return 2 * (lot.randrange(60, 300) + heater // 2 + (lot.randrange(1200) if 18 <= clock.hour < 22 else 0))

    def advance(self, until):
        """Live until then; no class begins between two frames, as there is one wherever one of a kind may."""
        while self.time < until:
            slot = self.time - self.time % STEP_S
            end = min(until, slot + STEP_S)
            word = self.word(self.time)
            joules = (end - self.time) * self.power(slot)
            self.registers[self.contracts[self.contract][3][word][0]] += joules
            day = self.by_day.setdefault(datetime.fromtimestamp(self.time, PARIS).date(), Counter())
            day[word] += joules
            self.time = end


class ContractHouse:
    """A house that lived from one day to another under a kind of contract, and its gateway heard it all along.

    Args:
        folder: of the gateway.
        kind: of ``KINDS``.
        seed: of what it draws, and of the colours.
        first: the first day.
        end: the day after the last one.
        more: of the configuration.
    """

    def __init__(self, folder, kind, seed, first, end, more=""):
        self.folder, self.first, self.end = folder, first, end
        _, _, prices, said = KINDS[kind]
        tariff = f'[[tariff]]\nname = "Own"\nfrom = 2000-01-01\nsubscription = 15.65\nprices = {_inline(prices)}\n'
        self.meter = ContractMeter(kind, seed, midnight(first) - 600)
        self.gateway = Gateway(folder, CONFIG + tariff + said + more)
        self.gateway.hear(self.meter, range(midnight(first) - 600, midnight(first) + 1, 60))
        for day in days(first, end):
            begin, until = midnight(day), midnight(day + timedelta(days=1))
            # Also at each of the minutes around the borders of the hours, as a meter that speaks all the time.
            fine = {time for hour in _borders(kind, day) for time in range(hour - 60, hour + 61, 30)}
            times = sorted({*range(begin + FRAME_S, until + 1, FRAME_S), *(t for t in fine if begin < t < until)})
            self.gateway.hear(self.meter, times)
        # What is said at midnight is believed once it goes on.
        self.gateway.hear(self.meter, range(midnight(end) + 30, midnight(end) + 301, 30))
        self.gateway.close()

    def compare(self, *options, code=0):
        """What the command says, as JSON."""
        out = StringIO()
        with redirect_stdout(out):
            words = ["compare", "--json", "--config", str(self.folder / "gateway.toml"), *options]
            assert main([*words, "--from", str(self.first), "--to", str(self.end)]) == code
        return loads(out.getvalue())


def _borders(kind, day):
    """Where a class may begin, in POSIX seconds."""
    clocks = [datetime(day.year, day.month, day.day, *clock, tzinfo=PARIS) for clock in BORDERS.get(kind, ())]
    return [int(clock.replace(fold=fold).timestamp()) for clock in clocks for fold in (0, 1)]


def _inline(prices):
    return "{ " + ", ".join(f"{word} = {price}" for word, price in prices.items()) + " }"


def three_spans(seed, length):
    """(first, end) of three stretches, around both changes of the clock and of the season."""
    year = 2024 + seed % 2
    begins = (date(year, 3, 31) - timedelta(days=length // 2), date(year, 10, 31) - timedelta(days=length // 2))
    return [(day, day + timedelta(days=length)) for day in (*begins, date(year, 1, 5))]
