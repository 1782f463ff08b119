"""No energy, no euro and no point across a break: frames through reader, judge, recorder and store to what is shown."""

import json
from contextlib import closing
from datetime import date, timedelta

import pytest

from gateway.balance.calendar import midnight
from gateway.commands.main import main
from gateway.store.points import Granularity
from gateway.store.recorder import Happened
from gateway.store.store import Archive, Store
from gateway.tic.continuity import BreakKind
from gateway.tic.frame import HISTORIC, STANDARD
from gateway.tic.judges import FactKind
from tests.gateway.balance.conftest import WINTER
from tests.gateway.balance.world import CONFIG, Gateway, Meter, around, every

TARIFF = """
[[tariff]]
name = "HC"
from = 2020-01-01
prices = { base = 0.25, hc = 0.25, hp = 0.25 }
"""
DRAWN, CURVE, DAILY = (
    f"consumption/{one}" for one in ("energy/active/index", "power/active/raw", "energy/active/daily")
)
FIRST, LAST = midnight(WINTER), midnight(WINTER + timedelta(days=1))
HALVES = range(FIRST, LAST + 1, 1800)
NOON = FIRST + 12 * 3600


def said(folder, capsys, what, *options):
    """The rows that a command prints."""
    assert main([what, "--json", "--config", str(folder / "gateway.toml"), *options]) == 0
    return json.loads(capsys.readouterr().out)["rows"]


def day_of(folder, capsys, day=WINTER):
    """What balance and cost say of a day."""
    options = ["--period", "day", "--from", str(day), "--to", str(day + timedelta(days=1))]
    (energy,) = said(folder, capsys, "balance", *options)
    (euros,) = said(folder, capsys, "cost", *options)
    return energy, euros


def live(folder, at, change, registers=(), **options):
    """A day of 600 W, with something that ``change``s at a moment, around which a frame comes every two seconds."""
    gateway = Gateway(folder, CONFIG + TARIFF)
    meter = Meter(FIRST - 60, lambda _: 600, **options)
    meter.put(r1=26_587_000, **dict(registers))
    gateway.hear(meter, every(FIRST - 20, FIRST))
    gateway.hear(meter, [time for time in around(*HALVES[1:]) if time < at - 30])
    gateway.hear(meter, every(at - 30, at - 2))
    change(meter)
    gateway.hear(meter, every(at, at + 30))
    gateway.hear(meter, [time for time in around(*HALVES) if time > meter.time])
    gateway.close()
    return gateway


def to(contract=None, mode=None, **registers):
    """What a change does."""

    def change(meter):
        meter.contract, meter.mode = contract or meter.contract, mode or meter.mode
        meter.put(**registers)

    return change


# In the middle of a half hour, at its end, and with its end between the frames that prove a step.
MOMENTS = [NOON + 700, NOON, NOON - 2]


def check_day(gateway, capsys):
    """14.4 kWh were drawn, and no more is counted, paid or promised; what is left out is what nobody could read."""
    energy, euros = _check_counted(gateway, capsys)
    assert energy["whole"] is False
    assert 0 <= euros["unpriced_wh"] <= 25
    with closing(Store(gateway.folder)) as gateway.store:
        check_promised(gateway)


def _check_counted(gateway, capsys):
    energy, euros = day_of(gateway.folder, capsys)
    assert 14_400 - 25 <= energy["drawn_wh"] <= 14_400
    assert sum(energy["classes_wh"].values()) <= energy["drawn_wh"] + 1
    assert euros["energy"] == pytest.approx(0.25 * (energy["drawn_wh"] - euros["unpriced_wh"]) / 1000, abs=1e-4)
    return energy, euros


def check_promised(gateway):
    """Each half hour that was promised is one of 600 W, and no day was."""
    for curve in (gateway.promised(CURVE, Granularity.RAW), gateway.stored(CURVE, Granularity.HALF_HOUR)):
        assert set(curve.values()) == {600}
        assert {*HALVES[:-1]} - {*curve} <= {NOON - 1800, NOON}
    assert gateway.promised(DAILY, Granularity.DAY) == {}


@pytest.mark.parametrize("at", MOMENTS)
def test_a_contract_that_brings_an_old_register_costs_nothing(tmp_path, capsys, at):
    """Historic BASE to HC..: the second register holds 2,000 kWh of years ago."""
    gateway = live(tmp_path, at, to("hc"), {"r2": 2_000_000}, contract="base")
    check_day(gateway, capsys)


