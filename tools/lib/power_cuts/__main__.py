"""``python -m power_cuts``: started by ``tools/power-cuts``."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from harness import ROOT
from harness.progress import show
from power_cuts.campaign import WriteRecorder, scratch_folder
from power_cuts.migration import steps
from power_cuts.record import RecordError, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from power_cuts.campaign import Recorded, Violation

FOUND = ROOT / ".cache" / "power-cuts"

# Of ten cuts six are in a house that lives, a new house after so many, and three in migrations; the rest is shared.
_HOUSES, _MIGRATIONS, _A_RECORD = 6, 3, 75


def main() -> int:
    """Record, cut, judge; 0 when everything held, 1 when something did not, 3 when nothing can be recorded here."""
    parser = argparse.ArgumentParser(
        prog="tools/power-cuts", description="The power cut at any write of the store, and what is left looked at."
    )
    parser.add_argument("--cuts", type=_count, default=1000, help="how often the power is cut (1000)")
    parser.add_argument(
        "--seed", type=int, default=time.time_ns() % 2**32, help="the same seed cuts at the same places"
    )
    options = parser.parse_args()
    # What the gateway says of what it finds is judged here, not read.
    logging.getLogger("gateway").addHandler(logging.NullHandler())
    if why := missing():
        print(f"tools/power-cuts: {why}", file=sys.stderr)
        return 3
    try:
        return _run(options.cuts, options.seed)
    except RecordError as error:
        print(f"tools/power-cuts: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(cuts: int, seed: int) -> int:
    print(f"seed {seed}, {cuts} power cuts")
    counts: Counter[str] = Counter()
    violations: list[Violation] = []
    with scratch_folder() as scratch:
        for kind, recorded, share in _shares(WriteRecorder(scratch), cuts, seed):
            for violation in recorded.cuts(share, seed, scratch, keep=FOUND):
                counts[kind] += 1
                violations += [violation] if violation else []
                show(line := f"{counts.total()} of {cuts} cuts, {len(violations)} violations")
    show(line, end="\n")
    print(", ".join(f"{count} in {kind}" for kind, count in counts.items()))
    for violation in violations:
        print(f"{violation.cut}: {'; '.join(violation.faults)}; the disk: {violation.folder}")
    if violations:
        print(
            f"tools/power-cuts: {len(violations)} of {cuts} cuts broke something;"
            f" again: tools/power-cuts --cuts {cuts} --seed {seed}",
            file=sys.stderr,
        )
        return 1
    print("0 corrupt, 0 committed rows lost, nothing sent before it was committed, each file whole")
    return 0


def _shares(recorder: WriteRecorder, cuts: int, seed: int) -> Iterator[tuple[str, Recorded, int]]:
    """What is recorded one after the other, and how many cuts each gets."""
    houses, migrations = cuts * _HOUSES // 10, cuts * _MIGRATIONS // 10
    count = -(-houses // _A_RECORD)
    for number, share in enumerate(_parts(houses, count)):
        yield "houses that live", recorder.house(seed + number), share
    versions = range(1, len(steps()))
    for version, share in zip(versions, _parts(migrations, len(versions)), strict=True):
        if share:
            yield "migrations of earlier versions", recorder.migration(version), share
    restorations = cuts // 20
    if restorations:
        yield "restorations", recorder.restoring(), restorations
    rest = cuts - houses - migrations - restorations
    for number, share in enumerate(_parts(rest, -(-rest // _A_RECORD))):
        yield "small files", recorder.files(seed + number), share


def _parts(total: int, count: int) -> list[int]:
    return [total * (n + 1) // count - total * n // count for n in range(count)]


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least one")
    return number


if __name__ == "__main__":
    sys.exit(main())
