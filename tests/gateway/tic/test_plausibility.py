"""What a value may be after the one before, and that nothing right is refused for ever."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.tic.judges import FactKind
from gateway.tic.plausibility import Plausibility
from gateway.tic.reading import Interpretation, Kind, Quality, Reading

START = datetime(2026, 7, 1, 10, 0, 0, tzinfo=UTC)
START_S = int(START.timestamp())
OLD, NEW = "021861000001", "021861000002"

TOTAL = "consumption/energy/active/index"
PART = TOTAL + "/provider/"
INJECTED = "production/energy/active/index"
CUTOFF = "contract/power/cutoff"
TARIFF = "contract/tariff"
CURVE = "consumption/power/active/raw"
POWER, VOLTAGE, CURRENT = (f"consumption/{name}/raw" for name in ("power/apparent", "voltage", "current"))

UNITS = {"power/apparent": "VA", "voltage": "V", "current": "A", "volume": "l", "energy": "Wh"}


def reading(series, value, time, kind=None):
    """A reading whose kind is that of its series' name."""
    if kind is None:
        kind = Kind.TEXT if isinstance(value, str) else Kind.INDEX if "/index" in series else Kind.GAUGE
    unit = next((unit for name, unit in UNITS.items() if name in series), "")
    return Reading(series, time, value, unit, kind, Quality.METER)


def said(second, values, meter=OLD, quality=Quality.METER, extra=()):
    """What the frame of that second says."""
    time = START + timedelta(seconds=second)
    readings = tuple(reading(series, value, time) for series, value in values.items())
    return Interpretation(time, quality, meter, None, (*readings, *extra), ())


class Meter:
    """A Plausibility, and everything that it was told and gave back."""

    def __init__(self, *args, **kwargs):
        self._plausibility = Plausibility(*args, **kwargs)
        self.facts = []
        self.last = None

    def say(self, second, values, **kwargs):
        """The values believed of this frame."""
        judgement = self._plausibility.check(said(second, values, **kwargs))
        self.facts += [(fact.kind, fact.series, fact.before, fact.after) for fact in judgement.facts]
        self.last = judgement.interpretation
        return {each.series: each.value for each in self.last.readings}

    def say_each(self, series, *pairs):
        """What is believed of each (second, value) of one series."""
        return [self.say(second, {series: value}).get(series) for second, value in pairs]


def settled(series=TOTAL, value=1000):
    """A meter of 6 kVA that has been read for two frames; the next is that of second 2."""
    meter = Meter()
    for second in (0, 1):
        meter.say(second, {CUTOFF: 6000, series: value})
    return meter


# Indexes.


def test_the_first_value_is_believed_when_a_second_frame_agrees():
    """Without a history one frame is no evidence, however good its checksum."""
    assert Meter().say_each(TOTAL, (0, 1000), (1, 1001)) == [None, 1001]
    assert Meter().say_each(TOTAL, (0, 39_001_000), (1, 1001), (2, 1001)) == [None, None, 1001]


def test_the_stored_value_is_a_history():
    """After a restart an index goes on at once from where it was, and no further than the time allows."""
    known = {TOTAL: (START_S - 86_400, 1000), CUTOFF: (START_S - 86_400, 6000)}
    assert Meter(known, START_S - 30).say_each(TOTAL, (0, 1001)) == [1001]
    assert Meter(known, START_S - 30).say_each(TOTAL, (0, 1200)) == [None]


def test_an_index_rises_as_fast_as_the_breaker_allows():
    """1.3 times the cut-off power, for the time elapsed, and what rounding and a frame's age explain; no more."""
    allowed = 2 + int(1.3 * 6000 * (10 + 1) / 3600)
    assert settled().say_each(TOTAL, (11, 1000 + allowed)) == [1000 + allowed]
    assert settled().say_each(TOTAL, (11, 1000 + allowed + 1)) == [None]


