"""What importing would do, and does: nothing twice, the better source first, proofs, the meter's own untouched."""

import os
import random
import sqlite3
import time
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest

from gateway.control.history import HANDLERS
from gateway.control.messages import AddHistory, UndoHistory
from gateway.control.spool import write_spool
from gateway.errors import StoreError
from gateway.household.past.clock import local_day, midnight_of
from gateway.household.past.days import PastDays
from gateway.household.past.plan import Planner
from gateway.household.past.preview import as_json, as_lines
from gateway.household.past.values import Choices, PointFlag
from gateway.store.connection import FILE_NAME
from gateway.store.recorder import Recorder
from gateway.store.store import Archive, Store
from gateway.tic.reading import Interpretation, Kind, Quality, Reading
from tests.gateway.household.past.test_files import curve_csv
from tests.gateway.household.past.test_samples import SAMPLES
from tests.prepared import prepare

PRM = "00000000000011"
CURVE, INDEX = "consumption/power/active/raw", "consumption/energy/active/index"
DAY = timedelta(days=1)
NOW = 1_795_900_000
# Ten days with the change of the clock in autumn in their middle.
FIRST, DAYS = date(2024, 10, 22), 10


def index_csv(first, indexes):
    """Daily indexes as the account writes them, in Wh."""
    head = "Identifiant PRM;Type de donnees;Grandeur metier;Unite\n11;Index;Consommation;Wh\nHorodate;Type;EAS T\n"
    rows = (f"{first + place * DAY}T00:00:00+02:00;x;{value}\n" for place, value in enumerate(indexes))
    return (head + "".join(rows)).encode()


