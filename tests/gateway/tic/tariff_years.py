"""Stands for years of a meter, as the calendar hears them: frames around each border and a few between, not each one.

The truth is a list of off-peak windows with the day since when they hold. The host's clock is the true time plus a
bias; the meter's clock trembles against it. There are outages, restarts (the calendar made again of its notes), nights
in which the clocks change, and changes of season. Everything is of a seed.
"""

import random
from datetime import date, timedelta
from functools import lru_cache

from gateway.tic.day_classes import day_start, hour, moment
from gateway.tic.tariff_calendar import TariffCalendar

ONE = timedelta(days=1)

NIGHT = ((0, 396), (1356, 1440))  # 22:36-06:36
SPLIT = ((94, 454), (754, 874))  # 01:34-07:34, 12:34-14:34
SUMMER = ((176, 476), (716, 896))  # 02:56-07:56, 11:56-14:56
WINTER = ((56, 476), (806, 866))  # 00:56-07:56, 13:26-14:26


def borders(windows):
    """(Minute, whether off-peak begins) of a day; what goes on over midnight has none there."""
    found = []
    for start, end in windows:
        if start:
            found.append((start, True))
        if end < 1440:
            found.append((end, False))
    if windows and windows[0][0] == 0 and windows[-1][1] != 1440:
        found.append((0, True))
    if windows and windows[-1][1] == 1440 and windows[0][0] != 0:
        found.append((0, False))
    return sorted(found)


def is_off_peak(windows, minute):
    """Whether that minute is in one of them."""
    return any(start <= minute < end for start, end in windows)


@lru_cache
def profile(windows, hexadecimal=False):
    """PJOURF+1 of a day: index 1 off-peak, 2 else."""
    begun = [(0, is_off_peak(windows, 0)), *(one for one in borders(windows) if one[0])]
    form = "{:02X}{:02X}" if hexadecimal else "{:02}{:02}"
    blocks = [form.format(*divmod(at, 60)) + ("C001" if off else "8002") for at, off in begun]
    return " ".join(blocks + ["NONUTILE"] * (11 - len(blocks)))


class SimulatedYears:
    """One meter and its calendar.

    Args:
        schedules: (first day, windows), in their order; they hold by legal time.
        standard: the mode.
        jitter_s: of the meter's clock against the host's (historic), one sigma.
        bias_s: of the host's clock.
        steps: the bias becomes another one, within 120 s, at each restart.
        outages: so many a month on average, from minutes to days.
        hexadecimal: the base of the hours in its profiles.
    """

    def __init__(
        self, schedules, *, seed, standard=False, jitter_s=20.0, bias_s=0.0, steps=False, outages=2.0, hexadecimal=False
    ):
        self.schedules, self.standard, self.jitter_s, self.bias_s = schedules, standard, jitter_s, bias_s
        self.steps, self.outages, self.hexadecimal = steps, outages, hexadecimal
        self.random = random.Random(seed)
        self.notes, self.known, self.events = {}, {}, []
        self.calendar = TariffCalendar()
        self.last = 0
        # Nobody listens from then until then.
        self.outage = (0.0, 0.0)
        # Since when the host's clock is as far off as it is.
        self.steady_since = None

    def windows(self, day):
        """Those of a day."""
        return [windows for since, windows in self.schedules if since <= day][-1]

    def since(self, day):
        """Since when they hold."""
        return [since for since, _ in self.schedules if since <= day][-1]

    def said(self, day, off):
        """What a frame says."""
        if not self.standard:
            return {"contract/option": "HC..", "contract/tariff": "HC.." if off else "HP.."}
        return {
            "contract/calendar": "H PLEINE/CREUSE",
            "contract/tariff": "HEURE CREUSE" if off else "HEURE PLEINE",
            "contract/tariff/index": "01" if off else "02",
            "contract/day": "00",
            "contract/day/next": "00",
            "contract/day/next/profile": profile(self.windows(day + ONE), self.hexadecimal),
            "status/contact": "closed" if off else "open",
        }

    def hear(self, true, day, off):
        """One frame at a true POSIX second (with its fraction)."""
        self.last = int(true) if self.standard else int(true + self.bias_s)
        said = self.said(day, off)
        told = self.calendar.observe(self.last, said.items(), "041876000001")
        self.known |= said | told.series
        for key, text in told.notes.items():
            if text is None:
                self.notes.pop(key, None)
            else:
                self.notes[key] = text
        self.events += [(event.kind, event.time, dict(event.detail)) for event in told.events]

    def restart(self, day):
        """Make the calendar again of what was noted."""
        self.calendar = TariffCalendar(dict(self.notes), dict(self.known), self.last, "041876000001")
        if self.steps:
            self.bias_s, self.steady_since = self.random.uniform(-120, 120), day

    def run(self, first, end, check=None):
        """Live the days of ``[first, end)``; ``check(self, day, border)`` is asked shortly before each border."""
        day = self.steady_since = first
        while day < end:
            if self.random.random() < self.outages / 30:
                begin = day_start(day) + self.random.uniform(0, 86400)
                self.outage = begin, begin + min(self.random.expovariate(1 / 7200), 3 * 86400) + 30
            if self.random.random() < 1 / 20:
                self.restart(day)
            self.live(day, check)
            day += ONE
        return self

    def live(self, day, check):
        """One day."""
        windows = self.windows(day)
        # The class goes by the meter's clock, which is ahead of the true time by a little, or behind it.
        ahead = [
            0.0 if self.standard else max(-90.0, min(90.0, self.random.gauss(0, self.jitter_s))) for _ in range(12)
        ]
        changes = [(moment(day, at) - far, off) for (at, off), far in zip(borders(windows), ahead, strict=False)]
        soon = {moment(day, at) - 150: moment(day, at) for at, _ in borders(windows)}
        times = [
            *soon,
            day_start(day + ONE) - 3.4,
            day_start(day + ONE) - 1.6,
            *range(day_start(day) + 65, day_start(day + ONE), 540),
        ]
        for true in (day_start(day), *(true for true, _ in changes)):
            time = true - 4
            while time < true + 5:
                times += [time] if time >= day_start(day) else []
                time += self.random.uniform(1.3, 2.3)
        for time in sorted(times):
            if not self.outage[0] <= time < self.outage[1]:
                before = not changes[0][1] if changes else is_off_peak(windows, 0)
                off = next((begun for true, begun in reversed(changes) if true <= time), before)
                self.hear(time, day, off)
                if check and time in soon:
                    check(self, day, soon[time])


def text(windows):
    """As the calendar writes them."""
    return " ".join(f"{hour(start)}/{hour(end)}" for start, end in windows)


def reform(first, years, *, moved, seasons):
    """Schedules of a house: as before, moved on a day (or None), from then on by season or not."""
    found = [(first - ONE * 400, NIGHT)]
    if moved is None:
        return found
    if not seasons:
        return [*found, (moved, SPLIT)]
    day = moved
    while day < first + ONE * 366 * years:
        summer = 4 <= day.month <= 10
        found.append((day, SUMMER if summer else WINTER))
        day = date(day.year, 11, 1) if summer else date(day.year + (day.month >= 11), 4, 1)
    return found
