"""What a person is told of a broken link: once, at the right link, its end too, and never in a stream."""

from dataclasses import replace

import pytest

from gateway.links.alert_words import FaultKind, texts
from gateway.links.alerts import OLD_BACKLOG_S, QUIET_S, Alert, AlertWatch, NotifiedFault
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.words.phrase import same

COOP = "coop@example.org"


class House:
    """A house's links on a clock of its own."""

    def __init__(self, meter="house"):
        self.now = 1000.0
        self.watch = AlertWatch()
        self.told: list[Alert] = []
        self.heard = self.opened = self.now
        self.meter, self.port, self.decode = meter, OK, OK
        self.store = self.xmpp = OK
        self.oldest = None
        self.speaks = True

    def links(self):
        mute = self.now - self.heard > 30
        rows = [
            Link(LinkKind.METER, self.meter, BROKEN if mute else OK, self.now - self.heard, ""),
            Link(LinkKind.PORT, self.meter, self.port, self.now - self.opened, ""),
            Link(LinkKind.DECODE, self.meter, self.decode, self.now - self.heard, ""),
            Link(LinkKind.STORE, "", self.store, 0.0, ""),
            Link(LinkKind.XMPP, "", self.xmpp, 1e9, ""),
        ]
        if self.oldest is None:
            return [*rows, Link(LinkKind.RECIPIENT, COOP, OK, None, "")]
        return [*rows, Link(LinkKind.RECIPIENT, COOP, WAITING, self.now - self.oldest, "")]

    def live(self, seconds, each=None, step=1):
        """Let time pass, looking every ``step`` seconds; what was told meanwhile."""
        before = len(self.told)
        for moment in range(0, int(seconds), step):
            self.now += step
            if each:
                each(moment)
            if self.speaks and self.port == OK:
                self.heard = self.now
            self.told += self.watch.look(self.links(), self.now)
        return self.told[before:]

    def set_port(self, state):
        self.port, self.opened = state, self.now


def kinds(alerts):
    return [(alert.kind, alert.recovered) for alert in alerts]


def test_a_house_where_all_is_well_hears_nothing():
    """A day without a word."""
    assert House().live(86_400, step=5) == []


def test_a_mute_meter_is_told_once_after_30_seconds_and_its_return_once():
    """Neither before, nor again while it lasts; the return at once, with how long it was."""
    house = House()
    house.live(60)
    house.speaks = False
    since = house.now
    assert house.live(30) == []
    (alert,) = house.live(3 * 3600)
    assert kinds([alert]) == [(FaultKind.MUTE, False)]
    assert (alert.since, alert.link) == (since, "meter house")
    assert house.watch.active == [alert]
    house.speaks = True
    (back,) = house.live(3600)
    assert kinds([back]) == [(FaultKind.MUTE, True)]
    assert "3 h" in back.text.in_language("fr")
    assert house.watch.active == []


def test_a_silence_of_less_than_30_seconds_is_nobodys_affair():
    """Telereading may cut in."""
    house = House()
    house.live(300, lambda moment: setattr(house, "speaks", moment % 30 == 0))
    assert house.told == []


def test_a_meter_that_was_never_heard_is_told_too():
    """From the first look on, 30 seconds."""
    watch = AlertWatch()
    links = [
        Link(LinkKind.METER, "house", WAITING, None, "no frame yet"),
        Link(LinkKind.PORT, "house", OK, 1.0, "open"),
    ]
    told = {now: watch.look(links, now) for now in range(100)}
    assert [now for now, alerts in told.items() if alerts] == [30]
    assert told[30][0].kind is FaultKind.MUTE


