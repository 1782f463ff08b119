"""Groups to readings: times, identities, series names, and the memory that some of them need."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.tic.frame import Frame, Group, Reader
from gateway.tic.reading import Horodate, Interpreter, Kind, Quality, Reading, parse_horodate
from tests.gateway.tic import capture

RECEIVED = datetime(2026, 7, 1, 10, 0, 0, 654321, tzinfo=UTC)
RECEIVED_S = RECEIVED.replace(microsecond=0)

SINGLE, THREE, UNKNOWN = "021861000001", "021863000001", "021899000001"

INDEX = "consumption/energy/active/index"
CURVE = "consumption/power/active/raw"
VOLTAGE = "consumption/voltage/raw"
OVERLOAD = "consumption/current/overload"


def frame(mode, *groups, whole=True):
    """A frame of groups given as (label, data) or (label, data, horodate)."""
    return Frame(mode, tuple(Group(*(*group, None)[:3]) for group in groups), whole, 0, "etx")


def standard(*groups, whole=True, date="E260701120000", meter=SINGLE):
    return frame("standard", ("ADSC", meter), ("DATE", "", date), *groups, whole=whole)


def historic(*groups, whole=True, meter=SINGLE):
    return frame("historic", ("ADCO", meter), *groups, whole=whole)


def told(interpretation):
    """Series -> (value, time) of an interpretation."""
    return {reading.series: (reading.value, reading.time) for reading in interpretation.readings}


def values(interpretation):
    return {reading.series: reading.value for reading in interpretation.readings}


def interpret(*frames):
    """The interpretations of these frames of one meter."""
    interpreter = Interpreter()
    return [interpreter.interpret(each, RECEIVED) for each in frames]


# Horodates.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("H081225223518", Horodate(datetime(2008, 12, 25, 21, 35, 18, tzinfo=UTC), "H", degraded=False)),
        ("E251026020000", Horodate(datetime(2025, 10, 26, 0, 0, 0, tzinfo=UTC), "E", degraded=False)),
        ("H251026020000", Horodate(datetime(2025, 10, 26, 1, 0, 0, tzinfo=UTC), "H", degraded=False)),
        ("h000101000012", Horodate(datetime(1999, 12, 31, 23, 0, 12, tzinfo=UTC), "H", degraded=True)),
        ("e210714074553", Horodate(datetime(2021, 7, 14, 5, 45, 53, tzinfo=UTC), "E", degraded=True)),
        (" 240107060000", Horodate(datetime(2024, 1, 7, 5, 0, 0, tzinfo=UTC), " ", degraded=False)),
        (" 240707060000", Horodate(datetime(2024, 7, 7, 4, 0, 0, tzinfo=UTC), " ", degraded=False)),
        (" 251026023000", Horodate(datetime(2025, 10, 26, 0, 30, 0, tzinfo=UTC), " ", degraded=False)),
    ],
)
def test_a_horodate_is_a_time_in_utc(text, expected):
    """The season letter makes the autumn hour sure; without it the local time counts, its first hour on the fold.

    (Nasty inputs 7.3, 7.5.)
    """
    assert parse_horodate(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "H", "H240230000000", "H241301000000", "H240101240000", "H240101006000", "X240101000000", "H24010100000",
     "H2401010000000", "H24 101000000", "H²40101000000", "H-40101000000"],
)  # fmt: skip
def test_what_is_not_a_time_is_none(text):
    """Ranges are checked, and nothing raises."""
    assert parse_horodate(text) is None


@given(st.text(max_size=15) | st.from_regex(r"[HEhe ][0-9]{12}", fullmatch=True))
def test_no_text_raises(text):
    """Noise that passed a checksum is still noise."""
    found = parse_horodate(text)
    assert found is None or found.time.tzinfo is UTC


def test_the_autumn_hour_comes_twice_and_time_never_goes_back():
    """A capture through both clock changes; the degraded clock's frames get the host's time (nasty input 7.5)."""
    interpreter = Interpreter()
    frames = Reader().feed(capture("synthetic/s1-horodate-dst-and-degraded.raw"))
    all_told = [interpreter.interpret(each, RECEIVED) for each in frames]
    times = [each.time for each in all_told[:8]]
    assert times == sorted(times)
    assert times[3] - times[0] == timedelta(hours=1, seconds=2)
    assert times[7] - times[6] == timedelta(seconds=1)
    assert [each.quality for each in all_told] == [Quality.METER] * 8 + [Quality.HOST] * 2
    assert all_told[8].time == RECEIVED_S


# Frames of real meters.


def test_a_real_standard_frame():
    """Enedis' own: an off-peak contract, clock good."""
    (each,) = Reader().feed(capture("real/s1-hc-linky-enedis.raw"))
    (said,) = interpret(each)
    now = datetime(2017, 9, 15, 8, 16, 1, tzinfo=UTC)
    assert (said.time, said.quality, said.meter, said.prm, said.refused) == (
        now,
        Quality.METER,
        "031664000008",
        None,
        (),
    )
    found = told(said)
    assert found[INDEX] == (0, now)
    assert found[VOLTAGE] == (230, now)
    assert found["consumption/voltage/mean"] == (230, datetime(2017, 9, 15, 8, 5, 0, tzinfo=UTC))
    assert found["consumption/current/raw"] == (0, now)
    assert found["contract/power/reference"] == (3000, now)
    assert found["contract/power/cutoff"] == (2000, now)
    assert found["contract/calendar"] == ("H PLEINE/CREUSE", now)
    assert found["status/register"] == ("000A4411", now)
    curve = [reading.time for reading in said.readings if reading.series == CURVE]
    assert curve == [datetime(2017, 9, 13, 9, 0, tzinfo=UTC), datetime(2017, 9, 13, 8, 30, tzinfo=UTC)]
    maxima = [reading.time for reading in said.readings if reading.series == "consumption/power/apparent/max"]
    assert maxima == [datetime(2017, 9, 15, 8, 9, 26, tzinfo=UTC)]


