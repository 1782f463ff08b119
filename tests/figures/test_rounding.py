"""One rule for every face: a half goes up, by what is written and not by how it is kept in binary."""

from fractions import Fraction

import pytest

from gateway.balance.words import BalanceWriter
from gateway.display import words as screen
from gateway.display.state import percent as on_screen
from gateway.live.meter import percent
from gateway.web import written
from tests.micropython.display.boards import logic

ENERGIES = (49, 50, 4_349, 4_350, 4_450, 14_850, 99_949, 99_950)
PARTS = ((3450, 6000), (1725, 3000), (2299, 4600), (1, 200), (1, 201), (6000, 6000))


def tenths(wh):
    """kWh to a tenth, by whole numbers."""
    return Fraction((wh + 50) // 100, 10)


@pytest.mark.parametrize("wh", ENERGIES)
def test_an_energy_is_the_same_tenth_on_every_face(wh):
    """Page, commands and chat; a screen, where there is room for tenths, leaves out a nought after the comma."""
    expected = f"{float(tenths(wh)):.1f}".replace(".", ",")
    assert written.kwh("fr", wh) == f"{expected}\u202fkWh"
    assert BalanceWriter("fr").kwh(wh) == expected
    assert screen.kilo(wh, "fr") == ("100" if wh == 99_950 else expected)


@pytest.mark.parametrize(("part", "whole"), PARTS)
def test_a_share_is_the_same_per_cent_on_every_face(part, whole):
    """3,450 of 6,000 VA are 57.5: 58 on the page, in the chat, on a Raspberry Pi and on an ESP32 of short floats."""
    expected = int(Fraction(100 * part, whole) + Fraction(1, 2))
    assert percent(part, whole) == on_screen(part, whole) == expected
    assert written.percent("fr", part / whole) == f"{expected}\u202f%"
    assert BalanceWriter("fr").percent(part / whole) == f"{expected}\u202f%"
    assert logic(f"pages.percent({part}, {whole})") == expected


def test_thousands_of_a_screen_are_rounded_once():
    """123.46 kWh are 123 and not 124 by way of 123.5."""
    assert screen.kilo(123_460, "fr") == "123"
    assert logic("pages.kilo(123460)") == "123"
