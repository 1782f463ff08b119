"""``python -m benchmarks``: started by ``tools/bench``."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks import live, years
from benchmarks.options import PAIRS, parser

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    """Measure and print; figures, not verdicts: machines differ."""
    options = parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="linky-bench-") as folder:
        (Path(folder) / "live").mkdir()
        (Path(folder) / "years").mkdir()
        found = live.measure(Path(folder) / "live", ROOT, PAIRS[options.servers], options.seconds)
        looks = years.measure(Path(folder) / "years")
    if options.json:
        print(json.dumps({"servers": options.servers, **found, "looks_ms": looks}))
        return 0
    print("live value, last byte of the frame → handler in the other domain, the whole chain on loopback")
    print(
        f"  {found['values']:.0f} values: median {found['live_median_ms']:.1f} ms, 95 % {found['live_p95_ms']:.1f} ms"
    )
    print(f"  a ping through the same servers and back: median {found['ping_median_ms']:.1f} ms")
    print("a look at three years of a producing Tempo household, processor time, median")
    for name, milliseconds in looks.items():
        print(f"  {name}: {milliseconds:.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
