"""Each file of ``samples``: its points, watt-hours and doubts are those that it was made with, or it is refused."""

import csv
import json
from collections import Counter
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from gateway.household.past.clock import local_day, midnight_of
from gateway.household.past.forms import read_file
from gateway.household.past.values import CURVE, DAILY, INDEX, MAXIMUM, Choices, HistoryFileError, PointFlag, energy_of

SAMPLES = Path(__file__).parent / "samples"
EXPECTED = json.loads((SAMPLES / "expected.json").read_text())
FILES = sorted(name for name, facts in EXPECTED.items() if facts["form"] != "truth" and "full" not in name)

# What only the household can say of its file.
SAID = {
    "suppliers/totalenergies.csv": {"stamp": "start"},
    "home/ha-history.csv": {"unit": "kWh"},
    "home/emoncms-thousands.csv": {"unit": "W", "stamp": "start"},
}
# Without a word of the household these are read, as they say all of it themselves.
ASKS_NOTHING = {
    *(name for name in FILES if name.startswith("enedis/")),
    *("downloads/date-time-235959.csv", "sge/r63.csv", "sge/r63.json", "sge/r64.json"),
    *(name for name in FILES if name.startswith(("federation/", "suppliers/")) and "strasb" not in name),
} - {"suppliers/totalenergies.csv"}
# File -> what its refusal says.
REFUSED = {
    "enedis/heure-impossible-offset.csv": "Paris did not have on that day",
    "enedis/heure-header-only.csv": "it holds no data",
    "enedis/heure-all-empty.csv": "the load curve was not being collected then",
    "downloads/fake-daily-as-curve.csv": "add --daily",
    "dataconnect/error-ADAM-ERR0123.json": "nothing from before the meter's last activation",
    "home/dsmr-hour.csv": "Dutch or Belgian",
    "home/myelectricaldata.db": "takes a 0 for missing",
    "solar/pvgis-tmy-cut.csv": "climate file",
    "solar/pvgis-tmy-cut.json": "climate file",
}
OF_THE_FIRST_METER = {name for name in FILES if EXPECTED[name].get("meter") not in ("00000000000022", "00000000000033")}


def read(name, **said):
    """A sample, with what a household says of it."""
    choices = Choices(**({"direction": "consumption"} | SAID.get(name, {}) | said))
    return read_file(Path(name).name, (SAMPLES / name).read_bytes(), choices)


def seconds(text):
    return int(datetime.fromisoformat(text).timestamp())


@pytest.fixture(scope="module")
def truth():
    """Direction -> first second of each half hour -> Wh, and moment of a midnight -> index."""
    curve, indexes = {"consumption": {}, "production": {}}, {"consumption": {}, "production": {}}
    with (SAMPLES / "truth/half-hours.csv").open() as file:
        for start, _, drawn, injected in list(csv.reader(file))[1:]:
            curve["consumption"][seconds(start)], curve["production"][seconds(start)] = int(drawn), int(injected)
    with (SAMPLES / "truth/midnights.csv").open() as file:
        for day, _, drawn, injected, *_ in list(csv.reader(file))[1:]:
            at = midnight_of(datetime.fromisoformat(day).date())
            indexes["consumption"][at], indexes["production"][at] = int(drawn), int(injected)
    return curve, indexes


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_cannot_be_read_for_certain_says_why(name):
    """One sentence, in both languages."""
    with pytest.raises(HistoryFileError, match=REFUSED[name]) as refused:
        read(name)
    assert refused.value.phrase.in_language("fr") != str(refused.value)


@pytest.mark.parametrize("name", [name for name in FILES if name not in REFUSED])
def test_points_energy_and_doubts_are_those_of_the_file(name):
    """By step, and each kind of row that was counted."""
    facts, file = EXPECTED[name], read(name)
    assert {block.form for block in file.blocks} <= {facts["form"], *(form for form, _ in facts.get("members", ()))}
    mine = [block for block in file.blocks if block.kind != MAXIMUM] or list(file.blocks)
    wanted = facts.get("blocks") or [facts]
    if "members" in facts:
        assert [[one.form, len(one.points)] for one in mine] == facts["members"]
        assert [name.rpartition(": ")[2] for name, _ in file.refused] == facts["ignored"]
        return
    assert len(mine) == len(wanted)
    for block, one in zip(mine, wanted, strict=True):
        assert one.get("meter", facts.get("meter")) in (block.meter, "not in the file", None)
        assert one.get("series", block.series) == block.series
        counts = Counter(f"PT{point.step // 60}M" for point in block.points)
        points = one.get("points", one.get("points_if_joined"))
        if isinstance(points, dict):
            assert counts == points
        elif points is not None:
            assert len(block.points) == points
        check_energy(block, one)
        check_rows(block, one, name)


def check_energy(block, one):
    wh = one.get("wh", one.get("wh_in_file"))
    if isinstance(wh, dict):
        by_step = {
            step: sum(Fraction(p.value * p.step, 3600) for p in block.points if f"PT{p.step // 60}M" == step)
            for step in wh
        }
        assert by_step == wh
    elif isinstance(wh, list):
        assert [point.value for point in block.points] == wh
    elif wh is not None:
        assert block.wh == wh
    for day, value in one.get("values", {}).items():
        assert {local_day(p.start).isoformat(): p.value for p in block.points}[day[:10]] == value


