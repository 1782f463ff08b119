"""What was heard at one speed, as numbers that tell one fault of a line from another. No I/O; the clock is handed in.

The groups that verify come from ``gateway.tic.frame``; what is counted here besides is how the others are damaged:
a flipped bit leaves a line its length, a lost character does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 (msgspec reads the annotation)
from dataclasses import dataclass

from gateway.tic.frame import ENDED_EOT, HISTORIC, STANDARD, Frame, Reader, TicError, decode_group
from gateway.tic.labels import check, lookup
from gateway.tic.parity import looks_8n1, strip_parity
from gateway.tic.quality import Fault, SignalQuality, Window, reader_faults

# What is kept of the bytes: a minute at full speed.
KEPT_BYTES = 65_536

# Enough bytes to tell a 7E1 line read by an 8N1 port from noise (as the gateway's own line does).
_SAMPLE_BYTES = 256

# A meter pauses 33 ms at most (54E §5.3.6); a computer that is busy for a moment must not be taken for a loose wire.
DROPOUT_S = 2.0

# As many groups with a known label show that speed and mode are right (one in 64 verifies by chance).
_ENOUGH_GROUPS = 2

# Enough text to tell another device's from a meter's of which no line survives.
_ENOUGH_TEXT = 100

# Nearly all that a meter sends: digits, capitals, the separators and delimiters. Garbage has a third of them.
_TEXT = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ \t\n\r\x02\x03"

# A line at 1200 Bd read at 9600: each of its bits fills eight of ours, so only these are possible (with 0x7F cut off).
_SLOW_LINE = b"\x00@`px|~\x7f"

_PLAIN = bytes((*range(0x20, 0x7F), 0x09, 0x0A, 0x0D))

_EOT = 0x04

_ADDRESSES = frozenset(("ADSC", "ADCO", "ADS"))

_OVERLOAD_LABELS = frozenset(("ADIR1", "ADIR2", "ADIR3"))

# Kinds of groups that were lost.
LOST = (Fault.PARITY, Fault.FRAMING, Fault.CHECKSUM, Fault.WIDTH, Fault.PLAUSIBILITY)

# Pieces of the picture of the listening time.
SLICES = 30

# Whether a line feed stands where a carriage return should: this many at least, to judge.
_MIN_LINES = 6


@dataclass(frozen=True, slots=True)
class Reception:
    """What came in at one speed.

    Attributes:
        speed: Bd; None where it is somebody else's affair.
        seconds: how long it was listened to.
        received: bytes; ``nul`` of them were NUL (wrong parity or framing), ``text`` looked like TIC, ``slow`` like
            a slower line.
        mode: that of most groups; None when nothing made sense.
        good: groups that verify and may be believed.
        faults: what was counted, by kind.
        score: 0 to 100, None when there was nothing to judge.
        whole, cut: frames; ``interrupted`` of the cut ones by the meter (EOT), overloads not counted.
        dropouts: silences in the middle of the stream without the meter's announcement.
        shortened, altered: damaged lines that lost characters, and that kept their length.
        bare: whole frames with nothing but the meter's address in them.
        lines, feeds: carriage returns, which end a line, and line feeds, which begin one.
        plain: characters that can be printed; ``labels`` lines that begin with a label of a meter.
        quiet_s: how long ago the last byte came; 0 where the meter said that it would fall silent.
        address: that of the meter heard last; empty where none was. It names a household: for comparing alone.
        eight_bits: the parity stands in bit 7. ``translated``: CR was made LF, as a terminal does.
        slices: (good, bad) groups in each piece of the listening time.
        raw: the last bytes as they came.
    """

    speed: int | None
    seconds: float
    received: int
    nul: int
    text: int
    slow: int
    mode: str | None
    good: int
    faults: Mapping[Fault, int]
    score: float | None
    whole: int
    cut: int
    interrupted: int
    dropouts: int
    shortened: int
    altered: int
    bare: int
    lines: int
    feeds: int
    plain: int
    labels: int
    quiet_s: float
    eight_bits: bool
    translated: bool
    slices: tuple[tuple[int, int], ...]
    raw: bytes = b""
    address: str = ""

    @property
    def makes_sense(self) -> bool:
        """Groups were understood: the speed is right."""
        return self.mode is not None

    @property
    def bad(self) -> int:
        """Groups that were lost."""
        return sum(self.faults[fault] for fault in LOST)

    @property
    def looks_like_text(self) -> bool:
        """What was received looks like a meter's, whether groups verify or not."""
        readable = self.received - self.nul
        return readable >= 16 and self.text >= 0.75 * readable

    @property
    def looks_foreign(self) -> bool:
        """What was received is text, of another device: characters that can be printed, and no line of a meter."""
        readable = self.received - self.nul
        text = readable >= _ENOUGH_TEXT and self.plain >= 0.9 * readable
        return text and not self.looks_slow and self.labels < _ENOUGH_GROUPS

    @property
    def looks_slow(self) -> bool:
        """What was received looks like a slower line."""
        return self.received >= 16 and self.slow >= 0.9 * self.received


