"""Random years: no energy across a break, no euro of it, no point of it sent."""

import pytest

from tests.gateway.balance.years import Year, check_year


@pytest.mark.parametrize("seed", range(5))
def test_a_year_of_breaks_is_what_was_drawn(tmp_path, seed):
    """Every kind of break, gaps, restarts, both clock changes: what is told is what the meter counted."""
    check_year(Year(tmp_path, seed))


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(5, 200))
def test_two_hundred_years_of_breaks_are_what_was_drawn(tmp_path, seed):
    """The others of two hundred: three seconds of a core each, ten minutes together."""
    check_year(Year(tmp_path, seed))
