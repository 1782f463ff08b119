"""The page *cost*: euros, projections and objectives reckoned by hand, from frames to what is shown; its look."""

import html
import os
import re
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from gateway.balance.calendar import midnight
from gateway.household.days import DRAWN
from gateway.live.topics import as_json
from tests.gateway.balance.conftest import AUTUMN, SOLAR, SPRING, WINTER, base, off_peak, panels, producing
from tests.gateway.balance.test_days import BASE, HC
from tests.gateway.web import three_years
from tests.gateway.web.conftest import Visitor
from tests.gateway.web.stand_in import _FULL, StandInHouse
from tests.gateway.web.test_history import DRAWN as CHART
from tests.gateway.web.test_history import ask, later
from tests.gateway.web.test_in_browser import CLIPPED, NAMELESS, PALE, SIZES, SMALL

PATHS = ("/cost", "/cost?period=month")


def plain(text):
    """What is read, with ordinary blanks."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text))).replace("\u202f", " ")


def cells(text):
    """The rows of the first table."""
    rows = re.findall(r"<tr>(.*?)</tr>", text.partition("<table>")[2].partition("</table>")[0])
    return [[plain(cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


@pytest.mark.parametrize(
    ("day", "total", "energy", "low"),
    [
        (WINTER, "6,64 €", "5,64 €", "3,23 €"),
        (SPRING, "6,24 €", "5,24 €", "2,82 €"),
        (AUTUMN, "7,05 €", "6,05 €", "3,63 €"),
    ],
)
def test_a_day_of_two_classes_costs_what_is_reckoned_by_hand(house, day, total, energy, low):
    """2,016 W at 0.20 € in 8, 7 and 9 hours, 504 W at 0.30 € in 16, and a euro of 31 a month."""
    house.configure(HC)
    house.live_day(day, off_peak)
    (text,) = ask(house, "/cost?period=day")
    row = dict(zip(*cells(text)[:2], strict=True))
    assert (row["Total"], row["Énergie"], row["Abonnement"]) == (total, energy, "1,00 €")
    assert (row["HC"], row["HP"]) == (low, "2,42 €")


def test_what_is_sold_is_taken_off(house):
    """9.072 kWh drawn at 0.20 €, a euro of subscription, 9.072 kWh sold at 0.04 €: 1.81 + 1 - 0.36."""
    house.configure(SOLAR + BASE)
    house.live_day(WINTER, producing)
    house.live_day(WINTER, panels, meter="solar")
    (text,) = ask(house, "/cost?period=day")
    head, *rows = cells(text)
    # Of the day before five minutes are known, in which nothing was drawn: its subscription.
    assert [line[head.index("Total")] for line in rows] == ["2,45 €", "1,00 €"]
    row = dict(zip(head, rows[0], strict=True))
    assert (row["Énergie"], row["Vente"], row["Total"]) == ("1,81 €", "−0,36 €", "2,45 €")


def test_the_month_and_its_objectives_are_foreseen_by_hand(house):
    """1,008 W for 25 days, one of 25 hours: 605.8 kWh, and 6 days of their mean, at 0.20 € and 31 € a month."""
    house.configure(f"{BASE}\n[objective]\nkwh_per_month = 700\neuros_per_month = 200\n")
    house.live(midnight(date(2026, 10, 1)), midnight(date(2026, 10, 26)) + 300, base(1008))
    (text,) = ask(house, "/cost")
    shown = plain(text)
    assert "Prévu fin octobre 2026 : 181,24 € D’après la moyenne des 28 derniers jours" in shown
    # 25 days and the first five minutes of the 26th, with its part of the subscription.
    assert "octobre 2026 146,18 € à ce jour, 605,9 kWh" in shown
    # 751.2 kWh and 181.24 € to come, six days left with this one.
    assert "Objectif : 700,0 kWh Il reste 94,1 kWh pour 6 jours À ce rythme, il sera dépassé" in shown
    assert "Budget : 200,00 € Il reste 53,82 € pour 6 jours En bonne voie" in shown
    # 61 days more, 1,478.2 kWh. The house began on a last day of September, with its part of the subscription.
    assert "Prévu fin 2026 : 539,90 €" in shown
    assert "Compté depuis le 30 septembre 2026." in shown
    assert "Consommation de veille 1 008 W environ" in shown


def test_tariffs_follow_each_other_and_the_year_before_stands_beside(house):
    """24.192 kWh at 0.10 € then, at 0.20 € now: each day by its own tariff, and a gap is a gap."""
    old = BASE.replace('"Base"', '"Avant"').replace("2026-01-01", "2025-01-01\nuntil = 2025-12-31")
    house.configure(old.replace("0.2 }", "0.1 }") + BASE)
    house.live_day(date(2025, 1, 14), base(1008))
    later(house, WINTER, base(1008))
    (text,) = ask(house, "/cost?period=day")
    head, today, before, *others = cells(text)
    assert (today[0], before[0], len(others)) == ("mer. 14 janv.", "mar. 13 janv.", 29)
    row = dict(zip(head, today, strict=True))
    assert (row["Total"], row["Un an avant"], row["Écart"]) == ("5,84 €", "3,42 €", "+71 % sur un an")
    # The index did not rise between the two.
    assert {line[1] for line in others} == {"1,00 €"}
    shown = plain(text.partition("Vos tarifs")[2])
    assert (
        "Base en vigueur depuis le 1er janvier 2026 Abonnement 31,00 € par mois Base 0,2000 € par kWh"
        " Vente 0,0400 € par kWh" in shown
    )
    assert "Avant du 1er janvier 2025 au 31 décembre 2025 Abonnement 31,00 € par mois Base 0,1000 €" in shown


def test_what_has_no_price_is_said(house):
    """Days before the first tariff, and classes that the tariff does not name."""
    house.configure(HC.replace("hp = 0.3", "hpjr = 0.7"))
    house.live_day(WINTER, off_peak)
    assert "8,1 kWh sont sans prix dans votre tarif ; périodes tarifaires concernées : hc, hp" in plain(
        ask(house, "/cost")[0]
    )
    house.configure(HC.replace("2026-01-01", "2026-06-01"))
    (text,) = ask(house, "/cost")
    assert re.search(r"Il manque le coût de \d+ jours, sans tarif", plain(text))
    # Unknown is not nought.
    assert {line[1] for line in cells(text)[1:]} == {"inconnu"}
    assert "0,00 €" not in text


def test_a_budget_of_which_a_part_has_no_price_is_not_said_to_be_kept(house):
    """Prices from the middle of the month on: of the budget nothing is said to be left; the rest is foreseen in kWh."""
    late = BASE.replace("2026-01-01", "2026-10-15")
    house.configure(f"{late}\n[objective]\nkwh_per_month = 800\neuros_per_month = 120\n")
    house.live(midnight(date(2026, 10, 1)), midnight(date(2026, 10, 26)) + 300, base(1008))
    (text,) = ask(house, "/cost")
    shown = plain(text)
    # Ten days and one of 25 hours, 267.1 kWh at 0.20 €, 11 euros of subscription, and five minutes.
    assert "octobre 2026 64,44 € à ce jour, 605,9 kWh Montant incomplet" in shown
    assert "Prévu fin octobre 2026 : 751,2 kWh" in shown
    assert "Objectif : 800,0 kWh Il reste 194,1 kWh pour 6 jours En bonne voie" in shown
    assert "Budget : 120,00 € Une partie de cette période est sans prix" in shown
    # One gauge for the objective in kWh, none of what nobody knows.
    assert text.partition('class="card period year"')[0].count('<svg class="budget') == 1
    # What is too much already is too much, whatever the rest may cost.
    house.configure(f"{late}\n[objective]\neuros_per_month = 60\n")
    assert "Budget : 60,00 € Dépassé" in plain(ask(house, "/cost")[0])


def test_without_a_tariff_one_sentence_and_the_way_to_set_it(house):
    """Where prices are given, without a word of a file. Energy and base load are shown all the same."""
    house.live(midnight(WINTER), midnight(WINTER) + 4 * 86_400, base(1008))
    (text,) = ask(house, "/cost")
    assert "indiquez les prix de votre facture" in plain(text)
    assert re.search('<a class="button" href="/settings/tariff">', text)
    assert not re.search(r"\[\[|gateway\.toml|<code>", text)
    assert "Consommation de veille 1 008 W" in plain(text)
    assert "72,6 kWh à ce jour" in plain(text) or "96,8 kWh à ce jour" in plain(text)
    assert "€ par heure" not in plain(text)


def test_this_hour_costs_its_power_at_its_price(house):
    """2,000 VA that are 1,512 W, in the peak hours at 0.30 €: 0.454 € an hour."""
    house.configure(HC.replace("2026-01-01", "2020-01-01"))
    now = int(time.time()) // 300 * 300
    texts = {"consumption/power/apparent/raw": 2000, "contract/tariff": "HP.."}
    house.live(now - 3600, now, lambda _: {DRAWN: 1512, f"{DRAWN}/provider/hp": 1512}, lambda _: texts)
    (text,) = ask(house, "/cost")
    assert "En ce moment 0,454 € par heure 1 512 W en moyenne sur cinq minutes, HP" in plain(text)


def test_what_the_base_load_costs_is_the_same_on_every_tab(house):
    """A dear year before a cheap month: by day, by month, by year, one price for it, that of the last twelve months."""
    dear = BASE.replace("2026-01-01", "2025-01-01\nuntil = 2025-12-31").replace("0.2 }", "0.4 }")
    house.configure(dear + BASE)
    house.live_day(date(2025, 6, 14), base(1008))
    later(house, WINTER, base(1008))
    shown = [plain(text) for text in ask(house, *(f"/cost?period={one}" for one in ("day", "month", "year")))]
    found = {re.search(r"Consommation de veille .*?environ ([\d ]+) € par an", text)[1] for text in shown}
    # 1,008 W for 8,766 hours at 0.40 €, but for five minutes of the evening before; the day that is shown is not over.
    assert found == {"3 528"}


def test_the_page_of_this_moment_shows_what_the_hour_costs(browser, house):
    """2,016 W at 0.30 € are 0.605 € an hour beside the power."""
    house.configure(HC.replace("2026-01-01", "2020-01-01"))
    now = int(time.time()) // 300 * 300
    texts = {"consumption/power/apparent/raw": 2000, "contract/tariff": "HP.."}
    house.live(now - 30 * 3600, now, lambda _: {DRAWN: 2016, f"{DRAWN}/provider/hp": 2016}, lambda _: texts)
    meter = as_json(replace(_FULL, meter="house", drawn_va=2000)) | {"phases": []}
    with three_years.served(
        house.folder, house.config, password=False, house=StandInHouse(meter, config=house.config)
    ) as running:
        browser.cookie(running.url, "linky_session", running.owner.cookies["linky_session"])
        browser.dark(on=False)
        browser.open(running.url, width=360, height=740, language="fr")
        shown = browser.evaluate("document.querySelector('[data-is=cost_hour]').textContent")
        assert shown == "0,605\u202f€ par heure"
        for fault in (CLIPPED, PALE, NAMELESS):
            assert browser.evaluate(fault) == []
        # A page left open would complain of a server that is gone, in the middle of another test.
        browser.open("about:blank")


def test_an_empty_house_is_told_what_comes(house):
    """No empty table, no chart of nothing."""
    house.configure(BASE)
    (text,) = ask(house, "/cost")
    assert "Rien n’est encore enregistré" in plain(text)
    assert 'class="chart"' not in text


def test_nobody_else_is_told(years):
    """Without a session there is only the way to the password."""
    for path in PATHS:
        answer, text = Visitor(years.port).get(path)
        assert (answer.status, answer.headers["Location"].partition("?")[0], text) == (303, "/login", "")


def test_what_cannot_be_shown_is_said_in_one_sentence(years):
    """Status 400 and a sentence, never what was typed as markup."""
    for query, sentence in (
        ("period=week", "Cette période n’existe pas"),
        ("meter=%3Cb%3E", "pas de compteur « <b> »"),
    ):
        answer, text = years.owner.get(f"/cost?{query}")
        assert answer.status == 400
        assert sentence in html.unescape(text).replace("\xa0", " ")
        assert "<b>" not in text


@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("en", True)], ids=["light-fr", "dark-en"])
def test_costs_can_be_read_at_every_size(browser, years, language, dark):
    """Drawn, not clipped, contrasts AA, all can be pressed and named, no complaint."""
    browser.cookie(years.url, "linky_session", years.owner.cookies["linky_session"])
    browser.complaints.clear()
    browser.dark(on=dark)
    for width, height in SIZES:
        for period in ("month", "day", "year") if width == 360 and not dark else ("month",):
            browser.open(f"{years.url}/cost?period={period}", width=width, height=height, language=language)
            browser.await_true(CHART)
            where = f"{period} {width} {language}"
            if folder := os.environ.get("SCREENSHOTS"):
                browser.screenshot(Path(folder) / f"cost-{period}-{width}-{language}.png")
            assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
            for fault in (CLIPPED, PALE, NAMELESS, SMALL):
                # What is wider than the window scrolls within its own box.
                assert [one for one in browser.evaluate(fault) if not str(one).startswith(("<th", "<td"))] == [], where
    assert browser.complaints == []
