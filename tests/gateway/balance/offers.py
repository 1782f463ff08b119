"""What tests of offers share: an offer's energy and euros for a house whose power is known at each minute."""

from datetime import date, datetime, timedelta
from pathlib import Path

from gateway.balance.offer_bill import OfferPart, OfferPrices, offer_months, year_of
from gateway.balance.offer_hours import class_spans
from gateway.balance.supplier_offer import minutes_of
from gateway.config.offers import find_offer
from gateway.store.local_time import PARIS


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