class SpeedListener:
    """Takes in bytes at one speed, gives what was heard. ``length_s`` is how long it is meant to listen."""

    def __init__(self, speed: int | None, now: float, length_s: float) -> None:
        self._speed, self._start, self._length = speed, now, length_s
        # Bytes that are not judged yet; the first of them are not read yet either.
        self._sample = b""
        self._judged = False
        self._raw = bytearray()
        self._counts = dict.fromkeys(("received", "nul", "text", "slow", "plain"), 0)
        self._dropouts = 0
        self._last = now
        self._announced = True  # the silence before the first byte is nobody's fault
        self._begin_to_read(now, eight_bits=False)

    def _begin_to_read(self, now: float, *, eight_bits: bool) -> None:
        """Nothing has been understood yet, with the parity in bit 7 or without."""
        self._eight_bits = eight_bits
        self._reader = Reader()
        self._quality = SignalQuality(now)
        self._frames: dict[str, int] = dict.fromkeys(("whole", "cut", "interrupted", "bare"), 0)
        self._address = ""
        self._stopped = False  # the meter cut the last frame
        self._modes = {STANDARD: 0, HISTORIC: 0}
        self._begun = False
        self._good = self._known = 0
        self._slices = [(0, 0)] * SLICES

    @property
    def makes_sense(self) -> bool:
        """Enough groups were understood."""
        return self._known >= _ENOUGH_GROUPS

    @property
    def groups(self) -> int:
        """How many groups were understood."""
        return self._good

    def take(self, data: bytes, now: float) -> None:
        """Bytes that were received just now; none is fine."""
        self._quality.tick(now)
        if not data:
            return
        if not self._announced and self._was_silent(len(data), now - self._last):
            self._dropouts += 1
        self._last, self._announced = now, data[-1] & 0x7F == _EOT
        self._keep(data)
        if not self.makes_sense:
            self._sample += data
            if len(self._sample) >= _SAMPLE_BYTES:
                data = self._judge_sample(data, now)
        if self._judged:
            self._read(data, now)

    def heard(self, now: float) -> Reception:
        """What came in until now; nothing may be taken in after it."""
        if not self._judged:
            self._read(self._judge_sample(b"", now), now)
        tally = self._quality.tally(Window.DAY, now)
        raw = bytes(self._raw)
        text = strip_parity(raw) if self._eight_bits else raw
        bad = sum(tally.counts[fault] for fault in LOST)
        # To look at each line again costs as much as all the rest: of a sound line there is nothing to find.
        shortened, altered = damaged_lines(text) if bad or not self.makes_sense else (0, 0)
        frames = self._frames
        return Reception(
            speed=self._speed,
            seconds=round(now - self._start, 1),
            mode=max(self._modes, key=self._modes.__getitem__) if self.makes_sense else None,
            good=self._good,
            faults=tally.counts,
            score=tally.score,
            whole=frames["whole"],
            cut=frames["cut"],
            interrupted=frames["interrupted"],
            dropouts=self._dropouts,
            shortened=shortened,
            altered=altered,
            bare=frames["bare"],
            lines=text.count(b"\r"),
            feeds=text.count(b"\n"),
            labels=0 if self.makes_sense else _labelled(text),
            quiet_s=0.0 if self._announced else round(now - self._last, 1),
            address=self._address,
            eight_bits=self._eight_bits,
            translated=_is_translated(text),
            slices=tuple(self._slices),
            raw=raw,
            **self._counts,
        )

    def _was_silent(self, received: int, gap: float) -> bool:
        """A gap during which the line was dead; a burst after it means that only this program was late."""
        return gap > DROPOUT_S and received < gap * (self._speed or 1200) / 20

    def _keep(self, data: bytes) -> None:
        self._raw += data
        del self._raw[:-KEPT_BYTES]
        seven = bytes(byte & 0x7F for byte in data)
        counts = self._counts
        counts["received"] += len(data)
        counts["nul"] += data.count(0)
        # NUL is neither: a bad parity makes one of anything.
        counts["text"] += len(seven) - len(seven.translate(None, _TEXT))
        counts["plain"] += len(seven) - len(seven.translate(None, _PLAIN))
        counts["slow"] += len(seven) - len(seven.translate(None, _SLOW_LINE))

    def _judge_sample(self, data: bytes, now: float) -> bytes:
        """The bytes to read now: those that came, or the whole sample where it is to be read otherwise.

        The first bytes at a speed may be of the speed before (an adapter holds some, whatever is flushed), and say
        nothing of the parity: as long as nothing is understood each sample is judged.
        """
        sample, self._sample = self._sample, b""
        eight_bits, first = looks_8n1(sample), not self._judged
        self._judged = True
        if eight_bits != self._eight_bits:
            self._begin_to_read(now, eight_bits=eight_bits)
            return sample
        return sample if first else data

    def _read(self, data: bytes, now: float) -> None:
        before = dict(self._reader.bad_groups)
        frames = self._reader.feed(strip_parity(data) if self._eight_bits else data)
        faults = reader_faults(before, self._reader.bad_groups)
        good = sum(self._count(frame, faults) for frame in frames)
        self._good += good
        self._quality.note(now, good, faults)
        bad = sum(count for fault, count in faults.items() if fault is not Fault.EOT)
        place = min(SLICES - 1, max(0, int((now - self._start) / self._length * SLICES)))
        self._slices[place] = (self._slices[place][0] + good, self._slices[place][1] + bad)

    def _count(self, frame: Frame, faults: dict[Fault, int]) -> int:
        """The groups of the frame that may be believed; the others are added to the faults."""
        good = 0
        for group in frame.groups:
            reason = check(frame.mode, group)
            if reason is None:
                good += 1
            else:
                fault = Fault.WIDTH if reason.startswith("wrong width") else Fault.PLAUSIBILITY
                faults[fault] = faults.get(fault, 0) + 1
        self._known += good
        self._modes[frame.mode] += good
        # We came in the middle of the first one: that it is not whole is our doing.
        self._frames["whole" if frame.whole else "cut"] += self._begun or frame.whole
        self._begun = True
        self._address = next((group.data for group in frame.groups if group.label in _ADDRESSES), self._address)
        self._frames["bare"] += frame.whole and all(group.label in _ADDRESSES for group in frame.groups)
        # An overload cuts the frame as well, and short ones follow at once (02E §2.5.2): that is no telereading.
        short = any(group.label in _OVERLOAD_LABELS for group in frame.groups)
        self._frames["interrupted"] += self._stopped and not short
        self._stopped = frame.end == ENDED_EOT
        if self._stopped:
            faults[Fault.EOT] = faults.get(Fault.EOT, 0) + 1
        return good


