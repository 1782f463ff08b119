"""What steps come to: exactly, by member and producer, whatever is unknown; days as long as they are."""

import random
from datetime import date
from fractions import Fraction

import pytest

from gateway.operation.keys import FixedParts, ProRata, Split
from gateway.operation.steps import days_of, month_of, steps_of
from gateway.operation.totals import ExactSums, OperationTotals

A, B, C = (200, 200, 100, 150), (100, 500, 800, 400), (300, 300, 300, 50)
POT = (250, 1200, 700, 0)


@pytest.mark.parametrize(
    ("day", "quarters"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 7, 14), 96)]
)
def test_a_day_has_the_steps_that_it_has(day, quarters):
    """Where the clock changes four quarters are missing, or there twice; they follow each other all the same."""
    steps = steps_of(day, "PT15M")
    assert len(steps) == quarters
    assert len(steps_of(day, "PT30M")) == quarters // 2
    assert steps[-1] + 900 == steps_of(date.fromordinal(day.toordinal() + 1), "PT15M")[0]


def test_a_month_has_its_days():
    """Of any length; what is no month is one sentence."""
    assert [len(days_of(month_of(text))) for text in ("2026-02", "2028-02", "2026-12")] == [28, 29, 31]
    with pytest.raises(ValueError, match="write it as 2026-10"):
        month_of("2026-13")


def test_sums_are_exact():
    """Of fractions with any denominators, however many: what Fraction would say."""
    rng = random.Random(7)
    steps = [(rng.randrange(1, 10**6), [rng.randrange(10**9) for _ in range(3)]) for _ in range(200)]
    sums = ExactSums(3)
    for over, numbers in steps:
        sums.add(over, list(numbers))
    assert [one.fraction for one in sums.totals()] == [
        sum(Fraction(numbers[place], over) for over, numbers in steps) for place in range(3)
    ]


def test_a_month_is_rounded_once():
    """Half a Wh goes up, and what is shown adds up: to what was drawn, and to what was produced."""
    totals = OperationTotals(2, 1)
    for _ in range(3):
        totals.add(ProRata().split([1], [1, 1]), [1], [1, 1], [0, 1], [0])
    first, second = totals.members()
    assert first.shared.fraction == Fraction(3, 2)
    assert (first.shared.rounded, first.complement, second.drawn) == (2, 1, 3)
    (producer,) = totals.producers()
    assert (producer.produced, producer.left.rounded, producer.shared) == (3, 0, 3)


def test_rounding_each_step_would_lose_what_rounding_once_does_not():
    """Whole Wh of each step, down, lose one at the first and one at the third; the sums of the month do not."""
    totals, floors = OperationTotals(3, 1), 0
    for step, pot in enumerate(POT):
        split = ProRata().split([pot], [A[step], B[step], C[step]])
        floors += sum(share // split.over for share in split.shares)
        totals.add(split, [pot], [A[step], B[step], C[step]], [0, 1, 2], [0])
    assert floors == 1948
    members = totals.members()
    assert sum(one.shared.fraction for one in members) == 1950
    assert [one.shared.rounded for one in members] == [342, 1008, 600]
    assert [one.complement for one in members] == [308, 792, 350]


def test_totals_of_the_month_do_not_do():
    """Pro rata of the sums is another share than the sum of the steps: who checks needs the steps."""
    split = ProRata().split([sum(min(p, a + b + c) for p, a, b, c in zip(POT, A, B, C, strict=True))], [650, 1800, 950])
    assert [round(share / split.over, 2) for share in split.shares] == [372.79, 1032.35, 544.85]


def test_what_is_unknown_is_counted_and_adds_nothing():
    """Of the one who depends on it alone; the steps of both kinds are all steps."""
    totals = OperationTotals(3, 1)
    key = FixedParts(10, [5, 3, 2])
    for drawn in ([100, 100, 100], [100, None, 100]):
        totals.add(key.split([200], drawn), [200], drawn, [0, 1, 2], [0])
    first, second, _ = totals.members()
    assert (first.steps, first.unknown, first.drawn, first.shared.rounded) == (2, 0, 200, 200)
    assert (second.steps, second.unknown, second.drawn, second.shared.rounded) == (1, 1, 100, 60)
    (producer,) = totals.producers()
    assert (producer.steps, producer.unknown, producer.produced) == (1, 1, 200)


def test_who_comes_later_has_its_own_steps():
    """The places say whose the values are; who is not there has no step, not an unknown one."""
    totals = OperationTotals(2, 2)
    totals.add(Split(1, [5], 1, [2]), [7], [9], [1], [0])
    assert [(one.steps, one.unknown, one.drawn) for one in totals.members()] == [(0, 0, 0), (1, 0, 9)]
    assert [(one.steps, one.produced) for one in totals.producers()] == [(1, 7), (0, 0)]
