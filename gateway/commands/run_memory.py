"""What was freed goes back to the system: glibc otherwise keeps as much as the largest thing that was ever asked for.

A password is checked with 16 MB (``gateway/web/access/access.py``). When glibc gives the first such block back it
raises its own threshold to that size, and from then on keeps up to twice as much at the end of its heap, for the life
of the program (mallopt(3), "dynamic mmap threshold"). Setting a threshold keeps it where it is.

Each thread of Python would have a heap of its own, with gaps of its own, though only one of them runs at a time.
"""

from __future__ import annotations

import ctypes
import logging

log = logging.getLogger(__name__)

# malloc.h of glibc; musl and others have no mallopt, and keep nothing either.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_THRESHOLD_BYTES = 128 * 1024


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
