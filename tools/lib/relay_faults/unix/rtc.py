"""The clock of a board on this machine, for lib/board.py: libfaketime's, which TLS sees too (``relay_faults.clock``).

FAKETIME_TIMESTAMP_FILE is its hardware: what it is off by, in a first line of fixed length, and what lies in its
memory. Without it the clock is the machine's, and right. The file is the host's, wherever a board's flash is mounted.
"""

import os
import time

import ffi

_FILE = os.getenv("FAKETIME_TIMESTAMP_FILE")
_libc = ffi.open("libc.so.6")
_open = _libc.func("i", "open", "sii")
_pread = _libc.func("l", "pread", "ipll")
_pwrite = _libc.func("l", "pwrite", "iPll")
_close = _libc.func("i", "close", "i")
_LINE, _BYTES, _O_RDWR = "%+013d\n# %4s\n", 21, 2


def clock_s():
    """What the clock shows, in POSIX seconds."""
    return int(time.time())


def clock_is_said():
    """Whether somebody has said what time it is since the last power cut."""
    return not _FILE or _state()[1] == "said"


def set_clock(posix_s, said):
    """Set the clock; TLS goes by it too."""
    if _FILE:
        off = _state()[0] + posix_s - int(time.time())
        text = (_LINE % (off, "said" if said else "")).encode()
        file = _open(_FILE, _O_RDWR, 0)
        _pwrite(file, text, len(text), 0)
        _close(file)


def _state():
    content, file = bytearray(_BYTES), _open(_FILE, _O_RDWR, 0)
    _pread(file, content, len(content), 0)
    _close(file)
    off, _, said = str(content, "ascii").partition("\n# ")
    return int(off), said.strip()
