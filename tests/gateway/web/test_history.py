"""The page *history*: days reckoned by hand, from a meter's frames to what the browser is told; bounds; its look."""

import csv
import gzip
import html
import io
import json
import os
import re
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from gateway.balance.calendar import midnight
from gateway.household.days import DRAWN as DRAWN_INDEX
from gateway.household.days import DRAWN_CURVE
from gateway.store.points import Granularity
from gateway.store.received import Incoming, Lot
from gateway.store.store import Archive, Store
from tests.gateway.balance.conftest import (
    AUTUMN,
    SOLAR,
    SPRING,
    WINTER,
    base,
    hour_of,
    off_peak,
    panels,
    producing,
)
from tests.gateway.balance.test_days import BASE, ROOF
from tests.gateway.web import three_years
from tests.gateway.web.conftest import PASSWORD, Visitor
from tests.gateway.web.test_in_browser import CLIPPED, NAMELESS, PALE, SIZES, SMALL

PATHS = ("/history", "/history/data", "/history/csv")
PARIS = ZoneInfo("Europe/Paris")
BEFORE = date(2025, 1, 14)


def ask(house, *paths):
    """What the pages of a house answer: JSON as an object, else text."""
    with three_years.served(house.folder, house.config, password=False) as running:
        found = []
        for path in paths:
            answer, text = running.owner.get(path)
            assert answer.status == 200, text
            found.append(json.loads(text) if "/data" in path else text)
        return found


def columns(table):
    """A table to take along: head -> kWh of each row, None where nothing is known."""
    rows = list(csv.DictReader(io.StringIO(table)))
    heads = [head for head in rows[0] if head.endswith("(kWh)")]
    return {head.removesuffix(" (kWh)"): [float(row[head]) if row[head] else None for row in rows] for head in heads}


def watts(table):
    """The same of half hours, as the mean of each."""
    return {
        head: [None if kwh is None else round(kwh * 2000) for kwh in values] for head, values in columns(table).items()
    }


def half_hours(day):
    """Where the table of a day's half hours is."""
    return f"/history/csv?date={day}&table=half-hours&form=en"


def later(house, day, powers):
    """A day after a long silence; a frame before it, for the index at its midnight."""
    house.live(midnight(day) - 300, midnight(day + timedelta(days=1)), powers)


def said(time):
    """Power, and the tariff of a historic meter with off-peak hours."""
    low = not 6 <= hour_of(time) < 22
    return {"consumption/power/apparent/raw": 2100 if low else 600, "contract/tariff": "HC.." if low else "HP.."}


@pytest.mark.parametrize(("day", "hours"), [(WINTER, 24), (SPRING, 23), (AUTUMN, 25)])
def test_a_day_has_as_many_hours_as_the_clock_gives_it(house, day, hours):
    """Minutes, half hours and tariff bands of 24, 23 and 25 hours; bands change at 6 and 22 o'clock as one reads it."""
    house.live_day(day, off_peak, said)
    told, table = ask(house, f"/history/data?date={day}", half_hours(day))
    begin = midnight(day)
    assert (told["begin"], told["end"]) == (begin, begin + hours * 3600)
    assert len(told["mean"]) == hours * 60
    assert watts(table)["Consommation"] == [
        2016 if not 6 <= hour_of(begin + n * 1800) < 22 else 504 for n in range(hours * 2)
    ]
    assert [(word, text) for _, _, word, text in told["bands"]] == [("hc", "HC"), ("hp", "HP"), ("hc", "HC")]
    changes = [datetime.fromtimestamp(since, PARIS).hour for since, *_ in told["bands"]]
    assert changes == [0, 6, 22]
    assert told["bands"][-1][1] <= told["end"]


