"""A board's messages become frames, each once and in order; a gap is asked for, what is stored is acknowledged."""

import asyncio
import functools
import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from gateway.links.link import port_link
from gateway.sources.board import BOOTS, HURRY_AFTER, NEW_BURST, NEW_RATE, RATE, BoardLine
from gateway.sources.paths import board_of
from gateway.tic.frame import Reader
from tests.gateway.tic import FRAMES

BOOT, LATER = "01020304", "0a0b0c0d"
RAW = (FRAMES / "real/s1-hc-linky-enedis.raw").read_bytes()
STANDARD = RAW[RAW.index(b"\x02") : RAW.index(b"\x03") + 1]
HISTORIC = b"\x02\nADCO 000000000000 0\r\x03"


def in_a_loop(test):
    """Run the test in a loop of its own."""

    @functools.wraps(test)
    def running(**arguments):
        asyncio.run(test(**arguments))

    return running


def message(seq, after=None, *, boot=BOOT, age=0, frame=STANDARD, **more):
    head = {"v": 1, "boot": boot, "seq": seq, "after": after, "age": age, "whole": True, "bad": 0, "owed": 1, "lost": 0}
    return json.dumps(head | more).encode() + b"\n" + frame


class Heard:
    """A line, its answers, and the numbers of what it gives."""

    def __init__(self, received=None, mode="auto"):
        self.answers, self.hurried = [], 0
        self.line = BoardLine("house", "salon", mode, received or {}, self.answers.append, self._hurry)
        self._frames = self.line.frames()

    def _hurry(self):
        self.hurried += 1

    async def next(self):
        async with asyncio.timeout(5):
            frame, at = await anext(self._frames)
        return self.line.receipt.boot, self.line.receipt.seq, frame, at

    def emptied(self):
        """How many were taken; they are done with."""
        count = self.line._arrived.qsize()
        for _ in range(count):
            self.line._arrived.get_nowait()
        return count

    async def numbers(self, count):
        return [(await self.next())[1] for _ in range(count)]


@in_a_loop
async def test_a_frame_is_what_the_meter_sent_with_the_time_at_which_it_was_read():
    """Groups as on a wire; the time is that of the arrival less the age."""
    heard = Heard()
    heard.line.hear(message(1, age=90_000))
    _, _, frame, at = await heard.next()
    (same,) = Reader().feed(STANDARD)
    assert frame == same
    assert abs(datetime.now(UTC) - timedelta(seconds=90) - at) < timedelta(seconds=2)
    assert heard.line.age_s == 90


@in_a_loop
async def test_a_repeated_frame_is_dropped_and_what_is_stored_is_acknowledged_again():
    """The board did not hear the acknowledgement, or sent again before it: the frame counts once."""
    heard = Heard({BOOT: 7})
    heard.line.hear(message(7))
    assert heard.answers == [{"v": 1, "boot": BOOT, "seq": 7}]
    heard.line.hear(message(8, [BOOT, 7]))
    heard.line.hear(message(8, [BOOT, 7]))
    heard.line.hear(message(9, [BOOT, 8]))
    assert await heard.numbers(2) == [8, 9]


@in_a_loop
async def test_a_gap_is_asked_for_and_nothing_behind_it_is_taken():
    """A frame whose predecessor never came would be acknowledged with it: it is not taken."""
    heard = Heard()
    heard.line.hear(message(1))
    heard.line.hear(message(3, [BOOT, 2]))
    heard.line.hear(message(4, [BOOT, 3]))
    assert heard.answers == [{"v": 1, "again": True}]
    for seq in (1, 2, 3, 4):
        heard.line.hear(message(seq, [BOOT, seq - 1] if seq > 1 else None))
    assert await heard.numbers(4) == [1, 2, 3, 4]


@in_a_loop
async def test_frames_of_another_start_of_the_board_count_for_themselves():
    """The numbers begin anew with each start; what an earlier one left in the flash comes before."""
    heard = Heard({BOOT: 5})
    heard.line.hear(message(6))
    heard.line.hear(message(1, [BOOT, 6], boot=LATER))
    assert [(await heard.next())[:2] for _ in range(2)] == [(BOOT, 6), (LATER, 1)]
    heard.line.hear(message(2, [LATER, 1], boot=LATER))
    assert await heard.numbers(1) == [2]


@in_a_loop
async def test_only_what_is_committed_is_acknowledged():
    """Taking a frame says nothing to the board; the commit does."""
    heard = Heard()
    heard.line.hear(message(1))
    await heard.next()
    assert heard.answers == []
    heard.line.committed(BOOT, 1)
    assert heard.answers == [{"v": 1, "boot": BOOT, "seq": 1}]


@in_a_loop
async def test_a_commit_is_hurried_before_the_board_may_send_no_more():
    """However long the interval between commits is, the board's window never closes for it."""
    heard = Heard()
    for seq in range(1, HURRY_AFTER + 2):
        heard.line.hear(message(seq, [BOOT, seq - 1] if seq > 1 else None))
    await heard.numbers(HURRY_AFTER)
    assert heard.hurried == 0
    await heard.numbers(1)
    assert heard.hurried == 1


