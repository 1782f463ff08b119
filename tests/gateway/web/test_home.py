"""The first page answers what a household asks first, on a phone without a tap and without scrolling.

Three houses, each over a real store: one with off-peak hours on its first evening, one with Tempo, one with panels.
What is looked for is what a person, or a screen reader, finds it by: its heading and its words.
"""

import asyncio
import gzip
import html
import json
import os
import re
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from gateway.balance.calendar import midnight
from gateway.config.settings import adopt
from gateway.errors import StoreError
from gateway.links.alert_words import FaultKind
from gateway.live.meter import Snapshot, TariffAhead
from gateway.live.topics import as_json
from gateway.web.home.banner import banner
from gateway.web.home.stored import HomeFigures
from gateway.web.home.words import HOME_WORDS
from gateway.web.menu import arranged
from gateway.web.reader import StoreReader, nothing_to_settle
from gateway.web.view import PageView
from gateway.web.words import WORDS
from tests.gateway.balance.conftest import DRAWN, SOLAR, House, off_peak, panels, producing
from tests.gateway.web import three_years
from tests.gateway.web.looks import AXE, VIOLATIONS
from tests.gateway.web.recorded.visits import visits
from tests.gateway.web.stand_in import StandInHouse
from tests.gateway.web.test_in_browser import CLIPPED, NAMELESS, PALE, SMALL
from tests.gateway.web.test_page import stream
from tests.gateway.web.test_recorded import english_in
from tests.test_french import TECHNICAL

PHONE, DESK = (390, 844), (1440, 900)
DAY = date(2026, 1, 14)
HOUR = 3600
QUIET = Snapshot(
    meter="house", sequence=1, time=None, age_s=1.2, standard=True, drawn_va=1300, injected_va=None, subscribed_va=6000,
    tariff="HEURES PLEINES", tariff_kind="peak", tariff_index=2, tempo_today="unknown", tempo_tomorrow="unknown",
    overload=False, breaker="closed", injecting=False, drawn_today_wh=None, drawn_yesterday_wh=None,
    injected_today_wh=None, produced_today_wh=None, broken=(), alert=False, power_w=1240, power_within_w=30,
)  # fmt: skip
PHASES = [{"phase": 1, "va": 1300, "v": 231, "a": 6}]
HC = """[[tariff]]
name = "Heures creuses"
from = 2020-01-01
subscription = 15.5
prices = { hc = 0.1, hp = 0.2, base = 0.2 }
"""
TEMPO = HC.replace("hc = 0.1, hp = 0.2, base = 0.2", "hcjb = 0.1, hpjb = 0.2, hcjr = 0.15, hpjr = 0.7")

# The words below a heading, or of a link, that a phone shows at once: null where it is not seen without scrolling.
BELOW = """((said) => {
  const bar = document.querySelector("nav").getBoundingClientRect();
  const floor = bar.width > bar.height ? bar.top : innerHeight;
  const named = [...document.querySelectorAll("h2, h3, [role=alert]")].filter((one) => one.innerText.startsWith(said));
  const box = named.map((one) => one.closest("section, a") ?? one)[0];
  if (!box) return null;
  const {top, bottom} = box.getBoundingClientRect();
  return top >= 0 && bottom <= floor ? box.innerText : null;
})"""


class Quiet(StandInHouse):
    """A house in which nothing is at fault."""

    def alerts(self):
        return []


def meter(**said):
    """What the meter says now, as the page is told."""
    snapshot = replace(QUIET, **said)
    return as_json(snapshot) | {"phases": PHASES}


@contextmanager
def served(lived, now, house=Quiet, **said):
    """The page of a house at that second."""
    told = meter(time=datetime.fromtimestamp(now, UTC), **said)
    stands = house(told, config=lived.config, moment=now)
    with three_years.served(lived.folder, lived.config, password=False, house=stands) as running:
        yield running


@contextmanager
def opened(browser, running, size=PHONE, language="fr", *, dark=False):
    """The page in the owner's browser."""
    browser.forget()
    browser.cookie(running.url, "linky_session", running.owner.cookies["linky_session"])
    browser.dark(on=dark)
    browser.complaints.clear()
    browser.open(running.url, width=size[0], height=size[1], language=language)
    yield lambda heading: browser.evaluate(f"{BELOW}({json.dumps(heading)})")
    assert browser.complaints == []
    # A page left open would complain of a server that is gone, in the middle of another test.
    browser.open("about:blank")


