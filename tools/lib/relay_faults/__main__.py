"""``tools/relay-faults``: injure a relay board and what is around it, and judge what the gateway has stored."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from relay_faults.faults import RelayTrial
from relay_faults.options import parser


def main() -> int:
    """Run one trial; 0 when every point is there exactly once."""
    options = parser().parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="relay-faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    trial = RelayTrial(
        folder,
        options.seed,
        options.minutes * 60,
        print,
        speed=options.speed,
        kill_board=not options.keep_board,
        heap=options.heap,
    )
    outcome = asyncio.run(trial.run())
    told = outcome.told
    print(
        f"seed {outcome.seed}: {sum(outcome.faults.values())} faults {outcome.faults}, {outcome.points} points,"
        f" {outcome.exact} minutes exact, heap {outcome.heap_first} to {outcome.heap_last} bytes,"
        f" {len(told.missing)} frames not sent ({told.thinned} thinned, {told.lost} lost,"
        f" {told.sent_before} of them sent before)"
    )
    for wrong in outcome.wrong[:20]:
        print("WRONG:", wrong, file=sys.stderr)
    print(f"{len(outcome.wrong)} wrong; files in {folder}")
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