def damaged_lines(text: bytes) -> tuple[int, int]:
    """How many lines that do not verify lost characters, and how many kept their length (a label tells it)."""
    # What the meter cut itself is no damage; the first and the last piece were cut by us.
    uncut = b"\n".join(line.rpartition(b"\x04")[2] for line in re.split(rb"[\r\n]", text))
    pieces = re.split(rb"[\x02\x03\r\n]+", uncut)[1:-1]
    damaged, lengths = [], {}
    for piece in pieces:
        if _verifies(piece):
            lengths[_label(piece)] = (len(piece),)
        else:
            damaged.append(piece)
    shortened = altered = 0
    for piece in damaged:
        # The table allows several widths for some labels; a meter uses one.
        possible = lengths.get(_label(piece)) or _lengths(piece)
        shortened += bool(possible) and len(piece) < min(possible)
        altered += len(piece) in possible
    return shortened, altered


def _labelled(text: bytes) -> int:
    """How many lines begin with a label of a meter and a separator."""
    starts = re.findall(rb"(?:^|[\x00-\x1f])([A-Z][A-Z0-9+-]{2,8})(?=[\t ])", text)
    return sum(bool(lookup(mode, start.decode())) for start in starts for mode in (STANDARD, HISTORIC))


def _label(piece: bytes) -> bytes:
    return re.split(rb"[\t ]", piece, maxsplit=1)[0]


def _lengths(piece: bytes) -> tuple[int, ...]:
    """The lengths that this line may have, from its label; none if that is not known."""
    label = _label(piece)
    mode = STANDARD if piece[len(label) : len(label) + 1] == b"\t" else HISTORIC
    row = lookup(mode, label.decode("ascii", "replace"))
    around = len(label) + 3 + (14 if row and row.horodate else 0)
    return tuple(around + width for width in row.widths) if row else ()


def _verifies(piece: bytes) -> bool:
    try:
        decode_group(piece)
    except TicError:
        return False
    return True


def _is_translated(text: bytes) -> bool:
    """CR made LF: two LF between the groups, and no CR at all."""
    lines = text.count(b"\n")
    return lines >= _MIN_LINES and not text.count(b"\r") and text.count(b"\n\n") >= lines // 4