def keep(browser, name):
    if folder := os.environ.get("SCREENSHOTS"):
        browser.screenshot(Path(folder) / f"{name}.png", whole=False)


@pytest.fixture
def evening(tmp_path):
    """Off-peak hours, first heard at 17:40; it is ten past seven."""
    lived = House(tmp_path)
    lived.configure(HC)
    # The frame before that one is the first.
    begin = midnight(DAY) + 17 * HOUR + 2700
    now = midnight(DAY) + 19 * HOUR + 600
    texts = {"consumption/power/apparent/raw": 1300, "contract/tariff": "HP.."}
    lived.live(begin, now, lambda time: off_peak(time) | {DRAWN: 1200, f"{DRAWN}/provider/hp": 1200}, lambda _: texts)
    ahead = TariffAhead(
        until=datetime(2026, 1, 14, 21, 30, tzinfo=UTC), off_peak_next=datetime(2026, 1, 14, 21, 30, tzinfo=UTC),
        today=(("00:00", "06:30"), ("22:30", "24:00")),
    )  # fmt: skip
    return lived, now, {"ahead": ahead, "drawn_today_wh": 1700, "partial": ("today",)}


@pytest.fixture
def tempo(tmp_path):
    """A red day after four weeks of blue ones; it is half past six in the evening."""

    def powers(time):
        low = not 6 <= datetime.fromtimestamp(time, UTC).hour + 1 < 22
        word = f"h{'c' if low else 'p'}j{'r' if time >= midnight(DAY) else 'b'}"
        return {
            DRAWN: 960,
            **{f"{DRAWN}/provider/{one}": 960 * (one == word) for one in ("hcjb", "hpjb", "hcjr", "hpjr")},
        }

    lived = House(tmp_path)
    lived.configure(TEMPO)
    now = midnight(DAY) + 18 * HOUR + 1800
    texts = {"consumption/power/apparent/raw": 1000, "contract/tariff": "HPJR"}
    lived.live(midnight(DAY - timedelta(days=8)), now, powers, lambda _: texts)
    ahead = TariffAhead(
        until=datetime(2026, 1, 14, 21, tzinfo=UTC), off_peak_next=datetime(2026, 1, 14, 21, tzinfo=UTC),
        today=(("00:00", "06:00"), ("22:00", "24:00")), red_left="18", white_left="12/14",
    )  # fmt: skip
    return lived, now, {
        "ahead": ahead, "tempo_today": "red", "tempo_tomorrow": "white", "tariff": "HPJR", "drawn_today_wh": 17_760,
        "drawn_yesterday_wh": 23_040, "power_w": 960, "drawn_va": 1000,
    }  # fmt: skip


@pytest.fixture
def sunny(tmp_path):
    """Panels of the house's own, at three in the afternoon of its second week."""
    lived = House(tmp_path)
    lived.configure(HC + SOLAR)
    now = midnight(DAY) + 15 * HOUR
    texts = {"consumption/power/apparent/raw": 0, "contract/tariff": "TH.."}
    lived.live(midnight(DAY - timedelta(days=8)), now, producing, lambda _: texts)
    lived.live(midnight(DAY - timedelta(days=8)), now, panels, meter="solar")
    return lived, now, {
        "tariff": "BASE", "tariff_kind": "base", "power_w": -1512, "drawn_va": 0, "injected_va": 1512,
        "drawn_today_wh": 5040, "drawn_yesterday_wh": 9072, "injected_today_wh": 7560, "produced_today_wh": 10_080,
        "injecting": True,
    }  # fmt: skip


