"""``check`` adds up a household's days, and says where they do not."""

from contextlib import closing
from datetime import date, timedelta

import pytest

from gateway.balance.calendar import midnight
from gateway.commands.main import main
from gateway.household.days import DRAWN
from gateway.store.store import Store
from tests.gateway.balance.conftest import WINTER, House, base, off_peak, producing


@pytest.fixture
def house(tmp_path):
    """A household of which nothing is known yet, whose gateway was started once."""
    made = House(tmp_path)
    with closing(Store(tmp_path)) as store:
        store.journal.append("restarted", {"version": "0.1.0"})
    return made


def check(house, lang="en"):
    """Run it; its exit code."""
    return main(["check", "--lang", lang, "--config", str(house.folder / "gateway.toml")])


def test_an_empty_house_has_nothing_to_add_up(house, capsys):
    """The database is whole, and that is all."""
    assert check(house) == 0
    assert capsys.readouterr().out.count("\n") == 1


def test_the_days_are_told_with_their_sum(house, capsys):
    """1,008 W from an evening on; the last day is not over, and a night in between was not read."""
    last = midnight(WINTER + timedelta(days=2))
    house.live(midnight(WINTER), last - 3600, base(1008))
    house._totals["house", DRAWN] += 2016
    house.live(last + 3600, last + 43_200, base(1008))
    assert check(house) == 0
    said = capsys.readouterr().out
    assert "house: your 4 days add up, to the watt-hour: 60.5 kWh consumed.\n" in said
    assert "Estimated days, whose midnight was not read: 2; days known in part: 2.\n" in said
    assert check(house, "fr") == 0
    assert "house : vos 4 jours tombent juste, au wattheure près : 60,5 kWh consommés.\n" in capsys.readouterr().out


def test_what_is_injected_is_added_up_too(house, capsys):
    """A house with panels."""
    house.live(midnight(WINTER), midnight(WINTER + timedelta(days=2)), producing)
    assert check(house) == 0
    assert "your 3 days add up, to the watt-hour: 18.1 kWh consumed, 18.1 kWh injected." in capsys.readouterr().out


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE span SET wh = wh + 1 WHERE register = ?1 AND start = ?2",
        "UPDATE span SET until = until + 60 WHERE register = ?1 AND start = ?2",
        "DELETE FROM span WHERE register = ?1 AND start = ?2",
    ],
)
def test_a_day_that_does_not_add_up_is_named(house, capsys, fault):
    """A span that is a watt-hour too much, or reaches into the next one, or is missing: which day, and what to do."""
    house.live(midnight(WINTER), midnight(WINTER + timedelta(days=3)), off_peak)
    with closing(Store(house.folder)) as store:
        (register,) = [one.id for one in store.meters.series("house") if one.path == DRAWN]
        store.db.begin()
        store.db.execute(fault, [register, midnight(date(2026, 1, 15)) + 7200])
        store.db.commit()
    assert check(house) == 74
    said = capsys.readouterr().err
    assert "house: the energy of 2026-01-15 does not add up; please report it" in said
