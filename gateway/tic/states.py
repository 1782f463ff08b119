"""What the codes of a meter mean (STGE, RELAIS, PPOT, OPTARIF), and the states that they give.

Enedis-NOI-CPT_54E §6.2.3.14, §6.2.3.19; Enedis-NOI-CPT_02E §2.2, §2.4. No I/O and no clock. A code that is not one is
None, a value that the document does not define is UNDEFINED; nothing raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.tic.frame import Group

_HEX = re.compile("[0-9A-F]*")


class Breaker(Enum):
    """The breaker: closed, or open and why (STGE bits 1-3)."""

    CLOSED = "closed"
    OVERPOWER = "overpower"
    OVERVOLTAGE = "overvoltage"
    LOAD_SHEDDING = "load-shedding"
    ORDER = "order"  # by power line or Euridis
    OVERHEATING_HIGH_CURRENT = "overheating-high-current"  # above the most that it may switch
    OVERHEATING = "overheating"
    UNDEFINED = "undefined"


class Colour(Enum):
    """The colour of a Tempo day, in DEMAIN's words."""

    UNKNOWN = "----"
    BLUE = "BLEU"
    WHITE = "BLAN"
    RED = "ROUG"


class Euridis(Enum):
    """The Euridis output (STGE bits 19-20)."""

    OFF = "off"
    UNSECURED = "unsecured"
    UNDEFINED = "undefined"
    SECURED = "secured"


class PowerLine(Enum):
    """The power line communication, CPL (STGE bits 21-22)."""

    UNLOCKED = "new-unlocked"
    LOCKED = "new-locked"
    REGISTERED = "registered"
    UNDEFINED = "undefined"


_BREAKERS, _COLOURS, _EURIDIS, _POWER_LINES = tuple(Breaker), tuple(Colour), tuple(Euridis), tuple(PowerLine)


@dataclass(frozen=True, slots=True)
class StatusRegister:
    """STGE (54E §6.2.3.14).

    ``supplier_index`` 1-10 and ``distributor_index`` 1-4 are the tariff indexes that count now; ``injecting``: active
    energy is negative; ``peak_notice`` and ``peak_running`` are the numbers of mobile peaks, 0 for none.
    """

    contact_closed: bool
    breaker: Breaker
    cover_open: bool
    overvoltage: bool
    overload: bool
    producer: bool
    injecting: bool
    supplier_index: int
    distributor_index: int
    clock_degraded: bool
    standard_mode: bool
    euridis: Euridis
    power_line: PowerLine
    power_line_synchronised: bool
    tempo_today: Colour
    tempo_tomorrow: Colour
    peak_notice: int
    peak_running: int

    def as_json(self) -> dict[str, object]:
        """Every field, codes as words."""
        return {
            name: value.value if isinstance(value := getattr(self, name), Enum) else value for name in self.__slots__
        }

    def series(self) -> dict[str, str]:
        """Series path -> text of the states that are published; Tempo's colours only if there is one."""
        told = {
            "status/breaker": self.breaker.value,
            "status/clock": "degraded" if self.clock_degraded else "good",
            "status/contact": "closed" if self.contact_closed else "open",
            "status/cover": "open" if self.cover_open else "closed",
            "status/overload": str(int(self.overload)),
            "status/producing": str(int(self.injecting)),
            "contract/peak/notice": str(self.peak_notice),
            "contract/peak/running": str(self.peak_running),
        }
        if {self.tempo_today, self.tempo_tomorrow} != {Colour.UNKNOWN}:
            told["contract/tempo/today"] = self.tempo_today.value
            told["contract/tempo/tomorrow"] = self.tempo_tomorrow.value
        return told


