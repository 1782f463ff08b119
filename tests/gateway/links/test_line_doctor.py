"""The doctor of a running gateway: what is shown when, what it costs, and that a sound line is never accused."""

import random
import time
from types import SimpleNamespace

import pytest

from gateway.doctor.causes import Cause, Finding
from gateway.doctor.daemon import findings
from gateway.doctor.judgement import LineJudgement, judgement_of
from gateway.links.alert_words import FaultKind
from gateway.links.alerts import AlertWatch
from gateway.links.line_doctor import CONFIRMED_S, DAMAGE_CONFIRMED_S, ILL_LONGEST_S, WELL_EVERY_S, LineDoctors
from gateway.links.link import BROKEN, OK, WAITING, as_json, decode_link, meter_link, port_link
from gateway.sources.line import Line
from gateway.sources.source import parse_source
from gateway.tic.frame import HISTORIC, STANDARD, Group, encode_group
from gateway.tic.quality import Fault
from tests.gateway.doctor.catalogue import FRAMES, frame_of
from tests.gateway.doctor.conftest import captures


class Bed:
    """One meter whose line is told what has come, and the doctor of it; time is handed in."""

    def __init__(self, mode="auto", source="socket://127.0.0.1:1"):
        self.line = Line("house", parse_source(source, FRAMES), mode)
        self.meter = SimpleNamespace(name="house", line=self.line)
        self.meter.heard = self.meter
        self.doctors = LineDoctors({"house": self.meter}, {"house": source})
        self.now = self.line.state.changed
        self.line.state.open = True
        self.begin()

    def begin(self, speed=None):
        self.line.recent.begin(self.now, speed)

    def hear(self, data, seconds):
        """Bytes, evenly over so many seconds; the line counts them as it does."""
        pieces = max(1, int(seconds * 10))
        for number in range(pieces):
            self.now += seconds / pieces
            part = data[len(data) * number // pieces : len(data) * (number + 1) // pieces]
            if part:
                self.line.recent.note(self.now, part)
            for frame in self.line._feed(part, self.now):
                self.line._count(frame, self.now)

    def judge(self):
        """What is found now, and shown."""
        found = self.doctors.judge("house", self.doctors.take("house", self.now), self.now)
        self.doctors.note("house", found, self.now)
        return found.cause

    def rounds(self, data, seconds, every_s=2.5):
        """As the gateway does: a look every few seconds, a judgement when it is due; all that was ever shown."""
        shown, steps = [], int(seconds / every_s)
        for number in range(steps):
            self.hear(data[len(data) * number // steps : len(data) * (number + 1) // steps], every_s)
            if self.doctors.due(self.now):
                self.judge()
            shown.append(self.link.cause)
        return shown

    @property
    def link(self):
        return next(iter(self.doctors.links(self.now)))


SOUND = [path for path in captures() if "standby" not in path.stem]


def frames(mode, count):
    return frame_of(mode, "021800000001") * count


def damaged(data):
    """One character of each hundred made another one."""
    return b"".join(bytes((byte ^ 4,)) if number % 100 == 50 else bytes((byte,)) for number, byte in enumerate(data))


def test_a_fault_is_shown_when_it_has_lasted_and_so_is_its_end():
    """A start says nothing yet; a fault and a recovery are believed after some seconds."""
    bed = Bed()
    assert bed.judge() is Cause.NOT_YET
    assert (bed.link.state, bed.link.cause) == (WAITING, "not-yet")
    bed.hear(frames(STANDARD, 12), 12.0)
    assert bed.judge() is Cause.ALL_WELL
    assert bed.link.state == OK
    bed.hear(damaged(frames(STANDARD, 5)), 5.0)
    assert bed.judge() is Cause.WEAK_SIGNAL
    assert bed.link.state == OK
    bed.hear(damaged(frames(STANDARD, 28)), DAMAGE_CONFIRMED_S + 1)
    bed.judge()
    assert (bed.link.state, bed.link.cause) == (BROKEN, "weak-signal")
    assert "470 ohms" in str(bed.link.detail)
    assert "470 ohms" in bed.link.advice.in_language("fr")
    bed.hear(frames(STANDARD, 22), 21.0)
    assert bed.judge() is Cause.ALL_WELL
    assert bed.link.cause == "weak-signal"
    bed.hear(frames(STANDARD, 13), CONFIRMED_S + 1)
    bed.judge()
    assert bed.link.state == OK


def test_a_switched_mode_is_no_fault_while_the_line_looks_for_it():
    """Garbage for the seconds until the other speed is tried, then frames: nothing was ever said."""
    bed = Bed()
    bed.begin(9600)
    assert set(bed.rounds(frames(STANDARD, 40), 40.0)) <= {"not-yet", "all-well"}
    shown = bed.rounds(bytes.fromhex("00406070787c00607c7860") * 100, 10.0)
    bed.begin(1200)
    shown += bed.rounds(frames(HISTORIC, 20), 48.0)
    assert set(shown) == {"all-well"}


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
def test_no_capture_of_a_sound_line_is_accused(path):
    """Over and over for three minutes, at its own pace, as one begins to listen in the middle."""
    raw = path.read_bytes()
    rate = 960 if b"\t" in raw else 120
    bed = Bed()
    data = (raw * (200 * rate // len(raw) + 1))[len(raw) // 3 :][: 180 * rate]
    assert set(bed.rounds(data, 180.0)) <= {"not-yet", "all-well"}


def test_a_line_that_is_well_is_judged_once_a_minute():
    """And at once when something shows; one that stays at fault, ever more seldom."""
    bed, judged = Bed(), []
    judge = bed.doctors.judge
    bed.doctors.judge = lambda *known: judged.append(bed.now) or judge(*known)
    bed.rounds(frames(STANDARD, 600), 600.0)
    assert len(judged) <= 2 + 600 / WELL_EVERY_S + 4
    judged.clear()
    bed.rounds(damaged(frames(STANDARD, 60)), 60.0)
    assert judged[0] - bed.now <= -50.0
    judged.clear()
    bed.rounds(damaged(frames(STANDARD, 600)), 600.0)
    assert len(judged) <= 600 / ILL_LONGEST_S + 10


def test_a_line_from_which_nothing_comes_is_judged_ever_more_seldom():
    """Both speeds are tried by turns, for years: what each of them brings is no news."""
    bed, judged = Bed(), []
    judge = bed.doctors.judge
    bed.doctors.judge = lambda *known: judged.append(bed.now) or judge(*known)
    for speed in (9600, 1200) * 40:
        bed.begin(speed)
        bed.rounds(b"", 7.5)
    assert bed.link.cause == "silent"
    assert len(judged) <= 600 / ILL_LONGEST_S + 15


def test_a_judgement_costs_next_to_nothing():
    """Of a line at full speed, at most a thousandth of a core while it is well."""
    bed = Bed()
    bed.hear(frames(STANDARD, 25), 20.0)
    begun = time.process_time()
    for _ in range(5):
        taken = bed.doctors.take("house", bed.now)
        bed.doctors.judge("house", taken, bed.now)
    assert (time.process_time() - begun) / 5 < 0.001 * WELL_EVERY_S


def test_a_port_that_is_closed_is_told_at_once_with_its_reason():
    """The sentence of the line says which, the port's own facts the rest."""
    bed = Bed(source="/nowhere/tty")
    bed.line.state.open = False
    bed.line._lost(bed.line.state.waiting.__class__("/nowhere/tty: no such port: is the adapter plugged in?"))
    bed.judge()
    assert (bed.link.state, bed.link.cause) == (BROKEN, "no-such-port")
    assert "/nowhere/tty cannot be found" in str(bed.link.detail)


def test_another_meters_cable_is_named_with_the_meter():
    """Frames come, and they are another meter's."""
    bed = Bed()
    bed.meter.heard = SimpleNamespace(name="roof")
    for _ in range(2):
        bed.hear(frames(STANDARD, 15), 15.0)
        bed.judge()
    assert bed.link.cause == "other-cable"
    assert "the meter roof is heard" in str(bed.link.detail)


def test_a_replayed_file_that_has_ended_is_well():
    """Nothing more will come, and nothing is wrong."""
    bed = Bed()
    bed.line.state.ended, bed.line.state.open = True, False
    assert bed.judge() is Cause.ALL_WELL


def test_what_status_says_is_what_the_command_reads():
    """Findings and evidence go there and back; no byte and no number of the meter is in them."""
    bed = Bed(mode="historic")
    bed.hear(frames(STANDARD, 15), 15.0)
    bed.judge()
    told = bed.doctors.as_values()["house"]
    assert "021800000001" not in str(told)
    back = judgement_of(told)
    assert back.findings[0] == Finding(Cause.OTHER_MODE, 0.96)
    assert back.evidence.best.good > 300
    status = as_json(list(bed.doctors.links(bed.now)), running=True)
    assert findings(status, "house")[0].cause is Cause.OTHER_MODE
    assert findings(status | {"doctor": {"house": told}}, "house") == list(back.findings)
    for strange in (None, {}, {"findings": []}, {"findings": [{"cause": "new", "confidence": 1.0}], "evidence": None}):
        assert judgement_of(strange) is None


def test_a_board_is_judged_by_what_it_says():
    """It brings no bytes; that it is away, or brings no frame, is known."""
    line = SimpleNamespace(state=Line("x", parse_source("socket://127.0.0.1:1", FRAMES)).state)
    line.quality = Line("x", parse_source("socket://127.0.0.1:1", FRAMES)).quality
    line.state.open, line.state.changed = True, time.monotonic() - 100
    meter = SimpleNamespace(name="house", line=line)
    meter.heard = meter
    doctors = LineDoctors({"house": meter}, {"house": "board:salon"})
    now = time.monotonic()
    assert doctors.due(now) == ["house"]
    doctors.note("house", doctors.judge("house", doctors.take("house", now), now), now)
    assert next(iter(doctors.links(now))).cause == "mute"
    line.state.last_frame = now
    line.quality.note(now, 100, {Fault.CHECKSUM: 0})
    doctors.note("house", doctors.judge("house", None, now), now)
    assert next(iter(doctors.links(now))).state == OK


def test_a_judgement_of_its_own_is_never_empty():
    """There is always a cause to show."""
    assert LineJudgement((Finding(Cause.ALL_WELL, 1.0),)).cause is Cause.ALL_WELL


def overload(count):
    """A three-phase meter above its contract: a long frame cut by EOT, then twenty short ones (02E §2.5.2)."""
    address = encode_group(HISTORIC, Group("ADCO", "021800000001", None))
    phases = [encode_group(HISTORIC, Group(f"IINST{number}", "040", None)) for number in (1, 2, 3)]
    over = encode_group(HISTORIC, Group("ADIR1", "052", None))
    short = b"\x02" + over + address + b"".join(phases) + b"\x03"
    return (b"\x02" + address + phases[0] + b"\x04" + short * 20) * count


def seldom(data, draw, every):
    """One character in so many made another one, and a read from afar now and then."""
    noisy = bytearray(data)
    for place in range(0, len(noisy), every):
        noisy[min(len(noisy) - 1, place + draw.randrange(every))] ^= 1 << draw.randrange(7)
    return bytes(noisy)


def noisy_minutes(mode, seed, minutes):
    """All that is shown while a character a minute is wrong, and every five minutes somebody reads from afar."""
    draw, rate = random.Random(seed), 960 if mode == STANDARD else 120
    bed, shown = Bed(), []
    minute = (frames(mode, 80))[: 60 * rate]
    for number in range(minutes):
        shown += bed.rounds(seldom(minute, draw, 60 * rate), 60.0)
        if number % 5 == 4:
            shown += bed.rounds(frame_of(mode, "021800000001")[:300] + b"\x04", 2.5)
    return set(shown)


@pytest.mark.parametrize("mode", [STANDARD, HISTORIC])
def test_the_noise_that_every_line_has_is_no_fault(mode):
    """Ten minutes of it."""
    assert noisy_minutes(mode, 1, 10) <= {"not-yet", "all-well"}


@pytest.mark.campaign
@pytest.mark.parametrize("mode", [STANDARD, HISTORIC])
@pytest.mark.parametrize("seed", range(5))
def test_a_day_of_the_noise_that_every_line_has_is_no_fault(mode, seed):
    """A day of it, in each mode, five times."""
    assert noisy_minutes(mode, seed, 1440) <= {"not-yet", "all-well"}


def test_an_overload_of_three_phases_is_no_fault():
    """Its cut frames and short ones are what such a meter has to send."""
    assert set(Bed().rounds(overload(12), 180.0)) <= {"not-yet", "all-well"}


def test_a_gateway_that_is_held_up_accuses_nobody():
    """Nothing is read for ten seconds, then all of it at once, as a port's buffer has it."""
    bed = Bed()
    bed.begin(9600)
    shown = bed.rounds(frames(STANDARD, 40), 40.0)
    bed.now += 10.0
    bed.line.recent.note(bed.now, frames(STANDARD, 5)[:4096])
    shown += bed.rounds(frames(STANDARD, 40), 40.0)
    assert set(shown) <= {"not-yet", "all-well"}


def test_a_fault_is_told_once_with_its_cause_and_its_end():
    """After two minutes, with what to do about this one; a meter that is mute is told as that, with the cause."""
    bed, watch, told = Bed(), AlertWatch(), []

    def look(data, seconds):
        for shown in range(int(seconds / 2.5)):
            part = len(data) * 25 // (10 * int(seconds))
            bed.rounds(data[shown * part : (shown + 1) * part], 2.5)
            state = bed.line.state
            links = [port_link("house", state, bed.now), meter_link("house", state, bed.now)]
            links += [decode_link("house", state, bed.line.quality, bed.now), bed.link]
            told.extend(watch.look(links, bed.now))

    look(frames(STANDARD, 60), 60)
    look(damaged(frames(STANDARD, 300)), 300)
    (alert,) = told
    assert (alert.kind, alert.link) == (FaultKind.LINE, "doctor house")
    assert "The signal is too weak" in str(alert.text)
    assert "470 ohms" in alert.text.in_language("fr")
    look(frames(STANDARD, 300), 300)
    assert [one.recovered for one in told] == [False, True]
    look(b"", 90)
    assert told[-1].kind is FaultKind.MUTE
    assert "No signal." in str(told[-1].text)
    assert len(told) == 3
