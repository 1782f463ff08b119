"""What the bars of *history* stand for: parts that come to the whole, in kWh and euros; what stands beside them."""

import html
import re
import time
from contextlib import closing
from datetime import date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from gateway.balance.calendar import BalancePeriod, midnight
from gateway.household.days import DRAWN
from gateway.store.store import Archive
from gateway.web.history.choice import chosen
from gateway.web.history.compared import earlier_part
from gateway.web.history.curves import HouseholdCurves
from gateway.web.history.stored import past
from tests.gateway.balance.conftest import AUTUMN, SOLAR, SPRING, WINTER, base, off_peak, panels, producing
from tests.gateway.balance.test_days import BASE, HC
from tests.gateway.web.test_cost import cells, plain
from tests.gateway.web.test_history import ask

PARIS = ZoneInfo("Europe/Paris")


def look(house, day, period="day", against=None):
    """The values of one look, as the page is given them."""
    with closing(Archive(house.folder)) as archive:
        curves = HouseholdCurves(archive, house.config)
        return past(curves, house.config.tariff, BalancePeriod(period), day, time.time(), against)


def titles(text):
    """What is read of each bar, as lines."""
    return [html.unescape(one).split("\n") for one in re.findall(r"<title>([^<]*)</title><rect", text)]


def opened(text):
    """What each bar of the page opens: its query."""
    found = re.findall(r'<a href="/history\?([^"]*)"><title>', text)
    return [{key: value for key, (value,) in parse_qs(html.unescape(one)).items()} for one in found]


def summed(rows, of):
    return sum(of(row.figures) or 0 for row in rows if row.figures)


@pytest.mark.parametrize(("day", "hours"), [(WINTER, 24), (SPRING, 23), (AUTUMN, 25)])
def test_half_hours_come_to_the_day_in_watt_hours_and_to_the_cent(house, day, hours):
    """Each class and all of it to the watt-hour; energy, subscription and total of the bill as the day's own."""
    house.configure(HC)
    house.live_day(day, off_peak)
    told = look(house, day)
    whole, spent = told.sum.figures, told.sum.figures.spent
    assert len(told.rows) == 2 * hours
    assert summed(told.rows, lambda one: one.drawn) == whole.drawn
    for word, wh in whole.classes.items():
        assert summed(told.rows, lambda one, word=word: one.classes.get(word)) == wh
        assert summed(told.rows, lambda one, word=word: one.spent.classes.get(word)) == pytest.approx(
            spent.classes[word]
        )
    for key in ("subscription", "total"):
        assert summed(told.rows, lambda one, key=key: getattr(one.spent, key)) == pytest.approx(getattr(spent, key))


def test_what_is_produced_and_given_away_comes_to_the_day_as_well(house):
    """To the watt-hour; what it brought to the cent."""
    house.configure(SOLAR + BASE)
    house.live_day(WINTER, producing)
    house.live_day(WINTER, panels, meter="solar")
    told = look(house, WINTER)
    whole = told.sum.figures
    assert (whole.injected, whole.produced) == (9072, 12096)
    for key in ("injected", "produced"):
        assert summed(told.rows, lambda one, key=key: getattr(one, key)) == getattr(whole, key)
    assert summed(told.rows, lambda one: one.spent.income) == pytest.approx(whole.spent.income)


def test_a_figure_is_the_same_wherever_it_stands(house):
    """Headline, card, legend, table and file of *history*, and the row of *cost*: one day, one kWh, one euro."""
    house.configure(HC)
    house.live_day(WINTER, off_peak)
    asked = f"date={WINTER}&unit=eur"
    page, table, cost = ask(house, f"/history?{asked}", f"/history/csv?{asked}&table=parts&form=en", "/cost?period=day")
    row = dict(zip(*cells(cost)[:2], strict=True))
    assert (row["Total"], row["HC"], row["Abonnement"]) == ("6,64 €", "3,23 €", "1,00 €")
    shown = plain(page)
    assert re.search(r'<p class="headline"><strong>6,64', page.replace("\xa0", " "))
    for said in ("Coût 6,64 € dont abonnement 1,00 €", "HC 3,23 €", "Abonnement 1,00 €", "24,2 kWh"):
        assert said in shown, said
    head, values = (line.split(",") for line in table.splitlines())
    assert round(float(values[head.index("Coût (€)")]), 2) == 6.64


