"""The total of historic mode, which only we make: on a bad line too, and never a watt-hour wrong."""

from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest

from gateway.store.recorder import Recorder
from gateway.tic.frame import HISTORIC, Frame, Group, Reader, encode_group
from gateway.tic.plausibility import Plausibility
from gateway.tic.reading import Interpreter

START = 1_781_604_000  # on a half hour
TOTAL = "consumption/energy/active/index"
PART = TOTAL + "/provider/"
OLD, NEW = "041661000001", "041661000002"
FRAME_S = 1.45
KNOWN = {
    "contract/option": (START - 60, "HC.."),
    "contract/tariff": (START - 60, "HP.."),
    PART + "hc": (START - 60, 100),
    PART + "hp": (START - 60, 200),
    TOTAL: (START - 60, 300),
}
WHOLE = {"OPTARIF": "HC..", "HCHC": 100, "HCHP": 200, "PTEC": "HP.."}


class Meter:
    """What a gateway believes of a meter's frames, of which some have lost groups."""

    def __init__(self, known=KNOWN):
        self._interpreter, self._plausibility = Interpreter(), Plausibility(known, START - 1, OLD)

    def total(self, second, meter=OLD, **groups):
        """The total that this frame has; None for none."""
        said = {"ADCO": meter} | {label: f"{n:09}" if isinstance(n, int) else n for label, n in groups.items()}
        frame = Frame(HISTORIC, tuple(Group(*pair, None) for pair in said.items()), False, 1, "etx")
        told = self._interpreter.interpret(frame, datetime.fromtimestamp(START + second, UTC))
        readings = self._plausibility.check(told).interpretation.readings
        [total] = [r.value for r in readings if r.series == TOTAL] or [None]
        return total


@pytest.fixture
def meter():
    """One with HC, in its peak hours, that was read whole once since the gateway's start."""
    began = Meter()
    assert began.total(0, **WHOLE) == 300
    return began


def test_what_rests_need_not_be_in_the_frame(meter):
    """Nor the option: the index that counts and the class in which it does are enough."""
    assert meter.total(1, HCHP=201, PTEC="HP..") == 301
    assert meter.total(2, HCHC=100, HCHP=202) == 302
    assert meter.total(3, HCHP=203, PTEC="HP..") == 303


def test_what_may_have_moved_makes_no_total(meter):
    """The index that counts is missing, or the class in which it does."""
    assert meter.total(1, OPTARIF="HC..", HCHC=100, PTEC="HP..") is None
    assert meter.total(2, OPTARIF="HC..", HCHP=201) is None
    assert meter.total(3, PTEC="HP..") is None


def test_the_index_of_a_class_that_ended_is_read_again(meter):
    """Between the last frame of a class and the first of another it went on; and one frame alone ends no class."""
    assert meter.total(1, HCHC=100, PTEC="HC..") is None
    assert meter.total(2, HCHC=101, PTEC="HC..") is None
    assert meter.total(3, HCHC=101, HCHP=201, PTEC="HC..") == 302
    assert meter.total(4, HCHC=102, PTEC="HC..") == 303


def test_what_rested_long_ago_is_read_again(meter):
    """In ten minutes without a class there may have been another one."""
    assert meter.total(600, HCHP=210, PTEC="HP..") is None  # after so long an index is believed when it is said twice
    assert meter.total(601, HCHP=210, PTEC="HP..") == 310
    assert [meter.total(second, HCHP=220, PTEC="HP..") for second in (1202, 1203)] == [None, None]
    assert meter.total(1204, HCHC=101, HCHP=220, PTEC="HP..") is None
    assert meter.total(1205, HCHC=101, HCHP=220, PTEC="HP..") == 321


def test_a_restart_remembers_no_index():
    """What is stored may have moved since, but the contract is known."""
    meter = Meter()
    assert meter.total(0, HCHP=200, PTEC="HP..") is None
    assert meter.total(1, HCHC=100, PTEC="HP..") is None
    assert meter.total(2, HCHP=200, PTEC="HP..") == 300
    assert Meter({}).total(0, HCHC=100, HCHP=200, PTEC="HP..") is None


