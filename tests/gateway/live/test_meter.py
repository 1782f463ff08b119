"""What a meter says now: latest values, their age, today's energies, the kind of tariff."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.links.link import BROKEN, OK, WAITING
from gateway.live.meter import KnownDay, LiveMeter, tariff_kind
from gateway.notices.deciding.beside import overloads
from tests.gateway.live.conftest import AT, reading

INDEX = "consumption/energy/active/index"


def heard(*readings, now=100.0, standard=True):
    """A meter that has said this."""
    meter = LiveMeter("house")
    meter.hear(readings, AT, now, standard=standard)
    return meter


def test_what_was_heard_is_stale_after_ten_seconds():
    """Fresh below ten seconds, of the past from then on; nothing heard at all is of the past too."""
    meter = heard(reading("consumption/power/apparent/raw", 750))
    assert [meter.snapshot(100 + age).stale for age in (0, 9.9, 10, 3600)] == [False, False, True, True]
    assert LiveMeter("house").snapshot(0).stale


def test_an_estimate_is_of_its_frame_alone():
    """What the meter says holds until it says something else; watts that a frame does not give are unknown, not old."""
    power, within = "power/active/estimate", "power/active/estimate/half-width"
    meter = heard(reading("consumption/power/apparent/raw", 750), reading(power, -700), reading(within, 30))
    meter.hear(
        [reading("power/active/estimate/cos-phi", 93), reading(power, -690), reading(within, 30)],
        AT,
        101,
        standard=True,
    )
    snapshot = meter.snapshot(101)
    assert (snapshot.power_w, snapshot.power_within_w, snapshot.cos_phi) == (-690, 30, 0.93)
    meter.take_fresh()
    meter.hear([reading("consumption/power/apparent/raw", 0)], AT, 102, standard=True)
    snapshot = meter.snapshot(102)
    assert (snapshot.drawn_va, snapshot.power_w, snapshot.power_within_w, snapshot.cos_phi) == (0, None, None, None)
    assert meter.take_fresh() == {
        "consumption/power/apparent/raw": 0,
        power: None,
        within: None,
        "power/active/estimate/cos-phi": None,
    }
    # Whatever the broker was told before, it is told that this is over.
    assert meter.everything()[power] is None
    assert power not in meter.values()


def test_today_is_the_index_less_that_of_midnight():
    """Nothing is said of today where midnight is unknown, or the meter has been replaced since."""
    meter = heard(reading(INDEX, 5000), reading("production/energy/active/index", 900))
    assert meter.snapshot(100).drawn_today_wh is None
    meter.day = KnownDay(drawn_index=4200, injected_wh=200, drawn_yesterday_wh=9000, produced_wh=1000)
    snapshot = meter.snapshot(100)
    assert (snapshot.drawn_today_wh, snapshot.drawn_yesterday_wh) == (800, 9000)
    assert (snapshot.injected_today_wh, snapshot.self_consumed_today_wh) == (200, 800)
    meter.day = KnownDay(drawn_index=5001)
    assert meter.snapshot(100).drawn_today_wh is None


def test_at_midnight_the_day_before_is_not_shown_as_today():
    """Until the store has added it up, nothing is said of either."""
    meter = heard(reading(INDEX, 5000))
    end = int(AT.timestamp()) + 1
    meter.day = KnownDay(drawn_index=4200, drawn_yesterday_wh=9000, end=end)
    assert meter.snapshot(100).drawn_today_wh == 800
    meter.hear([reading(INDEX, 5001)], AT + timedelta(seconds=1), 101, standard=True)
    snapshot = meter.snapshot(101)
    assert (snapshot.drawn_today_wh, snapshot.drawn_yesterday_wh) == (None, None)


@pytest.mark.parametrize("index", [4999, 400_000])
def test_another_meter_s_index_is_nothing_that_was_drawn_today(index):
    """An exchange, another mode: what it jumped by is not shown for a moment; then the store has counted around it."""
    meter = heard(reading(INDEX, 5000))
    meter.day = KnownDay(drawn_index=4200, drawn_yesterday_wh=9000)
    meter.hear([reading(INDEX, index)], AT + timedelta(minutes=1), 160, standard=True)
    assert (meter.snapshot(160).drawn_today_wh, meter.snapshot(160).drawn_yesterday_wh) == (None, 9000)
    meter.hear([reading(INDEX, index + 5)], AT + timedelta(minutes=2), 220, standard=True)
    assert meter.snapshot(220).drawn_today_wh is None
    meter.day = KnownDay(drawn_index=index - 800)
    assert meter.snapshot(220).drawn_today_wh == 805


def test_self_consumption_is_never_below_nothing(snapshot):
    """Two meters that are read a moment apart do not make a negative energy."""
    assert replace(snapshot, produced_today_wh=2299).self_consumed_today_wh == 0
    assert replace(snapshot, produced_today_wh=None).self_consumed_today_wh is None


@pytest.mark.parametrize(
    ("said", "subscribed"),
    [
        ([("contract/power/reference", 9000)], 9000),
        ([("contract/current/subscribed", 45)], 9000),
        ([("contract/current/subscribed", 20), ("consumption/current/raw/phase/3", 4)], 12000),
        ([], None),
    ],
)
def test_the_subscribed_power_is_known_in_both_modes(said, subscribed):
    """Standard mode says it in kVA, historic mode in amperes of each phase."""
    assert heard(*(reading(*one) for one in said)).snapshot(100).subscribed_va == subscribed


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("TH..", "base"),
        ("BASE", "base"),
        ("HC..", "off-peak"),
        ("HCJB", "off-peak"),
        ("HEURE  CREUSE", "off-peak"),
        ("HC BLEU", "off-peak"),
        ("HP..", "peak"),
        ("HPJR", "peak"),
        ("HEURE  PLEINE", "peak"),
        ("HP  ROUGE", "peak"),
        ("HN..", "normal"),
        ("HEURE NORMALE", "normal"),
        ("PM..", "mobile-peak"),
        ("HEURE DE POINTE", "mobile-peak"),
        ("SUPER TARIF", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_words_of_meters_and_suppliers_are_understood(text, kind):
    """The supplier's text of standard mode and the periods of historic mode are of few kinds."""
    assert tariff_kind(text) == kind


