"""The pages in a real Chromium: as a person sees them on a phone, a tablet, a television, in both languages.

With ``SCREENSHOTS=FOLDER`` the pictures are kept there, to be looked at.
"""

import json
import os
import re
from pathlib import Path

import pytest

from gateway.balance.equivalence import EQUIVALENTS
from servers import wait_until
from tests.gateway.web.conftest import PASSWORD as OF_HOUSE
from tests.gateway.web.conftest import Visitor
from tests.gateway.web.stand_in import PASSWORD, full_house

SIZES = [(360, 740), (768, 1024), (1920, 1080)]
PAGES = {
    "now": "/",
    "more": "/more",
    "links": "/links",
    "access": "/access",
    "display": "/display",
    "guest": "/display?guest=1",
}

# Texts that are cut off by their own box or lie outside the window; those for screen readers alone are meant to be.
CLIPPED = """[...document.querySelectorAll("body *")].filter((e) => {
  if (!e.checkVisibility() || e.closest(".hidden, .skip")) return false;
  if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) return false;
  const box = e.getBoundingClientRect();
  const wall = document.body.classList.contains("display");
  return box.left < -0.5 || box.right > document.documentElement.clientWidth + 0.5 || e.scrollWidth > e.clientWidth + 1
    && getComputedStyle(e).display !== "inline" || (wall && (box.top < -0.5 || box.bottom > innerHeight + 0.5));
}).map((e) => e.outerHTML.slice(0, 90))"""

# WCAG 2.2 §1.4.3: 4.5 to 1, 3 to 1 for large text (24 px, or 18.66 px and bold).
PALE = """(() => {
  const parts = (c) => (c.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92
    : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  return [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && !e.closest(".hidden, .skip")
    && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())).map((e) => {
    const s = getComputedStyle(e), back = behind(e);
    let opacity = 1;
    for (let p = e; p; p = p.parentElement) opacity *= Number(getComputedStyle(p).opacity);
    const front = parts(s.color).slice(0, 3).map((v, n) => v * opacity + back[n] * (1 - opacity));
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    const size = parseFloat(s.fontSize), large = size >= 24 || (size >= 18.66 && s.fontWeight >= 700);
    return [(a + 0.05) / (b + 0.05), large ? 3 : 4.5, e.outerHTML.slice(0, 90)];
  }).filter(([ratio, least]) => ratio < least);
})()"""

# What a screen reader and a keyboard need: names for what can be pressed, one heading at the top, a language. Of the
# bars of a chart one is a stop of the tabulator, and the arrows lead to the others (test_history_in_browser).
NAMELESS = """[...document.querySelectorAll("a[href], button, input:not([type=hidden])")].filter((e) =>
  !(e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.[0]?.textContent.trim())
  || (e.tabIndex < 0 && !e.closest(".bars")?.querySelector("a[tabindex='0']")))
  .map((e) => e.outerHTML.slice(0, 90))"""
SMALL = """[...document.querySelectorAll("nav a, button, summary, input:not([type=hidden])")].filter((e) => {
  const box = e.getBoundingClientRect(); return e.checkVisibility() && Math.min(box.width, box.height) < 22;
}).map((e) => e.outerHTML.slice(0, 90))"""

DRAWN = "/\\d|–/.test(document.querySelector('[data-is=drawn], [data-is=power]')?.textContent ?? '')"


@pytest.fixture
def inside(browser, living_house):
    """The browser of the owner of a living house; the page's address."""
    url = f"http://127.0.0.1:{living_house.port}"
    browser.forget()
    browser.cookie(url, "linky_session", living_house.signed_in.cookies["linky_session"])
    browser.requests.clear()
    browser.complaints.clear()
    return browser, url


@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("en", True)], ids=["light-fr", "dark-en"])
def test_every_page_can_be_read_at_every_size(inside, language, dark):
    """Nothing is clipped, contrasts are AA, all can be pressed and named; no complaint, and no other host."""
    browser, url = inside
    browser.dark(on=dark)
    for width, height in SIZES:
        for name, path in PAGES.items():
            browser.open(url + path, width=width, height=height, language=language)
            if name in {"now", "display", "guest"}:
                browser.await_true(DRAWN)
            where = f"{name} {width} {language}"
            if folder := os.environ.get("SCREENSHOTS"):
                wall = name in {"display", "guest"}
                picture = Path(folder) / f"{name}-{width}-{language}-{'dark' if dark else 'light'}.png"
                browser.screenshot(picture, whole=not wall)
            assert browser.evaluate("document.documentElement.lang") == language
            assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
            assert browser.evaluate(CLIPPED) == [], where
            assert browser.evaluate(PALE) == [], where
            assert browser.evaluate(NAMELESS) == [], where
            assert browser.evaluate(SMALL) == [], where
            assert browser.evaluate("document.querySelectorAll('h1').length") == 1, where
    assert browser.complaints == []
    assert {re.match(r"\w+://[^/]+", request)[0] for request in browser.requests} == {url}


