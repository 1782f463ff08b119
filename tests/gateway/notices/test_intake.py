"""Which alerts become notices on which way, with what text and when; and which never do."""

from dataclasses import replace
from typing import get_args

import pytest

from gateway.config.notice import EventName
from gateway.config.tables import load
from gateway.links.alert_words import FaultKind, Topic, texts
from gateway.links.alerts import Alert
from gateway.notices.delivery.intake import START_S, HeardAlert, dated, take_in
from gateway.notices.delivery.way import ways_of
from gateway.notices.events import RULES, Urgency, event_of, message, said
from gateway.store.household_notices import MOST_WAITING, NoticeState
from gateway.store.store import Store
from gateway.words.phrase import same
from tests.gateway.notices.test_quiet import posix
from tests.prepared import prepare

NOON = posix("2026-11-25T12:00")


def ways(folder, *tables):
    """The ways of a configuration with these tables."""
    text = '[[meter]]\nsource = "/nowhere/tty"\n' + "".join(f"[[notice]]\n{table}\n" for table in tables)
    (folder / "gateway.toml").write_text(text)
    return ways_of(load(folder / "gateway.toml"))


HOME = 'name = "home"\nurl = "json://192.168.1.4/x"\nlanguage = "en"'
MAIL = 'name = "mail"\nurl = "mailtos://smtp.example.org?from=a@example.org"\nlanguage = "fr"'


@pytest.fixture
def queue(tmp_path):
    """A store's queue."""
    prepare(tmp_path / "data")
    store = Store(tmp_path / "data")
    yield store.household
    store.close()


def alert(kind, name="house", *, ended=False, since=0.0, key=""):
    """A fault, its end, or news."""
    if isinstance(kind, Topic):
        return Alert(kind, name, since, False, 1, same(f"figures of {kind.value}"), "", key or f"{kind.value} {name}")
    text, logged = texts(kind, name, 100.0, int(not ended), active=not ended)
    return Alert(kind, name, since, ended, 1, text, logged)


def hear(queue, known, what, now=NOON, lasted=0.0, running=10_000.0):
    """Take one alert in."""
    take_in(queue, known, [HeardAlert(what, lasted, running)], now)


def waiting(queue, way="home"):
    """Event -> row, of what waits."""
    return {row.event: row for row in queue.waiting(way)}


def done(queue, way="home", now=NOON):
    """All that waits is told."""
    queue.end([row.number for row in queue.waiting(way)], NoticeState.DONE, now)


def test_a_meter_that_is_heard_badly_is_not_said_to_be_silent():
    """Nor its end to be the end of a silence."""
    for kind in (FaultKind.LINE, FaultKind.GARBLED):
        assert "badly" in str(said(alert(kind), figures=False))
        assert "well again" in str(said(alert(kind, ended=True), figures=False))
    assert "no longer receives" in str(said(alert(FaultKind.MUTE), figures=False))
    sharing = str(said(alert(Topic.SHARING), figures=False))
    assert sharing.startswith("What a recipient has of your readings")
    assert event_of(alert(Topic.SHARING)) == "gateway"


def test_every_alert_is_an_event_and_every_event_has_words_without_figures(tmp_path):
    """What is added to faults or news is told as something, in both languages, by a word of the configuration."""
    for kind in (*FaultKind, *Topic):
        event = event_of(alert(kind))
        assert event in RULES
        for plain in (said(alert(kind), figures=False), said(alert(kind), figures=True)):
            assert all(plain.in_every_language().values())
    assert (
        {event_of(alert(kind)) for kind in (*FaultKind, *Topic)} == set(get_args(EventName)) == set(RULES) - {"notices"}
    )


def test_by_a_strangers_server_no_figure_leaves_and_at_home_all_of_it(queue, tmp_path):
    """A name of a recipient is none of a mail server's business; who says so has it all the same."""
    known = ways(tmp_path, HOME, MAIL, MAIL.replace('"mail"', '"open"') + "\nfigures = true")
    hear(queue, known, alert(FaultKind.RECIPIENT, "coop@sen1.test"))
    assert "coop@sen1.test" in waiting(queue)["gateway"].text
    assert "coop" not in waiting(queue, "mail")["gateway"].text
    assert "passerelle" in waiting(queue, "mail")["gateway"].text
    assert "coop@sen1.test" in waiting(queue, "open")["gateway"].text


