"""The page *my roof*: what a roof makes and which part is the household's, from received indexes to what is read."""

import html
import os
import re
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.balance.calendar import day_of, midnight
from gateway.household.days import POWER
from gateway.store.received import Incoming, Lot
from gateway.store.store import Archive, Store
from gateway.web.roof.stored import look
from tests.gateway.balance.conftest import AUTUMN, SPRING, WINTER, base, hour_of
from tests.gateway.balance.test_days import BASE
from tests.gateway.web import three_years
from tests.gateway.web.test_history import ask
from tests.gateway.web.test_in_browser import CLIPPED, NAMELESS, PALE, SIZES, SMALL

ROOF = """
[federation]
jid = "maison@e.org"
[[received]]
name = "est"
provider = "toit@e.org/proxy"
identifier = "toit@e.org/pv1@e.org/production"
[[received]]
name = "ouest"
provider = "toit@e.org/proxy"
identifier = "toit@e.org/pv2@e.org/production"
[[roof]]
name = "Toit de l'école"
area_m2 = 180
shares = 400
held = 20
share_price = 100
received = ["est", "ouest"]
budget = [
    { year = 2025, planned = 100, spent = [{ date = 2025-05-02, what = "Réparation <b>", euros = 140.5 }] },
    { year = 2026, planned = 1200, spent = [{ date = 2026-03-14, what = "Nettoyage", euros = 280 }] },
]
"""
PATH = "production/energy/active/index"
ONE = ROOF.replace('received = ["est", "ouest"]', 'received = ["est"]')


