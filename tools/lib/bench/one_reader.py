"""``python -m bench.one_reader NAME STREAM [FOLDER]``: one reader, one stream, in a process of its own.

Prints one JSON object: groups accepted, those of them that are right, processor seconds of the best of some passes,
peak memory in KiB before and after, and how many wrong values it took from damaged frames. FOLDER is where a reader is
that the package index does not have.
"""

from __future__ import annotations

import json
import logging
import pickle
import re
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench import linkytic
from bench.readers import READERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.readers import Read
    from bench.streams import Flip, Sent

_PASSES = 3
# A second frame begins after the last one, or its end would never be seen.
_NEXT = b"\x02\n"


def main(name: str, stream: Path, folder: Path | None) -> dict[str, float]:
    """Read, count, compare."""
    # They may say much of what they do not like; what is measured is reading.
    logging.disable(logging.CRITICAL)
    with stream.open("rb") as file:
        mode, data = pickle.load(file), pickle.load(file)
        read = partial(linkytic.read, linkytic.load(folder)) if folder else READERS[name]
        before = _peak_kib()
        seconds, accepted = min(_timed(read, data, mode) for _ in range(_PASSES))
        peak = _peak_kib()
        life, flips = pickle.load(file), pickle.load(file)
    truth = Counter(pair for sent in life for pair in sent.groups)
    right = (_pairs(read, data, mode) & truth).total()
    found = {"accepted": accepted, "right": right, "sent": truth.total(), "seconds": seconds}
    found |= {"before_kib": before, "peak_kib": peak, "damaged": len(flips)}
    # What is damaged and passes our checksum is judged later, by more than this measures: tests/README.md has that.
    return found if name == "ours_to_values" else found | _wrong(read, life, flips, mode, nul=name == "ours")


def _peak_kib() -> int:
    """The most that was resident since this program began; getrusage would count that of whoever started it."""
    told = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    if told is None:
        raise SystemExit("this kernel does not say how much memory was resident at most")
    return int(told[1])


def _timed(read: Read, data: bytes, mode: str) -> tuple[float, int]:
    accepted = 0

    def tell(count: int, _: Callable[[], Iterable[tuple[str, str]]]) -> None:
        nonlocal accepted
        accepted += count

    begun = time.process_time()
    read(data + _NEXT, mode, tell)
    return time.process_time() - begun, accepted


def _pairs(read: Read, data: bytes, mode: str) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    read(data + _NEXT, mode, lambda _, pairs: found.update(pairs()))
    return found


def _wrong(read: Read, life: list[Sent], flips: list[Flip], mode: str, *, nul: bool) -> dict[str, float]:
    """Values that no frame said, and how often the reader gave up altogether.

    Whoever checks the parity has NUL for the bad byte, from the kernel; whoever does not has the byte itself.
    """
    wrong = broke = 0
    for flip in flips:
        truth = flip.truth(life)
        try:
            wrong += sum(pair not in truth for pair in _pairs(read, flip.stream(life, nul=nul), mode))
        except Exception:  # noqa: BLE001 (whatever a reader of others raises there would end its program)
            broke += 1
    return {"wrong": wrong, "broke": broke}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]) if sys.argv[3:] else None)))