def test_the_end_is_told_if_the_beginning_was_and_both_are_dropped_if_it_was_not(queue, tmp_path):
    """Whoever never heard of a fault hears of no end."""
    known = ways(tmp_path, HOME)
    hear(queue, known, alert(FaultKind.DISK))
    hear(queue, known, alert(FaultKind.DISK, ended=True), NOON + 60)
    assert waiting(queue) == {}
    hear(queue, known, alert(FaultKind.DISK), NOON + 120)
    done(queue)
    hear(queue, known, alert(FaultKind.DISK, ended=True), NOON + 180)
    (end,) = queue.waiting("home")
    assert end.ending
    done(queue)
    hear(queue, known, alert(FaultKind.DISK, ended=True), NOON + 240)
    assert waiting(queue) == {}


def test_one_matter_is_told_once_until_it_ended(queue, tmp_path):
    """Not again within its time; a fault that begins anew while its end waits is the same fault."""
    known = ways(tmp_path, HOME)
    hear(queue, known, alert(FaultKind.DISK))
    hear(queue, known, alert(FaultKind.DISK), NOON + 60)
    assert len(queue.waiting("home")) == 1
    done(queue)
    hear(queue, known, alert(FaultKind.DISK), NOON + 86_399)
    assert waiting(queue) == {}
    hear(queue, known, alert(FaultKind.DISK), NOON + 86_401)
    assert len(queue.waiting("home")) == 1
    done(queue, now=NOON + 86_401)
    hear(queue, known, alert(FaultKind.DISK, ended=True), NOON + 90_000)
    hear(queue, known, alert(FaultKind.DISK), NOON + 90_060)
    assert waiting(queue) == {}


def test_the_end_of_what_is_on_its_way_is_told(queue, tmp_path):
    """And that nothing is wrong any more wakes nobody."""
    known = ways(tmp_path, HOME)
    hear(queue, known, alert(FaultKind.OVERLOAD), lasted=60)
    (row,) = queue.waiting("home")
    ended = HeardAlert(alert(FaultKind.OVERLOAD, ended=True), 100.0, 10_000.0)
    take_in(queue, known, [ended], NOON + 5, {row.number})
    assert [(one.ending, one.urgent) for one in queue.waiting("home")] == [(False, True), (True, False)]


def test_while_nobody_knows_the_time_what_was_told_long_ago_keeps_nothing_back(queue, tmp_path):
    """Only what waits still does."""
    known = ways(tmp_path, HOME)
    hear(queue, known, alert(FaultKind.MUTE), NOON - 20 * 86_400)
    done(queue)
    for _ in range(2):
        hear(queue, known, alert(FaultKind.MUTE), None)
    assert len(queue.waiting("home")) == 1


def test_what_comes_and_goes_is_not_told_each_time(queue, tmp_path):
    """A meter that is heard again and lost again within half an hour."""
    known = ways(tmp_path, HOME)
    for ended, now in ((False, 0), (True, 700), (False, 1300)):
        hear(queue, known, alert(FaultKind.MUTE, ended=ended), NOON + now)
        done(queue, now=NOON + now)
    assert [row.ending for row in reversed(queue.recent(9))] == [False, True]
    hear(queue, known, alert(FaultKind.MUTE), NOON + 700 + 1801)
    assert len(queue.waiting("home")) == 1


def test_a_fault_must_have_lasted_and_those_of_a_start_wait(queue, tmp_path):
    """A mute meter for ten minutes, an overload for one; what a start brings with it passes by itself."""
    known = ways(tmp_path, HOME)
    hear(queue, known, alert(FaultKind.MUTE), lasted=30)
    hear(queue, known, alert(FaultKind.OVERLOAD), lasted=2, running=20)
    hear(queue, known, alert(FaultKind.XMPP, ""), lasted=600, running=20)
    due = {event: row.due - NOON for event, row in waiting(queue).items()}
    assert due == {"meter": 570, "overload": 58, "gateway": int(START_S) - 20}
    assert waiting(queue)["overload"].urgent
    assert waiting(queue)["overload"].expires == NOON + 58 + 900


@pytest.mark.parametrize(
    ("now", "due", "expires"),
    [
        # Told in the morning, and once more in the evening; stale when the day begins.
        ("2026-11-25T11:10", ["2026-11-25T11:10", "2026-11-25T20:00"], "2026-11-26T06:00"),
        ("2026-11-25T20:05", ["2026-11-25T20:05"], "2026-11-26T06:00"),
        # In the night it is the morning's, and says that it is today.
        ("2026-11-25T23:00", ["2026-11-26T07:00"], "2026-11-26T22:00"),
        ("2026-11-26T06:30", ["2026-11-26T07:00"], "2026-11-26T22:00"),
    ],
)
def test_a_red_day_is_told_the_day_before_and_once_more_in_the_evening(queue, tmp_path, now, due, expires):
    """Each once."""
    known = ways(tmp_path, HOME)
    for _ in range(2):
        hear(queue, known, alert(Topic.TEMPO, "", key="tempo 2026-11-26"), posix(now))
    rows = sorted(queue.waiting("home"), key=lambda row: row.due)
    assert [row.due for row in rows] == [posix(text) for text in due]
    assert {row.expires for row in rows} == {posix(expires)}


