"""What a meter says of its contract: its kind from the words of meters and suppliers, its classes, its power."""

import time
from contextlib import closing

import pytest

from gateway.household.contract import ContractSaid, _kind, contract_said
from gateway.store.store import Archive
from tests.gateway.balance.conftest import House, base, off_peak

NOON = 1_790_000_000 // 86_400 * 86_400


@pytest.mark.parametrize(
    ("text", "classes", "kind"),
    [
        ("H PLEINE/CREUSE", (), "hc"),
        ("HP HC", (), "hc"),
        ("TEMPO", (), "tempo"),
        ("BASE", (), "base"),
        ("EJP", (), "ejp"),
        ("HC et Week-End", ("hc", "hp", "3"), "own"),
        ("HC SEM WE MERCR", ("hc",), "own"),
        ("H SUPER CREUSES", (), "own"),
        ("PRODUCTEUR", (), None),
        ("OFFRE 12", ("hc", "hp"), "hc"),
        ("OFFRE 12", ("hpjb",), "tempo"),
        ("OFFRE 12", ("1", "2"), "own"),
        ("", (), None),
    ],
)
def test_a_calendar_is_of_a_kind_by_its_name_or_by_what_it_counts(text, classes, kind):
    """Names are those of real meters; a supplier's own calendar is none of the regulated kinds."""
    assert _kind(text, dict.fromkeys(classes, "")) == kind


@pytest.mark.parametrize(
    ("option", "kind", "classes"),
    [
        ("BASE", "base", ["base"]),
        ("HC..", "hc", ["hp", "hc"]),
        ("BBR(", "tempo", ["hcjb", "hpjb", "hcjw", "hpjw", "hcjr", "hpjr"]),
        ("EJP.", "ejp", ["hn", "pm"]),
    ],
)
def test_a_historic_meter_says_its_option(tmp_path, option, kind, classes):
    """With the classes of each, and the power of its subscribed current."""
    house = House(tmp_path)
    texts = {"contract/option": option, "contract/current/subscribed": 45}
    house.live(NOON, NOON + 3600, off_peak, lambda _: texts)
    with closing(Archive(tmp_path)) as archive:
        said = contract_said(archive, "house", int(time.time()))
        assert (said.kind, [*said.classes], said.power) == (kind, classes, 9)
        assert said.text == option.strip(" .")
        assert contract_said(archive, "nobody", int(time.time())) == ContractSaid()


def test_a_tempo_meter_counts_all_six_from_the_first_day_on(tmp_path):
    """It has said the name of the hours of today alone: the numbers of the others are known by their order."""
    house = House(tmp_path)
    texts = {"contract/calendar": "     TEMPO      ", "contract/power/reference": 9000}
    drawn = "consumption/energy/active/index"
    house.live(NOON, NOON + 3600, lambda _: {drawn: 1200, f"{drawn}/provider/2": 1200}, lambda _: texts)
    with closing(Archive(tmp_path)) as archive:
        said = contract_said(archive, "house", int(time.time()))
    assert (said.kind, [*said.classes]) == ("tempo", ["hcjb", "hpjb", "hcjw", "hpjw", "hcjr", "hpjr"])


def test_a_standard_meter_says_its_calendar_and_counts_in_numbers(tmp_path):
    """What was not named keeps its number; what counts nothing is no class."""
    house = House(tmp_path)
    texts = {"contract/calendar": " HC et Week-End ", "contract/power/reference": 6000}
    drawn = "consumption/energy/active/index"
    house.live(NOON, NOON + 3600, lambda _: {drawn: 1200, f"{drawn}/provider/2": 1200}, lambda _: texts)
    with closing(Archive(tmp_path)) as archive:
        said = contract_said(archive, "house", int(time.time()))
    assert (said.text, said.kind, said.power, [*said.classes]) == ("HC et Week-End", "own", 6, ["2"])
    (tmp_path / "other").mkdir()
    house = House(tmp_path / "other")
    house.live(NOON, NOON + 600, base(1200))
    with closing(Archive(tmp_path / "other")) as archive:
        assert contract_said(archive, "house", int(time.time())) == ContractSaid()
