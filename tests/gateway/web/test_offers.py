"""The page of other offers: one's own half hours under Base, off-peak hours and Tempo, reckoned by hand."""

import asyncio
import html
import os
import re
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from gateway.balance.calendar import midnight
from gateway.config.settings import adopt
from gateway.household.days import DRAWN
from gateway.store.erasure import Range
from gateway.store.store import Store
from gateway.web.history.stored import HouseholdPast
from gateway.web.reader import StoreReader
from tests.gateway.balance.conftest import base, hour_of, off_peak
from tests.gateway.balance.test_days import BASE, HC
from tests.gateway.web import three_years
from tests.gateway.web.conftest import Visitor
from tests.gateway.web.looks import CUT_OFF, OVERLAPPING
from tests.gateway.web.test_cost import plain
from tests.gateway.web.test_history import ask
from tests.gateway.web.test_in_browser import NAMELESS, PALE, SMALL

# A week of January, of which all days have 24 hours; a month of 31 days at 31 € is a euro a day.
FIRST, END = date(2026, 1, 12), date(2026, 1, 19)
OFF_PEAK = '[[off_peak]]\nfrom = 2000-01-01\nhours = ["{}"]\n'
SIX_KVA = {"contract/power/reference": 6000}


def week(house, powers, said=SIX_KVA):
    """Whole days, whose power is said from the beginning on."""
    house.live(midnight(FIRST), midnight(END), powers, lambda _: said)


def offers(text):
    """Name -> what stands beside it, the first one first."""
    lines = re.findall(
        r'<li class="card( own)?"><h2>(.*?)</h2><p class="sum">(.*?)</p>.*?<p class="note">(.*?)</p>', text
    )
    return {html.unescape(name): (plain(euros), plain(note), bool(own)) for own, name, euros, note in lines}


def test_the_same_week_under_each_offer_is_what_is_reckoned_by_hand(house):
    """16.128 kWh in eight hours and 8.064 in sixteen, each of seven days, at the prices of the examples at 6 kVA."""
    house.configure(HC + OFF_PEAK.format("22:00/06:00"))
    week(house, off_peak)
    (text,) = ask(house, "/cost/offers")
    found = offers(text)
    months = 7 * 15.65 / 31
    # 112.896 kWh and 56.448, at 0.20 and 0.30 €, and seven euros.
    own = 112.896 * 0.2 + 56.448 * 0.3 + 7
    regulated = 112.896 * 0.1579 + 56.448 * 0.2065 + months
    plain_one = 169.344 * 0.194 + months
    assert list(found) == [
        "Tarif Bleu, option Heures Creuses", "Tarif Bleu, option Base", "Base", "Tarif Bleu, option Tempo",
    ]  # fmt: skip
    assert found["Base"] == (euros(own), "Votre contrat", True)
    less = "{} de moins qu’avec votre contrat"
    assert found["Tarif Bleu, option Heures Creuses"] == (euros(regulated), less.format(euros(own - regulated)), False)
    assert found["Tarif Bleu, option Base"] == (euros(plain_one), less.format(euros(own - plain_one)), False)
    name, why, _ = found["Tarif Bleu, option Tempo"]
    assert (name, why) == (
        "inconnu",
        "La couleur de trop de ces jours est inconnue : le compteur ne l’indique qu’avec Tempo.",
    )
    shown = plain(text)
    # Of the evening before five minutes are known, and no day.
    assert "Du 12 janvier 2026 au 18 janvier 2026 : 7 jours entiers, 169 kWh" in shown
    assert "Moins d’un an de mesures" in shown
    assert "Prix réglementés d’EDF au 1er février 2026, relevés le 18 mai 2026" in shown
    assert "Heures creuses à essayer" not in shown


def euros(value):
    return f"{value:.2f} €".replace(".", ",")


def day_and_night(time):
    """A Base house that draws 2,016 W from 22 to 6 o'clock and 504 W by day."""
    watts = 504 if 6 <= hour_of(time) < 22 else 2016
    return {DRAWN: watts, f"{DRAWN}/provider/base": watts}