def test_a_minute_has_its_mean_and_its_band_and_a_gap_is_a_gap(house):
    """A frame every five minutes: those minutes are known, the others null; so is what comes after the last frame."""
    begin = midnight(WINTER)
    house.live(begin, begin + 7200, base(1008), lambda at: {"consumption/power/apparent/raw": at % 1000})
    told, table = ask(house, f"/history/data?date={WINTER}", half_hours(WINTER))
    for n in range(0, 120, 5):
        value = (begin + n * 60) % 1000
        assert (told["mean"][n], told["low"][n], told["high"][n]) == (value, value, value)
        assert told["mean"][n + 1 : n + 5] == [None] * 4
    assert set(told["mean"][121:]) == {None}
    assert watts(table)["Consommation"] == [*[1008] * 4, *[None] * 44]


def test_a_producer_sees_what_it_made_and_used(house):
    """12.1 kWh made, 9.1 injected: a quarter used at home; of 12.1 used (9.1 + 3) the sun gives a quarter as well."""
    house.configure(SOLAR)
    house.live_day(WINTER, producing)
    house.live_day(WINTER, panels, meter="solar")
    table, text = ask(house, half_hours(WINTER), f"/history?date={WINTER}")
    sun = [20 <= n < 32 for n in range(48)]
    assert watts(table) == {
        "Soutiré du réseau": [0 if one else 504 for one in sun],
        # A class that counted nothing is not named.
        "Base": [None if one else 504 for one in sun],
        "Injection": [1512 if one else 0 for one in sun],
        "Production": [2016 if one else 0 for one in sun],
    }
    plain = text.replace("\u202f", " ").replace("\xa0", " ")
    for shown in (
        "9,1 kWh soutirés", "12,1 kWh produits, 9,1 kWh injectés", "<p>25 %</p>",
        "<h3>Soutiré du réseau</h3><p>9,1 kWh</p>", "<h3>Consommation</h3><p>12,1 kWh</p>",
    ):  # fmt: skip
        assert shown in plain, shown
    (month, text) = ask(
        house, f"/history/csv?period=month&date={WINTER}&form=en", f"/history?period=month&date={WINTER}"
    )
    assert columns(month)["Consommation"][WINTER.day - 1] == 12.096
    assert "Consommation 12,1 kWh" in text.replace("\u202f", " ").replace("\xa0", " ")


def test_what_was_used_in_all_is_unknown_where_a_counter_stood_still(house):
    """A day on which the panels' counter was not read has what was drawn, and no total; nor has its month."""
    house.configure(SOLAR)
    house.live_day(WINTER, producing)
    house.live(midnight(WINTER), midnight(WINTER) + 12 * 3600, panels, meter="solar")
    for period in ("day", "month"):
        (text,) = ask(house, f"/history?period={period}&date={WINTER}")
        plain = text.replace("\u202f", " ").replace("\xa0", " ")
        assert "<h3>Soutiré du réseau</h3><p>9,1 kWh" in plain
        assert "<h3>Consommation</h3><p>inconnue</p>" in plain


def test_a_house_without_panels_consumes_what_it_draws(house):
    """It has one figure, by the word that it knows."""
    house.live_day(WINTER, base(504))
    (text,) = ask(house, f"/history?date={WINTER}")
    assert "<h3>Consommation</h3>" in text
    assert "Soutiré du réseau" not in text


def test_a_part_of_a_shared_roof_is_drawn_with_what_the_house_makes_itself(house):
    """2,016 W of its own panels from 10 to 16 o'clock, a tenth of a roof that gives 10,080 W from 10 to 11."""
    house.configure(ROOF + SOLAR)
    house.live_day(WINTER, producing)
    house.live_day(WINTER, panels, meter="solar")
    path, index, values = "production/energy/active/index", 0, []
    for at in range(midnight(WINTER), midnight(WINTER) + 86401, 1800):
        values.append(Incoming("n", f"toit@e.org/pv@e.org/{path}", path, "Wh", "PT30M", at, index))
        index += 5040 if hour_of(at) == 10 else 0
    with closing(Store(house.folder)) as store:
        store.providers.receive("toit@e.org", [Lot(values, None, "P1Y")], midnight(WINTER))
    (table,) = ask(house, half_hours(WINTER))
    assert watts(table)["Production"] == [*[0] * 20, *[3024] * 2, *[2016] * 10, *[0] * 16]