def check_rows(block, one, name):
    counts = block.counts
    for key, mine in {
        **{"missing_values": "missing", "empty": "missing", "duplicates_equal": "equal", "stray": "stray"},
        **{"ambiguous_dst": "ambiguous", "not_existing": "nowhere", "estimated": "estimated", "caution": "caution"},
        **{"nature_unknown": "unknown", "hours": "hours"},
    }.items():
        # Its rows that are not there are a hole.
        if key in one and name != "suppliers/totalenergies.csv":
            assert counts[mine] == one[key], key
    if "indexes" in one and not one.get("reject"):
        assert len(block.points) == one["indexes"]
    if isinstance(one.get("step_inferred"), int):
        assert counts["inferred"] == one["step_inferred"]
    elif "step_inferred" in one:
        inferred = [p.start for p in block.points if p.flags & PointFlag.STEP_INFERRED]
        assert inferred == [seconds(text) for text in one["step_inferred"]]
    if "holes" in one:
        assert block.holes == [(seconds(start), seconds(end)) for start, end in one["holes"]]
    for conflict in one.get("conflicts", ()):
        assert block.conflicts == [(seconds(conflict["start"]) + 1800, *conflict["w"])]
    assert [local_day(at).isoformat() for at in block.rejected] == one.get("reject", [])
    assert [local_day(at).isoformat() for at in block.breaks] == one.get("breaks", [])
    missing = {local_day(block.first) + timedelta(days=place) for place in range(40)}
    for day in one.get("missing_days", one.get("missing", [])):
        assert datetime.fromisoformat(day).date() in missing
        assert day not in {local_day(p.start).isoformat() for p in block.points}
    if "true_zeros" in one:
        assert sum(not point.value for point in block.points) == one["true_zeros"]


@pytest.mark.parametrize("name", sorted(OF_THE_FIRST_METER - REFUSED.keys()))
def test_every_interval_is_what_the_meter_counted(name, truth):
    """To the watt-hour, at its place in UTC, whatever the clock of the file did."""
    curve, indexes = truth
    for block in read(name).blocks:
        if block.meter == "00000000000022" or name == "suppliers/mint-periods.csv":
            continue
        half_hours, midnights = curve[block.direction], indexes[block.direction]
        for point in block.points:
            if block.kind == CURVE and point.step >= 1800:
                wanted = sum(half_hours[at] for at in range(point.start, point.start + point.step, 1800))
                assert abs(Fraction(point.value * point.step, 3600) - wanted) <= Fraction(1, 2)
            elif block.kind == INDEX and point.start in midnights:
                within = 1000 * (2 if "edf" in name else 1) if point.flags & PointFlag.ROUNDED else 0
                assert 0 <= midnights[point.start] - point.value <= within
            elif block.kind == DAILY:
                wanted = midnights[point.start + point.step] - midnights[point.start]
                assert abs(point.value - wanted) <= (5 if point.flags & PointFlag.ROUNDED else 0)


def test_tens_of_minutes_make_half_hours(truth):
    """Three of them are one, to the watt-hour."""
    (block,) = read("enedis/heure-10min.csv").blocks
    for at in range(block.first, block.last, 1800):
        inside = [point for point in block.points if at <= point.start < at + 1800]
        assert energy_of(CURVE, inside) == truth[0]["consumption"][at]


@pytest.mark.parametrize("name", sorted({*FILES} - ASKS_NOTHING - REFUSED.keys()))
def test_what_a_file_does_not_say_is_asked(name):
    """A direction, a unit, a stamp: with the option that says it."""
    with pytest.raises(HistoryFileError, match=r"add --(direction|unit|stamp)"):
        read_file(name, (SAMPLES / name).read_bytes(), Choices())


@pytest.mark.parametrize("name", sorted(ASKS_NOTHING - REFUSED.keys()))
def test_what_a_file_says_is_not_asked(name):
    """Nor does a household's word go over it."""
    said, unsaid = read(name, direction="production"), read_file(name, (SAMPLES / name).read_bytes(), Choices())
    assert [block.series for block in said.blocks] == [block.series for block in unsaid.blocks]


def test_a_curve_that_was_made_of_days_is_taken_as_days():
    """When the household says so."""
    (block,) = read("downloads/fake-daily-as-curve.csv", daily=True).blocks
    days = EXPECTED["downloads/fake-daily-as-curve.csv"]["days_wh"]
    assert {local_day(point.start).isoformat(): point.value for point in block.points} == days


def test_an_offset_that_cannot_be_is_decided_by_the_household(truth):
    """The clock beside it is right here: an hour earlier it is nobody's day."""
    (clock,) = read("enedis/heure-impossible-offset.csv", offsets="ignore").blocks
    assert all(truth[0]["consumption"][point.start] == point.value // 2 for point in clock.points)
    (offset,) = read("enedis/heure-impossible-offset.csv", offsets="keep").blocks
    assert offset.points[0].start == clock.points[0].start - 3600


def test_a_tariff_and_a_maximum_of_the_composite_file_stay_apart():
    """The highest power is in VA, at its true second; its header says W."""
    maximum = next(block for block in read("enedis/jour-composite.csv").blocks if block.kind == MAXIMUM)
    assert maximum.counts["missing"] == 3
    assert next((point.start, point.value) for point in maximum.points) == (seconds("2022-10-26T07:14:05+02:00"), 4710)
