"""A part of a production as a person writes it (``30 %``, ``1/3``, ``0.125``), exactly."""

from __future__ import annotations

import re
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# As text: a number of TOML is binary, and a third is none at all.
PATTERN = r"^([0-9]{1,9}/[1-9][0-9]{0,8}|[0-9]{1,3}([.,][0-9]{1,12})?( ?%)?)$"
# Beyond it exact sums of many members take long: such parts were not written by a person.
MOST_OVER = 10**24

_WRITTEN = re.compile(PATTERN)


def part_of(text: str) -> Fraction:
    """The part. ValueError where it is none, or more than all."""
    if not _WRITTEN.fullmatch(text):
        raise ValueError(f"{text!r} is no part: write it as 30 %, 1/3 or 0.125")
    number = text.removesuffix("%").strip().replace(",", ".")
    part = Fraction(number) / (100 if text.endswith("%") else 1)
    if part > 1:
        raise ValueError(f"{text!r} is more than all of it: a part is 100 % at most")
    return part


def over(parts: Iterable[Fraction]) -> int:
    """The denominator that they have in common. ValueError where it is beyond reason."""
    found = 1
    for part in parts:
        found = lcm(found, part.denominator)
        if found > MOST_OVER:
            raise ValueError(
                "the parts have no denominator in common: write them all in per cent, or all over one number"
            )
    return found
