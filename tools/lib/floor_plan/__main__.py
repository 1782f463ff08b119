"""``python -m floor_plan``: started by ``tools/floor-plan``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from floor_plan import measure

ROOT = Path(__file__).resolve().parents[3]
_MOST = 20


def main() -> int:
    """Print the plan; exit 1 where rooms stand in a circle."""
    parser = argparse.ArgumentParser(
        prog="tools/floor-plan",
        description="The rooms of gateway/, their arrows and circles; the longest files and functions.",
    )
    parser.add_argument("--room", metavar="NAME", help="this room alone, import by import")
    options = parser.parse_args()
    found = measure.plan(ROOT / "gateway")
    if options.room:
        return _show_room(found, options.room)
    tied = measure.circles(found)
    print(f"{len(found.rooms)} rooms, {len(found.arrows)} arrows, {len(tied)} circles")
    for circle in tied:
        print("  circle:", " ".join(circle))
    for number, floor in enumerate(measure.floors(found), 1):
        print(f"floor {number:2}:", " ".join(floor))
    paths = measure.code(ROOT)
    for title, lengths in (("files", measure.files(paths, ROOT)), ("functions", measure.functions(paths, ROOT))):
        print(f"longest {title}:")
        for length in lengths[:_MOST]:
            print(f"  {length.lines:4}  {length.where}")
    return 1 if tied else 0


def _show_room(found: measure.Plan, room: str) -> int:
    if room not in found.rooms:
        print(f"tools/floor-plan: there is no room {room}; there are: {' '.join(sorted(found.rooms))}", file=sys.stderr)
        return 2
    for (begin, to), imports in sorted(found.arrows.items()):
        if room in {begin, to}:
            print(f"{begin} → {to}")
            print("".join(f"    {one}\n" for one in sorted(imports)), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
