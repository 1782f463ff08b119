"""What can go wrong while an image is made or tried: one sentence for a person."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


# Also for whoever is no administrator: the programs for partitions are in sbin.
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


class ImageError(Exception):
    """One sentence: what, and what to do where that is known."""


def run(*command: object, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: str = "") -> str:
    """Run a program to its end; what it printed. ImageError with its last words when it fails."""
    words, around = [str(word) for word in command], env or {**os.environ, "PATH": PATH}
    try:
        done = subprocess.run(words, check=False, capture_output=True, input=stdin.encode(), env=around, cwd=cwd)
    except FileNotFoundError as error:
        raise ImageError(f"{words[0]} is not installed") from error
    if done.returncode:
        last = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()[-4:]
        raise ImageError(f"{' '.join(words[:4])} … failed: {' / '.join(last)}")
    return done.stdout.decode(errors="replace")
