"""How the trials on an emulated PC are called, where they work, and with what they end."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def command(name: str, description: str, trial: Callable[[Path, Path, ExitStack], None]) -> int:
    """Run it: ``trial(work, base, ending)``; 0 all as it should be, 1 not, 2 wrong use.

    Args:
        name: the tool's.
        description: what it shows.
        trial: begins from Debian in ``base``, which it makes where that is missing; what is entered in ``ending`` ends.
    """
    parser = argparse.ArgumentParser(prog=name, description=description)
    parser.add_argument("--base", type=Path, metavar="TAR", help="keep Debian there, and begin from it next time")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave disk and logs there, to look at")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.stderr.write(f"{name}: makes another machine's system: run it as root\n")
        return 2
    # --help needs the standard library alone.
    from harness.container import TrialError  # noqa: PLC0415
    from image.errors import ImageError  # noqa: PLC0415

    try:
        with ExitStack() as ending:
            work = options.keep or Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="linky-trial-")))
            work.mkdir(parents=True, exist_ok=True)
            trial(work, options.base or work / "base.tar", ending)
    except (ImageError, TrialError) as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 1
    return 0
