"""Bars as SVG: what they reach, what lies below zero, the scale beside them, what a gap does to an outline."""

import re

import pytest

from gateway.web.history.bars import Bar, bar_chart
from gateway.web.history.chart import by_kind


def boxes(path):
    """(place, top, bottom) of each box of a path, in bars and thousandths."""
    found = re.findall(r"M([\d.]+) ([\d.]+)h[\d.]+v([\d.e+]+)h", path)
    return [(float(x), float(top), round(float(top) + float(height), 1)) for x, top, height in found]


def test_what_is_stacked_lies_on_what_is_below_it_and_reaches_their_sum():
    """1 and 2 of 3 above zero, 1 below it, on a scale from 4 to -2: each a sixth of the height."""
    chart = bar_chart([Bar(["x"], stack={"a": 1.0, "b": 2.0}, below={"c": 1.0})], "kWh")
    assert [amount for amount, _ in chart.scale] == [3, 2, 1, 0, -1]
    paths = dict(chart.paths)
    assert [boxes(paths[kind]) for kind in "abc"] == [[(0.1, 500, 750)], [(0.1, 0, 500)], [(0.1, 750, 1000)]]
    assert [y for _, y in chart.scale] == [0, 25, 50, 75, 100]


@pytest.mark.parametrize("reach", [0.003, 0.07, 0.1, 0.3, 0.99, 1, 2, 3.3, 12, 48, 499, 12_345])
def test_a_scale_has_few_lines_at_round_amounts_and_holds_everything(reach):
    """Steps of 1, 2, 5 and their tens; from two to six lines, the highest not below what is drawn."""
    chart = bar_chart([Bar(["x"], stack={"a": reach})], "kWh")
    amounts = [amount for amount, _ in chart.scale]
    assert 3 <= len(amounts) <= 6
    assert amounts[0] >= reach * 0.999999
    assert amounts[0] < 2 * reach
    assert f"{amounts[-2]:e}"[:8] in {"1.000000", "2.000000", "5.000000"}
    # Written with so many decimals each line is another one.
    assert len({f"{amount:.{chart.places}f}" for amount in amounts}) == len(amounts)


def test_an_outline_is_drawn_around_what_is_known_and_not_across_a_gap():
    """Two runs, each from zero to zero."""
    amounts = [None, 1.0, 2.0, None, 0.0, 1.0]
    chart = bar_chart([Bar(["x"], outline=one) for one in amounts], "kWh")
    (path,) = [path for kind, path in chart.paths if kind == "outline"]
    assert path == "M1 1000V500H2V0H3V1000M5 1000V500H6V1000"


def test_what_it_is_compared_with_counts_for_the_scale():
    """A mark above every bar is seen."""
    chart = bar_chart([Bar(["x"], stack={"a": 1.0}, beside=9.0), Bar(["y"])], "kWh")
    assert chart.scale[0][0] >= 9
    (mark,) = [path for kind, path in chart.paths if kind == "beside"]
    assert float(re.match(r"M[\d.]+ ([\d.]+)h", mark)[1]) >= 0


def test_next_to_nothing_is_drawn_small():
    """A scale reaches what is asked of it, however little there is."""
    chart = bar_chart([Bar(["x"], stack={"a": 0.0004})], "kWh", least=0.04)
    assert [amount for amount, _ in chart.scale] == [0.01, 0]


def test_nothing_known_is_an_empty_chart():
    """A scale all the same, and no path."""
    chart = bar_chart([Bar(["x"]), Bar(["y"])], "kWh")
    assert chart.paths == []
    assert [amount for amount, _ in chart.scale] == [1, 0]


def test_no_tariff_class_takes_the_place_of_another():
    """Ten indexes without a name are ten kinds; words that share one are added up."""
    assert sorted(by_kind({str(number): 1.0 for number in range(1, 11)}).values()) == [1.0] * 10
    assert by_kind({"hc": 1.0, "one": 2.0, "two": 3.0}) == {"c-hc": 1.0, "c-index0": 5.0}
