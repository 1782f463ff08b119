"""The four keys, step by step: the worked tables to the last digit, and what holds for any numbers."""

import random
from fractions import Fraction
from itertools import pairwise

import pytest

from gateway.operation.keys import FixedParts, InOrder, PartsByProducer, ProRata
from gateway.operation.parts import over, part_of

# Wh of four quarters of an hour.
P1, P2 = (250, 900, 500, 0), (0, 300, 200, 0)
A, B, C = (200, 200, 100, 150), (100, 500, 800, 400), (300, 300, 300, 50)
F = Fraction

STATIC = FixedParts(10, [5, 3, 2])
SIMPLE = InOrder([[[2], [1], [0]]], together=True)
FULL = InOrder([[[0], [1, 2]], [[2], [1]]], together=False)
TABLES = {
    "static": (STATIC, [(125, 200, 100, 0), (75, 360, 210, 0), (50, 240, 140, 0)], (0, 400, 250, 0)),
    "pro rata": (
        ProRata(),
        [(F(250, 3), 200, F(175, 3), 0), (F(125, 3), 500, F(1400, 3), 0), (125, 300, 175, 0)],
        (0, 200, 0, 0),
    ),
    "simple": (SIMPLE, [(0, 200, 0, 0), (0, 500, 400, 0), (250, 300, 300, 0)], (0, 200, 0, 0)),
    "full": (FULL, [(200, 200, 100, 0), (F(25, 2), 500, 300, 0), (F(75, 2), 300, 300, 0)], (0, 200, 0, 0)),
}


def shares(split):
    return [None if one is None else F(one, split.over) for one in split.shares]


def left(split):
    return [None if one is None else F(one, split.over_left) for one in split.left]


@pytest.mark.parametrize("name", TABLES)
def test_the_worked_table(name):
    """Three members, two producers, four steps: each share, each complement, each surplus, exactly."""
    key, table, surplus = TABLES[name]
    for step in range(4):
        split = key.split([P1[step], P2[step]], [A[step], B[step], C[step]])
        assert shares(split) == [row[step] for row in table]
        assert sum(left(split)) == surplus[step]


@pytest.mark.parametrize(
    ("name", "shared", "complement"),
    [
        ("static", (425, 645, 430), (225, 1155, 520)),
        ("pro rata", (F(1025, 3), F(3025, 3), 600), (F(925, 3), F(2375, 3), 350)),
        ("simple", (200, 900, 850), (450, 900, 100)),
        ("full", (500, F(1625, 2), F(1275, 2)), (150, F(1975, 2), F(625, 2))),
    ],
)
def test_the_sums_of_the_worked_table(name, shared, complement):
    """Over the four steps, with what each member's own supplier sold it."""
    key, found = TABLES[name][0], [F(0)] * 3
    for step in range(4):
        split = key.split([P1[step], P2[step]], [A[step], B[step], C[step]])
        found = [a + b for a, b in zip(found, shares(split), strict=True)]
    assert tuple(found) == shared
    assert tuple(sum(c) - s for c, s in zip((A, B, C), found, strict=True)) == complement


def test_whose_production_feeds_whom():
    """With the key full, the third step, by producer: what the first gives stands apart from what the second does."""
    first = InOrder([[[0], [1, 2]], []], together=False).split([500, 200], [100, 800, 300])
    assert shares(first) == [100, F(3200, 11), F(1200, 11)]
    both = FULL.split([500, 200], [100, 800, 300])
    assert [a - b for a, b in zip(shares(both), shares(first), strict=True)] == [0, F(100, 11), F(2100, 11)]


def test_coefficients_of_a_table_are_the_order_that_they_came_of():
    """The parts of each producer that the rule makes, given as coefficients, share out the same."""
    parts = [[F(1, 5), F(16, 55), F(12, 55)], [F(0), F(1, 22), F(21, 22)]]
    # Of the first producer A has a fifth of 500, and the rest pro rata.
    parts[0] = [F(100, 500), F(3200, 11) / 500, F(1200, 11) / 500]
    common = over(part for row in parts for part in row)
    key = PartsByProducer(common, [[int(part * common) for part in row] for row in parts])
    split = key.split([500, 200], [100, 800, 300])
    assert shares(split) == [100, 300, 300]
    assert left(split) == [0, 0]


def test_cut_coefficients_leave_a_surplus():
    """Coefficients cut to thousandths of a per cent give less than there is, never more."""
    total = F(0)
    for step in range(4):
        produced, drawn = P1[step] + P2[step], [A[step], B[step], C[step]]
        exact = shares(SIMPLE.split([produced], drawn))
        cut = [int(one / produced * 100_000) if produced else 0 for one in exact]
        total += sum(shares(FixedParts(100_000, cut).split([produced], drawn)))
    assert round(float(total), 3) == 1949.977


def test_half_hours_are_not_two_quarters():
    """A member's share may go either way when the step is twice as long; the pot's may only grow."""

    def of(members, production, steps):
        return [
            shares(ProRata().split([sum(production[t] for t in step)], [sum(one[t] for t in step) for one in members]))
            for step in steps
        ]

    production = [a + b for a, b in zip(P1, P2, strict=True)]
    quarters = of((A, B, C), production, [(0,), (1,), (2,), (3,)])
    halves = of((A, B, C), production, [(0, 1), (2, 3)])
    assert [round(float(one[2]), 2) for one in halves] == [543.75, 136.11]
    assert [quarters[0][2] + quarters[1][2], quarters[2][2] + quarters[3][2]] == [425, 175]
    assert sum(map(sum, halves)) >= sum(map(sum, quarters))