def test_a_meter_that_comes_and_goes_is_told_at_most_once_in_ten_minutes_with_a_count():
    """An hour of 40 seconds silent, 5 speaking: one notice and its end, then one every ten minutes."""
    house = House()

    def flap(moment):
        house.speaks = moment % 45 >= 40

    told = house.live(3600, flap)
    assert kinds(told[:2]) == [(FaultKind.MUTE, False), (FaultKind.MUTE, True)]
    assert len(told) == 7
    assert all(12 <= alert.count <= 14 for alert in told[2:])
    assert f"{told[2].count} fois en 10 minutes" in told[2].text.in_language("fr")
    assert f"{told[2].count} times in 10 minutes" in str(told[2].text)
    # Then it is well: one last word at most, and that it is well.
    house.speaks = True
    assert [alert.recovered for alert in house.live(7200)] == [True]


def test_a_second_fault_within_ten_minutes_that_stays_is_told_when_they_are_over():
    """Not lost, only late, and as a plain fault: its end is told at once again."""
    house = House()
    house.speaks = False
    house.live(40)
    house.speaks = True
    house.live(60)
    (_, end) = house.told
    house.speaks = False
    assert house.live(QUIET_S - 100) == []
    (alert,) = house.live(200)
    assert kinds([alert]) == [(FaultKind.MUTE, False)]
    assert alert.since > end.since
    house.speaks = True
    assert kinds(house.live(5)) == [(FaultKind.MUTE, True)]


def test_a_lost_port_is_told_and_not_the_silence_that_comes_of_it():
    """The first broken link of the chain is the one to look at."""
    house = House()
    house.live(60)
    house.set_port(BROKEN)
    assert kinds(house.live(3600)) == [(FaultKind.PORT, False)]
    house.set_port(OK)
    assert kinds(house.live(3600)) == [(FaultKind.PORT, True)]


def test_a_port_that_comes_back_to_a_silent_meter_leaves_it_30_seconds():
    """Then both are known: the port works, the meter does not."""
    house = House()
    house.live(60)
    house.set_port(BROKEN)
    house.live(600)
    house.speaks = False
    house.set_port(OK)
    assert kinds(house.live(29)) == [(FaultKind.PORT, True)]
    assert kinds(house.live(10)) == [(FaultKind.MUTE, False)]


def test_a_port_that_is_back_within_30_seconds_is_not_told():
    """A hub that was plugged elsewhere."""
    house = House()
    house.set_port(BROKEN)
    assert house.live(25) == []
    house.set_port(OK)
    assert house.live(600) == []


def test_noise_is_told_as_noise():
    """Bytes without a frame are not a silence: there is another remedy."""
    house = House()
    house.live(60)
    house.speaks, house.decode = False, BROKEN
    assert kinds(house.live(600)) == [(FaultKind.GARBLED, False)]
    house.speaks, house.decode = True, OK
    assert kinds(house.live(60)) == [(FaultKind.GARBLED, True)]


def test_a_database_that_cannot_be_written_is_told_after_two_commits():
    """One commit may fail for a moment."""
    house = House()
    house.store = BROKEN
    assert house.live(60) == []
    assert kinds(house.live(60)) == [(FaultKind.STORE, False)]
    house.store = OK
    assert kinds(house.live(5)) == [(FaultKind.STORE, True)]


def test_the_federation_is_told_after_ten_minutes_away_by_the_monotonic_clock():
    """A board that has just found the time has not been away for years."""
    house = House()
    house.xmpp = BROKEN
    assert house.live(600) == []
    assert kinds(house.live(60)) == [(FaultKind.XMPP, False)]
    house.xmpp = OK
    assert kinds(house.live(60)) == [(FaultKind.XMPP, True)]


def test_a_recipient_that_takes_nothing_for_a_day_is_told_and_named_to_the_household_alone():
    """The log does not say who it is."""
    house = House()
    house.oldest = house.now
    assert house.live(OLD_BACKLOG_S, step=10) == []
    (alert,) = house.live(1200)
    assert kinds([alert]) == [(FaultKind.RECIPIENT, False)]
    assert "coop@example.org" in alert.text.in_language("fr")
    assert "coop@example.org" in str(alert.text)
    assert "coop" not in alert.log_text
    assert "24 h" in alert.text.in_language("fr")
    house.oldest = None
    assert kinds(house.live(5)) == [(FaultKind.RECIPIENT, True)]


