"""What users of TIC readers have met in the field, through the whole chain: bytes, readings, judgement, database.

Every case has a number. Those that belong to one room are tested there; the others are here. The number of a case
stands in the docstring of each of its tests ("nasty input 1.3"), and the first test sees to it that none is missing.
"""

from __future__ import annotations

import ast
import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from gateway.daemon.meter import MeterReader
from gateway.sources import line as line_module
from gateway.store.points import Granularity
from gateway.store.store import Store
from gateway.tic.continuity import BreakKind
from gateway.tic.frame import Group, Reader, encode_group
from gateway.tic.judges import FactKind
from gateway.tic.quality import Fault, SignalQuality, Window
from gateway.tic.reading import parse_horodate
from meter import clock
from meter.frames import MeterIdentity
from meter.household import SimulatedHousehold
from meter.living import Linky
from tests.gateway.sources.test_line import UNKNOWN, Script, jumping
from tests.gateway.tic import capture
from tests.prepared import prepare

FRAME_OF_2017 = int(datetime(2017, 9, 15, 8, 16, tzinfo=UTC).timestamp())
START = int(datetime(2026, 7, 1, 10, 0, 5, tzinfo=UTC).timestamp())

# The events that tell of a break; others (a message, a state) are the meter's own words.
BREAKS = {kind.value for kinds in (FactKind, BreakKind) for kind in kinds}

INDEX = "consumption/energy/active/index"
POWER = "consumption/power/apparent/raw"

ENEDIS = capture("real/s1-hc-linky-enedis.raw")

# Number of the section: its cases, in order.
CASES = {
    1: (
        "EOT after CR", "bytes above 0x7F", "half lines", "FF for CR, BS for HT", "LF altered", "every LF altered",
        "empty checksum", "lost digit", "labels without their first letter", "dozens of flips",
        "wrong values that pass the checksum", "two frames spliced", "damage every few minutes", "one bad group",
        "bytes lost by a reader", "missing values", "NUL in STGE", "NUL at the opening", "line ends rewritten",
        "800 letters",
    ),
    2: (
        "only @ ` p x", "keys of garbage", "mode switched by the operator", "mode flips on an error",
        "one or three phases by one group", "8N1 port, cooked terminal",
    ),
    3: (
        "DATE without data", "season of a space, PPOINTE", "three-phase labels", "tail of ADCO as a label",
        "standard mode without checksum test", "SINSTI and SINSTS1", "STGE on three characters",
        "PPOT or MOTDETAT missing", "other reports of parsers",
    ),
    4: (
        "46 kVA", "power that stays while exporting", "phases or DATE that stay", "out of step",
        "injected in historic mode",
    ),
    5: (
        "39,000 kWh and back", "EAST with the value of EASF01", "too high an index believed", "meter replaced",
        "contract changed", "Wh and kWh",
    ),
    6: ("ADPS for ever", "overload without ADPS and ADIR", "short frames after EOT"),
    7: ("clock 3 h 30 wrong", "night of the clock change", "an hour off", "one second twice", "fold, gap, degraded"),
    8: ("adapter unplugged", "exception that kills the reader", "stuck line", "ETX and STX lost"),
}  # fmt: skip
NUMBERS = {f"{section}.{row}" for section, cases in CASES.items() for row in range(1, len(cases) + 1)}


def numbers_in_docstrings(folder):
    """The numbers in the docstrings of every test below the folder; nothing is imported."""
    found = set()
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                said = re.findall(r"nasty inputs? ((?:\d\.\d+(?:, )?)+)", ast.get_docstring(node) or "", re.IGNORECASE)
                found.update(number for numbers in said for number in numbers.strip(", ").split(", "))
    return found


def test_every_case_has_a_test():
    """No number is without a test that names it, and no test names a number that does not exist."""
    found = numbers_in_docstrings(Path(__file__).parent)
    assert sorted(NUMBERS - found) == []
    assert sorted(found - NUMBERS) == []


# The chain: a house with one meter, whose line is what the test says.


