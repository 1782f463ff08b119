"""What each part of ``tools/bench`` calls, with how much of it: plain figures come back, by name.

A part runs in a process of its own and loads there what it measures with, alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.options import PAIRS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class At:
    """Where a part works, and what was asked for."""

    folder: Path
    servers: str
    seconds: float
    peers: Mapping[str, Path]
    quick: bool


def decoding(at: At) -> Figures:
    """Frames by our reader and by those of others."""
    from bench import decoding  # noqa: PLC0415 (each part loads its own alone, in its own process)

    frames, damaged = (60, 40) if at.quick else (2_000, 20_000)
    return decoding.measure(at.folder, at.peers, frames, damaged)


def house(at: At) -> Figures:
    """Memory and processor of a whole house."""
    from bench import house  # noqa: PLC0415 (as above)

    return house.measure(at.folder, at.servers, at.seconds)


def writing(at: At) -> Figures:
    """Bytes to the card."""
    from bench import card  # noqa: PLC0415 (as above)

    return card.measure_writing(at.folder, 0.1 if at.quick else 24)


def database(at: At) -> Figures:
    """Growth of the database."""
    from bench import card  # noqa: PLC0415 (as above)

    return card.measure_growth(at.folder, 0.1 if at.quick else 6)


def live(at: At) -> Figures:
    """How long a live value is under way."""
    from bench import live  # noqa: PLC0415 (as above)

    return live.measure(at.folder, at.servers, min(at.seconds, 30))


def years(at: At) -> Figures:
    """Looks at years."""
    from bench import years  # noqa: PLC0415 (as above)

    return years.measure(at.folder, 1 if at.quick else 3)


def backlog(at: At) -> Figures:
    """A day of minutes after an outage, at the limits of either server and without."""
    from bench import backlog  # noqa: PLC0415 (as above)

    minutes = 5 if at.quick else backlog.DAY_MINUTES
    found = {"lifted": backlog.measure(at.folder / "lifted", at.servers, "none", minutes)}
    for pair in PAIRS:
        found[f"default_{pair}"] = backlog.measure(at.folder / pair, pair, "default", minutes)
    for one in found.values():
        one["not_once"] = one["lost"] + one["wrong"] + one["double"]
    return _named(found)


def pages(at: At) -> Figures:
    """A year of half hours by ``get_history``."""
    from bench import pages  # noqa: PLC0415 (as above)

    return pages.measure(at.folder, at.servers, days=12 if at.quick else 365)


def throughput(at: At) -> Figures:
    """Records a second, without limits and at Debian's."""
    from bench import throughput  # noqa: PLC0415 (as above)

    minutes, single = (5, 3) if at.quick else (None, throughput.SINGLE)
    lifted = throughput.measure(at.folder / "lifted", at.servers, "none", minutes, single)
    return _named(
        {"lifted": lifted, "default": throughput.measure(at.folder / "default", at.servers, "default", minutes, single)}
    )


def growth(at: At) -> Figures:
    """How costs grow with meters, recipients and months."""
    from bench import growth, steady  # noqa: PLC0415 (as above)

    small = (lambda _, size: steady.Load(recipients=size, minutes=1)) if at.quick else None
    found = growth.measure(at.folder, ("recipients",) if at.quick else tuple(growth.AXES), small)
    if not at.quick and (busy := growth.too_slow(found)):
        raise SystemExit(f"this machine is too busy to say how costs grow: {'; '.join(busy)}")
    return growth.flat(found)


def _named(found: Mapping[str, Figures]) -> Figures:
    return {f"{name}.{figure}": value for name, figures in found.items() for figure, value in figures.items()}