def test_hours_that_nobody_knows_may_be_tried(house):
    """A Base meter says no off-peak hours: unknown, until some are typed; its own half hours tell the rest."""
    house.configure(BASE)
    week(house, day_and_night)
    unknown, tried, other = ask(
        house, "/cost/offers", "/cost/offers?since=22:00&until=06:00", "/cost/offers?since=12%3A00&until=20%3A00"
    )
    name = "Tarif Bleu, option Heures Creuses"
    assert offers(unknown)[name][:2] == (
        "inconnu",
        "Votre compteur n’a pas indiqué quelles heures creuses vous auriez.",
    )
    months = 7 * 15.65 / 31
    assert offers(tried)[name][0] == euros(112.896 * 0.1579 + 56.448 * 0.2065 + months)
    # Eight hours of the day are 4.032 kWh.
    assert offers(other)[name][0] == euros(28.224 * 0.1579 + 141.12 * 0.2065 + months)
    # What needs no hours is the same whichever are tried.
    assert len({offers(text)["Tarif Bleu, option Base"] for text in (unknown, tried, other)}) == 1
    assert 'name="since" value="22:00"' in tried
    assert 'name="since" value="12:00"' in other
    # The other language tries the same hours.
    assert re.search(r'href="/cost/offers\?meter=house&amp;since=12%3A00&amp;until=20%3A00&amp;lang=en"', other)


def test_hours_that_are_tried_never_stand_for_those_that_are_known(house):
    """The meter's own are kept, whatever is typed into the address."""
    house.configure(HC + OFF_PEAK.format("22:00/06:00"))
    week(house, off_peak)
    known, tried = ask(house, "/cost/offers", "/cost/offers?since=08:00&until=16:00")
    assert offers(known) == offers(tried)


def test_a_contract_whose_hours_are_not_the_meters_is_compared_with_nothing(house):
    """More than two per cent apart: one sentence, and the way to the tariff, instead of figures that are wrong."""
    house.configure(HC + OFF_PEAK.format("20:00/04:00"))
    week(house, off_peak)
    (text,) = ask(house, "/cost/offers")
    assert offers(text) == {}
    assert "Les heures de votre tarif ne sont pas celles que compte votre compteur" in plain(text)
    assert re.search('<a class="button" href="/settings/tariff">', text)
    assert "option Base" not in text


def test_without_the_subscribed_power_or_a_whole_day_nothing_is_guessed(house):
    """Each is said to be unknown with why; a first evening is told what it takes."""
    house.configure(BASE)
    (text,) = ask(house, "/cost/offers")
    assert "Il faut au moins un jour entier de mesures." in plain(text)
    week(house, day_and_night, {})
    (text,) = ask(house, "/cost/offers?since=22:00&until=06:00")
    found = offers(text)
    assert found["Base"][2]
    why = "Votre compteur n’a pas encore indiqué la puissance souscrite, dont le prix dépend."
    assert [found[f"Tarif Bleu, option {one}"][:2] for one in ("Base", "Heures Creuses")] == [("inconnu", why)] * 2


def test_without_a_tariff_offers_are_shown_without_a_difference(house):
    """The page is there for who has no prices yet: what each would cost, and nobody's contract."""
    week(house, day_and_night)
    (text,) = ask(house, "/cost/offers")
    assert offers(text)["Tarif Bleu, option Base"] == (euros(169.344 * 0.194 + 7 * 15.65 / 31), "", False)
    assert "votre contrat" not in plain(text)


def test_hours_that_are_tried_never_make_the_contract_wrong(house):
    """Of a meter that counts hc and hp and says no hours: a guess that its indexes refute is said to be one."""
    house.configure(HC)
    week(house, off_peak)
    unknown, right, wrong = ask(
        house, "/cost/offers", "/cost/offers?since=22:00&until=06:00", "/cost/offers?since=12:00&until=20:00"
    )
    sentence = "Ce ne sont pas les heures creuses de votre compteur"
    assert "Base" in offers(right)
    assert sentence not in plain(unknown) + plain(right)
    assert sentence in plain(wrong)
    assert "Les heures de votre tarif ne sont pas" not in plain(wrong)
    assert offers(wrong) == offers(unknown)
    assert offers(unknown)["Tarif Bleu, option Base"][0] == euros(169.344 * 0.194 + 7 * 15.65 / 31)
    assert 'name="since" value="12:00"' in wrong