def test_a_first_evening_with_off_peak_hours(browser, evening):
    """Six questions are answered, two say why not yet; nothing has to be tapped or scrolled."""
    lived, now, said = evening
    with served(lived, now, **said) as running, opened(browser, running) as below:
        keep(browser, "evening")
        this_moment = below("Consommation en ce moment")
        assert re.search(r"1,24\s*kW", this_moment)
        assert re.search(r"22\s% de vos 6\skVA", this_moment)
        assert re.search(r"0,248\s€ par heure", this_moment)
        assert "D’habitude à cette heure : connu dans cinq jours" in this_moment.replace("\xa0", " ")
        today = below("Aujourd’hui").replace("\xa0", " ").replace("\u202f", " ")
        assert "depuis 17 h 40" in today
        # 1.7 kWh at 0.20 €, and 19 hours of a day's 0.50 €.
        assert "0,74 €" in today
        assert "1,7 kWh" in today
        assert "Heures creuses dans 3 h 20, à 22 h 30" in today
        assert "c’est le premier jour" in below("Hier")
        assert browser.evaluate("document.querySelector('.ribbon svg').getAttribute('aria-label')").startswith(
            "Consommation par demi-heure aujourd’hui."
        )


def test_a_red_day_of_tempo(browser, tempo):
    """Both colours, the days left, what the day costs beside yesterday at this hour, and all of yesterday at a tap."""
    lived, now, said = tempo
    with served(lived, now, **said) as running, opened(browser, running) as below:
        keep(browser, "tempo")
        assert re.search(r"D’habitude à cette heure\s: 960\sW", below("Consommation en ce moment"))
        today = below("Aujourd’hui").replace("\xa0", " ").replace("\u202f", " ")
        # Six hours at 0.15 €, twelve and a half at 0.70 €, and the day's part of its 0.50 €.
        assert "9,65 €" in today
        assert "17,8 kWh" in today
        assert "hier à la même heure : 3,36 €" in today
        assert "Heures creuses dans 3 h 30, à 22 h" in today
        assert re.search(r"Aujourd’hui\s+Rouge\s+Demain\s+Blanc", below("Tempo"))
        assert "18 jours rouges restants, entre 12 et 14 blancs" in below("Tempo").replace("12 à 14", "entre 12 et 14")
        assert re.search(r"23,0\skWh", below("Hier"))
        browser.press("0", "a.yesterday")
        assert browser.evaluate("location.search") == "?date=2026-01-13"


def test_a_house_with_panels(browser, sunny):
    """What leaves now, and of today what was produced, used here and sent, with the share used here."""
    lived, now, said = sunny
    with served(lived, now, **said) as running, opened(browser, running) as below:
        keep(browser, "sunny")
        assert re.search(r"1,51\s*kW", below("Injection en ce moment"))
        sun = below("Votre soleil aujourd’hui").replace("\xa0", " ").replace("\u202f", " ")
        assert "25 % utilisé ici" in sun
        assert [one for one in ("10,1 kWh", "2,5 kWh", "7,6 kWh") if one not in sun] == []
        assert re.search(r"9,1\skWh", below("Hier"))
        # 5.04 drawn, 10.08 made, 7.56 sent; the day before 9.07, 12.1 and 9.07.
        for heading, used in (("Aujourd’hui", "7,6"), ("Hier", "12,1")):
            card = below(heading)
            assert re.search(rf"soutirés du réseau\s; consommation totale\s: {used}\skWh", card), card
        assert browser.evaluate("document.querySelector('.ribbon svg').getAttribute('aria-label')").startswith(
            "Soutiré du réseau par demi-heure aujourd’hui."
        )
    # At night, and where the counter is not read: what comes from the grid is called so, and the whole is not known.
    night = {"power_w": 500, "drawn_va": 500, "injected_va": 0, "produced_today_wh": None, "produced_doubt": "unread"}
    with served(lived, now, **said | night) as running, opened(browser, running) as below:
        assert below("Soutiré du réseau en ce moment")
        assert re.search(r"soutirés du réseau\s; consommation totale\s: inconnue", below("Aujourd’hui"))


def test_the_page_keeps_what_was_used_in_all_up_to_date(sunny):
    """The stream says it, as the page does; of a house without panels nothing of the kind is said."""
    lived, now, said = sunny
    with served(lived, now, **said) as running:
        assert next(stream(running.owner, 1))["shown"][0]["consumed_today"] == "7,6\u202fkWh"
    plain = {"injected_va": None, "injected_today_wh": None, "produced_today_wh": None, "power_w": 500, "drawn_va": 500}
    with served(lived, now, **said | plain) as running:
        told = next(stream(running.owner, 1))["shown"][0]
        assert ("consumed_today" in told, told["panels"], told["what"]) == (False, False, "Consommation en ce moment")


