"""The page of the links: no command on it, whatever is wrong; what is news is no fault; a meter's price of now."""

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import pytest

from gateway.doctor.causes import Cause
from gateway.doctor.sentences import words
from gateway.live.topics import as_json
from gateway.web.home.pages import shown
from gateway.web.state.pages import _is_news
from gateway.web.state.remedies import PAGES, REMEDIES
from tests.gateway.web.stand_in import _FULL
from tests.test_french import TECHNICAL


class Places(dict):
    """Whatever a sentence has a place for."""

    def __missing__(self, name):
        return name


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("cause", Cause, ids=lambda cause: cause.value)
def test_no_cause_sends_a_household_to_a_terminal(cause, lang):
    """What is to be done about it is done by hand or at the page; the doctor's commands stay in the terminal."""
    said = REMEDIES[lang].get(cause) or words(cause, lang, Places()).remedy
    assert said
    assert not TECHNICAL.search(str(said))
    assert "configuration" not in str(said)


def test_what_has_a_page_has_its_own_sentence():
    """A link to a page stands below a sentence that names it."""
    assert PAGES.keys() <= REMEDIES["fr"].keys()


@pytest.mark.parametrize(
    ("link", "news"), [("tempo red", True), ("objective month", True), ("meter house", False), ("port house", False)]
)
def test_what_is_told_and_is_no_fault_is_no_fault_there(link, news):
    """A red day tomorrow is said, and everything works."""
    assert _is_news({"link": link}) is news


def test_what_an_hour_costs_is_that_of_the_power_beside_it():
    """0.3 € a kWh at 1,240 W are 0.372 €; of what is given, or while nobody knows watts or price, nothing."""
    meter = as_json(replace(_FULL, power_w=1240)) | {"phases": []}
    view = SimpleNamespace(lang="en")
    assert shown(view, meter, Fraction(3, 10))["cost_hour"] == "€0.372 per hour"
    for unknown in (meter | {"power_w": -300}, meter | {"power_w": None}):
        assert "cost_hour" not in shown(view, unknown, Fraction(3, 10))
    assert "cost_hour" not in shown(view, meter)
