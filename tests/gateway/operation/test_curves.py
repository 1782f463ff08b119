"""A file of curves: of the month that is asked for, a line at a time; and what the meters of a home come to."""

import random
import tracemalloc
from datetime import UTC, date, datetime

import pytest

from gateway.errors import ConfigError
from gateway.operation import coefficients, csv_rows
from gateway.operation.coefficients import read_coefficients
from gateway.operation.curves import MeterCurve, of_home, read_curves
from gateway.operation.steps import days_of, steps_of

OCTOBER = date(2026, 10, 1)


def written(path, names, begins, cell):
    """A file of curves with a line for each of some steps."""
    with path.open("w") as file:
        file.write(";".join(["begin", *names]) + "\n")
        for begin in begins:
            moment = f"{datetime.fromtimestamp(begin, UTC):%Y-%m-%dT%H:%MZ}"
            file.write(";".join([moment, *(str(cell(begin, name)) for name in names)]) + "\n")
    return path


def test_of_a_file_its_month_is_read_by_days(tmp_path):
    """Each step as it stands there, to the end of the day of 25 hours; of other months nothing but that it is right."""
    rng, cells = random.Random(1), {}
    begins = [
        begin for month in (9, 10, 11) for day in days_of(date(2026, month, 1)) for begin in steps_of(day, "PT15M")
    ]
    cells = {(begin, name): rng.choice(("", rng.randrange(10**8))) for begin in begins for name in "ab"}
    file = read_curves(
        written(tmp_path / "c.csv", "ab", begins, lambda *one: cells[one]), "PT15M", {"a", "b", "c"}, OCTOBER
    )
    for day in days_of(OCTOBER):
        steps = steps_of(day, "PT15M")
        assert file.of(steps) == {
            name: {begin: cells[begin, name] for begin in steps if cells[begin, name] != ""} for name in "ab"
        }
    for month in (9, 11):
        assert file.of(steps_of(date(2026, month, 1), "PT15M")) == {"a": {}, "b": {}}
    written(tmp_path / "c.csv", "ab", begins, lambda begin, name: -1 if begin == begins[-1] else 0)
    with pytest.raises(ConfigError, match=rf"line {1 + len(begins)}: '-1' is no energy"):
        read_curves(tmp_path / "c.csv", "PT15M", {"a", "b"}, OCTOBER)


def test_a_month_takes_what_its_figures_take(tmp_path):
    """4 bytes a figure and a line of text, whatever else the file has: no dictionary of a month."""
    names = [f"m{number}" for number in range(100)]
    begins = [begin for month in (9, 10) for day in days_of(date(2026, month, 1)) for begin in steps_of(day, "PT15M")]
    rng = random.Random(2)
    path = written(tmp_path / "c.csv", names, begins, lambda *_: rng.randrange(3_000))
    tracemalloc.start()
    file = read_curves(path, "PT15M", set(names), OCTOBER)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(file.of(steps_of(OCTOBER, "PT15M"))["m99"]) == 96
    assert most < 3 * 4 * len(names) * sum(len(steps_of(day, "PT15M")) for day in days_of(OCTOBER))


@pytest.mark.parametrize(
    ("bound", "most", "sentence"),
    [
        ("_LONGEST_LINE", 20, "line 2: longer than 20 characters"),
        ("_MOST_CHARACTERS", 40, "line 3: more than 40 characters: give a month at a time"),
        ("_MOST_LINES", 3, "line 4: at most 3 lines"),
    ],
)
def test_a_table_without_end_is_one_sentence(tmp_path, monkeypatch, bound, most, sentence):
    """Said at the line at which it is too much, and no more of it is read."""
    monkeypatch.setattr(csv_rows, bound, most)
    path = written(tmp_path / "c.csv", ["a"], steps_of(OCTOBER, "PT15M"), lambda *_: 12_345)
    with pytest.raises(ConfigError, match=sentence):
        read_curves(path, "PT15M", {"a"}, OCTOBER)


def test_coefficients_without_end_are_one_sentence(tmp_path, monkeypatch):
    """So many that nobody gives them of a month."""
    monkeypatch.setattr(coefficients, "_MOST_CELLS", 10)
    path = written(tmp_path / "k.csv", "ab", steps_of(OCTOBER, "PT15M"), lambda *_: "1/3")
    with pytest.raises(ConfigError, match="line 7: more than 10 coefficients: give a month at a time"):
        read_coefficients(path, "PT15M", {""}, {"a", "b"})


def test_a_quote_that_nobody_closes_takes_no_other_line_in(tmp_path):
    """It is wrong in its own line."""
    (tmp_path / "c.csv").write_text('begin;a\n2026-10-01T12:00Z;"1\n2026-10-01T12:15Z;2\n')
    file = read_curves(tmp_path / "c.csv", "PT15M", {"a"}, OCTOBER)
    assert sorted(file.of(steps_of(OCTOBER, "PT15M"))["a"].values()) == [1, 2]


def test_a_home_is_known_where_each_of_its_meters_is():
    """One that is there and unknown makes it unknown; one that is not there yet, or no more, is not of it."""
    old, new = MeterCurve({0: 5, 900: 6}, range(1800)), MeterCurve({1800: 7}, range(900, 3600))
    assert of_home([old, new], range(0, 3600, 900)) == {0: 5, 1800: 7}
    assert of_home([], range(0, 3600, 900)) == {}