def life(first=FIRST, days=DAYS, seed=1):
    """A house: the start of its first day, its half hours in W (of whole Wh), its midnights."""
    chance = random.Random(seed)
    start, end = midnight_of(first), midnight_of(first + days * DAY)
    watts = [2 * chance.randrange(50, 3000) for _ in range((end - start) // 1800)]
    indexes = [1_000_000]
    for place in range(days):
        low, high = (midnight_of(first + more * DAY) for more in (place, place + 1))
        indexes.append(indexes[-1] + sum(watts[(low - start) // 1800 : (high - start) // 1800]) // 2)
    return start, watts, indexes


class Home(SimpleNamespace):
    """A database, and what a person does with it."""

    def plan(self, *files, prm=PRM, since=0, take=False, **said):
        with closing(Archive(self.directory)) as archive:
            planner = Planner(archive, "house", prm, Choices(**said), since, take=take)
            return planner.plan([(f"file {place}", data) for place, data in enumerate(files)])

    def add(self, *files, **said):
        """Import them, as the command and the daemon do between them; the plan."""
        plan = self.plan(*files, **said)
        assert not plan.refused, [str(check.said) for check in plan.checks]
        choices = Choices(**{name: value for name, value in said.items() if name not in ("prm", "since", "take")})
        with closing(Store(self.directory)) as store:
            for file in plan.files:
                if file.count:
                    batch = plan.batch_of(file, choices)
                    path = write_spool(self.directory, batch, file.points(), file.data)
                    HANDLERS[AddHistory](store, AddHistory(spool=path.name, by="me"), NOW)
                    path.unlink()
        return plan

    def undo(self, number):
        with closing(Store(self.directory)) as store:
            return HANDLERS[UndoHistory](store, UndoHistory(number=number, by="me"), NOW)

    def kept(self, path=CURVE):
        """Start, step, value of each point that answers are made of."""
        with closing(Archive(self.directory)) as archive:
            return [row[:3] for row in archive.imports.points("house", path, 0, 2**40)]

    def days(self, first, end):
        with closing(Archive(self.directory)) as archive:
            return PastDays(archive, "house").read(first, end)

    def live(self, start, watts, index):
        """Let the meter itself say this, from one half hour on."""
        recorder = Recorder("house", {})
        with closing(Store(self.directory)) as store:
            for at in range(start - 300, start + 1800 * len(watts) + 1, 300):
                place = (at - start) // 1800
                now = datetime.fromtimestamp(at).astimezone()
                reading = Reading(INDEX, now, index, "Wh", Kind.INDEX, Quality.METER)
                recorder.add(Interpretation(now, Quality.METER, None, None, (reading,), ()))
                if 0 <= place < len(watts):
                    wh = watts[place] // 2
                    index += wh // 6 + (wh % 6 if (at - start) % 1800 == 1500 else 0)
            store.batches.write([recorder.take()], at)
        return index

    def own(self):
        """Every row of every table that is the meter's own."""
        tables = ("reading", "readings", "minute", "minutes", "coarse", "span", "event", "series", "outbox", "meter")
        with closing(sqlite3.connect(self.directory / FILE_NAME)) as db:
            return {table: db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables}


@pytest.fixture
def home(tmp_path):
    prepare(tmp_path)
    with closing(Store(tmp_path)) as store:
        store.meters.add("house", "ab12cd34ef")
    return Home(directory=tmp_path)


def verdicts(plan, name):
    return [check.verdict for check in plan.checks if check.name == name]


def said(plan):
    return " ".join(str(check.said) for check in plan.checks)


def sample(name):
    return (SAMPLES / name).read_bytes()


def test_the_preview_is_what_is_then_stored(home):
    """Each figure: points by series, their energy, what is new."""
    start, watts, indexes = life()
    plan = home.add(curve_csv(start, watts), index_csv(FIRST, indexes))
    shown = as_json(plan)["files"]
    (curve,), (index,) = shown[0]["series"], shown[1]["series"]
    assert curve["stored"] == curve["new"] == curve["points"] == len(home.kept())
    assert curve["wh"] == sum(value * step for _, step, value in home.kept()) / 3600 == indexes[-1] - indexes[0]
    assert index["stored"] == len(home.kept(INDEX)) == DAYS + 1
    assert [value for _, _, value in home.kept(INDEX)] == indexes
    with closing(Archive(home.directory)) as archive:
        batches = archive.imports.batches()
    assert [one.points for one in batches] == [file["points"] for file in shown]
    lines = [line.in_language(lang) for lang in ("en", "fr") for line in as_lines(plan, take=False)]
    assert f"{len(watts)} values, {sum(watts) / 2000:.2f} kWh" in lines[0 + 1]


def test_the_same_file_twice_adds_nothing(home):
    """It is known by its bytes; saved under other bytes, by its values."""
    start, watts, _ = life()
    home.add(curve_csv(start, watts))
    kept = home.kept()
    again = home.add(curve_csv(start, watts))
    assert (again.count, again.files[0].batch) == (0, 1)
    other = home.add(curve_csv(start, watts).replace(b"\n", b"\r\n"))
    assert (other.count, other.files[0].batch, other.files[0].series[0].merged.same) == (0, None, len(watts))
    assert home.kept() == kept
    with closing(Store(home.directory)) as store:
        assert len(store.imports.batches()) == 1


def test_a_longer_file_adds_only_what_is_new(home):
    """Overlapping files in both orders come to the same answers."""
    start, watts, _ = life()
    early, late = curve_csv(start, watts[:300]), curve_csv(start + 200 * 1800, watts[200:])
    home.add(early)
    plan = home.add(late)
    assert (plan.count, plan.files[0].series[0].merged.same) == (len(watts) - 300, 100)
    one_order = home.kept()
    home.undo(1)
    home.undo(2)
    assert home.kept() == []
    home.add(late)
    home.add(early)
    assert home.kept() == one_order
    assert [value for _, _, value in one_order] == watts


def test_a_year_of_files_of_seven_days_is_one_curve(home):
    """As the customer account gives half hours since 2025: all at once, each an import of its own, no slower each."""
    start, watts, indexes = life(date(2024, 1, 1), 364)
    files = [curve_csv(start + place * 1800, watts[place : place + 336]) for place in range(0, len(watts), 336)]
    begun = time.process_time()
    plan = home.add(*files, index_csv(date(2024, 1, 1), indexes))
    assert time.process_time() - begun < 10
    assert [value for _, _, value in home.kept()] == watts
    assert "364 of 364 whole days" in said(plan)
    with closing(Archive(home.directory)) as archive:
        assert [one.points for one in archive.imports.batches()] == [336] * 52 + [365]


def test_corrected_values_are_shown_and_taken_when_asked(home):
    """As good a source that says something else: the difference first, and undone it is as before."""
    start, watts, _ = life()
    home.add(curve_csv(start, watts))
    corrected = [watts[0] + 10, *watts[1:]]
    plan = home.plan(curve_csv(start, corrected))
    assert plan.count == 0
    ((point, before),) = plan.files[0].series[0].merged.different
    assert (point.value, before) == (corrected[0], watts[0])
    assert "--take" in " ".join(str(line) for line in as_lines(plan, take=False))
    home.add(curve_csv(start, corrected), take=True)
    assert [value for _, _, value in home.kept()] == corrected
    home.undo(2)
    assert [value for _, _, value in home.kept()] == watts


def test_a_file_that_says_two_things_is_taken_for_one(home):
    """A block twice with another value: the first stays, also where differences are taken."""
    start, watts, _ = life()
    twice = curve_csv(start, watts) + curve_csv(start, [watts[0] + 2, *watts[1:]])
    plan = home.add(twice, take=True)
    assert [value for _, _, value in home.kept()] == watts
    assert [len(one.block.conflicts) for one in plan.files[0].series] == [0, 1]
    assert plan.files[0].series[1].merged.same == len(watts) - 1


@pytest.mark.parametrize("order", [0, 1])
def test_the_better_source_is_believed_whichever_came_first(home, order):
    """The distributor's curve before another tool's copy of it."""
    start, watts, _ = life()
    account = curve_csv(start, watts)
    tool = curve_csv(start, [value + 2 for value in watts]).decode().partition("Horodate;Valeur\n")[2]
    tool = ("x PRM 11\nHorodate fin de pas;Puissance moyenne (W)\n" + tool).encode()
    for data in (account, tool)[:: 1 - 2 * order]:
        home.add(data, direction="consumption")
    assert [value for _, _, value in home.kept()] == watts


def test_of_two_meters_only_the_own_one_is_taken(home):
    """Another one is named by its last digits, and left aside; where the own one is unknown it is asked for."""
    unknown = home.plan(sample("sge/r50.xml"), prm=None, direction="consumption")
    assert "several delivery points" in str(unknown.files[0].refused)
    plan = home.add(sample("sge/r50.xml"), direction="consumption")
    assert len(home.kept()) == 48
    ((_, why),) = plan.files[0].left_aside
    assert "0022" in str(why)
    assert "00000000000022" not in str(why)
    other = home.plan(sample("enedis/heure-spring.csv"), prm="99999999999999")
    assert other.refused
    assert "0011" in str(other.files[0].refused)


def test_a_meter_that_is_not_proved_is_marked(home):
    """In the file, or at the gateway."""
    for prm, name in ((None, "enedis/heure-spring.csv"), (PRM, "suppliers/edf-30min.csv")):
        (file,) = home.plan(sample(name), prm=prm).files
        assert all(point.flags & PointFlag.METER_ASSUMED for one in file.series for point in one.stored)
    (file,) = home.plan(sample("enedis/heure-spring.csv")).files
    assert not any(point.flags & PointFlag.METER_ASSUMED for one in file.series for point in one.stored)


def test_what_is_before_the_household_is_left_out(home):
    """From the second that it says."""
    start, watts, _ = life()
    plan = home.add(curve_csv(start, watts), since=start + 100 * 1800)
    assert plan.files[0].series[0].left_out == 100
    assert home.kept()[0][0] == start + 100 * 1800
    assert home.plan(curve_csv(start, watts[:-1]), since=NOW).refused


def test_days_are_held_against_indexes(home):
    """All of them, to 2 Wh, and the place in time is proved."""
    start, watts, indexes = life()
    plan = home.plan(curve_csv(start, watts), index_csv(FIRST, indexes))
    assert (verdicts(plan, "days"), verdicts(plan, "shift"), verdicts(plan, "month")) == (["agrees"],) * 3
    assert "10 of 10 whole days" in said(plan)


def test_a_day_with_holes_comes_to_no_more_than_the_whole(home):
    """What is missing is not known; what is there cannot be more than all."""
    start, watts, indexes = life()
    rows = curve_csv(start, watts).splitlines(keepends=True)
    holed = b"".join([*rows[:20], *rows[24:]])
    assert verdicts(home.plan(holed, index_csv(FIRST, indexes)), "days-with-holes") == []
    large = curve_csv(start, [watts[0] + 40_000, *watts[1:]]).splitlines(keepends=True)
    plan = home.plan(b"".join([*large[:20], *large[24:]]), index_csv(FIRST, indexes))
    assert verdicts(plan, "days-with-holes") == ["differs"]
    assert "2024-10-22 (curve" in said(plan)


def test_checks_reach_what_was_imported_before(home):
    """The indexes first, the curve days later."""
    start, watts, indexes = life()
    home.add(index_csv(FIRST, indexes))
    assert verdicts(home.plan(curve_csv(start, watts)), "days") == ["agrees"]
    assert verdicts(home.plan(curve_csv(start, [value + 2 for value in watts])), "days") == ["differs"]


@pytest.mark.parametrize("times", [2, 0.5])
def test_a_doubled_or_halved_curve_is_refused(home, times):
    """kWh taken for kW, half hours for hours."""
    start, watts, indexes = life()
    plan = home.plan(curve_csv(start, [round(value * times) for value in watts]), index_csv(FIRST, indexes))
    assert plan.refused
    assert verdicts(plan, "ratio") == ["refused"]
    assert ("twice" if times == 2 else "half") in said(plan)


@pytest.mark.parametrize("minutes", [-60, -30, 30, 60])
def test_a_shifted_curve_is_refused(home, minutes):
    """With the option that would be right, where there is one."""
    start, watts, indexes = life()
    plan = home.plan(curve_csv(start + minutes * 60, watts), index_csv(FIRST, indexes))
    assert plan.refused
    (check,) = [one for one in plan.checks if one.name == "shift"]
    assert (check.verdict, check.figures["minutes"]) == ("refused", -minutes)
    assert ("--stamp start" in str(check.said)) == (minutes == -30)


def test_the_other_end_of_a_step_is_found_and_said(home):
    """A curve stamped at the start, read by its form as stamped at the end: with --stamp start it is right."""
    start, watts, indexes = life()
    wrong = curve_csv(start - 1800, watts)
    assert home.plan(wrong, index_csv(FIRST, indexes)).refused
    plan = home.add(wrong, index_csv(FIRST, indexes), stamp="start")
    assert verdicts(plan, "shift") == ["agrees"]
    assert [row[0] for row in home.kept()][:1] == [start]


def test_whole_kilowatt_hours_prove_no_place_in_time(home):
    """A unit, and no more."""
    start, watts, indexes = life()
    rounded = [value // 1000 * 1000 for value in indexes]
    plan = home.plan(curve_csv(start + 1800, watts), index_csv(FIRST, rounded))
    assert not plan.refused
    assert verdicts(plan, "shift") == []
    assert home.plan(curve_csv(start, [2 * value for value in watts]), index_csv(FIRST, rounded)).refused


def test_whole_kilowatt_hours_beside_watt_hours_accuse_no_day(home):
    """Two files of one household, the later one of a supplier that gives whole kWh."""
    start, watts, indexes = life(days=20)
    home.add(index_csv(FIRST, indexes[:11]))
    later = "".join(
        f"{FIRST + place * DAY:%d/%m/%Y};{value // 1000};Réelle\n" for place, value in enumerate(indexes) if place > 10
    )
    head = "Récapitulatif de mes index\n\nDate de relevé;Index;Nature\n"
    plan = home.plan(curve_csv(start, watts), (head + later).encode("cp1252"))
    assert verdicts(plan, "days") == verdicts(plan, "shift") == ["agrees"]
    assert verdicts(plan, "month") == ["agrees"]


def test_a_falsified_month_is_found_and_told(home):
    """In a year of half hours one month a tenth lower, beside the indexes of before: that month, and no other."""
    first, days = date(2023, 1, 1), 365
    start, watts, indexes = life(first, days)
    low, high = ((midnight_of(date(2023, month, 1)) - start) // 1800 for month in (3, 4))
    watts[low:high] = [value * 9 // 20 * 2 for value in watts[low:high]]
    plan = home.plan(curve_csv(start, watts), index_csv(first, indexes))
    (month,) = [check for check in plan.checks if check.name == "month"]
    assert (month.verdict, month.figures["month"]) == ("differs", "2023-03")
    assert "2023-03: the curve comes to" in str(month.said)
    (of_days,) = [check for check in plan.checks if check.name == "days"]
    assert (of_days.figures["agree"], len(of_days.figures["differ"])) == (334, 31)


def test_a_day_that_is_known_as_a_day_is_held_against(home):
    """Daily values serve where there are no indexes, to what they are rounded to."""
    plan = home.plan(sample("enedis/heure-spring.csv"), sample("enedis/xlsx-jour.xlsx"))
    assert verdicts(plan, "days") == ["agrees"]
    assert "3 of 3" in said(plan)


def test_what_cannot_be_is_doubted(home):
    """Powers of no house, indexes that leap, a meter that was exchanged, a roof at night."""
    start, watts, indexes = life()
    assert "above 45.0 kW" in said(home.plan(curve_csv(start, [*watts[:50], 60_000, *watts[51:]])))
    leaps = [*indexes[:5], indexes[5] + 5_000_000, *indexes[6:]]
    assert "1 indexes set aside" in said(home.plan(index_csv(FIRST, leaps)))
    exchanged = [*indexes[:5], *(value - indexes[5] + 12 for value in indexes[5:])]
    assert "the meter was exchanged" in said(home.plan(index_csv(FIRST, exchanged)))
    roof = curve_csv(start, watts).replace(b"Consommation", b"Production")
    assert "values at night" in said(home.plan(roof))


def test_a_time_that_has_not_come_yet_is_doubted(home):
    """Of the file, or of this machine's clock."""
    start, watts, _ = life(date(2096, 10, 22))
    assert "482 values are of a time that has not come yet, the first of 2096-10-22" in said(
        home.plan(curve_csv(start, watts))
    )


def test_the_seam_is_held_against_the_meter_itself(home):
    """Half hours and indexes that both know; a shift is found there without any index in the file."""
    start, watts, indexes = life()
    half = len(watts) // 2
    home.live(start + half * 1800, watts[half:], indexes[0] + sum(watts[:half]) // 2)
    plan = home.plan(curve_csv(start, watts), index_csv(FIRST, indexes))
    assert verdicts(plan, "seam") == ["agrees"]
    assert verdicts(plan, "seam-indexes") == ["agrees"]
    assert home.plan(curve_csv(start + 1800, watts)).refused
    above = home.plan(index_csv(FIRST, [value + 9_000_000 for value in indexes]))
    assert "above the meter's own first one" in said(above)


def test_the_meters_own_rows_are_untouched_by_import_and_undo(home):
    """Byte for byte, and so is what it is asked for."""
    start, watts, indexes = life()
    half = len(watts) // 2
    home.live(start + half * 1800, watts[half:], indexes[0] + sum(watts[:half]) // 2)
    before = home.own()
    home.add(curve_csv(start, watts), index_csv(FIRST, indexes))
    assert home.own() == before
    home.undo(1)
    home.undo(2)
    assert home.own() == before
    assert (home.kept(), home.kept(INDEX)) == ([], [])


def test_a_day_of_which_the_meter_said_anything_is_its_own(home):
    """The imported days end where it begins."""
    start, watts, indexes = life()
    half = len(watts) // 2
    home.live(start + half * 1800, watts[half:], indexes[0] + sum(watts[:half]) // 2)
    home.add(curve_csv(start, watts), index_csv(FIRST, indexes))
    found = home.days(FIRST, FIRST + DAYS * DAY)
    began = local_day(start + half * 1800)
    assert [day.date for day in found] == [FIRST + place * DAY for place in range((began - FIRST).days)]
    assert [day.drawn for day in found] == [b - a for a, b in pairwise(indexes)][: len(found)]
    assert {(day.imported, day.whole) for day in found} == {(True, True)}


def test_days_are_made_of_what_is_known_best(home):
    """Two indexes, else a whole curve, else a daily value; a curve with holes is a part, never filled."""
    start, watts, indexes = life()
    home.add(curve_csv(start, watts[:-10]))
    days = home.days(FIRST, FIRST + DAYS * DAY)
    assert [day.whole for day in days] == [True] * 9 + [False]
    assert days[-1].drawn == sum(watts[-48:-10]) // 2
    home.add(index_csv(FIRST, indexes))
    days = home.days(FIRST, FIRST + DAYS * DAY)
    assert [day.drawn for day in days] == [b - a for a, b in pairwise(indexes)]
    assert all(day.whole for day in days)


def test_finer_steps_count_where_they_are_all_there(home):
    """Hours and half hours of the same time are no double energy."""
    start, watts, _ = life()
    hours = [(a + b) // 2 for a, b in zip(watts[::2], watts[1::2], strict=True)]
    rows = "".join(
        f"{datetime.fromtimestamp(start + 3600 * place).astimezone().isoformat()};{value}\n"
        for place, value in enumerate(hours, start=1)
    )
    head = curve_csv(start, []).decode()
    home.add((head + rows).encode())
    home.add(curve_csv(start, watts[:48]))
    days = home.days(FIRST, FIRST + 2 * DAY)
    assert days[0].drawn == sum(watts[:48]) // 2
    assert days[1].drawn == sum(hours[24:48])


def test_a_full_disk_is_not_filled_further(home, monkeypatch):
    """The gateway would give up its own minutes for it."""
    start, watts, _ = life()
    monkeypatch.setattr("gateway.control.spool.room_at", lambda _: 50_000_000)
    with pytest.raises(StoreError, match="not enough room"):
        home.add(curve_csv(start, watts))
    assert list(home.directory.glob("history-*")) == []


def test_what_a_command_left_that_was_cut_off_goes_with_the_next(home):
    """It is a copy of a household's file; that of a command which runs now stays."""
    left, fresh, other = (home.directory / f"history-{name}.import" for name in ("0" * 32, "1" * 32, "mine"))
    for path in (left, fresh, other):
        path.write_bytes(b"x")
    for path in (left, other):
        os.utime(path, (time.time() - 90_000,) * 2)
    start, watts, _ = life()
    home.add(curve_csv(start, watts))
    assert [path.exists() for path in (left, fresh, other)] == [False, True, True]


def test_a_spool_of_another_is_refused(home):
    """By its name, and by what is in it: nothing half written."""
    start, watts, _ = life()
    plan = home.plan(curve_csv(start, watts))
    (file,) = plan.files
    path = write_spool(home.directory, plan.batch_of(file, Choices()), file.points(), file.data)
    whole = path.read_bytes()
    with closing(Store(home.directory)) as store:
        for name in ("../history", "/etc/passwd", "history-00.import", "history-" + "0" * 32 + ".import"):
            with pytest.raises(StoreError, match="import it again"):
                HANDLERS[AddHistory](store, AddHistory(spool=name), NOW)
        ends = [place + 1 for place, byte in enumerate(whole[:-1]) if byte == ord("\n")]
        for place in [*range(0, len(whole) - 1, 997), *ends]:
            path.write_bytes(whole[:place])
            with pytest.raises(StoreError):
                HANDLERS[AddHistory](store, AddHistory(spool=path.name), NOW)
            assert store.imports.batches() == []
        path.write_bytes(whole)
        HANDLERS[AddHistory](store, AddHistory(spool=path.name), NOW)
        assert [one.points for one in store.imports.batches()] == [len(watts)]
        with pytest.raises(StoreError, match="imported already, as import 1"):
            HANDLERS[AddHistory](store, AddHistory(spool=path.name), NOW)
        assert store.imports.file_of(1) == file.data


def seconds_for(home, first, days):
    """Seconds of processor for a look at so many days of half hours with their indexes, the look anew, and storing."""
    start, watts, indexes = life(first, days)
    files = curve_csv(start, watts), index_csv(first, indexes)
    begun = time.process_time()
    plan = home.plan(*files)
    assert verdicts(plan, "shift") == ["agrees"]
    home.add(*files)
    assert home.add(*files).count == 0
    assert len(home.days(first, first + days * DAY)) == days
    return time.process_time() - begun


def test_a_quarter_of_a_year_is_read_checked_and_stored_in_its_part_of_ten_seconds(home):
    """Three years may take ten."""
    assert seconds_for(home, date(2024, 1, 1), 91) < 10 * 91 / 1096 + 1


@pytest.mark.campaign
def test_three_years_are_read_checked_and_stored_in_ten_seconds(home):
    """Half hours and daily indexes, with every check; a second time adds nothing."""
    assert seconds_for(home, date(2021, 11, 1), 1096) < 10
