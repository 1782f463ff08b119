"""The line: characters at the meter's pace, commands between them, the truth written before the bytes.

The line's own clock counts ticks of 1/9600 s (8 to a bit at 1200 Bd), so that the meter's time is exact whatever the
host does. ``speed`` times faster than real; a host that cannot follow makes the clock slip, never a burst.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from meter.frames import BAUD, EOT
from meter.living import CommandError, Linky
from meter.uart import SimulatedUart, UartSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from meter.wire import SimulatedWire

TICKS_PER_S = 9600
GAP_TICKS = 240  # 25 ms between frames; 16.7 to 33.4 are allowed [54E §5.3.6]
EOT_TICKS = TICKS_PER_S  # a telereading session, shortened to one second
PIECE_S = 0.01  # host time covered by one write: the grain of the pace
LATE_S = 1.0  # later than this, the clock slips
NAP_S = 0.2  # longest sleep, so that a signal is seen


class Stopped(Exception):  # noqa: N818 - not an error: the end of a run
    """The run is over: quit, a signal, or the number of frames asked for."""


class SimulatedLine:
    """A paced, injured way from a meter to a wire, and the commands that come in meanwhile."""

    def __init__(self, wire: SimulatedWire, *, speed: float = 1.0, seed: int = 1, deliver: str = "auto") -> None:
        self.wire = wire
        self.uart = SimulatedUart(seed)
        self.speed = speed
        self.ticks = 0
        self.baud = BAUD["standard"]
        self.eot_asked = False
        self.stopped = False
        self._forced = {"7e1": (False, False), "inpck": (False, True), "8n1": (True, False)}.get(deliver)
        self._lost_until = 0.0
        self._origin = time.monotonic()
        self._commands = -1
        self._rest = b""

    def listen(self, descriptor: int, carry_out: Callable[[str], None], *, until_eof: bool) -> None:
        """Takes commands from there while it runs, one a line; each is answered by one line, ``ok …`` or ``error: …``.

        With ``until_eof`` it stops where they end.
        """
        self._commands, self._carry_out, self._until_eof = descriptor, carry_out, until_eof

    def send(self, data: bytes) -> None:
        """Sends characters, each group of them delivered when its last bit has passed."""
        step = max(1, int(self.baud / 10 * self.speed * PIECE_S)) if self.wire.paced else len(data)
        for begin in range(0, len(data), step):
            piece = data[begin : begin + step]
            self._elapse(len(piece) * 10 * TICKS_PER_S // self.baud)
            self._deliver(piece)

    def rest(self, ticks: int = GAP_TICKS) -> None:
        """Sends nothing for a while."""
        self.uart.idle(ticks * self.baud // TICKS_PER_S)
        self._elapse(ticks)

    def injure(self, words: list[str]) -> bool:
        """Carries out a command that concerns the wire; False when it does not."""
        match words:
            case ["noise", share]:
                self.uart.noise = _number(share, 1, "a probability between 0 and 1")
            case ["drop", share]:
                self.uart.drop = _number(share, 1, "a probability between 0 and 1")
            case ["silence", seconds]:
                self._lost_until = time.monotonic() + _number(seconds, sys.float_info.max, "a number of seconds")
            case ["unplug"]:
                self.wire.unplug()
            case ["plug"]:
                self.wire.plug(self.baud)
            case ["eot"]:
                self.eot_asked = True
            case ["quit"]:
                self.stopped = True
            case _:
                return False
        return True

    def _deliver(self, piece: bytes) -> None:
        port = self.wire.port()
        if port is None or time.monotonic() < self._lost_until:
            return
        if self._forced is not None:
            port = UartSettings(port.baud, *self._forced)
        if got := self.uart.carry(piece, self.baud, port):
            self.wire.write(got)

    def _elapse(self, ticks: int) -> None:
        """Lets the line's clock go on, and waits for the host's to follow, listening meanwhile."""
        self.ticks += ticks
        while not self.stopped and self.wire.paced:
            wait = self._origin + self.ticks / (TICKS_PER_S * self.speed) - time.monotonic()
            if wait < -LATE_S:
                self._origin -= wait
            self._listen(min(max(wait, 0.0), NAP_S))
            if wait <= NAP_S:
                break
        if self.stopped:
            raise Stopped

    def _listen(self, wait_s: float) -> None:
        end = time.monotonic() + wait_s
        while True:
            watched = self.wire.watched()
            # A job in the background must leave its terminal alone.
            mine = self._commands >= 0 and not (
                os.isatty(self._commands) and os.tcgetpgrp(self._commands) != os.getpgrp()
            )
            asked = [*watched, self._commands] if mine else watched
            ready = select.select(asked, [], [], max(end - time.monotonic(), 0.0))[0]
            for descriptor in ready:
                if descriptor in watched:
                    self.wire.service(descriptor)
                else:
                    self._obey()
            if not ready or self.stopped:
                return

    def _obey(self) -> None:
        """Carries out the commands that are there."""
        data = os.read(self._commands, 4096)
        if not data:
            self._commands, self.stopped = -1, self._until_eof
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if text := line.decode("ascii", "replace").strip():
                try:
                    self._carry_out(text)
                    say(f"ok {text}")
                except (CommandError, OSError) as error:
                    say(f"error: {error}")


class Transmission:
    """A living meter on a line, until it is stopped or has sent ``limit`` frames.

    ``truth`` is a JSON Lines file of what was really sent: a line for each frame before its bytes, and for each event.
    """

    def __init__(
        self, meter: Linky, line: SimulatedLine, *, start_ms: int, truth: TextIO | None = None, limit: int | None = None
    ) -> None:
        self._meter, self._line, self._truth = meter, line, truth
        self._start_ms, self._limit = start_ms, limit

    @property
    def now_ms(self) -> int:
        """The meter's time."""
        return self._start_ms + self._line.ticks * 1000 // TICKS_PER_S

    def carry_out(self, text: str) -> None:
        """Carries out one command, the meter's or the wire's.

        Raises:
            CommandError: nobody knows it, or it is not complete.
        """
        words = text.split()
        if not (self._meter.injure(words) or self._line.injure(words)):
            raise CommandError(f"{text!r} is not a command; see meter run --help")
        self._tell(event="command", time=self.now_ms / 1000, command=text)

    def run(self) -> None:
        """Sends frame after frame."""
        while self._limit is None or self._meter.sent < self._limit:
            self._line.baud = BAUD[self._meter.mode]
            self._send_frame()
            self._line.rest()

    def _send_frame(self) -> None:
        frame = self._meter.next_frame(self.now_ms)
        self._tell(**self._meter.truth(frame, self.now_ms))
        pieces = frame.encode()
        for sent, piece in enumerate(pieces, 1):
            self._line.send(piece)
            overload = sent < len(pieces) and self._meter.cuts_frame(frame, self.now_ms)
            if sent < len(pieces) and (overload or self._line.eot_asked):
                self._tell(event="cut", time=self.now_ms / 1000, frame=self._meter.sent - 1, groups=sent)
                self._line.send(EOT)
                self._line.rest(GAP_TICKS if overload else EOT_TICKS)
                self._line.eot_asked = False
                return
        self._tell(event="sent", frame=self._meter.sent - 1, host=time.time())

    def _tell(self, **record: object) -> None:
        if self._truth is not None:
            print(json.dumps(record, separators=(",", ":")), file=self._truth, flush=True)


def replay(line: SimulatedLine, pieces: Iterable[bytes]) -> None:
    """Sends captured pieces with the gap of frames between them."""
    for piece in pieces:
        line.send(piece)
        line.rest()


def say(text: str) -> None:
    """Prints a line for whoever started us, if still there."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _number(text: str, most: float, what: str) -> float:
    with suppress(ValueError):
        if 0 <= (value := float(text)) <= most:
            return value
    raise CommandError(f"{text!r} is not {what}")
