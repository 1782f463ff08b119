"""The rule under which totals are shown: an attacker who adds and subtracts finds no group of less than ten homes."""

import random
from fractions import Fraction
from itertools import combinations, product

import pytest

from gateway.collector.disclosure import FEWEST, MOST_SHARE, HomeGroup, shown

EVERYBODY = 0


def parts_of(homes):
    """Homes are (segments, energy) each; what the database would say of them."""
    found = {}
    for segments, energy in homes:
        found.setdefault(frozenset(segments) | {EVERYBODY}, []).append(energy)
    using = {segments: sum(energy > 0 for energy in some) for segments, some in found.items()}
    return [
        HomeGroup(segments, len(some), using[segments], sum(some), tuple(sorted(some, reverse=True)[:2]))
        for segments, some in found.items()
    ]


def ordered(homes):
    """The whole, then the segments, the largest first."""
    sizes = {}
    for segments, _ in homes:
        for one in {*segments, EVERYBODY}:
            sizes[one] = sizes.get(one, 0) + 1
    return sorted(sizes, key=lambda one: (-sizes[one], one))


def shown_of(homes):
    return [one.segment for one in shown(parts_of(homes), ordered(homes))]


def of_sizes(*sizes, energy=100.0):
    """So many homes in segment 1, 2, … and nowhere else."""
    return [((number,), energy) for number, size in enumerate(sizes, 1) for _ in range(size)]


