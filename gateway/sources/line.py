"""One meter's line, kept alive: opened, listened to at the right speed, opened again when it was lost.

The line never ends by itself (but for a replayed file) and never raises for what the wire says. What a person may want
to know of it is in ``state``.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gateway.errors import Once, PortError
from gateway.sources.pace import LinePace
from gateway.sources.recent import RecentBytes
from gateway.sources.search import SpeedSearch
from gateway.tic.frame import ENDED_EOT, Frame, Reader
from gateway.tic.labels import lookup
from gateway.tic.parity import looks_8n1, strip_parity
from gateway.tic.quality import Fault, SignalQuality, reader_faults
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from gateway.sources.source import Source

log = logging.getLogger(__name__)

# How often silence is looked at; a read that brings nothing ends after this.
_TICK_S = 1.0

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0

# A TCP sender that is silent for this long is asked again: half-open connections say nothing.
_SILENCE_S = 60.0

# Bytes after a longer pause than this have nothing to do with those before.
_GAP_S = 5.0

# A port keeps 4,096 bytes for a reader that is held up, four seconds at 9600 Bd; then bytes are lost, and the rest of a
# later frame follows the beginning of an earlier one, whose date it would get. For so long after it a damaged frame
# may be such a one.
_HELD_UP_S, _DOUBTED_S = 3.0, 5.0

# Enough bytes to tell a 7E1 line read by an 8N1 port from noise, few enough to decide within two seconds.
_SAMPLE_BYTES = 256

# A sample may have been noise: where no group verifies for this long another is taken.
_RESAMPLE_S = 10.0

# A line on which two modes are heard by turns tells of them this often.
_TELL_AGAIN_S = 60.0

_8N1 = "meter %s: the port is 8N1; parity is checked here instead"


class Receipt(NamedTuple):
    """What a board is owed an acknowledgement for: its start (``boot``) and the number of the frame."""

    board: str
    boot: str
    seq: int


BEING_OPENED = Phrase("being opened")
_SILENT = Phrase("nothing was received for {wait:.0f} s")


class Listening(Protocol):
    """What brings one meter's frames: a wire (``Line``) or a board (``gateway.sources.board``)."""

    state: LineState
    quality: SignalQuality
    # Of the frame given last: what its sender waits for, and how many seconds it was under way.
    receipt: Receipt | None
    age_s: float

    @property
    def finite(self) -> bool:
        """Whether the line has an end."""

    def frames(self) -> AsyncGenerator[tuple[Frame, datetime], None]:
        """Every frame with the host's time (aware UTC) at which its last byte was read."""


@dataclass(slots=True)
class LineState:
    """What is known of a line: times are monotonic seconds, None before the first."""

    open: bool = False
    changed: float = 0.0
    # The port that was last opened, in words; None where there is none.
    device: Phrase | None = None
    error: Phrase | None = None
    mode: str | None = None
    speed: int | None = None
    last_frame: float | None = None
    frames: int = 0
    partial: int = 0
    bad_groups: int = 0
    # Messages of a board that were not taken.
    refused: int = 0
    ended: bool = False
    # The last byte, whatever it was; the first of those that have come since without a gap and without a frame; the
    # last turn of the loop, which a silent meter does not stop.
    heard: float | None = None
    unread: float | None = None
    alive_at: float = 0.0
    # What is said before it was open for the first time.
    waiting: Phrase = BEING_OPENED

    def count(self, frame: Frame, at: float) -> bool:
        """Note a frame that ended at ``at``; True when it shows that speed and mode are right."""
        self.bad_groups += frame.bad
        known = (group for group in frame.groups if lookup(frame.mode, group.label))
        enough = max(1, min(2, len(frame.groups)))
        if len(list(islice(known, enough))) < enough:
            return False
        self.mode, self.last_frame, self.unread = frame.mode, at, None
        self.frames += frame.whole
        self.partial += not frame.whole
        return True


