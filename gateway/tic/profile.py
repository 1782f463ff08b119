"""The profile of a day (PJOURF+1, PPOINTE): at which hour which tariff index begins and what the contacts do.

Enedis-NOI-CPT_54E §6.2.3.22: eleven blocks HHMMSSSS; hour and minute are decimal, SSSS is hexadecimal, and a block
that is not used says NONUTILE. No I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gateway.tic.states import parse_hex

_UNUSED = "NONUTILE"
_BLOCKS = 11
_LAST_INDEX = 10


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

    def as_json(self) -> dict[str, object]:
        """The block with words for its codes and ``HH:MM`` for its time."""
        return {
            "from": f"{self.hour:02}:{self.minute:02}",
            "index": self.index,
            "contact": self.contact.value,
            "virtual_contacts_closed": list(self.virtual),
        }


def parse_profile(text: str) -> tuple[ProfileBlock, ...] | None:
    """The used blocks in their order; None for what is not a profile."""
    blocks = text.split(" ")
    if len(blocks) != _BLOCKS:
        return None
    found = [_block(block) for block in blocks if block != _UNUSED]
    used = tuple(block for block in found if block is not None)
    return used if len(used) == len(found) else None


def _block(text: str) -> ProfileBlock | None:
    if len(text) != 8 or not (text.isascii() and text[:4].isdigit()):
        return None
    hour, minute = int(text[:2]), int(text[2:4])
    action = parse_hex(text[4:], 4)
    if action is None or hour > 23 or minute > 59:
        return None
    index = action & 0xF
    return ProfileBlock(
        hour=hour,
        minute=minute,
        contact=_ORDERS[action >> 14],
        virtual=tuple(number for number in range(1, 8) if action >> (3 + number) & 1),
        index=index if 1 <= index <= _LAST_INDEX else None,
    )
