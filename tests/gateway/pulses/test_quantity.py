"""Amounts as people write them, exact in the store's unit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pulses.quantity import QUANTITIES, find_quantity, parse_amount
from gateway.senml.units import is_registered

WATER, HEAT = find_quantity("water"), find_quantity("heat/energy/index")


@pytest.mark.parametrize(
    ("text", "quantity", "amount"),
    [
        ("1 l", WATER, 1),
        ("0.01 m3", WATER, 10),
        ("123,456 m³", WATER, 123_456),
        ("0.5 Wh", HEAT, Fraction(1, 2)),
        ("1/600 kWh", HEAT, Fraction(5, 3)),
        ("2MWh", HEAT, 2_000_000),
    ],
)
def test_an_amount_is_exact(text, quantity, amount):
    """Decimal point or comma, fraction, any of the units: no rounding."""
    assert parse_amount(text, quantity) == amount


@pytest.mark.parametrize("text", ["", "l", "1", "1 kWh", "-1 l", "1 000 l", "nan l", "1e9 l", "1/0 l", "9" * 40 + " l"])
def test_what_is_no_amount_is_refused(text):
    """A sentence, and neither a wrong number nor an hour of arithmetic."""
    with pytest.raises(ValueError, match=r"is not a number|has no unit|is counted in"):
        parse_amount(text, WATER)


def test_more_than_any_meter_counts_is_refused():
    """An index stays where every reader of JSON is exact."""
    with pytest.raises(ValueError, match="more than any meter"):
        parse_amount("999999999999999 m3", WATER)


@given(st.integers(0, 10**9), st.sampled_from(QUANTITIES))
def test_a_number_alone_is_in_the_unit_beside_it(number, quantity):
    """``--unit`` and a unit behind the number say the same."""
    assert parse_amount(str(number), quantity, quantity.unit) == parse_amount(f"{number} {quantity.unit}", quantity)


def test_every_quantity_has_a_unit_of_senml():
    """What is counted can be sent."""
    assert all(is_registered(quantity.unit) for quantity in QUANTITIES)
