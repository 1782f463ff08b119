"""Energy under an offer, to the cent and below: examples that were reckoned by hand, and moved uses."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from gateway.balance.offer_bill import OfferPart, OfferPrices, moved, offer_months
from gateway.balance.offer_hours import DatedWindows, HouseFacts
from gateway.balance.supplier_offer import NotComputable
from tests.gateway.balance.offers import example, parts, year

NIGHT = HouseFacts(windows=(DatedWindows(date(2020, 1, 1), None, ((22 * 60, 6 * 60),)),))
JANUARY = date(2026, 1, 1), date(2026, 2, 1)
RED = (5, 6, 7, 26, 28, 29)
WHITE = (1, 2, 3, 8, 10, 14, 16, 19, 20, 22, 27, 31)


def house(clock):
    """400 W always, 2 kW from 19 to 21 o'clock, a heater of 2.4 kW from 2 to 4: 18.4 kWh a day, 8 of it at night."""
    return 400 + 2000 * (19 <= clock.hour < 21) + 2400 * (2 <= clock.hour < 4)


def colours(without=None):
    """Of January 2026, and of the night before it; ``without`` is not known."""
    found = {date(2026, 1, day): "blue" for day in range(1, 32)}
    found |= {date(2026, 1, day): "red" for day in RED} | {date(2026, 1, day): "white" for day in WHITE}
    found[date(2025, 12, 31)] = "red"
    return HouseFacts(colours={day: colour for day, colour in found.items() if day != without})


def energy(one):
    """Euros without the subscription."""
    return sum(one.energy.values())


def test_one_price_for_all():
    """The first worked example: Base."""
    assert year(example("bleu-base"), *JANUARY, NIGHT, house).total == Fraction("126.3076")


def test_off_peak_by_night():
    """The second one: off-peak from 22 to 6."""
    found = year(example("bleu-hc"), *JANUARY, NIGHT, house)
    assert (found.wh, found.total) == ({"hc": 248_000, "hp": 322_400}, Fraction("121.3848"))


def test_the_night_has_the_colour_of_the_day_before():
    """The third one: Tempo, whose days begin at six."""
    found = year(example("tempo"), *JANUARY, colours(), house)
    assert found.total == Fraction("140.57384")
    assert found.wh == {
        "hcjb": 104_000, "hpjb": 135_200, "hcjw": 88_800, "hpjw": 124_800, "hcjr": 55_200, "hpjr": 62_400,
    }  # fmt: skip


def test_a_week_end_is_off_peak_all_day():
    """The fourth one; with public holidays the first of January is one."""
    offer = example("zen-week-end-hc")
    found = year(offer, *JANUARY, NIGHT, house)
    assert (found.wh, energy(found)) == ({"hc": 341_600, "hp": 228_800}, Fraction("104.53152"))
    rules = [type(rule)(word="hc", days=rule.days, holidays=True) if rule.days else rule for rule in offer.when]
    with_holidays = type(offer)(name="x", source="x", checked=date(2026, 1, 1), when=tuple(rules), price=offer.price)
    assert energy(year(with_holidays, *JANUARY, NIGHT, house)) - energy(found) == Fraction("-0.5564")


@pytest.mark.parametrize(
    ("day", "hc", "hp", "euros"),
    [
        (date(2026, 3, 28), 16, 32, "1.82688"),
        (date(2026, 3, 29), 14, 32, "1.76372"),
        (date(2026, 10, 25), 18, 32, "1.89004"),
    ],
)
def test_a_night_is_an_hour_shorter_or_longer_when_the_clock_changes(day, hc, hp, euros):
    """The fifth one: days of 46, 48 and 50 half hours of 200 Wh."""
    found = year(example("bleu-hc"), day, day + timedelta(days=1), NIGHT, lambda _: 400)
    assert (found.wh, energy(found)) == ({"hc": hc * 200, "hp": hp * 200}, Fraction(euros))


def test_a_day_in_july():
    """The sixth one: noon is cheap in summer, under one of three offers."""
    days = date(2026, 7, 15), date(2026, 7, 16)

    def watts(clock):
        return 300 + 2000 * (12 <= clock.hour < 14)

    found = [energy(year(example(name), *days, NIGHT, watts)) for name in ("zen-estival", "bleu-base", "bleu-hc")]
    assert found == [Fraction("1.31943"), Fraction("2.1728"), Fraction("2.19616")]


def test_a_colour_that_nobody_knows_is_not_blue():
    """The two days in which that Tempo day lies have spans without a class."""
    known = parts(example("tempo"), *JANUARY, colours(without=date(2026, 1, 6)), house)
    assert {one.day for one in known if one.word is None} == {date(2026, 1, 6), date(2026, 1, 7)}


def test_off_peak_hours_that_nobody_knows_are_not_from_22_to_6():
    """Every hour is without a class."""
    known = parts(example("bleu-hc"), *JANUARY, HouseFacts(), house)
    assert {one.word for one in known} == {None}


def test_a_month_between_two_prices_is_cut_by_days():
    """Each day at its own price, subscription included; with the prices of one day all at those."""
    offer = example("bleu-base")
    (price,) = offer.price
    dear = type(price)(since=date(2026, 2, 11), subscription=28, prices={"base": 0.2})
    cheap = type(price)(since=date(2026, 2, 1), until=date(2026, 2, 10), subscription=14, prices={"base": 0.1})
    offer = type(offer)(name="x", source="x", checked=dear.since, when=offer.when, price=(dear, cheap))
    days = {date(2026, 2, day) for day in range(1, 29)}
    known = [OfferPart(day, "base", 1000) for day in days]
    (dated,) = offer_months(known, days, OfferPrices(offer, None))
    assert (dated.energy, dated.subscription) == ({"base": Fraction("4.6")}, Fraction(23))
    (now,) = offer_months(known, days, OfferPrices(offer, None, date(2026, 3, 1)))
    assert (now.energy, now.subscription) == ({"base": Fraction("5.6")}, Fraction(28))
    with pytest.raises(NotComputable, match="2026-01-31"):
        offer_months(known, {date(2026, 1, 31)}, OfferPrices(offer, None))


def test_a_power_that_is_not_on_the_sheet_is_not_guessed():
    """Nor is any power where the meter has not said it."""
    with pytest.raises(NotComputable, match="no price for 7 kVA"):
        year(example("bleu-base"), *JANUARY, NIGHT, house, power=7)
    with pytest.raises(NotComputable, match="--power"):
        year(example("bleu-base"), *JANUARY, NIGHT, house, power=None)


def test_a_use_is_moved_to_the_cheapest_hours_of_its_day():
    """No more than was drawn, and only where something is gained by it; nothing is lost."""
    day = date(2026, 1, 5)
    known = [OfferPart(day, "hp", 5000), OfferPart(day, "hp", 2000, inside=True), OfferPart(day, "hc", 1000)]
    prices = OfferPrices(example("bleu-hc"), 6, date(2026, 5, 1))
    for most, wh in ((500, 500), (3000, 2000)):
        after, total = moved(known, prices, most)
        assert total == wh
        assert sum(one.wh for one in after) == 8000
        assert sum(one.wh for one in after if one.word == "hc") == 1000 + wh
    base = [OfferPart(day, "base", 2000, inside=True)]
    assert moved(base, OfferPrices(example("bleu-base"), 6, date(2026, 5, 1)), 500)[1] == 0
