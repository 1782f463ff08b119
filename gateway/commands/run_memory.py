"""What was freed goes back to the system: glibc otherwise keeps as much as the largest thing that was ever asked for.

A password is checked with 16 MB (``gateway/web/access/access.py``). When glibc gives the first such block back it
raises its own threshold to that size, and from then on keeps up to twice as much at the end of its heap, for the life
of the program (mallopt(3), "dynamic mmap threshold"). Setting a threshold keeps it where it is.

Each thread of Python would have a heap of its own, with gaps of its own, though only one of them runs at a time.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from pathlib import Path
from typing import cast

log = logging.getLogger(__name__)

_ZONES = "/usr/share/zoneinfo"

# malloc.h of glibc; musl and others have no mallopt, and keep nothing either.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_THRESHOLD_BYTES = 128 * 1024


def find_time_zones() -> None:
    """Say where they are, as PYTHONTZPATH does: Python otherwise loads all of how it was built to find that out."""
    if Path(_ZONES, "Europe/Paris").exists():
        os.environ.setdefault("PYTHONTZPATH", _ZONES)


def leave_out_what_happens_to_be_there() -> None:
    """What libraries load only where somebody has installed it: slixmpp 3 MB, to colour a log that is no terminal.

    And msgspec half a megabyte, of what Python 3.11 has itself.
    """
    # What stands there as None cannot be imported (docs.python.org, "The import system", the module cache).
    out = cast("dict[str, object]", sys.modules)
    out.setdefault("pygments", None)
    out.setdefault("typing_extensions", None)
    import msgspec  # noqa: F401, PLC0415 (with that in place)

    if out["typing_extensions"] is None:
        del out["typing_extensions"]


def give_back_what_is_freed() -> None:
    """Keep glibc's thresholds at their beginning, and one heap for all threads; before anything large is asked for."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        log.debug("this system's C library has no mallopt")
        return
    for parameter in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
        mallopt(parameter, _THRESHOLD_BYTES)
    mallopt(_M_ARENA_MAX, 1)
