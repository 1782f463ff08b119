"""Meters of larger consumers, PME-PMI and CJE, and the older domestic ones: frames built from their description."""

import csv
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.tic.events import Events, Happening
from gateway.tic.frame import HISTORIC, Group, Reader, encode_group
from gateway.tic.industrial import Amount, Jaune, LocalTime, parse_amount, parse_jaune, parse_local
from gateway.tic.labels import check, lookup
from gateway.tic.reading import Interpreter, Kind, Quality, Reading

ROWS = list(csv.DictReader(files("gateway.tic").joinpath("industrial.csv").read_text(encoding="utf-8").splitlines()))

RECEIVED = datetime(2026, 1, 15, 9, 0, 5, tzinfo=UTC)
NOW = datetime(2026, 1, 15, 8, 59, 58, tzinfo=UTC)

PME_PMI = [
    ("ADS", "041463123456"),
    ("MESURES1", "BT 4 SUP36"),
    ("DATE", "15/01/26 09:59:58"),
    ("EA_s", "72Wh"),
    ("ER+_s", "15varh"),
    ("ER-_s", "0varh"),
    ("EAPP_s", "80VAh"),
    ("PTCOUR1", "HPH"),
    ("EA_i", "0Wh"),
    ("MESURES2", "TURPE 5   "),
    ("PTCOUR2", " HP"),
    ("DATEPA1", "15/01/26 09:50:00"),
    ("PA1_s", "12kW"),
    ("PA1_i", "0kW"),
    ("DATEPA2", "15/01/26 09:40:00"),
    ("PA2_s", "11,5kW"),
    ("DATEPA3", "15/01/26 09:33:00"),
    ("PA3_s", "4TkW"),
    ("DATEPA4", "15/01/26 09:20:00"),
    ("PA4_s", "10kW"),
    ("D?bP", "01/01/26 00:00:00"),
    ("EAP_s", "1234567kWh"),
    ("DebP-1", "01/12/25 00:00:00"),
    ("FinP-1", "01/01/26 00:00:00"),
    ("EaP-1_s", "7654kWh"),
    ("EaP_s2", "321kWh"),
    ("ER+P_s", "45kvarh"),
    ("PS", "63kVA"),
    ("PA1MN", "13kW"),
    ("PMAX_s", "62kVA"),
    ("TGPHI_s", "-0,25"),
]
CJE = [
    ("JAUNE", "07:54:09:01:11:  :00013:80"),
    ("ENERG", "000123:001000:000000:000001"),
    ("PERCC", "01:01:00:11"),
    ("PMAXC", "00630:00620"),
    ("TDEPA", "00005:00000"),
    ("PERCP", "01:12:00:11"),
    ("PMAXP", "00640:00600"),
    ("PSOUSC", "00600:00600"),
    ("PSOUSP", "00700:00600"),
    ("FCOU", "07:00:15"),
]


def frame(*groups, whole=True):
    """The frame as a reader makes it of the bytes of these groups."""
    body = b"".join(encode_group(HISTORIC, Group(label, text, None)) for label, text in groups)
    (read,) = Reader().feed(b"\x02" + body + b"\x03")
    assert read.whole
    return read._replace(whole=whole)


def changed(groups, **other):
    """The groups with some data replaced, or left out where it is None."""
    return [(label, other.get(label, text)) for label, text in groups if other.get(label, text) is not None]


def interpret(*groups, received=RECEIVED, whole=True):
    return Interpreter().interpret(frame(*groups, whole=whole), received)


def values(interpretation):
    return {r.series: r.value for r in interpretation.readings if r.kind is not Kind.MEAN}


def means(interpretation):
    return [(f"{r.time:%H:%M}", r.value) for r in interpretation.readings if r.kind is Kind.MEAN]


# The table.


def test_every_label_of_the_table_is_known():
    """A line that carries them is at the right speed; none is also a domestic label."""
    assert len({row["label"] for row in ROWS}) == len(ROWS) == 85
    assert all(lookup(HISTORIC, row["label"]).meter == row["meter"] for row in ROWS)
    assert lookup("standard", "EA_s") is None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["label"])
def test_a_row_is_consistent(row):
    """Words in both languages, a series with a kind, a unit unless the value is text."""
    assert row["meter"] in ("PME-PMI", "CJE")
    assert row["en"]
    assert row["fr"]
    assert bool(row["series"]) == bool(row["kind"])
    assert bool(row["senml_unit"]) == (row["kind"] not in ("", "text"))
    assert not row["kind"] or Kind(row["kind"])


@pytest.mark.parametrize("label", ["DebP", "D?bP", "DibP-1", "DibP_2"])
def test_the_accent_of_a_line_of_7_bits_may_be_anything(label):
    """The document prints DébP."""
    assert check(HISTORIC, Group(label, "01/01/26 00:00:00", None)) is None


