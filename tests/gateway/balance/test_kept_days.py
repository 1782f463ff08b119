"""Days that are kept: what they say is what would be reckoned, whatever is changed below them, and by whomever."""

from contextlib import closing
from datetime import date, timedelta
from random import Random

import pytest

from gateway.balance.calendar import days, midnight
from gateway.balance.energy import DayEnergy
from gateway.balance.self_use import SelfUse
from gateway.household import kept_days
from gateway.household.days import DRAWN, DRAWN_CURVE, INJECTED, HouseholdDays, roll_up
from gateway.store.points import Granularity
from gateway.store.store import Archive, Store
from tests.gateway.balance.conftest import EVERY_S, SOLAR, House, hour_of, panels, producing, reckoned

FIRST, END = date(2026, 10, 22), date(2026, 10, 30)


def tempo(time):
    """A producer of two classes, of which the third rests all the days."""
    known = producing(time)
    night = hour_of(time) < 6
    drawn = known[DRAWN]
    return {
        DRAWN: drawn,
        INJECTED: known[INJECTED],
        f"{DRAWN}/provider/hcjb": drawn * night,
        f"{DRAWN}/provider/hpjb": drawn * (not night),
        # A flash before the days, then nothing any more: one span of all of them.
        f"{DRAWN}/provider/hpjr": 504 if time < midnight(FIRST) else 0,
    }


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """Eight days of a producer, among them the one of 25 hours, all of them kept; to be copied."""
    house = House(tmp_path_factory.mktemp("lived"))
    house.configure(SOLAR)
    begin, end = midnight(FIRST), midnight(END) + 6 * 3600
    house.live(begin - 3600, end, tempo)
    house.live(begin - 3600, end, panels, meter="solar")
    with closing(Store(house.folder)) as store:
        while roll_up(store, house.config, end):
            pass
    assert still_kept(house) == {midnight(day) for day in days(FIRST - timedelta(days=1), END)}
    return house


@pytest.fixture
def kept(lived, tmp_path):
    """A house that has lived these days, and lives on as it likes."""
    return lived.copy(tmp_path / "house")


def still_kept(house):
    with closing(Archive(house.folder)) as archive:
        return {day for (day,) in archive.db.execute("SELECT day FROM kept_day")}


CHANGES = {
    "an index is corrected": lambda entries, register, time, chance: entries.correct(
        register, time, chance.choice([None, 1000 + chance.randrange(60_000)])
    ),
    "an index was set": lambda entries, register, time, _: entries.doubt(register, time),
    "hours are erased": lambda entries, register, time, chance: entries.erase(
        register, time, time + chance.randrange(1, 90_000)
    ),
}


@pytest.mark.parametrize("seed", range(6))
def test_any_change_of_the_ledger_undoes_what_it_touches_and_no_more(kept, seed):
    """Each register of the house and of its counter; what is kept afterwards says what would be reckoned."""
    chance, undone, left = Random(seed), 0, 0
    for _ in range(12):
        before = still_kept(kept)
        with closing(Store(kept.folder)) as store:
            registers = [
                one for meter in ("house", "solar") for one in store.meters.series(meter) if one.kind == "index"
            ]
            change, register = CHANGES[chance.choice(sorted(CHANGES))], chance.choice(registers)
            time = midnight(FIRST) + chance.randrange((END - FIRST).days * 96) * 900
            store.db.begin()
            change(store.batches._entries, register, time, chance)
            store.db.commit()
        undone, left = undone + (still_kept(kept) != before), left + len(still_kept(kept) & before)
        kept.days(FIRST - timedelta(days=1), END)
        with closing(Store(kept.folder)) as store:
            while roll_up(store, kept.config, midnight(END) + 6 * 3600):
                pass
        kept.days(FIRST - timedelta(days=1), END)
    assert undone >= 5
    assert left >= 40


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE coarse SET value = value + 700 WHERE series = :curve AND step = 1800 AND time = :time",
        "DELETE FROM coarse WHERE series = :curve AND step = 1800 AND time = :time",
        "INSERT OR REPLACE INTO coarse VALUES (:curve, 1800, :time, 4000)",
        "INSERT INTO event (meter, time, kind, series, detail) SELECT meter, :time + 600, 'meter-replaced', '', '{}'"
        " FROM series WHERE id = :curve",
    ],
    ids=["changed", "gone", "come", "a break"],
)
def test_a_change_of_half_hours_undoes_the_day(kept, change):
    """What of a production was used at home is of half hours: theirs, and what is told of them later."""
    time = midnight(date(2026, 10, 25)) + 20 * 3600
    with closing(Store(kept.folder)) as store:
        curve = store.meters.named("house", DRAWN_CURVE)
        store.db.begin()
        store.db.execute(change, {"curve": curve.id, "time": time})
        store.db.commit()
    assert midnight(date(2026, 10, 25)) not in still_kept(kept)
    assert midnight(date(2026, 10, 28)) in still_kept(kept)
    kept.days(FIRST, END)


