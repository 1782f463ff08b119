"""Random years of a household: every kind of break, gaps and both clock changes, from a seed; and what must hold after.

Days are known by their midnights, and by half hours around what happens; so a year is some thousand frames. The checker
compares with the meter's own truth alone (``world``): it takes nothing of the gateway's arithmetic.
"""

import json
from collections import Counter
from contextlib import closing, redirect_stdout
from datetime import date, timedelta
from io import StringIO
from random import Random

from gateway.balance.calendar import day_of, days, midnight
from gateway.commands.main import main
from gateway.config.tables import load
from gateway.store.points import Granularity
from gateway.store.store import Archive, Store
from gateway.tic.frame import HISTORIC, STANDARD
from gateway.web.history.curves import HouseholdCurves
from tests.gateway.balance.world import CONFIG, CONTRACTS, ROLL, STEP_S, Gateway, Meter, around, every, word_at

WORDS = sorted({word for _, _, _, words in CONTRACTS.values() for word in words})
PRICES = {word: round(0.1 + 0.01 * place, 2) for place, word in enumerate(WORDS)}
TARIFF = f"""
[[tariff]]
name = "All"
from = 2020-01-01
subscription = 31
injection = 0.1
prices = {{ {", ".join(f"{word} = {price}" for word, price in PRICES.items())} }}
"""
SOLD = "production/power/active/raw"
DAILY, CURVE = "consumption/energy/active/daily", "consumption/power/active/raw"
_ONE = timedelta(days=1)
# A breaker of 12 kVA passes no more for long.
MOST_W = 12_000
# Indexes are cut to whole Wh, ten registers for themselves, at both ends; a clock that is 4 s off is 8 Wh of 6 kW.
CUT_WH = 30
KINDS = ("mode", "contract", "swap", "step", "fall", "roll", "gap", "restart", "skew")