@pytest.mark.parametrize("group", [*PME_PMI, *CJE, ("PTCOUR1", "JA "), ("PREAVIS", "DEP "), ("TRAME", "TEST")])
def test_what_the_description_says_is_believed(group):
    """Units, decimal commas, dates, paddings."""
    assert check(HISTORIC, Group(*group, None)) is None


@pytest.mark.parametrize(
    ("label", "text", "reason"),
    [
        ("EA_s", "72", "wrong characters"),
        ("EA_s", "72kWh", "wrong unit"),
        ("EA_s", "7 2Wh", "wrong characters"),
        ("PS", "63kW", None),
        ("PS", "63VA", "wrong unit"),
        ("DATE", "15/01/26", "wrong characters"),
        ("DATE", "45/01/26 09:59:58", "wrong characters"),
        ("ENERG", "000123:00100", "wrong characters"),
        ("JAUNE", "07:54:09:01:11::00013:80", "wrong characters"),
        ("TGPHI_s", "0.4", "wrong characters"),
        ("TARIFDYN", "ACTIVE", "wrong characters"),
    ],
)
def test_what_a_right_checksum_does_not_catch_is_refused(label, text, reason):
    """Each label has its pattern."""
    assert check(HISTORIC, Group(label, text, None)) == reason


# Values.


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [
        ("72Wh", "", Amount(72, "Wh")),
        ("1234567kWh", "", Amount(1234567000, "Wh")),
        ("63,5kVA", "", Amount(63500, "VA")),
        ("63.5kVA", "", Amount(63500, "VA")),
        ("4TkW", "", Amount(4000, "W", truncated=True)),
        ("45kvarh", "", Amount(45000, "varh")),
        ("-0,25", "", Amount(-25, "/100")),
        ("+1.07", "", Amount(107, "/100")),
        ("00013", "dVA", Amount(130, "VA")),
        ("00005", "min", Amount(300, "s")),
        ("72", "", Amount(7200, "/100")),
        ("kWh", "", None),
        ("72J", "", None),
        ("1,2,3kW", "", None),
        ("", "", None),
    ],
)
def test_an_amount_is_a_whole_number_of_a_senml_unit(text, unit, amount):
    """The unit is in the value, or is the label's."""
    assert parse_amount(text, unit) == amount


@given(st.text(max_size=12))
def test_no_text_raises(text):
    """Noise that passed a checksum is still noise."""
    assert parse_amount(text) is None or text
    assert parse_local(text, RECEIVED) is None


# Local times.


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "near", "expected"),
    [
        ("15/01/26 09:59:58", RECEIVED, LocalTime(NOW, sure=True)),
        ("15/07/26 09:59:58", RECEIVED, LocalTime(utc(2026, 7, 15, 7, 59, 58), sure=True)),
        ("25/10/26 02:30:00", utc(2026, 10, 25, 0, 31), LocalTime(utc(2026, 10, 25, 0, 30), sure=False)),
        ("25/10/26 02:30:00", utc(2026, 10, 25, 1, 31), LocalTime(utc(2026, 10, 25, 1, 30), sure=False)),
        ("25/10/26 02:30:00", utc(2026, 1, 1), LocalTime(utc(2026, 10, 25, 0, 30), sure=False)),
        ("25/10/26 03:00:00", utc(2026, 10, 25, 2, 0), LocalTime(utc(2026, 10, 25, 2, 0), sure=True)),
        ("29/03/26 02:30:00", RECEIVED, None),
        ("30/02/26 00:00:00", RECEIVED, None),
        ("15/01/26 24:00:00", RECEIVED, None),
        ("15/01/26", RECEIVED, None),
    ],
)
def test_a_local_time_is_made_utc(text, near, expected):
    """The hour that autumn repeats by the host's clock, the one that spring leaves out not at all."""
    assert parse_local(text, near) == expected


def test_the_time_of_a_frame():
    """The meter's; in the repeated hour the host tells which one, within half an hour, and the time is the host's."""
    said = interpret(*PME_PMI)
    assert (said.time, said.quality, said.meter) == (NOW, Quality.METER, "041463123456")
    for hour in (0, 1):
        for late in (-20, 0, 20):
            received = utc(2026, 10, 25, hour, 30) + timedelta(minutes=late)
            said = interpret(*changed(PME_PMI, DATE="25/10/26 02:30:00"), received=received)
            assert (said.time, said.quality) == (utc(2026, 10, 25, hour, 30), Quality.HOST)


def test_a_frame_without_a_time_has_the_host_s():
    """No DATE, or an impossible one."""
    for date in (None, "30/02/26 00:00:00"):
        said = interpret(*changed(PME_PMI, DATE=date))
        assert (said.time, said.quality) == (RECEIVED, Quality.HOST)


# PME-PMI.