@pytest.mark.parametrize("at", MOMENTS)
def test_a_switch_to_standard_mode_that_adds_old_registers_costs_nothing(tmp_path, capsys, at):
    """Historic HC.. to standard: register 3 of a former Tempo contract holds 5,000 kWh."""
    gateway = live(tmp_path, at, to(mode=STANDARD), {"r2": 1_000_000, "r3": 5_000_000})
    energy, euros = _check_counted(gateway, capsys)
    # The registers are the same by other names: what was drawn meanwhile is known, and so is the day.
    assert (energy["drawn_wh"], energy["whole"], energy["estimated"], euros["unpriced_wh"]) == (14_400, True, False, 0)
    with closing(Store(gateway.folder)) as gateway.store:
        assert gateway.promised(DAILY, Granularity.DAY) == {FIRST: 14_400}
        assert {abs(watts - 600) <= 2 for watts in gateway.promised(CURVE, Granularity.RAW).values()} == {True}


def test_a_switch_that_nobody_heard_is_counted_too(tmp_path, capsys):
    """Three hours until somebody sets the gateway to the other mode: the registers tell all of it."""
    gateway = Gateway(tmp_path, CONFIG + TARIFF)
    meter = Meter(FIRST - 60, lambda _: 600)
    meter.put(r1=26_587_000, r2=1_000_000, r3=5_000_000)
    gateway.hear(meter, around(*range(FIRST, NOON + 1, 1800)))
    meter.advance(NOON + 3 * 3600)
    meter.mode = STANDARD
    gateway.restart()
    gateway.hear(meter, every(meter.time + 2, meter.time + 20))
    gateway.hear(meter, [time for time in around(*HALVES) if time > meter.time])
    gateway.close()
    energy, _ = _check_counted(gateway, capsys)
    assert (energy["drawn_wh"], energy["classes_wh"]) == (14_400, {"hc": 4_800, "hp": 9_600})
    assert (energy["whole"], energy["estimated"]) == (True, False)


@pytest.mark.parametrize("r2", [26_586_890, 26_586_870])
def test_registers_that_could_be_one_another_are_not_taken_for_it(tmp_path, capsys, r2):
    """Two classes stand at nearly the same number at noon: nobody can tell which is which, so nothing is counted."""
    gateway = live(tmp_path, NOON + 700, to(mode=STANDARD), {"r2": r2, "r3": 5_000_000})
    energy, _ = day_of(gateway.folder, capsys)
    assert 14_400 - 25 <= energy["drawn_wh"] < 14_400
    assert energy["whole"] is False


def test_a_contract_that_goes_and_comes_back_costs_nothing(tmp_path, capsys):
    """Historic HC.. to BASE and, an hour later, back: the total falls and rises by 2,000 kWh."""
    gateway = Gateway(tmp_path, CONFIG + TARIFF)
    meter = Meter(FIRST - 60, lambda _: 600)
    meter.put(r1=26_587_000, r2=2_000_000)
    for contract, first, last in (("hc", FIRST, NOON), ("base", NOON, NOON + 3600), ("hc", NOON + 3600, LAST)):
        meter.contract = contract
        gateway.hear(meter, every(meter.time + 2, meter.time + 30))
        gateway.hear(meter, [time for time in around(*range(first, last + 1, 1800)) if time > meter.time])
    gateway.close()
    energy, euros = day_of(tmp_path, capsys)
    assert 14_400 - 25 <= energy["drawn_wh"] <= 14_400
    assert sum(energy["classes_wh"].values()) <= energy["drawn_wh"] + 1
    assert euros["energy"] <= 3.6
    with closing(Store(tmp_path)) as gateway.store:
        assert set(gateway.promised(CURVE, Granularity.RAW).values()) == {600}
        assert gateway.promised(DAILY, Granularity.DAY) == {}


def test_a_month_in_standard_mode_is_counted_once(tmp_path, capsys):
    """HC.. in January, standard mode in February, HC.. again in March: 90 days of 14.4 kWh, each class once."""
    gateway = Gateway(tmp_path, CONFIG + TARIFF)
    begin = midnight(date(2026, 1, 1))
    meter = Meter(begin - 60, lambda _: 600)
    meter.put(r1=26_587_000, r2=22_235_000)
    gateway.hear(meter, around(begin))
    for month, mode in ((1, HISTORIC), (2, STANDARD), (3, HISTORIC)):
        first, last = midnight(date(2026, month, 1)), midnight(date(2026, month + 1, 1))
        meter.mode = mode
        gateway.hear(meter, every(meter.time + 2, meter.time + 20))
        gateway.hear(meter, around(*range(first + 6 * 3600, last, 8 * 3600), last))
    gateway.close()
    options = ["--period", "month", "--from", "2026-01-01", "--to", "2026-03-31"]
    energy, euros = (said(tmp_path, capsys, what, *options) for what in ("balance", "cost"))
    truth = {"2026-01": 446_400, "2026-02": 403_200, "2026-03": 445_800}
    for row, price in zip(energy, euros, strict=True):
        assert row["drawn_wh"] == pytest.approx(truth[row["label"]], abs=25)
        assert sum(row["classes_wh"].values()) <= row["drawn_wh"] + 1
        assert price["unpriced_wh"] <= 25
        assert price["energy"] == pytest.approx(row["drawn_wh"] / 4000, abs=0.01)


