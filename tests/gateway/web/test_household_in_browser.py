"""The pages *sharing*, *repair* and *settings* in a real Chromium, with forty consents and the longest names.

With ``SCREENSHOTS=FOLDER`` the pictures are kept there, to be looked at.
"""

import os
import re
from pathlib import Path

import pytest

from tests.gateway.store.conftest import POWER
from tests.gateway.web.conftest import House
from tests.gateway.web.shared import make, overfull, with_bad_points
from tests.gateway.web.test_in_browser import CLIPPED, NAMELESS, PALE, SMALL
from tests.gateway.web.test_settings import ACCOUNT

TARIFF = """[[tariff]]
name = "Tarif-bleu-option-heures-creuses-Tempo"
from = 2026-01-01
subscription = 15.65
prices = { hcjb = 0.1296, hpjb = 0.1609, hcjw = 0.1486, hpjw = 0.1894, hcjr = 0.1568, hpjr = 0.7562 }
"""


@pytest.fixture(scope="module")
def full_house(tmp_path_factory):
    """A house that shares with many, with a reading that is wrong; its owner signed in."""
    folder = tmp_path_factory.mktemp("full") / "house"
    folder.mkdir()
    bad, _ = make(folder / "data", with_bad_points, overfull)
    (folder / "password").write_text("canary-of-the-account\n")
    with House(folder, "/nowhere/tty", ACCOUNT + TARIFF) as house:
        house.signed_in = house.owner()
        (known,) = [one for path, one in bad.items() if path == POWER]
        point = f"meter=house&path={POWER.replace('/', '%2F')}&granularity=PT30M&time={known.time}"
        house.pages = {
            "sharing": "/sharing",
            "request": "/sharing/requests/2",
            "repair": "/repair",
            "around": f"/repair?{point}",
            "point": f"/repair/point?{point}",
            "settings": "/settings",
            "series": "/series",
        }
        yield house


# A phone, a tablet and a television; each language and each light at least once.
LOOKS = ((360, 740, "fr", False), (768, 1024, "en", True), (1920, 1080, "fr", False))


def test_what_is_shared_and_repaired_can_be_read_at_every_size(browser, full_house):
    """Nothing is clipped, contrasts are AA, all can be pressed and named; no complaint, and no other host."""
    url = f"http://127.0.0.1:{full_house.port}"
    browser.cookie(url, "linky_session", full_house.signed_in.cookies["linky_session"])
    browser.requests.clear()
    browser.complaints.clear()
    for width, height, language, dark in LOOKS:
        browser.dark(on=dark)
        for name, path in full_house.pages.items():
            browser.open(url + path, width=width, height=height, language=language)
            browser.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            where = f"{name} {width} {language}"
            if folder := os.environ.get("SCREENSHOTS"):
                browser.screenshot(Path(folder) / f"{name}-{width}-{language}.png")
            assert browser.evaluate("document.documentElement.lang") == language
            assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
            for found in (CLIPPED, PALE, NAMELESS, SMALL):
                assert browser.evaluate(found) == [], where
            assert browser.evaluate("document.querySelectorAll('h1').length") == 1, where
    assert browser.complaints == []
    # The sign of a field for a date is drawn by the browser itself.
    asked = [request for request in browser.requests if not request.startswith("data:")]
    assert {re.match(r"\w+://[^/]+", request)[0] for request in asked} == {url}
