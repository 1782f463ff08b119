"""Three years of a producing Tempo household in a real database, and how long each look at them takes.

The roll-ups are written as the gateway leaves them (half hours, days, load curves, tariff changes), minutes from a day
on; what it has let go by then is not there. The figures go to ``tools/bench``; tests use the same years, shorter.
"""

from __future__ import annotations

import random
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, days, midnight
from gateway.balance.energy import total
from gateway.config.tables import Config, load
from gateway.household.days import HouseholdDays, roll_up
from gateway.store.ledger_from_marks import fill
from gateway.store.minutes import gather_all
from gateway.store.prepare import prepare
from gateway.store.store import Archive, Store
from gateway.web.cost.stored import bill
from gateway.web.history.curves import HouseholdCurves
from gateway.web.repair.stored import look as look_for_repair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.parts import At

DRAWN, MADE = "consumption/energy/active/index", "production/energy/active/index"
POWER, MADE_POWER = "consumption/power/apparent/raw", "production/power/apparent/raw"
CURVE, MADE_CURVE = "consumption/power/active/raw", "production/power/active/raw"
TEXTS = ("HC  BLEU", "HP  BLEU", "HC BLANC", "HP BLANC", "HC ROUGE", "HP ROUGE")
CONFIG = """
[[meter]]
source = "/dev/ttyTIC"
[[counter]]
name = "solar"
quantity = "electricity-produced"
gpio = 17
per_pulse = "1 Wh"
[store]
directory = "."
[[tariff]]
name = "Tempo"
from = 2020-01-01
subscription = 15.96
injection = 0.04
prices = { hcjb = 0.1325, hpjb = 0.1612, hcjw = 0.1499, hpjw = 0.1871, hcjr = 0.1575, hpjr = 0.7060 }
[objective]
kwh_per_month = 300
euros_per_year = 900
"""
# A look is taken so often; the median counts.
_LOOKS = 5


@dataclass(slots=True)
class _Series:
    """One index that is being written: its number in the store, that of its curve, and where it stands."""

    number: int
    curve: int | None
    wh: int = 0


def write_years(directory: Path, first: date, end: date, seed: int = 1, minutes_from: date | None = None) -> Config:
    """Make the database of ``[first, end)`` and a configuration that fits; the configuration.

    From ``minutes_from`` on there are minutes of the two powers as well, with a gap of an hour on every tenth day.
    """
    (directory / "gateway.toml").write_text(CONFIG)
    prepare(directory)
    with closing(Store(directory)) as store:
        store.meters.add("house", "ab12cd34ef")
        store.meters.add("solar", "ab12cd34f0")
        store.db.begin()
        db = store.db
        # In the order of the table: a tree that only grows at its end is written three times as fast.
        db.executemany("INSERT INTO coarse VALUES (?, ?, ?, ?)", sorted(_rows(store, first, end, random.Random(seed))))
        if minutes_from:
            for power, curve in ((POWER, CURVE), (MADE_POWER, MADE_CURVE)):
                rows = _minutes(store, power, curve, midnight(minutes_from), random.Random(seed))
                db.executemany("INSERT INTO minute VALUES (?, ?, 30, ?, ?, ?, ?, 1)", rows)
            gather_all(db)
        fill(store.db)
        store.db.commit()
        config = load(directory / "gateway.toml")
        while roll_up(store, config, midnight(end)):
            pass
    return config


def _rows(store: Store, first: date, end: date, chance: random.Random) -> Iterator[tuple[int, int, int, int]]:
    drawn, injected = _series(store, "house", DRAWN, CURVE), _series(store, "house", MADE, MADE_CURVE)
    solar = _series(store, "solar", MADE, MADE_CURVE)
    classes = [_series(store, "house", f"{DRAWN}/provider/{n}", None) for n in range(1, 7)]
    everything = [drawn, injected, solar, *classes]
    told = -1
    for day in days(first, end):
        begin, until = midnight(day), midnight(day + timedelta(days=1))
        colour = _colour(day, chance)
        yield from ((one.number, 86400, begin, one.wh) for one in everything)
        for moment in range(begin, until, 1800):
            yield from ((one.number, 1800, moment, one.wh) for one in everything)
            hour = (moment - begin) / 3600
            peak = 6 <= hour < 22
            if told != (told := 2 * colour + peak):
                _tell_tariff(store, moment, told)
            made = max(0, round(chance.uniform(0.4, 1) * 1200 * (1 - ((hour - 13) / 5) ** 2)))
            used = round(chance.uniform(40, 60) + (peak and chance.uniform(0, 500)))
            for one, wh in ((drawn, max(0, used - made)), (injected, max(0, made - used)), (solar, made)):
                one.wh += wh
                yield (one.curve or 0, 1800, moment, 2 * wh)
            classes[2 * colour + peak].wh += max(0, used - made)
    yield from ((one.number, step, midnight(end), one.wh) for one in everything for step in (1800, 86400))


def _minutes(
    store: Store, power: str, curve: str, start: int, chance: random.Random
) -> Iterator[tuple[int, int, int, int, int, int]]:
    """The minutes of a power around the means of its half hours."""
    number = store.meters.add_series("house", power, "VA", "gauge").id
    of = store.meters.add_series("house", curve, "W", "curve").id
    halves = store.db.execute(
        "SELECT time, value FROM coarse WHERE series = ? AND step = 1800 AND time >= ?", [of, start]
    ).fetchall()
    for half_hour, watts in halves:
        if half_hour % 864_000 in (36_000, 37_800):
            continue
        for moment in range(half_hour, half_hour + 1800, 60):
            mean = round(watts * chance.uniform(0.8, 1.2))
            yield number, moment, 30 * mean, mean * 3 // 4, mean * 3 // 2, mean


def _colour(day: date, chance: random.Random) -> int:
    """0 blue, 1 white, 2 red: as many in a year as there are, red ones in winter."""
    if day.month in (11, 12, 1, 2, 3) and day.weekday() < 5 and chance.random() < 0.2:
        return 2
    return int(day.weekday() < 6 and chance.random() < 0.13)


def _series(store: Store, meter: str, path: str, curve: str | None) -> _Series:
    made = store.meters.add_series(meter, path, "Wh", "index")
    of = store.meters.add_series(meter, curve, "W", "curve").id if curve else None
    return _Series(made.id, of)


def _tell_tariff(store: Store, moment: int, place: int) -> None:
    """A change of tariff, as the minutes keep it."""
    for path, said in (("contract/tariff/index", f"{place + 1:02}"), ("contract/tariff", TEXTS[place])):
        series = store.meters.add_series("house", path, "", "text")
        row = [series.id, moment, said]
        store.db.execute("INSERT INTO minute VALUES (?, ?, 0, 0, 0, 0, ?, 1)", row)


def measure(at: At) -> dict[str, float]:
    """Look -> milliseconds, everything in it: the statements and the arithmetic."""
    end = date(2026, 11, 25)
    first = end.replace(year=end.year - (1 if at.quick else 3))
    config = write_years(at.folder, first, end, minutes_from=first)
    looks: dict[str, Callable[[HouseholdCurves], object]] = {
        "one day": lambda house: house.read(date(2026, 7, 1), date(2026, 7, 2)),
        "one month and the year before": lambda house: _beside(house, BalancePeriod.MONTH, date(2026, 7, 1)),
        "one year and the year before": lambda house: _beside(house, BalancePeriod.YEAR, date(2025, 1, 1)),
        "three years": lambda house: house.read(first, end),
        "the costs of thirteen months": lambda house: bill(
            house, config, BalancePeriod.MONTH, midnight(end), end - timedelta(days=1)
        ),
        "a day's curve among three years of minutes": lambda house: (
            house.curve(date(2026, 7, 1)),
            house.half_hours(date(2026, 7, 1)),
        ),
        "a projection": lambda house: house.for_projection(date(2026, 11, 24)),
    }
    with closing(Archive(at.folder)) as archive:
        found = {
            name: milliseconds(lambda look=look: look(HouseholdCurves(archive, config))) for name, look in looks.items()
        }
        return {**found, "what stands out, all series": milliseconds(lambda: look_for_repair(archive, None))}


def _beside(house: HouseholdDays, period: BalancePeriod, first: date) -> object:
    before = period.year_before(first)
    return [total(house.read(begin, period.after(begin))) for begin in (before, first)]


def milliseconds(*looks: Callable[[], object]) -> float:
    """How long these take together: the median of some, of the processor, so that what else runs does not count."""
    took = []
    for _ in range(_LOOKS):
        begun = time.process_time()
        for look in looks:
            look()
        took.append((time.process_time() - begun) * 1000)
    return median(took)