class House:
    """A MeterReader with a real database; it is the reader's line itself."""

    finite = False

    def __init__(self, directory):
        prepare(directory)
        self.store = Store(directory)
        self.quality = SignalQuality(0.0)
        self.heard = []
        self._bytes = Reader()
        self._meter = MeterReader(self.store.meters.add("house"), {}, self)
        self._new = []

    receipt, age_s = None, 0.0

    async def frames(self):
        """What was heard last, as a line hands it on."""
        for frame, received in self._new:
            yield frame, received

    def hear(self, data, second):
        """Take in the bytes of that second; gives the frames that they completed."""
        received = datetime.fromtimestamp(START + second, UTC)
        frames = self._bytes.feed(data)
        self._new = [(frame, received) for frame in frames]
        self.heard += frames
        asyncio.run(self._meter.read(asyncio.Event()))
        return frames

    def stored(self):
        """Series -> its values in order of time."""
        self.store.batches.write([self._meter.recorder.take()], START)
        found = {}
        for point in self.store.readings.page("house", "", Granularity.RAW, 0, 2**40, 100_000):
            found.setdefault(point.series.path, []).append(point.value)
        return found

    def happened(self):
        """(kind, series) of every break in the database: what was not plausible and was believed all the same."""
        self.stored()
        return [(event.kind, event.series) for event in self.store.readings.events() if event.kind in BREAKS]


@pytest.fixture
def house(tmp_path):
    """A house that has heard nothing yet."""
    opened = House(tmp_path)
    yield opened
    opened.store.close()


def linky(mode="standard", contract="base", phases=1, solar=0, serial="000042"):
    """A simulated meter that begins at START."""
    return Linky(
        mode=mode,
        contract=contract,
        identity=MeterIdentity(serial=serial, phases=phases),
        household=SimulatedHousehold(phases=phases, solar_w=solar),
        producer=bool(solar),
        start_ms=START * 1000,
    )


def says(meter, second):
    """The bytes of the meter's frame at that second."""
    return b"".join(meter.next_frame((START + second) * 1000).encode())


def groups_of(data):
    """Label -> group of the one frame in the bytes."""
    (frame,) = Reader().feed(data)
    return {group.label: group for group in frame.groups}


def altered(data, **changes):
    """The frame with other data (None: without the group) and right checksums; ``DATE`` is given as a horodate."""
    (frame,) = Reader().feed(data)
    made = b""
    for group in frame.groups:
        text = changes.get(group.label, group.data)
        if text is not None:
            new = Group("DATE", "", text or group.horodate) if group.label == "DATE" else group._replace(data=text)
            made += encode_group(frame.mode, new)
    return b"\x02" + made + b"\x03"


def replaced(data, old, new):
    """The bytes with one place changed."""
    assert data.count(old) == 1
    return data.replace(old, new)


# 1. Corrupted characters.


def test_each_kind_of_damage_costs_its_group_only():
    """FF for CR, BS for HT, a space for a digit, a wrong checksum: four groups go, 34 stay (nasty input 1.4)."""
    data = replaced(ENEDIS, b"\nVTIC\t02\tJ\r", b"\nVTIC\t02\tJ\xff")
    data = replaced(data, b"\nPREF\t", b"\nPREF\b")
    data = replaced(data, b"\nEAST\t000000000", b"\nEAST\t00000 000")
    data = replaced(data, b"\nPCOUP\t02", b"\nPCOUP\t12")
    (frame,) = Reader().feed(data)
    assert (len(frame.groups), frame.bad, frame.whole) == (34, 4, False)
    assert {"VTIC", "PREF", "EAST", "PCOUP"}.isdisjoint(group.label for group in frame.groups)


def test_labels_without_their_first_letter_make_no_series(house):
    """RMS1, REF and COUP are no labels and their checksums are wrong: nothing of them is stored (nasty input 1.9)."""
    meter = linky(phases=3)
    for second in range(3):
        data = says(meter, second)
        for label in (b"IRMS1", b"PREF", b"PCOUP"):
            data = replaced(data, b"\n" + label + b"\t", b"\n" + label[1:] + b"\t")
        (frame,) = house.hear(data, second)
        assert (frame.bad, frame.whole) == (3, False)
    stored = house.stored()
    assert stored["consumption/current/raw/phase/2"]
    assert {"consumption/current/raw/phase/1", "contract/power/cutoff"}.isdisjoint(stored)


