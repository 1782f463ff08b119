"""What a source is by its name alone, a board or a path that can be a serial port's: nothing is opened, none need be.

One rule for ``source`` of gateway.toml, ``port`` of a card's linky.toml, the column ``port`` of a fleet's file and the
question of tools/setup. The names are the kernel's (Linux, Documentation/admin-guide/devices.txt) and udev's.
"""

from __future__ import annotations

import posixpath
import re
from enum import Enum

from gateway.words.phrase import Phrase

_BOARD = "board:"
_DEV = "/dev/"

_NOT_SERIAL = Phrase(
    "{path!r}: not a serial port; write /dev/tty…, /dev/serial0, /dev/serial/by-id/… or /dev/linky-…, or usb:…;"
    " `linky-gateway ports` lists them"
)

# tty and a letter: ttyUSB0, ttyACM0, ttyAMA0, ttyS0, ttymxc0, ttyTIC. /dev/tty and /dev/tty1 are the machine's screen.
_SERIAL = re.compile(
    r"(?!ttyprintk$)tty[A-Za-z][\w.+-]*|serial\d+|serial/by-(?:id|path)/[^/]+|linky-[^/]+|rfcomm\d+|pts/\d+"
)
# Char and block devices that are no terminal, with the folders that hold nothing else.
_OTHER = re.compile(
    r"k?mem|null|port|core|zero|full|u?random|kmsg|oldmem|n?vram|hwrng|hpet|mcelog|fuse|cuse|kvm|ptmx|console|ttyprintk"
    r"|std(?:in|out|err)|tty\d*|vcs[au]?\d*|(?:ram|loop|lp|fd|rtc|watchdog|md|sr|scd|tpm|tpmrm|video|media|fb|mice)\d*"
    r"|(?:hd|sd|vd|xvd)[a-z]+\d*|(?:mmcblk|nvme|nbd|zram|gpiochip|i2c-|spidev|hidraw|hiddev|dm-|pps|ptp|cec|n?st)\d.*"
    r"|(?:gpio|)mem|gpiomem\d*|vchiq|vcio|vc-mem|vcsm-cma|vga_arbiter|uinput|uhid|rfkill|log|initctl|snapshot|userio"
    r"|(?:vhost|loop|btrfs|cpu_dma)[-_].+"
    r"|(?:block|bsg|bus|char|cpu|disk|dma_heap|dri|fd|gpio|hugepages|input|mapper|mqueue|net|shm|snd|usb|vfio)(?:/.*)?"
)


class PathKind(Enum):
    """What a path is by its name: a serial port, something else of the kernel's, or a name that somebody else gave."""

    SERIAL = "serial"
    OTHER = "other"
    UNKNOWN = "unknown"


def board_of(source: str) -> str | None:
    """The board that the text of a source names; None when it names something else."""
    return source.removeprefix(_BOARD) if source.startswith(_BOARD) else None


def kind_of(path: str) -> PathKind:
    """What ``path`` is; whatever lies outside /dev has a name of somebody's own."""
    # POSIX gives two slashes at the beginning a meaning of their own; Linux does not.
    name = posixpath.normpath("/" + path.lstrip("/"))
    if not name.startswith(_DEV):
        return PathKind.OTHER if f"{name}/" == _DEV or path.startswith(_DEV) else PathKind.UNKNOWN
    name = name.removeprefix(_DEV)
    if _SERIAL.fullmatch(name):
        return PathKind.SERIAL
    return PathKind.OTHER if _OTHER.fullmatch(name) else PathKind.UNKNOWN


def fault(path: str) -> Phrase | None:
    """What is wrong with a path in a configuration: what the kernel gives to something else. Own names are believed."""
    return _NOT_SERIAL.filled(path=path) if kind_of(path) is PathKind.OTHER else None