def test_the_year_before_stands_beside_by_the_clock(house):
    """The same hours of the same date, also where one of the two days has 25 hours and the other 24."""
    before = date(2025, 10, 25)
    house.live_day(before, off_peak)
    later(house, AUTUMN, off_peak)
    table, text = ask(house, f"{half_hours(AUTUMN)}&against=year", f"/history?date={AUTUMN}")
    drawn, then = watts(table)["Consommation"], watts(table)["Un an avant"]
    # From 2 to 3 o'clock there are four half hours, and a year before only the first two of them.
    assert [n for n in range(50) if then[n] is None] == [6, 7]
    assert all(then[n] == drawn[n] for n in range(50) if n not in (6, 7))
    # 2,016 W for nine hours and eight, 504 W for sixteen.
    assert "+8\u202f% par rapport" in text
    assert "26,2\u202fkWh soutirés" in text


def test_a_month_has_a_bar_for_each_day_and_none_where_nothing_is_known(house):
    """Two days a year apart: kWh as counted, of the evening before five minutes; nothing before."""
    house.live_day(BEFORE, base(504))
    later(house, WINTER, base(1008))
    asked = "period=month&date=2026-01-01&against=year"
    text, table = ask(house, f"/history?{asked}", f"/history/csv?{asked}&form=en")
    assert columns(table)["Consommation"] == [*[0] * 12, 0.084, 24.192, *[None] * 17]
    assert columns(table)["Un an avant"][13] == 12.096
    assert "* une partie de cette période n’est pas connue" in text
    rows = list(csv.DictReader(io.StringIO(table)))
    assert rows[13]["Date"] == "2026-01-14"
    assert rows[13]["Consommation (kWh)"] == "24.192"
    assert rows[15]["Consommation (kWh)"] == ""


def test_every_form_says_where_a_figure_is_estimated_or_known_in_part(house):
    """A night that nobody read, and a last day that is not over: marks on the page and its chart, words in the file."""
    last = midnight(WINTER + timedelta(days=2))
    house.live(midnight(WINTER), last - 3600, base(1008))
    house._totals["house", DRAWN_INDEX] += 2016
    house.live(last + 3600, last + 43_200, base(1008))
    asked = "period=week&date=2026-01-12"
    text, table = ask(house, f"/history?{asked}", f"/history/csv?{asked}&form=en")
    marks = re.findall(r"<th scope=row>.*?</a>(.*?)</th>", text)
    assert marks == ["", " *", "", " ~", " * ~", "", ""]
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["Remarque"] for row in rows[2:5]] == ["", "estimé", "connu en partie, estimé"]
    assert "~ un index n’a pas été lu à minuit" in text
    house.configure(BASE)
    (cost,) = ask(house, "/cost?period=month")
    # Of this month one night is estimated, and its first twelve days nobody knows.
    assert re.findall(r"<th scope=row>.*?</a>(.*?)</th>", cost) == [" * ~"]


def test_the_table_to_take_along_is_written_for_whoever_opens_it(years):
    """French spreadsheets: semicolons, decimal commas, a byte order mark; others: RFC 4180 with points; same values."""
    for table in ("minutes", "half-hours"):
        asked = f"/history/csv?date=2026-10-25&table={table}"
        french, english = (years.owner.get(f"{asked}&form={form}")[1] for form in ("fr", "en"))
        assert french.startswith("\ufeffHeure locale;Heure UTC;")
        rows = list(csv.reader(io.StringIO(french.removeprefix("\ufeff")), delimiter=";"))
        others = list(csv.reader(io.StringIO(english)))
        assert [[cell.replace(",", ".") for cell in row] for row in rows[1:]] == others[1:]
        assert len(others) == 1 + (1500 if table == "minutes" else 50)
        assert [row[0] for row in others if row[1] in ("2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z")] == [
            "2026-10-25 02:00"
        ] * 2
    answer, _ = years.owner.get("/history/csv?period=year&date=2025-07-01")
    assert 'filename="house-2025-01-01-year.csv"' in answer.headers["Content-Disposition"]


def test_days_and_months_of_three_years_add_up(years):
    """What the bars of a year show is what its months' bars add up to."""
    months = columns(years.owner.get("/history/csv?period=year&date=2025-06-01&form=en")[1])
    for place in (0, 9):
        month = columns(years.owner.get(f"/history/csv?period=month&date=2025-{place + 1:02}-01&form=en")[1])
        assert {"Consommation", "Injection", "Production", "HP bleu"} <= month.keys() <= months.keys()
        for head, values in month.items():
            assert sum(value or 0 for value in values) == pytest.approx(months[head][place])


def test_the_browser_is_given_the_minutes_of_a_day_alone(years):
    """What is longer is drawn by the server: there is nothing to be read of it."""
    for period in ("week", "month", "year"):
        assert years.owner.get(f"/history/data?period={period}")[0].status == 400


def test_a_day_whose_minutes_are_gone_is_shown_by_half_hours(house):
    """Also the tariff, when nobody knows any more what the meter called it: the class that counted."""
    house.live_day(WINTER, off_peak)
    (told,) = ask(house, f"/history/data?date={WINTER}")
    assert "mean" not in told
    assert [band[2] for band in told["bands"]] == ["hc", "hp", "hc"]


def test_nobody_else_is_told(years):
    """Without a session there is only the way to the password; a display has no more than its page."""
    stranger = Visitor(years.port)
    display = Visitor(years.port)
    _, text = years.owner.send("/access/displays", own_password=PASSWORD, name="salon")
    display.get("/display?token=" + re.search(r"token=([\w-]+)", text)[1])
    assert display.get("/display")[0].status == 200
    for visitor in (stranger, display):
        for path in PATHS:
            answer, text = visitor.get(path)
            assert (answer.status, answer.headers["Location"].partition("?")[0], text) == (303, "/login", ""), path


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("date=yesterday", "n’est pas une date"),
        ("date=2026-02-30", "n’est pas une date"),
        ("date=1999-12-31", "n’est pas une date"),
        ("date=9999-12-31", "n’est pas une date"),
        ("date=%3Cb%3E", "« <b> » n’est pas une date"),
        ("period=decade", "Cette période n’existe pas"),
        ("meter=neighbour", "pas de compteur « neighbour »"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_sentence(years, query, sentence):
    """Status 400 and what to write instead, on every path; never what was typed as markup."""
    import html

    for path in PATHS:
        answer, text = years.owner.get(f"{path}?{query}")
        assert answer.status == 400
        assert sentence in html.unescape(text).replace("\xa0", " ")
        assert "<b>" not in text
    assert years.owner.get("/history/csv?table=secrets")[0].status == 400


def test_every_day_that_can_be_asked_for_has_an_answer_of_bounded_size(years):
    """The first and the last date, before and after all that is known: a page that says what is known."""
    for day in ("2000-01-01", "2099-12-31", "2023-10-31", "2024-02-29", "2026-11-03"):
        for asked in ("/history?period=day", "/history?period=week", "/history/data?period=day"):
            answer, text = years.owner.get(f"{asked}&date={day}")
            assert answer.status == 200, (day, asked)
            assert len(text) < 60_000
    assert "Rien n’est enregistré pour cette période" in years.owner.get("/history?date=2000-01-01")[1]


def test_a_database_that_cannot_be_read_is_said(house):
    """One sentence with status 500; the next look works when the file is there again."""
    house.live_day(WINTER, base(1008))
    file = house.folder / "linky-gateway.sqlite"
    with three_years.served(house.folder, house.config) as running:
        file.rename(house.folder / "away")
        answer, text = running.owner.get("/history")
        assert answer.status == 500
        assert "ne peuvent pas être lues" in text
        (house.folder / "away").rename(file)
        assert running.owner.get("/history")[0].status == 200


def test_a_house_of_several_meters_shows_each(house):
    """The one that is asked for; the first one else; the form lets choose."""
    house.configure('[[meter]]\nname = "barn"\nsource = "/dev/ttyUSB0"\n')
    house.live_day(WINTER, base(1008))
    house.live_day(WINTER, base(504), meter="barn")
    first, barn = ask(house, f"/history?date={WINTER}", f"/history?date={WINTER}&meter=barn")
    assert "24,2\u202fkWh soutirés" in first
    assert "12,1\u202fkWh soutirés" in barn
    assert "<option selected>barn</option>" in barn


def test_each_look_reads_by_the_keys_of_the_tables(years):
    """No statement of a day's curve scans a table: three years of minutes cost no more than a day of them."""
    from gateway.store import curves, ledger, minutes

    with closing(Archive(years.folder)) as archive:
        for statement in (minutes.ROWS, curves.TEXTS, ledger.MEETING, *curves.SAID_BEFORE):
            numbered = [int(one) for one in re.findall(r"\?(\d)", statement)]
            places = [1] * (max(numbered) if numbered else statement.count("?"))
            plan = [row[3] for row in archive.db.execute(f"EXPLAIN QUERY PLAN {statement}", places)]
            print(statement[:60], plan)
            looks = [step for step in plan if step.startswith(("SEARCH", "SCAN"))]
            assert looks, plan
            assert all(step.startswith("SEARCH") and "PRIMARY KEY" in step for step in looks), plan


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("/history?date=2026-10-25", None),
        ("/history?date=2026-10-25&detail=minutes", "/history/data?date=2026-10-25"),
        ("/history?period=year", None),
        ("/cost?period=day", None),
    ],
)
def test_the_first_load_is_small(years, page, told):
    """Page, styles, scripts and what is drawn: at most 80 kB, packed as they go over the wire; nothing inline."""
    _, text = years.owner.get(page)
    files = sorted(set(re.findall(r'(?:src|href)="(/static/[^"]+)"', text)))
    bodies = {path: years.owner.get(path)[1] for path in files}
    whole = {path: body if isinstance(body, bytes) else body.encode() for path, body in bodies.items()}
    packed = {path: len(gzip.compress(body, mtime=0)) for path, body in whole.items()}
    data = years.owner.get(told)[1] if told else ""
    total = sum(len(gzip.compress(one.encode(), mtime=0)) for one in (text, data)) + sum(packed.values())
    requests = 1 + bool(told) + len(files)
    print(f"{page}, first load: {requests} requests, {total} bytes, files packed: {packed}")
    assert total <= 80_000
    assert requests <= 10 + bool(told)
    assert not re.search(r"<script(?! src=\"/static/)|<style| style=| on\w+=", text)


