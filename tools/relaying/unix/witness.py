"""What tools/relay-faults sees of a board, and does to its flash; imported before ``relay.Relay`` is made.

The flash stands for LittleFS that is full or fails (``VfsLfs2``, MicroPython 1.25 to 1.28: ENOSPC, EIO from any call).
It is harder: LittleFS keeps what a file was until it is closed well, here part of a record stays where a write failed.

Environment: BOARD_WITNESS names a folder. While ``faults`` is there each call on ``journal/`` fails with a chance of as
many in 256 as its first byte says. Each start writes what it sends to ``N.sent``, and to ``N.counts`` what it has read,
thinned and lost.
"""

import builtins
import os
import random

import journal
import relay

_open = builtins.open
_folder = os.getenv("BOARD_WITNESS")
_start = len(os.listdir(_folder))
# EIO, ENOSPC: the module errno has not the second.
_CODES = 5, 28
_FAULTS = _folder + "/faults"
_sent = _open("%s/%03d.sent" % (_folder, _start), "wb")
_counts = _open("%s/%03d.counts" % (_folder, _start), "wb")


def _check():
    try:
        file = _open(_FAULTS, "rb")
    except OSError:
        return
    with file:
        said = file.read(1)
    if said and random.getrandbits(8) < said[0]:
        raise OSError(random.choice(_CODES))


class _File:
    def __init__(self, file):
        self._file = file
        self.seek = file.seek
        self._written = False

    def read(self, size):
        _check()
        return self._file.read(size)

    def write(self, data):
        self._written = True
        try:
            _check()
        except OSError:
            self._file.write(memoryview(data)[: random.getrandbits(3)])
            raise
        return self._file.write(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        if self._written:
            _check()


def _opened(path, mode="r"):
    if "/journal/" not in path:
        return _open(path, mode)
    _check()
    return _File(_open(path, mode))


class _Os:
    mkdir = staticmethod(os.mkdir)

    @staticmethod
    def listdir(path):
        _check()
        return os.listdir(path)

    @staticmethod
    def remove(path):
        _check()
        os.remove(path)

    @staticmethod
    def rename(before, after):
        _check()
        os.rename(before, after)
        _check()


class _Witnessed(relay.Relay):
    """The relay; what it sends and what it has given up is written down for the judge."""

    def _payload(self, *found):
        payload = super()._payload(*found)
        _sent.write(b"%d\n" % len(payload))
        for part in payload.parts:
            _sent.write(part)
        return payload

    def _on_frame(self, *frame):
        super()._on_frame(*frame)
        self._write_counts()

    def _on_message(self, topic, payload):
        super()._on_message(topic, payload)
        self._write_counts()

    def _on_lost(self, count):
        super()._on_lost(count)
        self._write_counts()

    def _write_counts(self):
        _counts.seek(0)
        _counts.write(b"%10d %10d %10d" % (self._line.frames, self._owed.thinned, self._owed.lost))


builtins.open = _opened
journal.os = _Os
relay.Relay = _Witnessed
random.seed(int.from_bytes(os.urandom(4), "little"))