def test_a_real_historic_frame():
    """Tempo: the host's time, the total of six indexes, the colour of tomorrow."""
    each = Reader().feed(capture("real/h1-tempo-linky-esciara-bin.raw"))[0]
    (said,) = interpret(each)
    assert (said.time, said.quality, said.meter, said.prm) == (RECEIVED_S, Quality.HOST, "021861008999", None)
    found = values(said)
    assert found[INDEX] == 18328856 + 23739545 + 1466099 + 2132883 + 860118 + 844115
    assert found[f"{INDEX}/provider/hpjr"] == 844115
    assert found["consumption/power/apparent/raw"] == 2840
    assert found["consumption/current/raw"] == 12
    assert found["contract/tempo/tomorrow"] == "ROUG"
    assert found["contract/tariff"] == "HCJB"
    assert found["contract/option"] == "BBR("


def test_a_reading_says_all_of_itself():
    """Series, time, value, SenML unit, kind, quality (nasty input 5.6)."""
    (said,) = interpret(standard(("SINSTS", "01234"), ("ERQ1", "000000042"), ("PEJP", "30")))
    now = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    series = "consumption/power/apparent/raw"
    assert said.readings == (
        Reading(series, now, 1234, "VA", Kind.GAUGE, Quality.METER),
        Reading("consumption/energy/reactive/index/1", now, 42, "varh", Kind.INDEX, Quality.METER),
    )
    assert said.refused == ("PEJP: unknown label",)


# Times.


@pytest.mark.parametrize("date", ["h260701120000", "e260701120000", " 260701120000", "E260799120000"])
def test_a_doubtful_clock_leaves_the_host_s_time(date):
    """Degraded, without season, or no date at all: stamped by the host, to the second (nasty inputs 7.1, 7.5)."""
    (said,) = interpret(standard(("EAST", "000000001"), date=date))
    assert (said.time, said.quality) == (RECEIVED_S, Quality.HOST)
    assert said.readings[0].quality is Quality.HOST


def test_a_partial_frame_without_date_has_the_host_s_time():
    """Its values count all the same."""
    (said,) = interpret(frame("standard", ("EAST", "000000001"), whole=False))
    assert (said.time, said.quality, said.meter, values(said)) == (RECEIVED_S, Quality.HOST, None, {INDEX: 1})


def test_a_label_with_a_good_horodate_keeps_it_in_a_frame_without():
    """A maximum happened when the meter says."""
    (said,) = interpret(frame("standard", ("SMAXSN", "03210", "E260701093000"), whole=False))
    (reading,) = said.readings
    assert (reading.time, reading.quality) == (datetime(2026, 7, 1, 7, 30, tzinfo=UTC), Quality.METER)
    assert reading.kind is Kind.MAXIMUM


def test_a_label_with_a_degraded_horodate_is_refused():
    """Any date is possible then, and the time is the identity of the reading."""
    groups = [("SMAXSN", "03210", "e260701093000"), ("CCASN", "00400", "h260701093000")]
    (said,) = interpret(standard(*groups))
    assert said.readings == ()
    assert said.refused == ("SMAXSN: degraded clock", "CCASN: degraded clock")


def test_the_maximum_of_midnight_is_nobody_s():
    """00000 at 00:00:00 is the meter's reset; a zero at another time is said."""
    midnight, other = "E260701000000", "E260630101010"
    groups = [("SMAXSN", "00000", midnight), ("SMAXSN-1", "00000", other), ("SMAXIN", "00001", midnight)]
    (said,) = interpret(standard(*groups))
    assert [(r.series, r.value) for r in said.readings] == [
        ("consumption/power/apparent/max", 0),
        ("production/power/apparent/max", 1),
    ]