def test_the_chart_is_the_release_that_the_readme_names():
    """uPlot as it was published, with its licence beside it: version and SHA-256 stand in the room's README."""
    import hashlib

    room = Path(__file__).parents[3] / "gateway" / "web"
    told = (room / "README.md").read_text()
    for name in ("uPlot.min.js", "uPlot.min.css"):
        assert hashlib.sha256((room / "static" / name).read_bytes()).hexdigest() in told
    version = re.search(r"\(v([\d.]+)\)", (room / "static" / "uPlot.min.js").read_text())[1]
    assert f"uPlot {version}" in told
    assert "MIT License" in (room / "static" / "uPlot.LICENSE").read_text()


# --- in a real Chromium ----------------------------------------------------------------------------------------------

# Bars are there as the page is, and followed by their script; minutes are drawn by theirs.
DRAWN = """[...document.querySelectorAll(".chart, .bars")].some(({dataset: {drawn, followed}}) =>
  (drawn ?? followed) === "yes")"""
# What of the picture is not background: a chart that was not drawn has none.
INK = """(() => {
  const c = document.querySelector('.plot canvas');
  if (!c) {
    const place = document.querySelector('.drawing').getBoundingClientRect();
    const drawn = [...document.querySelectorAll('.drawing path')].map((one) => one.getBoundingClientRect());
    const inside = drawn.every(({top, bottom}) => top >= place.top - 2 && bottom <= place.bottom + 2);
    return inside ? Math.max(...drawn.map(({width, height}) => width * height)) / (place.width * place.height) : 0;
  }
  const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
  return d.filter((one, n) => n % 4 === 3 && one > 0).length / (d.length / 4);
})()"""
LOOKS = {
    "day": "/history",
    "autumn": "/history?date=2026-10-25&against=previous",
    "minutes": "/history?date=2026-10-25&detail=minutes",
    "red": "/history?date=2024-01-17",
    "week": "/history?period=week&date=2026-03-29",
    "month": "/history?period=month&date=2026-10-01",
    "year": "/history?period=year&unit=eur",
    "nothing": "/history?date=2020-01-01",
}

