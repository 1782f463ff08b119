"""``python -m bench.one_part NAME FOLDER``: one part, in a process of its own; ``FOLDER/asked.json`` says how.

Its figures go to ``FOLDER/found.json``: what the part prints is for whoever watches.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from bench.measures import At
from bench.parts import PARTS

_EXIT_TERMINATED = 143


def main(name: str, folder: Path) -> None:
    """Run it; told to end, it takes away what it has put up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_EXIT_TERMINATED))
    asked = json.loads((folder / "asked.json").read_text())
    peers = {peer: Path(place) for peer, place in asked["peers"].items()}
    inside = folder / "work"
    inside.mkdir()
    at = At(inside, asked["servers"], asked["seconds"], peers, asked["quick"])
    [part] = [part for part in PARTS if part.name == name]
    (folder / "found.json").write_text(json.dumps(dict(part.run(at))))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
