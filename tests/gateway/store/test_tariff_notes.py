"""What the calendar of tariffs must know is written with the readings, read at a start, and erased with its time."""

from datetime import date

from gateway.config.tables import load
from gateway.household.tariff import lived_hours, stored_calendar
from gateway.store.erasure import Range
from gateway.store.recorder import Recorder
from gateway.store.store import Archive, Store
from gateway.tic.day_classes import day_start
from gateway.tic.tariff_calendar import TariffCalendar
from tests.gateway.store.conftest import frame
from tests.gateway.tic.tariff_years import NIGHT, ONE, SPLIT, SimulatedYears

FIRST, MOVED = date(2026, 5, 4), date(2026, 6, 2)


class House:
    """A meter of which one month is lived into a store: its notes go the way of every batch."""

    def __init__(self, store):
        self.store = store
        store.meters.add("house")
        self.recorder = Recorder("house", {}, 0)
        self.years = SimulatedYears([(FIRST - 9 * ONE, NIGHT), (MOVED, SPLIT)], seed=1, outages=0.0, jitter_s=1.0)

    def live(self, first, end):
        """Live these days, and write what they note."""
        before = dict(self.years.notes)
        self.years.run(first, end)
        now = {key: self.years.notes.get(key) for key in {*before, *self.years.notes}}
        self.recorder.add(frame(self.years.last, tariff="HC.."))
        self.recorder.note({key: text for key, text in now.items() if before.get(key) != text})
        batch = self.recorder.take()
        self.store.batches.write([batch], float(self.years.last))


def test_a_calendar_is_the_same_after_a_restart(store, directory):
    """All that it noted is read back; what it took back is gone."""
    house = House(store)
    house.live(FIRST, date(2026, 5, 20))
    house.live(date(2026, 5, 20), date(2026, 6, 10))
    notes = store.tariff_notes.recent("house", house.years.last)
    assert notes == house.years.notes
    again = TariffCalendar(notes, house.years.known, house.years.last)
    assert again.outlook() == house.years.calendar.outlook()
    store.close()
    reopened = Store(directory)
    assert reopened.tariff_notes.recent("house", house.years.last) == notes
    reopened.close()


def test_old_changes_are_not_read_and_schedules_are(store):
    """A start reads two months of days, and what stays for ever."""
    house = House(store)
    house.live(FIRST, date(2026, 6, 10))
    kinds = {kind for kind, _ in store.tariff_notes.recent("house", house.years.last + 400 * 86_400)}
    assert kinds == {"schedule", "moved"}


def test_the_hours_that_were_lived_come_by_periods(store):
    """Before the move and after it; a class by the meter's word and by that of ``[[tariff]]``."""
    house = House(store)
    house.live(FIRST, date(2026, 6, 10))
    found = lived_hours(store.tariff_notes, "house", FIRST, date(2026, 6, 9))
    night = ((0, 396, "HC.."), (396, 1356, "HP.."), (1356, 1440, "HC.."))
    assert [(one.first, one.end) for one in found if one.windows == night] == [(FIRST + ONE, MOVED)]
    assert (found[-1].first, found[-1].end) == (MOVED, date(2026, 6, 9))
    assert found[-1].windows[1] == (94, 454, "HC..")
    assert found[-1].words == {"HC..": "hc", "HP..": "hp"}


def test_a_reader_makes_the_calendar_that_the_gateway_stored(store, directory, tmp_path):
    """For a command or a page: of the notes and the last values."""
    house = House(store)
    house.live(FIRST, date(2026, 5, 25))
    store.db.commit()
    (tmp_path / "gateway.toml").write_text('[[meter]]\nsource = "/nowhere"\n')
    archive = Archive(directory)
    calendar = stored_calendar(archive, load(tmp_path / "gateway.toml"))
    assert calendar.memory.learned.sureness(date(2026, 5, 25)).regular
    assert stored_calendar(archive, load(tmp_path / "gateway.toml"), "garden") is None
    archive.close()


def test_an_erased_time_leaves_nothing_of_its_changes_and_days(store):
    """Whoever erases a month of the contract's series erases what was noted of it; other series leave it."""
    house = House(store)
    house.live(FIRST, date(2026, 6, 10))
    span = {"first": day_start(date(2026, 5, 10)), "last": day_start(date(2026, 5, 20))}

    def held():
        return [n for (k, n) in store.tariff_notes.recent("house", house.years.last) if k in ("change", "day")]

    inside = [number for number in held() if span["first"] <= number < span["last"]]
    assert len(inside) > 20
    store.erasure.erase_range(Range("house", "consumption", **span), 0.0)
    assert [number for number in held() if number in inside] == inside
    store.erasure.erase_range(Range("house", "contract", **span), 0.0)
    assert [number for number in held() if number in inside] == []