# The narrowest one clips first.
ROUNDS = {
    ("fr", 360): LOOKS, ("fr", 768): ("autumn",), ("fr", 1920): ("year", "minutes"),
    ("en", 360): ("day", "month", "minutes"), ("en", 768): ("year",), ("en", 1920): ("autumn",),
}  # fmt: skip


@pytest.fixture
def inside(browser, years):
    """The browser of the owner; the page's address."""
    browser.cookie(years.url, "linky_session", years.owner.cookies["linky_session"])
    browser.requests.clear()
    browser.complaints.clear()
    return browser, years.url


@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("en", True)], ids=["light-fr", "dark-en"])
def test_every_period_can_be_read_at_every_size(inside, language, dark):
    """Drawn, not clipped, contrasts AA, all can be pressed and named; no complaint, and no other host."""
    page, url = inside
    page.dark(on=dark)
    for width, height in SIZES:
        for name in ROUNDS[language, width]:
            path = LOOKS[name]
            page.open(url + path, width=width, height=height, language=language)
            where = f"{name} {width} {language}"
            if name != "nothing":
                page.await_true(DRAWN)
                assert page.evaluate(INK) > 0.1, where
                page.evaluate("document.querySelector('.values').open = true")
            if folder := os.environ.get("SCREENSHOTS"):
                page.screenshot(Path(folder) / f"history-{name}-{width}-{language}.png")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
            for fault in (CLIPPED, PALE, NAMELESS, SMALL):
                # What is wider than the window scrolls within its own box.
                found = [
                    one
                    for one in page.evaluate(fault)
                    if not re.match(r"<t[hd]\b|<a href=\"/history\?[^>]*>", str(one))
                ]
                assert found == [], where
    assert page.complaints == []
    # The browser's own picture in a field for a date is data, not a request.
    asked = [request for request in page.requests if not request.startswith("data:")]
    assert {re.match(r"\w+://[^/]+", request)[0] for request in asked} == {url}


def test_a_closer_look_by_mouse_keys_and_buttons(inside):
    """Drag, plus, minus, arrows and buttons change what is seen; the values of a minute are read out in words."""
    page, url = inside
    page.dark(on=False)
    page.open(f"{url}/history?date=2026-10-25&detail=minutes", width=1280, height=900, language="fr")
    page.await_true(DRAWN)
    page.evaluate("window.seen = () => document.querySelector('.plot canvas').toDataURL(); window.first = seen()")

    def changed(action):
        page.evaluate(f"window.before = seen(); {action}")
        page.await_true("seen() !== before")

    def key(name):
        event = f"new KeyboardEvent('keydown', {{key: '{name}', bubbles: true}})"
        return f"document.querySelector('.plot').dispatchEvent({event})"

    changed("document.querySelector('[data-zoom=in]').click()")
    changed("document.querySelector('[data-zoom=right]').click()")
    changed(key("+"))
    changed(key("0"))
    assert page.evaluate("seen() === first")
    page.drag(".u-over", 0.3, 0.5)
    page.await_true("seen() !== first")
    changed(key("Escape"))
    assert page.evaluate("seen() === first")
    page.evaluate(key("ArrowRight"))
    page.await_true(
        "/^\\d+\\sh(\\s\\d\\d)? \\(Tarif H[CP] bleu\\)/.test(document.querySelector('.readout').textContent)"
    )
    told = page.evaluate("document.querySelector('.readout').textContent")
    assert re.search(r"Soutiré du réseau \d+ \(\d+–\d+\)\sVA", told), told
    changed("document.querySelector('.legend button').click()")
    assert page.evaluate("document.querySelector('.legend button').getAttribute('aria-pressed')") == "false"


