"""What a recipient would have seen of one's own yesterday: the curves, their figures, and the steps of a request."""

import html
import re
from datetime import date, timedelta

import pytest

from gateway.balance.calendar import midnight
from gateway.store.recorder import Recorder
from gateway.web import dates
from gateway.web.sharing.yesterday import Yesterday, counts_energy, way_of
from gateway.web.written import clock
from harness.browser import PROGRAM, Browser
from tests.gateway.store.conftest import frame
from tests.gateway.web.conftest import PASSWORD, House
from tests.gateway.web.looks import SMALL, look
from tests.gateway.web.shared import make

AT = 1_768_345_200
GRAINS = ("PT1M", "PT15M", "PT30M", "P1D")


def day(minutes, hours=24):
    """A day of these minutes: minute -> VA."""
    known = {AT + minute * 60: va for minute, va in minutes.items()}
    return Yesterday(date(2026, 1, 14), AT, AT + hours * 3_600, known)


def heights(area):
    """(minute, height of the area there) of a path, from the baseline up; each minute at which it changes."""
    found, x = [], 0
    for letter, numbers in re.findall(r"([MVHZ])([\d ]*)", area):
        if letter == "M":
            x = int(numbers.split()[0])
        elif letter == "V":
            found.append((x, 100 - int(numbers)))
        elif letter == "H":
            x = int(numbers)
    return found


def test_the_coarser_the_less_of_a_kettle_is_left():
    """Four minutes of 2,000 VA in a day of 200: a needle, a hump, a bump, nothing."""
    seen = day({minute: 2_000 if 420 <= minute < 424 else 200 for minute in range(1_440)})
    peaks = [seen.at(code) for code in GRAINS]
    assert [round(one.peak_va) for one in peaks] == [2_000, 680, 440, 205]
    assert [(one.since - AT, one.until - one.since) for one in peaks] == [
        *((25_200, 60), (25_200, 900), (25_200, 1_800), (0, 86_400)),
    ]
    assert heights(seen.at("PT1M").area) == [(0, 10), (420, 100), (424, 10), (1_440, 0)]
    assert heights(seen.at("PT30M").area) == [(0, 10), (420, 22), (450, 10), (1_440, 0)]
    assert heights(seen.at("P1D").area) == [(0, 10), (1_440, 0)]
    assert seen.at("raw") == seen.at("PT1M")


def test_what_was_not_read_is_a_gap_and_no_nought():
    """From 5 to 6 o'clock nothing is drawn; the means are of what is known."""
    seen = day({minute: 100 for minute in range(1_440) if not 300 <= minute < 365})
    assert heights(seen.at("PT1M").area) == [(0, 100), (300, 0), (365, 100), (1_440, 0)]
    assert heights(seen.at("PT30M").area) == [(0, 100), (300, 0), (360, 100), (1_440, 0)]
    assert (seen.at("PT30M").peak_va, seen.at("P1D").peak_va) == (100, 100)


@pytest.mark.parametrize("hours", [23, 24, 25])
def test_a_day_is_one_value_however_long_it_is(hours):
    """A day of 25 hours too, and the curve is as wide as it."""
    seen = day(dict.fromkeys(range(hours * 60), 300.0), hours)
    assert seen.width == hours * 60
    assert all(heights(seen.at(code).area) == [(0, 100), (hours * 60, 0)] for code in GRAINS)


def test_the_hours_below_a_curve_stand_where_they_are():
    """The night of 25 hours has its 5:15 at a quarter of it, the one of 23 its 6:45."""
    for first, hours, said in (
        (date(2026, 10, 25), 25, ["00:00", "05:15", "11:30", "17:45", "00:00"]),
        (date(2026, 3, 29), 23, ["00:00", "06:45", "12:30", "18:15", "00:00"]),
        (date(2026, 1, 14), 24, ["00:00", "06:00", "12:00", "18:00", "00:00"]),
    ):
        begin = midnight(first)
        seen = Yesterday(first, begin, begin + hours * 3_600, {begin: 100.0})
        assert [clock("en", mark) for mark in seen.marks] == said


def test_a_house_that_draws_nothing_has_a_line_at_the_bottom():
    """Never a division by nought."""
    seen = day(dict.fromkeys(range(1_440), 0.0))
    assert all(heights(seen.at(code).area) == [(0, 0), (1_440, 0)] for code in GRAINS)


def test_a_curve_is_shown_only_of_what_it_is_a_curve_of():
    """Of energy and power, drawn before injected; of a contract, voltages, water there is none. A power has no sum."""
    assert way_of(["contract", "consumption/energy/active"]) == way_of(["consumption"]) == "drawn"
    assert way_of(["production/power/apparent"]) == way_of(["production"]) == "injected"
    assert [way_of([path]) for path in ("contract", "consumption/voltage", "water")] == [None] * 3
    assert [counts_energy([path], "drawn") for path in ("consumption", "consumption/energy/active")] == [True, True]
    assert [counts_energy([path], "drawn") for path in ("consumption/power", "power/active")] == [False, False]
    assert [counts_energy([path], "injected") for path in ("production", "production/power")] == [True, False]