@pytest.mark.parametrize("commit", [True, False], ids=["committed before", "in one commit"])
@pytest.mark.parametrize("at", [NOON - 2, NOON, NOON + 2])
def test_a_half_hour_that_was_over_before_the_clock_went_back_is_kept(tmp_path, at, commit):
    """Standard mode's clock is 4 s ahead of the host's, by which historic mode is dated: what was counted stays so."""
    gateway = Gateway(tmp_path, CONFIG + TARIFF)
    meter = Meter(FIRST - 60, lambda _: 600, mode=STANDARD)
    meter.put(r1=26_587_000, r3=5_000_000)
    meter.ahead_s = 4
    gateway.hear(meter, [*every(NOON - 1830, NOON - 1800), *every(NOON - 30, at - 2)], commit=commit)
    meter.mode = HISTORIC
    gateway.hear(meter, [*every(at, at + 30), *around(NOON + 1800, NOON + 3600)])
    assert [
        event.detail["back_s"] > 0 for event in gateway.store.readings.events() if event.kind == "mode-switched"
    ] == [True]
    assert gateway.promised(CURVE, Granularity.RAW) == {NOON - 1800: 600, NOON: 602, NOON + 1800: 600}
    (curve,) = [one for one in gateway.store.meters.series("house") if one.path == CURVE]
    assert gateway.store.energy.half_hours(curve, FIRST, LAST) == {NOON - 1800: 300, NOON: 301, NOON + 1800: 300}
    assert gateway.store.spanning.points() == []
    gateway.close()


# A kind that is added later is a break, or is named here and shown to be none.
NO_BREAKS = {"roll-over", "out-of-range"}
KINDS = [*(kind.value for kind in (*FactKind, *BreakKind)), "index-set-by-hand"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in NO_BREAKS])
def test_nothing_is_counted_across_what_was_told(house, kind, capsys):
    """Each fact and each break that the reading side can tell ends the energy of total and class."""
    house.configure(TARIFF)
    powers = {DRAWN: 1008, f"{DRAWN}/provider/hc": 1008}
    house.live(FIRST, NOON, lambda _: powers)
    for path in powers:
        before = house._totals["house", path]
        after = house._totals["house", path] = before + 5_000_000
        series = {"mode-switched": "", "meter-replaced": "", "contract-changed": "contract/option"}.get(kind, path)
        house._recorders["house"].tell(Happened(NOON + 300, kind, series, {"before": before, "after": after}))
    house.live(NOON + 300, LAST, lambda _: powers)
    energy, euros = day_of(house.folder, capsys)
    assert energy["drawn_wh"] == 1008 * 24 - 84
    assert (energy["classes_wh"], energy["whole"]) == ({"hc": energy["drawn_wh"]}, False)
    assert euros["energy"] == pytest.approx(0.25 * (1.008 * 24 - 0.084))
    with closing(Archive(house.folder)) as archive:
        curve = archive.readings.page("house", CURVE, Granularity.HALF_HOUR, FIRST, LAST, 100)
        daily = archive.readings.page("house", DAILY, Granularity.DAY, FIRST, LAST, 100)
    assert ({point.value for point in curve}, len(curve), daily) == ({1008}, 47, [])


def test_a_counter_that_begins_again_at_zero_goes_on(tmp_path, capsys):
    """After 999,999,999 Wh comes 0: what it rose by is known, in the half hour, the day, and the bill."""
    gateway = Gateway(tmp_path, CONFIG + TARIFF)
    meter = Meter(FIRST - 60, lambda _: 600, contract="base")
    meter.put(r1=10**9 - 7_307)
    gateway.hear(meter, every(FIRST - 20, FIRST))
    gateway.hear(meter, [time for time in around(*HALVES[1:]) if time < NOON + 600])
    gateway.hear(meter, every(NOON + 600, NOON + 800))
    gateway.hear(meter, [time for time in around(*HALVES) if time > NOON + 800])
    assert gateway.events().count("roll-over") == 2
    assert set(gateway.stored(CURVE, Granularity.HALF_HOUR).values()) == {600}
    assert gateway.stored(DAILY, Granularity.DAY) == {FIRST: 14_400}
    gateway.close()
    energy, euros = day_of(tmp_path, capsys)
    assert (energy["drawn_wh"], energy["classes_wh"], energy["whole"]) == (14_400, {"base": 14_400}, True)
    assert euros["energy"] == 3.6


