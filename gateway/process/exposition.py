"""Figures of a program as Prometheus reads them: the text format, version 0.0.4. Pure: samples in, text out.

Families are named by whoever gives them, with the base unit last and ``_total`` behind what only rises. No sample's
label is a person: no address, no pseudonym.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# The name of a line, its labels, its value.
Sample = tuple[str, dict[str, str], float]

_OF_HISTOGRAM = ("_bucket", "_sum", "_count")


class Histogram:
    """How often something took how long.

    Args:
        bounds: the upper ends of the buckets, rising; what is above the last is counted as well.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds, self._counts, self._sum = tuple(bounds), [0] * (len(bounds) + 1), 0.0

    def observe(self, value: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def samples(self, family: str) -> Iterator[Sample]:
        """Each bucket with all below it, the sum and the count."""
        so_far = 0
        for bound, count in zip((*map(str, self._bounds), "+Inf"), self._counts, strict=True):
            so_far += count
            yield f"{family}_bucket", {"le": bound}, so_far
        yield f"{family}_sum", {}, self._sum
        yield f"{family}_count", {}, so_far


def exposed(families: Mapping[str, tuple[str, str]], samples: Iterable[Sample]) -> str:
    """The text: families by name (type, help) in their order, those left out of which there is no sample."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(_family(sample[0], families), []).append(sample)
    lines = []
    for name, (kind, words) in families.items():
        if name in found:
            lines += [f"# HELP {name} {words}", f"# TYPE {name} {kind}"]
            lines += [_line(*sample) for sample in found[name]]
    return "\n".join([*lines, ""])


def _family(line: str, families: Mapping[str, tuple[str, str]]) -> str:
    """Of which family a line is."""
    if line in families:
        return line
    stem = next(line.removesuffix(end) for end in _OF_HISTOGRAM if line.endswith(end))
    if families[stem][0] != "histogram":
        raise KeyError(line)
    return stem


def _line(name: str, labels: dict[str, str], value: float) -> str:
    inner = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inner}}} {value + 0!r}" if inner else f"{name} {value + 0!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