class Line:
    """A source with its reader.

    Args:
        name: the meter's name, for the log.
        source: where the bytes come from.
        mode: ``auto``, or the only mode that is believed.
    """

    receipt: Receipt | None = None
    age_s = 0.0

    def __init__(self, name: str, source: Source, mode: str = "auto") -> None:
        self._name, self.source, self.wanted = name, source, mode
        # For whoever judges the line: its last bytes as they came, and the source that they came from.
        self.recent = RecentBytes()
        self._search = SpeedSearch(source.speeds, time.monotonic())
        self._mode_told = float("-inf")
        self._say_8n1, self._say_lost = Once(log), Once(log)
        self._reader: Reader
        self._sample: bytes | None
        self._strip: bool
        self._pace: LinePace
        self._begin()
        self.state = LineState(changed=time.monotonic(), alive_at=time.monotonic())
        # Faults by kind and the score, for the status; whoever refuses a reading later notes it here too.
        self.quality = SignalQuality(time.monotonic())

    @property
    def finite(self) -> bool:
        """Whether the line has an end (a replayed file)."""
        return self.source.finite

    async def frames(self) -> AsyncGenerator[tuple[Frame, datetime], None]:
        """Every frame with the host's time (aware UTC) at which its last byte was read."""
        wait = _FIRST_WAIT_S
        while not self.state.ended:
            try:
                self._opened(await self.source.open())
                async for frame in self._listen():
                    wait = _FIRST_WAIT_S
                    yield frame, datetime.now(UTC)
            except PortError as error:
                self._lost(error.phrase)
            except Exception:
                self.state.open, self.state.changed, self.state.waiting = False, time.monotonic(), BEING_OPENED
                raise
            finally:
                self.source.close()
                self.recent.end(time.monotonic())
            self.state.alive_at = time.monotonic()
            if not self.state.ended:
                await asyncio.sleep(wait * random.uniform(0.7, 1.3))  # noqa: S311 (jitter, not a secret)
                wait = min(wait * 2, _LONGEST_WAIT_S)

    async def _listen(self) -> AsyncIterator[Frame]:
        self._tune()
        heard = looked = time.monotonic()
        doubted_until = 0.0
        while True:
            data = await self._read_some()
            now = self.state.alive_at = time.monotonic()
            if now - looked > _HELD_UP_S:
                doubted_until = now + _DOUBTED_S
            looked = now
            if data:
                self._pace.note(data)
                self.recent.note(now, data)
                if self.state.unread is None or now - heard > _GAP_S:
                    self.state.unread = now
                heard = self.state.heard = now
                self._heard()
            elif data is not None:
                self.state.ended, self.state.open = True, False
            frames = self._reader.close() if data == b"" else self._feed(data or b"", now)
            for frame in frames:
                if self._count(frame, now):
                    self._search.good(now)
                    self._understood = now
                if now < doubted_until and (frame.bad or not frame.whole):
                    log.info("meter %s: a damaged frame is left out, the program was held up before it", self._name)
                    continue
                yield frame
            if self.state.ended:
                log.info("meter %s: the end of the file", self._name)
                return
            if not (self.source.speeds or self.source.finite) and now - heard > _SILENCE_S:
                raise PortError(_SILENT.filled(wait=_SILENCE_S))
            self._change_speed(now)

    def _tune(self) -> None:
        self._search.again(time.monotonic())
        self.state.speed = self._search.speed
        if self.state.speed:
            self.source.set_speed(self.state.speed)
        self.recent.begin(time.monotonic(), self.state.speed)

    async def _read_some(self) -> bytes | None:
        """The next bytes, b"" at the end of a file, None when nothing came for a tick."""
        try:
            async with asyncio.timeout(_TICK_S):
                pause_s = self._pace.pause_s(self.state.speed)
                if pause_s:
                    await asyncio.sleep(pause_s)
                data = await self.source.read()
                if pause_s:
                    self._pace.paused(pause_s, data)
                return data
        except TimeoutError:
            return None

    def _feed(self, data: bytes, now: float) -> list[Frame]:
        if self._sample is None and now - self._understood > _RESAMPLE_S:
            self._sample, self._understood = b"", now
        if self._sample is not None:
            data = self._judge(self._sample, data)
        before = dict(self._reader.bad_groups)
        frames = self._reader.feed(strip_parity(data) if self._strip else data)
        faults = reader_faults(before, self._reader.bad_groups)
        if interrupted := sum(frame.end == ENDED_EOT for frame in frames):
            faults[Fault.EOT] = interrupted
        # Its groups are right and its ends are lost; the frame in whose middle one began to listen does not count.
        begun = self.state.frames or self.state.partial
        if begun and (unframed := sum(not (f.whole or f.bad or f.end == ENDED_EOT) for f in frames)):
            faults[Fault.FRAMING] = faults.get(Fault.FRAMING, 0) + unframed
        self.quality.note(now, sum(len(frame.groups) for frame in frames), faults)
        return frames

    def _judge(self, sample: bytes, data: bytes) -> bytes:
        """The bytes to read now: those that came, or the sample from its beginning when it is read otherwise."""
        sample += data
        if len(sample) < _SAMPLE_BYTES:
            self._sample = sample
            return data
        self._sample = None
        strip = looks_8n1(sample)
        if strip == self._strip:
            return data
        if strip:
            self._say_8n1("", _8N1, self._name)
        self._strip = strip
        self._reader = Reader(self.wanted)
        return sample

    def _count(self, frame: Frame, now: float) -> bool:
        """Note the frame; True when it shows that speed and mode are right."""
        state, before = self.state, self.state.mode
        right = state.count(frame, now)
        if right and before != frame.mode:
            level = logging.DEBUG if now - self._mode_told < _TELL_AGAIN_S else logging.INFO
            self._mode_told = now if level == logging.INFO else self._mode_told
            speed = f" at {state.speed} Bd" if state.speed else ""
            log.log(level, "meter %s: %s mode%s", self._name, frame.mode, speed)
        return right

    def _change_speed(self, now: float) -> None:
        speed = self._search.next_speed(now)
        if speed is None:
            return
        log.debug("meter %s: no valid group, trying %d Bd", self._name, speed)
        self.source.set_speed(speed)
        self._begin()
        self.state.speed = speed
        self.recent.begin(now, speed)

    def _begin(self) -> None:
        """Nothing is known of the bytes to come."""
        self._reader = Reader(self.wanted)
        self._sample, self._strip = b"", False
        self._pace = LinePace()
        self._understood = time.monotonic()

    def _opened(self, device: Phrase | None) -> None:
        self._begin()
        if self.state.device and device != self.state.device:
            log.info("meter %s: its port is now %s", self._name, device)
        self.state.device = device
        self.state.open, self.state.changed, self.state.unread = True, time.monotonic(), None

    def _heard(self) -> None:
        # Not when it was opened: a port that opens and brings nothing, again and again, is still the same loss.
        if self.state.error:
            log.info("meter %s: the port is back", self._name)
            self._say_lost.clear()
        self.state.error = None

    def _lost(self, sentence: Phrase) -> None:
        # Each reason once aloud until bytes come again: a port may be away for weeks.
        self._say_lost(sentence, "meter %s: %s", self._name, sentence)
        if self.state.open or self.state.error is None:
            self.state.changed = time.monotonic()
        self.state.open, self.state.error = False, sentence