class Year:
    """A year of a house, lived when made.

    Args:
        folder: of the gateway.
        seed: of all that is not said.
        script: date -> what is done to the meter on it, instead of what is drawn by lot.
        start: attributes of the meter to begin with.

    Attributes:
        holes: [first, last) in which nobody could know what was counted.
        happened: what was done, for whoever looks at a seed that fails.
    """

    def __init__(self, folder, seed, script=None, **start):
        self.random, self.script = Random(seed), script
        self.seed, self.first = seed, date(2021 + seed % 4, 1, 1)
        self.end = self.first.replace(year=self.first.year + 1)
        sunny = start.pop("sunny", seed % 3 == 0)
        # The name of a series is no randomness: the same house for the same seed.
        salt = self.random.randrange(2**32)
        self.meter = Meter(
            midnight(self.first) - 60,
            lambda slot: 200 + Random(salt ^ slot).randrange(0, 3000) * 2,
            mode=self.random.choice([HISTORIC, STANDARD]),
            contract=self.random.choice(list(CONTRACTS)),
            sun=(lambda slot: _sun(salt, slot)) if sunny else None,
            address="021961000001",
        )
        vars(self.meter).update(start)
        self._replace_registers()
        self.gateway = Gateway(folder, CONFIG + TARIFF)
        self.holes, self.happened = [], []
        # How many days were to be exact, to the watt-hour.
        self.exact = 0
        # Spans in which nobody says what is injected.
        self.unsaid = []
        self._live()
        self.gateway.close()
        # Half hour -> class -> joules.
        self.drawn = {}
        for (slot, word), joules in self.meter.drawn.items():
            self.drawn.setdefault(slot, {})[word] = joules

    def _replace_registers(self):
        # Of years under other contracts: what no contract says is in the total of standard mode all the same.
        self.meter.registers = {n: self.random.randrange(40_000_000) * 3600 for n in range(1, 11)}
        self.meter.injected = self.random.randrange(10_000_000) * 3600

    def _live(self):
        plan, quiet = self._plan(), [*every(self.meter.time + 2, midnight(self.first))]
        for day in days(self.first, self.end):
            begin, end = midnight(day), midnight(day + _ONE)
            if begin < self.meter.time:
                continue
            if self.meter.mode == HISTORIC:
                self.unsaid.append((begin, end))
            if day in plan:
                self.gateway.hear(self.meter, quiet)
                quiet = []
                self._eventful(begin, end, plan[day])
            else:
                # Names are said twice: those of the day too, or a class would have no name.
                noon = begin + 43_200
                quiet += [noon - 4, noon - 2, noon, *around(end)]
        self.gateway.hear(self.meter, quiet)

    def _plan(self):
        """Day -> what happens on it; each kind at least once, most of the days quiet."""
        if self.script is not None:
            return self.script
        pool = [day for day in days(self.first + timedelta(days=3), self.end - timedelta(days=8)) if day.day % 4 == 1]
        kinds = [*KINDS, *self.random.choices(KINDS, k=6)]
        return dict(zip(self.random.sample(pool, len(kinds)), kinds, strict=True))

    def _eventful(self, begin, end, kind):
        """A day with something at a moment of it, sometimes at the end of a half hour; the half hours around it."""
        at = self.random.randrange(begin + 7200, end - 7200)
        if self.random.random() < 0.4:
            at -= at % STEP_S + self.random.choice([-2, 0, 2, 4])
        at -= at % 2
        self.happened.append((at, kind))
        meter_mode = self.meter.mode
        halves = range(at - at % STEP_S - 3 * STEP_S, at, STEP_S)
        self.gateway.hear(self.meter, [time for time in around(*halves) if self.meter.time < time < at - 30])
        self.gateway.hear(self.meter, every(max(at - 30, self.meter.time + 2), at - 2))
        # What is done is done while somebody listens, or while nobody does.
        blind = kind == "gap" or (kind in ("mode", "contract", "swap") and self.random.random() < 0.3)
        if blind:
            self.meter.advance(at + self.random.randrange(3600, 5 * 86400) // 2 * 2)
        last = at - 2
        self._do(kind)
        first = self.meter.time + 2
        if kind == "gap" and self.random.random() < 0.5:
            self._do(self.random.choice(["mode", "contract", "swap"]))
            kind = "blind"
        if meter_mode != self.meter.mode or self.meter.mode == HISTORIC:
            self.unsaid.append((begin, midnight(day_of(first) + _ONE)))
        self.gateway.hear(self.meter, every(first, first + 40))
        if kind not in ("gap", "restart", "skew"):
            # Until three frames agree.
            self.holes.append((last - 2, first + 10))
        begin = midnight(day_of(self.meter.time))
        then = self.meter.time - self.meter.time % STEP_S
        rest = [*range(then + STEP_S, then + 6 * STEP_S, STEP_S), begin + 43_200, midnight(day_of(begin) + _ONE)]
        self.gateway.hear(self.meter, [time for time in around(*rest) if time > self.meter.time])

    def _do(self, kind):
        meter, random = self.meter, self.random
        meter.changes += kind != "restart"
        if callable(kind):
            kind(meter)
        elif kind == "mode":
            meter.mode = STANDARD if meter.mode == HISTORIC else HISTORIC
        elif kind == "contract":
            meter.contract = random.choice([one for one in CONTRACTS if one != meter.contract])
        elif kind == "swap":
            meter.address = f"021961{random.randrange(10**6):06}"
            self._replace_registers()
            if random.random() < 0.3:
                meter.registers = dict.fromkeys(meter.registers, 3600)
        elif kind in ("step", "fall"):
            # What is said now: a register of another contract is heard in the total of standard mode alone.
            number = CONTRACTS[meter.contract][3][word_at(meter.contract, meter.time)][0]
            by = random.randrange(200_000, 3_000_000) * 3600
            meter.registers[number] += by if kind == "step" else -min(by, meter.registers[number])
        elif kind == "roll":
            # Another meter, whose index has half a minute to the end of its digits. Historic mode has no total: where
            # it is our sum of several, that falls when one of them begins again, and the sum is known to be broken.
            self._do("swap")
            meter.contract = "base" if meter.mode == HISTORIC else meter.contract
            meter.registers = dict.fromkeys(meter.registers, 3600)
            number = CONTRACTS[meter.contract][3][word_at(meter.contract, meter.time)][0]
            meter.registers[number] = ROLL * 3600 - 30 * meter.power(meter.time - meter.time % STEP_S)
        elif kind == "skew":
            meter.ahead_s = random.randrange(5)
        elif kind == "restart":
            self.gateway.restart()

    def truth(self, begin, end):
        """Joules drawn by class, and injected, of whole half hours."""
        drawn, sold = Counter(), 0
        for slot in range(begin, end, STEP_S):
            drawn.update(self.drawn.get(slot, {}))
            sold += self.meter.sold[slot]
        return drawn, sold

    def lost(self, begin, end):
        """Wh that were drawn in holes between two moments; and what was injected."""
        drawn = sold = 0
        for first, last in self.holes:
            time, until = max(first, begin), min(last, end)
            while time < until:
                slot = time - time % STEP_S
                upto = min(until, slot + STEP_S)
                need = self.meter.power(slot) - (self.meter.sun(slot) if self.meter.sun else 0)
                drawn += max(need, 0) * (upto - time) / 3600
                sold += max(-need, 0) * (upto - time) / 3600
                time = upto
        return drawn, sold

    def checked(self):
        """What ``check`` prints."""
        out = StringIO()
        with redirect_stdout(out):
            assert main(["check", "--lang", "en", "--config", str(self.gateway.folder / "gateway.toml")]) == 0
        return out.getvalue()

    def said(self, what):
        """Rows of a command by day."""
        out = StringIO()
        options = ["--period", "day", "--from", str(self.first), "--to", str(self.end)]
        with redirect_stdout(out):
            assert main([what, "--json", "--config", str(self.gateway.folder / "gateway.toml"), *options]) == 0
        return {date.fromisoformat(row["from"]): row for row in json.loads(out.getvalue())["rows"]}


def check_year(year):
    """All that must hold of a year; says the seed and what happened where it does not."""
    told = f"seed {year.seed}: {year.happened}"
    assert "days add up, to the watt-hour" in year.checked(), told
    energy, euros = year.said("balance"), year.said("cost")
    _check_days(year, energy, told)
    assert year.exact > 20, told
    _check_bill(year, energy, euros, told)
    _check_sent(year, told)
    with closing(Archive(year.gateway.folder)) as archive:
        assert archive.spanning.points() == [], told
        house = HouseholdCurves(archive, load(year.gateway.folder / "gateway.toml"))
        compared = 0
        for time, _ in year.happened:
            for at, one in house.half_hours(day_of(time)).items():
                for wh, joules in ((one.drawn, _joules(year, at)), (one.injected, year.meter.sold[at])):
                    sure = one.whole and not one.estimated and wh is not None
                    compared += sure
                    assert not sure or abs(wh - joules / 3600) <= CUT_WH, (told, at, one)
        assert compared >= 2 * len(year.happened), told


def _joules(year, slot):
    return sum(year.drawn.get(slot, {}).values())


def _check_days(year, rows, told):
    """Each day is what was drawn, less what nobody could read; days that share a gap are so together."""
    run, run_from = Counter(), year.first
    for day in days(year.first, year.end):
        begin, end = midnight(day), midnight(day + _ONE)
        _check_exact(year, begin, end, rows.get(day), told)
        (drawn, sold), lost, row = year.truth(begin, end), year.lost(begin, end), rows.get(day) or {}
        classes, true = row.get("classes_wh", {}), sum(drawn.values()) / 3600
        assert sum(classes.values()) <= (row.get("drawn_wh") or 0) + 1, (told, row)
        assert set(classes) <= set(WORDS), (told, row)
        assert row or true <= lost[0] + CUT_WH, (told, day, "nothing is shown of a day that was read")
        run.update({("said", word): wh for word, wh in classes.items()})
        run.update({("was", word): joules / 3600 for word, joules in drawn.items()})
        run.update(drawn=row.get("drawn_wh") or 0, true=true, gone=lost[0])
        run.update(injected=row.get("injected_wh") or 0, sold=sold / 3600, unheard=lost[1])
        if not row or row["estimated"]:
            # What is shared out over days that are not shown is in those beside them.
            continue
        _check_run(year, run, run_from, day, told)
        run, run_from = Counter(), day + _ONE
    assert run_from == year.end, (told, "the year ends with days that are estimated")


def _check_exact(year, begin, end, row, told):
    """Where the wire said the index of both midnights, and nothing was changed between, the day is their difference."""
    first, last = year.gateway.faces.get(begin), year.gateway.faces.get(end)
    if first is None or last is None or first[0] != last[0]:
        return
    # A sum of ours falls where one of its parts begins again.
    if (begin, end) in year.unsaid and any(begin <= slot < end for slot in year.meter.rolled):
        return
    told = (told, day_of(begin), first, last, row)
    assert row["drawn_wh"] == (last[1] - first[1]) % ROLL, told
    rises = {word: (last[2][word] - first[2][word]) % ROLL for word in last[2]}
    assert row["classes_wh"] == {word: wh for word, wh in rises.items() if wh}, told
    # What was injected may be shared out where the total is not.
    assert row["whole"], told
    assert not row["estimated"] or row["injected_wh"] is not None, told
    year.exact += 1


def _check_run(year, run, first, last, told):
    """Days together: what is said of them lies between what was read and what was drawn, and no class above its own."""
    told = (told, first, last, run)
    begin, end = midnight(first), midnight(last + _ONE)
    historic = any(one < end and other > begin for one, other in year.unsaid)
    assert run["drawn"] <= run["true"] + CUT_WH, told
    # Our sum of several indexes falls where one of them begins again: what lies between two looks at it is not known.
    if not (historic and any(begin <= slot < end for slot in year.meter.rolled)):
        assert run["drawn"] >= run["true"] - run["gone"] - CUT_WH, told
    assert run["injected"] <= run["sold"] + CUT_WH, told
    if not historic:
        assert run["injected"] >= run["sold"] - run["unheard"] - CUT_WH, told
    said = sum(run["said", word] for word in WORDS)
    # A class that rested was read before the total was: shared out over a gap, both are not quite in step on any of its
    # days, and what a class seems to be too much on one of them is nobody's.
    out_of_step = run["drawn"] / 500 if first < last else 0
    assert run["drawn"] - said <= run["gone"] + CUT_WH + out_of_step, told
    for word in WORDS:
        assert run["said", word] <= run["was", word] + CUT_WH, (told, word)


def _check_bill(year, energy, euros, told):
    """Every euro is of energy that is shown, and in the year none of a class is above what was drawn in it."""
    paid, (drawn, sold) = Counter(), year.truth(midnight(year.first), midnight(year.end))
    for day, row in euros.items():
        classes = energy[day]["classes_wh"]
        assert abs(row["energy"] - sum(PRICES[word] * wh / 1000 for word, wh in classes.items())) < 0.001, (told, row)
        assert row["unpriced_wh"] == (energy[day]["drawn_wh"] or 0) - sum(classes.values()) >= 0, (told, row)
        assert (row["whole"], row["estimated"]) == (energy[day]["whole"], energy[day]["estimated"]), (told, row)
        paid.update(classes)
        lost = year.lost(midnight(day), midnight(day + _ONE))[0]
        # Where a total is shared out by time and its classes are not, what they are more on one day is nobody's; of the
        # days that share it, ``_check_run`` bounds it.
        assert row["estimated"] or row["unpriced_wh"] <= lost + CUT_WH, (told, row, lost)
    breaks = len(year.holes) + 1
    for word in WORDS:
        assert paid[word] <= drawn[word] / 3600 + CUT_WH * breaks, (told, word)
    income = sum(row["injection"] for row in euros.values())
    assert income <= 0.1 * (sold / 3600 + CUT_WH * breaks) / 1000, told


def _check_sent(year, told):
    """Each half hour and each day that was promised is what was counted in it, and within what a breaker passes."""
    with closing(Store(year.gateway.folder)) as year.gateway.store:
        for path in (CURVE, SOLD):
            for points in (
                year.gateway.promised(path, Granularity.RAW),
                year.gateway.stored(path, Granularity.HALF_HOUR),
            ):
                for time, watts in points.items():
                    joules = _joules(year, time) if path is CURVE else year.meter.sold[time]
                    assert abs(watts / 2 - joules / 3600) <= CUT_WH, (told, path, time, watts)
                    assert watts <= MOST_W, (told, time)
        for time, wh in year.gateway.promised(DAILY, Granularity.DAY).items():
            drawn, _ = year.truth(time, midnight(day_of(time) + _ONE))
            assert abs(wh - sum(drawn.values()) / 3600) <= CUT_WH, (told, time, wh)


def _sun(salt, slot):
    """Watts of a roof: by day, whatever the season."""
    hour = slot % 86400 // 3600
    return Random(salt ^ slot ^ 1).randrange(500, 4000) * 2 if 8 <= hour < 17 else 0