def rank(rows):
    """Of a matrix, exactly."""
    rows, done = [[Fraction(value) for value in row] for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((n for n in range(done, len(rows)) if rows[n][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        for n in range(done + 1, len(rows)):
            factor = rows[n][column] / rows[done][column]
            rows[n] = [value - factor * other for value, other in zip(rows[n], rows[done], strict=True)]
        done += 1
    return done


def too_few(energies):
    """Whether homes are less than ten, or less than ten of them have any of what they have together."""
    using = sum(energy > 0 for energy in energies)
    return len(energies) < FEWEST or 0 < using < FEWEST


def found_by_attack(homes, published):
    """Groups of too few homes of which a combination of the published totals says anything; how many they are.

    Homes of which all totals think alike are one column. Some combination is of a set of columns alone when leaving
    them out costs the matrix a rank.
    """
    columns = {}
    for segments, energy in homes:
        column = tuple(int(one in {*segments, EVERYBODY}) for one in published)
        columns.setdefault(column, []).append(energy)
    columns.pop((0,) * len(published), None)
    kinds = list(columns)
    everything = rank([[kind[n] for kind in kinds] for n in range(len(published))])
    for many in range(1, len(kinds) + 1):
        for some in combinations(kinds, many):
            if not too_few([energy for kind in some for energy in columns[kind]]):
                continue
            rest = [kind for kind in kinds if kind not in some]
            if rank([[kind[n] for kind in rest] for n in range(len(published))]) < everything:
                yield {kind: len(columns[kind]) for kind in some}


def sums_and_differences(homes, published):
    """The homes in each sum or difference of the published totals, as an attacker with pen and paper tries them."""
    for signs in product((-1, 0, 1), repeat=len(published)):
        weights = [
            sum(sign for sign, one in zip(signs, published, strict=True) if one in {*segments, EVERYBODY})
            for segments, _ in homes
        ]
        yield [home for home, weight in zip(homes, weights, strict=True) if weight]


def drawn(chance):
    """Some homes in some segments, that overlap or do not; some homes are much larger than others."""
    segments = range(1, chance.randint(1, 5) + 1)
    overlap = chance.random() < 0.5
    homes = []
    for _ in range(chance.randint(5, 90)):
        inside = [one for one in segments if chance.random() < 0.4] if overlap else chance.choices(segments)
        homes.append((tuple(inside), chance.choice([0, 50, 100, 200, chance.expovariate(1 / 400)])))
    return homes


@pytest.mark.parametrize("seed", range(150))
def test_no_sum_and_no_difference_is_of_less_than_ten_homes(seed):
    """Of seeded homes and segments, every combination of what is published, by hand and by linear algebra."""
    homes = drawn(random.Random(seed))
    published = shown_of(homes)
    assert list(found_by_attack(homes, published)) == []
    for some in sums_and_differences(homes, published):
        assert not some or not too_few([energy for _, energy in some])


@pytest.mark.parametrize("seed", range(150))
def test_no_sum_and_no_difference_is_mostly_one_home_s(seed):
    """Whoever takes it for the largest home's is wrong by as much as that home used."""
    homes = drawn(random.Random(seed))
    for some in sums_and_differences(homes, shown_of(homes)):
        energies = sorted(energy for _, energy in some)
        assert not some or energies[-1] <= MOST_SHARE * sum(energies) + 1e-6


def test_the_attack_finds_what_a_careless_rule_shows():
    """The test's own attacker: the whole and all segments but the small one; and two that overlap in all but three."""
    small = of_sizes(30, 20, 4)
    assert list(found_by_attack(small, [EVERYBODY, 1, 2])) == [{(1, 0, 0): 4}]
    overlapping = [((1, 2), 1.0)] * 20 + [((1,), 1.0)] * 3
    assert list(found_by_attack(overlapping, [1, 2])) == [{(1, 0): 3}]
    # One home injects, and twenty without a panel make a crowd of it.
    lonely = [*of_sizes(20, energy=0.0), ((1,), 100.0)]
    assert list(found_by_attack(lonely, [1])) == [{(1,): 21}]


def test_most_is_shown_of_ordinary_segments():
    """The rule is no rule that shows nothing: of drawn homes most segments that are large enough are there."""
    could = showed = 0
    for seed in range(150):
        homes = drawn(random.Random(seed))
        large = [one for one in ordered(homes) if sum(one in {*s, EVERYBODY} for s, _ in homes) >= 3 * FEWEST]
        could += len(large)
        showed += len(set(large) & set(shown_of(homes)))
    assert showed > could * 0.6


@pytest.mark.parametrize(
    ("homes", "published"),
    [
        (of_sizes(9), []),
        (of_sizes(10), [EVERYBODY, 1]),
        (of_sizes(30, 20), [EVERYBODY, 1, 2]),
        # The small one could be had as the rest: the smallest of the others goes as well.
        (of_sizes(30, 20, 4), [EVERYBODY, 1]),
        # Two small ones are ten together: so is the rest.
        (of_sizes(30, 20, 6, 5), [EVERYBODY, 1, 2]),
        # One inside the other, by few and by many.
        ([((1, 2), 1.0)] * 20 + [((1,), 1.0)] * 3, [EVERYBODY, 1]),
        ([((1, 2), 1.0)] * 20 + [((1,), 1.0)] * 13, [EVERYBODY, 1, 2]),
        # Nobody injects at night.
        (of_sizes(12, energy=0.0), [EVERYBODY, 1]),
        # Those without a panel hide nobody who has one.
        ([((1,), 0.0)] * 20 + [((1,), 100.0)] * 9, []),
        ([((1,), 0.0)] * 20 + [((1,), 100.0)] * 10, [EVERYBODY, 1]),
        (of_sizes(30, 20) + of_sizes(0, 0, 20, energy=0.0), [EVERYBODY, 1, 2, 3]),
        # One home is half of all, and more than half.
        ([((1,), 100.0)] * 11 + [((1,), 1100.0)], [EVERYBODY, 1]),
        ([((1,), 100.0)] * 11 + [((1,), 1101.0)], []),
        # Two share it, and the second one knows its own.
        ([((1,), 1.0)] * 10 + [((1,), 1000.0)] * 2, []),
    ],
)
def test_what_is_shown(homes, published):
    """Ten homes, the whole first, the largest next, the smallest left out."""
    assert shown_of(homes) == published
