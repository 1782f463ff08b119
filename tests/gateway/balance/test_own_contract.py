"""One's own contract by its hours comes to what the meter's indexes counted, under every kind of contract."""

from collections import Counter
from contextlib import closing
from datetime import date, datetime, timedelta
from fractions import Fraction
from random import Random

import pytest

from gateway.balance.calendar import days, midnight
from gateway.balance.supplier_offer import OfferPrice, SupplierOffer
from gateway.config.offers import OfferFile
from gateway.config.tables import load
from gateway.household.comparing import compare
from gateway.household.comparison import ComparisonOrder
from gateway.household.days import HouseholdDays
from gateway.store.imports import NewBatch
from gateway.store.local_time import PARIS
from gateway.store.store import Archive, Store
from tests.gateway.balance.contracts import KINDS, OFF_PEAK, SEASONAL, ContractHouse, three_spans
from tests.gateway.balance.offers import random_rules

# What the hours may differ by from a class index, of each class; and what rounding may come to in a month.
APART, ROUNDING_WH = 0.005, 60
PRICES = {number: word for word, number in (("winter-night", "1"), ("winter", "2"), ("night", "3"), ("day", "4"))}


def check_house(house, kind):
    """Each class of all days together, and each day's energy in none but its class."""
    found = house.compare()
    assert (found["refused"], found["unchecked"]) == (False, None)
    count = (house.end - house.first).days
    assert (found["days_known"], found["days_compared"]) == (count, count)
    hours, index, truth = Counter(), Counter(), Counter()
    for one in found["check"]:
        hours[one["class"]] += one["by_hours_wh"]
        index[one["class"]] += one["by_index_wh"]
    for day, counted in house.meter.by_day.items():
        if house.first <= day < house.end:
            for word, joules in counted.items():
                truth[PRICES.get(word, "we") if kind == "seasonal" else word] += joules / 3600
    assert set(hours) == set(truth), found["check"]
    for word, wh in truth.items():
        assert abs(index[word] - wh) <= max(0.001 * wh, ROUNDING_WH), word
        assert abs(hours[word] - index[word]) <= max(APART * index[word], ROUNDING_WH), (word, hours, index)
    assert abs(sum(hours.values()) - found["drawn_wh"]) <= 2
    (own,) = found["offers"]
    prices = KINDS[kind][2]
    paid = sum(prices[word] * wh / 1000 for word, wh in truth.items())
    assert abs(sum(sum(month["energy"].values()) for month in own["months"]) - paid) <= max(0.005 * paid, 0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_own_hours_are_the_index_s(tmp_path, kind):
    """Half per cent of each class, over both changes of the clock, of the season, of the off-peak hours."""
    for number, (first, end) in enumerate(three_spans(seed=1, length=4)):
        folder = tmp_path / str(number)
        folder.mkdir()
        check_house(ContractHouse(folder, kind, number, first, end), kind)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_own_hours_are_the_index_s_in_three_years_of_each_kind(tmp_path, kind, seed):
    """Each year whole, from September on: a year of Tempo, its winter, its changes. Two minutes of a core each."""
    first = date(2023 + seed, 9, 1)
    check_house(ContractHouse(tmp_path, kind, seed, first, first.replace(year=first.year + 1)), kind)


def test_wrong_hours_are_found_and_nothing_is_compared(tmp_path):
    """Two hours too early is more than two per cent: class, month and both figures are said, and the exit code is 1."""
    first = date(2026, 1, 5)
    house = ContractHouse(tmp_path, "hc", 1, first, first + timedelta(days=7))
    config = tmp_path / "gateway.toml"
    right = config.read_text()
    config.write_text(right.replace("22:00/06:00", "20:00/04:00"))
    found = house.compare("tempo", code=1)
    assert (found["refused"], found["offers"]) == (True, [])
    wrong = {one["class"]: one for one in found["check"] if one["wrong"]}
    assert set(wrong) == {"hc", "hp"}
    assert wrong["hc"]["by_index_wh"] != wrong["hc"]["by_hours_wh"]
    # Hours that change on the right day are right; on another one they are not.
    half = '[[off_peak]]\nfrom = 2000-01-01\nuntil = 2026-01-07\nhours = ["22:00/06:00"]\n'
    other = '[[off_peak]]\nfrom = 2026-01-08\nhours = ["20:00/04:00"]\n'
    config.write_text(right.replace(OFF_PEAK, half + other))
    assert house.compare(code=1)["refused"]


def test_a_contract_that_historic_mode_cannot_say_is_not_accused(tmp_path):
    """One index for all of it tells nothing of its hours: it is compared, and said not to be checked."""
    first = date(2026, 1, 5)
    house = ContractHouse(tmp_path, "base", 1, first, first + timedelta(days=3))
    config = tmp_path / "gateway.toml"
    config.write_text(config.read_text().replace("base = 0.194", "hc = 0.15, hp = 0.2") + OFF_PEAK)
    found = house.compare("bleu-base", "--power", "6")
    assert (found["refused"], found["check"]) == (False, [])
    assert "standard mode" in found["unchecked"]
    own, _ = found["offers"]
    assert set(own["months"][0]["wh"]) == {"hc", "hp"}


def test_when_minutes_are_gone_the_indexes_of_the_classes_cut_a_quarter(tmp_path):
    """After three years hours to the minute are still exact; those of another offer are shared by time, and said so."""
    first = date(2026, 1, 5)
    house = ContractHouse(tmp_path, "odd", 1, first, first + timedelta(days=5))
    other = tmp_path / "other.toml"
    other.write_text(
        'name = "Other"\nsource = "a test"\nchecked = 2026-01-01\n[[when]]\nclass = "cheap"\nhours = ["02:20/07:20"]\n'
        '[[when]]\nclass = "dear"\n[[price]]\nfrom = 2026-01-01\nsubscription = 1\n'
        "prices = { cheap = 0.1, dear = 0.2 }\n"
    )
    fresh = house.compare(str(other))
    with closing(Store(tmp_path)) as store, store.db.transaction():
        for series in store.meters.series("house"):
            store.db.execute("DELETE FROM minutes")
            store.db.execute("DELETE FROM minute WHERE series = ?", [series.id])
    found = house.compare(str(other))
    for one in found["check"]:
        assert abs(one["by_hours_wh"] - one["by_index_wh"]) <= 20, one
    assert [one["shared_by_time_wh"] for one in fresh["offers"]] == [0, 0]
    assert found["offers"][0]["shared_by_time_wh"] == 0
    assert found["offers"][1]["shared_by_time_wh"] > 1000
    assert fresh["drawn_wh"] == found["drawn_wh"]


def test_under_any_offer_classes_come_to_what_was_drawn(tmp_path):
    """Offers by lot, to the minute and with uses cut out: no watt-hour is lost, none is twice."""
    first = date(2026, 3, 27)
    house = ContractHouse(tmp_path, "hc", 1, first, first + timedelta(days=4))
    config = load(tmp_path / "gateway.toml")
    for seed in range(30):
        random = Random(seed)
        found = random_rules(random, colours=False)
        words = {rule.word: random.randrange(1, 50) / 100 for rule in found}
        price = OfferPrice(since=first, subscription=1, prices=words)
        offer = SupplierOffer(name="x", source="x", checked=first, when=found, price=(price,))
        order = ComparisonOrder(first=house.first, end=house.end, shift=(1000, ((1000 + seed, 1100 + seed),)))
        with closing(Archive(tmp_path)) as archive:
            days_of = HouseholdDays(archive, config)
            compared = compare(archive, days_of, config, [OfferFile(offer, tmp_path, False)], order, first)
        one = compared.offers[1]
        assert sum(one.year.wh.values()) == compared.wh, seed
        exact = sum(Fraction(str(words[word])) * wh / 1000 for word, wh in one.year.wh.items())
        assert sum(one.year.energy.values()) == exact, seed
        spared, moved_wh = one.saved
        assert 0 <= moved_wh <= 4000, seed
        assert spared >= 0, seed


def test_hours_that_nobody_knows_are_asked_for(tmp_path):
    """Neither one's own contract nor another one is reckoned from 22 to 6, and it is said what to write."""
    first = date(2026, 1, 5)
    house = ContractHouse(tmp_path, "hc", 1, first, first + timedelta(days=3))
    config = tmp_path / "gateway.toml"
    config.write_text(config.read_text().replace(OFF_PEAK, ""))
    forget_hours(tmp_path)
    found = house.compare("bleu-hc", "bleu-base", "--power", "6")
    assert "[[off_peak]]" in found["unchecked"]
    own, off_peak, base = found["offers"]
    for one in (own, off_peak):
        assert ("[[off_peak]]" in one["not_computable"], one["months"]) == (True, [])
    assert base["total"] is not None


def forget_hours(folder, before=2**40):
    """The meter was not heard to change its class before that day."""
    with closing(Store(folder)) as store, store.db.transaction():
        store.db.execute("DELETE FROM tariff_note WHERE kind = 'day' AND number < ?", [before])


def test_hours_that_the_meter_was_heard_to_have_need_not_be_written(tmp_path):
    """To the minute, over a change of the season; where they were not heard the same ones, if the indexes agree."""
    first = date(2025, 10, 29)
    house = ContractHouse(tmp_path, "odd", 1, first, first + timedelta(days=8))
    config = tmp_path / "gateway.toml"
    text = config.read_text()
    config.write_text(text[: text.index("[[off_peak]]")])
    found = house.compare("bleu-hc", "--power", "6")
    assert (found["refused"], found["unchecked"], found["days_compared"]) == (False, None, 8)
    assert found["off_peak_heard_since"] == "2025-10-30"
    own, same = found["offers"]
    assert own["months"][0]["wh"] == same["months"][0]["wh"]
    # Hours that were heard from November on are not those of October: that is found, and October is not known.
    forget_hours(tmp_path, before=midnight(date(2025, 11, 1)))
    found = house.compare("bleu-hc", "bleu-base", "--power", "6")
    assert not found["refused"]
    assert "[[off_peak]]" in found["unchecked"]
    own, off_peak, base = found["offers"]
    assert "[[off_peak]]" in own["not_computable"]
    assert "[[off_peak]]" in off_peak["not_computable"]
    assert base["months"]


def test_days_from_before_are_priced_by_their_imported_curve(tmp_path):
    """Half hours of another's file, where the meter said nothing; a border within one is shared out, and said."""
    # The meter was first heard ten minutes before its first whole day: the day of that is not of the file.
    first, heard, before = date(2026, 4, 2), date(2026, 4, 1), date(2026, 3, 28)
    house = ContractHouse(tmp_path, "hc", 1, first, first + timedelta(days=2))
    random = Random(4)
    watts = {time: 2 * random.randrange(100, 2000) for time in range(midnight(before), midnight(first) + 7200, 1800)}
    points = [("consumption/power/active/raw", time, 1800, power, 1) for time, power in watts.items()]
    with closing(Store(tmp_path)) as store:
        batch = NewBatch("house", b"x" * 32, "curve.csv", "enedis", 1, 1, "{}")
        store.imports.add(batch, points, [], float(midnight(first)), "a test")
    other = tmp_path / "other.toml"
    other.write_text(
        'name = "Other"\nsource = "a test"\nchecked = 2026-01-01\n[[when]]\nclass = "cheap"\nhours = ["04:20/07:00"]\n'
        '[[when]]\nclass = "dear"\n[[price]]\nfrom = 2026-01-01\nsubscription = 1\n'
        "prices = { cheap = 0.1, dear = 0.2 }\n"
    )
    alone = house.compare(str(other))
    house.first = before
    found = house.compare(str(other))
    assert (alone["days_compared"], alone["days_imported"]) == (2, 0)
    assert (found["days_compared"], found["days_imported"], found["refused"]) == (6, 4, False)
    wh = {time: power // 2 for time, power in watts.items() if time < midnight(heard)}
    assert found["drawn_wh"] - alone["drawn_wh"] == sum(wh.values())
    nights = sum(one for time, one in wh.items() if not 6 <= datetime.fromtimestamp(time, PARIS).hour < 22)
    (own, early), (own_alone, early_alone) = found["offers"], alone["offers"]
    known = [sum(month["wh"]["hc"] for month in one["months"]) for one in (own, own_alone)]
    assert len(own["months"]) == 2
    assert known[0] - known[1] == nights
    cut = [one for time, one in wh.items() if datetime.fromtimestamp(time, PARIS).strftime("%H:%M") == "04:00"]
    assert (own["shared_by_time_wh"], early["shared_by_time_wh"]) == (0, sum(cut))
    sums = [sum(sum(month["wh"].values()) for month in one["months"]) for one in (early, early_alone)]
    assert sums[0] - sums[1] == sum(wh.values())


def test_a_tempo_house_knows_its_colours_and_another_one_is_told_them(tmp_path):
    """Of the indexes of a Tempo meter, or of a file; without either nothing is reckoned, and never as blue."""
    first = date(2026, 1, 5)
    for name in ("tempo", "base"):
        (tmp_path / name).mkdir()
    lived = ContractHouse(tmp_path / "tempo", "tempo", 3, first, first + timedelta(days=7))
    found = lived.compare("tempo", "ejp", "--power", "9")
    _, tempo, ejp = found["offers"]
    counted = Counter()
    for day in days(first, lived.end):
        counted.update(lived.meter.by_day[day])
    (month,) = tempo["months"]
    for word, wh in month["wh"].items():
        assert abs(wh - counted[word] / 3600) <= ROUNDING_WH, word
    assert found["tempo_days"]["red"] > 0
    (peak,) = ejp["months"]
    assert peak["wh"]["pm"] > 0
    house = ContractHouse(tmp_path / "base", "base", 3, first, first + timedelta(days=7))
    _, unknown = house.compare("tempo", "--power", "9")["offers"]
    assert "--colours" in unknown["not_computable"]
    colours = tmp_path / "colours.csv"
    eve = first - timedelta(days=1)
    colours.write_text("date;colour\n" + "".join(f"{day};BLUE\n" for day in days(eve, house.end)))
    _, blue = house.compare("tempo", "--power", "9", "--colours", str(colours))["offers"]
    assert set(blue["months"][0]["wh"]) == {"hcjb", "hpjb"}


def test_offers_are_compared_on_the_same_days(tmp_path):
    """A day that one of them does not know, or that nobody read whole, is in none of them."""
    first = date(2026, 1, 5)
    house = ContractHouse(tmp_path, "hc", 2, first, first + timedelta(days=12))
    offer = tmp_path / "flex.toml"
    offer.write_text(
        'name = "Flex"\nsource = "a test"\nchecked = 2026-01-01\n'
        '[[when]]\nclass = "dear"\nlist = "flex"\n[[when]]\nclass = "cheap"\n'
        '[[list]]\nname = "flex"\nfrom = 2026-01-06\nuntil = 2026-12-31\ndays = [2026-01-07]\n'
        "[[price]]\nfrom = 2026-01-01\nsubscription = 10\nprices = { dear = 0.5, cheap = 0.1 }\n"
    )
    found = house.compare(str(offer))
    assert (found["days_known"], found["days_compared"]) == (12, 11)
    own, flex = found["offers"]
    assert flex["days_left_out"] == 1
    assert [sum(one["months"][0]["wh"].values()) for one in (own, flex)] == [found["drawn_wh"]] * 2
    (month,) = flex["months"]
    assert abs(month["wh"]["dear"] - sum(house.meter.by_day[date(2026, 1, 7)].values()) / 3600) <= 2
    assert month["subscription"] == round(10 * 11 / 31, 4)


def test_a_contract_of_the_form_of_an_offer_is_one(tmp_path):
    """``offer`` of a [[tariff]] gives its prices and its hours: bills by index and by hours are of the same prices."""
    first = date(2026, 1, 5)
    house = ContractHouse(tmp_path, "hc", 2, first, first + timedelta(days=4))
    config = tmp_path / "gateway.toml"
    written = config.read_text()
    plain = house.compare()["offers"][0]
    begin, end = written.index("[[tariff]]"), written.index("[[off_peak]]")
    config.write_text(
        f'{written[:begin]}[[tariff]]\nname = "Own"\nfrom = 2000-01-01\noffer = "own.toml"\n{written[end:]}'
    )
    (tmp_path / "own.toml").write_text(
        'name = "x"\nsource = "my bill"\nchecked = 2026-01-01\n[[when]]\nclass = "hc"\nhours = "meter"\n'
        '[[when]]\nclass = "hp"\n[[price]]\nfrom = 2000-01-01\nuntil = 2026-01-06\nsubscription = 15.65\n'
        "prices = { hc = 0.1, hp = 0.2 }\n"
        "[[price]]\nfrom = 2026-01-07\nsubscription = 15.65\nprices = { hc = 0.1579, hp = 0.2065 }\n"
    )
    assert house.compare()["offers"][0]["total"] == plain["total"]
    dated = house.compare("--dated")["offers"][0]
    assert dated["total"] != plain["total"]
    assert sum(dated["months"][0]["wh"].values()) == sum(plain["months"][0]["wh"].values())


def test_the_kinds_are_the_issue_s():
    """Base, off-peak, off-peak to the minute, Tempo, EJP, week-ends with seasons by numbers that no word tells."""
    assert list(KINDS) == ["base", "hc", "odd", "tempo", "ejp", "seasonal"]
    assert all(word.isdecimal() for word in SEASONAL[3])
