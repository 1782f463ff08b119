"""``python3 -I drive.py note VERSION | judge | mend``: root's half of an update, of the tree in which this file lies.

That of the installed package, or of the copy of it that judges what comes after it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from gateway.upkeep.updates.machine import COPY, HOME, forget, say
from gateway.upkeep.updates.package import mend, note
from gateway.upkeep.updates.verdict import judge


def main(arguments: list[str]) -> int:
    """Do one of them. ``note`` never keeps a package from being installed: what cannot be kept is not judged."""
    if arguments[0] != "note":
        {"judge": judge, "mend": mend}[arguments[0]]()
        return 0
    try:
        note(arguments[1])
    except (OSError, shutil.Error) as error:
        say(f"this update is not judged: {error}")
        forget(HOME / "underway.json", COPY)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