def test_what_a_weak_signal_leaves_is_no_whole_frame(house):
    """Dozens of flips, a tail of NULs: the groups that survive are right, the frame is partial (nasty input 1.10)."""
    noise, meter = Random(10), linky(contract="tempo")
    for second in range(5):
        data = bytearray(says(meter, second))
        true = set(Reader().feed(bytes(data))[0].groups)
        for at in noise.sample(range(1, len(data) - 200), 30):
            data[at] = 0  # as a port that checks parity delivers a flipped bit
        data[-150:-1] = bytes(149)
        (frame,) = house.hear(bytes(data), second)
        assert not frame.whole
        assert 0 < len(frame.groups) < len(true) // 2 + 5
        assert set(frame.groups) <= true


def test_one_bad_group_in_every_frame_costs_no_other_value(house):
    """The frames are partial, and what else they say is stored (nasty input 1.14)."""
    meter = linky()
    for second in range(4):
        data = says(meter, second)
        at = data.index(b"\nPCOUP\t") + 7
        assert not house.hear(data[:at] + b"9" + data[at + 1 :], second)[0].whole
    stored = house.stored()
    assert stored[INDEX]
    assert stored[POWER]
    assert "contract/power/cutoff" not in stored


def test_the_longest_frame_comes_through_in_small_pieces():
    """Three phases with panels: more than 1,024 bytes, received 64 at a time, whole (nasty input 1.15)."""
    data, reader = says(linky(phases=3, solar=6000), 1), Reader()
    frames = [frame for at in range(0, len(data), 64) for frame in reader.feed(data[at : at + 64])]
    assert len(data) > 1024
    assert [frame.whole for frame in frames] == [True]


def test_a_line_counts_what_it_lost(monkeypatch):
    """Interruptions, bad groups and silences are each counted where a person sees them (nasty inputs 1.13, 1.16)."""
    good = says(linky(), 0)
    cut = good[: good.index(b"\nURMS1")] + b"\x04"
    bad = replaced(good, b"\nPREF\t06", b"\nPREF\t07")

    def play(_):
        for data in (good, cut, bad, good):
            yield 1.0
            yield data
        yield 10.0
        yield good

    line, _ = jumping(monkeypatch, Script(play), 16)
    now = line.state.alive_at
    counts = line.quality.tally(Window.HOUR, now).counts
    assert (counts[Fault.EOT], counts[Fault.CHECKSUM], counts[Fault.SILENCE]) == (1, 1, 1)
    assert (line.state.frames, line.state.partial, line.state.bad_groups) == (3, 2, 1)


def test_a_line_without_its_marks_is_read_and_shown_as_never_whole(monkeypatch):
    """Every LF is 0x0F and STX is C: the values come, no frame is whole, and that is counted (nasty input 1.6)."""
    good = says(linky(), 0)

    def play(_):
        while True:
            yield 1.0
            yield good.replace(b"\n", b"\x0f").replace(b"\x02", b"C")

    line, frames = jumping(monkeypatch, Script(play), 30)
    assert (line.state.frames, line.state.partial) == (0, len(frames))
    # Of the first group of a stream nothing shows where it began.
    assert all(frame.groups == Reader().feed(good)[0].groups for frame in list(frames)[1:])
    counts = line.quality.tally(Window.HOUR, line.state.alive_at).counts
    assert (counts[Fault.SILENCE], counts[Fault.FRAMING]) == (0, len(frames) - 1)


# 2. Wrong mode, speed or wiring.


def test_garbage_that_passes_a_checksum_is_not_stored(house):
    """Labels that are not in the table give no series and no event, however often they come (nasty input 2.2)."""
    for second in range(5):
        assert house.hear(UNKNOWN, second)[0].whole
    assert house.stored() == {}
    assert house.happened() == []


def test_a_terminal_that_translates_line_ends_gives_no_value(house):
    """CR made LF on the way: every group is counted as bad, none is guessed (nasty input 2.6)."""
    data = says(linky(), 0)
    (frame,) = house.hear(data.replace(b"\r", b"\n"), 0)
    assert (frame.groups, frame.bad) == ((), len(groups_of(data)))
    assert house.stored() == {}