@pytest.mark.parametrize(
    ("setting", "va"),
    [
        ({}, 36_000),
        ({CUTOFF: 9000, "contract/power/reference": 3000}, 9000),
        ({"contract/power/reference": 3000}, 3000),
        ({"contract/current/subscribed": 30}, 30 * 230),
        ({"contract/current/subscribed": 20, CURRENT + "/phase/2": 1}, 3 * 20 * 230),
    ],
)
def test_the_contract_says_how_fast(setting, va):
    """PCOUP, or PREF, or the subscribed current of every phase; else the most that a household can have."""
    meter = Meter()
    for second in (0, 1):
        meter.say(second, {**setting, TOTAL: 1000})
    allowed = 2 + int(1.3 * va * (10 + 1) / 3600)
    assert meter.say_each(TOTAL, (11, 1001 + allowed), (11, 1000 + allowed)) == [None, 1000 + allowed]


def test_time_counts_from_the_last_frame_that_said_the_index():
    """An index that stood still for a minute may not make up for it in a second."""
    meter = settled()
    assert meter.say_each(TOTAL, (30, 1000), (60, 1000), (61, 1030), (62, 1001)) == [1000, 1000, None, 1001]


def test_what_is_injected_has_a_contract_of_its_own():
    """Panels may be larger than the subscribed power."""
    assert settled(INJECTED).say_each(INJECTED, (11, 1000 + 100)) == [1100]


def test_an_index_never_falls():
    """A lower value is no value, and the right one after it is believed as if nothing had been (nasty input 5.1)."""
    meter = settled()
    assert meter.say_each(TOTAL, (2, 900), (3, 1001)) == [None, 1001]
    assert meter.facts == []
    assert meter.say_each(TOTAL, (4, 39_001_000), (5, 1002)) == [None, 1002]


def test_a_lower_value_that_lasts_is_a_fact():
    """Three frames that agree are right, whatever was believed before; a wrong value cannot lock out the right ones.

    (Nasty input 5.3.)
    """
    meter = settled(value=39_001_000)
    assert meter.say_each(TOTAL, (2, 1000), (3, 1000), (4, 1001), (5, 1001)) == [None, None, 1001, 1001]
    assert meter.facts == [(FactKind.INDEX_FELL, TOTAL, 39_001_000, 1001)]


def test_a_step_that_lasts_is_a_fact():
    """The same upwards."""
    meter = settled()
    assert meter.say_each(TOTAL, (2, 5000), (3, 5001), (4, 5001)) == [None, None, 5001]
    assert meter.facts == [(FactKind.INDEX_STEP, TOTAL, 1000, 5001)]


def test_values_that_do_not_agree_among_themselves_are_no_fact():
    """Noise differs from frame to frame."""
    meter = settled()
    assert meter.say_each(TOTAL, (2, 5000), (3, 700), (4, 90_000), (5, 90_500), (6, 100), (7, 1001)) == [None] * 5 + [
        1001
    ]
    assert meter.facts == []


def test_a_frame_without_the_index_does_not_start_the_count_again():
    """On a bad line the frames that agree may be far apart."""
    meter = settled()
    meter.say(2, {TOTAL: 5000})
    meter.say(3, {})
    assert meter.say_each(TOTAL, (4, 5000), (9, 5002)) == [None, 5002]


def test_nine_digits_roll_over():
    """After 999999999 comes 0, and that is told apart from a fall."""
    meter = settled(value=999_999_999)
    assert meter.say_each(TOTAL, (2, 0), (3, 0), (4, 1)) == [None, None, 1]
    assert meter.facts == [(FactKind.ROLL_OVER, TOTAL, 999_999_999, 1)]


def test_after_an_outage_a_second_frame_has_to_agree():
    """In an hour nearly any index is possible: the time elapsed is the real one, and one frame is no evidence."""
    assert settled().say_each(TOTAL, (3601, 5000), (3602, 5001)) == [None, 5001]
    assert settled().say_each(TOTAL, (3601, 9000), (3602, 1300), (3603, 1300)) == [None, None, 1300]
    assert settled().say_each(TOTAL, (3601, 1000)) == [1000]


def test_a_clock_set_back_refuses_nothing():
    """Between two frames of which the second is older, a frame's worth of energy is believed (nasty input 7.1)."""
    assert settled().say_each(TOTAL, (-3600, 1002), (-3599, 1003)) == [1002, 1003]


@given(first=st.integers(0, 10**9 - 1), then=st.integers(0, 10**9 - 1), second=st.integers(-(10**7), 10**7))
def test_nothing_right_is_refused_for_ever(first, then, second):
    """Whatever came before, an index that goes on saying the same is believed in its third frame."""
    meter = settled(value=first)
    assert meter.say_each(TOTAL, *((second + at, then) for at in range(3)))[-1] == then


