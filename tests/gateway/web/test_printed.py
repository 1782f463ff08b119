"""Pages on paper: what they say without what one presses, light also from a dark device, colours of days kept,
of which house and of when it is."""

import time

import pytest

from gateway.web.dates import clock, local
from gateway.web.help.routes import help_pages
from tests.gateway.web import three_years
from tests.gateway.web.test_history_in_browser import inside

__all__ = ["inside"]

_SHOWN = "[...document.querySelectorAll({names!r})].filter((one) => one.checkVisibility()).map((one) => one.className)"
_PRESSED = "nav, form, button, a.button, .tabs, .choosers, .downloads"
_GROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture
def on_paper(inside):
    """The browser, which shows pages as they are printed, of a device that is dark."""
    page, url = inside
    page.dark(on=True, printed=True)
    yield page, url
    page.dark(on=False)


@pytest.mark.parametrize("path", ["/", "/history?period=day&date=2026-10-25", "/cost", "/sharing", "/links"])
def test_nothing_that_is_pressed_is_printed(on_paper, path):
    """On white, with the colours that mean something, no wider than the paper is."""
    page, url = on_paper
    page.open(f"{url}{path}", width=680, height=960)
    assert page.evaluate(_SHOWN.format(names=_PRESSED)) == []
    assert page.evaluate(_GROUND) == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).printColorAdjust") == "exact"
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    assert page.evaluate("document.querySelector('main').innerText.trim().length") > 30


def test_the_values_of_a_day_are_printed_though_their_table_is_closed(on_paper):
    """Whoever prints a day wants its figures; on a screen they open by a tap."""
    page, url = on_paper
    page.open(f"{url}/history?period=day&date=2026-10-25", width=680, height=960)
    closed = "document.querySelector('details.values:not([open]) table')"
    assert page.evaluate(f"{closed}.checkVisibility({{contentVisibilityAuto: true, visibilityProperty: true}})")
    page.dark(on=True)
    assert not page.evaluate(f"{closed}.checkVisibility({{contentVisibilityAuto: true, visibilityProperty: true}})")


@pytest.mark.parametrize(("language", "said"), [("fr", "Maison « maison-7 » · "), ("en", "House “maison-7” · ")])
@pytest.mark.parametrize("path", ["/", "/history?period=day&date=2026-10-25", "/more"])
def test_paper_says_of_which_house_it_is_and_of_when(on_paper, path, language, said):
    """By the clock of the house, to the minute; a screen does not show it."""
    page, url = on_paper
    before = time.time()
    page.open(f"{url}{path}", width=680, height=960, language=language)
    shown = page.evaluate("document.querySelector('.on-paper').innerText").replace("\N{NO-BREAK SPACE}", " ")
    moments = {clock(language, local(at)).replace("\N{NO-BREAK SPACE}", " ") for at in (before, time.time())}
    assert shown.replace("\N{NARROW NO-BREAK SPACE}", " ") in {f"{said}{moment}" for moment in moments}
    page.dark(on=True)
    assert not page.evaluate("document.querySelector('.on-paper').checkVisibility()")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_sheet_for_a_teacher_is_one_page(browser, house, language):
    """An A4 page without its margins is 180 by 267 mm; its table is a table there, with its heads."""
    with three_years.served(house.folder, house.config, password=False, more=(help_pages(),)) as running:
        browser.dark(on=True, printed=True)
        browser.open(f"{running.url}/help/class", width=680, height=960, language=language)
        assert browser.evaluate("document.querySelector('main').getBoundingClientRect().bottom") < 1009
        assert browser.evaluate("document.querySelector('.guide thead').checkVisibility()")
        browser.dark(on=False)