def test_another_contract_begins_with_what_it_sends(meter):
    """An index of the former one is in no sum, also where its class has the same name again later."""
    for second, expected in ((1, None), (2, None), (3, 5)):
        assert meter.total(second, OPTARIF="BASE", BASE=5, PTEC="TH..") == expected
    for second in (4, 5, 6, 7):
        assert meter.total(second, OPTARIF="HC..", HCHP=201, PTEC="HP..") is None


def test_another_meter_begins_with_what_it_sends(meter):
    """One frame that names it is enough to forget; its own address said again does not bring the index back."""
    assert meter.total(1, meter=NEW, HCHP=201, PTEC="HP..") is None
    assert meter.total(2, HCHP=202, PTEC="HP..") is None
    assert meter.total(3, HCHC=100, HCHP=202, PTEC="HP..") == 302
    assert meter.total(4, HCHP=203, PTEC="HP..") == 303


def test_a_part_that_is_doubted_makes_no_total(meter):
    """Neither in its frame nor in the next ones: nobody knows whether the value before it was the wrong one."""
    assert meter.total(1, HCHC=99, HCHP=202, PTEC="HP..") is None
    assert meter.total(2, HCHP=202, PTEC="HP..") is None
    assert meter.total(3, HCHC=100, HCHP=203, PTEC="HP..") == 303


# On a line that damages one character in so many: each stored total, over three hours with two changes of class.


def frames(draw):
    """(second, bytes, HCHC, HCHP) of a house that draws 900 to 4,400 W."""
    low, high, peak = 12_345_678.4, 23_456_789.6, True
    for number in range(int(3 * 3600 / FRAME_S)):
        second = number * FRAME_S + 5
        peak = not 4000 < second < 8200
        energy = (900 + 700 * draw.randrange(6)) * FRAME_S / 3600
        low, high = (low, high + energy) if peak else (low + energy, high)
        groups = (
            *(
                ("ADCO", OLD),
                ("OPTARIF", "HC.."),
                ("ISOUSC", "45"),
                ("HCHC", f"{low:09.0f}"),
                ("HCHP", f"{high:09.0f}"),
            ),
            *(("PTEC", "HP.." if peak else "HC.."), ("IINST", "008"), ("IMAX", "090"), ("PAPP", "01950")),
            *(("HHPHC", "A"), ("MOTDETAT", "000000")),
        )
        body = b"".join(encode_group(HISTORIC, Group(*pair, None)) for pair in groups)
        yield second, b"\x02" + body + b"\x03", round(low), round(high)


def noisy(draw, data, one_in):
    """The bytes as a port gives them that checks the parity: NUL for each that was hit."""
    return bytes(0 if draw.random() < 1 / one_in else byte for byte in data)


@pytest.mark.parametrize("one_in", [1000, 100, 50, 30])
def test_a_bad_line_costs_the_total_no_more_than_its_parts(one_in):
    """Every stored total is the meter's to the watt-hour, every half hour has its mark, and few changes are missing."""
    draw = Random(one_in)
    reader, interpreter, plausibility, recorder = Reader(), Interpreter(), Plausibility(), Recorder("house", {})
    truth, last = {}, None
    for second, data, low, high in frames(draw):
        received = datetime.fromtimestamp(START + second, UTC)
        # A frame that lost its end is given with the next one.
        truth[int(received.timestamp())] = {low + high, last}
        last = low + high
        for frame in reader.feed(noisy(draw, data, one_in)):
            if said := interpreter.interpret(frame, received):
                judgement = plausibility.check(said)
                assert not judgement.facts
                recorder.add(judgement.interpretation)
    batch = recorder.take()
    assert all(sample.value in truth[sample.time] for sample in batch.samples if sample.path == TOTAL)
    stored = Counter(sample.path for sample in batch.samples)
    assert stored[TOTAL] > 0.8 * (stored[PART + "hc"] + stored[PART + "hp"])
    marks = {at for path, at, _ in batch.boundaries if path == TOTAL}
    assert marks >= {START + 1800 * number for number in range(1, 6)}