KEYS = {
    "static": lambda rng, n, m: FixedParts(100, cut(rng, n)),
    "pro rata": lambda rng, n, m: ProRata(),
    "simple": lambda rng, n, m: InOrder([groups(rng, n)], together=True),
    "full": lambda rng, n, m: InOrder([groups(rng, n) for _ in range(m)], together=False),
    "full, by parts": lambda rng, n, m: PartsByProducer(100, [cut(rng, n) for _ in range(m)]),
}


def cut(rng, count):
    """Per cents of some members, 100 at most together."""
    marks = sorted(rng.randrange(101) for _ in range(count))
    return [b - a for a, b in zip([0, *marks], marks, strict=False)]


def groups(rng, count):
    """All members in an order of groups."""
    names = rng.sample(range(count), count)
    marks = sorted({0, count, *(rng.randrange(count) for _ in range(2))})
    return [names[a:b] for a, b in pairwise(marks)]


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("seed", range(40))
def test_what_is_shared_and_left_is_what_was_produced(name, seed):
    """To the last fraction, producer by producer; nobody gets more than it draws, and nothing is below nothing."""
    rng = random.Random(seed)
    members, producers = rng.randint(1, 7), rng.randint(1, 3)
    key = KEYS[name](rng, members, producers)
    for _ in range(20):
        produced = [rng.choice([0, rng.randrange(5_000)]) for _ in range(producers)]
        drawn = [rng.choice([0, rng.randrange(3_000)]) for _ in range(members)]
        split = key.split(produced, drawn)
        assert sum(shares(split)) + sum(left(split)) == sum(produced)
        assert all(0 <= share <= own for share, own in zip(shares(split), drawn, strict=True))
        assert all(0 <= rest <= made for rest, made in zip(left(split), produced, strict=True))


@pytest.mark.parametrize("name", ["pro rata", "simple", "full"])
def test_all_that_can_be_used_is_used(name):
    """By a key that offers to others what one does not use, the pot is empty or everybody is served."""
    for seed in range(200):
        rng = random.Random(seed)
        key = KEYS[name](rng, 5, 2)
        produced, drawn = [rng.randrange(3_000) for _ in range(2)], [rng.randrange(1_500) for _ in range(5)]
        assert sum(shares(key.split(produced, drawn))) == min(sum(produced), sum(drawn))


@pytest.mark.parametrize("name", KEYS)
def test_nothing_is_divided_by_nothing(name):
    """Where nobody draws or nothing is injected all shares are 0, also of who is unknown in the second."""
    key = KEYS[name](random.Random(1), 3, 2)
    assert shares(key.split([500, 200], [0, 0, 0])) == [0, 0, 0]
    assert left(key.split([500, 200], [0, 0, 0])) == [500, 200]
    assert shares(key.split([0, 0], [100, None, 5])) == [0, 0, 0]
    assert left(key.split([0, 0], [100, None, 5])) == [0, 0]


@pytest.mark.parametrize(
    ("key", "produced", "drawn", "of_members", "of_producers"),
    [
        (ProRata(), [500, 0], [100, None, 300], [None, None, None], [None, None]),
        (ProRata(), [500, None], [100, 200, 300], [None, None, None], [None, None]),
        (STATIC, [500, 0], [100, None, 300], [100, None, 100], [None, None]),
        (FixedParts(10, [5, 0, 5]), [500, 0], [100, None, 300], [100, 0, 250], [150, 0]),
        (FixedParts(10, [5, 0, 5]), [500, None], [100, 100, 300], [None, 0, None], [None, None]),
        # Who was served before the unknown one is known; and all, once the pot was empty.
        (SIMPLE, [500, 0], [100, None, 300], [None, None, 300], [None, None]),
        (SIMPLE, [200, 0], [100, None, 300], [0, 0, 200], [0, 0]),
        (FULL, [500, None], [100, 800, 300], [100, None, None], [0, None]),
        (PartsByProducer(2, [[1, 1], [0, 2]]), [100, None], [40, 300], [40, None], [10, None]),
        (PartsByProducer(2, [[1, 1], [0, 2]]), [100, 50], [None, 300], [None, 100], [None, 0]),
    ],
)
def test_unknown_is_not_nothing(key, produced, drawn, of_members, of_producers):
    """A step is unknown for those whose share needs the number that is missing, and for nobody else."""
    split = key.split(produced, drawn)
    assert shares(split) == of_members
    assert left(split) == of_producers


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("30 %", F(3, 10)),
        ("30%", F(3, 10)),
        ("1/3", F(1, 3)),
        ("0.125", F(1, 8)),
        ("16,666 %", F(16666, 100_000)),
        ("1", F(1)),
    ],
)
def test_a_part_is_what_is_written(text, part):
    """Exactly, in the forms in which people write one."""
    assert part_of(text) == part


@pytest.mark.parametrize("text", ["", "a", "-1", "101 %", "4/3", "1/0", "1e9", "0." + 13 * "1", "½"])
def test_what_is_no_part_is_refused(text):
    """In one sentence."""
    with pytest.raises(ValueError, match=r"is no part|more than all"):
        part_of(text)


def test_parts_without_a_common_denominator_are_refused():
    """Sums of many would take for ever."""
    with pytest.raises(ValueError, match="no denominator in common"):
        over(F(1, 10**8 + odd) for odd in range(1, 99, 2))
