"""Six houses as their meters told them, written by the recorder and the store; each knows what it really drew.

A house lives step by step: every reading that is due goes through ``Recorder`` into the store, and the last ones are
what the meter says now. Powers are such that every index is whole at every step.
"""

from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from gateway.balance.calendar import midnight
from gateway.config.tables import load
from gateway.household.days import DRAWN, INJECTED, POWER
from gateway.links.link import BROKEN, OK, Link, LinkKind
from gateway.store.recorder import Happened, Recorder
from gateway.store.store import Store
from gateway.tic.judges import FactKind
from gateway.tic.reading import Interpretation, Kind, Quality, Reading
from gateway.words.phrase import NOTHING, same
from tests.prepared import prepare

PARIS = ZoneInfo("Europe/Paris")
# The steps of a house that is far from now, of the last minutes, and of the time in which nobody heard it.
FAR_S, NEAR_S, NEAR_FOR_S, UNHEARD_S = 600, 60, 1200, 3600
DAYS_BEFORE = 8

DATES = {"spring": date(2026, 3, 29), "ordinary": date(2026, 6, 17), "autumn": date(2026, 10, 25)}
CLOCKS = ("06:00", "12:00", "23:59")

SUBSCRIPTION, INJECTION = Fraction("12.6"), Fraction("0.04")
_TARIFF = '[[tariff]]\nname = "%s"\nfrom = 2024-01-01\nsubscription = 12.6\ninjection = 0.04\nprices = { %s }\n'
_SOLAR = '[[counter]]\nname = "solar"\nquantity = "electricity-produced"\ngpio = 17\nper_pulse = "1 Wh"\n'
_TEMPO = ("hcjb", "hpjb", "hcjw", "hpjw", "hcjr", "hpjr")
_TEXTS = ("HC  BLEU", "HP  BLEU", "HC  BLANC", "HP  BLANC", "HC  ROUGE", "HP  ROUGE")


def at(day, clock):
    """The POSIX second at which the clock on the wall shows that."""
    hour, minute = map(int, clock.split(":"))
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS).timestamp())


def local(time):
    return datetime.fromtimestamp(time, PARIS)


def tempo_day(time):
    """A Tempo day goes from 6 to 6 o'clock; its ordinal."""
    return (local(time) - timedelta(hours=6)).toordinal()


@dataclass
class Sort:
    """What makes a house what it is: tariff, whether it makes electricity, when its meter or counter does what."""

    name: str
    prices: str
    solar: bool = False
    three: bool = False
    tempo: bool = False
    # Seconds before now at which: the counter died, the house began, the meter was exchanged.
    dead_s: int | None = None
    young_s: int | None = None
    swapped_s: int | None = None
    # How its supplier calls what it pays, and how many days before this one it was heard.
    tariff: str = "T"
    days: int = DAYS_BEFORE

    def draws(self, time):
        """W from the grid, W into it, W made."""
        hour = local(time).hour + local(time).minute / 60
        need = 480 if hour < 6 else 1920 if 18 <= hour < 22 else 960
        need += 60 * (local(time).toordinal() % 5)
        made = 3000 if self.solar and 10 <= hour < 16 else 0
        return max(0, need - made), max(0, made - need), made

    def leaf(self, time):
        """The index of the supplier that counts."""
        low = not 6 <= local(time).hour < 22
        if self.tempo:
            return str(2 * self.colour(tempo_day(time)) + (1 if low else 2))
        return ("hc" if low else "hp") if "hc" in self.prices else "base"

    def price(self, time):
        """Euros a kWh, as the household typed it for the class that counts."""
        leaf = self.leaf(time)
        word = _TEMPO[int(leaf) - 1] if self.tempo else leaf
        return next(Fraction(one.split("=")[1].strip()) for one in self.prices.split(",") if one.split()[0] == word)

    def colour(self, day):
        """Of a Tempo day, by its ordinal: 0 blue, 1 white, 2 red."""
        return day % 3