@given(st.lists(st.integers(0, 5000), max_size=30))
def test_a_believed_index_falls_only_with_a_fact(values):
    """What is stored explains itself: every fall in it is an event beside it."""
    meter = Meter()
    believed = [value for value in meter.say_each(TOTAL, *enumerate(values)) if value is not None]
    falls = sum(after < before for before, after in pairwise(believed))
    assert falls == sum(kind in (FactKind.INDEX_FELL, FactKind.ROLL_OVER) for kind, *_ in meter.facts)


# The total and its parts.


def parts(total, **others):
    """A standard frame's total and its ten parts, of which only the first two count."""
    return {
        TOTAL: total,
        **{f"{PART}{number}": 0 for number in range(3, 11)},
        PART + "1": 600,
        PART + "2": 400,
        **others,
    }


def test_a_total_that_is_not_the_sum_of_its_parts_is_not_believed():
    """One watt-hour is too little to be seen otherwise; what did not change is not in doubt (nasty input 5.2)."""
    meter = Meter()
    for second in (0, 1):
        meter.say(second, parts(1000))
    believed = meter.say(2, parts(1001))
    assert TOTAL not in believed
    assert believed[PART + "1"] == 600
    assert f"{TOTAL}: the total and its parts disagree" in meter.last.refused
    assert meter.say(3, parts(1001) | {PART + "1": 601})[TOTAL] == 1001


def test_a_difference_that_lasts_is_right():
    """The sum is evidence, not law: in its third frame the difference is believed, and expected from then on."""
    meter = Meter()
    for second in (0, 1):
        meter.say(second, parts(1000))
    assert [meter.say(second, parts(1001)).get(TOTAL) for second in (2, 3, 4)] == [None, None, 1001]
    assert meter.say(5, parts(1002) | {PART + "2": 401})[TOTAL] == 1002


def test_the_total_made_of_a_refused_part_is_refused_with_it():
    """Historic mode sends no total: it is our sum, and no better than its parts."""
    meter = Meter()
    for second in (0, 1):
        meter.say(second, {PART + "hc": 400, PART + "hp": 600, TOTAL: 1000})
    believed = meter.say(2, {PART + "hc": 399, PART + "hp": 601, TOTAL: 1000 + 1})
    assert believed == {PART + "hp": 601}
    assert meter.say(3, {PART + "hc": 400, PART + "hp": 602, TOTAL: 1002})[TOTAL] == 1002


# Another meter.


def test_another_meter_begins_its_indexes_without_waiting():
    """An address said twice is a fact, and the values that came with it are not compared with the old meter's.

    (Nasty input 5.4.)
    """
    meter = settled(value=5_000_000)
    assert meter.say(2, {TOTAL: 12}, meter=NEW) == {}
    assert meter.last.meter is None
    assert meter.say(3, {TOTAL: 12}, meter=NEW) == {TOTAL: 12}
    assert meter.last.meter == NEW
    assert meter.facts == [(FactKind.METER_REPLACED, "", OLD, NEW)]


def test_another_meter_begins_its_total_without_waiting():
    """That of historic mode is ours; that of standard mode is again the sum of its parts."""
    meter = Meter()
    for second in (0, 1):
        meter.say(second, {PART + "hc": 4_000_000, TOTAL: 4_000_000})
    new = {PART + "hc": 12, TOTAL: 12}
    assert [meter.say(second, new, meter=NEW) for second in (2, 3)] == [{}, new]
    meter = Meter()
    for second in range(4):
        meter.say(second, parts(1001))
    assert [meter.say(second, parts(1000), meter=NEW).get(TOTAL) for second in (4, 5)] == [None, 1000]


def test_another_meter_may_have_fewer_phases():
    """What the hardware measures is that of the meter that is there."""
    meter = Meter()
    for second in (0, 1):
        meter.say(second, {CURRENT + "/phase/2": 10, POWER: 30_000})
    for second in (2, 3):
        meter.say(second, {POWER: 3000}, meter=NEW)
    assert meter.say(4, {POWER: 30_000}, meter=NEW) == {}


