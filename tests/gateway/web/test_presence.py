"""Presence: who has no code shows to be at the meter by its plug, pulled and put back, and may choose the password."""

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.daemon.presence import PageButton
from gateway.web.access import first_visit
from gateway.web.access.access import PageAccess
from gateway.web.access.first_visit import FirstVisit, PresenceSigns
from gateway.web.access.presence import ASKED_S, SEEN_S, MeterSignal, PresenceStep, PresenceWatch, PresenceWay
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.web.conftest import PASSWORD, House
from tests.gateway.web.looks import look

METER = {"seed": 1, "mode": "standard", "speed": 1}
CHOSEN = {"password": PASSWORD, "again": PASSWORD}
STEP, TIMES = re.compile(r'data-step="(\w+)"'), re.compile(r"À faire (\d) fois")
# How often the plug is to be pulled where that is not left to chance.
PULLS = 2


class Wire:
    """A meter at a wire, second by second, as a watch looks at it."""

    def __init__(self):
        self.watch, self.now, self.frames, self.heard = PresenceWatch(lambda: PULLS), 1000.0, 0, None

    def speak(self, seconds, pressed=False):
        """Frames come, one a second; what was seen."""
        return [self._second(True, pressed) for _ in range(seconds)]

    def fall_silent(self, seconds):
        """Nothing comes; what was seen."""
        return [self._second(False) for _ in range(seconds)]

    def _second(self, speaks, pressed=False):
        self.now += 1
        if speaks:
            self.frames, self.heard = self.frames + 1, self.now
        return self.watch.look(self.now, {"house": MeterSignal(self.heard, self.frames)}, pressed=pressed)

    def pulled(self):
        """The plug is pulled and put back; what was seen."""
        return [*self.fall_silent(11), *self.speak(1)]

    def step(self, token):
        return self.watch.step(token, self.now)


@pytest.fixture
def wire():
    """A meter that is heard."""
    known = Wire()
    known.speak(5)
    return known


def test_a_signal_that_ends_and_comes_back_is_somebody_at_the_meter(wire):
    """Seen once, for the browser that asked and no other one, for ten minutes."""
    token = wire.watch.ask(wire.now)
    assert wire.step(token) is PresenceStep.PULL
    assert wire.fall_silent(11) == [None] * 11
    assert wire.step(token) is PresenceStep.PUT_BACK
    assert wire.speak(1) == [None]
    assert (wire.step(token), wire.watch.count(token)) == (PresenceStep.PULL, (PULLS, 1))
    assert wire.watch.count("of another browser") == (0, 0)
    assert wire.pulled()[-1] is PresenceWay.METER
    assert wire.step(token) is PresenceStep.SEEN
    assert wire.watch.seen(token, wire.now) is PresenceWay.METER
    assert wire.watch.seen("of another browser", wire.now) is None
    assert wire.step("of another browser") is PresenceStep.NOTHING
    wire.speak(int(SEEN_S))
    assert wire.watch.seen(token, wire.now) is None


def test_what_happened_before_the_question_proves_nothing(wire):
    """A plug that was pulled before has to be put back, pulled and put back again."""
    wire.fall_silent(11)
    token = wire.watch.ask(wire.now)
    assert wire.step(token) is PresenceStep.NO_SIGNAL
    assert wire.speak(3) == [None] * 3
    assert wire.step(token) is PresenceStep.PULL
    assert wire.pulled()[-1] is None
    assert wire.pulled()[-1] is PresenceWay.METER


def test_three_minutes_and_not_more(wire):
    """A signal that comes back later is nobody's."""
    token = wire.watch.ask(wire.now)
    wire.pulled()
    wire.speak(int(ASKED_S) - 24)
    wire.fall_silent(12)
    assert wire.step(token) is PresenceStep.LATE
    assert wire.speak(2) == [None] * 2
    assert wire.watch.seen(token, wire.now) is None


def test_a_short_gap_is_none(wire):
    """A frame that is lost, or four seconds without one, happens at any meter."""
    token = wire.watch.ask(wire.now)
    for _ in range(5):
        wire.fall_silent(4)
        assert wire.speak(3) == [None] * 3
    assert wire.step(token) is PresenceStep.PULL


def test_a_program_that_was_held_up_has_not_seen_anything(wire):
    """A minute in which nobody looked is no silence of the meter."""
    wire.watch.ask(wire.now)
    wire.now += 60
    assert wire.fall_silent(1) == [None]
    assert wire.speak(3) == [None] * 3


def test_one_browser_is_waited_for_at_a_time(wire):
    """What somebody does at the meter lets nobody else in; afterwards another one may ask."""
    token = wire.watch.ask(wire.now)
    assert wire.watch.ask(wire.now) is None
    wire.speak(30)
    assert wire.watch.busy_s(wire.now) == ASKED_S - 30
    wire.speak(int(ASKED_S) - 30)
    other = wire.watch.ask(wire.now)
    assert other
    assert wire.step(token) is PresenceStep.NOTHING