def test_a_slow_phone_draws_it_too(inside):
    """At a quarter of this machine's speed; when it was drawn is printed."""
    page, url = inside
    page.slow_down(4)
    try:
        page.open(f"{url}/history?date=2026-10-25", width=360, height=740)
        page.await_true(DRAWN)
        print(f"first chart at a quarter of the speed: {page.evaluate('Math.round(performance.now())')} ms")
    finally:
        page.slow_down(1)
    # The browser asks for what a home screen needs when it has drawn; what stands in the page itself is no request.
    drawing = [one for one in page.requests if not re.search(r"/manifest\.webmanifest|/icon-\d+\.png|^data:", one)]
    assert len(drawing) <= 6, drawing


def test_the_other_language_shows_the_same_day(inside):
    """Whoever changes the language stays at the period and the date."""
    page, url = inside
    page.open(f"{url}/history?period=month&date=2025-03-09", language="fr")
    page.press("0", "nav a[hreflang]")
    assert page.evaluate("document.querySelector('h2').textContent.trim()") == "March 2025"
    page.open(f"{url}/?lang=fr")


def test_a_half_hour_out_of_all_proportion_is_marked_where_it_is_seen(house):
    """43 kW of a slip: the day's page says so in a sentence that leads to its repair; the day before has none."""
    first = date(2026, 1, 5)
    house.live(midnight(first), midnight(date(2026, 1, 15)), off_peak)
    path, time = DRAWN_CURVE, midnight(WINTER) + 9 * 3600
    with closing(Store(house.folder)) as store:
        store.corrections.rectify("house", path, Granularity.HALF_HOUR, time, "43000", time, "", "a slip")
    marked, before = ask(house, "/history?date=2026-01-14", "/history?date=2026-01-13")
    assert "43\u202f000 W en moyenne pendant la demi-heure de 9\xa0h" in marked
    link = html.unescape(re.search(r'href="(/repair/point[^"]+)"', marked)[1])
    assert link == f"/repair/point?meter=house&path={quote(path, safe='')}&granularity=PT30M&time={time}"
    assert "/repair/point" not in before


@pytest.mark.parametrize("clock", [(6, 0), (12, 0), (23, 55)])
@pytest.mark.parametrize("day", [WINTER, SPRING, AUTUMN])
def test_a_running_day_is_compared_with_the_same_hour_a_year_before(house, day, clock):
    """504 W now and 1,008 W then: half as much at six, at noon and in the evening, and the words say "by this time"."""
    before = day.replace(year=day.year - 1)
    house.configure(BASE.replace("2026-01-01", "2024-01-01"))
    house.live_day(before, base(1008))
    later = datetime(day.year, day.month, day.day, *clock, tzinfo=PARIS)
    house.live(midnight(day) - 300, int(later.timestamp()), base(504))
    french, cost, week, english = ask(house, "/history", "/cost?period=day", "/history?period=week", "/history?lang=en")
    hours = (int(later.timestamp()) - midnight(day)) / 3600
    then = midnight(before)
    so_far = int(datetime(before.year, before.month, before.day, *clock, tzinfo=PARIS).timestamp()) - then
    moved = round(100 * (504 * hours / (1008 * so_far / 3600) - 1))
    assert f"−{-moved}\u202f% par rapport à l’an passé à cette heure-ci" in french
    assert f"−{-moved}% compared with last year at this point" in english
    assert "par rapport à l’an passé à cette heure-ci" in cost
    assert "la même période un an avant" not in french + cost + week


def test_without_the_year_before_by_this_time_there_is_no_percentage(house):
    """Of the year before only the whole day is known: a part of this one is not held against it."""
    before = WINTER.replace(year=WINTER.year - 1)
    house.live(midnight(before) - 600, midnight(before), base(1008))
    house._totals["house", DRAWN_INDEX] += 24_192
    house.live(midnight(before) + 86_100, midnight(before) + 86_400, base(1008))
    house.live(midnight(WINTER) - 300, midnight(WINTER) + 6 * 3600, base(504))
    shown, whole = ask(house, "/history", f"/history?date={before}")
    assert "l’an passé" not in shown
    assert "24,3" in whole or "24,2" in whole
