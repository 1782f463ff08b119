"""The profile of a day (PJOURF+1, PPOINTE): at which hour which tariff index begins and what the contacts do.

Enedis-NOI-CPT_54E §6.2.3.22: eleven blocks HHMMSSSS, of which SSSS is hexadecimal, and a block that is not used says
NONUTILE. In which base the hour is, the document does not say: some meters print it in decimal, others the two octets
of COSEM's start_time as they are, ``1600`` for 22:00. ``hours.py`` decides which of the two a meter does. No I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gateway.tic.states import parse_hex

_UNUSED = "NONUTILE"
_BLOCKS = 11
_LAST_INDEX = 10
_DAY_MINUTES = 1440


class HourBase(Enum):
    """In which base a meter writes the hours of its profiles."""

    DECIMAL = "decimal"
    HEXADECIMAL = "hexadecimal"
    UNDECIDED = "undecided"


# Those in which an hour can be read.
READINGS = (HourBase.DECIMAL, HourBase.HEXADECIMAL)


class ContactOrder(Enum):
    """What a block does to the dry contact (bits 15-14)."""

    LEAVE = "leave"
    TEMPO = "tempo"  # as the Tempo programme of the meter says; left alone if the contract is not Tempo
    OPEN = "open"
    CLOSE = "close"


_ORDERS = (ContactOrder.LEAVE, ContactOrder.TEMPO, ContactOrder.OPEN, ContactOrder.CLOSE)


@dataclass(frozen=True, slots=True)
class ProfileBlock:
    """What begins at a time of the day (local): ``index`` None for no change; ``virtual`` the closed ones of 1 to 7."""

    hour: int
    minute: int
    contact: ContactOrder
    virtual: tuple[int, ...]
    index: int | None

    @property
    def at(self) -> int:
        """Minutes since the day began, on the clock."""
        return self.hour * 60 + self.minute

    @property
    def time(self) -> str:
        """``HH:MM``."""
        return f"{self.hour:02}:{self.minute:02}"

    def as_json(self) -> dict[str, object]:
        """The block with words for its codes and ``HH:MM`` for its time."""
        return {
            "from": self.time,
            "index": self.index,
            "contact": self.contact.value,
            "virtual_contacts_closed": list(self.virtual),
        }


def parse_profile(text: str, base: HourBase = HourBase.DECIMAL) -> tuple[ProfileBlock, ...] | None:
    """The used blocks in their order; None for what is not a profile in that base.

    Undecided it is read where both bases say the same.
    """
    if base is HourBase.UNDECIDED:
        both = {parse_profile(text, one) for one in READINGS}
        return both.pop() if len(both) == 1 else None
    blocks = text.split(" ")
    if len(blocks) != _BLOCKS:
        return None
    found = [_block(block, 16 if base is HourBase.HEXADECIMAL else 10) for block in blocks if block != _UNUSED]
    used = tuple(block for block in found if block is not None)
    return used if len(used) == len(found) else None


def _block(text: str, base: int) -> ProfileBlock | None:
    action = parse_hex(text[4:], 4)
    octets = [parse_hex(text[place : place + 2], 2) for place in (0, 2)]
    if action is None or None in octets or (base == 10 and not text[:4].isdigit()):
        return None
    hour, minute = int(text[:2], base), int(text[2:4], base)
    if hour > 23 or minute > 59:
        return None
    index = action & 0xF
    return ProfileBlock(
        hour=hour,
        minute=minute,
        contact=_ORDERS[action >> 14],
        virtual=tuple(number for number in range(1, 8) if action >> (3 + number) & 1),
        index=index if 1 <= index <= _LAST_INDEX else None,
    )


def indexes(blocks: tuple[ProfileBlock, ...]) -> tuple[tuple[int, int], ...]:
    """(Minute of the day, index that begins then), each later than the one before; what changes nothing is left out."""
    begun: dict[int, int] = {}
    for block in sorted(blocks, key=lambda one: one.at):
        if block.index is not None:
            begun[block.at] = block.index
    found: list[tuple[int, int]] = []
    for at, index in begun.items():
        if not found or found[-1][1] != index:
            found.append((at, index))
    return tuple(found)


def lengths(blocks: tuple[ProfileBlock, ...]) -> dict[int, list[tuple[int, int]]]:
    """Index -> from which minute until which it counts; one stretch over midnight ends beyond 1440."""
    begun = indexes(blocks)
    if not begun or len({index for _, index in begun}) == 1:
        return {index: [(0, _DAY_MINUTES)] for _, index in begun[:1]}
    found: dict[int, list[tuple[int, int]]] = {}
    for place, (at, index) in enumerate(begun):
        if place == 0 and index == begun[-1][1]:
            continue  # the rest of the last one
        end = begun[place + 1][0] if place + 1 < len(begun) else _DAY_MINUTES + begun[0][0]
        if place + 1 == len(begun) and index == begun[0][1]:
            end = _DAY_MINUTES + begun[1][0]
        found.setdefault(index, []).append((at, end))
    return found
