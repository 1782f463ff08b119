"""Files of offers and of colours: what is read, and the one sentence about what is wrong in them."""

import re
from datetime import date, timedelta
from fractions import Fraction
from random import Random

import pytest

from gateway.balance.offer_hours import HouseFacts, class_spans
from gateway.balance.supplier_offer import grid
from gateway.balance.tariff import in_force
from gateway.config.colours import read_colours
from gateway.config.offers import EXAMPLES, example_names, find_offer, read_offer
from gateway.config.tables import load
from gateway.errors import ConfigError

LEAST = '[[meter]]\nsource = "/dev/ttyTIC"\n'
HEAD = 'name = "A"\nsource = "a sheet"\nchecked = 2026-05-18\n'
RULES = '[[when]]\nclass = "night"\nhours = ["22:00/06:00"]\n[[when]]\nclass = "day"\n'
PRICE = "[[price]]\nfrom = 2026-02-01\nsubscription = 15.65\nprices = { night = 0.1, day = 0.2 }\n"


def write(folder, text, name="offer.toml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_example_is_whole_and_says_where_it_is_from_and_when():
    """A source, a day on which a person looked, prices for 6 or 9 kVA; and none of them is a contract by itself."""
    assert {"bleu-base", "bleu-hc", "tempo", "ejp", "zen-week-end", "zen-week-end-hc", "zen-estival"} == set(
        example_names()
    )
    for name in example_names():
        offer = find_offer(name, EXAMPLES).offer
        assert re.search(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", offer.source)
        assert offer.checked >= offer.price[-1].since
        assert grid(offer, date(2026, 6, 1), 9).subscription > 10
        assert offer.price[-1].until is None


def test_prices_without_taxes_get_those_of_their_day(tmp_path):
    """The "free" hours of an offer cost the excise and its VAT; the subscription has a VAT of its own, and CTA."""
    path = write(
        tmp_path,
        HEAD
        + RULES
        + "[[price]]\nfrom = 2025-01-01\nsubscription = 10\nprices = { night = 0, day = 0.1 }\n"
        + "[[taxes]]\nfrom = 2025-02-01\nexcise = 33.70\nvat = 20\nsubscription_vat = 5.5\ncta = 2\n"
        + "[[taxes]]\nfrom = 2025-08-01\nexcise = 29.98\nvat = 20\nsubscription_vat = 20\ncta = { 6 = 2, 9 = 3 }\n",
    )
    offer = read_offer(path)
    old, new = grid(offer, date(2025, 7, 31), None), grid(offer, date(2025, 8, 1), 9)
    assert new.prices == {"night": Fraction("0.035976"), "day": Fraction("0.155976")}
    assert (old.subscription, new.subscription) == (Fraction("12.66"), Fraction("15.6"))
    assert grid(offer, date(2024, 12, 31), 6) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + RULES + PRICE + "colour = 1\n", "line 13: [[price]] 1, colour: unknown key here; it belongs below"),
        (HEAD + RULES, "[[price]] is missing|no [[price]]: what does it cost?"),
        (HEAD + PRICE, "[[when]] is missing"),
        (HEAD + RULES + PRICE.replace(", day = 0.2", ""), "[[price]] 1, prices: the class 'day' has no price"),
        (HEAD + RULES + PRICE.replace("day = 0.2", "day = 0.2, x = 1"), "no [[when]] has the class 'x'"),
        (HEAD + RULES + PRICE.replace("0.2 ", "20.0 "), "20.0 is no price of a kWh in euros"),
        (HEAD + RULES + PRICE.replace("0.2 ", "nan "), "nan is no price of a kWh in euros|nan will not do"),
        (HEAD + RULES + PRICE.replace("0.2 ", "'0,2' "), "[[price]] 1, prices.day: '0,2' will not do; write a number"),
        (HEAD + RULES + PRICE.replace("15.65", "[1]"), "subscription: write a number of at least 0 or pairs in braces"),
        (HEAD + RULES + PRICE.replace("15.65", "inf"), "inf is no amount of euros a month"),
        (HEAD + RULES + PRICE.replace("15.65", "{ x = 15 }"), "subscription: 'x' is no power in kVA"),
        (HEAD + RULES + PRICE + PRICE, "line 14: [[price]] 2, from: on 2026-02-01 another one is in force as well"),
        (HEAD + RULES + PRICE.replace("sub", "until = 2025-01-01\nsub"), "2025-01-01 is before it begins"),
        (HEAD + RULES.replace("[[when]]\nclass = \"day\"\n", "") + PRICE, "the last one stands for all other hours"),
        (HEAD + '[[when]]\nclass = "x"\n' + RULES + PRICE, "the one before holds always"),
        (HEAD + RULES.replace("22:00/06:00", "22h/6h") + PRICE, "line 6: [[when]] 1, hours: '22h/6h' are no hours"),
        (HEAD + RULES.replace("22:00/06:00", "06:00/06:00") + PRICE, "'06:00/06:00' are no hours"),
        (HEAD + RULES.replace("hours", 'seasons = ["04-31/10-31"]\nhours') + PRICE, "'04-31/10-31' is no season"),
        (HEAD + RULES.replace("hours", 'list = "flex"\nhours') + PRICE, "there is no [[list]] of that name"),
        (HEAD + RULES.replace('"night"', '"Nuit d’été"') + PRICE, "small letters, digits and hyphens, at most 20"),
        (HEAD + 'day_begins = "6h"\n' + RULES + PRICE, "day_begins: '6h' is no time of day"),
        (HEAD + "hours = 1\n" + RULES + PRICE, "hours: unknown key here; it belongs below [[when]]"),
        (HEAD + 41 * '[[when]]\nclass = "night"\nhours = ["01:00/02:00"]\n' + PRICE, "41 are too many; at most 40"),
        ("#" * 300_000, "300000 bytes are too many for an offer"),
        ("name = ", "not valid TOML"),
        ("name\n", "line 1: it takes name ="),
        ("name = " + 30_000 * "[", "not valid TOML"),
        ("name = " + 5_000 * "9", "not valid TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_an_offer_is_one_sentence_with_its_place(tmp_path, text, said):
    """The file, the line, the key, and what to write."""
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_offer(path)
    sentence = str(caught.value)
    assert any(one in sentence for one in said.split("|")), sentence
    assert sentence.startswith(str(path))
    assert caught.value.phrase.in_language("fr") != sentence


def test_damaged_offers_are_refused_or_whole(tmp_path):
    """Whatever is changed in a file, it is one sentence, or an offer with a class and a price for each hour."""
    random, path = Random(5), tmp_path / "offer.toml"
    texts = [(EXAMPLES / f"{name}.toml").read_bytes() for name in example_names()]
    read = 0
    for _ in range(1500):
        text = bytearray(random.choice(texts))
        for _ in range(random.randrange(1, 6)):
            place = random.randrange(len(text))
            kind = random.randrange(3)
            if kind == 0:
                text[place] = random.choice(b'0123456789.-:/"[]{}=\n#abcxyz \xff')
            elif kind == 1:
                del text[place : place + random.randrange(1, 30)]
            else:
                text[place:place] = text[random.randrange(len(text)) :][: random.randrange(60)]
        path.write_bytes(text)
        try:
            offer = read_offer(path)
        except ConfigError:
            continue
        read += 1
        hours = list(class_spans(offer.when, date(2026, 3, 28), date(2026, 3, 31), HouseFacts(), lists=offer.days_of))
        assert sum(one.end - one.begin for one in hours) == 71 * 3600
        assert all(set(offer.classes) == set(price.prices) for price in offer.price)
    assert read > 100


def test_a_name_is_an_example_and_an_ending_a_file(tmp_path):
    """Nothing is taken for the other; a file that is not there is said."""
    with pytest.raises(ConfigError, match="no such example"):
        find_offer("tempo2", tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        find_offer("tempo.toml", tmp_path)
    write(tmp_path, HEAD + RULES + PRICE, "tempo.toml")
    assert find_offer("tempo.toml", tmp_path).offer.name == "A"
    assert find_offer("tempo", tmp_path).example


TARIFF = LEAST + '[[tariff]]\nname = "Own"\nfrom = 2026-01-01\n'


def test_a_tariff_of_a_file_has_each_of_its_prices_in_its_time(tmp_path):
    """From the first one in the tariff's time to the last, prices exact; each day is under one of them."""
    later = "[[price]]\nfrom = 2026-08-01\nsubscription = 16\nprices = { night = 0.11, day = 0.22 }\n"
    before = PRICE.replace("2026-02-01", "2025-01-01").replace("sub", "until = 2026-01-31\nsub")
    write(tmp_path, HEAD + RULES + before + PRICE.replace("sub", "until = 2026-07-31\nsub") + later)
    config = load(write(tmp_path, TARIFF + 'until = 2026-12-31\noffer = "offer.toml"\n', "gateway.toml"))
    assert [(one.since, one.until) for one in config.tariff] == [
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 7, 31)),
        (date(2026, 8, 1), date(2026, 12, 31)),
    ]
    assert in_force(config.tariff, date(2026, 9, 1)).price("day") == Fraction("0.22")
    day = date(2026, 1, 1)
    while day < date(2027, 1, 1):
        assert in_force(config.tariff, day).name == "Own"
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'offer = "offer.toml"\nprices = { day = 0.1 }\n',
            "line 7: [[tariff]] 1, prices: the file of the offer says it",
        ),
        ('offer = "bleu-base"\n', "[[tariff]] 1: the prices of the offer depend on the subscribed power: add"),
        (
            'offer = "offer.toml"\nday_begins = "06:00"\n',
            "line 7: [[tariff]] 1, day_begins: the file of the offer says it",
        ),
        ('prices = { base = 0.1 }\nday_begins = "06:00"\n', "line 7: [[tariff]] 1, day_begins: it belongs to rules"),
        ('prices = { base = 0.1 }\nweekday = "wed"\n', "line 7: [[tariff]] 1, weekday: it belongs to rules"),
        ("prices = { base = 0.1 }\npower = 6\n", "line 7: [[tariff]] 1, power: it belongs to the file of an offer"),
        (
            'prices = { base = 0.1 }\n[[tariff.list]]\nname = "f"\nfrom = 2026-01-01\nuntil = 2026-03-31\n',
            "list: it belongs to rules",
        ),
        ('prices = { base = 0.1 }\nday_begins = "27:00"\n', "line 7: [[tariff]] 1, day_begins: '27:00' is no time"),
        ('offer = "bleu-base"\npower = 7\n', "it has no price for 7 kVA"),
        ('offer = "none"\n', "none: no such example"),
        ("", "[[tariff]] 1, prices: no price"),
        (
            'prices = { night = 0.1 }\n[[tariff.when]]\nclass = "night"\nhours = ["1/2"]\n',
            "line 9: [[tariff]] 1, when 1.hours",
        ),
        ('prices = { night = 0.1 }\n[[tariff.when]]\nclass = "day"\n', "the class 'day' has no price"),
        ('prices = { night = 0.1 }\n[[tariff.when]]\nclass = "night"\ndays = ["mon"]\n', "the last one stands for"),
        (
            'prices = { a = 0.1, b = 0.1 }\n[[tariff.when]]\nclass = "a"\ndays = ["mon"]\n'
            '[[tariff.when]]\nclass = "b"\nseasons = ["x"]\n',
            "line 12: [[tariff]] 1, when 2.seasons: 'x' is no season",
        ),
        (
            'prices = { base = 0.1 }\n[[off_peak]]\nfrom = 2026-01-01\nhours = ["25:00/06:00"]\n',
            "[[off_peak]] 1, hours",
        ),
        (
            'prices = { base = 0.1 }\n[[off_peak]]\nfrom = 2026-01-01\nhours = ["22:00/06:00"]\n'
            'seasons = ["04-01/10-31"]\n[[off_peak]]\nfrom = 2026-01-01\nhours = ["23:00/07:00"]\n'
            'seasons = ["10-31/03-31"]\n',
            "on 2026-10-31 another [[off_peak]] is in force",
        ),
        (
            'prices = { base = 0.1 }\n[[off_peak]]\nfrom = 2026-01-01\nhours = ["22:00/06:00"]\n'
            '[[off_peak]]\nfrom = 9999-12-31\nhours = ["23:00/07:00"]\n',
            "on 9999-12-31 another [[off_peak]] is in force",
        ),
    ],
)
def test_what_is_wrong_in_a_contract_is_one_sentence_with_its_place(tmp_path, text, said):
    """In the configuration as in a file of an offer."""
    write(tmp_path, HEAD + RULES + PRICE)
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, TARIFF + text, "gateway.toml"))
    assert said in str(caught.value)