def test_a_pme_pmi_frame():
    """Two calendars; what counts within a period has the tariff in its series."""
    said = interpret(*PME_PMI)
    assert said.refused == ()
    assert values(said) == {
        "contract/calendar": "BT 4 SUP36",
        "contract/calendar/2": "TURPE 5",
        "contract/tariff": "HPH",
        "contract/tariff/2": "HP",
        "consumption/energy/active/period/1/hph": 72,
        "consumption/energy/reactive/period/1/hph/positive": 15,
        "consumption/energy/reactive/period/1/hph/negative": 0,
        "consumption/energy/apparent/period/1/hph": 80,
        "production/energy/active/period/1/hph": 0,
        "contract/period/1/begin": "2025-12-31T23:00:00Z",
        "consumption/energy/active/contract/1/hph": 1234567000,
        "contract/period/1/previous/begin": "2025-11-30T23:00:00Z",
        "contract/period/1/previous/end": "2025-12-31T23:00:00Z",
        "consumption/energy/active/contract/1/hph/previous": 7654000,
        "consumption/energy/active/contract/2/hp": 321000,
        "consumption/energy/reactive/contract/1/hph/positive": 45000,
        "contract/power/reference": 63000,
        "consumption/power/active/minute": 13000,
        "consumption/power/max/contract/1/hph": 62000,
        "consumption/energy/tangent-phi": -25,
        "status/overload": "0",
    }


def test_units_and_kinds_of_a_pme_pmi():
    """Registered for SenML; what begins again with each tariff is no index."""
    found = {reading.series: reading for reading in interpret(*PME_PMI).readings}
    series = "consumption/energy/active/period/1/hph"
    assert found[series] == Reading(series, NOW, 72, "Wh", Kind.GAUGE, Quality.METER)
    assert found["consumption/energy/active/contract/1/hph"].kind is Kind.INDEX
    assert found["consumption/energy/apparent/period/1/hph"].unit == "VAh"
    assert found["consumption/energy/tangent-phi"].unit == "/100"


@pytest.mark.parametrize("tariff", [None, "XXX"])
def test_what_counts_for_an_unknown_tariff_is_not_told(tariff):
    """Its series would be another's."""
    found = values(interpret(*changed(PME_PMI, PTCOUR1=tariff)))
    assert not [series for series in found if "/period/1/" in series and series.startswith("consumption")]
    assert "contract/tariff" not in found
    assert found["consumption/energy/active/contract/2/hp"] == 321000


def test_a_power_in_kw_has_a_series_of_its_own():
    """One series, one unit."""
    found = values(interpret(*changed(PME_PMI, PS="250kW", PMAX_s="240kW")))
    assert found["contract/power/reference/active"] == 250000
    assert found["consumption/power/max/contract/1/hph/active"] == 240000
    assert "contract/power/reference" not in found


def test_mean_powers_are_stamped_at_their_start():
    """The dates are the ends, ten minutes are their least distance; a period that was cut short is left out."""
    said = interpret(*PME_PMI)
    assert means(said) == [("08:40", 12000), ("08:40", 0), ("08:30", 11500), ("08:10", 10000)]
    assert {r.series for r in said.readings if r.kind is Kind.MEAN} == {
        "consumption/power/active/raw",
        "production/power/active/raw",
    }


def test_a_single_mean_power_has_no_known_start():
    """Its period is not known."""
    assert means(interpret(*changed(PME_PMI, DATEPA2=None, DATEPA3=None, DATEPA4=None))) == []


def test_mean_powers_in_the_repeated_hour():
    """Each falls before the frame and in its order; the host's clock decided, and they say so."""
    dates = {"DATE": "25/10/26 02:12:00", "DATEPA1": "25/10/26 02:10:00", "DATEPA2": "25/10/26 02:00:00",
             "DATEPA3": None, "DATEPA4": "25/10/26 02:50:00"}  # fmt: skip
    said = interpret(*changed(PME_PMI, **dates), received=utc(2026, 10, 25, 1, 12))
    assert means(said) == [("01:00", 12000), ("01:00", 0), ("00:50", 11500), ("00:40", 10000)]
    assert {r.quality for r in said.readings} == {Quality.HOST}


def test_an_overload_of_a_pme_pmi():
    """PREAVIS comes while it lasts; its absence counts in a whole frame."""
    interpreter, watch = Interpreter(), Events()
    calm, over = frame(*PME_PMI), frame(*PME_PMI, ("PREAVIS", "DEP"))
    frames = (calm, over, over, calm._replace(whole=False), calm, calm)
    seen = [[e.kind for e in watch.observe(interpreter.interpret(each, RECEIVED))] for each in frames]
    begun, ended = Happening.OVERLOAD_BEGUN, Happening.OVERLOAD_ENDED
    assert seen == [[Happening.STATE_KNOWN], [begun], [], [], [ended], []]


