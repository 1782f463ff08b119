"""A walk through every page of a running daemon that has three years and forty consents, as a household sees them.

With ``SCREENSHOTS=FOLDER`` a picture of every page is kept there, to be looked at; else of what is wrong, in pytest's
folder. How much a first visit loads, and how long a slow phone takes, is printed (``pytest -s``). ``WRITE_PAGES=1``
makes the pictures of ``pictures/`` anew, which the documents show; look at them before they are committed.
"""

import os
import re
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.gateway.web.looks import AXE, CUT_OFF, OVERLAPPING, SMUDGED, VIOLATIONS, WATCH
from tests.gateway.web.test_in_browser import NAMELESS, PALE, SIZES, SMALL
from tests.gateway.web.whole_house import whole_house

MENU = """[...document.querySelectorAll("header nav a:not([hreflang]), .doors a:not([hreflang])")]
  .map((a) => a.getAttribute("href"))"""
DAY, YEAR = "/history?date=2026-10-25", "/history?period=year&date=2025-06-01"
# What the menu does not lead to at once.
FURTHER = (
    *(DAY, f"{DAY}&against=previous&unit=eur", f"{DAY}&detail=minutes", "/history?period=month&date=2025-03-01", YEAR),
    *("/cost?period=month", "/cost?period=year", "/cost/offers"),
    *(
        "/sharing/requests/2",
        "/repair?{point}",
        "/repair/point?{point}",
        "/display",
        "/display?guest=1",
        "/help/questions",
        "/help/modes",
        "/settings/displays",
        "/settings/boards",
        "/settings/backup",
        "/settings/meters",
        "/settings/keeping",
        "/settings/restart",
        "/settings/data",
        "/settings/data/hand-over",
        "/security/report",
    ),
)
DRAWN = """(() => {
  const place = document.querySelector(".chart, .bars") ?? document.querySelector("[data-is=drawn], [data-is=power]");
  return !place || [place.dataset.drawn, place.dataset.followed].includes("yes")
    || !place.matches(".chart, .bars") && /\\d/.test(place.textContent); })()"""
# A chart is drawn anew when its place has another width.
FITS = """[...document.querySelectorAll(".plot")].every((plot) =>
  Math.abs(plot.querySelector(".uplot").clientWidth - plot.clientWidth) < 2)"""
# The page is told of its size before a picture of it is made.
DRAWN_ANEW = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"
# What a first visit may load: a home at the edge of the house's Wi-Fi has a tenth of a megabyte a second.
FIRST_LOAD_BYTES = {"/": 30_000, DAY: 80_000, YEAR: 80_000}
SLOWER = 4
PICTURES = Path(__file__).parent / "pictures"


@pytest.fixture(scope="module")
def house(years, tmp_path_factory):
    with whole_house(tmp_path_factory.mktemp("whole"), years.folder) as running:
        yield running


@pytest.fixture
def inside(browser, house):
    """The browser of the owner; the page's address."""
    url = f"http://127.0.0.1:{house.port}"
    browser.forget()
    browser.cookie(url, "linky_session", house.signed_in.cookies["linky_session"])
    browser.requests.clear()
    browser.complaints.clear()
    with browser.beforehand(WATCH):
        yield browser, url


def places(browser, url, house):
    """Each page of the menu and of its last entry, and what lies behind them."""
    browser.open(f"{url}/more")
    menu = browser.evaluate(MENU)
    assert {"/", "/history", "/cost", "/sharing", "/repair", "/settings", "/links", "/access", "/security"} <= set(menu)
    return [*dict.fromkeys(menu), *(path.format(point=house.point) for path in FURTHER)]


def named(path):
    """A page as the name of a file."""
    return re.sub(r"\W+", "-", path.partition("granularity")[0]).strip("-") or "now"


def look(browser, width, height):
    """The faults of the page that is open, at one size."""
    browser.resize(width, height)
    browser.evaluate(DRAWN_ANEW)
    browser.await_true(FITS)
    found = [one for what in (CUT_OFF, OVERLAPPING, SMUDGED, PALE, NAMELESS, SMALL) for one in browser.evaluate(what)]
    if not browser.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        found.append("wider than the window")
    return found


