"""The calendar of tariff classes in words: until when, what then, how sure; and what in the house follows it."""

from datetime import date
from fractions import Fraction
from types import SimpleNamespace

import pytest

from gateway.balance.tariff import Tariff
from gateway.config.tables import load
from gateway.household.followers import followers
from gateway.household.tariff import as_json, tariff_prices
from gateway.household.tariff_words import MovedHours, TariffView, as_text, moved_in_words, of_live, of_outlook
from gateway.tic.tariff_outlook import Unknown
from tests.gateway.tic.test_tariff_calendar import DAY, NAMES, Heard, at, standard, whole

SEVEN = at("2026-12-03 05:20")


def view(**known):
    """Off-peak at 5:20 of a day with two windows."""
    said = {"until": at("2026-12-03 07:30"), "off_peak_next": at("2026-12-03 13:26")}
    hours = {"today": "01:26/07:30 13:26/15:20", "tomorrow": "01:26/07:30 13:26/15:20"}
    return TariffView(**{"now": SEVEN, "kind": "off-peak", **said, **hours, **known})


def test_off_peak_until_half_past_seven():
    """The sentence of the household, in both languages."""
    assert as_text(view(), "en") == [
        "Off-peak hours until 07:30 (in 2 h 10).",
        "Then off-peak again at 13:26 (in 8 h 06).",
        "Off-peak hours today: 01:26–07:30, 13:26–15:20; tomorrow: 01:26–07:30, 13:26–15:20.",
    ]
    assert as_text(view(), "fr")[:2] == [
        "Heures creuses jusqu’à 7\xa0h\xa030 (dans 2 h 10).",
        "Puis de nouveau heures creuses à 13\xa0h\xa026 (dans 8 h 06).",
    ]


def test_peak_hours_say_when_off_peak_begins_also_tomorrow():
    """And hours over midnight are one window."""
    text = as_text(
        view(
            now=at("2026-12-03 16:00"),
            kind="peak",
            until=at("2026-12-04 01:26"),
            off_peak_next=at("2026-12-04 01:26"),
            today="00:00/06:36 22:36/24:00",
            tomorrow="none",
        ),
        "en",
    )
    assert text == [
        "Peak hours until 01:26 tomorrow (in 9 h 26).",
        "Off-peak hours begin at 01:26 tomorrow (in 9 h 26).",
        "Off-peak hours today: 22:36–06:36; tomorrow: none.",
    ]


def test_tomorrow_is_red_and_days_are_left():
    """A number where it is known, two where it lies between them."""
    text = as_text(view(colour_tomorrow="red", red_left="18", white_left="31/36"), "en")
    assert text[3:] == ["Tomorrow is red.", "Red days left this season: 18; white days: 31 to 36."]
    assert as_text(view(colour_tomorrow="red", red_left="18", white_left="31"), "fr")[3] == "Demain est rouge."


@pytest.mark.parametrize("why", list(Unknown))
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_what_is_not_known_has_its_reason(why, lang):
    """Each reason has its sentence, and none is empty."""
    text = as_text(TariffView(SEVEN, "peak", why=why), lang)
    assert len(text) == 1
    assert "None" not in text[0]


def test_a_tariff_that_goes_on_is_said_to():
    """One price all day, and no off-peak hours."""
    assert as_text(TariffView(SEVEN, "base", endless=True, none=True), "en") == [
        "Base tariff, today and tomorrow.",
        "No off-peak hours today and tomorrow.",
    ]


def test_how_sure_it_is_and_that_a_contact_is_no_price():
    """Days that were learned from, a clock that is off, and the contact apart."""
    text = as_text(view(learned_days=9, regular=True, drift_s=-12_600, contact_closed=False), "en")
    assert text[3:] == [
        "Learned by this gateway’s clock. Days observed: 9.",
        "The meter’s clock is 210 min off, and so are its hours.",
        "The meter’s contact is open: the water heater does not run. That says nothing about the price.",
    ]


