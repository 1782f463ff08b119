"""A year of 0.1.0 brought up to date, killed at random moments: it comes to the same rows."""

import pytest

from tests.upgrade.years_before import run


@pytest.mark.campaign
def test_a_year_that_is_cut_twenty_times_comes_to_the_same(tmp_path):
    """Ledger, minutes gathered by half hours, everything that was there; two minutes of a core."""
    took, before, after = run(tmp_path, years=1, cuts=20)
    print(f"{took:.1f} s, {before / 1e6:.1f} MB before, {after / 1e6:.1f} MB after")
    assert after < before / 2