@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("en", True)], ids=["light-fr", "dark-en"])
@pytest.mark.parametrize("kind", ["evening", "tempo", "sunny"])
def test_each_of_them_can_be_read_by_everybody(browser, request, kind, language, dark):
    """On a phone and a desktop nothing is clipped, contrasts are AA, all can be pressed; axe finds nothing."""
    lived, now, said = request.getfixturevalue(kind)
    with served(lived, now, **said) as running:
        for size in (PHONE, (768, 1024), DESK):
            with opened(browser, running, size, language, dark=dark):
                keep(browser, f"{kind}-{size[0]}-{language}")
                where = f"{kind} {size[0]}"
                assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
                for fault in (CLIPPED, PALE, NAMELESS, SMALL):
                    assert browser.evaluate(fault) == [], where
                browser.evaluate(AXE)
                assert browser.evaluate(VIOLATIONS) == [], where


def test_every_number_is_there_without_a_script(sunny):
    """What the server sends has all of them already, and with style and script comes to 30 kB at most."""
    lived, now, said = sunny
    with served(lived, now, **said) as running:
        _, text = running.owner.get("/", Accept_Language="fr")
        plain = re.sub(r"<[^>]+>", " ", text)
        for number in ("1,51", "10,1\u202fkWh", "5,0\u202fkWh", "9,1\u202fkWh"):
            assert number in plain
        files = [
            running.owner.get(path)[1] for path in re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js)[^"]*)"', text)
        ]
        assert len(files) == 4
        assert sum(len(gzip.compress(one.encode())) for one in (text, *files)) <= 30_000


def test_of_what_is_given_no_hour_costs_anything(evening):
    """Though the store knows a price and what was drawn a moment ago."""
    lived, now, said = evening
    for giving, cost in ({}, True), ({"power_w": -1512, "drawn_va": 0, "injected_va": 1512, "injecting": True}, False):
        with served(lived, now, **said | {"power_w": None} | giving) as running:
            page = html.unescape(running.owner.get("/?lang=fr")[1])
        assert (HOME_WORDS["fr"]["giving_now"] in page) is not cost
        assert ("par heure" in page) is cost


def test_what_is_produced_and_not_counted_is_said_to_be_unknown(browser, sunny):
    """A counter that does not answer: no number that would be more sent than produced."""
    lived, now, said = sunny
    doubt = said | {"produced_today_wh": None, "produced_doubt": "unread", "broken": ("counter",)}
    with served(lived, now, **doubt) as running, opened(browser, running) as below:
        assert "son compteur ne répond pas" in below("Votre soleil aujourd’hui")
        assert "Tout va bien" not in browser.evaluate("document.body.innerText")


def test_a_silent_meter_is_one_banner_with_what_to_do(browser, evening):
    """Its age, the cable, the way to the page of the state; the old values stay and are marked."""
    lived, now, said = evening
    with served(lived, now, **said | {"age_s": 200.0}) as running, opened(browser, running) as below:
        keep(browser, "silent")
        told = below("Le compteur n’envoie plus rien")
        assert "3 min" in told
        assert "I1 et I2" in told
        assert browser.evaluate("document.querySelectorAll('[role=alert]').length") == 1
        assert browser.evaluate("document.querySelector('[role=alert] a').getAttribute('href')") == "/links"
        assert browser.evaluate("document.querySelector('.now').classList.contains('old')")
        # Its last day is months ago: nothing of it is called today's, and no watts are promised.
        assert browser.evaluate("document.querySelector('.today h3').innerText").startswith("mer. 14 janv.")
        assert HOME_WORDS["fr"]["watts_soon"] not in browser.evaluate("document.body.innerText")
        # What it drew then is not drawn now, and which hours have come since nobody knows.
        first = " ".join(browser.evaluate("document.querySelector('.now h3').innerText").split())
        assert first.startswith("Consommation, dernière mesure : 19 h 10")
        assert not browser.evaluate("document.querySelector('.when')")


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("kind", [one.name.lower() for one in FaultKind])
def test_every_fault_has_a_first_step_on_the_page(kind, lang):
    """What is wrong, what to do, and a way that is a page of the house: no command, no path, no English in French."""
    words = WORDS[lang] | HOME_WORDS[lang]
    view = PageView(lang, "/", None, {}, words, arranged([]), requests=lambda: 0)
    told = banner(view, [meter()], [{"kind": kind, lang: "x"}])
    said = [told.said, told.remedy, *(words[door] for _, door in told.doors)]
    assert all(said)
    assert not [one for one in said if TECHNICAL.search(one)]
    assert lang == "en" or english_in(f'200\n<html lang="fr"><p>{" ".join(said)}</p></html>') == []
    assert {path for path, _ in told.doors} <= {one.path.partition("?")[0] for one in visits() if one.form is None}
    assert told.more == 0


