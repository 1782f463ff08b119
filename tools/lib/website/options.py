"""The arguments of ``tools/site``, by the standard library alone: --help is answered before anything is installed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]


def parser() -> argparse.ArgumentParser:
    """What may be asked for."""
    made = argparse.ArgumentParser(
        prog="tools/site",
        description="Makes the project's site from the Markdown of this checkout: French at its root, English in en/.",
    )
    made.add_argument(
        "--out", type=Path, default=ROOT / "dist/site", metavar="FOLDER", help="made anew (default: dist/site)"
    )
    return made


if __name__ == "__main__":
    parser().parse_args()