@in_a_loop
async def test_a_frame_that_nobody_can_date_is_acknowledged_and_not_recorded():
    """A historic frame of a start before a power cut, from a board that never knew the time, says nothing usable."""
    heard = Heard()
    heard.line.hear(message(1, age=None, frame=HISTORIC))
    heard.line.hear(message(2, [BOOT, 1], age=None))
    _, seq, frame, _ = await heard.next()
    assert (seq, frame.groups) == (1, ())
    _, _, frame, at = await heard.next()
    assert frame.groups
    assert at == datetime(2017, 9, 15, 8, 16, 1, tzinfo=UTC)


@in_a_loop
async def test_the_other_mode_than_the_believed_one_is_acknowledged_and_not_recorded():
    """``mode`` holds for boards too."""
    heard = Heard(mode="historic")
    heard.line.hear(message(1))
    assert (await heard.next())[2].groups == ()


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"\n", b"{}\n\x02\x03", b"\xff\xfe", message(0), message(1 << 40), message(1, ["x", 1]),
        message(1, boot="1"), message(1, age=-1), message(1, v=2), message(1, frame=b"x"), b"[" * 5000, message(1)[:-1],
    ],
)  # fmt: skip
@in_a_loop
async def test_what_is_not_of_the_contract_is_counted_as_nothing(payload, caplog):
    """No bytes on the topic stop the line, and a person is told once."""
    heard = Heard()
    heard.line.hear(payload)
    heard.line.hear(payload)
    heard.line.hear_state(payload)
    heard.line.hear(message(1))
    assert await heard.numbers(1) == [1]
    assert sum("not of version 1 of the contract" in record.getMessage() for record in caplog.records) == 1


def head(**more):
    """A frame whose header has this as well."""
    return message(1, **more)


HOSTILE = [
    head(age=(1 << 53) - 1),
    head(age=31 * 86_400_000),
    head(bad=(1 << 53) - 1),
    b'{"x":' + b"[" * 2000 + b"]" * 2000 + b"}\n" + STANDARD,
    b'{"x":' + b'{"x":' * 2000 + b"1" + b"}" * 2001 + b"\n" + STANDARD,
    b"[" * 100_000,
    head(x="a" * 1100),
    head(frame=b"\x02" + b"a" * 70_000 + b"\x03"),
    head(frame=b"\x02" * 4000 + b"\x03"),
    head(boot="0" * 9),
]


@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
@in_a_loop
async def test_no_message_gets_past_its_line(payload):
    """Sizes, depths, ages and counts that no board has: nothing is raised, and what comes next is read."""
    heard = Heard()
    for _ in range(3):
        heard.line.hear(payload)
        heard.line.hear_state(payload)
    taken = heard.line._arrived.qsize()
    heard.line.hear(message(2, [BOOT, 1] if taken else None))
    assert (await heard.numbers(taken + 1))[-1] == 2
    assert heard.line.state.bad_groups <= 4096


@in_a_loop
async def test_an_age_that_no_board_has_is_none():
    """Its flash holds five days: a frame that says more gets the meter's own date, and the chain goes on."""
    heard = Heard()
    heard.line.hear(message(1, age=30 * 86_400_000 + 1))
    heard.line.hear(message(2, [BOOT, 1], age=30 * 86_400_000))
    _, _, frame, at = await heard.next()
    assert frame.groups
    assert at == datetime(2017, 9, 15, 8, 16, 1, tzinfo=UTC)
    _, _, _, at = await heard.next()
    assert abs(datetime.now(UTC) - timedelta(days=30) - at) < timedelta(seconds=2)


@pytest.mark.parametrize("stored", [False, True], ids=["in memory", "in the store"])
@in_a_loop
async def test_a_forged_number_does_not_make_repeats_of_all_that_comes(stored):
    """After as many frames as no board repeats, the number is not believed: what comes is read again."""
    heard = Heard({BOOT: 2**32 - 1} if stored else None)
    if not stored:
        heard.line.hear(message(2**32 - 1))
        assert await heard.numbers(1) == [2**32 - 1]
    for seq in range(1, 301):
        heard.line.hear(message(seq, [BOOT, seq - 1] if seq > 1 else None))
    assert await heard.numbers(100) == [*range(201, 301)]
    assert heard.line.disbelieved == {BOOT}
    # What was recorded with it is committed later, and tells the board nothing.
    before = len(heard.answers)
    heard.line.committed(BOOT, 2**32 - 1)
    assert heard.answers[before:] == []
    heard.line.committed(BOOT, 300)
    assert heard.answers[-1] == {"v": 1, "boot": BOOT, "seq": 300}


@in_a_loop
async def test_what_a_board_repeats_again_and_again_stays_a_repeat():
    """Its window of a hundred frames, from the oldest on, as often as the answers are lost: nothing is read twice."""
    heard = Heard({BOOT: 100})
    for _ in range(9):
        for seq in range(1, 101):
            heard.line.hear(message(seq, [BOOT, seq - 1] if seq > 1 else None))
    heard.line.hear(message(101, [BOOT, 100]))
    assert await heard.numbers(1) == [101]
    assert heard.line._arrived.empty()