def test_yesterday_that_was_heard_in_part_is_said_to_be_so(tmp_path):
    """First heard at eleven in the evening: what it came to is at least so much."""
    lived = House(tmp_path)
    lived.configure(HC)
    now = midnight(DAY) + 10 * HOUR
    lived.live(midnight(DAY) - HOUR, now, off_peak, lambda _: {"contract/tariff": "HP.."})
    with served(lived, now) as running:
        _, text = running.owner.get("/", Accept_Language="fr")
    (card,) = re.findall(r'<a class="card yesterday".*?</a>', text, re.DOTALL)
    assert "kWh" in card
    assert HOME_WORDS["fr"]["at_least_so_far"] in html.unescape(card)


def test_without_prices_the_page_leads_to_them(browser, evening):
    """Energy alone, and one link."""
    lived, now, said = evening
    lived.configure("")
    with served(lived, now, **said) as running, opened(browser, running) as below:
        assert "€" not in below("Aujourd’hui")
        assert browser.evaluate("document.querySelector('.today .note a').getAttribute('href')") == "/settings/tariff"


def test_a_house_that_was_never_heard_is_told_what_comes(browser, tmp_path):
    """One drawing, one sentence, one button; no empty figure."""
    lived = House(tmp_path)
    lived.configure("")
    with served(lived, int(time.time()), age_s=None, power_w=None, drawn_va=None) as running, opened(browser, running):
        keep(browser, "empty")
        text = browser.evaluate("document.getElementById('main').innerText")
        assert "En attente du compteur" in text
        assert "–" not in text
        assert browser.evaluate("document.querySelectorAll('#main .card').length") == 1


@pytest.mark.parametrize(("waiting", "words"), [(0, None), (1, "1 demande en attente"), (2, "2 demandes en attente")])
def test_the_badge_counts_the_requests_that_wait(waiting, words):
    """For eyes as a number and for ears as words, in the bar of whatever page; without any there is none."""
    session = SimpleNamespace(form_token="x")
    menu = arranged([("/", "home"), ("/sharing", "sharing"), ("/links", "links")])
    files = dict.fromkeys(("page.css", "page.js", "icon.svg", "icon-180.png"), "/static/x")
    said = WORDS["fr"] | {"sharing": "Partage"}
    text = PageView("fr", "/more", session, files, said, menu, requests=lambda: waiting).page("more/page.html")
    found = re.search(r'<b class="badge" aria-hidden="true">(\d+)</b>', text)
    assert (found[1] if found else None) == (str(waiting) if waiting else None)
    assert re.findall(r"\d+ demandes? en attente", text) == ([words] if words else [])


def test_the_store_is_read_once_a_minute_however_many_look(evening):
    """Ten looks, one reading; a store that cannot be read leaves what was known."""
    lived, now, _ = evening
    reads, broken = [], []

    class Counting(StoreReader):
        async def read(self, look):
            if broken:
                raise StoreError("the card is gone")
            reads.append(look)
            return await super().read(look)

    present = StandInHouse(meter(), config=lived.config, moment=now)._figures._now
    figures = HomeFigures(lived.config, Counting(lived.folder, nothing_to_settle), present)

    async def look():
        for _ in range(10):
            await figures.look()
        assert len(reads) == 1
        # Prices that were set a moment ago count at once.
        adopt(lived.config, msgspec.structs.replace(lived.config, tariff=()))
        await figures.look()
        assert len(reads) == 2
        first = dict(figures.days)
        assert first["house"].today.euros is None
        broken.append(True)
        figures._read_at -= 61
        await figures.look()
        assert figures.days == first

    asyncio.run(look())
    assert len(reads) == 2
    assert figures.days["house"].today.wh == 1700
