"""Tariffs one after the other: a new one ends the one before, what was before and what is to come stay as they were."""

import json
from datetime import date

from gateway.balance.tariff import Tariff, fault
from gateway.config.dated_tariffs import as_tables, with_tariff, without_tariff
from gateway.config.settings import with_value
from gateway.config.tables import load

FILE = """
[[meter]]
source = "/dev/ttyTIC"
[[tariff]]
name = "Week-end"
from = 2026-03-01
offer = "zen-week-end"
power = 6
"""


def tariff(since, until=None, price=0.2):
    """One of a single price."""
    return Tariff(name=since, since=date.fromisoformat(since), until=until, prices={"base": price})


def spans(tariffs):
    """From when to when each is in force."""
    return [(str(one.since), str(one.until)) for one in tariffs]


def test_each_place_in_time_is_found_and_no_two_are_in_force_at_once():
    """Before all, between two, after all, on the day of one; each is what the configuration takes."""
    two = with_tariff([tariff("2026-01-01")], tariff("2026-06-01"))
    assert spans(two) == [("2026-01-01", "2026-05-31"), ("2026-06-01", "None")]
    between = with_tariff(two, tariff("2026-03-15"))
    assert spans(between) == [("2026-01-01", "2026-03-14"), ("2026-03-15", "2026-05-31"), ("2026-06-01", "None")]
    before = with_tariff(two, tariff("2025-08-01"))
    assert spans(before) == [("2025-08-01", "2025-12-31"), *spans(two)]
    corrected = with_tariff(two, tariff("2026-01-01", price=0.3))
    assert (spans(corrected), corrected[0].prices) == (spans(two), {"base": 0.3})
    gap = with_tariff([tariff("2025-01-01", date(2025, 3, 31))], tariff("2026-01-01"))
    assert spans(gap) == [("2025-01-01", "2025-03-31"), ("2026-01-01", "None")]
    for found in (two, between, before, corrected, gap):
        assert fault(found) is None


def test_one_that_goes_lets_the_one_before_go_on():
    """As far as it went; of none that is there nothing changes."""
    three = with_tariff(with_tariff([tariff("2026-01-01")], tariff("2026-03-01")), tariff("2026-06-01"))
    assert spans(without_tariff(three, date(2026, 3, 1))) == [("2026-01-01", "2026-05-31"), ("2026-06-01", "None")]
    assert spans(without_tariff(three, date(2026, 6, 1)))[-1] == ("2026-03-01", "None")
    assert spans(without_tariff(three, date(2026, 1, 1))) == spans(three)[1:]
    assert without_tariff(three, date(2026, 2, 1)) == three


def test_what_is_written_is_taken_back_the_same(tmp_path):
    """Of a supplier's file too: its hours and prices are written out, as a file of the administrator's is not named."""
    file = tmp_path / "gateway.toml"
    file.write_text(FILE)
    config = load(file)
    tables = as_tables(config.tariff)
    assert "offer" not in tables[0]
    assert tables == json.loads(json.dumps(tables))
    again = with_value(config, "tariff", tables)
    (before,), (after,) = config.tariff, again.tariff
    assert (after.when, after.prices, after.subscription) == (before.when, before.prices, before.subscription)
    assert (after.since, after.checked, after.offer) == (before.since, before.checked, None)