# 3. Parsing.


@pytest.mark.parametrize("label", [label for label, group in groups_of(ENEDIS).items() if group.data])
def test_each_group_of_standard_mode_is_checked(label):
    """One character altered in any of them: that group is refused, the horodates stay (nasty input 3.5)."""
    group = groups_of(ENEDIS)[label]
    right = encode_group("standard", group)
    field = right.rindex(b"\t") - 1
    wrong = right[:field] + bytes([right[field] ^ 1]) + right[field + 1 :]
    (frame,) = Reader().feed(replaced(ENEDIS, right, wrong))
    assert (len(frame.groups), frame.bad) == (37, 1)
    kept = {one.label: one.horodate for one in frame.groups}
    assert label not in kept
    assert kept["DATE"] == "E170915101601"


def test_injected_power_is_not_that_of_the_first_phase(house):
    """SINSTI and SINSTS1 go to series of their own, 0 drawn while injecting (nasty inputs 3.6, 4.2)."""
    meter = linky(phases=3, solar=9000)
    frames = [says(meter, second) for second in range(3)]
    for second, data in enumerate(frames):
        house.hear(data, second)
    last, stored = groups_of(frames[-1]), house.stored()
    assert int(last["SINSTI"].data) > 0
    assert stored["production/power/apparent/raw"][-1] == int(last["SINSTI"].data)
    assert stored[POWER + "/phase/1"][-1] == int(last["SINSTS1"].data)
    assert stored[POWER][-1] == int(last["SINSTS"].data)


@pytest.mark.parametrize("bit", [0, 4, 7, 16])
def test_any_digit_of_the_register_is_a_change(house, bit):
    """The last five of the eight digits count as much as the first three (nasty input 3.7)."""
    meter = linky()
    for second in range(6):
        data = says(meter, second)
        before = int(groups_of(data)["STGE"].data, 16) & ~(1 << bit)
        house.hear(altered(data, STGE=f"{before | (second >= 3) << bit:08X}"), second)
    assert house.stored()["status/register"] == [f"{before:08X}", f"{before | 1 << bit:08X}"]


@pytest.mark.parametrize("label", ["PPOT", "MOTDETAT"])
def test_a_group_that_some_frames_lack_is_no_fault(house, label):
    """The frame is whole without it and the value is what was said last, not zero (nasty input 3.8)."""
    meter = linky("historic", phases=3)
    for second in range(0, 12, 2):
        data = says(meter, second)
        (frame,) = house.hear(altered(data, **{label: None}) if second % 4 else data, second)
        assert frame.whole
    series = {"PPOT": ("status/phases", "00"), "MOTDETAT": ("status/word", "000000")}
    path, value = series[label]
    assert house.stored()[path] == [value]
    assert house.quality.tally(Window.HOUR, 1e9).bad == 0


# 4. Implausible values.


@pytest.mark.parametrize("power", ["46000", "37059", "59607"])
def test_a_power_that_no_phase_carries_is_not_stored(house, power):
    """Its checksum is right and its width too (nasty inputs 1.11, 4.1)."""
    meter = linky()
    true = []
    for second in range(6):
        data = says(meter, second)
        true.append(int(groups_of(data)["SINSTS"].data))
        house.hear(altered(data, SINSTS=power) if second == 3 else data, second)
    assert set(house.stored()[POWER]) <= set(true)
    assert house.happened() == []


def test_a_power_that_stays_is_what_the_meter_says(house):
    """Stored once while it does not change, and again as soon as it does (nasty input 4.2)."""
    meter = linky("historic")
    for second, power in enumerate(["00420"] * 4 + ["00000"] * 2 + ["00420"]):
        house.hear(altered(says(meter, second), PAPP=power, IINST="002"), second)
    assert house.stored()[POWER] == [420, 0, 420]