def parse_register(text: str) -> StatusRegister | None:
    """Decode STGE's eight hexadecimal digits, most significant first."""
    bits = parse_hex(text, 8)
    if bits is None:
        return None
    return StatusRegister(
        contact_closed=not bits & 1,
        breaker=_BREAKERS[bits >> 1 & 7],
        cover_open=bool(bits >> 4 & 1),
        overvoltage=bool(bits >> 6 & 1),
        overload=bool(bits >> 7 & 1),
        producer=bool(bits >> 8 & 1),
        injecting=bool(bits >> 9 & 1),
        supplier_index=(bits >> 10 & 15) + 1,
        distributor_index=(bits >> 14 & 3) + 1,
        clock_degraded=bool(bits >> 16 & 1),
        standard_mode=bool(bits >> 17 & 1),
        euridis=_EURIDIS[bits >> 19 & 3],
        power_line=_POWER_LINES[bits >> 21 & 3],
        power_line_synchronised=bool(bits >> 23 & 1),
        tempo_today=_COLOURS[bits >> 24 & 3],
        tempo_tomorrow=_COLOURS[bits >> 26 & 3],
        peak_notice=bits >> 28 & 3,
        peak_running=bits >> 30 & 3,
    )


def parse_hex(text: str, digits: int) -> int | None:
    """The number of exactly so many upper-case hexadecimal digits, None for anything else."""
    return int(text, 16) if len(text) == digits and _HEX.fullmatch(text) else None


def parse_relays(text: str) -> tuple[bool, ...] | None:
    """RELAIS: whether relays 1 to 8 are closed; 1 is the dry contact, of which STGE bit 0 says the opposite."""
    if len(text) != 3 or not (text.isascii() and text.isdigit()) or int(text) > 255:
        return None
    return tuple(bool(int(text) >> bit & 1) for bit in range(8))


def parse_phases(text: str) -> tuple[bool, bool, bool] | None:
    """PPOT: whether phases 1 to 3 are there; a set bit 1 to 3 says absent (02E §2.4)."""
    bits = parse_hex(text, 2)
    return None if bits is None else (not bits & 2, not bits & 4, not bits & 8)


@dataclass(frozen=True, slots=True)
class TariffOption:
    """OPTARIF: base, hc, ejp or tempo; of Tempo the programmes of circuits 1 (A B C) and 2 (P0 to P7), else None."""

    contract: str
    circuit_1: str | None = None
    circuit_2: str | None = None

    def as_json(self) -> dict[str, object]:
        """Every field."""
        return {name: getattr(self, name) for name in self.__slots__}


_CONTRACTS = {"BASE": "base", "HC..": "hc", "EJP.": "ejp"}


def parse_option(text: str) -> TariffOption | None:
    """OPTARIF (02E §2.2): the last character of BBRx codes the programmes, bits 4-3 circuit 1, bits 2-0 circuit 2."""
    if text in _CONTRACTS:
        return TariffOption(_CONTRACTS[text])
    if len(text) != 4 or not text.startswith("BBR") or not 0x28 <= ord(text[3]) <= 0x3F:
        return None
    code = ord(text[3])
    return TariffOption("tempo", "ABC"[(code >> 3 & 3) - 1], f"P{code & 7}")


# The last letters of PTEC under Tempo; the colour that is charged now, which changes at six in the morning.
_PERIOD_COLOURS = {"JB": Colour.BLUE, "JW": Colour.WHITE, "JR": Colour.RED}
_TEMPO = ("contract/tempo/today", "contract/tempo/tomorrow")


def period_colour(period: str) -> Colour | None:
    """The Tempo colour in PTEC, None where there is none."""
    return _PERIOD_COLOURS.get(period[2:])


class States:
    """The derived states of one meter as series; remembers whether it ever had a Tempo colour."""

    def __init__(self) -> None:
        self._register = ""
        self._told: dict[str, str] = {}
        self._tempo = dict.fromkeys(_TEMPO, Colour.UNKNOWN.value)

    def tell(self, groups: Mapping[str, Group]) -> Mapping[str, str]:
        """Series path -> text: of STGE, or of PTEC, whose colour is the day's."""
        register, period = groups.get("STGE"), groups.get("PTEC")
        if register:
            self._learn(register.data)
            return self._told
        colour = period_colour(period.data) if period else None
        return {_TEMPO[0]: colour.value} if colour else {}

    def _learn(self, text: str) -> None:
        register = parse_register(text) if text != self._register else None
        if register:
            before = self._tempo if _TEMPO[0] in self._told else {}
            self._register, self._told = text, before | register.series()
