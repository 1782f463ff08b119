"""From the meter's characters to what a reader's serial port makes of them: noise, loss, parity, a wrong speed.

Characters travel as 8-bit words, seven data bits and their even parity. Everything is drawn from one seeded generator.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UartSettings:
    """How the reader has set its port. ``baud`` None: always the meter's own speed (TCP, a file)."""

    baud: int | None = None
    eight_bits: bool = False  # 8N1: the parity stays in bit 7
    check_parity: bool = False  # INPCK: a bad character becomes NUL
    drop_bad: bool = False  # IGNPAR with it: it vanishes


class SimulatedUart:
    """One line and the port at its end. ``noise``: chance of a flipped bit in a character; ``drop``: of its loss."""

    def __init__(self, seed: int = 1) -> None:
        self.noise = 0.0
        self.drop = 0.0
        self._draw = random.Random(f"uart/{seed}")
        self._receiver: Receiver | None = None

    def carry(self, data: bytes, baud: int, port: UartSettings) -> bytes:
        """What the port delivers of characters sent at ``baud``."""
        if port.baud in {None, baud}:
            self._receiver = None
            if not (self.noise or self.drop or port.eight_bits):
                return data
            return b"".join(_deliver(word, port, framed=True) for word in self._damage(data))
        if self._receiver is None:
            self._receiver = Receiver(baud / (port.baud or baud))
        levels = b"".join(_levels(word) for word in self._damage(data))
        return b"".join(_deliver(word, port, framed=framed) for word, framed in self._receiver.hear(levels))

    def idle(self, bits: int) -> None:
        """Lets the line rest for so many bits, which a port at another speed needs to see."""
        if self._receiver is not None:
            self._receiver.hear(b"\x01" * bits)

    def _damage(self, data: bytes) -> list[int]:
        words = []
        for byte in data:
            word = byte & 0x7F | (byte & 0x7F).bit_count() % 2 << 7
            if self.noise and self._draw.random() < self.noise:
                word ^= 1 << self._draw.randrange(8)
            if not (self.drop and self._draw.random() < self.drop):
                words.append(word)
        return words


class Receiver:
    """A UART that listens at another speed than the line's: ``ratio`` line bits pass during one bit of its own.

    As a 16550 does it: a start at a falling edge, samples in mid-bit, and a stop bit found low is taken for the next
    start. A slow line then reads as NUL @ ` p x | and nothing else, as owners of such ports report.
    """

    def __init__(self, ratio: float) -> None:
        self._ratio = ratio
        self._levels = bytearray(b"\x01")
        self._at = 0.0
        self._restart = False  # the last stop bit was low: a character starts at _at

    def hear(self, levels: bytes) -> list[tuple[int, bool]]:
        """The characters complete by now: (word, whether the stop bit was right)."""
        self._levels += levels
        words: list[tuple[int, bool]] = []
        while (start := self._start()) is not None and start + 10 * self._ratio <= len(self._levels):
            samples = [self._levels[int(start + (bit + 0.5) * self._ratio)] for bit in range(10)]
            words.append((sum(level << bit for bit, level in enumerate(samples[1:9])), bool(samples[9])))
            self._restart = not samples[9]
            self._at = start + (9 if self._restart else 9.5) * self._ratio
        self._trim()
        return words

    def _start(self) -> float | None:
        if self._restart:
            return self._at
        edge = self._levels.find(b"\x01\x00", int(self._at))
        if edge < 0:
            self._at = max(self._at, float(len(self._levels) - 1))
            return None
        return float(edge + 1)

    def _trim(self) -> None:
        done = min(max(int(self._at) - 1, 0), len(self._levels) - 1)
        del self._levels[:done]
        self._at -= done


def _levels(word: int) -> bytes:
    """Start bit, eight bits from the lowest, stop bit."""
    return bytes([0, *(word >> bit & 1 for bit in range(8)), 1])


def _deliver(word: int, port: UartSettings, *, framed: bool) -> bytes:
    """One character through the kernel's checks."""
    if port.eight_bits:
        return bytes([word])
    if port.check_parity and (not framed or word.bit_count() % 2):
        return b"" if port.drop_bad else b"\x00"
    return bytes([word & 0x7F])
