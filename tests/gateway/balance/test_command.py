"""The two commands as a person sees them: in 80 columns, in both languages, and for programs."""

import json
from datetime import date

import pytest

from bench.years import write_years
from gateway.balance.words import BalanceWriter
from gateway.commands.main import main
from gateway.household.report_words import TEXTS
from tests.gateway.balance.conftest import SOLAR, base

FIRST, END = date(2025, 9, 1), date(2026, 11, 12)


@pytest.fixture(scope="module")
def years(tmp_path_factory):
    """A producing Tempo household of fourteen months."""
    folder = tmp_path_factory.mktemp("years")
    write_years(folder, FIRST, END)
    return folder / "gateway.toml"


def run(capsys, *arguments):
    """What a command prints."""
    assert main([str(one) for one in arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("period", ["day", "week", "month", "year"])
@pytest.mark.parametrize("what", ["balance", "cost"])
def test_what_is_shown_fits_into_80_columns(years, capsys, what, period, lang):
    """No line is cut by the narrowest terminal, with six classes and a production."""
    out = run(capsys, what, "--config", years, "--period", period, "--lang", lang)
    assert max(map(len, out.splitlines())) <= 80
    assert TEXTS[lang]["period"] in out


def test_days_months_and_the_year_agree(years, capsys):
    """Whatever the period, the same energy and the same euros."""
    sums = {}
    for period in ("day", "month"):
        shown = {}
        for what in ("balance", "cost"):
            arguments = (
                what,
                "--config",
                years,
                "--json",
                "--period",
                period,
                "--from",
                "2026-01-01",
                "--to",
                "2026-11-01",
            )
            shown[what] = json.loads(run(capsys, *arguments))["rows"]
        drawn = sum(row["drawn_wh"] for row in shown["balance"])
        classes = sum(wh for row in shown["balance"] for wh in row["classes_wh"].values())
        sums[period] = (drawn, classes, round(sum(row["total"] for row in shown["cost"]), 1))
    assert sums["day"] == sums["month"]


def test_the_month_that_is_not_over_is_marked_and_compared_with_as_many_days(years, capsys):
    """Eleven days of November stand beside eleven of the year before."""
    rows = json.loads(run(capsys, "balance", "--config", years, "--json"))["rows"]
    assert (rows[-1]["label"], rows[-1]["days"], rows[-1]["year_before"]["days"]) == ("2026-11", 11, 11)
    assert "2026-11 *" in run(capsys, "balance", "--config", years)


def test_a_program_gets_the_projection_and_the_objectives(years, capsys):
    """What the month and the year will come to, and whether that is too much."""
    found = json.loads(run(capsys, "cost", "--config", years, "--json"))
    month, year = found["projections"]
    assert (month["label"], year["label"]) == ("2026-11", "2026")
    assert month["projected_wh"] > month["measured_wh"] > 0
    assert {goal["unit"] for goal in found["objectives"]} == {"kWh", "EUR"}
    balance = json.loads(run(capsys, "balance", "--config", years, "--json"))
    assert {goal["unit"] for goal in balance["objectives"]} == {"kWh"}
    assert 80 <= balance["base_load_w"] <= 120


def test_an_empty_household_is_told_so(house, capsys):
    """Before the first reading there is a sentence, no empty table."""
    path = house.folder / "gateway.toml"
    out = run(capsys, "balance", "--config", path, "--lang", "fr")
    assert out == "house\u00a0: rien n’est encore enregistré pour ces dates.\n"
    assert run(capsys, "balance", "--config", path, "--from", "0001-01-01", "--to", "9999-12-31", "--lang", "en")


def test_a_cost_without_a_tariff_says_what_to_do(house, capsys):
    """One sentence that names the file, exit code 78."""
    assert main(["cost", "--config", str(house.folder / "gateway.toml")]) == 78
    assert "without a [[tariff]] nothing has a cost" in capsys.readouterr().err


def test_a_household_of_one_class_has_one_table(house, capsys):
    """Nothing is shown that the household does not have: no classes, no production."""
    house.configure(SOLAR)
    house.live_day(date(2026, 1, 14), base(1008))
    out = run(capsys, "balance", "--config", house.folder / "gateway.toml", "--lang", "fr")
    assert out.splitlines()[2] == "Période    Soutiré  N-1  Écart"
    assert "Produit" not in out


def test_both_languages_say_the_same_things():
    """The same keys, with the same places to fill in."""
    fr, en = TEXTS["fr"], TEXTS["en"]
    assert fr.keys() == en.keys()
    for key, text in fr.items():
        assert sorted(part.partition("}")[0] for part in text.split("{")[1:]) == sorted(
            part.partition("}")[0] for part in en[key].split("{")[1:]
        )


def test_numbers_are_written_as_each_language_does():
    """A comma or a point; halves up; never minus nothing."""
    assert BalanceWriter("fr").number(1234.5, 2) == "1\u202f234,50"
    assert BalanceWriter("en").number(1234.5, 2) == "1,234.50"
    assert BalanceWriter("en").number(0.125, 2) == "0.13"
    assert BalanceWriter("en").number(-0.001, 2) == "0.00"
    assert BalanceWriter("fr").percent(-0.5) == "-50\u202f%"