def test_yesterday_s_maximum_is_the_same_reading_as_the_day_before():
    """SMAXSN becomes SMAXSN-1 and keeps its identity."""
    today, next_day = interpret(
        standard(("SMAXSN", "03210", "E260630093000")),
        standard(("SMAXSN", "00000", "E260701000000"), ("SMAXSN-1", "03210", "E260630093000")),
    )
    assert today.readings == next_day.readings


def test_a_mobile_peak_is_told_as_a_time_in_utc():
    """Begin and end are local times without a season."""
    (said,) = interpret(standard(("DPM1", "00", " 260107060000"), ("FPM1", "00", " 260108060000")))
    found = told(said)
    assert found["contract/peak/1/begin"] == ("2026-01-07T05:00:00Z", said.time)
    assert found["contract/peak/1/end"] == ("2026-01-08T05:00:00Z", said.time)


# Load curves.


def curve(*ends, labels=("CCASN", "CCASN-1")):
    return standard(*((label, f"{i:05}", f"E260701{end}00") for i, (label, end) in enumerate(zip(labels, ends)) if end))  # noqa: B905


def starts(interpretation, series=CURVE):
    return [f"{r.time + timedelta(hours=2):%H%M}" for r in interpretation.readings if r.series == series]


@pytest.mark.parametrize(("before", "start"), [("1150", "1150"), ("1130", "1130"), ("1100", "1100")])
def test_a_point_is_stamped_at_its_start(before, start):
    """Periods of 10, 30 and 60 minutes, by the distance of the two points (nasty input 7.4)."""
    (said,) = interpret(curve("1200", before))
    assert starts(said)[0] == start
    assert said.readings[0].kind is Kind.MEAN
    assert said.readings[0].unit == "W"


def test_a_period_is_remembered_when_a_point_is_missing():
    """Unknown, nothing is told; known, one point suffices."""
    unknown, both, one = interpret(curve("1200", None), curve("1200", "1130"), curve("1230", None))
    assert unknown.readings == ()
    assert starts(both) == ["1130", "1100"]
    assert starts(one) == ["1200"]


def test_production_has_a_curve_of_its_own():
    """CCAIN is not CCASN."""
    (said,) = interpret(curve("1200", "1150", labels=("CCAIN", "CCAIN-1")))
    assert starts(said, "production/power/active/raw") == ["1150", "1140"]


def test_a_hole_in_the_curve_is_not_a_longer_period():
    """The mains were off for one period: the point after the hole waits for the next one, and is right."""
    _, hole, again, after = interpret(
        curve("1200", "1130"), curve("1300", "1200"), curve("1300", "1200"), curve("1330", "1300")
    )
    assert starts(hole) == starts(again) == ["1130"]
    assert starts(after) == ["1300", "1230"]


def test_a_longer_period_is_believed_the_second_time():
    """From 30 to 60 minutes: nothing is lost, and the points of before keep their start."""
    _, first, second = interpret(curve("1200", "1130"), curve("1300", "1200"), curve("1400", "1300"))
    assert starts(first) == ["1130"]
    assert starts(second) == ["1300", "1200"]


def test_a_shorter_period_is_believed_at_once():
    """Two points cannot be nearer than a period; the one before keeps its own."""
    _, said = interpret(curve("1200", "1100"), curve("1210", "1200"))
    assert starts(said) == ["1200", "1100"]


# Totals of historic mode.


@pytest.mark.parametrize(
    ("option", "labels"),
    [
        ("BASE", ["BASE"]),
        ("HC..", ["HCHC", "HCHP"]),
        ("EJP.", ["EJPHN", "EJPHPM"]),
        ("BBR*", ["BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"]),
    ],
)
def test_the_total_needs_all_indexes_of_the_contract(option, labels):
    """All there, whatever else of the frame is: their sum; one missing: no total (``total`` may know it)."""
    groups = [(label, f"{10**i:09}") for i, label in enumerate(labels)]
    for whole in (True, False):
        (said,) = interpret(historic(("OPTARIF", option), *groups, whole=whole))
        assert values(said)[INDEX] == sum(10**i for i in range(len(labels)))
    for less in (
        historic(("OPTARIF", option), *groups[1:]),
        historic(*groups),
        historic(("OPTARIF", option), *groups[1:], (labels[0], "00000000x")),
    ):
        assert INDEX not in values(interpret(less)[0])


# Phases.


def test_a_single_phase_meter_has_no_phase_in_its_series():
    """IINST, then IRMS1 after the mode was switched: one series."""
    old, new = interpret(historic(("IINST", "007")), standard(("IRMS1", "008"), ("URMS1", "231")))
    assert values(old) == {"consumption/current/raw": 7}
    assert values(new) == {"consumption/current/raw": 8, VOLTAGE: 231}


