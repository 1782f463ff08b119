"""My part of a shared roof: exact, rounded down, and only of what can be divided."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.tables import ReceivedTable, ShareTable
from gateway.household.share import origins, part_of
from gateway.store.received import ReceivedPoint, ReceivedSeries

ROOF = "toit@e.org"
PATH = "production/energy/active/index"

parts = st.fractions(min_value=0, max_value=1, max_denominator=10_000)
indexes = st.integers(0, 10**12)


def origin(**share):
    """A [[received]] of the roof with a share."""
    one = ReceivedTable(
        name="roof",
        provider="Toit@e.org/proxy",
        identifier=f"{ROOF}/pv1@e.org",
        share=ShareTable(**share) if share else None,
    )
    return origins([one])[0]


def point(path=PATH, unit="Wh", value=1_000_001):
    """A received point."""
    name = f"{ROOF}/pv1@e.org/{path}"
    return ReceivedPoint(ReceivedSeries(1, ROOF, name, name, path, unit, "PT30M", "P1Y", 0, 0, 0), 1.0, value)


@pytest.mark.parametrize(
    ("share", "mine"),
    [
        ({"held": 12, "of": 400, "unit": "actions"}, 30_000),
        ({"held": 3.3, "of": 250.5, "unit": "m2"}, 1_000_001 * 33 // 2505),
        ({"held": 2.5, "unit": "percent"}, 25_000),
        ({"held": 1, "of": 3, "unit": "actions"}, 333_333),
        ({"held": 0, "of": 3, "unit": "actions"}, 0),
        ({"held": 3, "of": 3, "unit": "actions"}, 1_000_001),
    ],
)
def test_my_part_is_exact_and_rounded_down(share, mine):
    """Shares, square metres, per cent, as they are written in the file."""
    found = origin(**share).mine(point())
    assert (found.value, found.series.path) == (mine, "production/share/roof/energy/active/index")
    assert (found.series.unit, found.series.granularity, found.time) == ("Wh", "PT30M", 1.0)


@given(indexes, indexes, parts)
def test_a_part_never_falls_and_is_never_more_than_ones_own(one, other, part):
    """Of two indexes the greater has the greater part; over any time it is within 1 Wh of the exact one."""
    low, high = sorted((one, other))
    assert part_of(low, part) <= part_of(high, part) <= high * part
    assert abs((part_of(high, part) - part_of(low, part)) - (high - low) * part) < 1


@given(st.integers(0, 10**9), st.integers(1, 400))
def test_all_shares_together_are_no_more_than_the_roof(value, of):
    """What is rounded away is given to nobody, less than 1 Wh for each."""
    everybody = sum(part_of(value, Fraction(1, of)) for _ in range(of))
    assert value - of < everybody <= value


def test_a_mean_is_rounded_to_a_tenth():
    """A power that the provider has averaged."""
    share = origin(held=1, of=3, unit="actions")
    assert share.mine(point("production/power/active/raw", "W", 100.1)).value == 33.4


@pytest.mark.parametrize(
    ("path", "unit", "value"),
    [
        ("production/voltage/raw", "V", 230),
        ("consumption/energy/active/index", "Wh", 5),
        ("contract/tariff", "", "BASE"),
        ("production/power/active/raw", "W", "much"),
    ],
)
def test_what_cannot_be_divided_has_no_part(path, unit, value):
    """A voltage, a consumption, a text."""
    assert origin(held=1, of=3, unit="actions").mine(point(path, unit, value)) is None


def test_without_a_share_nothing_is_mine():
    """A neighbour's meter stays the neighbour's; another provider's series are not covered."""
    neighbour = origin()
    assert neighbour.mine(point()) is None
    assert neighbour.covers(point().series)
    assert not neighbour.covers(ReceivedSeries(1, "x@e.org", *(point().series.sen1,) * 2, PATH, "", "", "", 0, 0, 0))
