"""Tariffs: what a wrong one is told, which one is in force, what has no price."""

import re
from datetime import date
from fractions import Fraction

import pytest

from gateway.balance.classes import ClassNames, named, ordered, word_of
from gateway.balance.energy import DayEnergy
from gateway.balance.tariff import Tariff, cost, per_hour
from gateway.config.tables import load
from gateway.errors import ConfigError

LEAST = '[[meter]]\nsource = "/dev/ttyTIC"\n'
ONE = '[[tariff]]\nname = "A"\nfrom = 2026-01-01\nprices = { base = 0.2 }\n'


def configure(folder, text):
    """The configuration with that text in it."""
    path = folder / "gateway.toml"
    path.write_text(LEAST + text)
    return load(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (ONE.replace("base", "basse"), "[[tariff]] 1, prices: 'basse' is no tariff class; use base, hc"),
        (ONE.replace("0.2 ", "20.16 "), "[[tariff]] 1, prices.base: 20.16 is no price of a kWh in euros"),
        (ONE.replace("0.2 ", "nan "), "[[tariff]] 1, prices"),
        (ONE.replace("{ base = 0.2 }", "{}"), "[[tariff]] 1, prices: no price; write"),
        (ONE.replace("0.2 ", "-0.2 "), "[[tariff]] 1, prices"),
        (ONE + "injection = 13\n", "[[tariff]] 1, injection: 13 is no price of a kWh in euros; 4 cents"),
        (ONE + "subscription = inf\n", "[[tariff]] 1, subscription: inf is no amount"),
        (ONE + "until = 2025-12-31\n", "[[tariff]] 1, until: 2025-12-31 is before the tariff begins"),
        (ONE + ONE.replace("2026-01", "2026-07"), "[[tariff]] 2, from: on 2026-07-01 'A' is in force as well"),
        (ONE.replace("2026-01-01", '"soon"'), "[[tariff]] 1, from"),
        (ONE + "price = 3\n", "[[tariff]] 1, price: unknown key; did you mean `prices`"),
        ("[objective]\neuros_per_month = 80\n", "objective: euros are reckoned by a [[tariff]]"),
        ("[objective]\nkwh_per_month = 0\n", "[objective] kwh_per_month"),
    ],
)
def test_a_wrong_tariff_is_one_sentence_that_says_where(tmp_path, text, sentence):
    """A slip of the pen (cents, a class, two tariffs at once) is named with its place."""
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        configure(tmp_path, text)


def test_each_day_is_priced_by_its_own_tariff(tmp_path):
    """The last day of a tariff is its own, the next day the next one's; without one it has no cost and is counted."""
    text = ONE + "until = 2026-01-31\n" + ONE.replace("2026-01", "2026-02").replace("0.2 ", "0.3 ")
    tariffs = configure(tmp_path, text).tariff
    days = [DayEnergy(date(2025, 12, 31), 1000), DayEnergy(date(2026, 1, 31), 1000), DayEnergy(date(2026, 2, 1), 1000)]
    found = cost(days, tariffs)
    assert (found.total, found.days, found.days_without) == (Fraction("0.5"), 3, 1)


def test_what_has_no_price_is_counted_apart():
    """A class that the tariff does not know is not silently free."""
    tariff = Tariff(name="HC", since=date(2026, 1, 1), prices={"hc": 0.2})
    found = cost([DayEnergy(date(2026, 1, 1), 3000, {"hc": 1000, "hp": 2000})], [tariff])
    assert (found.total, found.unpriced_wh) == (Fraction("0.2"), 2000)
    assert per_hour(tariff, "hp", 1000) is None
    assert per_hour(tariff, "hc", 1500) == Fraction("0.3")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("      BASE      ", "base"),
        ("HEURE  CREUSE", "hc"),
        ("HP  BLEU", "hpjb"),
        ("HC BLANC", "hcjw"),
        ("HPJR", "hpjr"),
        ("HC..", "hc"),
        ("TH..", "base"),
        ("HN..", "hn"),
        ("PM..", "pm"),
        ("POINTE MOBILE", "pm"),
        ("WEEK-END", None),
    ],
)
def test_a_class_is_known_by_the_words_of_meters_and_suppliers(text, word):
    """PTEC of a historic meter and LTARF of a standard one."""
    assert word_of(text) == word


def test_two_indexes_that_would_be_one_class_keep_their_numbers():
    """A supplier with off-peak hours of two seasons has two prices for them."""
    assert named({1: "HC SAISON HAUTE", 2: "HP SAISON HAUTE", 3: "HC SAISON BASSE"}) == {"2": "hp"}


def test_the_numbers_of_tempo_are_known_by_their_order():
    """A colour that has not come yet has its class; where a meter calls one number otherwise, none is known so."""
    tempo = dict(zip("123456", ("hcjb", "hpjb", "hcjw", "hpjw", "hcjr", "hpjr"), strict=True))
    for said in ([], [(100, 1, "HC  BLEU"), (160, 2, "HP  BLEU")], [(100, 2, "HP..")]):
        words = ClassNames(said, calendars=[(100, "     TEMPO      ")])
        assert {leaf: words.at(leaf, 0) for leaf in tempo} == tempo, said
        assert words.at("7", 0) == "7"
    other = ClassNames([(100, 1, "HP BLEU")], calendars=[(100, "TEMPO")])
    assert [other.at(leaf, 200) for leaf in "126"] == ["hpjb", "2", "6"]
    assert ClassNames([], calendars=[(100, "HC SEM WE MERCR")]).at("1", 200) == "1"
    assert (ordered({}, "BASE"), named(ordered({1: "HC BLEU"}, "TEMPO"))) == ({}, tempo)


def test_a_household_that_takes_tempo_keeps_what_it_counted_before():
    """Index 1 was off-peak until then; when it leaves, its numbers are the next supplier's."""
    said = [(100, 1, "HC"), (100, 2, "HP"), (960, 1, "HC BLEU"), (1920, 1, "SOLEIL")]
    words = ClassNames(said, [960, 1920], [(100, "H PLEINE/CREUSE"), (960, "TEMPO"), (1920, "AUTRE")])
    assert [words.at("1", time) for time in (0, 959, 960, 1919)] == ["hc", "hc", "hcjb", "hcjb"]
    assert [words.at("2", time) for time in (0, 959, 960)] == ["hp", "hp", "hpjb"]
    assert words.at("6", 1000) == "hpjr"


def test_a_new_contract_gives_an_old_index_another_class():
    """Index 1 was off-peak until the household took Tempo: what it counted before stays what it was."""
    words = ClassNames([(100, 1, "HC"), (100, 2, "HP"), (900, 1, "HC BLEU"), (900, 2, "HP BLEU")])
    assert [words.at("1", time) for time in (0, 100, 899, 900)] == ["hc", "hc", "hc", "hcjb"]
    assert (words.at("3", 900), words.at("base", 900), ClassNames([]).at("1", 0)) == ("3", "base", "1")
