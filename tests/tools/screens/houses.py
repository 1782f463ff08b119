"""Six houses to be photographed: what each has lived through, up to one moment at which its clock stands.

What a household draws is seeded habit: the same house each time it is made. They live as those of ``tests.figures`` do,
through the recorder into the store; the three years are those of ``bench.years``.
"""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from gateway.tic.active_power import COS_PHI, ESTIMATE, HALF_WIDTH
from gateway.tic.reading import Kind, Quality, Reading
from gateway.tic.tariff_outlook import DAYS_LEFT, OFF_PEAK_NEXT, OFF_PEAK_TODAY, OFF_PEAK_TOMORROW, UNTIL
from tests.figures.houses import House, Sort, at, local
from tests.gateway.web import three_years

# A Tempo season has so many more blue days than others; these are red and white ones of January 2026.
RED = {date(2026, 1, day).toordinal() for day in (6, 7, 14, 16)}
WHITE = {date(2026, 1, day).toordinal() for day in (8, 12, 15)}
_LOW_FROM, _LOW_TO = 22, 6


@dataclass
class Lived(Sort):
    """A household with habits; ``panels`` is the peak of what it makes, W, ``cold`` what heating takes."""

    panels: int = 0
    cold: int = 0
    heats_water: bool = True

    def draws(self, time):
        """W from the grid, W into it, W made; whole watt-hours at each step of a house."""
        now = local(time)
        hour, chance = now.hour + now.minute / 60, random.Random(f"{self.name} {time // 600}")
        day = random.Random(f"{self.name} {now.toordinal()}")
        need = 150 + 110 * (time // 1200 % 3 == 0) + self._habits(hour, now.weekday() >= 5, chance)
        need += self.cold * (0.4 + 0.6 * (6 <= hour < 9 or 17 <= hour < 22)) * chance.uniform(0.5, 1.2)
        if self.heats_water and (hour >= 23 or hour < day.uniform(0.8, 2)):
            need += 2200
        sun = 1 - ((hour - 13.6) / (8 if 4 <= now.month <= 9 else 4.6)) ** 2
        made = self.panels * max(0.0, sun) * day.uniform(0.45, 1) * chance.uniform(0.8, 1)
        need, made = (60 * round(value / 60) for value in (need, made))
        return max(0, need - made), max(0, made - need), made

    def _habits(self, hour, free, chance):
        if 6.5 <= hour < 8.5 or (free and 8.5 <= hour < 11):
            return chance.choice((200, 500, 1400))
        if 12 <= hour < 13.5:
            return chance.choice((400, 900, 1900)) * (1.3 if free else 0.7)
        if 18.5 <= hour < 20.5:
            return chance.choice((700, 1300, 2300))
        return chance.choice((250, 350, 600)) if 20.5 <= hour < 23 else chance.choice((0, 0, 60))

    def colour(self, day):
        """Of a Tempo day, by its ordinal."""
        return 2 if day in RED else int(day in WHITE)


_ACCOUNT = '[federation]\njid = "maison@sen1.test"\npassword_file = "password"\n'
_TOLD = '[household]\naddress = "camille@sen1.test"\n[objective]\neuros_per_month = 220\nkwh_per_month = 950\n'
_WAY = '[[notice]]\nname = "node-red"\nurl = "json://192.168.1.20:1880/linky"\nfor = "Camille"\n'
_TEMPO_PRICES = "hcjb = 0.1325, hpjb = 0.1612, hcjw = 0.1499, hpjw = 0.1871, hcjr = 0.1575, hpjr = 0.7060"
_OFF_PEAK = "hc = 0.1579, hp = 0.2065"


@dataclass
class Portrait:
    """One of the six: who lives there, the moment, what else its configuration says.

    ``shares`` with how many recipients, how many more ``ask``; ``silent_s`` is for how long its meter has said nothing.
    """

    sort: Sort | None
    day: date
    clock: str
    tables: str = ""
    shares: int = 0
    asks: int = 0
    silent_s: int | None = None
    password: bool = True

    @property
    def moment(self):
        return at(self.day, self.clock)


HOUSES = {
    "first-day": Portrait(None, date(2026, 11, 28), "18:05", password=False),
    "first-evening": Portrait(
        Lived("first-evening", _OFF_PEAK, young_s=4 * 3600 + 1500, tariff="EDF Tarif Bleu", cold=700),
        date(2026, 11, 28), "20:47",
    ),
    "tempo": Portrait(
        Lived("tempo", _TEMPO_PRICES, tempo=True, tariff="EDF Tempo", days=40, cold=900),
        date(2026, 1, 15), "19:17", _ACCOUNT + _TOLD + _WAY, shares=1,
    ),
    "producer": Portrait(
        Lived("producer", "base = 0.2016", solar=True, three=True, tariff="EDF Tarif Bleu", days=40, panels=3000),
        date(2026, 6, 17), "13:27", _ACCOUNT + _TOLD, shares=2,
    ),
    "years": Portrait(None, three_years.END - timedelta(days=1), "23:59", _ACCOUNT, shares=2),
    "fault": Portrait(
        Lived("fault", _OFF_PEAK, solar=True, dead_s=30 * 3600, tariff="EDF Tarif Bleu", days=10, panels=2000),
        date(2026, 4, 21), "11:37", _ACCOUNT + _TOLD, shares=1, asks=1, silent_s=7200,
    ),
}  # fmt: skip


class Home(House):
    """A house that lives in such a way, and says besides what a meter's calendar knows to come."""

    def __init__(self, folder, portrait):
        self._extra = False
        super().__init__(folder, portrait.sort, portrait.moment - (portrait.silent_s or 0), portrait.tables)
        self._extra = True
        self.readings = self._readings(self.moment)

    def _readings(self, time):
        found = super()._readings(time)
        if not self._extra:
            return found
        drawn, injected, _ = self.kind.draws(time)
        told = {UNTIL: self._iso(self._next(time, *(_LOW_FROM, _LOW_TO)))} if "hc" in self.kind.prices else {}
        if told:
            hours = f"00:00/{_LOW_TO:02}:00 {_LOW_FROM:02}:00/24:00"
            told |= {OFF_PEAK_NEXT: self._iso(self._next(time, _LOW_FROM))}
            told |= {OFF_PEAK_TODAY: hours, OFF_PEAK_TOMORROW: hours}
        if self.kind.tempo:
            told |= {DAYS_LEFT["ROUG"]: "18", DAYS_LEFT["BLAN"]: "40"}
        figures = {ESTIMATE: (drawn - injected, "W"), HALF_WIDTH: (60, "W"), COS_PHI: (97, "")}
        for phase in (1, 2, 3) if self.kind.three else ():
            figures |= {f"consumption/voltage/raw/phase/{phase}": (230 + phase, "V")}
            figures |= {f"consumption/current/raw/phase/{phase}": (1 if injected else 2 + phase, "A")}
        return (
            *found,
            *(Reading(path, _utc(time), said, "", Kind.TEXT, Quality.METER) for path, said in told.items()),
            *(Reading(path, _utc(time), *said, Kind.GAUGE, Quality.METER) for path, said in figures.items()),
        )

    def _iso(self, time):
        return f"{_utc(time):%Y-%m-%dT%H:%M:%SZ}"

    def _next(self, time, *hours):
        """When next one of these hours strikes."""
        now = local(time)
        strikes = [datetime(now.year, now.month, now.day, hour, tzinfo=now.tzinfo) for hour in hours]
        return min(int((one if one > now else one + timedelta(days=1)).timestamp()) for one in strikes)


def _utc(time):
    return datetime.fromtimestamp(time, UTC)


def lived(folder, name):
    """The house of that name, lived up to its moment: what its meter says then, None where nothing was heard yet.

    And what it really did, by day, where it has lived of its own habits.
    """
    portrait = HOUSES[name]
    if portrait.sort:
        home = Home(folder, portrait)
        return home.readings, home.truth
    folder.mkdir(parents=True)
    if name == "years":
        three_years.write(folder)
        return (), None
    return None, None
