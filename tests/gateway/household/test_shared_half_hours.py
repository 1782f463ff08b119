"""A part of a roof by half hours: the same however the roof's gateway sends what it counted, or said to be less sure.

The roof is a meter of 36 kW behind clouds by lot, whose frames go through a recorder into a store; what that store has
at each granularity is what a household receives.
"""

import math
import random
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from gateway.config.tables import ReceivedTable, ShareTable
from gateway.household.shared_half_hours import parts
from gateway.store.points import Granularity
from gateway.store.received import Incoming, Lot
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.tic.reading import Interpretation, Kind, Quality, Reading
from tests.prepared import prepare

ROOF = "toit@e.org"
INDEX, POWER = "production/energy/active/index", "production/power/active/raw"
# 2026-06-16, 2 to 20 o'clock UTC; the sun from 4 to 19.
START, END = 1781575200, 1781575200 + 18 * 3600
HALF_HOURS = range(START, END, 1800)
PART = Fraction(30, 400)
SENT = {
    Granularity.RAW: "raw",
    Granularity.MINUTE: "PT1M",
    Granularity.QUARTER: "PT15M",
    Granularity.HALF_HOUR: "PT30M",
}


def watts(time, clouds):
    """The roof's power at a moment."""
    sun = math.sin(math.pi * (time - START - 7200) / (15 * 3600))
    return 36_000 * max(0.0, sun) * clouds[(time - START) // 300]


@pytest.fixture(scope="module", params=[1, 2, 3])
def roof(request, tmp_path_factory):
    """(what the roof had counted at each half hour, granularity -> series -> points), of a day of frames."""
    chance = random.Random(request.param)
    clouds = [chance.choice((1, 1, 0.8, 0.3, 0.15)) for _ in range(18 * 12 + 3)]
    folder = tmp_path_factory.mktemp("roof")
    prepare(folder)
    recorder, total, counted, time = Recorder("pv", {}), 1_000_000.0, {}, START - 7
    with closing(Store(folder)) as store:
        store.meters.add("pv", "ab12cd34ef")
        while time <= END + 60:
            now = datetime.fromtimestamp(time, UTC)
            said = Reading(INDEX, now, int(total), "Wh", Kind.INDEX, Quality.METER)
            recorder.add(Interpretation(now, Quality.METER, None, None, (said,), ()))
            # Frames come one or two seconds apart.
            for second in range(time, time + chance.choice((1, 2, 2))):
                if second % 1800 == 0:
                    counted[second] = total
                total += watts(max(second, START), clouds) / 3600
                time = second + 1
        store.batches.write([recorder.take()], END + 60)
        sent = {
            granularity: store.readings.page("pv", "production", granularity, 0, 2**40, 100_000) for granularity in SENT
        }
    return counted, sent


def incoming(granularity, points, meter="pv", unit=None):
    """Stored points as they are received."""
    return [
        Incoming(
            *(f"{ROOF}/{meter}@e.org/{one.series.path}",) * 2,
            one.series.path,
            unit or one.series.unit,
            granularity,
            one.time,
            one.value,
        )
        for one in points
    ]


def origin(name="roof", meter="pv", part=PART):
    """A [[received]] of one meter."""
    share = ShareTable(held=part.numerator, of=part.denominator, unit="actions")
    return ReceivedTable(name=name, provider=f"{ROOF}/proxy", identifier=f"{ROOF}/{meter}@e.org", share=share)


def known(folder, *values, sources=None, span=HALF_HOURS):
    """The half hours of each part when these values were received."""
    prepare(folder)
    with closing(Store(folder)) as store:
        store.providers.receive(ROOF, [Lot(list(values), None, "P1Y")], START)
        found = parts(store.received, sources or (origin(),))
        return [(one.source, one.half_hours(store.received, span.start, span.stop)) for one in found]


def of_roof(roof, folder, granularity, path=INDEX, part=PART):
    """The half hours of a part of the roof, received so."""
    points = [one for one in roof[1][granularity] if (one.series.path, one.granularity) == (path, granularity)]
    # The next morning begins where the evening ended: what comes when something changes is silent by night.
    late = [incoming(SENT[granularity], points[-1:])[0]] if path == INDEX else []
    late = [replace(one, time=END + 36_000) for one in late]
    ((_, found),) = known(folder, *incoming(SENT[granularity], points), *late, sources=(origin(part=part),))
    return found


@pytest.mark.parametrize(
    ("granularity", "path"),
    [*((one, INDEX) for one in SENT), *((one, POWER) for one in SENT if one is not Granularity.MINUTE)],
)
def test_a_share_is_the_same_however_it_is_sent(roof, granularity, path, tmp_path):
    """Of each half hour within a watt-hour of what its index says at it, or estimated; none is missing."""
    found = of_roof(roof, tmp_path / "so", granularity, path)
    sure = of_roof(roof, tmp_path / "marks", Granularity.HALF_HOUR)
    assert set(found.wh) == set(sure.wh) == set(HALF_HOURS)
    off = {at: found.wh[at] - sure.wh[at] for at in HALF_HOURS}
    assert all(abs(off[at]) <= 1 for at in HALF_HOURS if at not in found.estimated)
    # An estimate is wrong by a few watt-hours. By the minute alone much is one: the frame before its end may be early.
    assert max(map(abs, off.values())) <= 3
    assert not found.estimated or granularity is Granularity.MINUTE


def test_a_share_is_what_the_roof_counted(roof, tmp_path):
    """Within a watt-hour in each half hour, beside those of the roof's meter and of its frames; so is the day."""
    counted, _ = roof
    found = of_roof(roof, tmp_path, Granularity.RAW)
    off = [found.wh[at] - float((counted[at + 1800] - counted[at]) * PART) for at in HALF_HOURS]
    assert max(map(abs, off)) <= 1 + 4 * PART
    assert abs(sum(off)) <= 1 + 4 * PART
    assert sum(found.wh.values()) > 1000


def test_a_roof_by_minutes_is_sure_of_a_small_part(roof, tmp_path):
    """One of the four hundred actions: a frame before the end of the minute is no watt-hour."""
    found = of_roof(roof, tmp_path, Granularity.MINUTE, part=Fraction(1, 400))
    assert (set(found.wh), found.estimated) == (set(HALF_HOURS), set())


def test_odd_times_are_reckoned_between(tmp_path):
    """A provider that reads each ten minutes at seven past: steady 6 kW are steady, and estimated."""
    values = [
        Incoming(*(f"{ROOF}/pv@e.org/{INDEX}",) * 2, INDEX, "Wh", "raw", START - 173 + 600 * n, 1000 * n)
        for n in range(20)
    ]
    ((_, found),) = known(tmp_path, *values, span=range(START, START + 9000, 1800))
    assert found.wh == dict.fromkeys(range(START, START + 9000, 1800), 225)
    assert found.estimated == set(found.wh)


def test_a_silence_in_which_it_counted_is_unknown_and_a_night_is_nothing(tmp_path):
    """Five hours at rest are nothing produced; five hours in which 5 kWh came are not shared out."""
    said = [(0, 0), (1800, 900), (1900, 950), (19_900, 950), (21_600, 1000), (39_600, 6000), (41_400, 6900)]
    values = [
        Incoming(*(f"{ROOF}/pv@e.org/{INDEX}",) * 2, INDEX, "Wh", "raw", START + second, value)
        for second, value in said
    ]
    ((_, found),) = known(tmp_path, *values, span=range(START, START + 43_200, 1800))
    places = {(at - START) // 1800: wh for at, wh in found.wh.items()}
    assert places == {0: 67, 1: 4, **dict.fromkeys(range(2, 11), 0), 11: 4, 22: 67}


@pytest.mark.parametrize(("every", "held"), [(10, False), (60, False), (10, True)])
def test_a_power_at_any_moment_is_held_until_the_next_and_estimated(tmp_path, every, held):
    """4 kW for an hour and none for another: told each ten seconds or each minute, or as it changes."""
    moments = [(second, 4000 if second < 3600 else 0) for second in range(0, 7201, every)]
    if held:
        moments = [(at, w) for (at, w), (_, before) in zip(moments, [(0, -1), *moments], strict=False) if w != before]
        moments = sorted({*moments, *((second, 4000) for second in range(0, 3600, 290)), (7200, 1)})
    # Not on the minute: on it they would be means.
    values = [
        Incoming(*(f"{ROOF}/pv@e.org/{POWER}",) * 2, POWER, "W", "raw", START + second + 3, value)
        for second, value in moments
    ]
    ((_, found),) = known(tmp_path, *values, span=range(START, START + 7200, 1800))
    # Of the three seconds before the first nobody knows.
    assert [found.wh[at] for at in sorted(found.wh)] == [150, 150, 0, 0]
    assert found.estimated == set(found.wh)


def test_of_more_powers_than_are_read_one_by_one_the_minutes_are(tmp_path):
    """Half a day each three seconds, by lot: of each half hour what they come to, within 2 %, and estimated."""
    chance = random.Random(26)
    values = [chance.choice((36_000, 36_000, 20_000, 3000)) if n % 7 == 0 else None for n in range(14_400)]
    for n, value in enumerate(values):
        values[n] = values[n - 1] if value is None else value
    said = [
        Incoming(*(f"{ROOF}/pv@e.org/{POWER}",) * 2, POWER, "W", "raw", START + 3 * n, value)
        for n, value in enumerate([*values, 0])
    ]
    span = range(START, START + 43_200, 1800)
    ((_, found),) = known(tmp_path, *said, span=span)
    wanted = [sum(values[n : n + 600]) * 3 / 3600 * PART for n in range(0, 14_400, 600)]
    assert [found.wh[at] for at in span] == pytest.approx(wanted, rel=0.02)
    assert found.estimated == set(span)


def test_the_powers_of_minutes_make_a_half_hour(tmp_path):
    """Thirty means are one; two that are missing make it an estimate, ten unknown."""
    values = [
        Incoming(*(f"{ROOF}/pv@e.org/{POWER}",) * 2, POWER, "kW", "PT1M", START + 60 * n, 4.0)
        for n in range(90)
        if n not in {40, 41, *range(60, 70)}
    ]
    ((_, found),) = known(tmp_path, *values, span=range(START, START + 5400, 1800))
    assert (found.wh, found.estimated) == ({START: 150, START + 1800: 150}, {START + 1800})


def meters(*names, kwh=1.0):
    """Half hours of some inverters, each of which counts that much in each."""
    return [
        Incoming(*(f"{ROOF}/{name}@e.org/{INDEX}",) * 2, INDEX, "kWh", "PT30M", START + 1800 * n, round(kwh * n, 3))
        for name in names
        for n in range(4)
    ]


def test_two_inverters_under_one_name_are_both_counted(tmp_path):
    """What is received as one source has two meters: the part is of both."""
    share = ShareTable(held=1, of=10, unit="actions")
    one = ReceivedTable(name="roof", provider=f"{ROOF}/proxy", identifier=f"{ROOF}/pv@e.org/production", share=share)
    other = [
        Incoming(*(f"{ROOF}/pv@e.org/{INDEX.replace('energy', 'east/energy')}",) * 2, INDEX, "Wh", "PT30M", v.time, 100)
        for v in meters("pv")
    ]
    found = known(tmp_path, *meters("pv"), *other, sources=(one,), span=range(START, START + 3600, 1800))
    assert [list(half_hours.wh.values()) for _, half_hours in found] == [[0, 0], [100, 100]]


def test_of_two_inverters_the_silent_one_is_named(tmp_path):
    """Nothing ever came of the second: its half hours are unknown, and so is the sum; of none there is no part."""
    sources = (origin("east", "pv1"), origin("west", "pv2"))
    found = known(tmp_path / "one", *meters("pv1"), sources=sources, span=range(START, START + 3600, 1800))
    assert [(name, len(one.wh)) for name, one in found] == [("east", 2), ("west", 0)]
    assert known(tmp_path / "none", sources=sources) == []


def test_a_series_that_two_sources_cover_is_counted_once(tmp_path):
    """The whole roof, and its first inverter again: it is in the first of them, and nothing is waited for."""
    sources = (origin("all", "pv1"), origin("again", "pv1"))
    found = known(tmp_path, *meters("pv1"), sources=sources, span=range(START, START + 3600, 1800))
    assert [(name, list(one.wh.values())) for name, one in found] == [("all", [75, 75])]


def test_a_source_without_a_share_takes_nothing_from_one_that_has_one(tmp_path):
    """Whatever stands first in the configuration."""
    sources = (ReceivedTable(name="all", provider=f"{ROOF}/proxy", identifier=f"{ROOF}/pv1@e.org"), origin("so", "pv1"))
    found = known(tmp_path, *meters("pv1"), sources=sources, span=range(START, START + 3600, 1800))
    assert [(name, list(one.wh.values())) for name, one in found] == [("so", [75, 75])]


def test_an_inverter_that_tells_its_days_alone_makes_the_sum_unknown(tmp_path):
    """Beside one that is known by half hours; a day beside half hours of the same one is no inverter."""
    days = [replace(one, granularity="P1D", time=START - 86_400) for one in meters("pv")]
    east = [
        replace(one, name=name, sen1=name)
        for one in days
        for name in (one.name.replace("production", "production/east"),)
    ]
    for number, (more, lengths) in enumerate([(days, [2]), (days + east, [0, 2])]):
        found = known(tmp_path / str(number), *meters("pv"), *more, span=range(START, START + 3600, 1800))
        assert sorted(len(one.wh) for _, one in found) == lengths
