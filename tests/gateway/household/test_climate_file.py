"""A file of PVGIS is read as it says, or refused in one sentence with its line and what to do."""

from fractions import Fraction
from random import Random

import pytest

from gateway.balance.roof_year import hour_number
from gateway.errors import Exit
from gateway.household.climate_file import ClimateFileError, parsed
from tests.gateway.household.climate import COLUMNS, HEAD, LEGEND, climate_csv


def by_the_clock(when):
    """Other watts for each hour of a year, with two decimals as PVGIS has them."""
    return f"{when.month * 100 + when.day + when.hour / 100:.2f}"


@pytest.fixture(scope="module")
def leap():
    """A file of two years, the first with a 29 February."""
    return climate_csv(by_the_clock, (2020, 2021), minute=11)


def test_each_hour_is_what_the_file_says(leap):
    """With the year, the minute, what it says of the panels; a 29 February that was none is as the day before."""
    file = parsed(leap)
    assert (file.peak, file.slope, file.azimuth, file.losses, file.database) == (3, 35, -10, 14, "PVGIS-SARAH3")
    assert [(one.year, one.minute) for one in file.years] == [(2020, 11), (2021, 11)]
    for when in ((1, 1, 0), (2, 28, 5), (3, 1, 0), (12, 31, 23)):
        month, day, hour = when
        told = month * 100_000 + day * 1000 + hour * 10
        assert [one.milliwatts[hour_number(*when)] for one in file.years] == [told, told]
    assert [one.milliwatts[hour_number(2, 29, 12)] for one in file.years] == [229_120, 228_120]


def test_a_peak_power_of_ones_own_makes_it_larger_or_smaller(leap):
    """In proportion to that of the file; where the file says none, its hours are taken to be of those panels."""
    twice = parsed(leap, Fraction(6))
    assert twice.peak == 6
    assert twice.years[0].milliwatts[hour_number(6, 15, 12)] == 2 * 615_120
    bare = climate_csv(by_the_clock).replace(b"Nominal power of the PV system (c-Si) (kWp):\t3.0\r\n", b"")
    assert parsed(bare, Fraction(6)).years[0].milliwatts[hour_number(6, 15, 12)] == 615_120
    with pytest.raises(ClimateFileError, match="give the peak power as well"):
        parsed(bare)


def test_other_columns_and_words_are_left_alone():
    """Radiation by parts, in any order; a minus before a nought, as PVGIS writes some."""
    data = climate_csv(lambda _: "-0.0").replace(COLUMNS.encode(), b"time,P,Gb(i),Gd(i),Gr(i),H_sun,T2m,WS10m,Int\r\n")
    assert set(parsed(data).years[0].milliwatts) == {0}


def altered(line, text):
    """A file of a year in which a line (the first of hours is 12) is another."""
    lines = climate_csv(by_the_clock).split(b"\r\n")
    return b"\r\n".join([*lines[: line - 1], text.encode(), *lines[line:]])


TMY = "Latitude (decimal degrees): 47.2\nmonth,year\n1,2011\ntime(UTC),T2m,RH,G(h),Gb(n),Gd(h),IR(h),WS10m,WD10m,SP\n"


HEADED = (HEAD.format(peak="3") + COLUMNS).encode()
# What is wrong -> the file, and what is said of it.
WRONG = {
    "empty": (
        lambda: b"",
        "it is no file of PVGIS with a row for each hour; download it again from PVGIS: Hourly data",
    ),
    "no text": (lambda: b"PK\x03\x04\xff\xfe\x00" * 100, "it is no file of PVGIS"),
    "json": (lambda: b' {"inputs": {}}', "it is JSON; take CSV at PVGIS"),
    "typical year": (TMY.encode, r"a typical year \(TMY\), which knows the weather and no panel; take Hourly data"),
    "cut": (
        lambda: climate_csv(by_the_clock)[:200_000],
        r"of 2021 it has \d+ of 8760 hours, it was cut off|line \d+: '2021",
    ),
    "no power": (lambda: altered(12, "20210101:0010"), "line 12: '20210101:0010' is no hour of PVGIS"),
    "no date": (lambda: altered(14, "20210230:0210,0.0"), "line 14: '20210230:0210,0.0' is no hour of PVGIS"),
    "exponent": (lambda: altered(14, "20210101:0210,1e9"), "line 14: '20210101:0210,1e9' is no hour of PVGIS"),
    "negative": (lambda: altered(14, "20210101:0210,-5.0"), "line 14: .* is no hour of PVGIS"),
    "not a number": (lambda: altered(14, "20210101:0210,nan"), "line 14: .* is no hour of PVGIS"),
    "no roof": (lambda: altered(14, "20210101:0210,999999999"), "line 14: .* is no hour of PVGIS"),
    "missing": (lambda: altered(14, "20210101:0210,"), "line 14: .* is no hour of PVGIS"),
    "long": (lambda: altered(14, "\x1b[2J" + "9" * 500), r"line 14: '\\x1b\[2J9+' is no hour of PVGIS"),
    "twice": (lambda: altered(14, "20210101:0110,0.0"), "line 14: '20210101:0110,0.0' is there a second time"),
    "minute": (lambda: altered(14, "20210101:0230,0.0"), "line 14: .* is of another minute of the hour"),
    "blank": (lambda: altered(5000, ""), "of 2021 it has 4988 of 8760 hours, it was cut off; download it again"),
    "no P": (
        lambda: altered(11, "time,G(i),H_sun,T2m,WS10m,Int"),
        "line 11: it has no column P, the power of the panels",
    ),
    "no peak": (lambda: climate_csv(by_the_clock, peak="0"), "its peak power is 0"),
    "head": (lambda: HEAD.encode() * 2000, "it is no file of PVGIS"),
    "no hours": (lambda: HEADED + LEGEND.encode(), "it is no file of PVGIS"),
    "blank lines": (lambda: b"\n" * 300_001, "it has more than 300000 rows; take fewer years at PVGIS"),
    "large": (lambda: b"x" * 20_000_001, "it is larger than 20 MB; take fewer years at PVGIS"),
    "many years": (
        lambda: HEADED + b"".join(b"%d0101:0010,0\n" % year for year in range(1000, 2999)),
        "it has more than 300000 rows; take fewer years",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_none_is_one_sentence(name):
    """Where, what, what to do; what it holds is quoted, and short."""
    data, said = WRONG[name]
    with pytest.raises(ClimateFileError, match=said) as caught:
        parsed(data())
    assert caught.value.exit_code == Exit.DATA
    for text in caught.value.phrase.in_every_language().values():
        assert len(text) < 220, text
        assert min(text) >= " ", text


def test_a_file_with_too_many_hours_is_refused():
    """Before they are kept."""
    many = HEADED + b"".join(
        b"%d%02d%02d:%02d10,0\n" % (year, month, day, hour)
        for year in range(1900, 1940)
        for month in range(1, 13)
        for day in range(1, 29)
        for hour in range(24)
    )
    assert len(many) < 20_000_000
    with pytest.raises(ClimateFileError, match="it has more than 300000 rows; take fewer years"):
        parsed(many)


def test_a_file_cut_or_altered_anywhere_is_read_or_refused():
    """Never anything else."""
    whole, chance = climate_csv(by_the_clock), Random(5)
    for _ in range(60):
        place = chance.randrange(len(whole))
        for data in (whole[:place], whole[:place] + bytes([chance.randrange(256)]) + whole[place + 1 :]):
            try:
                found = parsed(data)
            except ClimateFileError:
                continue
            assert len(found.years) == 1
