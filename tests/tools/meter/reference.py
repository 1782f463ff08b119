"""An independent judge of the simulator's bytes, and a reader of its port. Shares nothing with the encoder.

``parse`` follows Enedis 02E §1.5.3.2; the widths are those of the tables of 54E §6, written out again.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from meter.capture import open_port, read_some, set_line

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE_S = 20.0
NUMBER, TEXT = "[0-9]", "[ -~]"
WIDTHS = [  # label pattern, character class, width
    (r"ADCO|ADSC", NUMBER, 12),
    (r"OPTARIF|PTEC|DEMAIN", TEXT, 4),
    (r"ISOUSC|PEJP|VTIC|PREF|PCOUP|NTARF|NJOURF|NJOURF\+1|[DF]PM[123]|PPOT", NUMBER, 2),
    (r"BASE|HCH[CP]|EJPHN|EJPHPM|BBRH[CP]J[BWR]|EAST|EASF(0[1-9]|10)|EASD0[1-4]|EAIT|ERQ[1-4]", NUMBER, 9),
    (r"IINST[123]?|ADPS|ADIR[123]|IMAX[123]?|IRMS[123]|URMS[123]|UMOY[123]|RELAIS", NUMBER, 3),
    (r"PMAX|PAPP|SINSTS[123]?|SINSTI|SMAXSN[123]?(-1)?|SMAXIN(-1)?|CCA[SI]N(-1)?", NUMBER, 5),
    (r"HHPHC", "A", 1),
    (r"MOTDETAT", NUMBER, 6),
    (r"DATE", NUMBER, 0),
    (r"NGTF|LTARF|MSG2", TEXT, 16),
    (r"MSG1", TEXT, 32),
    (r"STGE", "[0-9A-F]", 8),
    (r"PRM", NUMBER, 14),
    (r"PJOURF\+1|PPOINTE", "[0-9A-FNOUTILE ]", 98),
]
DATED = r"DATE|SMAX[SI]N[123]?(-1)?|CCA[SI]N(-1)?|UMOY[123]|[DF]PM[123]"


class Read(NamedTuple):
    """A group as an independent reader sees it."""

    label: str
    data: str
    horodate: str | None
    separator: str


def parse(raw: bytes) -> Read | None:
    """A group between LF and CR, or None when its checksum is wrong."""
    if len(raw) < 4 or raw[-2] not in b" \t" or any((byte < 0x20 and byte != 9) or byte > 0x7E for byte in raw):
        return None
    separator = chr(raw[-2])
    covered = raw[:-2] if separator == " " else raw[:-1]
    if raw[-1] != 32 + sum(covered) % 64:
        return None
    label, _, rest = raw[:-2].decode("ascii").partition(separator)
    if separator == "\t" and re.fullmatch(DATED, label):
        horodate, _, data = rest.partition("\t")
        return Read(label, data, horodate, separator)
    return Read(label, rest, None, separator)


def frames_of(data: bytes) -> list[list[Read]]:
    """The whole frames in ``data``; asserts that every one of their groups is right, in form and in width."""
    found = re.findall(rb"\x02((?:\n[^\r\n\x02\x03\x04]+\r)+)\x03", data)
    return [[judged(raw) for raw in re.findall(rb"\n([^\r]+)\r", body)] for body in found]


def judged(raw: bytes) -> Read:
    """The group, which must be known, right and as wide as prescribed."""
    group = parse(raw)
    assert group is not None, raw
    rules = [(kind, width) for pattern, kind, width in WIDTHS if re.fullmatch(pattern, group.label)]
    assert len(rules) == 1, group
    kind, width = rules[0]
    assert re.fullmatch(f"{kind}{{{width}}}", group.data), group
    if group.horodate is not None:
        assert re.fullmatch(r"[EHeh ]\d{12}", group.horodate), group
    return group


def verified(data: bytes) -> list[Read]:
    """The groups with a right checksum in whatever came in."""
    groups = [parse(raw) for raw in re.findall(rb"\n([^\r\n]+)\r", data)]
    return [group for group in groups if group is not None]


def good_groups(data: bytes) -> int:
    """How many groups of whatever came in are right and known."""
    return sum(any(re.fullmatch(pattern, group.label) for pattern, _, _ in WIDTHS) for group in verified(data))


def bad_groups(data: bytes) -> int:
    """How many stretches that end like a group are none."""
    return data.count(b"\r") - len(verified(data))


class Listener:
    """A reader of the meter's port, with deadlines."""

    def __init__(self, path: str, baud: int = 9600) -> None:
        self._descriptor = open_port(path, baud)
        self.heard = b""

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._descriptor)

    def set_speed(self, baud: int) -> None:
        """Goes on at another speed."""
        set_line(self._descriptor, baud)

    def until(self, enough: Callable[[bytes], bool]) -> bytes:
        """What was heard since the last call, as soon as it is enough; fails at the deadline."""
        end = time.monotonic() + DEADLINE_S
        while not enough(self.heard):
            data = read_some(self._descriptor, end - time.monotonic())
            assert data, f"port gone or silent after {self.heard[-200:]!r}"
            self.heard += data
        heard, self.heard = self.heard, b""
        return heard

    def frames(self, number: int) -> bytes:
        """Bytes with so many ends of frames."""
        return self.until(lambda heard: heard.count(b"\x03") > number)

    def ends(self) -> bool:
        """Whether the port goes away before the deadline."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            if read_some(self._descriptor, end - time.monotonic()) is None:
                return True
        return False
