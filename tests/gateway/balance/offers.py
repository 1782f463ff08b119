"""What tests of offers share: rules by lot, and an offer's energy for a house whose power is known at each minute."""

from datetime import date, datetime, timedelta
from pathlib import Path

from gateway.balance.offer_bill import OfferPart, OfferPrices, offer_months, year_of
from gateway.balance.offer_hours import class_spans
from gateway.balance.supplier_offer import METER, OfferRule, minutes_of, rules_fault
from gateway.config.offers import find_offer
from gateway.store.local_time import PARIS

CLASSES = ("a", "b", "c", "d")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def clock(minute):
    """A time of the day, as an offer writes it."""
    return f"{minute // 60:02}:{minute % 60:02}"


def random_hours(random):
    """Some hours, over midnight too, to the minute."""
    ends = random.sample(range(1440), 2)
    return "/".join(map(clock, ends))


def season(random):
    """Some days of the year, over its end too."""
    return "/".join(f"{random.randrange(1, 13):02}-{random.randrange(1, 29):02}" for _ in range(2))


def random_rules(random, *, colours=True):
    """Rules by lot, the last one for all that is left."""
    found = [
        OfferRule(
            word=random.choice(CLASSES),
            seasons=tuple(season(random) for _ in range(random.randrange(2))),
            days=tuple(random.sample(WEEKDAYS, random.randrange(4))),
            holidays=random.random() < 0.3,
            colour=random.choice([None, None, "red", "white"]) if colours else None,
            hours=random.choice([METER, tuple(random_hours(random) for _ in range(random.randrange(1, 4)))]),
        )
        for _ in range(random.randrange(1, 6))
    ]
    found = (*found, OfferRule(word="e"))
    assert rules_fault(found, "when") is None
    return found


def example(name):
    """An offer that comes with the program."""
    return find_offer(name, Path()).offer


def spans(offer, first, end, facts):
    """Its spans on these days."""
    begins, _ = minutes_of(f"{offer.day_begins}/24:00")
    return list(class_spans(offer.when, first, end, facts, day_begins=begins, lists=offer.days_of))


def parts(offer, first, end, facts, watts):
    """Its energy on these days, of a house that draws ``watts(clock)`` in each minute."""
    return [OfferPart(one.day, one.word, wh(one, watts), one.inside) for one in spans(offer, first, end, facts)]


def wh(span, watts):
    """Whole Wh of a span, minute by minute."""
    minutes = range(span.begin, span.end, 60)
    joules = 60 * sum(watts(datetime.fromtimestamp(time, PARIS)) for time in minutes)
    assert joules % 3600 == 0
    return joules // 3600


def year(offer, first, end, facts, watts, power=6, of=date(2026, 5, 1)):
    """What these days come to as one."""
    known = parts(offer, first, end, facts, watts)
    days = {first + timedelta(days=count) for count in range((end - first).days)}
    return year_of(offer_months(known, days, OfferPrices(offer, power, of)))