def test_one_damaged_address_is_no_other_meter():
    """A single frame replaces nothing."""
    meter = settled()
    meter.say(2, {TOTAL: 1001}, meter=NEW)
    assert meter.say(3, {TOTAL: 1002}) == {TOTAL: 1002}
    meter.say(4, {TOTAL: 1002}, meter=NEW)
    assert meter.facts == []


def test_a_meter_replaced_while_nobody_looked_is_found():
    """The stored address is the one before."""
    meter = Meter({TOTAL: (START_S, 5_000_000)}, START_S, OLD)
    for second in (0, 1):
        believed = meter.say(second, {TOTAL: 12}, meter=NEW)
    assert believed == {TOTAL: 12}
    assert meter.facts == [(FactKind.METER_REPLACED, "", OLD, NEW)]


# Measures.


@pytest.mark.parametrize(
    ("series", "most"),
    [
        (VOLTAGE, 300),
        (CURRENT, 90),
        (POWER, 23_400),
        (POWER + "/phase/2", 23_400),
        ("production/power/apparent/raw", 23_400),
    ],
)
def test_a_measure_is_within_what_the_hardware_measures(series, most):
    """The largest value is believed, one more is not, and both at once (nasty input 4.1)."""
    assert Meter().say_each(series, (0, most), (1, most + 1), (2, most)) == [most, None, most]


def test_three_phases_carry_three_times_the_power():
    """The limit of the sum is that of the phases together."""
    meter = Meter()
    assert meter.say(0, {POWER: 70_200, CURRENT + "/phase/2": 60})[POWER] == 70_200
    assert POWER not in meter.say(1, {POWER: 70_201, CURRENT + "/phase/2": 60})


@pytest.mark.parametrize("end", ["", "/phase/1", "/phase/3"])
def test_power_is_not_more_than_voltage_and_current_explain(end):
    """Where the three contradict each other none is believed; less power than they explain (injection) is right.

    (Nasty input 4.1.)
    """
    three = {CURRENT + "/phase/2": 0} if end else {}
    meter = Meter()
    assert len(meter.say(0, three | {VOLTAGE + end: 230, CURRENT + end: 10, POWER + end: 3200})) == 3 + len(three)
    assert meter.say(1, three | {VOLTAGE + end: 230, CURRENT + end: 10, POWER + end: 4600}) == three
    assert len(meter.say(2, three | {VOLTAGE + end: 230, CURRENT + end: 10, POWER + end: 0})) == 3 + len(three)


def test_a_measure_that_stays_beyond_the_limit_is_a_fact():
    """An industrial meter, a grid fault: three values near each other are believed, and told once."""
    meter = Meter()
    assert meter.say_each(VOLTAGE, (0, 398), (1, 400), (2, 401), (3, 399)) == [None, None, 401, 399]
    assert meter.facts == [(FactKind.OUT_OF_RANGE, VOLTAGE, None, 401)]


def test_measures_beyond_the_limit_that_differ_are_no_fact():
    """Noise is not near itself."""
    meter = Meter()
    assert meter.say_each(VOLTAGE, (0, 398), (1, 900), (2, 301), (3, 700)) == [None] * 4
    assert meter.facts == []


# What a meter says again and again.


def test_a_text_is_believed_when_it_is_said_twice():
    """A change is one frame late; a damaged letter is no change, and costs the right text nothing."""
    meter = Meter()
    assert meter.say_each(TARIFF, (0, "HC.."), (1, "HC.."), (2, "HB.."), (3, "HC..")) == [None, "HC..", None, "HC.."]
    assert meter.say_each(TARIFF, (4, "HP.."), (5, "HP.."), (6, "HC.."), (7, "HP..")) == [None, "HP..", None, "HP.."]
    assert meter.last.refused == ()


def test_a_text_that_changes_with_every_frame_is_not_refused_for_ever():
    """Said three times within half a minute is said often enough; once an hour is not."""
    meter = Meter({TARIFF: (START_S, "A")})
    assert meter.say_each(TARIFF, *enumerate("BABAB")) == [None, "A", None, "A", "B"]
    meter = Meter({TARIFF: (START_S, "A")})
    assert meter.say_each(TARIFF, *((3600 * hour, text) for hour, text in enumerate("BABAB"))) == [None, "A"] * 2 + [
        None
    ]