def test_only_what_changed_is_told_and_older_points_do_not_overwrite():
    """A meter repeats yesterday's maximum beside today's; the newer one is the value."""
    path = "consumption/power/apparent/max"
    yesterday = AT - timedelta(days=1)
    meter = heard(reading(path, 4000), reading(path, 5000, yesterday))
    assert meter.take_fresh() == {path: 4000}
    meter.hear([reading(path, 4000), reading("status/overload", "0")], AT, 101, standard=True)
    assert meter.take_fresh() == {"status/overload": "0"}
    assert meter.values() == {path: 4000, "status/overload": "0"}


@pytest.mark.parametrize(("option", "standard"), [("HC..", False), ("BBR(", True)])
def test_colours_end_with_the_contract_and_with_the_mode(option, standard):
    """Whoever left Tempo on the eve of a red day is not told of one each day; who was told of it, that it is over."""
    tempo, colour = reading("contract/option", "BBR("), reading("contract/tempo/tomorrow", "ROUG")
    meter = heard(tempo, colour, reading("contract/tempo/red/left", "18"), now=100, standard=False)
    meter.hear([tempo], AT, 101, standard=False)
    assert meter.snapshot(102).tempo_tomorrow == "red"
    meter.take_fresh()
    meter.hear([reading("contract/option", option)], AT, 103, standard=standard)
    assert meter.snapshot(104).tempo_tomorrow == "unknown"
    assert meter.take_fresh()["contract/tempo/tomorrow"] is None
    assert meter.snapshot(104).ahead.red_left == "18"
    meter.hear([reading("contract/tempo/red/left", "unknown")], AT, 105, standard=standard)
    assert meter.snapshot(106).ahead.red_left is None


def test_an_overload_of_which_the_meter_says_nothing_is_not_known():
    """Some three-phase meters never tell: that is neither yes nor no, nor an alert's end."""
    path = "consumption/power/apparent/raw"
    meter = heard(reading(path, 4000))
    assert meter.snapshot(100).overload is None
    assert [link.state for link in overloads({"house": meter}, 100)] == [WAITING]
    for said, told, state in (("1", True, BROKEN), ("0", False, OK)):
        meter.hear([reading("status/overload", said)], AT, 101, standard=False)
        assert meter.snapshot(101).overload is told
        assert [link.state for link in overloads({"house": meter}, 101)] == [state]


def test_a_frame_that_nobody_can_date_is_shown_all_the_same():
    """Before anybody knows the time a display has its power."""
    meter = LiveMeter("house")
    meter.hear([reading("consumption/power/apparent/raw", 420)], None, 5, standard=False)
    snapshot = meter.snapshot(5)
    assert (snapshot.time, snapshot.drawn_va, snapshot.stale) == (None, 420, False)


def test_the_tariff_to_come_is_told_as_moments_and_hours():
    """What its series say; of what is not known nothing, and of what there is not an empty list."""
    meter = heard(
        reading("contract/tariff/until", "2026-01-15T21:00:00Z"),
        reading("contract/off-peak/next", "unknown"),
        reading("contract/off-peak/today", "00:00/06:00 22:00/24:00"),
        reading("contract/off-peak/tomorrow", "none"),
        reading("contract/tempo/red/left", "12/18"),
    )
    ahead = meter.snapshot(100).ahead
    assert (ahead.until, ahead.off_peak_next) == (AT.replace(hour=21, minute=0), None)
    assert (ahead.today, ahead.tomorrow) == ((("00:00", "06:00"), ("22:00", "24:00")), ())
    assert (ahead.red_left, ahead.white_left) == ("12/18", None)
    assert LiveMeter("house").snapshot(0).ahead.today is None