def test_a_date_that_stays_makes_no_second_value_and_no_event(house):
    """One value a second, and all goes on when the meter's clock does (nasty inputs 4.3, 7.4)."""
    meter = linky()
    frozen = clock.horodate(START + 1)
    true = []
    for second in range(12):
        data = says(meter, second)
        true.append(int(groups_of(data)["EAST"].data))
        house.hear(altered(data, DATE=frozen) if 1 <= second < 8 else data, second)
    house.stored()
    points = house.store.readings.page("house", INDEX, Granularity.RAW, 0, 2**40, 100)
    assert len({(point.series.path, point.time) for point in points}) == len(points)
    assert points
    assert {point.value for point in points if point.series.path == INDEX} <= set(true)
    assert house.happened() == []


def test_historic_mode_says_nothing_of_what_is_injected(house):
    """No series of production, not even of zeros (nasty input 4.5)."""
    meter = linky("historic", solar=9000)
    for second in range(0, 6, 2):
        house.hear(says(meter, second), second)
    stored = house.stored()
    assert stored[INDEX]
    assert [path for path in stored if path.startswith("production")] == []


# 5. Counters.


@pytest.mark.parametrize("wrong", ["far too high", "that of EASF01"])
def test_an_index_that_is_wrong_for_one_frame_is_not_stored(house, wrong):
    """A jump of 39,000 kWh and back, or the total with the value of a part (nasty inputs 5.1, 5.2)."""
    meter = linky(contract="hc")
    true = []
    for second in range(8):
        data = says(meter, second)
        groups = groups_of(data)
        true.append(int(groups["EAST"].data))
        value = groups["EASF01"].data if wrong == "that of EASF01" else f"{true[-1] + 39_000_000:09}"
        house.hear(altered(data, EAST=value) if second == 4 else data, second)
    stored = house.stored()[INDEX]
    assert stored
    assert set(stored) <= set(true)
    assert house.happened() == []


def test_a_wrong_index_that_was_believed_does_not_lock_out_the_right_ones(house):
    """Three frames agree on a wrong one; the right ones are held, then believed, both told (nasty input 5.3)."""
    meter = linky()
    for second in range(12):
        data = says(meter, second)
        true = int(groups_of(data)["EAST"].data)
        house.hear(altered(data, EAST=f"{true + 1_000_000:09}") if 3 <= second < 6 else data, second)
    assert [kind for kind, series in house.happened() if series == INDEX] == ["index-step", "index-fell"]
    assert house.stored()[INDEX][-1] == true


def test_a_meter_that_was_replaced_is_told_and_not_taken_for_a_fall(house):
    """Another address, said twice: one event, and the new index counts at once (nasty input 5.4)."""
    for second in range(4):
        house.hear(says(linky(), second), second)
    new = linky(serial="000043")
    for second in range(10, 14):
        data = altered(says(new, second), EAST="000000017", EASF01="000000017", EASD01="000000017")
        house.hear(data, second)
    assert [kind for kind, _ in house.happened()] == ["meter-replaced"]
    assert house.stored()[INDEX][-1] == 17


def test_an_index_that_vanishes_with_its_contract_is_not_zero(house):
    """From HCHC and HCHP to BASE: the change is told, the old indexes end where they were (nasty input 5.5)."""
    meter = linky("historic", contract="hc")
    for second in range(0, 8, 2):
        house.hear(says(meter, second), second)
    before = house.stored()
    meter.injure(["tariff", "base"])
    for second in range(8, 20, 2):
        house.hear(says(meter, second), second)
    after = house.stored()
    assert ("contract-changed", "contract/option") in house.happened()
    parts = [path for path in before if "/provider/" in path]
    assert len(parts) == 2
    assert all(0 not in after[path] for path in after if "/index" in path)
    assert after[INDEX][-1] >= before[INDEX][-1]


# 6. Overload warnings.


def test_an_overload_is_told_without_adps_or_adir(house):
    """A three-phase Linky in standard mode sends neither; its register says it, and its end (nasty input 6.2)."""
    meter = linky(phases=3)
    for second in range(12):
        if second in (4, 8):
            meter.injure(["overload", "on" if second == 4 else "off"])
        house.hear(says(meter, second), second)
    assert {"ADPS", "ADIR1"}.isdisjoint(group.label for frame in house.heard for group in frame.groups)
    assert house.stored()["status/overload"] == ["0", "1", "0"]


# 7. Clock.


