"""A board's flash that fails on command.

It stands for the file system of an ESP32, MicroPython's ``VfsLfs2`` (micropython/micropython, v1.25.0 to v1.28.0:
extmod/vfs_lfs.c makes it of vfs_lfsx.c and vfs_lfsx_file.c, where each error of a call is an OSError with its number;
lib/littlefs/lfs2.h: ``LFS2_ERR_IO`` is EIO, ``LFS2_ERR_NOSPC`` ENOSPC). It is a folder of this machine and harder:
LittleFS keeps what a file was until it is closed well, here half of a record stays where a write failed. The same on
LittleFS itself, with fewer ways to fail: ``test_little_fs.py``.
"""

import builtins
import errno
import os

# What fails where something is written; besides, "read".
WRITING = ("open", "write", "close", "remove", "rename", "renamed", "listdir")


class Flash:
    """Everything below ``folder``, as ``open`` and ``os`` show it; ``fails`` says whether a call of a kind does."""

    def __init__(self, folder, monkeypatch, draw):
        self._folder, self._draw = str(folder), draw
        self.fails = lambda _fault: False
        self.code = errno.EIO
        self._open, self._rename = builtins.open, os.rename
        monkeypatch.setattr(builtins, "open", self._opened)
        monkeypatch.setattr(os, "rename", self._renamed)
        for name in ("remove", "listdir"):
            monkeypatch.setattr(os, name, self._or_fails(name, getattr(os, name)))

    def check(self, fault):
        """OSError when this is to fail."""
        if self.fails(fault):
            raise OSError(self.code, os.strerror(self.code))

    def _is_ours(self, path):
        return str(path).startswith(self._folder)

    def _or_fails(self, fault, call):
        def called(path, *more):
            if self._is_ours(path):
                self.check(fault)
            return call(path, *more)

        return called

    def _renamed(self, before, after):
        if self._is_ours(before):
            self.check("rename")
        self._rename(before, after)
        if self._is_ours(before):
            self.check("renamed")

    def _opened(self, path, mode="r", *more, **named):
        if not self._is_ours(path) or "b" not in mode:
            return self._open(path, mode, *more, **named)
        self.check("open")
        return _File(self, self._open(path, mode, 0), self._draw)


class _File:
    def __init__(self, flash, file, draw):
        self._flash, self._file, self._draw = flash, file, draw
        self.seek, self._written = file.seek, False

    def read(self, size):
        self._flash.check("read")
        return self._file.read(size)

    def write(self, data):
        self._written = True
        try:
            self._flash.check("write")
        except OSError:
            self._file.write(data[: self._draw.randrange(len(data) + 1)])
            raise
        return self._file.write(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        if self._written:
            self._flash.check("close")
