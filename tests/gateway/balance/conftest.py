"""Days of a household, from the frames of its meter through the recorder into a real database."""

import shutil
from contextlib import closing
from copy import deepcopy
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.balance.calendar import midnight
from gateway.config.tables import load
from gateway.household.days import DRAWN, INJECTED, HouseholdDays, roll_up
from gateway.store.recorder import Recorder
from gateway.store.store import Archive, Store
from gateway.tic.reading import Interpretation, Kind, Quality, Reading
from tests.prepared import prepare

PARIS = ZoneInfo("Europe/Paris")
# The index is whole at each frame: every power here is a multiple of 12 W.
EVERY_S = 300
# What was counted before; an index that is nothing yet does not exist.
FACE = 1000
SPRING, AUTUMN, WINTER = date(2026, 3, 29), date(2026, 10, 25), date(2026, 1, 14)
CONFIG = '[[meter]]\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "."\n'
SOLAR = '[[counter]]\nname = "solar"\nquantity = "electricity-produced"\ngpio = 17\nper_pulse = "1 Wh"\n'


def hour_of(time):
    """The local hour of a moment."""
    return datetime.fromtimestamp(time, PARIS).hour


class House:
    """A household in a folder: meters that say how much they count, and the days that come of it."""

    def __init__(self, folder):
        self.folder = folder
        self.configure("")
        prepare(folder)
        self._totals, self._recorders = {}, {}
        with closing(Store(folder)) as store:
            store.meters.add("house", "ab12cd34ef")

    def configure(self, text):
        """Write the configuration: one meter, and ``text``."""
        (self.folder / "gateway.toml").write_text(CONFIG + text)
        self.config = load(self.folder / "gateway.toml")

    def copy(self, folder):
        """The same household in another folder."""
        other = deepcopy(self)
        other.folder = shutil.copytree(self.folder, folder)
        other.config = load(folder / "gateway.toml")
        return other

    def live(self, first, until, powers, texts=None, meter="house"):
        """Let a meter count from one moment to another, both included.

        ``powers`` gives path of an index -> watts at a moment; ``texts`` path -> what is said, or a power.
        """
        with closing(Store(self.folder)) as store:
            store.meters.add(meter)
            begin = first
            if meter not in self._recorders:
                # An index at a boundary takes a frame before it, of a time in which nothing was counted.
                self._recorders[meter], first = Recorder(meter, {}), first - EVERY_S
            recorder = self._recorders[meter]
            for time in range(first, until + 1, EVERY_S):
                now = datetime.fromtimestamp(time, UTC)
                readings = [
                    Reading(path, now, self._totals.setdefault((meter, path), FACE), "Wh", Kind.INDEX, Quality.METER)
                    for path in powers(time)
                ]
                readings += [
                    Reading(
                        path,
                        now,
                        said,
                        *(("", Kind.TEXT) if isinstance(said, str) else ("VA", Kind.GAUGE)),
                        Quality.METER,
                    )
                    for path, said in (texts(time) if texts else {}).items()
                ]
                recorder.add(Interpretation(now, Quality.METER, None, None, tuple(readings), ()))
                if begin <= time < until:
                    for path, watts in powers(time).items():
                        self._totals[meter, path] += watts * EVERY_S // 3600
            store.batches.write([recorder.take()], until)
            while roll_up(store, self.config, until):
                pass

    def counted_unread(self, wh, meter="house"):
        """What a meter counted while nobody read it: between one ``live`` and the next."""
        self._totals = {(name, path): total + wh * (name == meter) for (name, path), total in self._totals.items()}

    def live_day(self, day, powers, texts=None, meter="house"):
        """One local day from midnight to midnight."""
        self.live(midnight(day), midnight(day.fromordinal(day.toordinal() + 1)), powers, texts, meter)

    def days(self, first, end):
        """What the balance knows of ``[first, end)``: the same whether days that are over are kept or reckoned."""
        with closing(Archive(self.folder)) as archive:
            found = HouseholdDays(archive, self.config).read(first, end)
            assert reckoned(archive, self.config, first, end) == found
            return found

    def day(self, day):
        """The one day."""
        (found,) = self.days(day, day.fromordinal(day.toordinal() + 1))
        return found


def reckoned(archive, config, first, end):
    """The days without those that are kept."""
    anew = HouseholdDays(archive, config)
    assert isinstance(anew._sources, int)
    anew._sources = -1
    return anew.read(first, end)


@pytest.fixture
def house(tmp_path):
    """A household of which nothing is known yet."""
    return House(tmp_path)


def base(watts):
    """A house that always draws the same, on one tariff class."""
    return lambda _: {DRAWN: watts, f"{DRAWN}/provider/base": watts}


def off_peak(time):
    """2,016 W from 22 to 6 o'clock, 504 W by day: what a historic meter with two classes counts."""
    low = not 6 <= hour_of(time) < 22
    return {
        DRAWN: 2016 if low else 504,
        f"{DRAWN}/provider/hc": 2016 if low else 0,
        f"{DRAWN}/provider/hp": 0 if low else 504,
    }


def producing(time):
    """A house that needs 504 W always; from 10 to 16 o'clock its panels give 2,016 W."""
    sun = 10 <= hour_of(time) < 16
    return {DRAWN: 0 if sun else 504, f"{DRAWN}/provider/base": 0 if sun else 504, INJECTED: 1512 if sun else 0}


def panels(time):
    """The panels of ``producing``."""
    return {INJECTED: 2016 if 10 <= hour_of(time) < 16 else 0}