KINDS = {
    one.name: one
    for one in (
        Sort("ordinary", "hc = 0.1579, hp = 0.2065"),
        Sort("tempo", ", ".join(f"{w} = 0.{1296 + 251 * n}" for n, w in enumerate(_TEMPO)), tempo=True),
        Sort("dead-counter", "base = 0.2016", solar=True, dead_s=30 * 3600),
        Sort("three-phases", "base = 0.2016", solar=True, three=True),
        Sort("first-evening", "hc = 0.1579, hp = 0.2065", young_s=4 * 3600 + 1500),
        Sort("swapped-meter", "hc = 0.1579, hp = 0.2065", swapped_s=2 * 3600 + 900),
    )
}


@dataclass
class Truth:
    """What a house really drew, injected and made, by local day, and the euros of that without the subscription."""

    drawn: dict = field(default_factory=dict)
    injected: dict = field(default_factory=dict)
    made: dict = field(default_factory=dict)
    paid: dict = field(default_factory=dict)


class House:
    """One house in a folder, of a kind by its name or another sort, up to one moment."""

    def __init__(self, folder, kind, moment, extra=""):
        self.kind = kind if isinstance(kind, Sort) else KINDS[kind]
        self.folder, self.moment, self.truth = folder, moment, Truth()
        folder.mkdir(parents=True)
        text = '[[meter]]\nsource = "/nowhere"\n[store]\ndirectory = "data"\n'
        text += _TARIFF % (self.kind.tariff, self.kind.prices)
        text += (_SOLAR if self.kind.solar else "") + '[web]\nlisten = "127.0.0.1:8080"\n' + extra
        (folder / "gateway.toml").write_text(text)
        self.config = load(folder / "gateway.toml")
        prepare(self.config.directory)
        # An index that is nothing yet does not exist.
        self._totals, self._offset = {}, 0
        with closing(Store(self.config.directory)) as store:
            store.meters.add("house", "ab12cd34ef")
            if self.kind.solar:
                store.meters.add("solar", "0011223344")
            self._recorders = {name: Recorder(name, {}) for name in ("house", "solar")}
            self._live(store)

    @property
    def day(self):
        return local(self.moment).date()

    @property
    def links(self):
        """How the links of the house stand."""
        kinds = (LinkKind.PORT, LinkKind.METER, LinkKind.DECODE, LinkKind.CLOCK)
        found = [*(Link(kind, "house", OK, 1.0, NOTHING) for kind in kinds), Link(LinkKind.STORE, "", OK, 1.0, NOTHING)]
        if self.kind.solar:
            dead = self.kind.dead_s is not None
            found.append(
                Link(
                    LinkKind.COUNTER, "solar", BROKEN if dead else OK, 60.0, same("no GPIO chip" if dead else "1 pulse")
                )
            )
        return found

    def _live(self, store):
        begin = midnight(self.day - timedelta(days=self.kind.days))
        if self.kind.young_s:
            begin = self.moment - self.kind.young_s
        else:
            year = self.day.replace(year=self.day.year - 1)
            until = midnight(year + timedelta(days=2)) + FAR_S
            self._run(store, midnight(year - timedelta(days=1)) - FAR_S, until)
            self._go_unheard(until, begin)
        begin -= begin % FAR_S
        if self.kind.swapped_s:
            swap = self.moment - self.kind.swapped_s
            self._run(store, begin, swap - swap % FAR_S)
            self._swap(swap)
            begin = swap - swap % FAR_S + 2 * FAR_S
        self._run(store, begin, self.moment)

    def _go_unheard(self, begin, end):
        """Nothing is recorded; the indexes go on, as those of every meter. Pulses that nobody hears are lost."""
        made = self._total("made")
        for time in range(begin, end, UNHEARD_S):
            self._count(time, min(UNHEARD_S, end - time))
        self._totals["made"] = made

    def _swap(self, swap):
        """Another meter: it has counted something else, and what was drawn while it was exchanged nobody knows."""
        self._offset = 1_234_567
        self._recorders["house"].tell(Happened(swap, FactKind.METER_REPLACED.value, "", {}))

    def _run(self, store, begin, end):
        near = end - end % FAR_S - (NEAR_FOR_S if end == self.moment else 0)
        times = [*range(begin, near, FAR_S), *range(near, end + 1, NEAR_S)] if end == self.moment else []
        times = times or [*range(begin, end + 1, FAR_S)]
        for place, time in enumerate(times):
            self.readings = self._readings(time)
            self._add("house", time, self.readings)
            if self.kind.solar and not (self.kind.dead_s and time > self.moment - self.kind.dead_s):
                made = Reading(INJECTED, _utc(time), self._total("made"), "Wh", Kind.INDEX, Quality.HOST)
                self._add("solar", time, (made,))
            if place + 1 < len(times):
                self._count(time, times[place + 1] - time)
        store.batches.write([batch for one in self._recorders.values() if (batch := one.take())], end)

    def _total(self, what):
        return self._totals.setdefault(what, 1000)

    def _count(self, time, seconds):
        for what, watts in zip(("drawn", "injected", "made"), self.kind.draws(time), strict=True):
            wh = watts * seconds // 3600
            assert wh * 3600 == watts * seconds
            self._totals[what] = self._total(what) + wh
            known = getattr(self.truth, what)
            known[local(time).date()] = known.get(local(time).date(), 0) + wh
            price = {"drawn": self.kind.price(time), "injected": -INJECTION}.get(what, 0)
            self.truth.paid[local(time).date()] = self.truth.paid.get(local(time).date(), 0) + price * wh / 1000
            if what == "drawn":
                leaf = f"leaf {self.kind.leaf(time)}"
                self._totals[leaf] = self._total(leaf) + wh

    def _readings(self, time):
        def reading(path, value, unit="", kind=Kind.TEXT):
            return Reading(path, _utc(time), value, unit, kind, Quality.METER)

        drawn, injected, _ = self.kind.draws(time)
        # More volt-amperes than watts, as in any house.
        va, leaf = drawn * 5 // 4, self.kind.leaf(time)
        found = [
            reading(POWER, va, "VA", Kind.GAUGE),
            reading("contract/power/reference", 6000, "VA", Kind.GAUGE),
            reading(DRAWN, self._total("drawn") + self._offset, "Wh", Kind.INDEX),
        ]
        leaves = [*map(str, range(1, 7))] if self.kind.tempo else ["hc", "hp"] if "hc" in self.kind.prices else ["base"]
        found += [
            reading(f"{DRAWN}/provider/{one}", self._total(f"leaf {one}") + self._offset, "Wh", Kind.INDEX)
            for one in leaves
        ]
        if self.kind.tempo:
            day = tempo_day(time)
            found += [
                reading("contract/tariff/index", f"{int(leaf):02}"),
                reading("contract/tariff", _TEXTS[int(leaf) - 1]),
                reading("contract/tempo/today", ("BLEU", "BLAN", "ROUG")[self.kind.colour(day)]),
                reading("contract/tempo/tomorrow", ("BLEU", "BLAN", "ROUG")[self.kind.colour(day + 1)]),
            ]
        else:
            found.append(reading("contract/tariff", {"hc": "HC..", "hp": "HP..", "base": "TH.."}[leaf]))
        if self.kind.solar:
            found += [
                reading("production/power/apparent/raw", injected * 5 // 4, "VA", Kind.GAUGE),
                reading(INJECTED, self._total("injected"), "Wh", Kind.INDEX),
            ]
        if self.kind.three:
            found += [reading(f"{POWER}/phase/{n}", va // 3, "VA", Kind.GAUGE) for n in (1, 2, 3)]
        return tuple(found)

    def _add(self, meter, time, readings):
        self._recorders[meter].add(Interpretation(_utc(time), Quality.METER, None, None, readings, ()))


def _utc(time):
    return datetime.fromtimestamp(time, UTC)
