"""The card's partitions, by arithmetic alone: firmware (FAT), root (read-only), data (grown on the card itself).

An MBR, since the Pi 3's boot ROM knows nothing else. Sizes and beginnings are whole 4 MiB, a card's erase block.
"""

from __future__ import annotations

from dataclasses import dataclass

SECTOR = 512
MIB = 1 << 20
_ALIGN = 4 * MIB

# Two kernels with their initramfs during an upgrade: twice 75 MB, and the firmware.
FIRMWARE_BYTES = 384 * MIB
# What a day of security updates needs beside what is there, as a share of it.
_ROOT_ROOM = 0.5
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


def plan(root_bytes: int, data_bytes: int) -> list[CardPartition]:
    """Partitions for a root and data of that size, one after the other."""
    sizes = (
        ("firmware", "c", FIRMWARE_BYTES),
        ("root", "83", round(root_bytes * (1 + _ROOT_ROOM))),
        ("data", "83", data_bytes + DATA_ROOM),
    )
    made, at = [], _ALIGN
    for name, kind, size in sizes:
        made.append(CardPartition(name, kind, at, _up(size)))
        at = made[-1].end
    return made


def script(partitions: list[CardPartition]) -> str:
    """What sfdisk is told."""
    lines = ["label: dos", "label-id: 0x4c494e4b", "unit: sectors"]
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


def _up(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN
