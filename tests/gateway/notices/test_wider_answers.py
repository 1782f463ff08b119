"""Answers to what is asked beside a day's kilowatt hours: water, hours of a day, two spans, means; and of orders."""

import asyncio
import re
from datetime import UTC, date, datetime

import pytest

from gateway.balance.calendar import midnight
from gateway.household.days import HouseholdDays
from gateway.notices.chat.answers import Answers, present
from gateway.notices.chat.questions import ChatQuestion, understand
from gateway.notices.chat.words import WORDS
from gateway.store.recorder import Recorder
from gateway.tic.reading import Interpretation, Kind, Quality, Reading
from tests.gateway.notices.test_chat import house_of

# Thursday 15 January 2026 at noon.
NOW = midnight(date(2026, 1, 15)) + 43_200
WATER = "water/volume/index"
TAP = '[[counter]]\nname = "tap"\nquantity = "water"\ngpio = 27\nper_pulse = "1 l"\n'


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A house with a year, and a water meter of which 10 litres run in each hour from the 13th on."""
    folder = tmp_path_factory.mktemp("asked")
    first, end = date(2024, 12, 1), date(2026, 1, 16)
    with house_of(folder, first, end, NOW, lambda text: text.replace("[store]", f"{TAP}[store]")) as ask_house:
        ask_house.store.meters.add("tap", "cd34ef56ab")
        recorder = Recorder("tap", {})
        for place, time in enumerate(range(midnight(date(2026, 1, 13)) - 360, NOW + 1, 360)):
            at = datetime.fromtimestamp(time, UTC)
            reading = Reading(WATER, at, 123_000 + place, "l", Kind.INDEX, Quality.HOST)
            recorder.add(Interpretation(at, Quality.HOST, None, None, (reading,), ()))
            if time % 3600 == 0:
                ask_house.store.batches.write([recorder.take()], time)
        yield ask_house


def days(asked, first, end):
    """The kWh of these days, as the store has them."""
    return [one.drawn / 1000 for one in HouseholdDays(asked.store, asked.config).read(first, end)]


def test_water_is_told_from_its_pulses(asked):
    """Of a day in litres, of several in cubic metres, in part as at least so much; with the index as on its face."""
    index = "Index du compteur\u00a0: 123 m³."
    assert asked("combien d'eau aujourd'hui ?") == ["Jeudi 15 janvier\u00a0: 120 litres.", index]
    assert asked("conso d'eau hier")[0].endswith(": 240 litres.")
    assert asked("how much water this week?")[0] == "This week: at least 600 litres."
    assert asked("water last week?") == [
        "The week of Monday 5 January: I have no figures.",
        "Its meter stands at 123 m³.",
    ]
    assert asked("combien de gaz ce mois-ci ?") == [WORDS["fr"]["no-counter"]["gas"]]


def test_a_part_of_a_day_is_told_with_its_hours(asked):
    """Its sum is what the ledger has between them; of what is not over as far as it has come."""
    house = HouseholdDays(asked.store, asked.config)
    evening = midnight(date(2026, 1, 14)) + 18 * 3600
    (drawn,) = house.drawn([evening, evening + 6 * 3600])
    kwh = f"{drawn.wh / 1000:.1f}"
    assert asked("how much yesterday evening?") == [
        f"The evening of Wednesday 14 January (18:00 to midnight): {kwh} kWh."
    ]
    (night,) = house.drawn([midnight(date(2026, 1, 14)) + 22 * 3600, midnight(date(2026, 1, 15)) + 6 * 3600])
    assert asked("conso cette nuit")[0].endswith(f": {night.wh / 1000:.1f} kWh.".replace(".", ",", 1))
    assert asked("usage this evening") == [
        "The evening of Thursday 15 January (18:00 to midnight): that is still to come."
    ]


def test_two_spans_stand_beside_each_other(asked):
    """Both sums; of what goes on only as many whole days as it has had are compared."""
    here, before, moved = asked("December compared to November 2025?")
    november, december = (
        sum(days(asked, date(2025, month, 1), date(2025 + month // 12, month % 12 + 1, 1))) for month in (11, 12)
    )
    assert here.startswith(f"December 2025: {december:.1f} kWh")
    assert before.startswith(f"November 2025: {november:.1f} kWh")
    assert moved == f"That is {100 * (december / november - 1):+.0f}%."
    *_, so_far = asked("est-ce qu'on consomme plus cette semaine que la semaine dernière ?")
    this, last = (sum(days(asked, date(2026, 1, first), date(2026, 1, first + 3))) for first in (12, 5))
    kwh = [f"{one:.1f}".replace(".", ",") for one in (this, last)]
    assert so_far.startswith(f"Sur les 3 premiers jours de chacun\u00a0: {kwh[0]} kWh, contre {kwh[1]} kWh (")


def test_the_mean_and_the_highest_day_are_of_whole_days(asked):
    """Today, which goes on, counts for neither."""
    known = days(asked, date(2026, 1, 1), date(2026, 1, 15))
    (average,) = asked("usage per day on average")
    assert average == f"January 2026: {sum(known) / 14:.1f} kWh per day on average, over 14 whole days."
    (most,) = asked("quel jour j'ai le plus consommé ce mois-ci ?")
    assert f"{max(known):.1f}".replace(".", ",") in most
    assert re.match(r"Janvier 2026\s: le jour où vous avez le plus consommé est le \w+ \d+ janvier", most)


def test_the_price_of_each_class_stands_beside_that_of_now(asked):
    """As the tariff has them."""
    (line,) = asked("le kWh est à combien ?")
    assert re.search(r"HC rouge 0,1575\s€, HP rouge 0,7060\s€\.$", line)


def test_an_order_changes_nothing_and_is_told_where_to_go(asked):
    """Withdrawing, answering and erasing belong to the page, where the password is asked for."""
    for text in ("arrête de partager mes données", "retire mon accord", "refuse la demande"):
        assert asked(text) == [WORDS["fr"]["decide"]]
    assert "Partage" in WORDS["fr"]["decide"]
    assert "Sharing" in asked("stop sharing my data")[0]
    assert asked("préviens-moi si on dépasse 5000 watts") == [WORDS["fr"]["set"]]
    assert asked("would we save money with another tariff?") == [WORDS["en"]["offers"]]
    assert asked("efface mes mesures") == [WORDS["fr"]["erase"]]
    assert asked("delete my data") == [WORDS["en"]["erase"]]


def test_backup_and_version_are_asked_for_by_name(asked):
    """As the page says them; a house that has neither is told so."""
    links = [
        {"link": "backup", "title": "Nightly backup", "state": "ok", "detail": "made 6 h ago", "age_s": None},
        {"link": "meter house", "title": "Meter", "state": "ok", "detail": "read", "age_s": 1.0},
    ]
    house = {"version": "1", "turn": 1, "meters": [], "links": links, "alerts": []}
    assert present(ChatQuestion.BACKUP, "en", house) == "Nightly backup: made 6 h ago"
    assert present(ChatQuestion.UPDATE, "en", house) == WORDS["en"]["no-link"]["update"]


def test_where_the_page_is_can_be_asked():
    """By its addresses, one a line, as the machine is called at home; without a page that is said."""

    async def page():
        return ["http://linky.local:8080", "http://192.168.1.20:8080"]

    async def asks(nothing_of_it):
        raise AssertionError("this takes neither the store nor the meters")

    question = understand("à quelle adresse je trouve la page ?", date(2026, 1, 15))
    told, silent = (
        asyncio.run(Answers(None, None, asks, asks, lambda: NOW, asked).answer(question, "fr"))
        for asked in (page, None)
    )
    assert told.splitlines()[1:] == ["http://linky.local:8080", "http://192.168.1.20:8080"]
    assert silent == WORDS["fr"]["no-page"]
