"""Damaged frames, 10,000 of each mode for each fault (``--all``): what is wrong and still believed, of what was said.

The meters are the simulator's. A life is read undamaged once; each fault damages a copy of each of its frames, and
where that brings out anything but right groups, a copy of the state of that moment judges it and the two frames after.
``WRITE_TABLE=1 tools/test --all tests/test_corruption.py`` puts the counts into tests/README.md.
"""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from gateway.tic.frame import HISTORIC, STANDARD, Frame, Reader
from gateway.tic.labels import check
from gateway.tic.plausibility import Fact, Plausibility
from gateway.tic.reading import Interpretation, Interpreter, Kind, Quality
from meter import clock
from meter.frames import BAUD, MeterIdentity
from meter.household import SimulatedHousehold
from meter.living import Linky

if TYPE_CHECKING:
    from collections.abc import Callable

README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- corruption: begin -->\n", "<!-- corruption: end -->\n"

# Mode, contract, phases, panels (W), frames.
METERS = (
    (STANDARD, "hc", 1, 0, 7_500),
    (STANDARD, "tempo", 3, 6000, 2_500),
    (HISTORIC, "hc", 1, 0, 7_500),
    (HISTORIC, "tempo", 3, 0, 2_500),
)

# Without ``--all``, of each life only one frame in so many is lived.
BEGINNING = 10

# What a frame that merely lost groups says is right if its groups are; one in so many is judged all the same.
LOSS_JUDGED = 25

# Until the state knows the meter.
WARM = 3

# Seven bits to what the wire carries, even parity in bit 7; and back, a wrong parity ignored or read as NUL.
WORDS = bytes(byte & 0x7F | (byte & 0x7F).bit_count() % 2 << 7 for byte in range(256))
STRIPPED = bytes(word & 0x7F for word in range(256))
CHECKED = bytes(word & 0x7F if word.bit_count() % 2 == 0 else 0 for word in range(256))


def flip(draw: Random, words: bytearray, at: int) -> None:
    words[at] ^= 1 << draw.randrange(7)


def one_bit(draw: Random, words: bytearray) -> None:
    flip(draw, words, draw.randrange(len(words)))


def two_bits_of_a_byte(draw: Random, words: bytearray) -> None:
    first, second = draw.sample(range(7), 2)
    words[draw.randrange(len(words))] ^= 1 << first | 1 << second


def two_bits(draw: Random, words: bytearray) -> None:
    for at in draw.sample(range(len(words)), 2):
        flip(draw, words, at)


def burst(draw: Random, words: bytearray) -> None:
    at = draw.randrange(len(words) - 3)
    words[at : at + 4] = draw.randbytes(4)


def lost_byte(draw: Random, words: bytearray) -> None:
    del words[draw.randrange(len(words))]


def lost_bytes(draw: Random, words: bytearray) -> None:
    at = draw.randrange(len(words) - 15)
    del words[at : at + 16]


