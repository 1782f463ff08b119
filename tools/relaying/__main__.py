"""``tools/relay-faults``: injure a relay board and what is around it, and judge what the gateway has stored."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from relaying.faults import Trial


def main() -> int:
    """Run one trial; 0 when every point is there exactly once."""
    parser = argparse.ArgumentParser(prog="tools/relay-faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--speed", type=float, default=10, help="times the meter's own pace")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep-board", action="store_true", help="leave the board its power, and judge its memory")
    parser.add_argument("--folder", type=Path, help="where all files stay; otherwise they go when all is well")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="relay-faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    trial = Trial(
        folder, options.seed, options.minutes * 60, print, speed=options.speed, kill_board=not options.keep_board
    )
    outcome = asyncio.run(trial.run())
    print(
        f"seed {outcome.seed}: {sum(outcome.faults.values())} faults {outcome.faults}, {outcome.points} points,"
        f" {outcome.exact} minutes exact, heap {outcome.heap_first} to {outcome.heap_last} bytes,"
        f" {outcome.thinned} frames thinned since the last start"
    )
    for wrong in outcome.wrong[:20]:
        print("WRONG:", wrong, file=sys.stderr)
    print(f"{len(outcome.wrong)} wrong; files in {folder}")
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