@pytest.fixture(scope="module")
def asked_house(tmp_path_factory):
    """A house with two days of readings, of which a recipient asks every minute."""
    folder = tmp_path_factory.mktemp("yesterday") / "house"
    folder.mkdir()

    def fill(shared):
        recorder, index = Recorder("house", {}), 1_000_000
        for at in range(shared.now // 300 * 300 - 50 * 3_600, shared.now, 60):
            power = 3_000 if dates.local(at).hour == 7 else 240
            index += power // 60
            recorder.add(frame(at, power=power, index=index))
        shared.store.batches.write([recorder.take()], shared.now)
        shared.today = dates.local(shared.now).date()
        # Nobody reads the barn any more; its name comes first.
        for name, power in (("barn", 9_000), ("shed", 1_200)):
            shared.store.meters.add(name, f"{name}12")
            recorder = Recorder(name, {})
            for at in range(shared.now // 300 * 300 - 50 * 3_600, shared.now, 60):
                recorder.add(frame(at, power=power, index=(at - 1_700_000_000) // 60 * (power // 60)))
            shared.store.batches.write([recorder.take()], shared.now)
        asked = {"number": {}, "contract": {"prefix": "contract", "jid": "other@sen2.test"}}
        asked["power"] = {"prefix": "consumption/power", "jid": "power@sen2.test"}
        asked["stranger"] = {"sensor": "nobodys-meter", "jid": "stranger@sen2.test"}
        return {name: shared.ask(**more) for name, more in asked.items()} | {"today": shared.today}

    (asked,) = make(folder / "data", fill)
    shed = '[[meter]]\nname = "shed"\nsource = "/nowhere/else"\n'
    with House(folder, "/nowhere/tty", shed) as house:
        vars(house).update(asked)
        house.signed_in = house.owner()
        yield house


def said_of(house, number, step="what", **ticks):
    """What a step of a request says, with spaces that are spaces."""
    _, text = house.signed_in.send(f"/sharing/requests/{number}/{step}", purpose="1", **ticks)
    return html.unescape(text).replace("\u202f", " ").replace("\xa0", " ")


def test_of_several_meters_the_one_that_is_ticked_is_shown_and_named(asked_house):
    """Before anything is ticked the first that is read; on the way back the ticked one; never one by chance, unsaid."""
    number = asked_house.stranger
    text = said_of(asked_house, number)
    assert "aurait vu de la journée d’hier" in text
    assert ("du compteur « house »" in text, "Pic de 3 000 VA" in text) == (True, True)
    text = said_of(asked_house, number, meter="shed")
    assert ("du compteur « shed »" in text, "Pic de 1 200 VA" in text) == (True, True)
    text = said_of(asked_house, number, meter="barn")
    assert ("Le compteur « barn » n’est plus lu" in text, "Pic de" in text, "dès demain" in text) == (
        True,
        False,
        False,
    )
    text = said_of(asked_house, number, meter="nobody")
    assert "du compteur « house »" in text
    # Who names a meter of the house asks about none of several.
    assert "du compteur" not in said_of(asked_house, asked_house.number)


def test_who_asks_for_power_alone_is_not_said_to_see_kilowatt_hours(asked_house):
    """Of a day of power there is a mean."""
    text = said_of(asked_house, asked_house.power)
    assert ("kWh en tout" in text, "VA en moyenne" in text) == (False, True)


def test_the_page_shows_ones_own_yesterday_at_each_fineness(asked_house):
    """The hours of the peak as the house has them, the day's total as *History* says it; each grain has its curve."""
    owner, before = asked_house.signed_in, asked_house.today - timedelta(days=1)
    _, text = owner.send(f"/sharing/requests/{asked_house.number}/what", purpose="1")
    said = html.unescape(text).replace("\u202f", " ").replace("\xa0", " ")
    assert re.search(r"Voilà ce que La Coop aurait vu de votre journée d’hier, \w+ \d", said)
    length = (midnight(asked_house.today) - midnight(before)) // 60
    assert said.count(f'viewBox="0 0 {length} 100"') == len(GRAINS)
    assert "Pic de 3 000 VA à 7 h" in said
    assert said.count("Pic de 3 000 VA, entre 7 h et") == 2
    (total,) = re.findall(r"([\d,]+) kWh en tout, sans rien savoir des heures", said)
    _, past = owner.get(f"/history?date={before}")
    assert f"{total} kWh" in html.unescape(past).replace("\u202f", " ").replace("\xa0", " ")
    _, text = owner.send(f"/sharing/requests/{asked_house.contract}/what", purpose="1")
    assert "d’hier" not in html.unescape(text)


@pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed")
def test_a_request_is_answered_by_keyboard_without_a_script(asked_house, tmp_path):
    """On a phone: three steps, the text, the password; nothing is cut off, axe finds nothing."""
    url = f"http://127.0.0.1:{asked_house.port}"
    with Browser(tmp_path / "profile") as browser:
        browser.cookie(url, "linky_session", asked_house.signed_in.cookies["linky_session"])
        browser.open(f"{url}/sharing/requests/{asked_house.number}", width=390, height=844)

        def seen():
            # What looks at a page is a script too: the page itself was loaded without.
            browser.scripts(on=True)
            look(browser)
            assert browser.evaluate(SMALL) == []
            browser.scripts(on=False)

        for ticks in (["[name=purpose]"], ["[name=data0]", "[value=P1D]"], ["[value=asked]", "[name=push]"]):
            seen()
            for one in ticks:
                browser.evaluate(f"document.querySelector('{one}').focus()")
                browser.key("Space")
            browser.enter()
        seen()
        browser.evaluate("document.querySelector('[name=own_password]').focus()")
        browser.type(PASSWORD)
        browser.enter()
        assert browser.evaluate("location.search") == "?done=given"