def test_a_measure_beyond_the_hardware_is_no_break(house):
    """What is told of a voltage says nothing of an index."""
    house.live(FIRST, NOON, lambda _: {DRAWN: 1008})
    house._recorders["house"].tell(Happened(NOON, "out-of-range", "consumption/voltage/raw", {"after": 401}))
    house._totals["house", DRAWN] += 84
    house.live(NOON + 300, LAST, lambda _: {DRAWN: 1008})
    assert (house.day(WINTER).drawn, house.day(WINTER).whole) == (1008 * 24, True)


def test_the_bill_says_where_it_is_estimated(tmp_path, capsys):
    """A night that was not read is shared out between two days: of each the bill says so, as the balance does."""
    gateway = Gateway(tmp_path, CONFIG + TARIFF)
    meter = Meter(FIRST - 60, lambda _: 600)
    meter.put(r1=26_587_000)
    gateway.hear(meter, around(*HALVES[:-3]))
    gateway.hear(meter, around(LAST + 7200, LAST + 86400))
    gateway.close()
    options = ["--period", "day", "--from", str(WINTER), "--to", str(WINTER + timedelta(days=2))]
    for what in ("balance", "cost"):
        rows = said(tmp_path, capsys, what, *options)
        assert [(row.get("whole"), row.get("estimated")) for row in rows] == [(True, True), (True, True)]


def test_what_was_read_next_to_another_meter_counts(tmp_path, capsys):
    """A meter exchanged at 12:11:40 of a day is known until then and from then on, not from half hour to half hour."""

    def swap(meter):
        meter.address = "021961000002"
        meter.put(r1=0, r2=0)

    gateway = live(tmp_path, NOON + 700, swap)
    assert "meter-replaced" in _events(gateway)
    energy, _ = day_of(tmp_path, capsys)
    assert 14_400 - 3 <= energy["drawn_wh"] <= 14_400
    assert energy["whole"] is False


def _events(gateway):
    with closing(Store(gateway.folder)) as gateway.store:
        return gateway.events()


def test_the_first_half_hour_of_an_installation_counts(tmp_path, capsys):
    """A gateway that is plugged in at 10:10 counts from 10:10."""
    gateway = Gateway(tmp_path, CONFIG + TARIFF)
    begin = FIRST + 10 * 3600 + 600
    meter = Meter(begin, lambda _: 600)
    meter.put(r1=26_587_000, r2=1)
    gateway.hear(meter, every(begin + 2, begin + 1200, 10))
    gateway.close()
    energy, _ = day_of(tmp_path, capsys)
    assert energy["drawn_wh"] == pytest.approx(200, abs=5)


def test_a_contract_that_keeps_the_number_of_its_index_is_another_class(tmp_path, capsys):
    """HC to Base at 2:30 leaves the index at 1, and back: each hour is of the contract under which it was drawn."""
    gateway = Gateway(tmp_path, CONFIG + TARIFF)
    meter = Meter(FIRST - 60, lambda _: 600, mode=STANDARD)
    meter.put(r1=26_587_000, r2=2_000_000)
    night, next_night = FIRST + 9000, LAST + 9000
    gateway.hear(meter, around(*range(FIRST, night + 1, 1800)))
    for contract, until in (("base", next_night), ("hc", LAST + 86400)):
        meter.contract = contract
        gateway.hear(meter, every(meter.time + 2, meter.time + 20))
        gateway.hear(meter, [time for time in around(*range(FIRST, until + 1, 1800)) if meter.time < time])
    gateway.close()
    options = ["--period", "day", "--from", str(WINTER), "--to", str(WINTER + timedelta(days=2))]
    first, second = said(tmp_path, capsys, "balance", *options)
    assert first["classes_wh"] == pytest.approx({"base": 12_900, "hc": 1_500}, abs=15)
    assert second["classes_wh"] == pytest.approx({"base": 1_500, "hc": 3_300, "hp": 9_600}, abs=15)
    assert (first["drawn_wh"], second["drawn_wh"]) == (14_400, 14_400)