def test_the_colours_of_rte_are_read_in_both_forms(tmp_path):
    """Its JSON, and two columns as a spreadsheet writes them."""
    wanted = {date(2026, 1, 5): "red", date(2026, 1, 6): "white", date(2026, 1, 7): "blue"}
    for text in (
        '{"values": {"2026-01-05": "RED", "2026-01-06": "WHITE", "2026-01-07": "BLUE"}}',
        '{"2026-01-05": "TEMPO_ROUGE", "2026-01-06": "BLANC", "2026-01-07": "bleu"}',
        '\ufeffdate;couleur\n2026-01-05;RED\n"2026-01-06","WHITE"\n\n2026-01-07\tBLUE\n',
    ):
        assert read_colours(write(tmp_path, text, "colours")) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no colours"),
        ("{", "no colours"),
        ("[" * 100_000, "no day with its colour|no colours"),
        ('{"values": 7}', "no colours"),
        ("2026-01-05;RED\nx\n", "line 2: 'x' is no day with its colour"),
        ("2026-01-32;RED\n", "'2026-01-32'"),
        ("2026-01-05;GREEN\n", "'GREEN' is no day with its colour"),
        ("2026-01-05;RED\n2026-01-05;WHITE\n", "2026-01-05 has two colours"),
        ('{"2026-01-05": "RED", "2026-01-05": "BLUE"}', "2026-01-05 has two colours"),
        ("2026-01-04;RED\n", "2026-01-04 cannot be red"),
        ("2026-01-04;WHITE\n", "2026-01-04 cannot be white"),
        ("2026-04-01;RED\n", "red days are from 1 November"),
        (
            "".join(f"{date(2026, 1, 1) + timedelta(days=n)};RED\n" for n in range(33) if n % 7 not in (2, 3)),
            "23 red days",
        ),
        ("x" * 1_100_000, "too much for a file of colours"),
    ],
)
def test_colours_that_rte_cannot_have_announced_are_refused(tmp_path, text, said):
    """Lists that are made by hand err: two colours, a red Sunday, a red day in April, one too many."""
    with pytest.raises(ConfigError) as caught:
        read_colours(write(tmp_path, text, "colours"))
    assert any(one in str(caught.value) for one in said.split("|")), str(caught.value)