def test_a_change_of_the_tariff_of_a_pme_pmi():
    """PTCOUR1, once."""
    interpreter, watch = Interpreter(), Events()
    frames = [frame(*changed(PME_PMI, PTCOUR1=tariff)) for tariff in ("HPH", "HCH", "HCH")]
    seen = [[(e.kind.value, e.after) for e in watch.observe(interpreter.interpret(f, RECEIVED))] for f in frames]
    assert seen == [[("state-known", None)], [("tariff-changed", "HCH")], []]


def test_the_dynamic_periods():
    """Dates with a tariff behind them become times in UTC."""
    dynamic = [("TARIFDYN", "ACTIF"), ("ETATDYN1", "PM "), ("PREAVIS1", "TD-PM"), ("TDYN1CD", "16/01/26 07:00:00-PM")]
    found = values(interpret(*PME_PMI, *dynamic))
    assert found["contract/dynamic/signal"] == "ACTIF"
    assert found["contract/dynamic/1/running"] == "PM"
    assert found["contract/dynamic/1/notice"] == "TD-PM"
    assert found["contract/dynamic/1/current/begin"] == "2026-01-16T06:00:00Z"


def test_a_test_frame_is_dropped():
    """TRAME TEST: nothing in it is true."""
    assert interpret(("TRAME", "TEST"), *PME_PMI) is None


# CJE.


def test_a_cje_frame():
    """Several values in one group; the time has no year, so it is the host's."""
    said = interpret(*CJE)
    assert (said.time, said.quality, said.meter, said.refused) == (RECEIVED, Quality.HOST, None, ())
    index = "consumption/energy/active/index"
    assert values(said) == {
        "consumption/power/apparent/raw": 130,
        "contract/tariff": "11",
        "status/overload": "0",
        index: 1124000,
        f"{index}/provider/1": 123000,
        f"{index}/provider/2": 1000000,
        f"{index}/provider/3": 0,
        f"{index}/provider/4": 1000,
        "consumption/power/max/contract/1": 6300,
        "consumption/power/max/contract/2": 6200,
        "consumption/power/overload/duration/1": 300,
        "consumption/power/overload/duration/2": 0,
        "consumption/power/max/contract/previous/1": 6400,
        "consumption/power/max/contract/previous/2": 6000,
        "contract/power/reference/1": 6000,
        "contract/power/reference/2": 6000,
        "contract/power/reference/next/1": 7000,
        "contract/power/reference/next/2": 6000,
    }


def test_the_head_of_a_cje():
    """Two spaces are no notice, DP is one."""
    assert parse_jaune("07:54:09:01:11:  :00013:80") == Jaune(
        "07:54", "09/01", "11", overload=False, power=130, kp="80"
    )
    assert values(interpret(("JAUNE", "07:54:09:01:11:DP:00013:80")))["status/overload"] == "1"


def test_a_cje_cut_by_eot():
    """What was received of it counts."""
    groups = b"".join(encode_group(HISTORIC, Group(label, text, None)) for label, text in CJE[:2])
    (cut,) = Reader().feed(b"\x02" + groups + b"\x04\x02")
    assert not cut.whole
    assert values(Interpreter().interpret(cut, RECEIVED))["consumption/power/apparent/raw"] == 130


# Older domestic meters.


@pytest.mark.parametrize(
    ("address", "series", "unit"),
    [
        ("021628000001", "consumption/power/active/max", "W"),
        ("021863000001", "consumption/power/max/previous-day", "VA"),
    ],
)
def test_pmax_means_something_else_before_linky(address, series, unit):
    """CBETM: watts, the most since it was set back; Linky: volt-amperes of the day before."""
    groups = [("ADCO", address), ("OPTARIF", "BASE"), ("IINST1", "001"), ("PMAX", "06030"), ("PPOT", "00")]
    found = {r.series: (r.value, r.unit) for r in interpret(*groups).readings}
    assert found[series] == (6030, unit)


def test_a_cbemm_without_an_apparent_power():
    """Its other groups are a Linky's."""
    groups = [("ADCO", "021622000001"), ("OPTARIF", "BASE"), ("ISOUSC", "30"), ("BASE", "002815235"), ("PTEC", "TH.."),
              ("IINST", "002"), ("IMAX", "037"), ("MOTDETAT", "400000")]  # fmt: skip
    said = interpret(*groups)
    assert said.refused == ()
    assert values(said)["consumption/current/raw"] == 2
    assert values(said)["consumption/energy/active/index"] == 2815235


def test_a_domestic_frame_has_nothing_of_an_industrial_one():
    """No overload, tariff or time of theirs."""
    said = interpret(("ADCO", "021861000001"), ("PAPP", "00100"))
    assert values(said) == {"consumption/power/apparent/raw": 100}