def test_a_signal_that_comes_and_goes_by_itself_proves_nothing(wire):
    """Three times within an hour, while nobody asked; steady for an hour it does again."""
    for _ in range(3):
        assert wire.watch.is_steady(wire.now)
        wire.fall_silent(11)
        wire.speak(5)
    assert not wire.watch.is_steady(wire.now)
    wire.watch.ask(wire.now)
    assert {*wire.pulled(), *wire.pulled()} == {None}, "unsteady, and asked all the same"
    wire.speak(int(ASKED_S))
    wire.speak(3601)
    assert wire.watch.is_steady(wire.now)


def test_who_asks_all_the_time_is_not_let_in_by_a_signal_that_fails_now_and_then(wire):
    """Once in a question is not what its page says; and what came and went in vain counts against the signal."""
    for _ in range(3):
        token = wire.watch.ask(wire.now)
        assert wire.pulled() == [None] * 12
        wire.speak(int(ASKED_S))
        assert wire.step(token) is PresenceStep.LATE
    token = wire.watch.ask(wire.now)
    assert not wire.watch.is_steady(wire.now)
    assert {*wire.pulled(), *wire.pulled()} == {None}


def test_each_question_has_a_number_of_its_own():
    """Two to four, as it happens; nobody else is told."""
    counts = set()
    for _ in range(200):
        watch = PresenceWatch()
        counts.add(watch.count(watch.ask(1000.0))[0])
    assert counts == {2, 3, 4}


def test_the_button_does_the_same_without_a_meter():
    """But only after the question: a press of before is nobody's."""
    wire = Wire()
    assert wire.speak(1, pressed=True) == [None]
    token = wire.watch.ask(wire.now)
    assert wire.speak(2) == [None] * 2
    assert wire.speak(1, pressed=True) == [PresenceWay.BUTTON]
    assert wire.watch.seen(token, wire.now) is PresenceWay.BUTTON


def test_a_pin_that_cannot_be_had_is_no_button(caplog):
    """On a machine without pins it is said, and nobody is let in."""
    button = PageButton(21)
    assert [button.pressed() for _ in range(3)] == [False] * 3
    assert len(caplog.records) == 1
    assert "the button of the page" in caplog.text


def journal_of(house):
    """What stands in it of the page's first password."""
    said = house.command("journal", "export")
    assert said.returncode == 0, said.stderr
    events = [json.loads(line).get("event", {}) for line in said.stdout.splitlines()]
    return [event["how"] for event in events if event.get("kind") == "page-taken"]


def keep(browser, step):
    """With ``SCREENSHOTS=FOLDER`` a picture, to be looked at."""
    if folder := os.environ.get("SCREENSHOTS"):
        browser.screenshot(Path(folder) / f"presence-{step}.png")


def step_of(visitor):
    """How far the page says that this browser is."""
    found = STEP.search(visitor.get("/setup")[1])
    return found[1] if found else "nothing"


def times_of(visitor):
    """How often it says that the plug is to be pulled."""
    return int(TIMES.search(visitor.get("/setup", Accept_Language="fr")[1])[1])


def wait_for(visitor, step):
    """Until the page says so."""
    wait_until(lambda: step_of(visitor) == step, 60, f"the page says {step}")


def test_the_page_says_what_to_do_and_lets_nobody_in_before_it_is_done(tmp_path):
    """A real meter at a real port; in French, without a script."""
    tty = tmp_path / "ttyTIC"
    with SimulatedMeter(tty, **METER), House(tmp_path / "house", tty) as house:
        at_home, stranger = house.visitor(), house.visitor(address="127.0.0.9")
        wait_until(lambda: "J’y suis" in at_home.get("/setup", Accept_Language="fr")[1], 60, "the way without a code")
        assert at_home.post("/setup", CHOSEN)[0].status == 403, "nobody was seen"
        assert at_home.post("/setup/presence", {})[0].status == 303
        answer, text = stranger.post("/setup/presence", {}, Accept_Language="fr")
        assert answer.status == 429
        assert "S’il n’est pas à vous, ne touchez pas" in text
        wait_for(at_home, "pull")
        _, text = at_home.get("/setup", Accept_Language="fr")
        assert '<noscript><meta http-equiv="refresh"' in text
        assert "Débranchez maintenant" in text
        answer, _ = at_home.post("/setup", CHOSEN)
        assert answer.status == 403, "not seen yet"


@pytest.fixture
def seen(tmp_path):
    """A house whose meter's plug was pulled and put back after a browser had asked."""
    tty = tmp_path / "ttyTIC"
    with House(tmp_path / "house", tty) as house:
        visitor, stranger = house.visitor(), house.visitor(address="127.0.0.9")
        with SimulatedMeter(tty, **METER):
            assert visitor.post("/setup/presence", {})[0].status == 303
            wait_for(visitor, "pull")
            times = times_of(visitor)
        for _ in range(times - 1):
            wait_for(visitor, "put_back")
            with SimulatedMeter(tty, **METER):
                wait_for(visitor, "pull")
        wait_for(visitor, "put_back")
        with SimulatedMeter(tty, **METER):
            wait_for(visitor, "seen")
            yield house, visitor, stranger


