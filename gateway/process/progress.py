"""A bar where a person looks on: on a terminal's standard error, and nothing where that is a file or a pipe."""

from __future__ import annotations

import sys

_BAR = 30


def bar(done: int, count: int) -> None:
    """How much of it is done; the bar is gone when all is."""
    if not sys.stderr.isatty():
        return
    full = _BAR * done // count
    line = f"\r{'█' * full}{'░' * (_BAR - full)} {done:3} / {count}"
    sys.stderr.write(line if done < count else f"\r{' ' * len(line)}\r")
    sys.stderr.flush()
