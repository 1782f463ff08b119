"""The neighbourhood over two domains: what the first house is sent stands at its page, on a phone and for a class."""

import os
import re
import shutil
import tempfile
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from demo.endings import Endings
from demo.lived import PASSWORD, begins
from demo.neighbourhood import OTHERS, Neighbourhood
from gateway.balance.calendar import day_of, midnight
from harness.browser import PROGRAM, Browser
from meter.neighbourhood import half_hours, neighbour
from servers import missing_packages
from tests.gateway.web.conftest import Visitor

pytestmark = pytest.mark.slow
NAMES = ["École", "Maison 1", "Maison 2", "Maison 3", "Toit"]


@pytest.fixture
def neighbourhood():
    """All of it, in a folder with a short name: the path of a control socket has a limit."""
    if missing := missing_packages():
        if os.environ.get("CI"):
            pytest.fail(f"not installed: {missing}")
        pytest.skip(f"not installed: {missing}")
    made = Path(tempfile.mkdtemp(prefix="nb-"))
    with Neighbourhood(made, Endings()) as running:
        yield running
    shutil.rmtree(made)


def signed_in(port):
    """A visitor of the first house who knows the password."""
    visitor = Visitor(port)
    answer, _ = visitor.post("/login", {"password": PASSWORD}, Origin=f"http://{visitor.host}")
    assert answer.status == 303
    return visitor


def test_all_five_stand_side_by_side(neighbourhood, tmp_path):
    """Last week of each without a gap, exactly what the school drew; the part of the roof is in the history."""
    monday = day_of(begins(neighbourhood.begun))
    visitor = signed_in(neighbourhood.first.port)
    week = f"period=week&date={monday}"
    _, text = visitor.get(f"/places?{week}")
    assert re.findall(r'<section class="place"><h2>(.*?)</h2>', text) == NAMES
    assert 'class="gap"' not in text
    begin, end = midnight(monday), midnight(monday + timedelta(days=7))
    drawn = sum(one.drawn for one in half_hours(neighbour("school", 1, 3), begin, end))
    sql = (
        "SELECT max(value) - min(value) FROM received_point JOIN received_series ON received_series.id = series"
        " WHERE provider = 'ecole@sen2.test' AND path LIKE '%energy/active/index' AND time BETWEEN ? AND ?"
    )
    assert neighbourhood.first.query(sql, begin, end) == [(drawn,)]
    school = re.sub("[\u202f\u00a0]", " ", unescape(text)).partition("<h2>École</h2>")[2]
    # Of a week of holidays the page has a decimal more.
    kwh = f"{drawn / 1000:.{0 if drawn >= 100_000 else 1}f}".replace(".", ",")
    assert f"<dd>{kwh} kWh</dd>" in school.partition("</section>")[0]
    _, history = visitor.get(f"/history?{week}")
    assert "Production" in history
    _, roof = visitor.get(f"/roof?date={monday}")
    assert "12 parts sur 400" in re.sub("[\u202f\u00a0]", " ", unescape(roof))
    said = re.sub("[\u202f\u00a0]", " ", unescape(roof))
    assert "Votre part a produit" in said
    assert re.search(r"À votre tarif, cette énergie aurait coûté \d+,\d\d €", said)
    assert f"Prévu en {monday:%Y} : 1 200,00 €" in said
    assert "Il reste 509,50 €" in said
    assert {one.jid for one in OTHERS} == set(neighbourhood.arrived())
    if PROGRAM is None:
        pytest.skip("chromium is not installed")
    with Browser(tmp_path / "chromium", "--hide-scrollbars") as browser:
        url = f"http://127.0.0.1:{neighbourhood.first.port}"
        browser.cookie(url, "linky_session", visitor.cookies["linky_session"])
        for path, width, height in (("/places", 390, 844), ("/places/screen", 1280, 720)):
            for language in ("fr", "en"):
                browser.open(f"{url}{path}?{week}", width=width, height=height, language=language)
                assert browser.evaluate("document.documentElement.lang") == language
                assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
                seen = browser.evaluate("[...document.querySelectorAll('.curves .curve')].length")
                assert seen == len(NAMES), path
                if folder := os.environ.get("SCREENSHOTS"):
                    browser.screenshot(Path(folder) / f"neighbourhood-{width}-{language}.png")
        assert browser.complaints == []
