"""What a look at three years takes of the processor: bounds that a slow or a busy machine does not move."""

import asyncio
import shutil
import time
from contextlib import closing
from datetime import date
from types import SimpleNamespace

import pytest
from microdot import Request

from gateway.balance.calendar import midnight
from gateway.config.tables import load
from gateway.store.received import Incoming, Lot
from gateway.store.store import Store
from gateway.web.access.access import PageAccess
from gateway.web.cost import routes as cost
from gateway.web.history import routes as history
from gateway.web.history.stored import HouseholdPast
from gateway.web.places.routes import page_of_places
from gateway.web.reader import StoreReader
from gateway.web.roof import stored as roof_stored
from gateway.web.roof.routes import page_of_roofs
from gateway.web.site import Site
from tests.gateway.web.instructions import taken
from tests.gateway.web.stand_in import StandInHouse
from tests.gateway.web.three_years import END, settled

# Less than 60 ms of the machine of the README's figures (``instructions.py``).
MOST_INSTRUCTIONS, MOST_STEPS = 2_500_000, 250_000
# A year's half hours under each of the offers, reckoned anew at each look: some 130 ms.
MOST_OF_OFFERS = 6_500_000, 550_000
LOOKS = [
    "/",
    "/history",
    "/history/data",
    "/history?period=week",
    "/history?period=month",
    "/history?period=year",
    "/history?period=year&date=2025-06-01",
    "/cost",
    "/cost?period=month",
    "/cost?period=year",
    "/places",
    "/places?period=week",
]
# Of who holds shares of a roof of two inverters.
LOOKS_AT_ROOFS = ["/roof", "/roof?date=2026-06-21", "/places", "/places?period=week", "/places?date=2026-06-21&unit=m2"]
NOON = midnight(END) + 12 * 3600
ROOF = """
[federation]
jid = "maison@e.org"
[[received]]
name = "est"
provider = "toit@e.org/proxy"
identifier = "toit@e.org/est@e.org/production"
[[received]]
name = "ouest"
provider = "toit@e.org/proxy"
identifier = "toit@e.org/ouest@e.org/production"
[[roof]]
name = "Toit"
area_m2 = 180
shares = 400
held = 20
received = ["est", "ouest"]
budget = [{ year = 2026, planned = 1200, spent = [{ date = 2026-03-14, what = "Nettoyage", euros = 280 }] }]
"""


@pytest.fixture(scope="module")
def house(years, tmp_path_factory):
    """The site over a copy of these years, in which the day after them has begun and is not over."""
    folder = tmp_path_factory.mktemp("looked-at")
    for one in ("linky-gateway.sqlite", "gateway.toml"):
        shutil.copy(years.folder / one, folder)
    with closing(Store(folder)) as store:
        store.db.begin()
        store.db.execute(
            "INSERT INTO span SELECT register, until, ?, value + wh, 4000, 0 FROM span s"
            " WHERE start = (SELECT max(start) FROM span WHERE register = s.register)",
            [NOON],
        )
        store.db.execute(
            "INSERT INTO coarse SELECT series, step, ?, value + 4000 FROM coarse c JOIN series ON series.id = c.series"
            " WHERE kind = 'index' AND step = 1800 AND time = ?",
            [NOON, midnight(END)],
        )
        store.db.commit()
    return folder


@pytest.fixture(scope="module")
def roofed(house, tmp_path_factory):
    """The same household with a roof: the half hours of this year of two inverters, of one the last minutes as well."""
    folder = tmp_path_factory.mktemp("roofed")
    for one in house.iterdir():
        shutil.copy(one, folder)
    with (folder / "gateway.toml").open("a", encoding="utf-8") as file:
        file.write(ROOF)
    path, values = "production/energy/active/index", []
    for name, granularity, begin, every in (
        ("est", "PT30M", midnight(date(2026, 1, 1)), 1800),
        ("ouest", "PT30M", midnight(date(2026, 1, 1)), 1800),
        ("ouest", "PT1M", midnight(date(2026, 10, 26)), 60),
    ):
        sen1 = f"toit@e.org/{name}@e.org/{path}"
        values += [
            Incoming(sen1, sen1, path, "Wh", granularity, at, (at - begin) // 2) for at in range(begin, NOON + 1, every)
        ]
    with closing(Store(folder)) as store:
        store.providers.receive("toit@e.org", [Lot(values, None, "P3Y")], NOON)
    return folder


def visit(house, path):
    """Sign in, and look once before, as a page that is open has done; then what the look does."""
    config = load(house / "gateway.toml")
    reader = StoreReader(house, settled)
    past = HouseholdPast(config, reader)
    access = PageAccess(house / "page.json")
    present = StandInHouse(config=config, moment=NOON)
    parts = history.part(past), cost.part(past), page_of_places(config, reader), page_of_roofs(config, reader)
    site = Site(present, access, "1", lambda: parts)
    cookie = site.entrance._sessions.open(time.monotonic())
    headers = {"Host": "linky.local:8080", "Accept-Language": "fr", "Cookie": f"linky_session={cookie}"}

    def look():
        # What the first page says is read once in a minute: this is the look that reads it.
        present._figures._read_at = None
        asked = Request(site.app, ("192.168.1.20", 50000), "GET", path, "1.1", headers, body=b"")
        answer = asyncio.run(site.answer(asked))
        assert answer.status_code == 200
        return answer

    look()
    return look


@pytest.mark.parametrize("path", LOOKS)
def test_a_look_at_three_years_is_within_what_a_small_board_has(house, monkeypatch, path):
    """Each page takes at most 60 ms of the reference machine, on a day that is not over."""
    found = taken(monkeypatch, visit(house, path))
    print(f"{path}: {found}")
    assert found.steps > 0
    assert found.instructions <= MOST_INSTRUCTIONS
    assert found.steps <= MOST_STEPS


@pytest.mark.parametrize("path", LOOKS_AT_ROOFS)
def test_a_look_at_a_roof_is_within_the_same_bounds(roofed, monkeypatch, path):
    """The year of two inverters, the day beside it, and all places on one axis."""
    monkeypatch.setattr(roof_stored, "time", SimpleNamespace(time=lambda: NOON))
    look = visit(roofed, path)
    assert "Toit" in str(look().body)
    found = taken(monkeypatch, look)
    print(f"{path}: {found}")
    assert found.steps > 0
    assert found.instructions <= MOST_INSTRUCTIONS
    assert found.steps <= MOST_STEPS


def test_a_comparison_of_a_year_is_within_its_own_bound(house, monkeypatch):
    """It keeps nothing between two looks, and is the dearest page."""
    found = taken(monkeypatch, visit(house, "/cost/offers"))
    print(found)
    assert found.steps > 0
    assert found.instructions <= MOST_OF_OFFERS[0]
    assert found.steps <= MOST_OF_OFFERS[1]


def test_without_days_that_are_kept_it_would_not_be(house, monkeypatch, tmp_path):
    """The bound sees the difference between three years that are read and three years that are reckoned."""
    for one in house.iterdir():
        shutil.copy(one, tmp_path)
    with closing(Store(tmp_path)) as store:
        store.db.begin()
        store.db.execute("DELETE FROM kept_day")
        store.db.commit()
    found = taken(monkeypatch, visit(tmp_path, "/cost?period=year"))
    assert found.instructions > MOST_INSTRUCTIONS
    assert found.steps > MOST_STEPS