def test_a_day_that_goes_on_leaves_the_others_alone(kept):
    """What a register at rest counted is one row of all the days, which becomes longer each quarter."""
    before = still_kept(kept)
    with closing(Store(kept.folder)) as store:
        rest = store.meters.named("house", f"{DRAWN}/provider/hpjr")
        rows = store.db.execute("SELECT start, until FROM span WHERE register = ? AND wh = 0", [rest.id]).fetchall()
    assert max(until - start for start, until in rows) > 7 * 86400
    until = midnight(END) + 9 * 3600
    kept.live(midnight(END) + 6 * 3600 + EVERY_S, until, tempo)
    assert still_kept(kept) >= before


def test_a_day_is_kept_once_its_end_was_said(house):
    """While a meter is silent the day is not over, however late it is; what was counted over midnight is known then."""
    house.configure(SOLAR)
    noon = midnight(FIRST) + 12 * 3600
    house.live(midnight(FIRST), noon, tempo)
    with closing(Store(house.folder)) as store:
        assert not roll_up(store, house.config, noon + 5 * 86400)
    house.live(noon + 2 * 86400, noon + 2 * 86400 + 3600, tempo)
    # The first frame is of the evening before.
    assert still_kept(house) == {midnight(day) for day in days(FIRST - timedelta(days=1), FIRST + timedelta(days=2))}


def test_another_counter_is_another_production(kept):
    """What is kept of another configuration is neither read nor left."""
    kept.configure("")
    (day,) = kept.days(FIRST, FIRST + timedelta(days=1))
    assert (day.own, day.produced) == (None, None)
    with closing(Store(kept.folder)) as store:
        while roll_up(store, kept.config, midnight(END) + 6 * 3600):
            pass
        assert store.db.execute("SELECT count(DISTINCT sources) FROM kept_day").fetchone() == (1,)
    kept.configure(SOLAR)
    (day,) = kept.days(FIRST, FIRST + timedelta(days=1))
    assert day.own == 12096


def test_a_year_is_read_and_not_reckoned(kept):
    """Not one span is looked at for days that are over."""
    with closing(Archive(kept.folder)) as archive:
        house = HouseholdDays(archive, kept.config)
        house._ledger = None
        assert house.read(FIRST, END) == reckoned(archive, kept.config, FIRST, END)


def test_what_is_erased_is_kept_nowhere(kept):
    """All of a household goes, and with it what its days came to."""
    with closing(Store(kept.folder)) as store:
        store.erasure.erase_everything(0.0)
    assert still_kept(kept) == set()


def test_a_day_is_written_and_read_as_it_was():
    """Whatever is known of it, or nothing."""
    day = date(2026, 1, 14)
    whole = DayEnergy(
        day, 8000, {"hc": 3000, "hp": 5000}, 900, 4000, SelfUse(48, 8000, 3000, 1000, 2100, 400), True, True, 3000, None
    )
    for one in (whole, DayEnergy(day, None, own=12, doubt="unread", whole=False), DayEnergy(day, 0), None):
        assert kept_days.read(day, kept_days.written(one)) == one


def test_a_correction_at_the_page_is_seen_at_once(kept):
    """The day is reckoned anew, by itself."""
    before = {day.date: day.drawn for day in kept.days(FIRST, END)}
    time = midnight(date(2026, 10, 24))
    with closing(Store(kept.folder)) as store:
        (value,) = store.db.execute(
            "SELECT value FROM coarse WHERE series = ? AND step = 1800 AND time = ?",
            [store.meters.named("house", DRAWN).id, time],
        ).fetchone()
        store.corrections.rectify("house", DRAWN, Granularity.HALF_HOUR, time, str(value - 5), time, "", "a slip")
    after = {day.date: day.drawn for day in kept.days(FIRST, END)}
    moved = {day: after[day] - wh for day, wh in before.items() if after[day] != wh}
    assert moved == {date(2026, 10, 23): -5, date(2026, 10, 24): 5}
