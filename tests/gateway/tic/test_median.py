"""The middle of some numbers."""

import statistics

from hypothesis import given
from hypothesis import strategies as st

from gateway.tic.median import median

NUMBERS = st.lists(st.integers(-(2**40), 2**40) | st.floats(-1e9, 1e9), min_size=1, max_size=30)


@given(NUMBERS)
def test_it_is_that_of_statistics(numbers):
    """Of any numbers, an even count of them and an odd one."""
    assert median(numbers) == statistics.median(numbers)
