"""Decimal or hexadecimal hours: every published profile is told apart, or said to be undecided."""

import pytest

from gateway.tic.frame import Group
from gateway.tic.hours import UNDECIDED, HourDecision, HourReason, confirm, decide
from gateway.tic.labels import check
from gateway.tic.profile import HourBase, indexes, parse_profile

DEC, HEX = HourBase.DECIMAL, HourBase.HEXADECIMAL
NO_DEC, NO_HEX, OFF_PEAK = "no-decimal-hour", "no-hexadecimal-hour", "eight-off-peak-hours"


def whole(blocks):
    """A profile with its unused places."""
    return " ".join(blocks.split() + ["NONUTILE"] * (11 - len(blocks.split())))


# Profiles that real meters sent: blocks, whether the contract is Tempo, the base and why, the hours of the day.
SAMPLES = [
    ("00008002 0256C001 07568002 1156C001 14568002", False, DEC, NO_HEX, "00:00 02:56 07:56 11:56 14:56"),
    ("00008002 0050C001 06508002 1220C001 14208002", False, DEC, NO_HEX, "00:00 00:50 06:50 12:20 14:20"),
    ("00004001 06004002 22004001", True, DEC, NO_HEX, "00:00 06:00 22:00"),
    ("00008002 0038C001 07388002 0D1A8001 0E1A8002", False, HEX, NO_DEC, "00:00 00:56 07:56 13:26 14:26"),
    ("0000C001 061E8002 161EC001", False, HEX, NO_DEC, "00:00 06:30 22:30"),
    ("0000C001 053A8002 153AC001", False, HEX, NO_DEC, "00:00 05:58 21:58"),
    ("00004001 06004002 16004001", True, HEX, "tempo-hours", "00:00 06:00 22:00"),
    ("00004003 06004004 16004003", True, HEX, "tempo-hours", "00:00 06:00 22:00"),
    # Both are eight hours, 18:48 to 21:48 when read as hexadecimal: no off-peak hours were ever there.
    ("00008002 0100C001 06008002 1230C001 15308002", False, DEC, OFF_PEAK, "00:00 01:00 06:00 12:30 15:30"),
]  # fmt: skip


@pytest.mark.parametrize(("blocks", "tempo", "base", "reason", "hours"), SAMPLES)
def test_a_published_profile_is_told_apart(blocks, tempo, base, reason, hours):
    """It is believed as a group, its base is decided with the reason, and its hours are those of the contract."""
    text = whole(blocks)
    assert check("standard", Group("PJOURF+1", text, None)) is None
    assert decide([text], tempo=tempo) == HourDecision(base, HourReason(reason))
    assert " ".join(block.time for block in parse_profile(text, base)) == hours


def test_what_both_bases_can_be_is_undecided():
    """22 digits of nothing but low hours, or a calendar of three classes, say nothing of the base."""
    seasonal = whole("00008001 10008002 15008003")
    assert decide([seasonal]) == UNDECIDED
    assert decide([]) == UNDECIDED
    assert parse_profile(seasonal, HourBase.UNDECIDED) is None


def test_where_both_bases_say_the_same_it_can_be_read_all_the_same():
    """A day of one class, or hours below ten."""
    text = whole("0000C001")
    assert decide([text]) == UNDECIDED
    assert indexes(parse_profile(text, HourBase.UNDECIDED)) == ((0, 1),)


def test_one_profile_decides_for_the_whole_meter():
    """What a single block proves holds for the profiles that could be both."""
    both, proof = whole("00008001 10008002 15008003"), whole("00008001 0D008002 15008003")
    assert decide([both, proof]) == HourDecision(HEX, HourReason.NO_DECIMAL)


def test_two_profiles_of_which_each_refutes_the_other_decide_nothing():
    """A damaged one has passed its checksum: nobody can tell which."""
    assert decide([whole("00008001 0D008002"), whole("00008001 22008002")]) == UNDECIDED


@pytest.mark.parametrize(("minute", "base"), [(600.1, DEC), (960.0, HEX), (720.0, HourBase.UNDECIDED)])
def test_a_change_that_comes_true_decides(minute, base):
    """The index changes at ten, or at sixteen; at noon neither base was right."""
    found = confirm(UNDECIDED, whole("00008001 10008002 15008003"), minute, 2)
    assert found.base is base
    assert found.reason is (HourReason.NOTHING if base is HourBase.UNDECIDED else HourReason.CAME_TRUE)


def test_what_came_true_is_worth_more_than_what_can_be_and_less_than_proof():
    """A guess by the contract is given up, a block that only one base can write is not."""
    text = whole("00008002 0100C001 06008002 1230C001 15308002")
    guess = decide([text])
    assert confirm(guess, text, 18 * 60 + 48, 1) == HourDecision(HEX, HourReason.CAME_TRUE)
    proven = HourDecision(DEC, HourReason.NO_HEXADECIMAL)
    assert confirm(proven, text, 18 * 60 + 48, 1) == proven


@pytest.mark.parametrize("blocks", ["00008002 0D3CC001", "00008002 2460C001", "00008002 1F00C001", "0D008002 2200C001"])
def test_an_hour_that_no_base_can_write_is_no_profile(blocks):
    """Minute 60, hour 24 with minute 60, hour 31; and a block of each base in one profile."""
    assert check("standard", Group("PJOURF+1", whole(blocks), None)) == "wrong characters"
    assert decide([whole(blocks)]) == UNDECIDED