def nul(draw: Random, words: bytearray) -> None:
    words[draw.randrange(len(words))] = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to damage a frame, the port that delivers it, and what the peers make of it.

    ``peers`` are wrong values in 20,000 standard frames with this fault, measured in 2026 with each peer's own code:
    teleinfo2mqtt 9.1.1 (no checksum), linkytic (checksum only), and a checksum with a table of labels and widths.
    """

    name: str
    damage: Callable[[Random, bytearray], None]
    parity_checked: bool = False
    peers: tuple[str, str, str] = ("", "", "")
    never_wrong: bool = True

    def received(self, draw: Random, frame: bytes) -> bytes:
        """What the port makes of the damaged frame; with its parity checked, a bad byte is NUL."""
        words = bytearray(frame.translate(WORDS))
        self.damage(draw, words)
        return bytes(words).translate(CHECKED if self.parity_checked else STRIPPED)


PEERS = ("teleinfo2mqtt", "linkytic", "checksum and table")
FAULTS = (
    Fault("1 bit", one_bit, peers=("8,869", "1,916", "554"), never_wrong=False),
    Fault("1 bit, parity checked", one_bit, parity_checked=True, peers=("", "", "0")),
    Fault("2 bits of one byte", two_bits_of_a_byte, peers=("8,783", "0", "0")),
    Fault("2 bits anywhere", two_bits, never_wrong=False),
    Fault("2 bits anywhere, parity checked", two_bits, parity_checked=True),
    Fault("4 bytes of noise", burst, peers=("6,051", "168", "51"), never_wrong=False),
    Fault("4 bytes of noise, parity checked", burst, parity_checked=True, never_wrong=False),
    Fault("1 byte lost", lost_byte, peers=("1,198", "0", "0")),
    Fault("16 bytes lost", lost_bytes, peers=("1,060", "141", "0")),
    Fault("1 byte read as NUL", nul, peers=("8,811", "0", "0")),
)


@dataclass(slots=True)
class Count:
    """What one fault brought out: wrong groups with a right checksum, those that also fit the table, wrong values."""

    checksum: int = 0
    table: int = 0
    believed: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """An undamaged frame: when its last byte came, its bytes, its groups, and what is true in it."""

    received: datetime
    data: bytes
    frame: Frame
    truth: frozenset[object]


class Gate:
    """What comes after the Reader in the daemon, for one meter."""

    def __init__(self) -> None:
        self._interpreter, self._plausibility = Interpreter(), Plausibility()
        self.facts: list[Fact] = []

    def take(self, frame: Frame, received: datetime) -> Interpretation | None:
        """What is believed of a frame."""
        if frame.mode == STANDARD and not any(group.label == "DATE" for group in frame.groups):
            return None
        said = self._interpreter.interpret(frame, received)
        if said is None:
            return None
        judgement = self._plausibility.check(said)
        self.facts += judgement.facts
        return judgement.interpretation


def claims(said: Interpretation) -> frozenset[object]:
    """What an interpretation says is true; a value that only the host can date may come a frame late."""
    readings = ((r.series, r.time if r.quality is Quality.METER else None, r.value) for r in said.readings)
    names = (("address", said.meter), ("prm", said.prm))
    return frozenset((*readings, *(name for name in names if name[1] is not None)))


def live(mode: str, contract: str, phases: int, solar_w: int, frames: int) -> list[Sent]:
    """The life of a simulated meter."""
    now = clock.parse_start("2025-01-15T19:50", 0)
    meter = Linky(
        mode=mode,
        contract=contract,
        identity=MeterIdentity(phases=phases, kva=6 * phases),
        household=SimulatedHousehold(seed=2, phases=phases, solar_w=solar_w),
        start_ms=now,
        producer=solar_w > 0,
    )
    reader, interpreter = Reader(), Interpreter()
    life = []
    for _ in range(frames):
        data = b"".join(meter.next_frame(now).encode())
        now += len(data) * 10_000 // BAUD[mode] + 25
        received = datetime.fromtimestamp(now / 1000, UTC)
        [frame] = reader.feed(data)
        life.append(Sent(received, data, frame, claims(interpreter.interpret(frame, received))))
    return life


def judge(state: bytes, frames: list[tuple[Frame, datetime]], truth: frozenset[object]) -> int:
    """How many wrong values and facts a copy of the state makes of these frames."""
    gate = pickle.loads(state)
    taken = [gate.take(frame, received) for frame, received in frames]
    return sum(len(claims(said) - truth) for said in taken if said) + len(gate.facts)


def damage(meter: tuple[str, str, int, int, int], counts: dict[str, Count]) -> None:
    """Damage each frame of a meter's life in each way, and count what comes of it."""
    life, gate = live(*meter), Gate()
    lines = [(fault, counts[fault.name], Reader(), Random(f"{meter}/{fault.name}")) for fault in FAULTS]
    for number, (sent, after, last) in enumerate(zip(life, life[1:], life[2:], strict=False)):
        state, groups, truth = b"", set(sent.frame.groups), sent.truth | after.truth | last.truth
        for fault, count, reader, draw in lines if number >= WARM else ():
            # The frame after it ends one that lost its own end.
            frames = [(frame, sent.received) for frame in reader.feed(fault.received(draw, sent.data))]
            frames += [(frame, after.received) for frame in reader.feed(after.data)]
            wrong = [group for frame, _ in frames[:-1] for group in frame.groups if group not in groups]
            if not wrong and len(frames) == 2 and number % LOSS_JUDGED:
                continue
            count.checksum += len(wrong)
            count.table += sum(check(meter[0], group) is None for group in wrong)
            state = state or pickle.dumps(gate)
            count.believed += judge(state, [*frames, (last.frame, last.received)], truth)
        gate.take(sent.frame, sent.received)