def test_a_three_phase_meter_has_them_from_its_first_frame():
    """Its type is in its address (nasty input 3.3)."""
    (said,) = interpret(standard(("URMS1", "231"), ("SINSTS", "00500"), ("SINSTS1", "00200"), meter=THREE))
    assert set(values(said)) == {
        f"{VOLTAGE}/phase/1",
        "consumption/power/apparent/raw",
        "consumption/power/apparent/raw/phase/1",
    }


def test_a_single_phase_meter_s_second_phase_is_refused():
    """Garbage that passed every check (nasty input 2.5)."""
    (said,) = interpret(standard(("URMS1", "231"), ("URMS2", "231"), ("SINSTS1", "00200")))
    assert values(said) == {VOLTAGE: 231}
    assert said.refused == ("URMS2: single-phase meter", "SINSTS1: single-phase meter")


def test_an_unknown_type_is_three_phase_after_two_whole_frames():
    """Until then what belongs to a phase is held back, so that no series gets a wrong name (nasty input 2.5)."""
    three = standard(("URMS1", "231"), ("URMS2", "232"), meter=UNKNOWN)
    cut = three._replace(whole=False)
    single = standard(("URMS1", "230"), meter=UNKNOWN)
    before, one, two, after = interpret(single, cut, three, single)
    assert values(before) == {VOLTAGE: 230}
    assert values(one) == values(two) == {}
    assert values(after) == {VOLTAGE: 230}
    one, two, after = interpret(three, three, single)
    assert values(one) == {}
    assert values(two) == {f"{VOLTAGE}/phase/1": 231, f"{VOLTAGE}/phase/2": 232}
    assert values(after) == {f"{VOLTAGE}/phase/1": 230}


def test_one_wrong_address_does_not_change_the_phases():
    """A new meter is believed when its address comes twice (nasty input 2.5)."""
    right = standard(("URMS1", "231"))
    wrong = standard(("URMS1", "231"), meter=THREE)
    said = interpret(right, wrong, right, wrong, wrong)
    assert [list(values(each)) for each in said] == [[VOLTAGE]] * 4 + [[f"{VOLTAGE}/phase/1"]]


# Overloads.


def test_an_overload_ends_with_its_label():
    """ADPS, then a whole long frame without: zero, once; never before an alarm, never from a partial frame.

    (Nasty input 6.1.)
    """
    calm = historic(("OPTARIF", "BASE"), ("IINST", "010"))
    over = historic(("OPTARIF", "BASE"), ("IINST", "050"), ("ADPS", "050"))
    refused = historic(("OPTARIF", "BASE"), ("ADPS", "05"))
    said = interpret(calm, over, calm._replace(whole=False), historic(), refused, calm, calm)
    assert [values(each).get(OVERLOAD) for each in said] == [None, 50, None, None, None, 0, None]


def test_a_three_phase_overload_ends_in_a_short_frame_without_it():
    """The long frame among twenty short ones never carries ADIR; only a second one in a row tells the end.

    (Nasty input 6.3.)
    """
    amperes = [("IINST1", "070"), ("IINST2", "001"), ("IINST3", "001")]
    short = frame("historic", ("ADIR1", "070"), ("ADCO", THREE), *amperes)
    calm = frame("historic", ("ADCO", THREE), *amperes)
    long = frame("historic", ("ADCO", THREE), ("OPTARIF", "BASE"), *amperes)
    series = f"{OVERLOAD}/phase/1"
    said = interpret(short, long, short, calm, long, short, long, long, long)
    assert [values(each).get(series) for each in said] == [70, None, 70, 0, None, 70, None, 0, None]


# What is nothing.


def test_a_frame_without_a_believable_group_is_nothing():
    """Bad groups only, unknown labels only, and the test frames of a PME-PMI."""
    assert interpret(Frame("standard", (), False, 3, "etx")) == [None]
    assert interpret(frame("standard", ("XAST", "000000001"))) == [None]
    assert interpret(historic(("TRAME", "TEST"), ("PAPP", "00100"))) == [None]


def test_the_delivery_point_is_told_when_it_is_programmed():
    """Fourteen zeros are none."""
    some, none = interpret(standard(("PRM", "00999900000042")), standard(("PRM", "0" * 14)))
    assert (some.prm, none.prm) == ("00999900000042", None)


def test_text_is_trimmed_for_the_reading():
    """Centred, left or right padding is the wire's."""
    (said,) = interpret(standard(("NGTF", "     TEMPO      "), ("LTARF", "    HP  BLEU    "), ("NTARF", "02")))
    assert values(said) == {
        "contract/calendar": "TEMPO",
        "contract/tariff": "HP  BLEU",
        "contract/tariff/index": "02",
    }
