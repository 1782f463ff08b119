"""Hours of an offer: each moment of any year is in exactly one class, whatever the rules; and the days of France."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from gateway.balance.calendar import days, midnight
from gateway.balance.holidays import easter, holidays
from gateway.balance.offer_hours import NOT_RED, DatedWindows, HouseFacts, class_spans
from gateway.balance.supplier_offer import METER, OfferDays, OfferRule, minutes_of
from gateway.store.local_time import PARIS
from tests.gateway.balance.offers import WEEKDAYS, random_hours, random_rules


def lived(random, first, end):
    """A house of which all is known: windows that change, colours of each day."""
    change = first + timedelta(days=random.randrange(300))
    windows = [
        DatedWindows(date(2000, 1, 1), change, (minutes_of(random_hours(random)),)),
        DatedWindows(
            change + timedelta(days=1), None, (minutes_of(random_hours(random)), minutes_of(random_hours(random)))
        ),
    ]
    colours = {day: random.choice(["blue", "blue", "white", "red"]) for day in days(first - timedelta(days=1), end)}
    return HouseFacts(windows=windows, colours=colours)


def naive(found, facts, begins, time):
    """The class of a moment as a person finds it: the clock is looked at, the rules are read from the top."""
    local = datetime.fromtimestamp(time, PARIS)
    minute, day = local.hour * 60 + local.minute, local.date()
    of_tariff = day if minute >= begins else day - timedelta(days=1)
    (windows,) = [one.windows for one in facts.windows if one.since <= day and (one.until is None or day <= one.until)]
    for rule in found:
        asked = windows if rule.hours == METER else [minutes_of(text) for text in rule.hours]
        inside = any((a <= minute < b) if a < b else (minute >= a or minute < b) for a, b in asked)
        here, bounds = of_tariff.strftime("%m-%d"), [text.split("/") for text in rule.seasons]
        seasonal = any((a <= here <= b) if a <= b else (here >= a or here <= b) for a, b in bounds)
        weekday = WEEKDAYS[day.weekday()] in rule.days or (rule.holidays and day in holidays(day.year))
        if (
            (inside or not rule.hours)
            and (seasonal or not rule.seasons)
            and (weekday or not (rule.days or rule.holidays))
            and rule.colour in (None, facts.colours[of_tariff])
        ):
            return rule.word
    return None


@pytest.mark.parametrize("seed", range(20))
def test_each_moment_of_a_year_has_one_class_and_it_is_the_one_that_the_rules_say(seed):
    """Spans follow each other from the first second of the year to its last; changes of the clock are no hole."""
    random = Random(seed)
    first = date(2023 + seed % 4, 1, 1)
    end, found, begins = first.replace(year=first.year + 1), random_rules(random), random.choice([0, 360, 431])
    facts = lived(random, first, end)
    spans = list(class_spans(found, first, end, facts, day_begins=begins))
    assert (spans[0].begin, spans[-1].end) == (midnight(first), midnight(end))
    assert all(one.end == other.begin and one.begin < one.end for one, other in pairwise(spans))
    assert all(one.word is not None for one in spans)
    looked = [one.begin for one in spans] + [one.end - 60 for one in spans]
    by_begin = {one.begin: one for one in spans}
    begin_of = sorted(by_begin)
    place = 0
    for time in sorted(
        {*random.sample(looked, min(len(looked), 1500)), *range(midnight(first), midnight(end), 40_020)}
    ):
        while place + 1 < len(begin_of) and begin_of[place + 1] <= time:
            place += 1
        assert by_begin[begin_of[place]].word == naive(found, facts, begins, time), datetime.fromtimestamp(time, PARIS)


def test_what_is_cut_out_besides_changes_no_class():
    """The hours of a use cut spans in two, which are in the same class as before."""
    random = Random(7)
    first, end = date(2026, 3, 20), date(2026, 4, 5)
    found, facts = random_rules(random), lived(random, first, end)
    plain = list(class_spans(found, first, end, facts))
    cut = list(class_spans(found, first, end, facts, besides=((1140, 1260),)))
    assert sum(one.end - one.begin for one in cut if one.inside) == 16 * 7200

    def by_minute(spans):
        return [one.word for one in spans for _ in range(one.begin, one.end, 60)]

    assert by_minute(plain) == by_minute(cut)


def test_what_is_not_known_matters_only_where_it_decides():
    """An EJP day has no peak at three in the morning, whatever it is; and one without a peak is not red."""
    peak = (OfferRule(word="pm", colour="red", hours=("07:00/01:00",)), OfferRule(word="hn"))
    day = date(2026, 1, 6)

    def words(colours):
        spans = class_spans(peak, day, day + timedelta(days=1), HouseFacts(colours=colours), day_begins=360)
        return [(one.word, (one.end - one.begin) // 3600) for one in spans]

    assert words({}) == [(None, 1), ("hn", 6), (None, 17)]
    assert words({day: NOT_RED, day - timedelta(days=1): NOT_RED}) == [("hn", 24)]
    assert words({day: "red", day - timedelta(days=1): NOT_RED}) == [("hn", 7), ("pm", 17)]
    white = (OfferRule(word="w", colour="white"), OfferRule(word="b"))
    (one,) = class_spans(white, day, day + timedelta(days=1), HouseFacts(colours={day: NOT_RED}))
    assert one.word is None


def test_a_list_says_nothing_of_days_outside_its_span():
    """Within it a day that is not named is known not to be one of them."""
    found = (OfferRule(word="dear", days_of="flex"), OfferRule(word="cheap"))
    flex = OfferDays(name="flex", since=date(2026, 1, 5), until=date(2026, 1, 6), days=(date(2026, 1, 6),))
    spans = class_spans(found, date(2026, 1, 4), date(2026, 1, 8), HouseFacts(), lists=(flex,))
    assert [one.word for one in spans] == [None, "cheap", "dear", None]


def test_the_days_on_which_france_rests():
    """Easter by its table, 11 holidays, 13 in Alsace and Moselle."""
    assert [easter(year) for year in (2024, 2025, 2026, 2027, 2038)] == [
        date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28), date(2038, 4, 25),
    ]  # fmt: skip
    assert len(holidays(2026)) == 11
    assert date(2026, 5, 14) in holidays(2026)
    assert holidays(2026, alsace_moselle=True) - holidays(2026) == {date(2026, 4, 3), date(2026, 12, 26)}