def test_a_recipient_that_catches_up_is_not_away():
    """A month of backlog that grows shorter is told by nobody."""
    house = House()
    house.oldest = house.now - 30 * 86_400
    assert house.live(3000, lambda _: setattr(house, "oldest", house.oldest + 600)) == []


def test_a_suspended_recipient_is_told_at_once_and_only_as_that():
    """Its end too; that data wait for it is the same news."""
    watch = AlertWatch()
    gone = Link(LinkKind.RECIPIENT, COOP, BROKEN, 5.0, "suspended")
    (alert,) = [a for s in range(2000) for a in watch.look([replace(gone, age_s=5.0 + s)], 1e6 + s)]
    assert kinds([alert]) == [(FaultKind.GONE, False)]
    assert ("coop@example.org" in alert.text.in_language("fr"), "coop" in alert.log_text) == (True, False)
    assert kinds(watch.look([Link(LinkKind.RECIPIENT, COOP, WAITING, 60.0, "")], 1e6 + 2001)) == [
        (FaultKind.GONE, True)
    ]


def test_while_the_federation_is_away_no_recipient_is_blamed():
    """Nor in the first minutes after: the queue has to run dry."""
    house = House()
    house.xmpp, house.oldest = BROKEN, house.now
    assert kinds(house.live(2 * OLD_BACKLOG_S, step=10)) == [(FaultKind.XMPP, False)]
    house.xmpp = OK
    assert kinds(house.live(500)) == [(FaultKind.XMPP, True)]
    house.oldest = None
    assert house.live(600) == []


def test_meters_are_told_apart():
    """Each has faults of its own."""
    watch = AlertWatch()
    rows = [
        Link(LinkKind.METER, "house", BROKEN, 100.0, ""),
        Link(LinkKind.METER, "roof", OK, 1.0, ""),
        Link(LinkKind.PORT, "roof", OK, 9.0, ""),
    ]
    assert [alert.link for alert in watch.look(rows, 5000.0)] == ["meter house"]
    assert [a.link for a in watch.look([rows[0], replace(rows[1], state=BROKEN, age_s=31.0)], 5031.0)] == ["meter roof"]


def test_a_link_that_is_not_known_here_is_left_alone():
    """Not every kind of link has a fault that a household is told of."""
    assert AlertWatch().look([Link(LinkKind.TEE, "house", BROKEN, 1e6, "")], 1e6) == []


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_sentence_exists_in_both_languages(kind):
    """One sentence each for a fault and its end, with what to do and no brace left."""
    watch = AlertWatch()
    alone = {FaultKind.STORE, FaultKind.XMPP, FaultKind.DISK, FaultKind.KEEPING, FaultKind.BACKUP, FaultKind.BROKER}
    broken = Link(
        kind.link, "" if kind in alone else "x@y.example", WAITING if kind is FaultKind.RECIPIENT else BROKEN, None, ""
    )
    told = [a for s in range(1300) for a in watch.look([replace(broken, age_s=1e6 + s)], 2e6 + s)]
    told += [a for s in range(70) for a in watch.look([replace(broken, state=OK, age_s=20.0)], 2e6 + 2000 + s)]
    fault, end = told
    assert (fault.recovered, end.recovered) == (False, True)
    for text in (fault.text.in_language("fr"), str(fault.text), end.text.in_language("fr"), str(end.text)):
        assert text.endswith(".")
        assert "{" not in text
    assert ("\u00a0: " in fault.text.in_language("fr"), ": " in str(fault.text)) == (True, True)
    assert fault.text.in_language("fr") != str(fault.text)


