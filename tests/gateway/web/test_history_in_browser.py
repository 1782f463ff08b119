"""*History* in a real Chromium: by touch, by keyboard alone, without JavaScript; where things stand on a phone.

A finger is a finger of the browser's own (CDP ``Input.dispatchTouchEvent``), not an event made by a script.
"""

import re

import pytest

from tests.gateway.web.test_history import DRAWN

FOLLOWED = "document.querySelector('.bars').dataset.followed === 'yes'"
PHONE = {"width": 390, "height": 844, "language": "fr"}
SEEN = "new URLSearchParams(location.search)"
# The middle of a bar, a little above the line of zero.
MIDDLE = """(() => {{ const box = document.querySelectorAll('.bars .hit')[{n}].getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2]; }})()"""
BUBBLE = "document.querySelector('.bubble')"
MINUTES = r"Les minutes de 9\sh\s30 à 10\sh"


@pytest.fixture
def inside(browser, years):
    """The browser of the owner, which no test leaves on its page; the page's address."""
    browser.cookie(years.url, "linky_session", years.owner.cookies["linky_session"])
    browser.dark(on=False)
    browser.complaints.clear()
    yield browser, years.url
    browser.open("about:blank")


def bar(page, n):
    return tuple(page.evaluate(MIDDLE.format(n=n)))


def asked(page, key):
    """What the address of the page says."""
    return page.evaluate(f"{SEEN}.get({key!r})")


def opened(page, url, followed=FOLLOWED):
    page.open(url, **PHONE)
    page.await_true(followed)


def test_a_finger_opens_a_year_a_month_a_day_and_its_minutes(inside):
    """Four taps from 2025 to the minutes of half past nine, each on the bar that means it."""
    page, url = inside
    with page.fingers():
        opened(page, f"{url}/history?period=year&date=2026-06-01")
        page.touch([bar(page, 9)])
        page.await_true(f"{SEEN}.get('date') === '2026-10-01' && {SEEN}.get('period') === 'month' && {FOLLOWED}")
        page.touch([bar(page, 24)])
        page.await_true(f"{SEEN}.get('date') === '2026-10-25' && {SEEN}.get('period') === 'day' && {FOLLOWED}")
        # A day of 25 hours: the half hour of 9:30 is its twenty-second.
        page.touch([bar(page, 21)])
        page.await_true(f"{SEEN}.get('detail') === 'minutes' && {DRAWN}")
        assert re.search(MINUTES, page.evaluate("document.querySelector('main').innerText"))
    assert page.complaints == []


@pytest.mark.parametrize(("way", "day"), [(-1, "2026-10-26"), (1, "2026-10-24")], ids=["left", "right"])
def test_a_swipe_changes_the_day(inside, way, day):
    """To the left the day after, to the right the day before; also over the chart, whose bars are not opened by it."""
    page, url = inside
    with page.fingers():
        opened(page, f"{url}/history?date=2026-10-25")
        x, y = bar(page, 25)
        page.touch(*([(x + way * step, y + step / 20)] for step in range(0, 140, 20)))
        page.await_true(f"{SEEN}.get('date') === '{day}' && {FOLLOWED}")
        assert asked(page, "detail") is None


def test_a_finger_that_goes_slowly_reads_each_bar_where_it_is(inside):
    """The bubble says the half hour below the finger, stays in the window, and stays when the finger is lifted."""
    page, url = inside
    with page.fingers():
        opened(page, f"{url}/history?date=2026-10-25")
        (first, y), (last, _) = bar(page, 2), bar(page, 47)
        page.touch([(first, y)], [((first + last) / 2, y)], [(last, y)], each_s=0.25)
        page.await_true(rf"!{BUBBLE}.hidden && /^22\sh\s30 – 23\sh/.test({BUBBLE}.textContent)")
        box = page.evaluate(f"{BUBBLE}.getBoundingClientRect().toJSON()")
        assert box["left"] >= 0
        assert box["right"] <= 390
        assert box["bottom"] <= y
        assert asked(page, "date") == "2026-10-25"


def test_a_page_is_moved_up_and_down_over_the_chart(inside):
    """A finger that goes upwards scrolls, opens nothing and changes no day."""
    page, url = inside
    with page.fingers():
        opened(page, f"{url}/history?date=2026-10-25")
        x, y = bar(page, 25)
        page.touch(*([(x, y - step)] for step in range(0, 240, 20)), each_s=0.02)
        page.await_true("scrollY > 100")
        assert (asked(page, "date"), asked(page, "detail")) == ("2026-10-25", None)