def test_every_day_of_a_month_stands_in_history_as_in_cost(years):
    """The totals that *cost* lists by day are the bars of the month in euros, and of each day's own page."""
    listed = cells(years.owner.get("/cost?period=day")[1])
    total = {row[0]: row[1] for row in listed[1:]}
    month = years.owner.get("/history?period=month&date=2026-10-15&unit=eur")[1]
    bars = {lines[0].partition(" octobre")[0][-2:].strip(): lines[1] for lines in titles(month)}
    for day in (4, 17, 25):
        (paid,) = [euros for name, euros in total.items() if re.search(rf"\b{day} oct", name)]
        assert plain(bars[str(day)]) == f"Coût {paid}"
        assert f"Coût {paid}" in plain(years.owner.get(f"/history?date=2026-10-{day:02}")[1])


@pytest.mark.parametrize(("against", "back"), [("previous", 1), ("week", 7)])
@pytest.mark.parametrize("clock", [(6, 0), (12, 10), (23, 55)])
def test_a_running_day_is_compared_with_the_same_hours_of_the_other(house, against, back, clock):
    """Half as much as by this time of the day before, or of a week before; after this time nothing stands beside."""
    other = WINTER - timedelta(days=back)
    now = datetime(WINTER.year, WINTER.month, WINTER.day, *clock, tzinfo=PARIS)
    house.configure(BASE)
    house.live_day(other, base(1008))
    house.live(max(midnight(other) + 86_400, midnight(WINTER) - 300), int(now.timestamp()), base(504))
    told = look(house, WINTER, against=against)
    assert told.sum.so_far
    assert told.sum.change == pytest.approx(-0.5)
    assert sum(row.before.drawn for row in told.rows if row.before) == told.sum.before.drawn
    assert all(row.before is None for row in told.rows if row.at >= now.timestamp())
    (text,) = ask(house, f"/history?date={WINTER}&against={against}")
    said = "à la veille à la même heure" if back == 1 else "au même jour de la semaine précédente à la même heure"
    assert f"−50 % par rapport {said}" in plain(text)


def test_nothing_is_compared_unless_it_is_asked_for(house):
    """Without a choice no bar has anything beside it."""
    house.live_day(WINTER - timedelta(days=1), base(1008))
    house.live_day(WINTER, base(504))
    plain_page, compared = ask(house, f"/history?date={WINTER}", f"/history?date={WINTER}&against=previous")
    assert 'class="beside"' not in plain_page
    assert 'class="beside"' in compared
    assert all(lines[-1] == "La veille 0,50\u202fkWh" for lines in titles(compared))
    assert "aria-current" in re.search(r'<a class="button second"[^>]*aria-current[^>]*>La veille', compared)[0]


def test_a_part_stands_beside_the_same_part_of_the_earlier_period():
    """Monday beside Monday, the third beside the third, a month beside that of last year; the 31st beside none."""
    week = earlier_part(BalancePeriod.WEEK, date(2026, 1, 12), "previous")
    assert week(date(2026, 1, 14)) == date(2026, 1, 7)
    by_year = earlier_part(BalancePeriod.WEEK, date(2026, 1, 12), "year")
    assert (by_year(date(2026, 1, 12)).isocalendar()[1:], by_year(date(2026, 1, 14)).weekday()) == ((3, 1), 2)
    month = earlier_part(BalancePeriod.MONTH, date(2026, 3, 1), "previous")
    assert [month(date(2026, 3, day)) for day in (3, 28, 29, 31)] == [date(2026, 2, 3), date(2026, 2, 28), None, None]
    year = earlier_part(BalancePeriod.YEAR, date(2026, 1, 1), "year")
    assert year(date(2026, 5, 1)) == date(2025, 5, 1)


def test_a_bar_opens_its_period(years):
    """Of a year its month, of a month its day, of a day its minutes; all of it in the unit that was chosen."""
    year = opened(years.owner.get("/history?period=year&date=2025-06-01&unit=eur")[1])
    assert year[4] == {"meter": "house", "period": "month", "date": "2025-05-01", "unit": "eur"}
    month = opened(years.owner.get("/history?period=month&date=2025-05-01")[1])
    assert (len(month), month[30]) == (31, {"meter": "house", "period": "day", "date": "2025-05-31"})
    day = opened(years.owner.get("/history?date=2026-10-25")[1])
    half_past_one = midnight(date(2026, 10, 25)) + 3 * 1800
    expected = {"meter": "house", "period": "day", "date": "2026-10-25", "detail": "minutes", "at": str(half_past_one)}
    assert (len(day), day[3]) == (50, expected)
    answer, text = years.owner.get("/history?date=2026-10-25&detail=minutes&at=" + str(half_past_one))
    assert answer.status == 200
    assert "Les minutes de 1 h 30 à 2 h (UTC+2)" in plain(text)
    assert len(re.findall(r"<th scope=row>1\xa0h\xa0[345]\d</th>", text)) == 30


