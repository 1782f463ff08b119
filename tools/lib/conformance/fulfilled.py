"""What each of our own programs fulfils, as its last run said: kept in a file, shown in the wire document.

``tests/tools/conformance`` runs them and compares; ``WRITE_TABLE=1`` has it write the file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from conformance.points import PointOutcome, points

FILE: Final = Path(__file__).with_name("fulfilled.json")
# Program -> as what it is tried.
PROGRAMS: Final = {
    "linky-gateway run": "G",
    "linky-gateway consume": "R",
    "linky-collect run": "R",
    "linky-bridge own": "R",
    "tools/recipient": "R",
}
_SHOWN: Final = {
    PointOutcome.PASSED.value: "passed",
    PointOutcome.FAILED.value: "**failed**",
    PointOutcome.NOT_OFFERED.value: "not offered",
    PointOutcome.LEFT.value: "unseen",
}


def table() -> str:
    """Point by point: passed, failed, or not to be seen from outside; empty where a point does not bind a program."""
    recorded = json.loads(FILE.read_text(encoding="utf-8"))
    head = " | ".join(f"`{program}`" for program in PROGRAMS)
    rows = [f"| point | {head} |", f"|{'---|' * (len(PROGRAMS) + 1)}"]
    for point in points():
        cells = [
            _SHOWN[recorded[program][point.number]] if role in point.who else "" for program, role in PROGRAMS.items()
        ]
        rows.append(f"| {point.number} | {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |"))
    return "\n".join(rows) + "\n"