def table(counts: dict[str, dict[str, Count]]) -> str:
    """The counts as the README has them."""
    head = ("fault", "passes the checksum", "and the label table", "**believed**", *PEERS)
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for fault in FAULTS:
        both = [counts[mode][fault.name] for mode in (STANDARD, HISTORIC)]
        ours = [" / ".join(f"{getattr(c, stage):,}" for c in both) for stage in ("checksum", "table", "believed")]
        cells = (fault.name, *ours[:2], f"**{ours[2]}**", *(figure or "–" for figure in fault.peers))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def counts(request: pytest.FixtureRequest) -> dict[str, dict[str, Count]]:
    """Mode -> fault -> what came of it: of the whole lives with ``--all``, else of their beginning."""
    found = {mode: {fault.name: Count() for fault in FAULTS} for mode in (STANDARD, HISTORIC)}
    for *meter, frames in METERS:
        damage((*meter, frames if request.config.getoption("--all") else frames // BEGINNING), found[meter[0]])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.never_wrong], ids=lambda fault: fault.name)
def test_no_wrong_value_is_believed(counts: dict[str, dict[str, Count]], fault: Fault) -> None:
    """Damage that the port or the checksum can see never becomes a value, in either mode."""
    assert [counts[mode][fault.name].believed for mode in (STANDARD, HISTORIC)] == [0, 0]


@pytest.mark.campaign
def test_the_table_of_the_readme_is_what_was_counted(counts: dict[str, dict[str, Count]]) -> None:
    """The published figures are these; WRITE_TABLE=1 writes them."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    published, _, after = rest.partition(END)
    if os.environ.get("WRITE_TABLE"):
        README.write_text(before + BEGIN + table(counts) + END + after, encoding="utf-8")
        return
    assert published == table(counts)


@pytest.mark.parametrize("meter", [(*meter[:4], 300) for meter in METERS], ids=lambda meter: f"{meter[0]} {meter[1]}")
def test_an_undamaged_life_is_believed_whole(meter: tuple[str, str, int, int, int]) -> None:
    """Of a meter that nothing happens to, no value is refused, no fact is told, and no index waits."""
    gate = Gate()
    for number, sent in enumerate(live(*meter)):
        said = gate.take(sent.frame, sent.received)
        assert said is not None
        assert (said.refused, gate.facts) == ((), [])
        missing = {claim[0] for claim in sent.truth - claims(said)}
        assert number == 0 or not any("/energy/" in series for series in missing)


@pytest.mark.parametrize("meter", [(*meter[:4], 600) for meter in METERS], ids=lambda meter: f"{meter[0]} {meter[1]}")
def test_indexes_keep_up_on_a_line_that_damages_every_frame(meter: tuple[str, str, int, int, int]) -> None:
    """Where each frame has a fault, nothing wrong is believed, no fact is made up, and no index stays behind."""
    gate, reader, draw = Gate(), Reader(), Random(1)
    life = live(*meter)
    told: dict[object, object] = {}
    truth: frozenset[object] = frozenset()
    for sent in life:
        truth |= sent.truth
        for frame in reader.feed(draw.choice(FAULTS).received(draw, sent.data)):
            said = gate.take(frame, sent.received)
            assert said is None or claims(said) <= truth
            told |= {r.series: r.value for r in said.readings if r.kind is Kind.INDEX} if said else {}
    assert gate.facts == []
    last = Interpreter().interpret(life[-1].frame, life[-1].received)
    indexes = [reading for reading in last.readings if reading.kind is Kind.INDEX]
    assert indexes
    assert all(index.value - 20 <= told[index.series] <= index.value for index in indexes)