@pytest.mark.parametrize("kind", list(FaultKind))
def test_a_repetition_too_is_said_in_both_languages(kind):
    """Once in ten minutes as well as many times."""
    for count in (1, 7):
        for active in (True, False):
            text, _ = texts(kind, f"{kind.value} x", 60.0, count, active=active)
            fr, en = text.in_language("fr"), str(text)
            if count > 1 or not active:
                assert ("une fois" if count == 1 else "7 fois") in fr
                assert ("once" if count == 1 else "7 times") in en
            assert fr.endswith(".")
            assert en.endswith(".")


def test_what_the_doctor_says_may_have_any_characters():
    """The name of another program, or of a port, is filled into the sentence and not read as a place of it."""
    said = same("The port is already in use. Close “{0} {name} %s”.")
    text, logged = texts(FaultKind.LINE, "house", 180.0, 1, active=True, advice=said)
    for told in (text.in_language("fr"), str(text), logged):
        assert told.endswith(f". {said}")


def test_a_restart_says_nothing_again_and_says_the_end():
    """What was told before it is known after it; what ended meanwhile is told to have ended."""
    house = House()
    house.speaks = False
    house.live(60)
    (before,) = house.watch.notified
    house.watch = AlertWatch()
    house.watch.restore([before], house.now)
    assert house.live(3600) == []
    assert [alert.kind for alert in house.watch.active] == [FaultKind.MUTE]
    house.speaks = True
    (back,) = house.live(60)
    assert (back.kind, back.recovered) == (FaultKind.MUTE, True)
    assert house.watch.notified == frozenset()


def test_a_link_that_is_no_more_is_no_fault_any_more():
    """A consent withdrawn from a recipient that is away: nobody is told anything, nothing stays."""
    watch = AlertWatch()
    watch.restore([NotifiedFault(FaultKind.RECIPIENT, COOP, 0.0)], 1000.0)
    assert [watch.look([Link(LinkKind.XMPP, "", OK, 1.0, "")], 1000.0 + second) for second in range(200)] == [[]] * 200
    assert watch.active == []


def test_a_part_that_failed_before_a_restart_and_not_since_is_told_to_work():
    """Its link is gone with its failures; the household knows of them, and is told their end once."""
    watch = AlertWatch()
    watch.restore([NotifiedFault(FaultKind.CELL, "page", 0.0)], 1000.0)
    alerts = [alert for second in range(400) for alert in watch.look([], 1000.0 + second)]
    assert [(alert.kind, alert.recovered) for alert in alerts] == [(FaultKind.CELL, True)]
    assert "works again" in str(alerts[0].text)
    assert watch.notified == frozenset()


def test_when_a_recipient_is_away_is_for_the_household_to_say():
    """Two hours where it says two; then its return."""
    house = House()
    house.watch = AlertWatch(2 * 3600)
    house.live(60)
    house.oldest = house.now
    assert house.live(2 * 3600, step=10) == []
    (away,) = house.live(1800, step=10)
    assert (away.kind, away.recovered) == (FaultKind.RECIPIENT, False)
    house.oldest = None
    (back,) = house.live(1200, step=10)
    assert back.recovered


@pytest.mark.parametrize("seconds", [1, 30])
def test_an_overload_is_told_at_once_and_one_that_comes_and_goes_once(seconds):
    """Within three seconds; a kettle that switches for an hour is one notice, and its end one."""
    watch, told = AlertWatch(), []

    def look(second, state):
        told.extend(watch.look([Link(LinkKind.OVERLOAD, "house", state, None, "")], 1000.0 + second))

    for second in range(10):
        look(second, BROKEN)
        if second == 3:
            assert kinds(told) == [(FaultKind.OVERLOAD, False)]
    # A meter that is silent says neither.
    for second in range(10, 300):
        look(second, BROKEN if second // seconds % 2 else WAITING if second % 7 else OK)
    assert len(told) == 1
    for second in range(300, 400):
        look(second, OK)
    assert kinds(told) == [(FaultKind.OVERLOAD, False), (FaultKind.OVERLOAD, True)]
    assert "coupe le courant" in told[0].text.in_language("fr")