def plain(text):
    """What is read, with ordinary blanks."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text))).replace("\u202f", " ").replace("\xa0", " ")


def explained(page):
    """The colours that stand below the chart; none where there is no list of them."""
    legend = re.search(r'<ul class="classes">(.*?)</ul>', page, re.DOTALL)
    return [plain(one).strip() for one in re.findall(r"</svg>(.*?)<strong>", legend[1])] if legend else []


def receive(house, begin, end, watts, inverter="pv1", every=1800, granularity="PT30M"):
    """What an inverter counted from one moment until another, at each step."""
    name, index, values = f"toit@e.org/{inverter}@e.org/{PATH}", 0, []
    for at in range(begin, end + 1, every):
        values.append(Incoming(name, name, PATH, "Wh", granularity, at, index))
        index += watts(at) * every // 3600
    with closing(Store(house.folder)) as store:
        store.providers.receive("toit@e.org", [Lot(values, None, "P1Y")], begin)


def sunny(at):
    """20 kW in two hours of noon, 4 kW in two before and two after them."""
    return 20_000 if 12 <= hour_of(at) < 14 else 4_000 if 10 <= hour_of(at) < 16 else 0


def a_day(house, text=ONE + BASE, day=WINTER):
    """A day of 504 W all along, beside a twentieth of such a roof."""
    house.configure(text)
    house.live_day(day, base(504))
    receive(house, midnight(day), midnight(day + timedelta(days=1)), sunny)


def test_a_day_beside_the_part_is_what_is_reckoned_by_hand(house):
    """56 kWh of a roof, 2.8 of them ours; 1 kW in two hours and 200 W in four: 504 x 2 + 200 x 4 covered, at 0.20 €."""
    a_day(house)
    (text,) = ask(house, f"/roof?date={WINTER}")
    said = plain(text)
    assert "Votre part a produit 2,8 kWh ; en même temps, vous avez soutiré 12,1 kWh du réseau." in said
    assert "Elle en a couvert 1,8 kWh, soit 15 %." in said
    assert "À votre tarif, cette énergie aurait coûté 0,36 €." in said
    assert "20 parts sur 400 sont à vous (5 %)" in said
    assert "180 m²" in said
    assert "2 000,00 €" in said
    rows = re.findall(r"<tr><th scope=row>(.*?)</th>(.*?)</tr>", text)
    assert len(rows) == 48
    noon = [plain(row).split(" kWh") for name, row in rows if plain(name).strip().startswith("12 h –")]
    assert [cell.strip() for cell in noon[0][:3]] == ["0,50", "0,25", "0,25"]


@pytest.mark.parametrize(
    ("held", "french", "english"),
    [
        ("1", "1 part sur 400 est à vous (0,25 %)", "1 of 400 shares is yours (0.25%)"),
        ("0.5", "0,5 part sur 400 est à vous (0,13 %)", "0.5 of 400 shares is yours (0.13%)"),
        ("1.5", "1,5 part sur 400 est à vous (0,38 %)", "1.5 of 400 shares are yours (0.38%)"),
        ("2.5", "2,5 parts sur 400 sont à vous (0,63 %)", "2.5 of 400 shares are yours (0.63%)"),
    ],
)
def test_one_share_is_no_shares(house, held, french, english):
    """In both languages."""
    house.configure(ONE.replace("held = 20", f"held = {held}"))
    house.live_day(WINTER, base(504))
    found = [plain(text) for text in ask(house, "/roof", "/roof?lang=en")]
    assert french in found[0]
    assert english in found[1]


def test_a_budget_and_its_use(house):
    """What was planned and spent, year by year, the newest first; more than planned is said; a text is a text."""
    a_day(house)
    (text,) = ask(house, "/roof")
    said = plain(text)
    assert said.index("Prévu en 2026 : 1 200,00 €") < said.index("Prévu en 2025 : 100,00 €")
    assert "Il reste 920,00 €" in said
    assert "40,50 € de plus que prévu" in said
    assert "Réparation &lt;b&gt;" in text


def test_now_today_and_this_year(house):
    """A roof that is read until now: its power, what it made since midnight and since the year began, and the part."""
    now = int(time.time()) // 1800 * 1800
    begin = midnight(day_of(now))
    house.configure(ONE)
    house.live(now - 3600, now, base(504))
    # From before the year began; steady 12 kW, but for what came before that.
    first = midnight(day_of(now).replace(month=1, day=1)) - 1800
    receive(house, first, now, lambda _: 12_000, every=1800)
    (text,) = ask(house, "/roof?lang=en")
    cards = [plain(one) for one in re.findall(r'<(?:div|section) class="card">(.*?)</(?:div|section)>', text)]
    assert any("12.0 kW" in card for card in cards)
    today, year = (now - begin) * 12 // 3600, (now - first - 1800) * 12 // 3600
    assert any(f"{today}.0 kWh" in card and f"yours: {today / 20:.1f} kWh" in card for card in cards), (cards, today)
    assert any(f"{year:,} kWh" in card for card in cards), (cards, year)


def test_a_night_has_no_price(house):
    """Nothing was covered: neither euros of it nor the way to a tariff."""
    house.configure(ONE + BASE)
    house.live_day(WINTER, base(504))
    receive(house, midnight(WINTER), midnight(WINTER + timedelta(days=1)), lambda _: 0)
    said = plain(ask(house, f"/roof?lang=en&date={WINTER}")[0])
    assert "It covered 0.0 kWh of that: 0%." in said
    assert "€" not in said.partition("Upkeep")[0].partition("It covered")[2]


def test_one_silent_inverter_makes_the_roof_unknown_and_is_named(house):
    """Of two inverters one was never heard: no total, no part, and its name."""
    a_day(house, ROOF + BASE)
    (text,) = ask(house, f"/roof?lang=en&date={WINTER}")
    said = plain(text)
    assert "Nothing has been received for hours from: est, ouest" in said
    assert "yours: unknown" in said
    assert "are not known together for any half hour" in said
    now = int(time.time()) // 1800 * 1800
    receive(house, now - 3600 * 30, now, lambda _: 12_000)
    assert "Nothing has been received for hours from: ouest." in plain(ask(house, "/roof?lang=en")[0])


@pytest.mark.parametrize(
    ("text", "colours"),
    [
        (ONE, ["Your part", "Covered by your part", "Not covered"]),
        (ROOF, ["Drawn from the grid; your part is unknown"]),
    ],
    ids=["known", "one silent"],
)
def test_the_colours_that_are_there_are_explained(house, text, colours):
    """While one inverter is unknown no bar is divided: neither colour of a part stands below the chart."""
    a_day(house, text + BASE)
    (page,) = ask(house, f"/roof?lang=en&date={WINTER}")
    assert explained(page) == colours


def test_an_outline_alone_is_explained(house):
    """Of a day of which one's own meter is not known: what the part made is drawn, and said what it is."""
    house.configure(ONE)
    house.live_day(WINTER, base(504))
    other = WINTER + timedelta(days=3)
    receive(house, midnight(other), midnight(other + timedelta(days=1)), sunny)
    (page,) = ask(house, f"/roof?lang=en&date={other}")
    assert 'class="outline"' in page
    assert explained(page) == ["Your part"]