def test_the_command_and_the_feed_say_the_same():
    """A calendar, and the series that it told, come to the same sentences."""
    heard = Heard()
    heard.hear("2026-12-03 12:10", standard(1))
    outlook = heard.calendar.outlook()
    now = {"time": "2026-12-03T11:10:00Z", "tariff_kind": "off-peak", "tempo_tomorrow": "unknown"}
    assert of_live(now, heard.series) == of_outlook(outlook, NAMES)
    told = as_json(outlook, heard.calendar.memory)
    assert (told["until"], told["off_peak_today"]) == ("2026-12-03T13:56:00Z", [["02:56", "07:56"], ["11:56", "14:56"]])
    assert told["profile_hours"] == {"base": "decimal", "reason": "no-hexadecimal-hour"}


def test_hours_that_have_moved_name_what_follows_them():
    """The relays of the display's configuration; without them, what the contact switches."""
    moved = MovedHours("2026-12-03", ((0, 396), (1356, 1440)), ((94, 454), (754, 874)))
    assert str(moved_in_words(moved, ["heater", "boiler"])) == (
        "Your off-peak hours changed on Thursday 3 December: 22:36–06:36 before, 01:34–07:34, 12:34–14:34 now."
        " These follow automatically: heater, boiler. Timers and appliances you set yourself do not."
    )
    assert "contact" in str(moved_in_words(moved, []))
    assert MovedHours.read(str(moved)) == moved
    assert MovedHours.read("2026-12-03 nothing > none") is None


def at_date(year):
    """The first of January of a year."""
    return date(year, 1, 1)


RELAYS = """
[[relay]]
name = "heater"
gpio = 17
follows = "off-peak"
[[relay]]
name = "boiler"
gpio = 27
follows = "contact"
contact = 1
[[relay]]
name = "pump"
gpio = 22
follows = "injection"
"""


def test_what_follows_is_read_from_the_display_s_configuration(tmp_path):
    """Those that follow the hours or the contact; a file that is none names none."""
    (tmp_path / "gateway.toml").write_text('[[meter]]\nsource = "/nowhere"\n')
    config = load(tmp_path / "gateway.toml")
    assert followers(config) == ()
    (tmp_path / "display.toml").write_text(RELAYS)
    assert followers(config) == ("heater", "boiler")
    for text in ("[[relay", "relay = 3\n", "relay = [1]\n", "#" * 70_000):
        (tmp_path / "display.toml").write_text(text)
        assert followers(config) == ()


def test_prices_make_a_class_cheap_by_the_word_or_by_the_number():
    """Of the tariff that is in force on that day."""
    old = Tariff(name="old", since=at_date(2020), until=at_date(2025), prices={"base": 0.2})
    new = Tariff(name="new", since=at_date(2026), prices={"hc": 0.15, "hp": 0.2, "3": 0.1})
    prices = tariff_prices(SimpleNamespace(tariff=(old, new)))
    assert prices(NAMES | {"3": "WEEK-END"}, at_date(2026)) == {
        "1": Fraction("0.15"),
        "2": Fraction("0.2"),
        "3": Fraction("0.1"),
    }
    assert prices(NAMES, at_date(2019)) == {}
    heard = Heard(prices=prices)
    saturday = standard(3, whole("0000C003"), ("00", "00")) | {"contract/tariff": "WEEK-END"}
    heard.hear("2026-12-04 12:00", standard(2, whole("0000C003"), ("00", "01")))
    heard.hear("2026-12-05 12:00", saturday)
    assert heard.calendar.outlook().today == ((0, 1440),)


def test_a_frame_of_the_first_minute_takes_nothing_back():
    """At midnight the profile of a frame may still be that of the day before."""
    heard = Heard()
    heard.hear("2026-12-03 23:59", standard(2, DAY))
    heard.hear("2026-12-04 00:00", standard(2, DAY))
    assert heard.series["contract/off-peak/tomorrow"] == "02:56/07:56 11:56/14:56"