@in_a_loop
async def test_of_the_starts_of_a_board_the_last_few_are_remembered():
    """Whoever names a new one in each message fills nobody's memory."""
    heard = Heard()
    for number in range(500):
        heard.line.hear(message(1, boot=f"{number:08x}"))
        await heard.next()
        heard.line.committed(f"{number:08x}", 1)
    assert len(heard.line._received) == len(heard.line._committed) == BOOTS
    heard.line.hear(message(2, [f"{499:08x}", 1], boot=f"{499:08x}"))
    assert await heard.numbers(1) == [2]


@in_a_loop
async def test_a_board_that_sends_too_much_is_not_listened_to_for_that():
    """What is over the rate is not even looked at; a second later it is heard again."""
    heard = Heard()
    for seq in range(1, 5001):
        heard.line.hear(message(seq, [BOOT, seq - 1] if seq > 1 else None))
    assert heard.line.state.refused > 3000
    heard.line._rate._at -= 10.0
    heard.line.hear(message(1))
    assert "messages refused: " in str(port_link("house", heard.line.state, 0.0).detail)
    assert heard.line.state.refused < 5000


@in_a_loop
async def test_what_the_broker_kept_is_not_taken(caplog):
    """A retained frame comes at each start: it is counted, said once, and not read."""
    heard = Heard()
    heard.line.refuse_kept()
    heard.line.refuse_kept()
    assert heard.line.state.refused == 2
    assert caplog.text.count("the broker had kept") == 1


@in_a_loop
async def test_the_port_says_how_the_board_is():
    """Not heard yet, there with its signal, gone, and out of reach with the broker: each is a sentence."""
    line = Heard().line
    assert str(port_link("house", line.state, line.state.changed).detail) == "the board has not been heard yet"
    state = {"v": 1, "state": "online", "boot": BOOT, "speed": 9600, "dbm": -61, "in_flash": 12}
    line.hear_state(json.dumps(state).encode())
    link = port_link("house", line.state, line.state.changed)
    assert (link.state, str(link.detail)) == (
        "ok",
        "open at 9600 Bd (board salon, Wi-Fi -61 dBm, 12 frames in its flash)",
    )
    line.hear_state(json.dumps({"v": 1, "state": "lost", "boot": BOOT}).encode())
    link = port_link("house", line.state, line.state.changed)
    assert (link.state, str(link.detail)) == ("broken", "board salon: it is gone: has it power, and Wi-Fi?")
    line.hear(message(1))
    assert port_link("house", line.state, line.state.changed).state == "ok"


def test_a_source_that_is_no_board_is_somebody_elses():
    """Only ``board:`` names a board."""
    assert board_of("board:salon") == "salon"
    assert board_of("/dev/ttyTIC") is None


@in_a_loop
async def test_what_a_board_may_have_stored_is_bounded_as_well(monkeypatch):
    """Valid new frames for hours, as fast as they are listened to: hardly more than a meter could have said."""
    now, taken = time.monotonic(), 0
    monkeypatch.setattr("gateway.sources.board.time", SimpleNamespace(monotonic=lambda: now))
    heard = Heard()
    for seq in range(1, 40_001):
        now += 1 / RATE
        heard.line.hear(message(seq, boot=f"{seq:08x}"))
        taken += heard.emptied()
    assert taken <= NEW_BURST + NEW_RATE * 40_000 / RATE + 1


@in_a_loop
async def test_five_days_of_a_board_come_as_fast_as_it_can(monkeypatch):
    """All that a board can keep, at ten times the pace that it has: every frame is taken, none is asked for twice."""
    now, numbers = time.monotonic(), []
    monkeypatch.setattr("gateway.sources.board.time", SimpleNamespace(monotonic=lambda: now))
    heard = Heard()
    for seq in range(1, 3501):
        now += 1 / RATE
        heard.line.hear(message(seq, [BOOT, seq - 1] if seq > 1 else None))
        numbers += await heard.numbers(1)
    assert numbers == list(range(1, 3501))
    assert heard.line.state.refused == 0
    assert heard.answers == []


@in_a_loop
async def test_what_is_missing_is_asked_for_also_when_the_board_has_no_more_to_send(monkeypatch):
    """The question was lost, and the gap showed in the last frames that may be under way: it is asked again."""
    now = time.monotonic()
    monkeypatch.setattr("gateway.sources.board.time", SimpleNamespace(monotonic=lambda: now))
    heard = Heard({BOOT: 5})
    heard.line.ask_again()
    for seq in (50, 51):
        now += 0.5
        heard.line.hear(message(seq, [BOOT, seq - 1]))
    asked = {"v": 1, "again": True}
    assert heard.answers == [asked]
    for _ in range(5):
        now += 1.0
        heard.line.look(reachable=True)
    assert heard.answers == [asked] * 4
    for seq in range(6, 10):
        heard.line.hear(message(seq, [BOOT, seq - 1]))
    now += 10.0
    heard.line.look(reachable=True)
    assert heard.answers == [asked] * 4
    assert await heard.numbers(4) == [6, 7, 8, 9]