def test_an_inverter_that_stopped_leaves_no_sum(house):
    """What the other one goes on to make, and the one made until ten o'clock, are not what the roof made."""
    begin = midnight(WINTER)
    house.configure(ROOF + BASE)
    for inverter, hours in (("pv1", 10), ("pv2", 16)):
        receive(house, begin - 1800, begin + hours * 3600, lambda _: 12_000, inverter)
    with closing(Archive(house.folder)) as archive:
        (then,) = look(archive, house.config, "house", None, begin + 10 * 3600).roofs
        (later,) = look(archive, house.config, "house", None, begin + 16 * 3600).roofs
    assert (then.today, then.silent) == (240_000, [])
    assert (later.today, later.year, later.mine_today, later.mine_year) == (None, None, None, None)
    assert later.silent == ["est"]


def test_an_index_that_was_set_back_leaves_no_year(house):
    """Another inverter under the same name: what the first had counted until then nobody knows."""
    begin, now = midnight(WINTER), midnight(WINTER + timedelta(days=9))
    house.configure(ONE)
    receive(house, begin, midnight(WINTER + timedelta(days=5)), lambda _: 12_000)
    with closing(Archive(house.folder)) as archive:
        (one,) = look(archive, house.config, "house", None, now - 4 * 86_400).roofs
    assert one.year > 0
    receive(house, midnight(WINTER + timedelta(days=5)) + 1800, now, lambda _: 20_000)
    with closing(Archive(house.folder)) as archive:
        (one,) = look(archive, house.config, "house", None, now).roofs
    assert (one.year, one.mine_year, one.today, one.silent) == (None, None, 0, [])


def test_a_year_of_two_inverters_is_of_the_time_of_both(house):
    """One counted for four days before the other was heard: the sum begins where its date says, with the second."""
    begin, now = midnight(WINTER), midnight(WINTER) + 6 * 3600
    house.configure(ROOF)
    receive(house, begin - 4 * 86_400, now, lambda _: 12_000)
    receive(house, begin + 3600, now, lambda _: 6_000, "pv2")
    with closing(Archive(house.folder)) as archive:
        (one,) = look(archive, house.config, "house", None, now).roofs
    assert (one.year, one.mine_year, one.year_since) == (5 * 18_000, 5 * 900, begin + 3600)


def test_what_the_roof_covers_right_now_is_said(house):
    """252 of 504 W, over the last five minutes of both; not where half hours alone come."""
    now = int(time.time()) // 60 * 60
    house.configure(ONE)
    house.live(now - 3600, now, base(504), lambda _: {POWER: 600})
    receive(house, now - 1800, now, lambda _: 5040, every=10, granularity="raw")
    assert "The roof covers 50% of what you are using right now." in plain(ask(house, "/roof?lang=en")[0])


@pytest.mark.parametrize("day", [WINTER, SPRING, AUTUMN])
@pytest.mark.parametrize("minutes", [0, 1, 540, 1069, 1071, 1439])
def test_a_night_is_no_fault(house, day, minutes):
    """An index that rests since ten to midnight says nothing until it counts: unknown, and after 18 hours named."""
    begin = midnight(day)
    house.configure(ONE)
    receive(house, begin - 7800, begin - 600, lambda _: 12_000, every=60, granularity="raw")
    with closing(Archive(house.folder)) as archive:
        (one,) = look(archive, house.config, "house", None, begin + minutes * 60).roofs
    assert (one.today, one.mine_today, one.silent) == (None, None, ["est"] if minutes > 1070 else [])
    assert one.heard == begin - 600