def test_a_contract_that_is_wrong_whatever_is_tried_stays_wrong(house):
    """Its own rules name hours that the meter does not count by: no guess takes that away."""
    rules = 'when = [{ class = "hc", hours = ["10:00/18:00"] }, { class = "hp" }]\n'
    house.configure(HC.rstrip("\n") + "\n" + rules)
    week(house, off_peak)
    for text in ask(house, "/cost/offers", "/cost/offers?since=12:00&until=20:00"):
        assert offers(text) == {}
        assert "Les heures de votre tarif ne sont pas celles que compte votre compteur" in plain(text)


def test_what_changes_meanwhile_is_compared_at_once(house):
    """An erasure, hours that are set, another price: the next look knows, and shows nothing of before."""
    house.configure(BASE)
    week(house, day_and_night)
    past = HouseholdPast(house.config, StoreReader(house.folder, three_years.settled))

    def look():
        return asyncio.run(past.offers("house", None))

    def paid(found):
        return {one.name: one.euros for one in found.offers}

    before = paid(look())
    assert before["Tarif Bleu, option Heures Creuses"] is None
    house.configure(BASE.replace("0.2 }", "0.4 }") + OFF_PEAK.format("22:00/06:00"))
    adopt(past._config, house.config)
    after = paid(look())
    assert after["Base"] == pytest.approx(169.344 * 0.4 + 7)
    assert after["Tarif Bleu, option Heures Creuses"] is not None
    with closing(Store(house.folder)) as store:
        store.erasure.erase_range(Range(first=midnight(date(2026, 1, 14)), last=midnight(date(2026, 1, 16))), 0.0)
        assert look().days == 5
        store.erasure.erase_everything(0.0)
    assert (look().days, look().wh) == (0, 0)


@pytest.mark.parametrize(
    "query", ["since=25:00&until=06:00", "since=%3Cb%3E", "since=22:00&until=22:00", "until=06:00"]
)
def test_what_are_no_hours_is_said(house, query):
    """Status 400 and a sentence, never what was typed as markup."""
    with three_years.served(house.folder, house.config) as served:
        answer, text = served.owner.get(f"/cost/offers?{query}")
        assert answer.status == 400
        assert "ne sont pas des heures : écrivez-les comme 22:30 et 06:30." in plain(text).replace("\xa0", " ")
        assert "<b>" not in text
        assert served.owner.get("/cost/offers?meter=x")[0].status == 400
        answer, text = Visitor(served.port).get("/cost/offers")
        assert (answer.status, text) == (303, "")


def test_the_cost_leads_there_and_it_can_be_read_at_every_size(browser, house):
    """By its button on a phone; hours typed there are tried; nothing clipped, pale, nameless, small or covered."""
    house.configure(BASE)
    week(house, day_and_night)
    house.live(midnight(END), midnight(END) + 6 * 3600, base(504), lambda _: SIX_KVA)
    with three_years.served(house.folder, house.config, password=False) as served:
        browser.cookie(served.url, "linky_session", served.owner.cookies["linky_session"])
        browser.complaints.clear()
        for width, height, dark in ((360, 740, False), (1440, 900, True)):
            browser.dark(on=dark)
            browser.open(f"{served.url}/cost", width=width, height=height, language="fr")
            browser.press("0", "a[href^='/cost/offers']")
            assert "inconnu" in browser.evaluate("document.querySelector('.offers').innerText")
            browser.press("document.querySelector('[name=until]').value = '07:00'", ".card .pick button")
            browser.await_true("document.querySelector('[name=until]')?.value === '07:00'")
            assert browser.evaluate("document.querySelectorAll('.offers .own').length") == 1
            if folder := os.environ.get("SCREENSHOTS"):
                browser.screenshot(Path(folder) / f"offers-{width}.png")
            assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
            for fault in (CUT_OFF, OVERLAPPING, PALE, NAMELESS, SMALL):
                assert browser.evaluate(fault) == [], width
        browser.dark(on=False)
        assert browser.complaints == []
        browser.open("about:blank")


def test_a_day_that_is_not_over_is_no_day(house):
    """Half a day more changes nothing of what is compared."""
    house.configure(BASE)
    week(house, day_and_night)
    (before,) = ask(house, "/cost/offers")
    house.live(midnight(END), midnight(END) + 12 * 3600, base(5040), lambda _: SIX_KVA)
    (after,) = ask(house, "/cost/offers")
    assert offers(before) == offers(after)
    assert f"{(END - timedelta(days=1)).day} janvier 2026 : 7 jours" in plain(after)