def test_a_house_that_begins_or_is_at_fault_can_be_read(browser, new_house):
    """The first visit, what is said of a port that does not exist, of values that are old, of a link for a display."""
    url = f"http://127.0.0.1:{new_house.port}"
    browser.dark(on=False)

    def look(place):
        assert browser.evaluate(CLIPPED) == [], place
        assert browser.evaluate(PALE) == [], place
        assert browser.evaluate(NAMELESS) == [], place

    browser.open(url, width=360, height=740)
    look("first visit")
    browser.cookie(url, "linky_session", new_house.owner().cookies["linky_session"])
    for path in ("/", "/links", "/access", "/login", "/nowhere"):
        browser.open(url + path, width=360, height=740)
        look(path)
    browser.open(f"{url}/access", width=360, height=740)
    browser.press(
        "document.querySelector('[name=name]').value = 'Télé du salon';"
        f"document.querySelector('[name=own_password]').value = {json.dumps(OF_HOUSE)}",
        "form[action='/access/displays'] button",
    )
    assert "token=" in browser.evaluate("document.querySelector('main').innerText")
    look("the link of a display")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_fullest_screen_still_fits_on_the_wall(browser, tmp_path, language):
    """Five digits, a producer's whole day and each of the warnings at once, upright and lying, small and large."""
    with full_house(tmp_path) as address:
        for width, height in ((800, 480), (768, 1024), (1280, 800), (1920, 1080)):
            browser.open(address, width=width, height=height, language=language)
            browser.await_true(DRAWN)
            if folder := os.environ.get("SCREENSHOTS"):
                browser.screenshot(Path(folder) / f"full-{width}-{height}-{language}.png", whole=False)
            assert "999" in browser.evaluate("document.querySelector('[data-is=drawn]').innerText")
            like = browser.evaluate("document.querySelector('[data-is=like]').innerText")
            assert any(one.name.in_language(language) in like for one in EQUIVALENTS), like
            assert browser.evaluate(CLIPPED) == [], (width, height)
            assert browser.evaluate(PALE) == [], (width, height)


@pytest.mark.parametrize("path", ["/display", "/display?guest=1"])
@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"drawn_va": 1540, "power_w": 1387}, ("1,39", "kW", "26")),
        ({"drawn_va": 0, "power_w": -1514, "injected_va": 1600}, ("1,51", "kW", None)),
        ({"drawn_va": 1540, "power_w": None}, ("1 540", "VA", "26")),
    ],
)
def test_the_wall_says_the_power_of_the_first_page(browser, tmp_path, path, said, shown):
    """Number and unit are one, watts where they are known; in a public place no part of the subscribed power."""
    quiet = {"injected_va": 0, "subscribed_va": 6000, "overload": False, "age_s": 1.0, "breaker": None}
    with full_house(tmp_path, **quiet | said) as address:
        url = address.partition("/display?token=")[0]
        owner = Visitor(int(url.rpartition(":")[2]))
        owner.post("/login", {"password": PASSWORD})
        browser.cookie(url, "linky_session", owner.cookies["linky_session"])
        seen = []
        for page, number in (("/", "power"), (path, "drawn")):
            browser.open(f"{url}{page}", width=1280, height=800, language="fr")
            # What the stream says is what the page said at first.
            browser.evaluate("document.addEventListener('house', () => { window.told = (window.told ?? 0) + 1; })")
            browser.await_true("window.told")
            browser.await_true(DRAWN)
            assert browser.evaluate("document.querySelector('.giving') !== null") == (shown[2] is None)
            texts = [
                f"document.querySelector('[data-is={name}]')?.innerText ?? ''" for name in (number, "unit", "load")
            ]
            digits, unit, load = (re.sub(r"\s", " ", browser.evaluate(one)) for one in texts)
            seen.append((digits, unit, re.sub(r"\D.*", "", load) or None))
        assert seen == [shown, (*shown[:2], None) if "guest" in path else shown]