@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("en", True)], ids=["light-fr", "dark-en"])
def test_every_page_can_be_read_by_everybody(inside, house, tmp_path, language, dark):
    """Nothing clipped or overlapping at any size, axe-core is content, no complaint, no request to another host."""
    browser, url = inside
    kept, faults = os.environ.get("SCREENSHOTS"), {}
    browser.dark(on=dark)
    for path in places(browser, url, house):
        browser.open(url + path, width=SIZES[0][0], height=SIZES[0][1], language=language)
        browser.await_true(DRAWN)
        assert browser.evaluate("document.documentElement.lang") == language
        browser.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        for width, height in SIZES:
            where = f"{named(path)}-{width}-{language}"
            faults[where] = look(browser, width, height)
            if kept or faults[where]:
                browser.screenshot(Path(kept or tmp_path) / f"{where}.png", whole="/display" not in path)
        browser.evaluate(AXE)
        faults[f"{named(path)}-axe-{language}"] = browser.evaluate(VIOLATIONS)
    assert {where: found for where, found in faults.items() if found} == {}
    assert browser.complaints == []
    # The sign of a field for a date is drawn by the browser itself.
    asked = [request for request in browser.requests if not request.startswith("data:")]
    assert {re.match(r"\w+://[^/]+", request)[0] for request in asked} == {url}


FAULTY = """<!DOCTYPE html><html lang=en><title>Faulty</title><body style="margin:0"><h1>Faulty</h1><img src="data:,">
<div style="position:relative;height:3em"><span style="position:absolute">Monday evening</span>
<span style="position:absolute;left:4em">Tuesday</span></div>
<nav class=menu aria-label=Menu style="position:relative;height:3em"><span style="position:absolute">All of it</span>
<span style="position:absolute;left:2em">Costs</span></nav><canvas width=200 height=50></canvas>"""
WRITE = """(() => { const paper = document.querySelector("canvas").getContext("2d");
  for (const [text, x, y] of [["10 h", 50, 25], ["11 h", 60, 25], ["12 h", 190, 25], ["13 h", 120, 25]])
    paper.fillText(text, x, y); })()"""


def test_what_is_wrong_is_found(inside, tmp_path):
    """Labels over each other, as text and in a chart, one that is cut off, a picture without a name: each is told."""
    browser, _ = inside
    (tmp_path / "faulty.html").write_text(FAULTY)
    browser.open(f"file://{tmp_path}/faulty.html")
    browser.evaluate(WRITE)
    assert browser.evaluate(OVERLAPPING) == ["Monday evening / Tuesday", "All of it / Costs"]
    assert browser.evaluate(SMUDGED) == ["10 h / 11 h", "12 h is cut"]
    browser.evaluate(AXE)
    assert any(found.startswith("image-alt: ") for found in browser.evaluate(VIOLATIONS))


@pytest.mark.parametrize("path", ["/", DAY, YEAR], ids=["now", "day", "year"])
def test_a_first_visit_loads_little(inside, path):
    """At most 30 and 80 kB with nothing kept from before; requests and the time to the first chart are printed."""
    browser, url = inside
    browser.dark(on=False)
    browser.open("about:blank")
    browser.forget_files()
    browser.requests.clear()
    browser.received = 0
    browser.slow_down(SLOWER)
    try:
        browser.open(url + path, width=360, height=740)
        browser.await_true("window.drawnAt")
        drawn_ms = browser.evaluate("Math.round(window.drawnAt)")
    finally:
        browser.slow_down(1)
    asked = [request for request in browser.requests if not request.startswith("data:")]
    print(
        f"{path}: {browser.received / 1000:.1f} kB, {len(asked)} requests, first chart after {drawn_ms} ms ({SLOWER}x)"
    )
    assert 5_000 < browser.received <= FIRST_LOAD_BYTES[path]


def likeness(picture, other):
    """How far two pictures are from each other when they are seen from afar: 0 the same, 255 black and white."""
    small = [one.convert("L").resize((32, 32), Image.Resampling.BOX) for one in (picture, other)]
    return ImageStat.Stat(ImageChops.difference(*small)).mean[0]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_first_curve_is_the_picture_in_the_documents(inside, tmp_path, language):
    """Legend, curves and bands; another browser's letters may be a little off, a chart without its curve is not."""
    browser, url = inside
    browser.dark(on=False)
    browser.open(url + DAY, width=720, height=900, language=language)
    browser.await_true(DRAWN)
    browser.evaluate(DRAWN_ANEW)
    browser.await_true(FITS)
    browser.screenshot(tmp_path / "day.png", of=".bars")
    seen, shown = Image.open(tmp_path / "day.png"), PICTURES / f"day.{language}.png"
    if os.environ.get("WRITE_PAGES"):
        seen.convert("RGB").quantize(64).save(shown, optimize=True)
    known = Image.open(shown)
    assert seen.width == known.width
    assert abs(seen.height - known.height) <= 30
    assert likeness(seen, known) < 8
    bare = seen.copy()
    bare.paste("white", (0, seen.height // 3, *seen.size))
    assert likeness(seen, bare) > 12