def test_a_meter_clock_that_is_put_right_breaks_no_index(house):
    """Three hours and a half ahead, then right: each value once, by the host's time (nasty input 7.1)."""
    meter = linky()
    true = {}
    for second in range(12):
        data = says(meter, second)
        true[START + second] = int(groups_of(data)["EAST"].data)
        ahead = clock.horodate(START + second + 12_600)
        house.hear(altered(data, DATE=ahead) if second < 6 else data, second)
    assert house.happened() == []
    assert [event.kind for event in house.store.readings.events()][-1:] == ["clock-right"]
    points = house.store.readings.page("house", INDEX, Granularity.RAW, 0, 2**40, 100)
    assert len(points) > 1
    assert {point.time: point.value for point in points}.items() <= true.items()
    powers = [point.time for point in house.store.readings.page("house", POWER, Granularity.RAW, 0, 2**40, 100)]
    assert len(powers) == len(set(powers)) >= 8
    assert set(powers) <= set(true)


def test_a_wall_clock_that_goes_back_an_hour_loses_no_line(monkeypatch):
    """Nothing that watches the line looks at the wall clock (nasty input 7.2)."""
    good = says(linky(), 0)

    def play(_):
        while True:
            yield 1.0
            yield good

    began = datetime(2026, 10, 25, 0, 59, 30, tzinfo=UTC)

    def now(_):
        passed = asyncio.get_running_loop().time() - 1000
        return began + timedelta(seconds=passed - (3600 if passed > 30 else 0))

    monkeypatch.setattr(line_module, "datetime", SimpleNamespace(now=now))
    source = Script(play)
    line, frames = jumping(monkeypatch, source, 200)
    assert len(source.opened_at) == 1
    assert len(frames) >= 198
    assert line.state.error is None


def test_a_curve_that_is_days_older_than_the_frame_keeps_its_own_time(house):
    """CCASN of the 13th in a frame of the 15th, its season and hour its own (nasty input 7.4)."""
    for second in range(3):
        # The frame's own moment, as the host sees it.
        house.hear(altered(ENEDIS, DATE=f"E17091510160{second}"), second + FRAME_OF_2017 - START)
    house.stored()
    points = house.store.readings.page("house", "consumption/power/active", Granularity.RAW, 0, 2**40, 100)
    ends = parse_horodate("E170913113000").time
    assert int(ends.timestamp()) - 1800 in {point.time for point in points}


# 8. Serial device.


def test_nothing_that_verifies_kills_the_reader(house):
    """Right checksums and labels around any text: no exception, and the meter is read on (nasty inputs 1.7, 8.2)."""
    draw, meter = Random(82), linky()
    for second in range(2, 150):
        groups = list(groups_of(says(meter, second)).values())
        for at in draw.sample(range(len(groups)), 8):
            width = draw.choice((len(groups[at].data) or 1, 1, 9))
            text = "".join(chr(draw.randrange(0x20, 0x7F)) for _ in range(width))
            horodate = draw.choice((groups[at].horodate, "H991399256161", "e000000000000", " 261025023000", None))
            groups[at] = Group(groups[at].label, text, horodate)
        data = b"\x02" + b"".join(encode_group("standard", group) for group in groups) + b"\x03"
        assert house.hear(data, second)
    last = says(meter, 151)
    house.hear(last, 151)
    house.hear(says(meter, 152), 152)
    assert house.stored()[INDEX][-1] >= int(groups_of(last)["EAST"].data)


@pytest.mark.parametrize("level", [b"\0", b"\xff"])
def test_a_stuck_line_is_silence_though_bytes_come(monkeypatch, level):
    """What counts is valid groups, not bytes, and the next frame is whole (nasty input 8.3)."""
    good = says(linky(), 0)

    def play(_):
        for _ in range(60):
            yield 1.0
            yield level * 90
        yield 0.5
        yield good

    line, frames = jumping(monkeypatch, Script(play), 62)
    tally = line.quality.tally(Window.HOUR, line.state.alive_at)
    assert tally.counts[Fault.SILENCE] == 1
    assert tally.silent_s > 50
    assert [frame.whole for frame in frames if frame.groups] == [True]