def test_a_stored_text_is_believed_at_once():
    """A restart makes nothing wait that was true before."""
    assert Meter({TARIFF: (START_S, "HC..")}).say_each(TARIFF, (0, "HC..")) == ["HC.."]


def test_a_setting_is_believed_when_it_is_said_twice():
    """The cut-off power limits the indexes, so one damaged digit may not change it."""
    meter = settled()
    assert meter.say_each(CUTOFF, (2, 9000), (3, 6000)) == [None, 6000]
    assert meter.say_each(CUTOFF, (4, 9000), (5, 9000)) == [None, 9000]


def test_a_message_that_comes_once_is_believed():
    """MSG2 is in one single frame."""
    assert Meter().say_each("message/ultra-short", (0, "COUPURE DEMAIN")) == ["COUPURE DEMAIN"]


def test_a_point_is_believed_when_it_is_said_twice():
    """Means and maxima come with their own time in frame after frame; the two of a curve do not disturb each other."""
    meter = Meter()
    points = [
        reading(CURVE, value, START - timedelta(minutes=30 * ago), Kind.MEAN) for ago, value in ((1, 800), (2, 900))
    ]
    assert meter.say(0, {}, extra=points) == {}
    meter.say(1, {}, extra=points)
    assert meter.last.readings == tuple(points)
    meter.say(2, {}, extra=[points[0]._replace(value=700), points[1]])
    assert meter.last.readings == (points[1],)


def test_a_point_out_of_range_needs_a_third_frame():
    """A mean of 99 kW is hardly a household's."""
    meter, point = Meter(), reading(CURVE, 99_000, START, Kind.MEAN)
    assert [len(meter.say(second, {}, extra=[point])) for second in range(3)] == [0, 0, 1]


# The frame.


def test_one_frame_without_the_meters_clock_is_passed_over():
    """A damaged DATE makes the host's time step in: one frame is lost, and if it lasts the second is believed."""
    meter = settled()
    assert meter.say(2, {TOTAL: 1001}, quality=Quality.HOST) == {}
    assert meter.last.refused == ("DATE: the meter's clock was right a frame ago",)
    assert meter.say(3, {TOTAL: 1001}) == {TOTAL: 1001}
    meter.say(4, {TOTAL: 1001}, quality=Quality.HOST)
    assert meter.say(5, {TOTAL: 1001}, quality=Quality.HOST) == {TOTAL: 1001}


def test_a_plausible_frame_comes_back_as_it_was():
    """Nothing is added, nothing is copied."""
    plausibility = Plausibility()
    frames = [
        replace(said(second, {TOTAL: 1000, VOLTAGE: 230, TARIFF: "HC.."}), refused=("X: y",)) for second in range(3)
    ]
    judged = [plausibility.check(frame).interpretation for frame in frames]
    assert judged[2] is frames[2]
    assert judged[0].refused == ("X: y",)


def test_a_gas_index_has_its_own_pace():
    """Litres, in steps of ten: a boiler's pace is believed, a thousand cubic metres at once are not."""
    meter = settled("gas/volume/index", 50_000)
    assert meter.say_each("gas/volume/index", (2, 50_040), (3, 1_050_040), (4, 50_050)) == [50_040, None, 50_050]


def test_an_industrial_meter_counts_in_kilowatt_hours():
    """A step of one of its units is believed, one of nine is not; its powers have no household's limit.

    (Nasty input 5.6.)
    """
    meter = settled(value=7_000_000)
    assert meter.say_each(TOTAL, (2, 7_001_000), (3, 7_010_000), (4, 7_002_000)) == [7_001_000, None, 7_002_000]
    assert settled(value=0).say_each(TOTAL, (2, 1000)) == [None]
    meter = Meter({"contract/power/reference": (START_S, 250_000)})
    assert meter.say_each("consumption/power/active/minute", (0, 249_000)) == [249_000]


def test_what_is_no_measure_of_a_phase_has_no_limit():
    """The energy of the period that runs, or a tangent phi."""
    values = {"consumption/energy/active/period/1/hpe": 4_000_000, "consumption/energy/tangent-phi": -25}
    assert Meter().say(0, values) == values