def test_what_was_counted_while_nothing_was_read_is_not_of_today(house):
    """Silent for three days, and back this morning: when it counted these 300 kWh nobody knows; the year knows them."""
    begin = midnight(WINTER)
    house.configure(ONE)
    name = f"toit@e.org/pv1@e.org/{PATH}"
    said = [(begin - 3 * 86_400, 0), (begin + 36_000, 300_000), (begin + 37_800, 301_000)]
    values = [Incoming(name, name, PATH, "Wh", "PT30M", at, wh) for at, wh in said]
    with closing(Store(house.folder)) as store:
        store.providers.receive("toit@e.org", [Lot(values, None, "P1Y")], begin)
    with closing(Archive(house.folder)) as archive:
        (one,) = look(archive, house.config, "house", None, begin + 38_000).roofs
    assert (one.today, one.mine_today, one.year, one.mine_year) == (None, None, 301_000, 15_050)
    assert (one.watts, one.silent) == (2000, [])


@pytest.mark.parametrize(("day", "count"), [(SPRING, 46), (AUTUMN, 50)])
def test_a_day_on_which_the_clock_changes_has_as_many_bars(house, day, count):
    """Of 23 and of 25 hours, in the picture and in the table."""
    a_day(house, day=day)
    (text,) = ask(house, f"/roof?date={day}")
    assert len(re.findall('class="hit"', text)) == count
    assert len(re.findall("<tr><th scope=row>", text)) == count


def test_a_roof_of_which_nothing_came_says_what_to_do(house):
    """No figure: that its co-operative has to say yes."""
    house.configure(ONE)
    house.live_day(WINTER, base(504))
    (text,) = ask(house, "/roof?lang=en")
    assert "Nothing has been received from this roof yet" in plain(text)
    assert "0.0 kWh" not in plain(text)


def test_without_a_tariff_nothing_has_a_value(house):
    """The way to where it is set, and no euro; where a part has no price it is unknown."""
    a_day(house, ONE)
    (text,) = ask(house, f"/roof?date={WINTER}&lang=en")
    assert "/settings/tariff" in text
    assert "would have cost" not in plain(text)
    house.configure(ONE + BASE.replace("base = 0.2", "hc = 0.2"))
    assert "its value is unknown" in plain(ask(house, f"/roof?date={WINTER}&lang=en")[0])


def test_the_page_is_in_the_menu_of_who_has_a_roof(house):
    """Under *More* and nowhere else; who has none is told how to come by one."""
    house.configure("")
    house.live_day(WINTER, base(504))
    more, text = ask(house, "/more", "/roof?lang=en")
    assert "/roof" not in more
    assert "You have no shares of a solar roof here yet" in plain(text)
    house.configure(ONE)
    (more,) = ask(house, "/more")
    assert 'href="/roof"' in more


@pytest.mark.parametrize("asked", ["meter=<b>", "date=2026-02-30", "date=<b>"])
def test_what_cannot_be_asked_is_one_sentence(house, asked):
    """A meter that is none, a day that is none."""
    house.configure(ONE)
    with three_years.served(house.folder, house.config, password=False) as running:
        answer, text = running.owner.get(f"/roof?{asked}")
    assert answer.status == 400
    assert "<b>" not in text.partition("<main")[2]


@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("en", True)], ids=["light-fr", "dark-en"])
def test_it_can_be_read_at_every_size(browser, house, language, dark):
    """Nothing is clipped, contrasts are AA, all can be pressed and named, without a script too."""
    a_day(house)
    browser.dark(on=dark)
    with three_years.served(house.folder, house.config, password=False) as running:
        browser.cookie(running.url, "linky_session", running.owner.cookies["linky_session"])
        for width, height in SIZES:
            for name, path in (("day", f"/roof?date={WINTER}"), ("now", "/roof")):
                where = f"{name} {width} {language}"
                browser.open(running.url + path, width=width, height=height, language=language)
                if folder := os.environ.get("SCREENSHOTS"):
                    browser.screenshot(Path(folder) / f"roof-{where.replace(' ', '-')}.png", whole=True)
                assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
                for fault in (CLIPPED, PALE, NAMELESS, SMALL):
                    assert browser.evaluate(fault) == [], where
                assert browser.evaluate("document.querySelectorAll('h1').length") == 1, where
        assert browser.complaints == []
