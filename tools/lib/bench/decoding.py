"""Groups a second, memory, and wrong values believed: our reader beside those of others, on the same seeded bytes.

Each reader has a process of its own (``one_reader``); its processor time counts, the best of some passes. Ours is told
of a wrong parity by the kernel, which delivers NUL; the others open their ports without that, and see the bad byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import peers, streams

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OURS, TO_VALUES = "ours", "ours_to_values"
INDEX = ("pyteleinfo", "serial-teleinfo", "python-tic")
LINKYTIC = "linkytic"


def measure(folder: Path, places: Mapping[str, Path], frames: int, damaged: int) -> dict[str, float]:
    """Kind of meter and reader, dotted -> groups a second, share that is right, peak memory, wrong values.

    Args:
        folder: where the streams go.
        places: name -> folder of readers that the package index does not have.
        frames: in each stream.
        damaged: frames with one flipped bit.
    """
    found: dict[str, float] = {}
    python, packages = peers.install()
    for kind in streams.KINDS:
        path = folder / f"{kind.name}.pickle"
        # The three-phase meter is there for the speed alone.
        streams.write(path, kind, frames, damaged if kind.phases == 1 else 0)
        for name in (OURS, TO_VALUES, *INDEX, *places):
            said = peers.read(python, packages, name, path, places.get(name))
            found |= {f"{kind.name}.{name}.{what}": value for what, value in _figures(said).items()}
    return found | _ratios(found)


def _figures(said: Mapping[str, float]) -> dict[str, float]:
    return {
        "groups_a_second": said["accepted"] / said["seconds"],
        "right_percent": 100 * said["right"] / said["sent"],
        "peak_megabytes": said["peak_kib"] * 1024 / 1e6,
    } | {what: said[what] for what in ("wrong", "damaged", "broke") if what in said}


def _ratios(found: Mapping[str, float]) -> dict[str, float]:
    """As how many times as fast ours is: linkytic in standard mode, where it ran; the fastest other in historic."""
    ratios: dict[str, float] = {}
    speed = {key.removesuffix(".groups_a_second"): value for key, value in found.items() if key.endswith("_second")}
    for kind in ("standard_mono", "standard_tri_producer"):
        if speed.get(f"{kind}.{LINKYTIC}"):
            ratios[f"{kind}.times_linkytic"] = speed[f"{kind}.{OURS}"] / speed[f"{kind}.{LINKYTIC}"]
    if ratios:
        ratios["times_linkytic"] = min(ratios.values())
    others = [speed[f"historic.{name}"] for name in INDEX if speed.get(f"historic.{name}")]
    if others:
        ratios["historic.times_the_fastest"] = speed[f"historic.{OURS}"] / max(others)
    return ratios
