"""Having fewer rights for a moment, where the tests run as root."""

import contextlib
import ctypes
import os

NOBODY = 65534

# linux/capability.h: version 3 has two words for each set; the first two capabilities after CHOWN open every file.
_VERSION = 0x20080522
_OPEN_EVERYTHING = 1 << 1 | 1 << 2


@contextlib.contextmanager
def without_rights():
    """Root may open everything; nobody may not."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@contextlib.contextmanager
def with_own_files_only():
    """Root, to whom files deny what their mode denies: this thread, and those that it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    head, sets = (ctypes.c_uint32 * 2)(_VERSION, 0), (ctypes.c_uint32 * 6)()
    if libc.capget(head, sets):
        raise OSError(ctypes.get_errno(), "capget")
    before = sets[0]
    sets[0] &= ~_OPEN_EVERYTHING
    if libc.capset(head, sets):
        raise OSError(ctypes.get_errno(), "capset")
    try:
        yield
    finally:
        sets[0] = before
        if libc.capset(head, sets):
            raise OSError(ctypes.get_errno(), "capset")
