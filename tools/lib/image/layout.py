"""The card's partitions, by arithmetic alone: firmware (FAT), root (read-only), data (grown on the card itself).

An MBR, since the Pi 3's boot ROM knows nothing else. Sizes and beginnings are whole 4 MiB, a card's erase block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image.models import ImageKind

SECTOR = 512
MIB = 1 << 20
_ALIGN = 4 * MIB

# Until it has grown; apt's lists alone are 100 MB.
DATA_ROOM = 256 * MIB

# FAT's labels are capitals; the others are ours to choose.
LABELS = {"firmware": "BOOTFS", "root": "linky-root", "data": "linky-data"}


@dataclass(frozen=True, slots=True)
class CardPartition:
    """A place on the card, in bytes; ``kind`` is the MBR's."""

    name: str
    kind: str
    start: int
    size: int

    @property
    def end(self) -> int:
        """The first byte after it."""
        return self.start + self.size


def plan(kind: ImageKind, root_bytes: int, data_bytes: int) -> list[CardPartition]:
    """Partitions for a root and data of that size, one after the other."""
    sizes = (
        ("firmware", "c", kind.firmware_bytes),
        ("root", "83", root_bytes + max(root_bytes // 2, kind.root_room)),
        ("data", "83", data_bytes + DATA_ROOM),
    )
    made, at = [], _ALIGN
    for name, number, size in sizes:
        made.append(CardPartition(name, number, at, _up(size)))
        at = made[-1].end
    return made


def script(kind: ImageKind, partitions: list[CardPartition]) -> str:
    """What sfdisk is told."""
    lines = ["label: dos", f"label-id: 0x{kind.label_id:08x}", "unit: sectors"]
    for one in partitions:
        boot = ", bootable" if one.name == "firmware" else ""
        lines.append(f"start={one.start // SECTOR}, size={one.size // SECTOR}, type={one.kind}{boot}")
    return "\n".join(lines) + "\n"


def read(table: bytes) -> list[CardPartition]:
    """The partitions of an image, by its first sector; ValueError when that is none of ours."""
    if len(table) < SECTOR or table[510:512] != b"\x55\xaa":
        raise ValueError("no partition table")
    found = []
    for number, name in enumerate(LABELS):
        entry = table[446 + 16 * number : 462 + 16 * number]
        start, size = int.from_bytes(entry[8:12], "little"), int.from_bytes(entry[12:16], "little")
        if not size:
            raise ValueError(f"partition {number + 1} is empty")
        found.append(CardPartition(name, f"{entry[4]:x}", start * SECTOR, size * SECTOR))
    return found


def label_id(table: bytes) -> int:
    """The identifier of a partition table, by its first sector; 0 where there is none."""
    return int.from_bytes(table[440:444], "little") if table[510:512] == b"\x55\xaa" else 0


def _up(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN
