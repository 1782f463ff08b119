"""The class without a meter: last week of a school, a home and a roof stands at the page, and their meters go on."""

import re
import shutil
import tempfile
from datetime import date, timedelta
from pathlib import Path

import pytest

from demo.class_room import ClassRoom
from demo.endings import Endings
from demo.lived import PASSWORD
from gateway.balance.calendar import midnight
from harness.browser import PROGRAM, Browser
from meter.neighbourhood import half_hours, neighbour
from servers import wait_until
from tests.gateway.web.conftest import Visitor

MONDAY = date(2026, 11, 23)


def day(who, place, seed=1, solar_w=0):
    """A day of that week: what it drew and gave by half hours."""
    begin = midnight(MONDAY + timedelta(days=place))
    return list(half_hours(neighbour(who, seed, 3, solar_w), begin, begin + 86_400))


def test_a_school_is_full_by_day_and_asleep_at_night_and_at_the_week_end():
    """Half of Wednesday, nothing of Saturday and Sunday but what never sleeps."""
    tuesday, wednesday, sunday = (sum(one.drawn for one in day("school", place)) for place in (1, 2, 6))
    hours = [one.drawn for one in day("school", 1)]
    assert max(hours[:8]) < 300
    assert min(hours[18:32]) > 2000
    assert 0.3 < wednesday / tuesday < 0.7
    assert sunday < 0.2 * tuesday


def test_a_home_lives_in_the_morning_and_the_evening():
    """While the school is full little happens there."""
    hours = [one.drawn for one in day("home", 1)]
    assert sum(hours[34:48]) > 3 * sum(hours[18:32])


def test_a_roof_gives_by_day_and_each_day_is_another():
    """Nothing at night; a bright day and a grey one."""
    week = [[one.injected for one in day("roof", place, solar_w=9000)] for place in range(7)]
    assert {sum(hours[:14]) + sum(hours[36:]) for hours in week} == {0}
    sums = [sum(hours) for hours in week]
    assert max(sums) > 1.5 * min(sums) > 0


def test_the_same_seed_is_the_same_week():
    """And another seed another one."""
    assert day("school", 1) == day("school", 1) != day("school", 1, seed=2)


@pytest.fixture
def folder():
    """One with a short name: the path of a control socket has a limit."""
    made = Path(tempfile.mkdtemp(prefix="class-"))
    yield made
    shutil.rmtree(made)


@pytest.mark.slow
def test_a_class_finds_last_week_whole_and_today_going_on(folder):
    """Three places without a gap, what the meters say now goes on where the days before end: nothing breaks."""
    with ClassRoom(folder, Endings()) as room:
        wait_until(lambda: room.has("meter school", "meter home", "meter roof"), 60, "the meters")
        visitor = Visitor(room.port)
        answer, _ = visitor.post("/login", {"password": PASSWORD}, Origin=f"http://{visitor.host}")
        assert answer.status == 303
        now, text = visitor.get("/places?period=week")
        assert now.status == 200
        before = re.search(r'href="/places\?([^"]*)" rel="prev"', text)[1].replace("&amp;", "&")
        _, week = visitor.get(f"/places?{before}")
        assert re.findall(r'<section class="place"><h2>(.*?)</h2>', week) == ["École", "Logement", "Toit"]
        assert 'class="gap"' not in week
        assert 'class="unsure"' not in week
        assert not room.query("SELECT kind FROM event WHERE kind LIKE '%reset%' OR kind LIKE '%replaced%'")
        if PROGRAM is None:
            pytest.skip("chromium is not installed")
        with Browser(folder / "chromium") as browser:
            url = f"http://127.0.0.1:{room.port}"
            browser.cookie(url, "linky_session", visitor.cookies["linky_session"])
            for width, height in ((1280, 720), (1920, 1080), (1024, 768)):
                browser.open(f"{url}/places/screen?{before}", width=width, height=height)
                assert browser.evaluate("document.documentElement.scrollHeight") <= height
                drawn = browser.evaluate("[...document.querySelectorAll('.drawing')].map((one) => one.clientHeight)")
                assert min(drawn) > height / 9
