"""Four years that households live, each day against the meter's own truth, each euro to the cent."""

from datetime import date

import pytest

from gateway.balance.calendar import midnight
from gateway.tic.frame import HISTORIC, STANDARD
from tests.gateway.balance.years import PRICES, Year, check_year

# Until three frames agree, and the seconds on both sides of them.
SILENT_WH = 40


def to(**said):
    """What is done to a meter: another contract, another mode."""

    def change(meter):
        vars(meter).update(said)

    return change


def another_meter(meter):
    """The old one is taken away; nobody counts for a minute."""
    meter.address, meter.injected = "021961000777", 1000 * 3600
    meter.registers = dict.fromkeys(meter.registers, 3600)


YEARS = {
    "Base, off-peak, Tempo, panels, another meter": (
        {date(2024, 3, 5): to(contract="hc"), date(2024, 7, 15): another_meter, date(2024, 9, 3): to(contract="tempo")},
        {"mode": STANDARD, "contract": "base", "sunny": True},
    ),
    "EJP in historic mode": ({}, {"mode": HISTORIC, "contract": "ejp", "sunny": False}),
    "a month in standard mode": (
        {date(2024, 2, 1): to(mode=STANDARD), date(2024, 3, 1): to(mode=HISTORIC)},
        {"mode": HISTORIC, "contract": "hc", "sunny": False},
    ),
    "three months of Base under the number of off-peak": (
        {date(2024, 4, 9): to(contract="base"), date(2024, 7, 9): to(contract="hc")},
        {"mode": STANDARD, "contract": "hc", "sunny": False},
    ),
}


@pytest.mark.parametrize("name", YEARS)
def test_a_year_is_what_was_drawn_and_costs_what_it_costs(tmp_path, name):
    """Each day without an event is exact; with it, what nobody read is all that is missing, in Wh and in euros."""
    script, start = YEARS[name]
    year = Year(tmp_path, 3, script, **start)
    check_year(year)
    assert year.exact >= 366 - 2 * len(script) - 1
    energy, euros = year.said("balance"), year.said("cost")
    drawn, sold = year.truth(midnight(year.first), midnight(year.end))
    missing = SILENT_WH * (len(script) + 1)
    assert 0 <= sum(drawn.values()) / 3600 - sum(row["drawn_wh"] for row in energy.values()) <= missing
    paid = sum(PRICES[word] * joules / 3_600_000 for word, joules in drawn.items())
    dearest = max(PRICES.values()) / 1000
    assert -0.01 <= paid - sum(row["energy"] for row in euros.values()) <= 0.01 + missing * dearest
    income = sum(row["injection"] for row in euros.values())
    assert -0.01 <= 0.1 * sold / 3_600_000 - income <= 0.01 + missing * 0.0001
    assert sum(row["subscription"] for row in euros.values()) == pytest.approx(31 * 12, abs=0.05)