def test_the_digits_on_the_wall_are_read_at_four_metres(inside):
    """A digit is at least 20 mm high on a tablet of 24 cm and on a television of a metre (a visual acuity of 0.7)."""
    browser, url = inside
    for width, height, wide_mm in ((1280, 800, 217), (1024, 768, 200), (1920, 1080, 1000)):
        browser.open(f"{url}/display", width=width, height=height)
        browser.await_true(DRAWN)
        size = browser.evaluate("parseFloat(getComputedStyle(document.querySelector('.digits')).fontSize)")
        # A digit is about 0.7 of the size of its font.
        assert 0.7 * size * wide_mm / width >= 20


def test_the_page_follows_the_meter_by_itself(inside, living_house):
    """The power, the subscribed power, the tariff and the colour in the words of a household, with no reload."""
    browser, url = inside
    browser.open(url, width=360, height=740)
    browser.await_true(DRAWN)
    text = browser.evaluate("document.querySelector('main').innerText")
    assert re.search(r"\d+\s% de vos 6\skVA", text)
    assert "Bleu" in text
    assert re.search(r"Heures (creuses|pleines)", text)
    assert re.search(r"23\d\sV|22\d\sV", text)
    browser.evaluate("window.before = document.querySelector('.phases tbody').innerText")
    browser.await_true("document.querySelector('.phases tbody').innerText !== window.before")


def test_the_page_of_links_follows_by_itself_but_not_under_a_reader(inside):
    """It is renewed while it is open; an open detail stays open."""
    browser, url = inside
    browser.open(f"{url}/links", width=1280, height=800)
    renewed = "!document.querySelector('main h1').dataset.before"
    browser.evaluate("document.querySelector('main h1').dataset.before = 1")
    browser.await_true(renewed)
    browser.await_true("document.querySelector('main table tbody tr') !== null")
    browser.evaluate("document.querySelector('main details').open = true")
    browser.evaluate("document.querySelector('main h1').dataset.before = 1")
    browser.evaluate(
        "window.told = 0; new EventSource('/events').onmessage = () => { window.told += 1; }; Date.now = () => 4e12"
    )
    browser.await_true("window.told >= 3")
    assert not browser.evaluate(renewed)


def test_the_worst_fault_alone_stands_on_the_page(browser, tmp_path):
    """In the language of the page, with how many more there are; on the wall, where others look, none does."""
    with full_house(tmp_path) as address:
        url = address.partition("/display")[0]
        owner = Visitor(int(url.rpartition(":")[2]))
        owner.post("/login", {"password": PASSWORD})
        browser.cookie(url, "linky_session", owner.cookies["linky_session"])
        browser.open(url, width=360, height=740)
        for language, worst, rest in (
            ("fr", "Le compteur a coupé le courant.", "3 de plus"),
            ("en", "The meter has cut the power.", "3 more"),
        ):
            browser.open(f"{url}/?lang={language}", width=360, height=740)
            told = browser.evaluate("document.querySelector('[role=alert]').innerText")
            assert worst in told
            assert rest in told
            assert browser.evaluate("document.querySelectorAll('[role=alert]').length") == 1
            assert browser.evaluate(CLIPPED) == []
            assert browser.evaluate(PALE) == []
        browser.open(address, width=1280, height=800)
        browser.await_true(DRAWN)
        assert not browser.evaluate("document.documentElement.outerHTML.includes('presque pleine')")


def test_a_screen_outlives_the_gateway(inside, tmp_path_factory):
    """While the gateway is away the values are marked as old; it comes back by itself, and so does the screen."""
    from tests.gateway.web.conftest import House

    browser, _ = inside
    with House(tmp_path_factory.mktemp("wall") / "house", "/nowhere/tty") as house:
        owner = house.owner()
        _, text = owner.send("/access/displays", own_password=OF_HOUSE, name="salon")
        token = re.search(r"token=([\w-]+)", text)[1]
        browser.open(f"http://127.0.0.1:{house.port}/display?token={token}", width=1280, height=800)
        shown = "document.querySelector('[data-is=stale]').innerText"
        browser.await_true(f"{shown}.includes('encore rien envoyé')")
        assert house.process.stop() == 0
        browser.await_true(f"{shown}.includes('ne répond plus')")
        house.process.start()
        wait_until(lambda: house.process.log.read_text().count("the page is served") == 2, 20, "served again")
        browser.await_true(f"{shown}.includes('encore rien envoyé')")
