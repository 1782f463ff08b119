"""What is known of the meter: topics of the live feed in, a ``DisplayedMoment`` for pages, lamps and relays out.

No I/O and no clock: monotonic seconds are handed in. ``gateway/live/README.md`` is the contract, and all that is known
of the gateway; its rules of age are kept here. What switches something trusts only frames that came while it listened.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

STATUS = "linky/status"
VERSION = 1

# After so many seconds without a frame a value is of the past (contract; 54E §9.4).
OLD_AFTER_S = 10.0


class LiveMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON object of the contract; keys that are not used here are passed over."""

    version: int
    age_s: float | None = None
    stale: bool = False
    mode: str = "historic"
    drawn_va: int | None = None
    injected_va: int | None = None
    subscribed_va: int | None = None
    # Active power, estimated, and how far it may be off; unknown where the meter does not give enough for it.
    power_w: int | None = None
    power_within_w: int | None = None
    tariff: str | None = None
    tariff_kind: str = "unknown"
    # By legal time, ``07:30``.
    tariff_until_local: str | None = None
    off_peak_next_local: str | None = None
    tempo_today: str = "unknown"
    tempo_tomorrow: str = "unknown"
    # Unknown while the meter has said neither; some three-phase ones in historic mode never do.
    overload: bool | None = None
    breaker: str | None = None
    injecting: bool = False
    drawn_today_wh: int | None = None
    drawn_yesterday_wh: int | None = None
    injected_today_wh: int | None = None
    produced_today_wh: int | None = None
    cost_today_cents: int | None = None
    partial: tuple[str, ...] = ()
    produced_doubt: str | None = None
    broken: tuple[str, ...] = ()
    alert: bool = False


@dataclass(frozen=True, slots=True)
class DisplayedMoment:
    """What is known at one moment.

    ``frame`` is the last one, None before the first; ``fault`` why it is old, a key of ``words``, None while it is
    not; ``age_s`` how old it is, None when nobody knows; ``live``: it came while we listened, and is of the last ten
    seconds; ``contacts`` the meter's eight, None where it says none.
    """

    frame: LiveMessage | None
    fault: str | None
    age_s: float | None = None
    live: bool = False
    contacts: tuple[bool, ...] | None = None

    @property
    def load(self) -> float | None:
        """The power drawn as a part of the subscribed one."""
        frame = self.frame
        if frame is None or frame.drawn_va is None or not frame.subscribed_va:
            return None
        return frame.drawn_va / frame.subscribed_va

    @property
    def percent(self) -> int | None:
        """The same in per cent, as every face of the gateway rounds it."""
        frame = self.frame
        return None if self.load is None or frame is None else percent(frame.drawn_va or 0, frame.subscribed_va or 1)

    @property
    def overload(self) -> bool:
        """Whether more is drawn than subscribed, now."""
        return bool(self.fault is None and self.frame and self.frame.overload)


class DisplayedMeter:
    """The latest of one meter."""

    def __init__(self, meter: str) -> None:
        self._json = f"linky/meter/{meter}/json"
        self._relays = f"linky/meter/{meter}/value/status/relays"
        self.topics = (STATUS, self._json, self._relays)
        self.linked = False
        self._online = True
        self._foreign = False
        self._frame: LiveMessage | None = None
        self._came = 0.0
        # When what was said live, not by the broker's memory, becomes old.
        self.live_until: float | None = None
        self._contacts: tuple[bool, ...] | None = None

    def take(self, topic: str, payload: bytes, now: float, *, retained: bool) -> None:
        """A message has come; what is no message of the contract changes nothing."""
        if topic == STATUS:
            self._online = payload == b"online"
        elif topic == self._relays:
            self._contacts = parse_contacts(payload)
        elif topic == self._json:
            self._take_frame(payload, now, retained=retained)

    def view(self, now: float) -> DisplayedMoment:
        """What is to be shown and done at this moment."""
        frame, passed = self._frame, now - self._came
        if frame is None:
            return DisplayedMoment(None, self._fault(now) or "waiting")
        age = None if frame.age_s is None else frame.age_s + passed
        live = not frame.stale and self.live_until is not None and now < self.live_until
        # RELAIS is of the standard mode; what a meter said in its former one is of the past.
        contacts = self._contacts if frame.mode == "standard" else None
        return DisplayedMoment(frame, self._fault(now), age, live, contacts)

    def _take_frame(self, payload: bytes, now: float, *, retained: bool) -> None:
        try:
            frame = msgspec.json.decode(payload, type=LiveMessage)
        except (msgspec.DecodeError, msgspec.ValidationError):
            # Nothing at all: the meter was removed. Otherwise another version, or nothing of the gateway's.
            self._frame, self._foreign, self.live_until = None, bool(payload), None
            return
        self._foreign = frame.version != VERSION
        self._frame = None if self._foreign else frame
        self._came = now
        if not retained and frame.age_s is not None:
            self.live_until = now + OLD_AFTER_S - frame.age_s

    def _fault(self, now: float) -> str | None:
        if self._foreign:
            return "version"
        frame, passed = self._frame, now - self._came
        stale = frame is not None and (frame.stale or (frame.age_s or 0) + passed >= OLD_AFTER_S)
        if not self.linked and (stale or frame is None):
            return "link"
        if not self._online:
            return "gateway"
        if not stale:
            return None
        # Of a silent meter the gateway says so, every ten seconds.
        return "meter" if frame and frame.stale and passed < 2 * OLD_AFTER_S else "silence"


def percent(part: int, whole: int) -> int:
    """The part of the whole in per cent; a half goes up, in whole numbers."""
    return (200 * part + whole) // (2 * whole)


def parse_contacts(payload: bytes) -> tuple[bool, ...] | None:
    """RELAIS, a decimal number: whether contacts 1 to 8 are closed; None for anything else (54E §6.2.3.19)."""
    if not payload.isdigit() or len(payload) > 3 or int(payload) > 255:
        return None
    bits = int(payload)
    return tuple(bool(bits >> place & 1) for place in range(8))