def test_two_fingers_and_two_taps_look_closer_at_the_minutes(inside):
    """Apart: closer, at what lay between them; two taps: closer again; from so close that there is no closer, all."""
    page, url = inside
    with page.fingers():
        opened(page, f"{url}/history?date=2026-10-25&detail=minutes", DRAWN)
        page.evaluate("document.querySelector('.plot').scrollIntoView({block: 'center'})")
        left, top, width = page.evaluate(
            "(({left, top, width}) => [left, top, width])(document.querySelector('.u-over').getBoundingClientRect())"
        )
        y, middle = top + 120, left + width / 2
        ticks = "document.querySelector('.chart').dataset.seen.split(' ').map(Number)"
        whole = page.evaluate(ticks)
        page.touch(*([(middle - apart, y), (middle + apart, y)] for apart in range(30, 130, 20)), each_s=0.03)
        page.await_true(f"{ticks}[1] - {ticks}[0] < 0.5 * {whole[1] - whole[0]}")
        close = page.evaluate(ticks)
        # What lay in the middle still does: ten minutes of 25 hours are a finger's width.
        assert abs(sum(close) - sum(whole)) / 2 < 600
        page.tap_twice((middle, y))
        page.await_true(f"{ticks}[1] - {ticks}[0] < {close[1] - close[0]}")
        for _ in range(5):
            if page.evaluate(ticks) == whole:
                break
            page.tap_twice((middle, y))
        assert page.evaluate(ticks) == whole
        # While it is close a finger that goes fast moves nothing else.
        assert asked(page, "date") == "2026-10-25"


def test_everything_by_keyboard_alone(inside):
    """One stop for all bars, arrows from one to the next, Enter opens it; outside of them arrows change the period."""
    page, url = inside
    opened(page, f"{url}/history?period=month&date=2026-10-25")
    focused = "document.activeElement.closest('.bars')"
    for _ in range(40):
        page.key("Tab")
        if page.evaluate(f"!!{focused}"):
            break
    assert page.evaluate(f"!!{focused}")
    assert page.evaluate("document.querySelectorAll('.bars a[tabindex=\"0\"]').length") == 1
    for key in ("End", "ArrowLeft", "ArrowLeft", "ArrowRight"):
        page.key(key)
    assert page.evaluate(f"{BUBBLE}.textContent").startswith("vendredi 30 octobre 2026")
    page.key("Tab")
    assert not page.evaluate(f"!!{focused}")
    page.key("ArrowLeft")
    page.await_true(f"{SEEN}.get('date') === '2026-09-01' && {FOLLOWED}")
    page.evaluate("document.querySelector('.bars a').focus()")
    page.key("ArrowRight")
    page.key("Enter")
    page.await_true(f"{SEEN}.get('date') === '2026-09-02' && {SEEN}.get('period') === 'day'")


def test_without_javascript_there_are_bars_numbers_and_ways(inside):
    """The chart is drawn, its bars open their periods, the table has the values, minutes of a half hour are rows."""
    page, url = inside
    page.scripts(on=False)
    try:
        page.open(f"{url}/history?period=month&date=2026-10-25", **PHONE)
        page.scripts(on=True)
        assert page.evaluate("document.querySelector('.bars').dataset.followed") is None
        wide = "one.getBoundingClientRect().width > 5"
        assert page.evaluate(f"[...document.querySelectorAll('.bars path[class^=c-]')].every((one) => {wide})")
        hrefs = page.evaluate("[...document.querySelectorAll('.bars a')].map((one) => one.getAttribute('href'))")
        assert len(hrefs) == 31
        text = page.evaluate("document.querySelector('main').textContent")
        assert "soutirés du réseau" in text
        assert "se dessine" not in text
        assert page.evaluate("document.querySelectorAll('.values tbody tr').length") == 31
        page.scripts(on=False)
        page.open(url + hrefs[24], **PHONE)
        page.scripts(on=True)
        close = page.evaluate("document.querySelectorAll('.bars a')[21].getAttribute('href')")
        page.scripts(on=False)
        page.open(url + close, **PHONE)
        page.scripts(on=True)
        assert re.search(MINUTES, page.evaluate("document.querySelector('main').textContent"))
        assert page.evaluate("document.querySelectorAll('main table')[0].rows.length") == 31
    finally:
        page.scripts(on=True)


@pytest.mark.parametrize(
    "path", ["/history?date=2026-10-25", "/history?period=month", "/history?date=2026-10-25&unit=eur&against=year"]
)
def test_on_a_phone_the_chart_begins_high_and_the_day_stays_in_sight(inside, path):
    """At most 300 px from the top of 390 × 844; when one has gone down, the day and its arrows still stand there."""
    page, url = inside
    opened(page, url + path)
    assert page.evaluate("document.querySelector('.bars').getBoundingClientRect().top") <= 300
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("scrollTo(0, 900)")
    page.await_true("scrollY > 500")
    top, bottom = page.evaluate(
        "(({top, bottom}) => [top, bottom])(document.querySelector('.steps').getBoundingClientRect())"
    )
    assert -1 <= top < bottom <= 60
    small = """[...document.querySelectorAll('.line a, .ways a, .when summary')].filter((one) => {
      const {width, height} = one.getBoundingClientRect(); return Math.min(width, height) < 44; })"""
    assert page.evaluate(f"{small}.map((one) => one.outerHTML)") == []
