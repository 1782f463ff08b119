"""How long bytes may gather: only in the middle of a frame, and never over its end."""

from gateway.sources.line import Line
from gateway.sources.pace import LinePace
from meter.process import SimulatedMeter
from tests.gateway.sources.test_line import line_of, reading

FRAME = b"\x02" + 498 * b"x" + b"\x03"


def noted(*pieces):
    """The pace of a line that said this."""
    pace = LinePace()
    for piece in pieces:
        pace.note(piece)
    return pace


def test_nothing_is_expected_of_a_line_that_is_not_known():
    """Before three frames, and where the speed is somebody else's affair, every byte is looked at as it comes."""
    assert noted().pause_s(9600) == 0
    assert noted(FRAME, FRAME, FRAME[:100]).pause_s(9600) == 0
    assert noted(FRAME, FRAME, FRAME, FRAME[:100]).pause_s(None) == 0


def test_a_pause_ends_before_the_frame_does():
    """Of the shortest of the last frames, by the speed of the line; close to its end there is none."""
    known = (FRAME, FRAME + FRAME[:20], FRAME[20:], FRAME[:300] + b"\x03")
    assert noted(*known, FRAME[:200]).pause_s(9600) == 0.06
    assert 0 < noted(*known, FRAME[:260]).pause_s(9600) * 960 <= 301 - 260 - 32
    assert noted(*known, FRAME[:270]).pause_s(9600) == 0
    assert noted(*known, FRAME[:400]).pause_s(9600) == 0
    assert noted(*known, FRAME[:100]).pause_s(1200) == 0.06


def test_a_pause_grows_where_little_gathers_in_it_and_is_short_again_where_much_does():
    """At a line's own pace to half a second; what comes at many times its pace always finds room in the kernel."""
    pace = noted(FRAME, FRAME, FRAME, FRAME[:5])
    for longest in (0.06, 0.12, 0.24, 0.48, 0.48):
        assert pace.pause_s(1200) == longest
        pace.paused(longest, b"x" * 200)
    pace = noted(FRAME, FRAME, FRAME, FRAME[:5])
    pace.paused(0.06, b"x" * 513)
    pace.paused(0.03, b"x")
    assert pace.pause_s(1200) == 0.06
    pace.paused(0.06, b"x" * 512)
    assert pace.pause_s(1200) == 0.12
    pace.note(b"x" * 1025 + b"\x03")
    assert pace.pause_s(1200) == 0.06


def test_a_short_frame_is_forgotten_after_eight():
    """An overload's frames do not keep a reader awake for ever."""
    assert noted(b"\x02x\x03", *8 * [FRAME], FRAME[:100]).pause_s(9600) == 0.06


def test_a_meter_is_looked_at_far_less_often_than_it_speaks(tmp_path):
    """In the middle of its frames; all are whole all the same."""
    reads = []

    class Counting(Line):
        async def _read_some(self):
            data = await super()._read_some()
            reads.append(len(data or b""))
            return data

    with SimulatedMeter(tmp_path / "ttyTIC", mode="standard", seed=1) as meter:

        async def work(read):
            await read.whole(4)
            del reads[:]
            await read.whole(4)

        line = Counting("house", line_of(meter).source)
        reading(line, work)
        assert line.state.partial <= 1
    assert sum(reads) / len(reads) > 60, reads
