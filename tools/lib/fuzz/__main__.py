"""``python -m fuzz``: started by ``tools/fuzz``."""

from __future__ import annotations

import hashlib
import random
import resource
import sys
import time

from fuzz.injuries import mutate
from fuzz.options import parser
from fuzz.targets import targets
from harness import ROOT
from harness.progress import show

FOUND = ROOT / ".cache" / "fuzz"

# What the interpreter itself may come to hold (caches, fragmentation) while nothing of ours grows.
_GROWTH_MB = 30


def main() -> int:
    """Mutate and feed until the time is over."""
    options = parser().parse_args()
    seed = time.time_ns() % 2**32 if options.seed is None else options.seed
    if options.daemon:
        # Here and not above: the other half needs neither servers nor a broker.
        from fuzz.daemon import fuzz_daemon  # noqa: PLC0415

        return fuzz_daemon(options.minutes, seed, options.only, options.folder, FOUND)
    chance = random.Random(seed)
    print(f"seed {seed}, {options.minutes:g} minutes")
    feeds = targets()
    end = time.monotonic() + options.minutes * 60
    counts = dict.fromkeys((name for name, _, _ in feeds), 0)
    warm = 0.0
    shown = time.monotonic()
    while time.monotonic() < end:
        for name, feed, seeds in feeds:
            data = mutate(chance, seeds)
            try:
                feed(data)
            except Exception as error:  # noqa: BLE001 (the point is that nothing escapes)
                return report(name, data, error)
            counts[name] += 1
        # The first thousands fill caches; growth is counted from there.
        if counts["wire"] == 2000:
            warm = peak_mb()
        if time.monotonic() - shown > 1:
            shown = time.monotonic()
            show(f"{sum(counts.values())} inputs, {end - shown:.0f} s left ")
    grown = peak_mb() - (warm or peak_mb())
    print("\n" * sys.stderr.isatty() + ", ".join(f"{count} {name}" for name, count in counts.items()))
    print(f"peak memory grew by {grown:.1f} MB after the first 2000")
    if grown > _GROWTH_MB:
        print(f"tools/fuzz: more than {_GROWTH_MB} MB: something keeps what it was fed", file=sys.stderr)
        return 1
    print("nothing escaped")
    return 0


def report(name: str, data: bytes, error: Exception) -> int:
    """Keep the input and say what escaped."""
    FOUND.mkdir(parents=True, exist_ok=True)
    file = FOUND / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
    file.write_bytes(data)
    print(f"tools/fuzz: {type(error).__name__} escaped from {name}: {error}; kept as {file}", file=sys.stderr)
    return 1


def peak_mb() -> float:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
