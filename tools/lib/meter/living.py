"""A living meter: which frame comes next, and what a command changes in it.

Knows no wire. Frames come out of ``next_frame`` at the meter's own time; ``injure`` takes the commands that concern
the meter (mode, tariff, overload, standby, clock, message) and leaves the wire's to ``line``.
"""

from __future__ import annotations

import random

from meter import contract as contracts
from meter import frames
from meter.contract import CONTRACTS, Calendar
from meter.frames import HISTORIC, STANDARD, MeterIdentity, SimulatedFrame
from meter.household import SimulatedHousehold
from meter.metrology import Metrology

SHORT_PER_LONG = 20  # an overload's cycle: 20 short frames, 1 long [02E §2.5.2]
SHORT_AFTER_MS = 60_000  # and one minute after it
MSG2_IN_FRAME = 2  # the ultra-short message comes once, in the third frame


class CommandError(ValueError):
    """A command that cannot be carried out; the message is one sentence for a person."""


class Linky:
    """One meter, its household and its contract."""

    def __init__(
        self,
        *,
        mode: str = STANDARD,
        contract: str = "base",
        identity: MeterIdentity | None = None,
        household: SimulatedHousehold | None = None,
        start_ms: int,
        producer: bool = False,
        curve_s: int = 1800,
        seed: int = 1,
        ages: bool = False,
    ) -> None:
        self.mode = mode
        self.identity = identity or MeterIdentity()
        self.contract = CONTRACTS[contract]
        self.calendar = Calendar(self.contract, seed)
        self.metrology = Metrology(
            household or SimulatedHousehold(seed=seed, phases=self.identity.phases),
            self.calendar,
            start_ms=start_ms,
            producer=producer,
            curve_s=curve_s,
            initial_wh=tuple(3_519_703 + 811_213 * n for n in range(len(self.contract.periods))),
            initial_injected_wh=1_204_551 if producer else 0,
        )
        self.degraded = False
        self.at_rest = False
        self.message: str | None = "MESSAGE  COURT 2"
        self.sent = 0
        # How old powers, currents and voltages are when they are sent: up to one frame [54E §6.2.1.5].
        self._ages = random.Random(f"ages/{seed}") if ages else None
        self._frame_ms = start_ms
        self._message_in = MSG2_IN_FRAME
        self._excess_until_ms = -1
        self._shorts = 0

    def next_frame(self, now_ms: int) -> SimulatedFrame:
        """The frame that starts at this time of the meter's clock."""
        meter = self.metrology
        if self._ages:
            meter.advance(max(meter.now_ms, now_ms - round((now_ms - self._frame_ms) * self._ages.random())))
            meter.shown, self._frame_ms = meter.instant, now_ms
        meter.advance(now_ms)
        frame = self._standard() if self.mode == STANDARD else self._historic(now_ms)
        self.sent += 1
        return frame

    def cuts_frame(self, frame: SimulatedFrame, now_ms: int) -> bool:
        """Whether an overload that begins now stops this frame at the end of its group (three-phase historic)."""
        if frame.mode != HISTORIC or frame.kind != "long" or self.identity.phases == 1:
            return False
        was_short = self._excess_until_ms >= now_ms
        self.metrology.advance(now_ms)
        return self._excess(now_ms) and not was_short

    def truth(self, frame: SimulatedFrame, now_ms: int) -> dict[str, object]:
        """What is true at this time, as one JSON object: data as on the wire, and the exact quantities behind it.

        ``watts`` are of each phase at that time, ``said_watts`` of all of them when the frame's VA was measured.
        """
        meter = self.metrology
        return {
            "event": "frame",
            "frame": self.sent - 1,
            "time": now_ms / 1000,
            "mode": frame.mode,
            "kind": frame.kind,
            "data": {group.label: group.data for group in frame.groups},
            "horodate": {group.label: group.horodate for group in frame.groups if group.horodate is not None},
            "watts": list(meter.instant.watts),
            "said_watts": sum(meter.said.watts),
            "drawn_wms": meter.drawn.wms,
            "injected_wms": meter.injected.wms,
        }

    def injure(self, words: list[str]) -> bool:
        """Carries out a command that concerns the meter; False when it does not.

        Raises:
            CommandError: it does, but not in this form.
        """
        match words:
            case ["mode", *rest]:
                self.mode = _one_of(rest, "mode", HISTORIC, STANDARD)
            case ["tariff", *rest]:
                self._set_tariff(rest)
            case ["overload", *rest]:
                power = 1300 * self.identity.kva // self.identity.phases + self.metrology.household.solar_w
                self.metrology.extra_w = power if _one_of(rest, "overload", "on", "off") == "on" else 0
            case ["standby", *rest]:
                self.at_rest = _one_of(rest, "standby", "on", "off") == "on"
            case ["clock", *rest]:
                self.degraded = _one_of(rest, "clock", "good", "degraded") == "degraded"
            case ["message", *rest]:
                self._set_message(" ".join(rest))
            case _:
                return False
        return True

    def _standard(self) -> SimulatedFrame:
        message = self.message if self.sent >= self._message_in else None
        if message is not None:
            self.message = None
        return frames.standard(self.identity, self.contract, self.metrology, degraded=self.degraded, message=message)

    def _historic(self, now_ms: int) -> SimulatedFrame:
        if self.at_rest:
            return frames.standby(self.identity)
        if self.identity.phases == 3 and (self._excess(now_ms) or now_ms < self._excess_until_ms):
            self._shorts = (self._shorts + 1) % (SHORT_PER_LONG + 1)
            if self._shorts:
                return frames.short(self.identity, self.metrology)
        else:
            self._shorts = 0
        return frames.historic(self.identity, self.contract, self.metrology)

    def _excess(self, now_ms: int) -> bool:
        if frames.overloaded_phases(self.identity, self.metrology):
            self._excess_until_ms = now_ms + SHORT_AFTER_MS
            return True
        return False

    def _set_message(self, text: str) -> None:
        if not text or len(text) > 16 or not (text.isascii() and text.isprintable()):
            raise CommandError("message needs 1 to 16 printable ASCII characters, as in: message COUPURE DEMAIN")
        self.message, self._message_in = text.ljust(16), 0

    def _set_tariff(self, words: list[str]) -> None:
        match words:
            case [name] if name in CONTRACTS:
                self.contract = self.calendar.contract = CONTRACTS[name]
                self.calendar.force(None)
            case ["peak" | "off-peak" | "auto" as hours]:
                self.calendar.force({"peak": False, "off-peak": True, "auto": None}[hours])
            case ["today" | "tomorrow" as day, colour] if colour in contracts.COLOURS and colour != "unknown":
                second = self.metrology.now_ms // 1000
                self.calendar.colour_day(second, contracts.COLOURS[colour], int(day == "tomorrow"))
            case _:
                raise CommandError(
                    f"tariff needs a contract ({', '.join(CONTRACTS)}), peak, off-peak, auto, "
                    "or today|tomorrow blue|white|red"
                )


def _one_of(words: list[str], verb: str, *choices: str) -> str:
    if len(words) != 1 or words[0] not in choices:
        raise CommandError(f"{verb} needs {choices[0]} or {choices[1]}, as in: {verb} {choices[0]}")
    return words[0]