def test_what_is_no_hurry_comes_with_the_morning(queue, tmp_path):
    """An objective on a Friday is told on Saturday at half past eight, and two days later to nobody."""
    known = ways(tmp_path, HOME)
    hear(queue, known, alert(Topic.OBJECTIVE), posix("2026-11-27T15:00"))
    row = waiting(queue)["objective"]
    assert (row.due, row.expires) == (posix("2026-11-28T08:30"), posix("2026-11-28T08:30") + 2 * 86_400)


def test_a_sms_is_for_what_cannot_wait_and_each_way_is_told_what_it_wants(queue, tmp_path):
    """Free Mobile by itself only overload, breaker, a burst pipe; ``events`` and ``urgent`` say otherwise."""
    (tmp_path / "sms").write_text("freemobile://12345678@Ab1Cd2Ef3Gh4Ij\n")
    table = 'name = "sms"\nurl_file = "sms"'
    (sms,) = ways(tmp_path, table)
    assert sms.events == {"overload", "breaker", "water-burst", "notices"}
    assert not sms.figures
    (sms,) = ways(tmp_path, table + '\nurgent = ["meter"]')
    assert "meter" in sms.events
    assert sms.level("meter") is Urgency.URGENT
    (some,) = ways(tmp_path, HOME + '\nevents = ["gas"]')
    hear(queue, [some], alert(FaultKind.DISK))
    hear(queue, [some], alert(Topic.GAS))
    assert set(waiting(queue)) == {"gas"}
    assert "gas" not in ways(tmp_path, HOME)[0].events


def test_while_nobody_knows_the_time_notices_wait_for_their_date(queue, tmp_path):
    """Then what they are due and stale at counts from there."""
    (way,) = known = ways(tmp_path, HOME)
    hear(queue, known, alert(FaultKind.OVERLOAD), None, lasted=60)
    hear(queue, known, alert(Topic.OBJECTIVE), None)
    rows = queue.waiting("home")
    assert {row.at for row in rows} == {0}
    queue.date([dated(row, way, NOON) for row in rows])
    found = waiting(queue)
    assert (found["overload"].at, found["overload"].due, found["overload"].expires) == (NOON, NOON, NOON + 900)
    assert found["objective"].due == posix("2026-11-26T07:00")


def test_a_way_that_takes_nothing_fills_no_card(queue, tmp_path):
    """Of what waits the newest stay, what is urgent before all."""
    known = ways(tmp_path, HOME)
    hear(queue, known, alert(FaultKind.OVERLOAD))
    for number in range(MOST_WAITING + 20):
        hear(queue, known, alert(FaultKind.CELL, f"meter m{number}"))
    rows = queue.waiting("home")
    assert len(rows) == MOST_WAITING
    assert rows[0].event == "overload"
    queue.forget(["home"], NOON + 50 * 86_400)
    queue.forget([], NOON)
    assert queue.recent(500) == []


def test_several_texts_are_one_message_and_of_too_many_the_rest_is_counted():
    """No more than a way takes; the same text once."""
    assert message(["a", "b", "a"], "en", 100) == "a\nb"
    many = message([f"sentence {number}" for number in range(9)], "fr", 3500)
    assert many.splitlines()[:2] == ["sentence 0", "sentence 1"]
    assert "3" in many.splitlines()[-1]
    assert len(message(["x" * 500], "fr", 160)) == 160
    assert len(message(["x" * 100, "y" * 100], "fr", 160)) <= 160
    long = message(["x" * 500, "y"], "en", 160)
    assert len(long) <= 160
    assert long.endswith("1 more; see the page of the house.")


def test_the_bounds_of_a_row_survive_a_restart(tmp_path):
    """What is queued is on the card."""
    prepare(tmp_path / "data")
    store = Store(tmp_path / "data")
    known = ways(tmp_path, HOME)
    hear(store.household, known, alert(FaultKind.DISK))
    before = store.household.waiting("home")
    store.db.close()
    again = Store(tmp_path / "data")
    assert again.household.waiting("home") == before == [replace(before[0])]
    again.close()