def test_a_day_whose_minutes_are_gone_opens_nothing_and_says_so(years):
    """Half hours are what there is: no way to minutes, and one sentence for who has the address of some."""
    text = years.owner.get("/history?date=2024-01-17")[1]
    assert opened(text) == []
    assert len(titles(text)) == 48
    assert "detail=minutes" not in text
    assert "ne sont plus conservées" in years.owner.get("/history?date=2024-01-17&detail=minutes")[1]


def test_what_is_estimated_or_known_in_part_is_marked_at_its_bar(house):
    """A silence from 9 to 12: its half hours bear the mark, the others none."""
    begin = midnight(WINTER)
    house.live(begin, begin + 9 * 3600, base(1008))
    house._totals["house", DRAWN] += 3024
    house._totals["house", f"{DRAWN}/provider/base"] += 3024
    house.live(begin + 12 * 3600, begin + 86_400, base(1008))
    (text,) = ask(house, f"/history?date={WINTER}")
    marked = [lines[0] for lines in titles(text) if lines[0].endswith("~")]
    assert [plain(name).partition(" –")[0] for name in marked] == [
        "9 h",
        "9 h 30",
        "10 h",
        "10 h 30",
        "11 h",
        "11 h 30",
    ]
    assert "~ un index n’a pas été lu" in plain(text)
    # Six edges are dashed, and the legend says what that is.
    assert len(re.findall("z", re.search(r'<path class="unsure" d="([^"]+)" /><', text)[1])) == 6
    assert "estimé" in plain(text.partition('class="classes"')[2].partition("</ul>")[0])


def test_production_that_is_not_believed_is_not_drawn(house):
    """A counter that was dead from noon on: unknown, and no half hour of it is in the chart."""
    house.configure(SOLAR)
    house.live_day(WINTER, producing)
    house.live(midnight(WINTER), midnight(WINTER) + 11 * 3600, panels, meter="solar")
    told = look(house, WINTER)
    assert told.sum.figures.produced is None
    assert told.sum.figures.doubt is not None
    assert {row.figures.produced for row in told.rows} == {None}
    (text,) = ask(house, f"/history?date={WINTER}")
    assert 'class="outline"' not in text


def test_without_a_tariff_there_are_no_euros_to_choose(house):
    """No choice that would do nothing, and who asks for it by the address is shown kWh."""
    house.live_day(WINTER, off_peak)
    text, asked = ask(house, f"/history?date={WINTER}", f"/history?date={WINTER}&unit=eur")
    assert "unit=eur" not in text
    assert ">€<" not in text
    assert "24,2 kWh" in plain(asked)
    house.configure(HC)
    (with_tariff,) = ask(house, f"/history?date={WINTER}")
    assert re.search(r'href="[^"]*unit=eur[^"]*"[^>]*>€<', with_tariff)


def test_what_has_no_price_is_marked(house):
    """A class that the tariff does not name: the euros of the day are not all of it, and it says so."""
    house.configure(HC.replace("hp = 0.3", "hpjr = 0.7"))
    house.live_day(WINTER, off_peak)
    (text,) = ask(house, f"/history?date={WINTER}&unit=eur")
    assert "montant incomplet : une partie de la consommation n’a pas de prix dans votre tarif" in plain(text)
    assert "4,23 € *" in plain(text)


@pytest.mark.parametrize(
    "args",
    [{"unit": "usd"}, {"against": "tomorrow"}, {"detail": "seconds"}, {"at": "-1"}, {"at": "9" * 11}, {"at": "²"}],
)
def test_a_choice_that_does_not_exist_is_none(args):
    """A refusal, which the page says in a sentence."""
    assert chosen({"unit": "eur", "against": "previous", "at": "5"}, "day") is not None
    assert chosen(args, "day") is None
    assert chosen({"against": "week"}, "month") is None


def test_the_day_after_and_before_and_the_last_one_are_one_press_away(years):
    """With what was chosen: unit and comparison go along; the form for a date keeps them too."""
    text = years.owner.get("/history?date=2026-10-25&unit=eur&against=week")[1]
    links = {
        way: parse_qs(urlsplit(html.unescape(href)).query)
        for href, way in re.findall(r'<a href="([^"]+)" rel="(prev|next)"', text)
    }
    assert {way: asked["date"] for way, asked in links.items()} == {"prev": ["2026-10-24"], "next": ["2026-10-26"]}
    assert all((asked["unit"], asked["against"]) == (["eur"], ["week"]) for asked in links.values())
    assert 'class="latest" href="/history?meter=house&amp;period=day&amp;date=2026-11-01' in text
    assert '<input type="hidden" name="against" value="week"><input type="hidden" name="unit" value="eur">' in text