def test_the_plug_lets_its_own_browser_choose_one_password(seen):
    """A stranger at the same moment does not; the journal says how; afterwards the page has one and asks for it."""
    house, visitor, stranger = seen
    stranger.cookies["linky_presence"] = "guessed"
    assert stranger.post("/setup", CHOSEN)[0].status == 403
    answer, text = visitor.post("/setup", {"password": "x", "again": "x"})
    assert answer.status == 400
    assert 'name="code"' not in text, "who was seen is asked for no code"
    answer, _ = visitor.post("/setup", CHOSEN)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert visitor.get("/")[0].status == 200
    assert journal_of(house) == ["meter"]
    for one in (house.visitor(), stranger):
        assert one.post("/setup", {"password": "another-password", "again": "another-password"})[0].status == 403
        assert one.post("/setup/presence", {})[0].headers["Location"] == "/setup"
    assert "J’y suis" not in stranger.get("/setup", Accept_Language="fr")[1]
    assert PageAccess(house.folder / "data/page.json").password_fits(PASSWORD)


def test_a_phone_at_the_meter_follows_each_step_by_itself(tmp_path, browser):
    """Nothing is touched between the button and the password, and nothing is cut off on the way."""
    tty = tmp_path / "ttyTIC"
    with House(tmp_path / "house", tty) as house:
        address = f"http://127.0.0.1:{house.port}/setup"
        with SimulatedMeter(tty, **METER):
            wait_until(lambda: "presence" in house.visitor().get("/setup")[1], 60, "the way without a code")
            browser.open(address, width=390, height=844)
            look(browser)
            keep(browser, "setup")
            browser.evaluate("document.querySelector('form[action=\"/setup/presence\"]').requestSubmit()")
            browser.await_true("document.body.innerText.includes('Débranchez maintenant')")
            look(browser)
            keep(browser, "pull")
            times = browser.evaluate(f"+document.body.innerText.match(/{TIMES.pattern}/)[1]")
        for done in range(1, times):
            browser.await_true("document.body.innerText.includes('Rebranchez maintenant')")
            with SimulatedMeter(tty, **METER):
                browser.await_true(f"document.body.innerText.includes('Fait : {done}')".replace(" :", "\u00a0:"))
                keep(browser, f"done-{done}")
        browser.await_true("document.body.innerText.includes('Rebranchez maintenant')")
        with SimulatedMeter(tty, **METER):
            browser.await_true("document.querySelector('input[name=again]') !== null")
            look(browser)
            keep(browser, "seen")
            assert not browser.evaluate("document.querySelector('input[name=code]')")
            for name in ("password", "again"):
                browser.evaluate(f"document.querySelector('input[name={name}]').focus()")
                browser.type(PASSWORD)
            browser.enter()
            browser.await_true("location.pathname === '/'")


def test_while_the_page_waits_the_code_goes_on_working(tmp_path):
    """Others who ask are told for how long it waits; whoever has the code is let in all the same."""
    tty = tmp_path / "ttyTIC"
    with SimulatedMeter(tty, **METER), House(tmp_path / "house", tty) as house:
        visitor = house.visitor()
        wait_until(lambda: "presence" in visitor.get("/setup")[1], 60, "the way without a code")
        assert visitor.post("/setup/presence", {})[0].status == 303
        answer, _ = house.visitor(address="127.0.0.9").post("/setup/presence", {})
        assert answer.status == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= ASKED_S
        assert house.owner().get("/")[0].status == 200
        assert journal_of(house) == ["code"]


def test_who_has_it_wait_for_nothing_waits_ever_longer(tmp_path, monkeypatch):
    """A stranger who hopes for a plug that somebody else pulls: three minutes each, then up to fifteen between them."""
    now = [1000.0]
    monkeypatch.setattr(first_visit.time, "monotonic", lambda: now[0])
    signs = PresenceSigns(lambda: {"house": MeterSignal(now[0], int(now[0]))})
    visit = FirstVisit(PageAccess(tmp_path / "page.json"), signs)
    request = SimpleNamespace(cookies={}, scheme="http", headers={"Host": "x"})
    waited = []
    for _ in range(11):
        answer, _, wait_s = visit.ask(request, "a stranger")
        while answer is None:
            waited.append(wait_s)
            now[0] += wait_s
            answer, _, wait_s = visit.ask(request, "a stranger")
        # Whether anybody looks in between or not.
        now[0] += ASKED_S + 1
    assert waited == [59, 299, 719, 719]


def test_a_house_without_a_wire_offers_the_code_alone(tmp_path):
    """A meter behind a network or a board proves nothing; its page does not speak of plugs."""
    with House(tmp_path / "house", "socket://127.0.0.1:9") as house:
        visitor = house.visitor()
        _, text = visitor.get("/setup", Accept_Language="fr")
        assert "J’y suis" not in text
        assert 'name="code"' in text
        answer, _ = visitor.post("/setup/presence", {})
        assert (answer.status, "linky_presence" in visitor.cookies) == (303, False)
